"""Every page in a language that nobody speaks: whatever is still read in Latin letters was never translated."""

import re
import uuid
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils.translation import trans_real

from clarion.workspaces.models import User
from tests.factories import Cast
from tests.integration.web.test_rights import posted_page
from tests.integration.web.test_walls import addresses, said, visiting
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


@pytest.mark.usefixtures("unspoken")
def test_dump(cast: Cast, things: dict[str, uuid.UUID]) -> None:
    alice = visiting(cast.alice)
    out: dict[str, set[str]] = {}
    for address in addresses():
        url = address.url(cast.workspace.slug, things)
        for answer in (alice.get(url), posted_page(alice, url)):
            if answer["Content-Type"].startswith("text/html"):
                for text in Words(said(answer)).found:
                    out.setdefault(text, set()).add(address.name)
    with open("/tmp/spoken.txt", "w") as file:
        for text, names in sorted(out.items()):
            file.write(f"{text[:150]!r}  {len(names)} {sorted(names)[:3]}\n")
