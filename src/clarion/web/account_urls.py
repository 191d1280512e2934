"""Pages of people's own accounts that stand in place of allauth's; mounted before them."""

from django.urls import path
from django.views.generic.base import RedirectView

from clarion.web.pages import account

urlpatterns = [
    path("email/", account.email, name="account_email"),
    path("email/<str:token>/", account.email_confirm, name="account_email_confirm"),
    path("sessions/", account.sessions, name="usersessions_list"),
    path("sessions/<int:id>/end/", account.session_end, name="session_end"),
    # All keys are on one page.
    path("2fa/webauthn/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    # Who vouches for a person is shown on the page of ways to sign in.
    path("3rdparty/", RedirectView.as_view(pattern_name="mfa_index"), name="socialaccount_connections"),
    path("3rdparty/<path:rest>", account.nothing),
]
