"""Conditions about what became of the messages to a contact: their schema, their SQL, their words.

They ask `audience.contact_activity`, a row for each contact and run. *Messages* are runs: what a cascade sends one
person in one run counts once.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

if TYPE_CHECKING:
    from clarion.audience.segments.tree import Condition
    from clarion.workspaces.models import Workspace

#: The latest messages that may be asked about, and of how many at least or at most.
MAX_LATEST = 20
MAX_TIMES = 100
MAX_DAYS = 3_660

_BOTH = ("in_campaign", "not_in_campaign", "activity_days", "no_activity_days", "at_least", "at_most")
_LATEST = ("of_latest", "none_of_latest")
#: Field → what can be asked of it; each field is a column `<field>_on` of the activity.
FIELDS: dict[str, tuple[str, ...]] = {
    "sent": _BOTH,
    "delivered": (*_BOTH, *_LATEST),
    "opened": (*_BOTH, *_LATEST),
    "clicked": (*_BOTH, *_LATEST),
    "answered": (*_BOTH, *_LATEST),
    "failed": (*_BOTH, *_LATEST),
}
CAMPAIGN_OPS = frozenset({"in_campaign", "not_in_campaign"})
DAYS_OPS = frozenset({"activity_days", "no_activity_days"})
LATEST_OPS = frozenset(_LATEST)
TIMES_OPS = frozenset({"at_least", "at_most"})

FIELD_WORDS: dict[str, str | Promise] = {
    "sent": gettext_lazy("was sent"),
    "delivered": gettext_lazy("was delivered"),
    "opened": gettext_lazy("opened"),
    "clicked": gettext_lazy("clicked"),
    "answered": gettext_lazy("answered"),
    "failed": gettext_lazy("failed"),
}
_DID: dict[str, tuple[str | Promise, str | Promise]] = {
    "sent": (gettext_lazy("was sent a message"), gettext_lazy("was sent no message")),
    "delivered": (gettext_lazy("a message was delivered"), gettext_lazy("no message was delivered")),
    "opened": (gettext_lazy("opened a message"), gettext_lazy("opened no message")),
    "clicked": (gettext_lazy("followed a link"), gettext_lazy("followed no link")),
    "answered": (gettext_lazy("answered a message"), gettext_lazy("answered no message")),
    "failed": (gettext_lazy("a message failed"), gettext_lazy("no message failed")),
}
_NEGATIVE = frozenset({"not_in_campaign", "no_activity_days", "none_of_latest"})


def value(op: str, given: Any) -> Any:
    """Return a condition's value as it is kept. Raises ValueError with a sentence."""
    if op in CAMPAIGN_OPS:
        try:
            return str(uuid.UUID(given)) if isinstance(given, str) else _no_campaign()
        except ValueError:
            return _no_campaign()
    if op in DAYS_OPS:
        return _whole(given, 0, MAX_DAYS, _("Write a number of days from %(least)d to %(most)d."))
    if op in LATEST_OPS:
        return _whole(given, 1, MAX_LATEST, _("Write a number of messages from %(least)d to %(most)d."))
    if not isinstance(given, Mapping) or set(given) != {"messages", "days"}:
        raise ValueError(_('How often in how many days is written {"messages": 3, "days": 90}.'))
    least = 1 if op == "at_least" else 0
    messages = _whole(
        given["messages"], least, MAX_TIMES, _("Write a number of messages from %(least)d to %(most)d.")
    )
    days = _whole(given["days"], 0, MAX_DAYS, _("Write a number of days from %(least)d to %(most)d."))
    return {"messages": messages, "days": days}


def _no_campaign() -> str:
    raise ValueError(_("Choose a campaign."))


def _whole(given: Any, least: int, most: int, sentence: str) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= most:
        raise ValueError(sentence % {"least": least, "most": most})
    return given


