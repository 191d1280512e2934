"""The system sender: by what Clarion itself writes to its people, and what became of its letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from clarion.channels.base import ConfigInvalid
from clarion.senders.system import operations, queries
from clarion.senders.system.errors import SystemSenderRefused, SystemSenderUnusable
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.pages.system import of_administrators
from clarion.web.parts import Confirm

if TYPE_CHECKING:
    from clarion.web.http import PersonRequest


class ChooseForm(forms.Form):
    """One of the mail senders that are there."""

    sender = forms.ChoiceField(label=gettext_lazy("Sender"))

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["sender"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [("", gettext_lazy("Choose one")), *choices]


class ServerForm(forms.Form):
    """A mail server of its own."""

    host = forms.CharField(label=gettext_lazy("Mail server"), max_length=253)
    security = forms.ChoiceField(
        label=gettext_lazy("Encryption"),
        choices=[("starttls", "STARTTLS"), ("tls", "TLS"), ("none", gettext_lazy("None"))],
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port"),
        required=False,
        validators=[MinValueValidator(1), MaxValueValidator(65535)],
        help_text=gettext_lazy("Empty for the usual one."),
    )
    username = forms.CharField(
        label=gettext_lazy("User name"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        max_length=8192,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Empty keeps the one that is there, for the same server and user."),
    )
    from_address = forms.EmailField(label=gettext_lazy("From address"), max_length=254)
    from_name = forms.CharField(
        label=gettext_lazy("From name"), required=False, max_length=120, initial="Clarion"
    )


@of_administrators
@require_safe
def mail(request: PersonRequest) -> HttpResponse:
    """Show it, and what became of the letters written last."""
    return _page(request)


@of_administrators
@require_POST
def choose(request: PersonRequest) -> HttpResponse:
    """Take one of the senders that are there."""
    form = ChooseForm(request.POST, choices=_choices(request))
    if form.is_valid():
        found = next(
            one for one in queries.choices(request.user) if str(one.public_id) == form.cleaned_data["sender"]
        )
        try:
            operations.choose_sender(by=request.user, sender=found)
        except SystemSenderRefused as refusal:
            form.add_error("sender", str(refusal))
        else:
            messages.success(request, _("Clarion writes by “%(name)s” from now on.") % {"name": found.name})
            return HttpResponseRedirect(reverse("system_mail"))
    return _page(request, choose_form=form)


@of_administrators
@require_POST
def server(request: PersonRequest) -> HttpResponse:
    """Take a mail server of its own."""
    form = ServerForm(request.POST)
    if form.is_valid():
        config = {name: value for name, value in form.cleaned_data.items() if value not in ("", None)}
        try:
            operations.use_server(by=request.user, config=config)
        except ConfigInvalid as invalid:
            for name, sentence in invalid.problems.items():
                form.add_error(name if name in form.fields else None, sentence)
        except SystemSenderRefused as refusal:
            form.add_error("host", str(refusal))
        else:
            messages.success(request, _("Clarion writes by this mail server from now on."))
            return HttpResponseRedirect(reverse("system_mail"))
    return _page(request, server_form=form)


@of_administrators
@require_POST
def off(request: PersonRequest) -> HttpResponse:
    """Take it away, once that was confirmed."""
    back = reverse("system_mail")
    if not is_confirmed(request):
        return confirm_page(request, _question(), back=back)
    operations.use_none(by=request.user)
    messages.success(request, _("Clarion writes to nobody any more."))
    return HttpResponseRedirect(back)


@of_administrators
@require_POST
def test(request: PersonRequest) -> HttpResponse:
    """Write a test mail to oneself, and say what the mail server answered."""
    subject, text = _("Test mail"), _("This is a test of Clarion’s system sender. It works.")
    try:
        outcome = operations.send_test(by=request.user, to=request.user.email, subject=subject, text=text)
    except SystemSenderUnusable as unusable:
        messages.error(request, str(unusable))
    else:
        problem = operations.sentence_of(outcome)
        if problem:
            messages.error(request, problem)
        else:
            said = _("The mail server took a test mail for %(email)s.") % {"email": request.user.email}
            messages.success(request, said)
    return HttpResponseRedirect(reverse("system_mail"))


def _page(
    request: PersonRequest, *, choose_form: ChooseForm | None = None, server_form: ServerForm | None = None
) -> HttpResponse:
    state = queries.state()
    row = state.row
    chosen = {"sender": str(row.sender.public_id)} if row is not None and row.sender is not None else {}
    own = row.config if row is not None and row.sender is None else {}
    context = {
        "state": state,
        "choose_form": choose_form or ChooseForm(initial=chosen, choices=_choices(request)),
        "server_form": server_form or ServerForm(initial=own),
        "letters": queries.newest_letters(request.user),
        "question": _question(),
        "tab": "mail",
    }
    has_errors = any(form is not None and form.errors for form in (choose_form, server_form))
    return render(request, "system/mail.html", context, status=422 if has_errors else 200)


def _choices(request: PersonRequest) -> list[tuple[str, str]]:
    return [
        (str(one.public_id), f"{one.workspace.name}: {one.name}") for one in queries.choices(request.user)
    ]


def _question() -> Confirm:
    return Confirm(
        title=_("Write to nobody any more?"),
        text=_(
            "Nobody can reset a password by themselves, and invitations are links that you hand over yourselves. "
            "Letters that wait are given up."
        ),
        label=_("Take it away"),
    )
