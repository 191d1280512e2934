"""The addresses of single sign-on, by the names that allauth knows them by."""

from django.urls import path

from clarion.runtime.signin import views

urlpatterns = [
    path("sso/<slug:provider_id>/login/", views.login, name="openid_connect_login"),
    path("sso/<slug:provider_id>/callback/", views.callback, name="openid_connect_callback"),
]
