"""The translations: whole for the screens of campaigns, and each of them fit for its message."""

import gettext
import io
import re
from collections import Counter
from fnmatch import fnmatch
from html.parser import HTMLParser
from pathlib import Path

import pytest

from clarion.lib import catalogue
from clarion.lib.catalogue import CatalogueInvalid, Entry
from tools import messages

LANGUAGES = sorted(messages.PLURALS)

#: The modules and templates whose every text is there in every language, below src/clarion.
CAMPAIGN_SCREENS = (
    "campaigns/*",
    "channels/voice/dispositions.py",
    "deliveries/*",
    "engine/outcomes.py",
    "public/*",
    "settings/*",
    "templates/_*",
    "templates/account/*",
    "templates/allauth/*",
    "templates/base.html",
    "templates/calendar/*",
    "templates/campaign/*",
    "templates/campaigns/*",
    "templates/components/*",
    "templates/confirm.html",
    "templates/dashboard.html",
    "templates/errors/*",
    "templates/halt.html",
    "templates/help/*",
    "templates/looks/*",
    "templates/mfa/*",
    "templates/moderation/*",
    "templates/public/*",
    "templates/statistics.html",
    "web/calendar_grid.py",
    "web/campaign_*.py",
    "web/charts.py",
    "web/confirm.py",
    "web/context.py",
    "web/countries.py",
    "web/dashboard_attention.py",
    "web/durations.py",
    "web/hours_rows.py",
    "web/list_columns.py",
    "web/live.py",
    "web/looks.py",
    "web/middleware.py",
    "web/moderation_review.py",
    "web/navigation.py",
    "web/message_fields.py",
    "web/optout_words.py",
    "web/pages/all_campaigns.py",
    "web/pages/calendar.py",
    "web/pages/campaign*.py",
    "web/pages/chosen_people.py",
    "web/pages/dashboard.py",
    "web/pages/demo.py",
    "web/pages/errors.py",
    "web/pages/exports.py",
    "web/pages/halt.py",
    "web/pages/join.py",
    "web/pages/moderation.py",
    "web/pages/profile.py",
    "web/pages/recipients.py",
    "web/pages/shell.py",
    "web/pages/statistics.py",
    "web/pages/statuses.py",
    "web/recipient_filters.py",
    "web/reveal.py",
    "web/run_actions.py",
    "web/segment_once.py",
    "web/sms_size.py",
    "web/statistics_page.py",
    "web/statuses.py",
    "web/stopping.py",
    "web/templatetags/*",
    "web/timing_form.py",
    "web/timing_words.py",
    "web/tracking_form.py",
    "workspaces/models.py",
    "workspaces/permissions.py",
    "workspaces/spelling.py",
)
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|%s|\{\{.*?\}\}|\{\w+\}")
_HTML_TAG = re.compile(r"</?\w+")
#: Pieces of elements, which no parser reads alone; the gallery, which only developers see; two languages' codes.
_NOT_LOOKED_AT = (
    "templates/allauth/elements/button.html",
    "templates/components/_confirm_attributes.html",
    "templates/components/alert.html",
    "templates/gallery/*",
    "templates/templates/edit.html",
)
#: In these forms a language speaks of one number, so it may leave the number out.
_OF_ONE_NUMBER = {"ar": (0, 1, 2), "de": (0,), "es": (0,), "ru": ()}


def is_of_campaigns(entry: Entry) -> bool:
    places = [reference.rpartition(":")[0] for reference in entry.references]
    return any(fnmatch(place, pattern) for place in places for pattern in CAMPAIGN_SCREENS)


@pytest.fixture(scope="module")
def collected() -> dict[tuple[str, str], Entry]:
    return messages.collected()


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def entries(language: str) -> list[Entry]:
    return catalogue.read(messages.path_of(language))


def test_no_text_of_the_screens_of_campaigns_is_untranslated(
    collected: dict[tuple[str, str], Entry], language: str, entries: list[Entry]
) -> None:
    done = {entry.key for entry in entries if entry.is_translated}

    missing = [
        f"{entry.references[0]}: {entry.id}"
        for entry in collected.values()
        if is_of_campaigns(entry) and entry.key not in done
    ]

    assert not missing, f"run `make messages`, then write these in {language}:\n" + "\n".join(missing)


