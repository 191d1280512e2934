"""The API's one address; what lies behind it is found by `frame`, so that nothing of it is loaded before it is used."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from clarion.api import frame

urlpatterns = [path("api/v1/<path:rest>", login_not_required(frame.entry), name="api")]
