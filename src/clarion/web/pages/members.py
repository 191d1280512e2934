"""Members: who belongs to the workspace, who was invited, and what each role may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.runtime.signin import letters
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Column, Confirm
from clarion.workspaces import operations, queries
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import MemberRefused, NotAllowed, WorkspaceInvalid
from clarion.workspaces.permissions import Permission, Role, permissions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.web.http import PageRequest, PersonRequest
    from clarion.workspaces.models import Invitation, Membership

COLUMNS = [
    Column(label=gettext_lazy("Member")),
    Column(label=gettext_lazy("Role")),
    Column(label=gettext_lazy("Since")),
]
INVITATION_COLUMNS = [
    Column(label=gettext_lazy("Invited")),
    Column(label=gettext_lazy("Role")),
    Column(label=gettext_lazy("Good until")),
    Column(label=gettext_lazy("Actions"), style="table__actions", hidden_label=True),
]


class InviteForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.CharField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        help_text=gettext_lazy("They sign in by it. Nobody else can use the invitation."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"))

    def __init__(self, *args: Any, may_own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_roles(self.fields["role"], may_own=may_own)
        self.fields["role"].initial = Role.AUTHOR


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(label=gettext_lazy("Role"))

    def __init__(self, *args: Any, may_own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_roles(self.fields["role"], may_own=may_own)


def _offer_roles(field: forms.Field, *, may_own: bool) -> None:
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
    field.choices = [(role.value, role.label) for role in Role if may_own or role != Role.OWNER]


@require_http_methods(["GET", "HEAD", "POST"])
def member_list(request: PageRequest, workspace: str) -> HttpResponse:
    """Everybody, and for whoever may a form to invite somebody; the link is shown once, in the answer to it."""
    form = InviteForm(request.POST if request.method == "POST" else None, may_own=_is_owner(request))
    made: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        made = _invited(request, form)
    return _members_page(request, InviteForm(may_own=_is_owner(request)) if made else form, made)


def _invited(request: PageRequest, form: InviteForm) -> dict[str, Any]:
    by, said = of_member(request.member), form.cleaned_data
    try:
        invitation, secret = operations.invite(by=by, email=said["email"], role=Role(said["role"]))
    except WorkspaceInvalid as refusal:
        for name, sentence in refusal.fields.items():
            form.add_error(name, sentence)
    except MemberRefused as refusal:
        form.add_error("email", str(refusal))
    else:
        return _link(request, invitation, secret)
    return {}


def _link(request: PageRequest, invitation: Invitation, secret: str) -> dict[str, Any]:
    path = reverse("join", kwargs={"secret": secret})
    base = settings.CLARION_PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    is_mailed = letters.invite(invitation, secret)
    return {
        "email": invitation.email, "link": f"{base}{path}", "until": invitation.expires_at, "is_mailed": is_mailed,
    }  # fmt: skip


def _members_page(request: PageRequest, form: InviteForm, made: dict[str, Any]) -> HttpResponse:
    rows = queries.members_for(request.member)
    context = {
        "rows": rows,
        "noun": ngettext("member", "members", len(rows)),
        "columns": COLUMNS,
        "invitations": [_invitation_row(request, one) for one in queries.invitations_for(request.member)],
        "invitation_columns": INVITATION_COLUMNS,
        "form": form,
        "made": made,
        "may_manage": request.member.may(Permission.MANAGE_MEMBERS),
        "leave": _leave_action(request),
    }
    return render(request, "members/list.html", context, status=422 if form.errors else 200)


def _invitation_row(request: PageRequest, invitation: Invitation) -> dict[str, Any]:
    return {
        "invitation": invitation,
        "actions": [
            Action(
                label=_("New link"), icon="refresh-cw", method="post",
                url=workspace_url(request, "invitation_renew", id=invitation.public_id),
            ),
            Action(
                label=_("Withdraw"), icon="x", method="post", style="danger",
                url=workspace_url(request, "invitation_withdraw", id=invitation.public_id),
            ),
        ],
    }  # fmt: skip


@require_POST
def invitation_renew(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Make another link for an invitation, and show it once; the old one ends."""
    invitation = _invitation(request, id)
    by, role = of_member(request.member), Role(invitation.role)
    try:
        again, secret = operations.invite(by=by, email=invitation.email, role=role)
    except (MemberRefused, NotAllowed) as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(workspace_url(request, "members"))
    form = InviteForm(may_own=_is_owner(request))
    return _members_page(request, form, _link(request, again, secret))