def test_every_pattern_names_something() -> None:
    places = [path.relative_to(messages.PACKAGE).as_posix() for path in messages.sources()]

    assert [one for one in CAMPAIGN_SCREENS if not any(fnmatch(place, one) for place in places)] == []


def test_every_translation_has_its_messages_placeholders(language: str, entries: list[Entry]) -> None:
    assert [problem for entry in entries[1:] for problem in _unlike(entry, language)] == []


def _unlike(entry: Entry, language: str) -> list[str]:
    if not any(entry.strings):
        return []
    wanted = Counter(_PLACEHOLDER.findall(entry.plural or entry.id))
    found = []
    for form, text in enumerate(entry.strings):
        there = Counter(_PLACEHOLDER.findall(text))
        few = entry.plural and form in _OF_ONE_NUMBER[language]
        lacking = wanted - there
        if there - wanted or (sum(lacking.values()) > 1 if few else lacking):
            found.append(f"{entry.id!r} → {text!r}")
    return found


def test_every_translation_has_its_messages_tags_and_edges(entries: list[Entry]) -> None:
    unlike = [
        f"{entry.id!r} → {text!r}"
        for entry in entries[1:]
        for text in entry.strings
        if text
        and (
            Counter(_HTML_TAG.findall(text)) != Counter(_HTML_TAG.findall(entry.id))
            or text[0].isspace() != entry.id[0].isspace()
            or text[-1].isspace() != entry.id[-1].isspace()
        )
    ]

    assert unlike == []


def test_every_pattern_of_a_date_says_the_same_of_it(entries: list[Entry]) -> None:
    """The month may stand in the case that a day before it asks for: E for F."""
    unlike = [
        f"{entry.id} → {entry.strings[0]}"
        for entry in entries[1:]
        if entry.context == "date format" and _letters(entry.id) != _letters(entry.strings[0])
    ]

    assert unlike == []


def _letters(pattern: str) -> list[str]:
    return sorted(re.sub(r"\\.|\W", "", pattern).replace("E", "F"))


def test_every_plural_has_as_many_forms_as_the_language(language: str, entries: list[Entry]) -> None:
    assert catalogue.header(entries)["Plural-Forms"] == messages.PLURALS[language]

    wanted = messages.forms_of(language)
    assert [entry.id for entry in entries[1:] if len(entry.strings) != (wanted if entry.plural else 1)] == []
    assert [entry.id for entry in entries[1:] if 0 < sum(map(bool, entry.strings)) < len(entry.strings)] == []


def test_no_translation_is_in_doubt(entries: list[Entry]) -> None:
    assert [entry.id for entry in entries if "fuzzy" in entry.flags] == []


class TestCatalogue:
    PO = (
        'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n'
        'Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        '#: a.py\nmsgid "Say \\"no\\""\nmsgstr "Nein \\\\ sagen"\n\n'
        'msgctxt "campaign"\nmsgid "Start"\nmsgstr "Starten"\n\n'
        'msgid "%(n)s day"\nmsgid_plural "%(n)s days"\nmsgstr[0] "%(n)s Tag"\nmsgstr[1] "%(n)s Tage"\n\n'
        '#, fuzzy\nmsgid "Doubt"\nmsgstr "Zweifel"\n\nmsgid "Later"\nmsgstr ""\n'
    )

    def test_what_is_compiled_is_what_gettext_reads(self, tmp_path: Path) -> None:
        (tmp_path / "a.po").write_text(self.PO, encoding="utf-8")

        read = gettext.GNUTranslations(io.BytesIO(catalogue.compiled(catalogue.read(tmp_path / "a.po"))))

        assert read.gettext('Say "no"') == "Nein \\ sagen"
        assert read.pgettext("campaign", "Start") == "Starten"
        assert read.gettext("Start") == "Start"
        assert read.ngettext("%(n)s day", "%(n)s days", 2) == "%(n)s Tage"
        assert [read.gettext(one) for one in ("Doubt", "Later")] == ["Doubt", "Later"]

    def test_what_is_written_is_read_again_as_it_was(self, tmp_path: Path) -> None:
        (tmp_path / "a.po").write_text(self.PO, encoding="utf-8")
        before = catalogue.read(tmp_path / "a.po")

        catalogue.write(tmp_path / "b.po", before)

        assert catalogue.read(tmp_path / "b.po") == before

    @pytest.mark.parametrize("broken", ['msgid "a"\nmsgstr "b"\n', 'msgid ""\nmsgstr ""\n\nmsgid "a\n'])
    def test_a_broken_file_says_so(self, tmp_path: Path, broken: str) -> None:
        (tmp_path / "a.po").write_text(broken, encoding="utf-8")

        with pytest.raises(CatalogueInvalid):
            catalogue.read(tmp_path / "a.po")


