"""Which permission each operation of the API asks for, before anything else of a request is looked at. The one table.

The operations behind ask as well, for themselves: what is here lets nobody do more than they.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from clarion.api import problems
from clarion.campaigns.states import TRANSITIONS, Action
from clarion.senders.naming.states import RULES, Move
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Need, Permission, either, every

#: The names in the address may decide.
Asked = Callable[[Mapping[str, Any]], Need]
Run = Callable[..., HttpResponseBase]

_VIEW, _EDIT, _LAUNCH, _EXPORT, _AUDIT, _MONEY = (
    every(one)
    for one in (
        Permission.VIEW, Permission.EDIT, Permission.LAUNCH, Permission.EXPORT, Permission.AUDIT,
        Permission.MANAGE_MONEY,
    )
)  # fmt: skip
_AUDIENCE, _SENDERS, _WORKSPACE = (
    every(one) for one in (Permission.MANAGE_AUDIENCE, Permission.MANAGE_SENDERS, Permission.MANAGE_MEMBERS)
)
_FILES_OF_PEOPLE = every(Permission.EXPORT, Permission.VIEW_PII)


def acting(kwargs: Mapping[str, Any]) -> Need:
    """Return what a step in a campaign's life asks for, as the table of its states says."""
    action = str(kwargs["action"])
    if action in ("duplicate", "archive", "restore"):
        return _EDIT
    if action in ("launch", "hold"):
        return _LAUNCH if action == "launch" else every(Permission.PAUSE)
    permission = TRANSITIONS[Action(action)].permission if action in {*Action} else None
    return every(permission) if permission is not None else _VIEW


def naming(kwargs: Mapping[str, Any]) -> Need:
    """Return what a step of a revision of a sender's name asks for."""
    move = str(kwargs["move"])
    return every(RULES[Move(move)].permission) if move in {*Move} else _VIEW


_NEEDS: dict[str, Need | Asked] = {
    "workspace list_workspace_members show_member list_invitations list_tokens create_token revoke_token": _VIEW,
    "list_senders show_sender list_provided list_groups list_names": _VIEW,
    "list_campaigns show_campaign preflight_of why progress_of count_audience people_of_audience": _VIEW,
    "refresh_state show_delivery show_analytics campaign_trail show_calendar statistics compare": _VIEW,
    "list_runs show_run latest_deliveries run_deliveries show_source list_sheets show_sheet": _VIEW,
    "list_contacts show_contact list_addresses list_consents list_messages list_erasures list_changes": _VIEW,
    "list_attributes list_imports show_import list_lists show_list list_members list_segments show_segment": _VIEW,
    "count_rule count_segment some_of_segment explain_segment list_suppressions list_caps": _VIEW,
    "list_templates show_template list_versions show_version list_media show_media": _VIEW,
    "list_prices show_balance ledger list_one_offs show_one_off": _VIEW,
    "create_campaign change_campaign delete_campaign preview send_test refresh test_sender propose_name": _EDIT,
    "create_template change_template delete_template act_on_template restore_version add_language": _EDIT,
    "remove_language check_source upload_media delete_media upload refresh_sheet": _EDIT,
    "send_one_off delete_one_off": _EDIT,
    "settle_one_off change_speed settle switch_links move push retry_people_of_run": _LAUNCH,
    "act_on_campaign act_on_one_off": acting,
    "move_name": naming,
    "add_note": either(Permission.EDIT, Permission.MODERATE, Permission.LAUNCH),
    "list_submissions": either(Permission.MODERATE, Permission.EDIT),
    "ignore_caps": every(Permission.EDIT, Permission.IGNORE_CAPS),
    "reveal_delivery reveal_contact reveal_one_off": every(Permission.VIEW_PII),
    "create_export list_exports show_export delete_export fetch_export": _EXPORT,
    "rejected_rows import_report suppressions_file person_file": _FILES_OF_PEOPLE,
    "list_people_of_run suppress_people_of_run create_sheet change_sheet delete_sheet": _AUDIENCE,
    "create_contact upsert_contact change_contact delete_contact add_address prefer_address": _AUDIENCE,
    "remove_address set_consent merge_contacts erase_contact change_many undo_change list_duplicates": _AUDIENCE,
    "define_attribute change_attribute forget_attribute start_import cancel_import": _AUDIENCE,
    "create_list change_list delete_list change_members": _AUDIENCE,
    "create_segment change_segment delete_segment": _AUDIENCE,
    "suppress unsuppress import_suppressions remove_suppressions": _AUDIENCE,
    "create_import": every(Permission.MANAGE_AUDIENCE, Permission.VIEW_PII),
    "create_sender change_sender delete_sender act_on_sender check_sender refresh_provided sender_log": _SENDERS,
    "halt lift": _SENDERS,
    "change_workspace show_branding set_branding set_logo": _WORKSPACE,
    "change_member remove_member suspend_member reinstate_member invite withdraw_invitation": _WORKSPACE,
    "set_caps show_rules set_rules list_words set_words reset_words allow_again": _WORKSPACE,
    "list_webhooks create_webhook show_webhook change_webhook remove_webhook rotate_webhook_secret": _WORKSPACE,
    "test_webhook list_webhook_requests replay_failed_requests replay_request": _WORKSPACE,
    "set_price replace_prices remove_price switch_balance warn_below top_up correct": _MONEY,
    "list_events check_trail": _AUDIT,
}
#: By the names of the operations.
NEEDS: dict[str, Need | Asked] = {name: need for names, need in _NEEDS.items() for name in names.split()}


def need_of(name: str, kwargs: Mapping[str, Any]) -> Need:
    """Return what a request to the operation of that name asks for."""
    need = NEEDS[name]
    return need if isinstance(need, Need) else need(kwargs)


def told(name: str) -> str:
    """Return what an operation asks for in words of its scopes; nothing where seeing is enough."""
    need = NEEDS[name]
    if not isinstance(need, Need):
        return "Needs the scope of the step."
    listed = [f"`{one}`" for one in sorted(need.all_of - {Permission.VIEW})]
    if need.one_of:
        listed.append("one of " + ", ".join(f"`{one}`" for one in sorted(need.one_of)))
    return f"Needs {' and '.join(listed)}." if listed else ""


def check(name: str, member: Membership, kwargs: Mapping[str, Any]) -> None:
    """Raise Problem where the table keeps the member out of the operation of that name."""
    need = need_of(name, kwargs)
    if not need.is_met_by(member):
        lacking = sorted(one for one in need.all_of | need.one_of if not member.may(one))
        refused = problems.of_error(NotAllowed(", ".join(str(one.label) for one in lacking)))
        assert refused is not None  # noqa: S101 - it has a status
        raise refused


def asking(run: Run) -> Run:
    """Return an operation that answers 403 to whomever the table keeps out, before it reads what they sent."""
    name = run.__self__.view_func.__name__  # type: ignore[attr-defined]

    @wraps(run)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if name in NEEDS:
            check(name, request.member, kwargs)  # type: ignore[attr-defined]
        return run(request, *args, **kwargs)

    return asked
