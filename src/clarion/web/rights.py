"""Which permission each address inside a workspace asks for: to open it, and to post to it. The one table.

The wall of `clarion.web.middleware` asks it before a page runs, and navigation and pages ask it for what they offer.
An address that is not in it is closed to everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clarion.campaigns.offers import Handling
from clarion.campaigns.states import TRANSITIONS, Action
from clarion.workspaces.permissions import Need, Permission, either, every

if TYPE_CHECKING:
    from django.http import HttpRequest

    from clarion.workspaces.models import Membership, Workspace


#: What is posted may decide: the names in the address and the fields are given.
Asked = Callable[[Mapping[str, Any], Mapping[str, Any]], Need]


@dataclass(frozen=True, slots=True)
class Right:
    """What an address asks for. `write` is None where nothing is posted, `read` where nothing is opened."""

    read: Need | None = None
    write: Need | Asked | None = None
    #: Whether it is there only while campaigns are enabled for the workspace.
    of_campaigns: bool = False


_ANYBODY, _VIEW, _EDIT, _LAUNCH = (
    every(),
    every(Permission.VIEW),
    every(Permission.EDIT),
    every(Permission.LAUNCH),
)
_AUDIENCE, _SENDERS, _WORKSPACE = (
    every(Permission.MANAGE_AUDIENCE),
    every(Permission.MANAGE_SENDERS),
    every(Permission.MANAGE_MEMBERS),
)
_EXPORT, _AUDIT = every(Permission.EXPORT), every(Permission.AUDIT)
_PEOPLE = every(Permission.MANAGE_AUDIENCE, Permission.VIEW_PII)
_FILES_OF_PEOPLE = every(Permission.EXPORT, Permission.VIEW_PII)
_REVIEW = either(Permission.MODERATE, Permission.EDIT)
_REMARK = either(Permission.EDIT, Permission.MODERATE, Permission.LAUNCH)


def _handling(handling: str) -> Need:
    return every(Permission.EDIT, Permission.MANAGE_MEMBERS) if handling == Handling.PURGE else _EDIT


def _acting(kwargs: Mapping[str, Any], _posted: Mapping[str, Any]) -> Need:
    """Return what a step in a campaign's life asks for, as the table of its states says."""
    asked = kwargs.get("action", "")
    if asked in TRANSITIONS:
        permission = TRANSITIONS[Action(asked)].permission
        return _VIEW if permission is None else every(permission)
    return _handling(asked)


def _bulk(_kwargs: Mapping[str, Any], posted: Mapping[str, Any]) -> Need:
    return _VIEW if posted.get("action") == "compare" else _handling(posted.get("action", ""))


def _deciding(_kwargs: Mapping[str, Any], posted: Mapping[str, Any]) -> Need:
    return _REMARK if posted.get("do") == "note" else every(Permission.MODERATE)


def _named(
    prefix: str, rights: Mapping[str, Right], *, of_campaigns: bool = False
) -> Iterator[tuple[str, Right]]:
    for names, right in rights.items():
        for name in names.split():
            yield f"{prefix}{name}", Right(right.read, right.write, of_campaigns or right.of_campaigns)


def _posting(need: Need | Asked) -> Right:
    return Right(write=need)


