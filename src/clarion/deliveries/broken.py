"""What broke, as banners on every page say it: counts for who administers a workspace, lost processes for the system's.

Few questions, since each page asks them; the dashboard's list of what waits for a person has the details.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.campaigns.states import Status
from clarion.deliveries.attention import Need, Wanted
from clarion.senders.models import SenderStatus
from clarion.webhooks.models import EndpointStatus
from clarion.workspaces import spelling
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Permission

#: What happened longer ago is in lists, and on no banner any more.
NEWS = timedelta(days=1)
#: A sending process that was not heard for so long is gone: it beats every second.
GONE_SECONDS = 120

_BROKEN = """
select (select count(*) from senders_sender where workspace_id = %(workspace)s and status = %(blocked)s),
       (select count(*) from campaigns_campaign
        where workspace_id = %(workspace)s and status = %(failed)s and status_changed_at > %(since)s
          and archived_at is null and purged_at is null and not is_one_off),
       (select count(*) from webhooks_endpoint where workspace_id = %(workspace)s and status = %(disabled)s)
"""
#: Processes that ended without saying so, on hosts where none has come since.
_LOST = """
select w.host, max(w.heartbeat_at) from deliveries_worker w
where w.heartbeat_at between %(since)s and now() - make_interval(secs => %(gone)s)
  and (w.ended_at is null or w.ended_at > w.heartbeat_at + make_interval(secs => %(silent)s))
  and not exists (
      select from deliveries_worker other where other.host = w.host and other.started_at > w.heartbeat_at)
group by w.host order by w.host
"""
#: A process that says that it ends does so within seconds of its last beat; one that vanished is found out later.
_SILENT_SECONDS = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """How much of a workspace broke by itself."""

    blocked_senders: int
    failed_campaigns: int
    disabled_webhooks: int

    def __bool__(self) -> bool:
        return bool(self.blocked_senders or self.failed_campaigns or self.disabled_webhooks)


def broken_for(member: Membership) -> Broken | None:
    """Return what broke, for whoever administers the workspace; None for others, and where all is well. One query."""
    if not (member.may(Permission.MANAGE_SENDERS) and member.may(Permission.MANAGE_MEMBERS)):
        return None
    facts: dict[str, Any] = {
        "workspace": member.workspace_id, "since": timezone.now() - NEWS, "blocked": SenderStatus.BLOCKED.value,
        "failed": Status.FAILED.value, "disabled": EndpointStatus.DISABLED.value,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_BROKEN, facts)
        senders, campaigns, webhooks = cursor.fetchone()
    found = Broken(blocked_senders=senders, failed_campaigns=campaigns, disabled_webhooks=webhooks)
    return found or None


def lost_workers() -> list[Wanted]:
    """Return the hosts whose sending process is gone without having been ended or replaced. One query."""
    facts: dict[str, Any] = {"since": timezone.now() - NEWS, "gone": GONE_SECONDS, "silent": _SILENT_SECONDS}
    with connection.cursor() as cursor:
        cursor.execute(_LOST, facts)
        return [_lost(host, heard) for host, heard in cursor.fetchall()]


def _lost(host: str, heard: datetime) -> Wanted:
    when = spelling.moment(timezone.localtime(heard))
    why = _("It was heard for the last time on %(when)s, and none has taken its place there.") % {
        "when": when
    }
    name = _("A sending process on %(host)s is gone") % {"host": host}
    return Wanted(need=Need.WORKER_GONE, name=name, why=why, at=heard, host=host)
