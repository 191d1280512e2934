"""Runs whose links and opens are followed, and people who follow them, for tests."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from clarion.channels.tracking import CLICK, OPEN
from clarion.deliveries.models import Delivery, Run, RunStep
from clarion.deliveries.states import Stage
from clarion.deliveries.tracking import applying, preparing
from clarion.lib import keys, tokens
from clarion.workspaces.models import Workspace
from tests.runs import MadeRun, make_run

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
CONTENT = {
    "subject": "News",
    "text": "",
    "html": (
        '<body><a href="https://shop.test/a?x=1&amp;y=2">A</a>'
        ' <a href="https://shop.test/of/{{ city|urlencode }}">B</a> <a href="https://shop.test/c">C</a>'
        ' <a href="{{ unsubscribe_url }}">Out</a></body>'
    ),
}


def make_followed(*, count: int = 3, sent_at: datetime | None = None, **facts: object) -> MadeRun:
    """Return a run of which links and opens are followed, all of whose people were sent their message."""
    made = make_run(count=count, content=CONTENT, **facts)  # type: ignore[arg-type]
    Workspace.objects.filter(pk=made.workspace.pk).update(track_links=True, track_opens=True)
    made.campaign.refresh_from_db()
    preparing.begin(made.run, made.campaign, list(made.run.steps.all()))
    at = sent_at or timezone.now() - timedelta(hours=1)
    Delivery.objects.filter(run_id=made.run.pk).update(stage=Stage.SENT, attempts=1, ended_at=at)
    Run.objects.filter(pk=made.run.pk).update(pending=0, sent=count, first_sent_at=at, last_sent_at=at)
    RunStep.objects.filter(run=made.run).update(accepted=count, handed=count, cursor=count)
    made.run.refresh_from_db()
    return made


def click_path(made: MadeRun, person: int, link: int) -> str:
    return f"/c/{_token(CLICK, made, person)}/{link}"


def open_path(made: MadeRun, person: int) -> str:
    return f"/o/{_token(OPEN, made, person)}.gif"


def _token(kind: str, made: MadeRun, person: int) -> str:
    return tokens.make(kind, keys.derive(settings.SECRET_KEY, keys.TOKENS), made.run.pk, person * 16)


def count_hits() -> None:
    """Count what has come, without the wait."""
    applying.apply_due(seconds=60, hold_seconds=-1)
