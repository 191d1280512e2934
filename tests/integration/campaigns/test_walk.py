"""Every state meets every action at every door: the operation, the page's button, the command line.

What is allowed is what `offers` says, which is made from the one table; a door that did more, less or otherwise
would fail here, and so would an action that a door has not heard of.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Max
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner

from clarion.campaigns import offers, operations, review
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.offers import Handling
from clarion.campaigns.states import ENDED, TRANSITIONS, Action, PauseCause, Status
from clarion.cli import following, session
from clarion.cli.program import app
from clarion.deliveries import retrying
from clarion.runtime import watching
from clarion.workspaces import actors, audit
from clarion.workspaces.models import AuditEvent, Membership
from tests import ledgers
from tests.integration.campaigns import making
from tests.integration.campaigns.doing import OPERATIONS
from tests.integration.campaigns.reading import signed_in

pytestmark = pytest.mark.django_db

#: What people can do: the program's own moves have no door.
ACTIONS: list[Action | Handling] = [
    *(action for action, way in TRANSITIONS.items() if way.permission is not None),
    *Handling,
]
#: Only where the workspace moderates.
MODERATED = {Action.SUBMIT, Action.WITHDRAW, Action.APPROVE, Action.REJECT, Action.RELEASE}
DECIDED = {Action.APPROVE, Action.REJECT, Action.RELEASE}
#: One that no door offers has no way here either; `test_every_door_knows_every_action` watches this list.
AWAITED = offers._WITHHELD

#: What a command needs besides the campaign's id.
OPTIONS: dict[Action | Handling, list[str]] = {
    Handling.DELETE: ["--yes"], Handling.PURGE: ["--yes"], Action.REJECT: ["--reason", "No."],
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What came of it: the campaign's state, None when it is gone; how many
    campaigns and events were added."""

    status: str | None
    is_archived: bool
    is_changed: bool
    added: int
    events: int


class Walk:
    """A workspace where everything can be launched, its owner at every door."""

    def __init__(self) -> None:
        self.member: Membership = making.make_member()
        self.workspace = self.member.workspace
        self.client: Client = signed_in(self.member)

    def campaign(self, status: Status, **facts: Any) -> Campaign:
        return making.make_launchable(
            self.workspace, status=status, **{"zone": "Europe/Berlin", **_timing(status), **facts}
        )

    def offers(self, campaign: Campaign) -> set[Action | Handling]:
        campaign.refresh_from_db()
        return {*offers.actions_for(campaign, self.member), *offers.handling_for(campaign, self.member)}

    def at(self, door: str, action: Action | Handling, campaign: Campaign) -> Result:
        """Go through a door with the action and return what came of it."""
        events = AuditEvent.objects.filter(workspace=self.workspace)
        number = events.aggregate(n=Max("number"))["n"] or 0
        before = _rows(self.workspace.pk)
        getattr(self, f"_{door}")(action, campaign)
        after = _rows(self.workspace.pk)
        now = Campaign.objects.filter(pk=campaign.pk).first()
        is_there = now is not None and now.workspace_id == self.workspace.pk and not _is_given_up(now)
        return Result(
            status=now.status if now is not None and is_there else None,
            is_archived=bool(now is not None and now.archived_at),
            is_changed=before != after,
            added=after[0] - before[0],
            events=events.filter(number__gt=number).count(),
        )

    def _operation(self, action: Action | Handling, campaign: Campaign) -> None:
        try:
            OPERATIONS[action](campaign, actors.of_member(self.member))
        except (TransitionRefused, CampaignInvalid):
            return

    def _page(self, action: Action | Handling, campaign: Campaign) -> None:
        path = f"/w/{self.workspace.slug}/campaigns/{campaign.public_id}/do/{action.value}/"
        fields = {"confirmed": "1", "typed": campaign.name}
        if action in DECIDED:
            # Decisions are made where a moderator sees what is decided on.
            path = f"/w/{self.workspace.slug}/moderation/{campaign.public_id}/decide/"
            fields = {"do": action.value, "digest": review.digest_of(campaign), "reason": "No."}
        answer = self.client.post(path, fields)
        assert answer.status_code in (302, 404), (answer.status_code, path)

    def _cli(self, action: Action | Handling, campaign: Campaign) -> None:
        done = CliRunner().invoke(
            app, ["campaign", action.value, str(campaign.public_id), *OPTIONS.get(action, [])]
        )
        assert done.exit_code in (0, 2, 3), done.output


