"""What a person may ask for: all that is known of them as a file, or that it is removed for good."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from clarion.audience import addresses, operations, queries
from clarion.audience.errors import ContactInvalid
from clarion.deliveries import erasing, personal
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.contact_profile import erase_question
from clarion.web.links import workspace_url
from clarion.web.pages.contact import contact_of
from clarion.web.statuses import key_of
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

#: Erasures shown.
SHOWN = 100


class AllowForm(forms.Form):
    """An erased person's address that may be used again."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    address = forms.CharField(label=gettext_lazy("Address"), max_length=320)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [(kind, addresses.label_of(kind)) for kind in addresses.kinds()]


@require_POST
def contact_file(request: PageRequest, workspace: str, id: UUID) -> HttpResponseBase:
    """All that is known of the person, as a ZIP. Made as it is asked for and kept nowhere."""
    contact = contact_of(request, id)
    operations.record_person_export(by=of_member(request.member), contact=contact)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    personal.write_zip(contact, file)
    file.seek(0)
    return FileResponse(
        file, as_attachment=True, filename=f"person-{contact.public_id}.zip", content_type="application/zip"
    )


@require_POST
def contact_erase(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Remove the person for good, once that was confirmed by typing."""
    contact = contact_of(request, id)
    question = erase_question(request, contact)
    if not is_confirmed(request, typed=question.type_to_confirm):
        return confirm_page(request, question, back=workspace_url(request, "contact", id=contact.public_id))
    try:
        erasing.erase(by=of_member(request.member), contact=contact)
    except ContactInvalid as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The person is erased. What was sent is cleaned up in the background."))
    return HttpResponseRedirect(workspace_url(request, "contact_erasures"))


@require_http_methods(["GET", "HEAD", "POST"])
def contact_erasures(request: PageRequest, workspace: str) -> HttpResponse:
    """Which erasures there were, and how far they are; whoever comes back can be let in again."""
    may_allow = request.member.may(Permission.MANAGE_MEMBERS)
    form = AllowForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            was_erased = operations.allow_again(by=of_member(request.member), **form.cleaned_data)
        except ValueError as refusal:
            form.add_error("address", str(refusal))
        else:
            text = (
                _("The address may be used again.") if was_erased else _("Nobody of this address was erased.")
            )
            messages.success(request, text)
            return HttpResponseRedirect(workspace_url(request, "contact_erasures"))
    rows = [(one, key_of(one.status, kind="thing")) for one in queries.erasures_for(request.member)[:SHOWN]]
    context = {"rows": rows, "form": form, "may_allow": may_allow}
    return render(request, "contacts/erasures.html", context)