def condition(
    one: "Condition",
    *,
    workspace: "Workspace",
    today: date,
    alias: str,
    put: Callable[[Any, str], str],
    is_of_all: bool = False,
) -> str:
    """Return the SQL of a condition about the contact `alias`, true or false; `put` keeps a value.

    With `is_of_all` how often somebody did something is asked by one look at all who did, not at each contact.
    """
    # Names of columns are those of `FIELDS` alone; every value is a parameter.
    column = f"{next(name for name in FIELDS if name == one.field)}_on"
    of_contact = f"from audience_contactactivity a where a.contact_id = {alias}.id"
    if one.op in CAMPAIGN_OPS:
        campaign = (
            f"(select k.id from campaigns_campaign k where k.public_id = {put(one.value, 'uuid')}"  # noqa: S608
            f" and k.workspace_id = {put(workspace.pk, 'bigint')})"
        )
        found = f"exists (select {of_contact} and a.campaign_id = {campaign} and a.{column} is not null)"
    elif one.op in DAYS_OPS:
        since = put(_since(today, one.value), "date")
        mine = put(workspace.pk, "bigint")
        found = f"exists (select {of_contact} and a.workspace_id = {mine} and a.{column} >= {since})"
    elif one.op in TIMES_OPS:
        if is_of_all:
            return _times_of_all(one, column, workspace, alias, today, put)
        return _times(one, column, of_contact, today, put)
    else:
        return _latest(one, column, of_contact, put)
    return f"not {found}" if one.op in _NEGATIVE else found


def _times(
    one: "Condition", column: str, of_contact: str, today: date, put: Callable[[Any, str], str]
) -> str:
    since = put(_since(today, one.value["days"]), "date")
    messages = one.value["messages"]
    enough = put(messages if one.op == "at_least" else messages + 1, "int")
    # No more than enough are counted. By the contact's key: written so that the day's index, which would have to
    # be looked through for each contact, is of no use.
    happened = f"coalesce(a.{column} >= {since}, false)"
    count = f"(select count(*) from (select 1 {of_contact} and {happened} limit {enough}) q)"  # noqa: S608
    return f"{count} >= {enough}" if one.op == "at_least" else f"{count} < {enough}"


def _times_of_all(
    one: "Condition",
    column: str,
    workspace: "Workspace",
    alias: str,
    today: date,
    put: Callable[[Any, str], str],
) -> str:
    """Return the same, by one look at all that happened in these days."""
    since, messages = put(_since(today, one.value["days"]), "date"), one.value["messages"]
    enough = put(messages if one.op == "at_least" else messages + 1, "int")
    often = (
        "(select a.contact_id from audience_contactactivity a"  # noqa: S608
        f" where a.workspace_id = {put(workspace.pk, 'bigint')} and a.{column} >= {since}"
        f" group by a.contact_id having count(*) >= {enough})"
    )
    return f"{alias}.id {'in' if one.op == 'at_least' else 'not in'} {often}"


def _latest(one: "Condition", column: str, of_contact: str, put: Callable[[Any, str], str]) -> str:
    n = put(one.value, "int")
    latest = (
        f"(select a.{column} as happened {of_contact} and (a.sent_on is not null or a.failed_on is not null)"
        f" order by a.run_id desc limit {n}) q"
    )
    if one.op == "of_latest":
        return f"(select count(q.happened) from {latest}) > 0"  # noqa: S608
    # Whoever got fewer is not among those who let so many pass.
    return f"(select count(*) = {n} and count(q.happened) = 0 from {latest})"  # noqa: S608


def _since(today: date, days: int) -> date:
    return today - timedelta(days=days)


def sentence(one: "Condition", names: Mapping[str, str]) -> str:
    """Return the condition in words; `names` maps the public ids of campaigns to their names."""
    did = str(_DID[one.field][one.op in _NEGATIVE])
    if one.op in CAMPAIGN_OPS:
        name = names.get(one.value)
        if name is None:
            return _("%(did)s in a campaign that is gone") % {"did": did}
        return _("%(did)s in campaign “%(name)s”") % {"did": did, "name": name}
    if one.op in DAYS_OPS:
        n = one.value
        return ngettext("%(did)s in the last %(n)d day", "%(did)s in the last %(n)d days", n) % {
            "did": did, "n": n,
        }  # fmt: skip
    if one.op in LATEST_OPS:
        n = one.value
        return ngettext("%(did)s among the latest", "%(did)s among the latest %(n)d", n) % {
            "did": did, "n": n,
        }  # fmt: skip
    times, days = one.value["messages"], one.value["days"]
    often = (
        ngettext("at least %(n)d time", "at least %(n)d times", times)
        if one.op == "at_least"
        else ngettext("at most %(n)d time", "at most %(n)d times", times)
    )
    span = ngettext("in the last %(n)d day", "in the last %(n)d days", days) % {"n": days}
    return f"{did} {often % {'n': times}} {span}"
