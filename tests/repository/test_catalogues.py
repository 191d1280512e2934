"""The translations: there for every text of the program, and each of them fit for its message."""

import ast
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

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|%s|\{\{.*?\}\}|\{\w+\}")
#: What stands where a person has no name is a word to translate, inside of a placeholder.
_DEFAULT = re.compile(r"default\('[^']*'\)")
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


@pytest.fixture(scope="module")
def collected() -> dict[tuple[str, str], Entry]:
    return messages.collected()


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def entries(language: str) -> list[Entry]:
    return catalogue.read(messages.path_of(language))


def test_every_text_of_the_program_is_translated(
    collected: dict[tuple[str, str], Entry], language: str, entries: list[Entry]
) -> None:
    done = {entry.key for entry in entries if entry.is_translated}

    missing = [
        f"{entry.references[0]}: {entry.context and f'({entry.context}) '}{entry.id}"
        for entry in collected.values()
        if entry.key not in done
    ]

    assert not missing, (
        f"{len(missing)} texts are not in {language}. Run `make messages`, then write them in "
        f"{messages.path_of(language).relative_to(messages.ROOT)}, in the words of the glossary in "
        "docs/explanation/translating.md:\n" + "\n".join(missing)
    )


def test_the_catalogues_say_nothing_that_no_source_says(
    collected: dict[tuple[str, str], Entry], entries: list[Entry]
) -> None:
    gone = [entry.id for entry in entries[1:] if entry.key not in collected]

    assert not gone, "run `make messages`, which drops these:\n" + "\n".join(gone)


def test_every_translation_has_its_messages_placeholders(language: str, entries: list[Entry]) -> None:
    assert [problem for entry in entries[1:] for problem in _unlike(entry, language)] == []


def _unlike(entry: Entry, language: str) -> list[str]:
    if not any(entry.strings):
        return []
    wanted = _placeholders(entry.plural or entry.id)
    found = []
    for form, text in enumerate(entry.strings):
        there = _placeholders(text)
        few = entry.plural and form in _OF_ONE_NUMBER[language]
        lacking = wanted - there
        if there - wanted or (sum(lacking.values()) > 1 if few else lacking):
            found.append(f"{entry.id!r} → {text!r}")
    return found


def _placeholders(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(_DEFAULT.sub("default", text)))


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


#: Modules that write sentences for people; what the ledger's checks and the stores say stands in logs and reports.
_SPEAKING = (
    "audience/*", "campaigns/*", "channels/*/config.py", "channels/*/content.py", "channels/*/forms.py",
    "channels/*/keys.py", "channels/*/settings.py", "content/*", "senders/*", "web/*", "webhooks/queries.py",
    "workspaces/*",
)  # fmt: skip
#: The gallery, which only developers see.
_NOT_SPEAKING = ("web/pages/gallery*",)
_SENTENCE = re.compile(r"[A-Z“][^{}<>]* [^{}]*[.?!]\Z")
_UNSEEN = {"debug", "exception", "warning"}


def own_sentences(source: str) -> list[str]:
    """The sentences of a module that stand outside of calls that translate or log."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }
    marked: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            marked.add(node.value)
        elif isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called in names | set(messages.CALLS) | _UNSEEN:
                marked.update(ast.walk(node))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in marked
        if _SENTENCE.match(node.value)
    ]


def test_a_sentence_outside_of_gettext_is_found() -> None:
    source = (
        '"""Say what."""\nfrom django.utils.translation import gettext as _\n'
        'a = _("It is so.")\nb = said("It was so.")\nc = {"host": "Give the host name."}\n'
    )

    assert own_sentences(source) == ["Give the host name."]


def test_no_module_has_a_sentence_of_its_own() -> None:
    found = {
        place: texts
        for path in messages.sources()
        if path.suffix == ".py"
        and any(fnmatch(place := path.relative_to(messages.PACKAGE).as_posix(), one) for one in _SPEAKING)
        and not any(fnmatch(place, one) for one in _NOT_SPEAKING)
        and (texts := own_sentences(path.read_text(encoding="utf-8")))
    }

    assert found == {}, "wrap these in gettext, or in `said` where a module knows no framework"


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


#: Names of keys on a keyboard and of what the language itself has.
_KEYS = {
    "Alt", "Arrow", "ArrowDown", "ArrowLeft", "ArrowRight", "ArrowUp", "Control", "Delete", "End", "Enter", "Escape",
    "Home", "Meta", "PageDown", "PageUp", "Shift", "Tab",
}  # fmt: skip
_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|\'((?:[^\'\\\n]|\\.)*)\'|`((?:[^`\\]|\\.)*)`')
#: A word with a capital, or three words in a row; selectors and headers have marks that texts have not.
_SAYING = re.compile(
    r"[A-Z][a-z]{2,}(?: [\w’,-]+)*[.!?…]?|[^#>=\[\]/;:{}]*[a-z]{2,} [a-z]{2,} [a-z]{2,}[^#>=\[\]/;:{}]*"
)


def own_words(script: str) -> list[str]:
    """The texts of a script that a person would read: those have to come with the page."""
    plain = re.sub(r"^\s*//.*$", "", script, flags=re.M)
    found = ["".join(one.groups(default="")) for one in _LITERAL.finditer(plain)]
    return [text for text in found if _SAYING.fullmatch(text) and text not in _KEYS]


def test_a_text_of_a_script_is_found() -> None:
    script = """
        // Says "Hello".
        if (event.key === "Escape") find("[data-x] > button");
        toast(document.body.dataset.errorText || "Error", 'error'); box.textContent = `Saved a moment ago`;
    """

    assert own_words(script) == ["Error", "Saved a moment ago"]


def test_no_script_has_english_of_its_own() -> None:
    found = {
        path.name: texts
        for path in sorted((messages.PACKAGE / "static" / "js").rglob("*.js"))
        if (texts := own_words(path.read_text(encoding="utf-8")))
    }

    assert found == {}, "texts come from the page, in data attributes that a template translates"
