"""Made-up values for the gallery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from clarion.web.charts import Part, Series
from clarion.web.parts import (
    Action,
    Check,
    Chip,
    Column,
    Confirm,
    Event,
    Fact,
    FilterGroup,
    Option,
    Stat,
    Step,
    Tab,
)
from clarion.web.statuses import CAMPAIGN, CHANNELS

NOW = datetime(2026, 11, 21, 14, 23, tzinfo=UTC)
URL = "/ui/"
POST = "/ui/post/"

CANCEL = Confirm(
    title="Cancel “Black Friday early access”?",
    text="What was sent stays sent. A cancelled campaign cannot be continued.",
    facts=["17,936 people will not be messaged.", "30,274 people were messaged already."],
    label="Cancel the campaign",
)
DELETE = Confirm(
    title="Delete “App 4.2 release notes”?",
    text="Its recipients and history go with it.",
    facts=["151,400 recipients are deleted."],
    label="Delete for good",
    type_to_confirm="App 4.2",
)


def context() -> dict[str, Any]:
    """Everything the gallery's template asks for."""
    return {
        "now": NOW,
        "actions": actions(),
        "row_actions": row_actions(),
        "tabs": tabs(),
        "views": views(),
        "stats": stats(),
        "parts": parts(30_274),
        "funnel": funnel(),
        "per_channel": per_channel(),
        "hours": [f"{hour:02}:00" for hour in range(24)],
        "series": series(),
        "spark": [3, 4, 4, 6, 5, 5, 6, 9, 7, 8, 9, 8, 11],
        "jagged": [2, 0, 0, 4, 3, 1, 0, 1, 6, 0, 2, 0, 0],
        "columns": columns(),
        "rows": rows(),
        "groups": groups(),
        "chips": [
            Chip(label="Status: Sending", url=URL, name="status", value="sending"),
            Chip(label="Last 7 days", url=URL, name="period", value="7d"),
        ],
        "bulk": [
            {"label": "Compare", "icon": "git-compare", "value": "compare"},
            {"label": "Archive", "icon": "archive", "value": "archive"},
        ],
        "events": events(NOW, timedelta(minutes=17)),
        "facts": facts(),
        "checks": checks(),
        "steps": steps(),
        "segments": [Option(value=key, label=key.title(), checked=key == "schedule") for key in SEGMENTS],
        "empty_actions": [Action(label="New campaign", url=URL, icon="plus", style="primary")],
        "uuid": "11e20b8f-6b0d-449b-af03-675a1600a35a",
    }


SEGMENTS = ("now", "schedule", "recurring", "manual", "trigger")


def actions() -> list[Action]:
    return [
        Action(label="Pause", url=POST, icon="pause", method="post", fields={"verb": "pause"}),
        Action(label="Cancel", url=POST, icon="ban", method="post", style="danger", confirm=CANCEL),
        Action(label="Continue", url=POST, icon="play", method="post", style="primary"),
        Action(label="Details", url="/ui/drawer/", icon="info", drawer=True),
        Action(label="Export", url=URL, icon="download", disabled="There is nothing to export yet."),
    ]


def row_actions() -> list[Action]:
    return [
        Action(label="Details", url="/ui/drawer/", icon="info", drawer=True),
        Action(label="Duplicate", url=POST, icon="copy", method="post", fields={"verb": "duplicate"}),
        Action(label="Archive", url=POST, icon="archive", disabled="It is still sending."),
        Action(
            label="Delete",
            url=POST,
            icon="trash-2",
            method="post",
            style="danger",
            confirm=DELETE,
            separate=True,
        ),
    ]


def tabs() -> list[Tab]:
    return [
        Tab(label="Overview", url=URL, current=True),
        Tab(label="Recipients", url=URL, count=48_210),
        Tab(label="Errors", url=URL, count=1_280, alarming=True),
        Tab(label="Runs", url=URL),
        Tab(label="Export", url=URL),
        Tab(label="Audit", url=URL),
    ]


def views() -> list[Tab]:
    return [
        Tab(label="List", url=URL, icon="list", current=True),
        Tab(label="Calendar", url=URL, icon="calendar-days"),
        Tab(label="Statistics", url=URL, icon="chart-column"),
    ]