def _timing(status: Status) -> dict[str, Any]:
    """A start time of its own, so that every campaign can be scheduled as it is."""
    starts_at = (timezone.now() + timedelta(hours=3)).replace(second=0, microsecond=0)
    return {"starts_at": starts_at, "launch": Launch.SCHEDULE}


def _paused(status: Status) -> dict[str, Any]:
    return {"paused_from": Status.SENDING} if status is Status.PAUSED else {}


#: What campaigns of a workspace consist of, each with one text of all its rows: read before and after each door, so by
#: one statement.
_CONTENTS = """
    SELECT (SELECT count(*) FROM campaigns_campaign WHERE workspace_id = %(workspace)s),
           (SELECT md5(string_agg(c::text, '|' ORDER BY id)) FROM campaigns_campaign c
             WHERE workspace_id = %(workspace)s),
           (SELECT md5(string_agg(s::text, '|' ORDER BY s.id)) FROM campaigns_step s
              JOIN campaigns_campaign c ON c.id = s.campaign_id WHERE c.workspace_id = %(workspace)s),
           (SELECT md5(string_agg(r::text, '|' ORDER BY r.id)) FROM campaigns_review r
              JOIN campaigns_campaign c ON c.id = r.campaign_id WHERE c.workspace_id = %(workspace)s)
"""


def _rows(workspace_id: int) -> tuple[Any, ...]:
    """Return how many campaigns a workspace has, and what is different as soon as one of their rows is."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTENTS, {"workspace": workspace_id})
        return cursor.fetchone()


def _is_given_up(campaign: Campaign) -> bool:
    return getattr(campaign, "purged_at", None) is not None


@pytest.fixture(autouse=True)
def _command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands use the test's own connection, and sending is left to somebody else: this is about the states."""

    @contextmanager
    def opened() -> Iterator[None]:
        yield

    class Follower:
        def __enter__(self) -> "Follower":
            return self

        def __exit__(self, *_problem: object) -> None:
            return

        def prepare(self) -> None:
            return

        def follow(self, campaign: Campaign, *, waits: bool) -> Any:
            return watching.snapshot(campaign.pk)

    monkeypatch.setattr(session, "opened", opened)
    monkeypatch.setattr(following, "Follower", Follower)
    monkeypatch.setattr(following, "finish", lambda *_arguments, **_options: None)
    monkeypatch.setenv("CLARION_LOG_LEVEL", "error")


DOORS = ("operation", "page", "cli")


def goal(action: Action | Handling, status: Status) -> Status | None:
    """Where it leads to; None for what removes the campaign."""
    if isinstance(action, Action):
        return TRANSITIONS[action].target
    return None if action in (Handling.DELETE, Handling.PURGE) else status


@pytest.mark.parametrize("status", list(Status))
def test_every_door_does_what_the_table_says_or_nothing(status: Status) -> None:
    walk = Walk()
    campaign: Campaign | None = None
    for action in (one for one in ACTIONS if one not in MODERATED | AWAITED):
        results = {}
        for door in DOORS:
            # What was refused has changed nothing, so that the next one finds the campaign as it was.
            campaign = campaign or walk.campaign(status)
            is_allowed = action in walk.offers(campaign)
            result = walk.at(door, action, campaign)

            if isinstance(action, Action):
                assert is_allowed == (status in TRANSITIONS[action].sources), (door, action)
            assert result.status == (goal(action, status) if is_allowed else status), (door, action)
            assert (result.events > 0) == result.is_changed, (door, action)
            assert is_allowed or not result.is_changed, (door, action)
            results[door] = (result.status, result.is_archived, result.is_changed, result.added)
            if is_allowed:
                campaign = None

        assert len(set(results.values())) == 1, (action, results)
    assert audit.first_broken(walk.workspace) is None