_CAMPAIGN = {
    "list live row menu info detail now head part recipients recipient errors runs trail analytics who planned":
        Right(_VIEW),
    "new edit": Right(_EDIT, _EDIT),
    "estimate preview preview_frame": Right(_EDIT),
    "test": _posting(_EDIT),
    "act": _posting(_acting),
    "bulk": _posting(_bulk),
    "columns people_columns": _posting(_ANYBODY),
    "people_list": Right(_AUDIENCE, _AUDIENCE),
    "people_suppress": _posting(_AUDIENCE),
    "message": Right(every(Permission.VIEW_PII)),
    "note": _posting(_REMARK),
    "reveal": _posting(every(Permission.VIEW_PII)),
    "speed unknowns retry switch_links move": _posting(_LAUNCH),
    "hold": _posting(every(Permission.PAUSE)),
    "refresh": Right(_EDIT, _EDIT),
    "refresh_live refresh_state": Right(_EDIT),
    "caps": _posting(every(Permission.EDIT, Permission.IGNORE_CAPS)),
    "exports exports_list exports_now export_file": Right(_EXPORT),
    "export_new export_delete": _posting(_EXPORT),
}  # fmt: skip
_CAMPAIGNS = {
    "campaigns archive calendar dashboard dashboard_live statistics statistics_csv": Right(_VIEW),
    "moderation moderation_review moderation_preview moderation_frame": Right(_REVIEW),
    "moderation_decide": _posting(_deciding),
    "contacts_campaign": _posting(_EDIT),
    "send": Right(_EDIT, _EDIT),
    "send_preview send_frame": _posting(_EDIT),
    "history history_one": Right(_VIEW),
}
_AUDIENCE_PAGES = {
    "contacts contact_edits import import_state import_live imports segments sources suppressions": Right(
        _VIEW
    ),
    "sheet_state sheet_live": Right(_VIEW),
    "contact": Right(_VIEW, _PEOPLE),
    "contact_new": Right(_AUDIENCE, _AUDIENCE),
    "contact_change contact_merge": Right(_PEOPLE, _PEOPLE),
    "contact_duplicates": Right(_PEOPLE),
    "contact_addresses contact_erase": _posting(_PEOPLE),
    "contact_bulk contact_consent contact_delete contact_lists contact_undo": _posting(_AUDIENCE),
    "contact_reveal": _posting(every(Permission.VIEW_PII)),
    "contact_file": _posting(_FILES_OF_PEOPLE),
    "contact_attributes": Right(_VIEW, _AUDIENCE),
    "contact_attribute_forget": _posting(_AUDIENCE),
    "contact_consent_asked": _posting(_WORKSPACE),
    "contact_erasures": Right(_VIEW, _WORKSPACE),
    "import_new": Right(_PEOPLE, _PEOPLE),
    "import_preview": _posting(_PEOPLE),
    "import_dialect import_start import_cancel": _posting(_AUDIENCE),
    "import_report source_rejected": Right(_FILES_OF_PEOPLE),
    "list lists segment": Right(_VIEW, _AUDIENCE),
    "list_delete list_remove segment_delete": _posting(_AUDIENCE),
    "segment_new": Right(_AUDIENCE, _AUDIENCE),
    "sheet": Right(_VIEW, _AUDIENCE),
    "sheet_new sheet_new_group": Right(_AUDIENCE, _AUDIENCE),
    "sheet_delete": _posting(_AUDIENCE),
    "sheet_refresh": _posting(_EDIT),
    "suppression_add suppression_remove suppression_remove_many": _posting(_AUDIENCE),
    "suppression_import": Right(_AUDIENCE, _AUDIENCE),
    "suppression_export": Right(_FILES_OF_PEOPLE),
}
_CONTENT_PAGES = {
    "media templates template_version template_version_frame template_versions": Right(_VIEW),
    "template": Right(_VIEW, _EDIT),
    "template_new": Right(_EDIT, _EDIT),
    "media_upload media_delete template_archive template_check template_delete template_duplicate": _posting(
        _EDIT
    ),
    "template_frame template_language_add template_language_remove template_restore": _posting(_EDIT),
    "template_version_restore": _posting(_EDIT),
}
_WORKSPACE_PAGES = {
    "senders sender_templates halt": Right(_VIEW),
    "sender": Right(_VIEW, _SENDERS),
    "sender_names": Right(_VIEW, _EDIT),
    "sender_create": Right(_SENDERS, _SENDERS),
    "sender_new sender_log sender_link sender_link_code": Right(_SENDERS),
    "sender_activate sender_check sender_delete sender_pause sender_templates_refresh halt_on halt_lift": _posting(
        _SENDERS
    ),
    "sender_test sender_template_use": _posting(_EDIT),
    "balance prices": Right(_VIEW, every(Permission.MANAGE_MONEY)),
    "balance_csv prices_csv": Right(_VIEW),
    "audit audit_csv": Right(_AUDIT),
    "audit_check": _posting(_AUDIT),
    "members member": Right(_VIEW, _WORKSPACE),
    "member_act invitation_renew invitation_withdraw demo_remove": _posting(_WORKSPACE),
    "tokens": Right(_ANYBODY, _ANYBODY),
    "members_leave token_revoke": _posting(_ANYBODY),
    "webhooks webhook_request": Right(_WORKSPACE),
    "webhook webhook_new": Right(_WORKSPACE, _WORKSPACE),
    "webhook_on webhook_off webhook_remove webhook_replay webhook_replay_failed webhook_rotate webhook_test": _posting(
        _WORKSPACE
    ),
    "settings optout_rules branding": Right(_WORKSPACE, _WORKSPACE),
    "optout_words": Right(_WORKSPACE, _WORKSPACE),
    "optout_words_reset": _posting(_WORKSPACE),
}

#: By the names of the addresses.
RIGHTS: dict[str, Right] = {
    **dict(_named("campaigns:", _CAMPAIGN, of_campaigns=True)),
    **dict(_named("", _CAMPAIGNS, of_campaigns=True)),
    **dict(_named("", _AUDIENCE_PAGES)),
    **dict(_named("", _CONTENT_PAGES)),
    **dict(_named("", _WORKSPACE_PAGES)),
}


def is_there(name: str, workspace: Workspace) -> bool:
    """Whether the workspace has the address at all: what belongs to campaigns needs them enabled."""
    right = RIGHTS.get(name)
    return right is None or not right.of_campaigns or workspace.campaigns_enabled


def may_open(member: Membership, name: str) -> bool:
    """Whether the member may open the address of that name."""
    right = RIGHTS.get(name)
    return right is not None and right.read is not None and right.read.is_met_by(member)


def may_post(
    member: Membership,
    name: str,
    kwargs: Mapping[str, Any] | None = None,
    posted: Mapping[str, Any] | None = None,
) -> bool:
    """Whether the member may post these fields to the address. Who only looks on may post nothing."""
    right = RIGHTS.get(name)
    if right is None or right.write is None or member.is_observer:
        return False
    need = right.write if isinstance(right.write, Need) else right.write(kwargs or {}, posted or {})
    return need.is_met_by(member)


def is_refused(request: HttpRequest, member: Membership, name: str, kwargs: Mapping[str, Any]) -> bool:
    """Whether the member's role keeps them from this request.

    A method that the address does not know is left to it: it answers 405.
    """
    right = RIGHTS.get(name)
    if right is None:
        return True
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return right.read is not None and not right.read.is_met_by(member)
    if right.write is None:
        return member.is_observer
    posted = request.POST if callable(right.write) else None
    return not may_post(member, name, kwargs, posted)
