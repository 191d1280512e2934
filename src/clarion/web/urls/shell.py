"""The frame's own URLs: assets, theme and language, the start page."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from clarion.web import assets
from clarion.web.pages import shell

urlpatterns = [
    path("", shell.start, name="start"),
    path("-/assets/<slug:digest>/<str:name>", login_not_required(assets.serve), name="asset"),
    path("-/theme/", shell.choose_theme, name="theme"),
]