@pytest.mark.parametrize("status", sorted(offers.ARCHIVABLE))
@pytest.mark.parametrize("door", DOORS)
def test_an_archived_one_can_only_be_copied_restored_or_removed(door: str, status: Status) -> None:
    walk = Walk()
    campaign: Campaign | None = None
    for action in ACTIONS:
        if action in MODERATED | AWAITED:
            continue
        campaign = campaign or walk.campaign(status, archived_at=timezone.now())
        allowed = walk.offers(campaign)
        result = walk.at(door, action, campaign)

        assert isinstance(action, Handling) or action not in allowed
        assert result.is_changed == (action in allowed), (door, action)
        assert (result.events > 0) == result.is_changed, (door, action)
        if action is Handling.RESTORE:
            assert (result.status, result.is_archived) == (status, False)
        if action in allowed:
            campaign = None


def test_every_door_knows_every_action() -> None:
    """An action that is offered somewhere has an operation here; else the walk would pass it by."""
    assert set(ACTIONS) - set(OPERATIONS) <= AWAITED
    assert not AWAITED & set(OPERATIONS)


class TestModeration:
    """The same for what only a workspace with moderation has."""

    def campaign_in(self, walk: Walk, status: Status) -> Campaign:
        author = making.make_member(walk.workspace, name="Bob")
        if status is Status.IN_REVIEW:
            draft = walk.campaign(Status.DRAFT, created_by=author.user)
            return operations.submit(campaign=draft, by=actors.of_member(author))
        return walk.campaign(status, created_by=author.user)

    @pytest.mark.parametrize("action", sorted(MODERATED))
    @pytest.mark.parametrize("status", list(Status))
    def test_every_door_does_what_the_table_says_or_nothing(self, status: Status, action: Action) -> None:
        walk = Walk()
        walk.workspace.moderation = True
        walk.workspace.save()
        results = {}
        campaign: Campaign | None = None
        for door in DOORS:
            campaign = campaign or self.campaign_in(walk, status)
            is_allowed = action in walk.offers(campaign)
            result = walk.at(door, action, campaign)

            assert result.is_changed == is_allowed, door
            assert (result.events > 0) == result.is_changed, door
            if not is_allowed:
                assert result.status == status, door
            results[door] = (result.status, result.is_changed, result.added)
            if is_allowed:
                campaign = None

        assert len(set(results.values())) == 1, results


def test_a_pause_that_awaits_a_second_yes_is_not_continued_at_any_door() -> None:
    for door in ("operation", "page", "cli"):
        walk = Walk()
        walk.workspace.moderation = True
        walk.workspace.save()
        campaign = walk.campaign(Status.PAUSED, pause_cause=PauseCause.REVIEW)

        assert Action.CONTINUE not in walk.offers(campaign)
        assert not walk.at(door, Action.CONTINUE, campaign).is_changed, door


@pytest.mark.parametrize("status", list(Status))
def test_sending_again_what_failed_is_the_same_at_every_door(status: Status) -> None:
    """It needs a run in which something failed, so `offers` leaves it to the page; the table has its move."""
    results = {}
    for door in DOORS:
        walk = Walk()
        campaign = ledgers.make_campaign(walk.member, status=status, **_paused(status))
        run = ledgers.make_run(campaign, sent=2, failed=3, finished=status in ENDED)
        events = AuditEvent.objects.filter(workspace=walk.workspace)
        before = events.count()

        if door == "operation":
            with suppress(TransitionRefused):
                retrying.retry_failed(campaign=campaign, by=actors.of_member(walk.member))
        elif door == "page":
            address = f"/w/{walk.workspace.slug}/campaigns/{campaign.public_id}/retry/"
            assert walk.client.post(address, {"confirmed": "1"}).status_code == 302
        else:
            done = CliRunner().invoke(app, ["campaign", "retry", str(campaign.public_id)])
            assert done.exit_code == (0 if status in retrying.RETRYABLE else 3), done.output

        campaign.refresh_from_db()
        run.refresh_from_db()
        results[door] = (campaign.status, run.pending, run.failed, events.count() > before)

    again = status in retrying.RETRYABLE
    target = Status.SENDING if status in TRANSITIONS[Action.RETRY].sources else status
    assert set(results.values()) == {(target, 3 if again else 0, 0 if again else 3, again)}