def parts(done: int, total: int = 48_210) -> list[Part]:
    failed = done * 42 // 1000
    partly = done * 15 // 1000
    return [
        Part("sent", "Sent", done - failed - partly, "ok"),
        Part("partly", "Partly sent", partly, "warn"),
        Part("failed", "Not delivered", failed, "bad"),
        Part("unknown", "Unknown", done // 500, "odd"),
    ]


def stats() -> list[Stat]:
    return [
        Stat(label="Total targets", value=48_210),
        Stat(label="Sent", value=28_539, mark="ok", share=59.2),
        Stat(label="Pending", value=17_936, mark="idle", share=37.2),
        Stat(label="Partly sent", value=455, mark="warn", share=0.9),
        Stat(label="Not delivered", value=1_280, mark="bad", share=2.7),
    ]


def funnel() -> list[dict[str, Any]]:
    return [
        {"label": "Sent", "icon": "send", "value": 28_620, "share": 100.0},
        {"label": "Delivered", "icon": "package-check", "value": 28_048, "share": 98.0},
        {"label": "Read", "icon": "eye", "value": 10_823, "share": 37.8},
        {"label": "Clicked", "icon": "mouse-pointer-click", "value": 2_834, "share": 9.9},
    ]


def per_channel() -> list[dict[str, Any]]:
    return [
        {"channel": "whatsapp", "label": "attempted", "value": 29_292, "share": 97.6},
        {"channel": "sms", "label": "attempted", "value": 18_232, "share": 91.2},
    ]


def series() -> list[Series]:
    sent = [60, 150, 310, 480, 880, 1300, 1950, 2650, 2600, 2850, 3800, 3250, 3180, 2100, 1900, *[0] * 9]
    return [
        Series("Sent", "ok", sent),
        Series("Partly sent", "warn", [n // 70 for n in sent]),
        Series("Not delivered", "bad", [n // 22 for n in sent]),
    ]


def columns() -> list[Column]:
    return [
        Column(label="Campaign", sort="name"),
        Column(label="Status"),
        Column(label="Progress"),
        Column(label="Channels & sender", sort="sender"),
        Column(label="Start", sort="start"),
        Column(label="Created", sort="created", style="table__minor"),
    ]


def rows() -> list[dict[str, Any]]:
    names = [
        "Black Friday early access",
        "Autumn newsletter No. 11",
        "Delivery window reminder",
        "Win-back: 90 days quiet",
        "Loyalty points expiring",
        "App 4.2 release notes",
        "Store opening — Leipzig",
        "Payment due in 3 days",
        "Webinar: pricing changes",
        "Double opt-in reminder",
        "Flash sale 24 h",
        "عرض الجمعة البيضاء",
    ]
    done = [63, 0, 0, 0, 0, 0, 24, 30, 100, 12, 12, 74]
    made = []
    for i, (name, status) in enumerate(zip(names, CAMPAIGN, strict=True)):
        total = 48_210 // (i + 1)
        amount = total * done[i] // 100
        made.append(
            {
                "id": i,
                "uuid": f"{0x11E20B8F * (i + 3) % 2**32:08x}",
                "name": name,
                "status": status,
                "mode": ["Spread", "Recurring", "Schedule", "Trigger"][i % 4],
                "tags": [["de", "q4"], ["urgent"], []][i % 3],
                "total": total,
                "done": amount,
                "parts": parts(amount, total),
                "channels": [["whatsapp", "sms"], ["email"], ["telegram"], ["waba", "voice"]][i % 4],
                "sender": ["ACME Shop", "news@acme.test", "@acme_bot", "+49 157 0012"][i % 4],
                "start": NOW + timedelta(hours=5 * i) if i % 4 else None,
                "created": NOW - timedelta(hours=13 * i),
                "author": ["Nadia Karim", "Jonas Weber", "Lena Novak"][i % 3],
            }
        )
    return made


def groups() -> list[FilterGroup]:
    periods = [("", "All time"), ("1h", "Last hour"), ("24h", "Last 24 h"), ("7d", "Last 7 days")]
    return [
        FilterGroup(
            name="period",
            label="Period",
            kind="radio",
            options=[Option(value=key, label=label, checked=key == "7d") for key, label in periods],
        ),
        FilterGroup(
            name="status",
            label="Status",
            options=[
                Option(
                    value=key, label=look.label, count=7 * i % 13, tone=look.tone, checked=key == "sending"
                )
                for i, (key, look) in enumerate(CAMPAIGN.items())
            ],
        ),
        FilterGroup(
            name="channel",
            label="Channel",
            open=False,
            options=[Option(value=key, label=look.label) for key, look in CHANNELS.items()],
        ),
    ]


def events(start: datetime, step: timedelta) -> list[Event]:
    return [
        Event(title="Queued", when=start, body="WhatsApp template autumn_offer_v3", mark="idle"),
        Event(title="Refused by the provider", when=start + step, body="131026: not on WhatsApp", mark="bad"),
        Event(title="Fell back to SMS", when=start + 2 * step, actor="Clarion", mark="warn"),
        Event(title="Delivered", when=start + 3 * step, body="DELIVRD 000", mark="ok"),
    ]


def facts() -> list[Fact]:
    return [
        Fact(label="Fallback", value="Next channel after 5 min without a receipt"),
        Fact(label="Audience", value="Open invoices", user_text=True),
        Fact(label="Sender", value="@acme_bot", user_text=True),
        Fact(label="Window", value="08:00–20:00, recipient's time"),
    ]


def checks() -> list[Check]:
    return [
        Check(verdict="pass", text="The audience is not empty."),
        Check(verdict="warn", text="“–” forces UCS-2: 2 segments instead of 1.", help="Replace it with “-”."),
        Check(verdict="block", text="The sender is blocked.", url=URL, cure="Open the sender"),
    ]


def steps() -> list[Step]:
    return [
        Step(label="Basics", url="#steps", state="done"),
        Step(label="Audience", url="#steps", state="problem"),
        Step(label="Message", url="#steps", current=True),
        Step(label="Timing", url="#steps"),
        Step(label="Review", url="#steps"),
    ]