class TestExtraction:
    def test_a_template_gives_what_django_looks_up(self) -> None:
        text = (
            '{% translate "One" %}{% include "x.html" with title=_("Two") %}{% translate \'Th"ree\' context "c" %}'
            "{% blocktranslate trimmed count n=a.b with x=c|upper %}\n {{ n }} of {{ x }} is 5%\n"
            "{% plural %} {{ n }} of {{ x }} are 5%{% endblocktranslate %}"
        )

        found = [entry[:3] for entry in messages.in_template(text)]

        assert found == [
            ("", "One", ""),
            ("", "Two", ""),
            ("c", 'Th"ree', ""),
            ("", "%(n)s of %(x)s is 5%%", "%(n)s of %(x)s are 5%%"),
        ]

    def test_a_module_gives_its_calls(self) -> None:
        text = (
            "from django.utils.translation import gettext as _, ngettext_lazy, pgettext\n"
            '_("One" " two"); ngettext_lazy("%(n)d day", "%(n)d days"); pgettext("when", "Start"); print("no")\n'
        )

        assert sorted(entry[:3] for entry in messages.in_module(text)) == [
            ("", "%(n)d day", "%(n)d days"),
            ("", "One two", ""),
            ("when", "Start", ""),
        ]


class _Texts(HTMLParser):
    """Collects what a person reads of a page and no tag has translated."""

    SPOKEN = {"alt", "aria-label", "placeholder", "title"}
    UNSPOKEN = {"code", "kbd", "script", "style", "pre"}

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside += [tag] if tag in self.UNSPOKEN else []
        self.found += [value for name, value in attrs if name in self.SPOKEN and value and _has_word(value)]

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside and _has_word(data):
            self.found.append(data.strip())


def _has_word(text: str) -> bool:
    return bool(re.search(r"[^\W\d_]{2}", re.sub(r"\b(Clarion|CSV)\b", "", text)))


def untranslated(source: str) -> list[str]:
    """The texts of a template that stand outside of translating tags."""
    for tag in ("comment", "blocktranslate", "verbatim"):
        source = re.sub(rf"{{% {tag}\b.*?{{% end{tag} %}}", " ", source, flags=re.S)
    # An element whose name a tag chooses: <{% if a %}h2{% else %}h3{% endif %}>.
    source = re.sub(r"<(/?)(?:{%[^%]*%}\s?\w+)+{%[^%]*%}", r"<\1x", source)
    parser = _Texts()
    # A space only inside of tags, so that a tag's attributes stay apart.
    parser.feed(re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", source, flags=re.S))
    return parser.found


def test_a_text_outside_of_translating_tags_is_found() -> None:
    source = (
        '<p title="{% translate "A" %}">{% translate "B" %} <b aria-label="Spoken">{{ x }} · plain words</b>'
        "{% comment %}no{% endcomment %}<code>code</code></p>"
    )

    assert untranslated(source) == ["Spoken", "· plain words"]


def test_no_template_has_english_of_its_own() -> None:
    found = {
        place: texts
        for path in sorted((messages.PACKAGE / "templates").rglob("*.html"))
        if not any(
            fnmatch(place := path.relative_to(messages.PACKAGE).as_posix(), one) for one in _NOT_LOOKED_AT
        )
        and (texts := untranslated(path.read_text(encoding="utf-8")))
    }

    assert found == {}
