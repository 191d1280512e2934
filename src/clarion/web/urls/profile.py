"""One's own profile."""

from django.urls import path

from clarion.web.pages import profile

urlpatterns = [path("profile/", profile.profile, name="profile")]