@require_POST
def invitation_withdraw(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """End an invitation."""
    operations.withdraw_invitation(by=of_member(request.member), invitation=_invitation(request, id))
    messages.success(request, _("The invitation is withdrawn; its link is worth nothing any more."))
    return HttpResponseRedirect(workspace_url(request, "members"))


@require_http_methods(["GET", "HEAD", "POST"])
def member_detail(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """One member, their role and what it includes; whoever may changes it."""
    member = _member(request, id)
    may_manage = request.member.may(Permission.MANAGE_MEMBERS)
    may_change = may_manage and (_is_owner(request) or member.role != Role.OWNER)
    form = RoleForm(
        request.POST if request.method == "POST" else None,
        initial={"role": member.role},
        may_own=_is_owner(request),
    )
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            operations.change_role(by=of_member(request.member), membership=member, role=role)
        except (MemberRefused, NotAllowed) as refusal:
            form.add_error("role", str(refusal))
        else:
            messages.success(request, _("The role is saved. It holds from their next click."))
            return HttpResponseRedirect(workspace_url(request, "member", id=member.public_id))
    context = {
        "one": member,
        "form": form if may_change else None,
        "may_manage": may_manage,
        "actions": _member_actions(request, member) if may_change and member.pk != request.member.pk else [],
        "permissions": _granted(Role(member.role)),
    }
    return render(request, "members/detail.html", context, status=422 if form.errors else 200)


def _member_actions(request: PageRequest, member: Membership) -> list[Action]:
    verbs = ["reinstate"] if member.suspended_at else ["suspend"]
    labels = {"suspend": _("Suspend"), "reinstate": _("Let them in again"), "remove": _("Remove")}
    icons = {"suspend": "circle-pause", "reinstate": "circle-play", "remove": "user-x"}
    return [
        Action(
            label=labels[verb], icon=icons[verb], method="post", style="danger" if verb == "remove" else "",
            url=workspace_url(request, "member_act", id=member.public_id, verb=verb),
            confirm=_question(member, verb),
        )
        for verb in [*verbs, "remove"]
    ]  # fmt: skip


def _question(member: Membership, verb: str) -> Confirm | None:
    name = {"name": str(member.user)}
    if verb == "suspend":
        return Confirm(
            title=_("Suspend %(name)s?") % name,
            text=_("The workspace is closed to them from their next click, until you let them in again."),
            label=_("Suspend"),
        )
    if verb == "remove":
        return Confirm(
            title=_("Remove %(name)s from this workspace?") % name,
            text=_(
                "Their account stays, and so does all they did here. To come back they need an invitation."
            ),
            label=_("Remove"),
        )
    return None


@require_POST
def member_act(request: PageRequest, workspace: str, id: UUID, verb: str) -> HttpResponse:
    """Suspend, reinstate or remove a member, once that was confirmed."""
    verbs = {
        "suspend": operations.suspend,
        "reinstate": operations.reinstate,
        "remove": operations.remove_member,
    }
    if verb not in verbs:
        raise Http404
    member = _member(request, id)
    page = workspace_url(request, "member", id=member.public_id)
    question = _question(member, verb)
    if question is not None and not is_confirmed(request):
        return confirm_page(request, question, back=page)
    try:
        verbs[verb](by=of_member(request.member), membership=member)
    except (MemberRefused, NotAllowed) as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(page)
    done = {
        "suspend": _("%(name)s is suspended."),
        "reinstate": _("%(name)s may come in again."),
        "remove": _("%(name)s does not belong to the workspace any more."),
    }
    messages.success(request, done[verb] % {"name": str(member.user)})
    return HttpResponseRedirect(workspace_url(request, "members") if verb == "remove" else page)


def _leave_action(request: PageRequest) -> Action:
    return Action(
        label=_("Leave this workspace"),
        icon="log-out",
        method="post",
        url=workspace_url(request, "members_leave"),
        confirm=_leave_question(request),
    )


def _leave_question(request: PageRequest) -> Confirm:
    return Confirm(
        title=_("Leave %(name)s?") % {"name": request.workspace.name},
        text=_("You do not see it any more. To come back you need an invitation."),
        label=_("Leave"),
    )


@require_POST
def leave(request: PageRequest, workspace: str) -> HttpResponse:
    """End one's own membership, once that was confirmed."""
    if not is_confirmed(request):
        return confirm_page(request, _leave_question(request), back=workspace_url(request, "members"))
    try:
        operations.remove_member(by=of_member(request.member), membership=request.member)
    except MemberRefused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(workspace_url(request, "members"))
    messages.success(request, _("You have left %(name)s.") % {"name": request.workspace.name})
    return HttpResponseRedirect("/")


@require_safe
@login_required
def roles(request: PersonRequest) -> HttpResponse:
    """What each role may do, from the one table."""
    context = {
        "roles": [role.label for role in Role],
        "rows": [
            (permission.label, [permission in permissions_of(role) for role in Role])
            for permission in Permission
        ],
    }
    return render(request, "help/roles.html", context)


def _granted(role: Role) -> Sequence[str]:
    return [str(one.label) for one in Permission if one in permissions_of(role)]


def _is_owner(request: PageRequest) -> bool:
    return request.member.role == Role.OWNER


def _member(request: PageRequest, id: UUID) -> Membership:
    found = queries.member_for(request.member, id)
    if found is None:
        raise Http404
    return found


def _invitation(request: PageRequest, id: UUID) -> Invitation:
    found = queries.invitation_for(request.member, id)
    if found is None:
        raise Http404
    return found
