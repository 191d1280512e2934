"""What the workspace's contacts have beside their own fields, and on which channels their consent is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from clarion.audience import attributes, operations
from clarion.audience.errors import AttributeInvalid
from clarion.audience.models import Attribute, AttributeKind
from clarion.channels import registry
from clarion.lib.sentences import spoken
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Confirm
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest


class AttributeForm(forms.Form):
    """What an attribute is called and may hold."""

    label = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    kind = forms.ChoiceField(label=gettext_lazy("Holds"), choices=AttributeKind.choices)
    choices = forms.CharField(
        label=gettext_lazy("Choices"),
        required=False,
        max_length=20_000,
        help_text=gettext_lazy("One a line; of a list what may be in it, anything when there is none."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def facts(self) -> dict[str, Any]:
        """What was typed, for the operations."""
        data = self.cleaned_data
        return {"label": data["label"], "kind": data["kind"], "choices": data["choices"].splitlines()}

    def explain(self, refusal: AttributeInvalid) -> None:
        """Put each problem beside its field."""
        for name, sentence in refusal.problems.items():
            self.add_error(name if name in self.fields else None, sentence)


class ConsentForm(forms.Form):
    """Channels on which consent is asked for."""

    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Only with consent"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "On these channels only contacts that gave their consent are written to, and nobody of a file who is no"
            " contact. Whoever has withdrawn it is left out in any case."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channels"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [(one.name, spoken(one.label)) for one in registry.all_channels()]


@require_http_methods(["GET", "HEAD", "POST"])
def contact_attributes(request: PageRequest, workspace: str) -> HttpResponse:
    """List them; define one, or change the one that `?edit=` names."""
    defined = attributes.defined(request.workspace)
    edited = defined.get(request.GET.get("edit", ""))
    form = AttributeForm(initial=_initial(edited))
    if request.method == "POST":
        form = AttributeForm(request.POST)
        if form.is_valid() and _keep(request, form, edited):
            messages.success(request, _("The attribute is saved."))
            return HttpResponseRedirect(workspace_url(request, "contact_attributes"))
    asked = [one for one in registry.all_channels() if one.name in request.workspace.consent_channels]
    context = {
        "rows": [(one, _forget_action(request, one)) for one in defined.values()],
        "form": form,
        "edited": edited,
        "may_manage": request.member.may(Permission.MANAGE_AUDIENCE),
        "may_ask": request.member.may(Permission.MANAGE_MEMBERS),
        "consent": ConsentForm(initial={"channels": request.workspace.consent_channels}),
        "asked": [spoken(one.label) for one in asked],
    }  # fmt: skip
    return render(request, "contacts/attributes.html", context, status=422 if form.errors else 200)


def _initial(edited: Attribute | None) -> dict[str, Any] | None:
    if edited is None:
        return None
    return {"label": edited.label, "kind": edited.kind, "choices": "\n".join(edited.choices)}


def _keep(request: PageRequest, form: AttributeForm, edited: Attribute | None) -> bool:
    by = of_member(request.member)
    try:
        if edited is None:
            operations.define_attribute(by=by, **form.facts())
        else:
            operations.change_attribute(by=by, attribute=edited, **form.facts())
    except AttributeInvalid as refusal:
        form.explain(refusal)
        return False
    return True


def _forget_action(request: PageRequest, one: Attribute) -> Action:
    return Action(
        label=_("Forget %(name)s") % {"name": one.label},
        url=workspace_url(request, "contact_attribute_forget"),
        icon="trash-2",
        method="post",
        style="ghost",
        fields={"name": one.name},
        confirm=_question(),
        icon_only=True,
    )


def _question() -> Confirm:
    return Confirm(
        title=_("Forget what this attribute holds?"),
        text=_("The values of contacts stay, as plain text. They are no longer checked."),
        label=_("Forget"),
    )


@require_POST
def contact_attribute_forget(request: PageRequest, workspace: str) -> HttpResponse:
    """Take a definition away, once that was confirmed."""
    one = attributes.defined(request.workspace).get(request.POST.get("name", ""))
    if one is None:
        raise Http404
    back = workspace_url(request, "contact_attributes")
    if not is_confirmed(request):
        return confirm_page(request, _question(), back=back)
    operations.forget_attribute(by=of_member(request.member), attribute=one)
    messages.success(request, _("The attribute is plain text again."))
    return HttpResponseRedirect(back)


@require_POST
def contact_consent_asked(request: PageRequest, workspace: str) -> HttpResponse:
    """Set the channels on which consent is asked for."""
    form = ConsentForm(request.POST)
    if form.is_valid():
        workspaces.require_consent(by=of_member(request.member), channels=form.cleaned_data["channels"])
        messages.success(request, _("Runs that are put together from now on heed it."))
    else:
        messages.error(request, _("Choose a channel."))
    return HttpResponseRedirect(workspace_url(request, "contact_attributes"))
