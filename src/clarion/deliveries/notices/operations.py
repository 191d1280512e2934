"""Finding what is new among the troubles, and writing of it: once for each, and then not for hours."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import get_language

from clarion.campaigns.states import PauseCause
from clarion.deliveries import attention, broken
from clarion.deliveries.attention import Need, Wanted
from clarion.deliveries.notices import queries, words
from clarion.deliveries.notices.models import Notice
from clarion.senders.system import operations as system
from clarion.workspaces.models import Membership, User, Workspace

log = structlog.get_logger(__name__)

KIND = "trouble"
#: Nobody is written to again about the same thing before so long; what comes back until then and stays is told then.
QUIET = timedelta(hours=6)
#: What began longer ago is no news any more.
NEWS = timedelta(days=1)
#: What passes by itself is told when it has lasted so long.
PATIENCE = {Need.PROVIDER: timedelta(minutes=10), Need.NO_WORKER: timedelta(minutes=2)}
#: What was not seen for so long has ended in between: a provider is tried again now and then, and seems well then.
GAP = timedelta(minutes=5)
#: Key of the advisory lock that lets one process at a time write.
_LOCK = 0x4E4F5443


def tell() -> int:
    """Write of what is new to those who administer it; return how many letters there are.

    Without a system sender nothing is written and nothing is noted as told. Cheap where all is well: seven queries.
    """
    if not system.has_sender():
        return 0
    count = _tell_of_missing_workers()
    for workspace in queries.in_trouble(since=timezone.now() - NEWS):
        count += _tell_of_workspace(workspace)
    _forget_old()
    if count:
        log.info("notices.written", letters=count)
    return count


def _tell_of_missing_workers() -> int:
    found = _of_installation()
    return _tell(None, found, _to_administrators) if found else 0


def _of_installation() -> list[Wanted]:
    nobody = attention.without_workers()
    return [*([nobody] if nobody is not None else []), *broken.lost_workers()]


def _to_administrators(new: Wanted) -> int:
    count = 0
    for user in queries.administrators():
        with words.spoken_to(user, None):
            theirs = [one for one in _of_installation() if (one.need, one.thing) == (new.need, new.thing)]
            count += sum(_post(user, None, one) for one in theirs)
    return count


def _tell_of_workspace(workspace: Workspace) -> int:
    readers = queries.readers_of(workspace)
    if not readers:
        return 0
    news = timezone.now() - NEWS
    found = [one for one in _apart(attention.troubles(readers[0])) if one.at is None or one.at >= news]
    tongues = _Tongues()
    return _tell(workspace, found, lambda one: _to_readers(readers, tongues, one))


def _apart(found: Sequence[Wanted]) -> list[Wanted]:
    """Leave out the campaigns that only wait for a blocked sender, while that is told itself."""
    if not any(one.need is Need.SENDER for one in found):
        return list(found)
    return [
        one
        for one in found
        if one.need is not Need.PAUSED
        or one.campaign is None
        or one.campaign.pause_cause != PauseCause.SENDER
    ]


class _Tongues:
    """The troubles of a workspace as its readers are told them: asked once for each language and zone."""

    def __init__(self) -> None:
        self._asked: dict[str, list[Wanted]] = {}

    def of(self, reader: Membership) -> list[Wanted]:
        """Return them in the language of the moment. All readers may see the same."""
        spoken = f"{get_language()} {timezone.get_current_timezone_name()}"
        if spoken not in self._asked:
            self._asked[spoken] = attention.troubles(reader)
        return self._asked[spoken]


def _to_readers(readers: Iterable[Membership], tongues: _Tongues, new: Wanted) -> int:
    """Write to each in their own words; what is over by now is not written."""
    count = 0
    for reader in readers:
        with words.spoken_to(reader.user, reader.workspace):
            theirs = [one for one in tongues.of(reader) if (one.need, one.thing) == (new.need, new.thing)]
            count += sum(_post(reader.user, reader.workspace, one) for one in theirs)
    return count


@transaction.atomic
def _tell(workspace: Workspace | None, found: Sequence[Wanted], write: Callable[[Wanted], int]) -> int:
    """Note what is found, and write of each that is new; return how many letters there are."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
    now = timezone.now()
    known = {(one.need, one.thing): one for one in Notice.objects.filter(workspace=workspace)}
    count = 0
    for one in found:
        notice = known.get((one.need, one.thing)) or Notice(
            workspace=workspace, need=one.need, thing=one.thing, since=now, seen_at=now
        )
        if one.at is not None:
            notice.since = one.at
        elif notice.seen_at < now - GAP:
            notice.since = now
        notice.seen_at = now
        if _is_due(notice, now):
            count += write(one)
            notice.told_at = now
        notice.save()
    return count


def _is_due(notice: Notice, now: datetime) -> bool:
    if notice.since > now - PATIENCE.get(Need(notice.need), timedelta()):
        return False
    return notice.told_at is None or (notice.since > notice.told_at and notice.told_at <= now - QUIET)


def _post(user: User, workspace: Workspace | None, one: Wanted) -> int:
    subject, text = words.letter(one, workspace)
    return int(system.post(kind=KIND, to=user.email, subject=subject, text=text))


def _forget_old() -> None:
    """Forget what has ended and is no news any more."""
    Notice.objects.filter(seen_at__lt=timezone.now() - NEWS).delete()
