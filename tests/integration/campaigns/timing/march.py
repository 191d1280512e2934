"""The month in which tests of starts and of the calendar take place, and what the calendar's page says."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from django.test import Client

from clarion.campaigns.models import Campaign
from clarion.workspaces.models import Membership

BERLIN = ZoneInfo("Europe/Berlin")
#: The moment at which these tests take place: a Tuesday.
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HTMX = {"HTTP_HX_REQUEST": "true"}
Schedule = Callable[..., Campaign]


def berlin(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def page_of(client: Client, member: Membership, query: str = "") -> Any:
    return client.get(f"/w/{member.workspace.slug}/calendar/{query}")


def days(answer: Any) -> dict[str, str]:
    """Return what the page says of each day, by its date."""
    html = unescape(answer.content.decode())
    cells = re.findall(
        r'<td class="calendar__day[^"]*" data-date="([\d-]+)"[^>]*>(.*?)</td>', html, re.DOTALL
    )
    return {date: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)) for date, cell in cells}
