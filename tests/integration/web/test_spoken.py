"""Every page in a language that nobody speaks: whatever is still read in Latin letters was never translated."""

import re
import uuid
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.web import audit_words, trail_fields
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import User
from tests.factories import Cast
from tests.integration.web.test_rights import posted_page
from tests.integration.web.test_walls import addresses, visiting
from tests.integration.web.test_walls import things as things

pytestmark = pytest.mark.django_db

#: A language of which no other test asks, so that nothing drawn in it is kept for one.
CODE = "eo"
#: What stays of a message as it is: places to fill, elements, and what letters are written as.
_KEPT = re.compile(r"(%\(\w+\)[sdif]|%[sd%]|{{.*?}}|{\w*}|<[^>]*>|&#?\w+;)")
_LETTER = re.compile(r"[A-Za-z]")


class Unspoken(trans_real.DjangoTranslation):
    """Says every message with a letter of another script for each of its own."""

    def gettext(self, message: str) -> str:
        context, _end, text = message.rpartition(trans_real.CONTEXT_SEPARATOR)
        if context == "date format":
            return text
        parts = _KEPT.split(text)
        return "".join(part if at % 2 else _LETTER.sub("ж", part) for at, part in enumerate(parts))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(singular if number == 1 else plural)


class Words(HTMLParser):
    """Collects what a person reads of a page that is not somebody's own text."""

    SPOKEN = ("alt", "aria-label", "aria-description", "placeholder", "title")
    #: `bdi` holds what people have named; the others hold what is no language.
    UNSPOKEN = ("bdi", "code", "kbd", "pre", "script", "style", "textarea")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self._inside += [tag] if tag in self.UNSPOKEN else []
        self._read(*(told[name] for name in self.SPOKEN if name in told))
        self._read(
            *(value for name, value in told.items() if name.startswith("data-") and name.endswith("-text"))
        )
        if tag == "input" and told.get("type") in ("submit", "button"):
            self._read(told.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self._read(data)

    def _read(self, *texts: str) -> None:
        self.found += [text.strip() for text in texts if re.search(r"[A-Za-z]{2}", text)]


@pytest.fixture
def unspoken(settings: Any, monkeypatch: pytest.MonkeyPatch, cast: Cast) -> None:
    settings.LANGUAGES = [*settings.LANGUAGES, (CODE, "Unspoken")]
    monkeypatch.setitem(trans_real._translations, CODE, Unspoken(CODE))
    User.objects.filter(pk=cast.alice.user_id).update(language=CODE)


#: Names, which no language has another word for; what computers call things; and what these tests have named.
NAMES = [
    "Clarion", "Telegram", "Viber", "WhatsApp", "SMS", "Twilio", "Asterisk", "WAHA", "Evolution", "API", "Green-API",
    "CSV", "XLSX", "ODS", "HTML", "MJML", "Markdown", "PLAIN", "LOGIN", "List-Id", "Feedback-ID", "UTF-8",
    "UTF-16", "GB", "Big5", "Shift-JIS", "MB", "EUR", "UTC",
]  # fmt: skip
OURS = [
    "Acme", "alice", "bob", "vera", "Autumn", "offer", "News", "Letter", "Own", "Shop", "Orders", "Reachable",
    "hidden-person", "Only", "today", "copy", "Ada", "Lovelace", "first_name", "name", "email",
    "sandbox", "outbox", "English", "en", "de",
]  # fmt: skip
#: What is no language: addresses, ids, files, fields to fill, zones, countries by their own names, colours.
_NO_WORDS = re.compile(
    r"https?://\S+|\S+@\S+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{8}\b|\b[\w-]+\.(csv|png|com|event)\b|smtp\.example\.com"
    r"|{{.*?}}+|{%.*?%}|image/\w+|#rrggbb|utf-8"
)
_ZONE = re.compile(r"(?:[A-Z][A-Za-z]+/)[\w /+-]+")
_COUNTRY = re.compile(r".+ \(\+\d+\)")
_WORD = re.compile(r"[A-Za-z][\w'-]*\w", re.ASCII)


def english(page: str) -> set[str]:
    """Return the texts of a page that say something in Latin letters."""
    found = set()
    for text in Words(page).found:
        if _ZONE.fullmatch(text) or _COUNTRY.fullmatch(text):
            continue
        if {*_WORD.findall(_NO_WORDS.sub(" ", text))} - {*NAMES, *OURS}:
            found.add(text)
    return found


def test_a_word_that_no_message_says_is_found() -> None:
    page = (
        '<p title="Untold">жжж Acme <bdi>Somebody</bdi> <span>Telegram</span></p><button data-confirm-text="Sure?">жж'
        "</button><option>Europe/Berlin</option><option>Albania (+355)</option><td>Media: uploaded</td>"
    )

    assert english(page) == {"Untold", "Sure?", "Media: uploaded"}


@pytest.mark.usefixtures("unspoken")
def test_no_page_and_no_answer_to_a_form_has_a_word_of_its_own(
    cast: Cast, things: dict[str, uuid.UUID]
) -> None:
    alice = visiting(cast.alice)
    campaigns.duplicate(
        campaign=Campaign.objects.get(public_id=things["campaigns:"]), by=of_member(cast.alice)
    )
    found: dict[str, set[str]] = {}
    for address in addresses():
        url = address.url(cast.workspace.slug, things)
        for answer in (alice.get(url), posted_page(alice, url)):
            body = b"".join(answer) if answer.streaming else answer.content
            if answer["Content-Type"].startswith("text/html"):
                for text in english(body.decode()):
                    found.setdefault(text, set()).add(address.name)

    assert found == {}


@pytest.mark.usefixtures("unspoken")
def test_every_kind_of_event_of_a_trail_and_every_field_of_it_has_words(cast: Cast) -> None:
    """What is known of by the tables that name them; an event that is in none is told by its code."""
    told = [
        "campaign.retry_failed",
        "campaign.hold",
        "campaign.purge",
        "media.uploaded",
        "member.invite",
        "token.create",
    ]
    fields = [
        "copied_from",
        "receipt_wait",
        "template_version",
        "scopes",
        "role",
        "host",
        "track_links",
        "limit_day",
    ]
    with translation.override(CODE):
        words = [audit_words.title_of(one) for one in told] + [trail_fields.label_of(one) for one in fields]

    assert [one for one in words if re.search("[A-Za-z]", one)] == []
