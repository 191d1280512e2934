"""From what an author wrote to what a channel sends: MJML to HTML, style sheets into the elements, checks of both.

A source is {"mode": "html" | "mjml" | "text", "subject", "preheader", "source", "text"}; a content is what the
channel's `check_content` returns for {"subject", "preheader", "html", "text"}. Template tags are taken out before
anything reads the markup and put back afterwards, so `{% if a < 3 %}` inside MJML is no broken tag.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.channels import registry
from clarion.channels.base import ConfigInvalid
from clarion.content import mjml_lint, variables
from clarion.content.errors import ContentInvalid, Problem
from clarion.content.trials import run_trial
from clarion.lib import template_lint, templating

MODES = ("html", "mjml", "text")

#: Longest subject and preheader, in characters. Mail readers show less than 150 of either.
MAX_SUBJECT = 500

#: Longest HTML that comes out of compiling, in characters.
MAX_HTML = 2_000_000

#: The fields of a source in which template tags may stand, and whether what is filled in is escaped.
_FIELDS = {"subject": False, "preheader": True, "source": True, "text": False}

_PLACE = re.compile(r'(?:<!--zqj(\d+)jqz-->|&lt;!--zqj(\d+)jqz--&gt;|zqj(\d+)jqz)(=""(?=[\s/>]))?')
_MARK = re.compile(r"zqj(\d+)jqz")
#: Where a place is plain words and not a comment: comments, whole tags, and elements that hold only text.
_PLAIN = re.compile(
    r"<!--.*?-->|<(title|style|script|textarea|option|mj-title|mj-preview|mj-style|mj-html-attribute)\b[^>]*>.*?</\1\s*>"
    r"|<[^>]*>",
    re.DOTALL | re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
#: Rows made by a loop: without their <tbody> the HTML parser would put it inside the loop.
_LOOSE_ROWS = re.compile(r"(<table\b[^>]*>\s*)((?:<!--zqj\d+jqz-->\s*)+)(?=<tr\b)", re.IGNORECASE)
_GOOGLE_FONTS = re.compile(
    r"<link\b[^>]*\bfonts\.(?:googleapis|gstatic)\.com[^>]*>|@import\s+url\([^)]*\bfonts\.googleapis\.com[^)]*\)\s*;?",
    re.IGNORECASE,
)
_EMPTY_STYLE = re.compile(r"<style\b[^>]*>\s*</style>", re.IGNORECASE)
_STYLE = re.compile(r"<style\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A source that may be saved: in its clean form, what the channel sends, and the variables it uses, sorted."""

    source: dict[str, str]
    content: dict[str, Any]
    variables: list[str]


def clean_source(source: Mapping[str, Any]) -> dict[str, str]:
    """Return the source with every field there, as text with line feeds, and nothing else."""
    cleaned = {
        name: str(source.get(name) or "").replace("\r\n", "\n").replace("\r", "\n") for name in _FIELDS
    }
    mode = str(source.get("mode") or "html")
    cleaned["mode"] = mode if mode in MODES else "html"
    for name in ("subject", "preheader"):
        cleaned[name] = " ".join(cleaned[name].split("\n")).strip()
    if cleaned["mode"] == "text":
        cleaned["text"], cleaned["preheader"] = "", ""
    return cleaned


def compile_source(channel: str, source: Mapping[str, Any], *, with_trial: bool = True) -> Compiled:
    """Check and compile. Raises ContentInvalid with every problem found, and TrialFailed.

    Without the trial the result is fit to be looked at, not to be saved.
    """
    cleaned = clean_source(source)
    problems = _lint(cleaned)
    if problems:
        raise ContentInvalid(problems)
    content = _content(channel, cleaned)
    if with_trial:
        problems = [
            # Lines of compiled HTML are not the author's.
            Problem(_field_of(cleaned, one.part), one.line if cleaned["mode"] == "text" else 0, one.sentence)
            for one in run_trial(parts_of(content))
        ]
        if problems:
            raise ContentInvalid(problems)
    return Compiled(cleaned, content, variables_of(content))


def parts_of(content: Mapping[str, Any]) -> list[templating.Part]:
    """Return the templates in a content: every field of text that is one. Fields are named as in the content."""
    return [
        templating.Part(name, value, is_html=name in ("html", "preheader"))
        for name, value in content.items()
        if name in _CONTENT_FIELDS and isinstance(value, str) and value
    ]


#: The fields of a content that are templates, whatever the channel.
_CONTENT_FIELDS = frozenset({"subject", "preheader", "html", "text", "to_name"})


def variables_of(content: Mapping[str, Any]) -> list[str]:
    """Return the names of the variables the content uses, sorted."""
    return variables.used(parts_of(content))


def _lint(source: Mapping[str, str]) -> list[Problem]:
    problems = []
    for name, is_html in _FIELDS.items():
        escapes = is_html and not (name == "source" and source["mode"] == "text")
        for one in template_lint.lint(source[name], name=name, is_html=escapes):
            problems.append(Problem(name, one.line, one.sentence))
    for name in ("subject", "preheader"):
        if len(source[name]) > MAX_SUBJECT:
            problems.append(Problem(name, 0, f"This must be at most {MAX_SUBJECT} characters."))
    if not source["source"].strip():
        problems.append(Problem("source", 0, "Write the message."))
    if "zqj" in source["source"]:
        problems.append(
            Problem("source", 0, "The letters “zqj” are used inside the program; write something else.")
        )
    if not problems and source["mode"] == "mjml":
        problems = mjml_lint.lint(_Places(source["source"]).as_words())
    return problems


def _content(channel: str, source: Mapping[str, str]) -> dict[str, Any]:
    raw = {"subject": source["subject"], "preheader": source["preheader"], "html": "", "text": source["text"]}
    if source["mode"] == "text":
        raw["text"] = source["source"]
    else:
        raw["html"] = _html(source["source"], source["mode"])
    try:
        return registry.get(channel).check_content(raw)
    except ConfigInvalid as error:
        found = [Problem(_field_of(source, name), 0, sentence) for name, sentence in error.problems.items()]
        raise ContentInvalid(found) from None


def _field_of(source: Mapping[str, str], name: str) -> str:
    """The author's field for one of the content's."""
    if name == "html" or (name == "text" and source["mode"] == "text"):
        return "source"
    return name if name in _FIELDS else "source"


def _html(source: str, mode: str) -> str:
    """Return the HTML to send. Raises ContentInvalid."""
    if mode == "mjml" or _STYLE.search(source):
        places = _Places(source)
        markup = places.as_markup()
        if mode == "mjml":
            markup = _from_mjml(markup)
        markup = _GOOGLE_FONTS.sub("", markup)
        markup = _inlined(_EMPTY_STYLE.sub("", _LOOSE_ROWS.sub(r"\1<tbody>\2", markup)))
        html = places.put_back(markup)
    else:
        html = _GOOGLE_FONTS.sub("", source)
    if len(html) > MAX_HTML:
        raise ContentInvalid([Problem("source", 0, f"The HTML is longer than {MAX_HTML:,} characters.")])
    for one in template_lint.lint(html, name="html", is_html=True)[:1]:
        sentence = f"Compiling moved a template tag to where it does not work: {one.sentence}"
        raise ContentInvalid([Problem("source", 0, sentence)])
    return html


def _from_mjml(markup: str) -> str:
    import mjml  # sending processes never compile, and are the smaller for it

    try:
        # Without `fonts` the result would load Ubuntu and others from Google, which tells Google who reads it.
        made = mjml.mjml2html(markup, disable_comments=False, fonts={})
    except ValueError as error:
        sentence = f"The MJML cannot be compiled: {str(error)[:200]}."
        raise ContentInvalid([Problem("source", 0, sentence)]) from None
    return str(made)


def _inlined(markup: str) -> str:
    import css_inline  # as above

    # Remote style sheets would let a template make this server ask any address (SSRF).
    inliner = css_inline.CSSInliner(
        load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=True, keep_link_tags=False
    )
    try:
        return str(inliner.inline(markup))
    except css_inline.InlineError as error:
        sentence = f"The style sheet cannot be read: {str(error)[:200]}."
        raise ContentInvalid([Problem("source", 0, sentence)]) from None


class _Places:
    """A template with its tags taken out: each leaves a numbered word, which is put back later."""

    def __init__(self, source: str) -> None:
        self._tags: list[str] = []
        pieces = []
        for piece, is_tag in templating.split(source):
            if is_tag:
                pieces.append(f"zqj{len(self._tags)}jqz")
                self._tags.append(piece)
            else:
                pieces.append(piece)
        self._words = "".join(pieces)

    def as_words(self) -> str:
        """The source with words for tags, as many lines as before."""
        return _MARK.sub(lambda place: place[0] + "\n" * self._tags[int(place[1])].count("\n"), self._words)

    def as_markup(self) -> str:
        """The source with comments for tags between elements, where a word could be moved by a parser."""
        pieces, at = [], 0
        for plain in _PLAIN.finditer(self._words):
            pieces.append(_MARK.sub(r"<!--\g<0>-->", self._words[at : plain.start()]))
            is_tag = plain[1] is None and not plain[0].startswith("<!--")
            pieces.append(self._with_attributes(plain[0]) if is_tag else plain[0])
            at = plain.end()
        pieces.append(_MARK.sub(r"<!--\g<0>-->", self._words[at:]))
        return "".join(pieces)

    def _with_attributes(self, tag: str) -> str:
        """Return a start tag in which everything from its first to its last bare place is one attribute.

        Parsers may reorder attributes; `{% if a %} class="b" {% endif %}` must stay together.
        """
        unquoted = _QUOTED.sub(lambda value: " " * len(value[0]), tag)
        bare = list(_MARK.finditer(unquoted))
        if not bare:
            return tag
        start, end = bare[0].start(), bare[-1].end()
        self._tags.append(self.put_back(tag[start:end]))
        return f'{tag[:start]} zqj{len(self._tags) - 1}jqz="" {tag[end:]}'

    def put_back(self, markup: str) -> str:
        """Return the markup with the template tags again."""
        return _PLACE.sub(lambda place: self._tags[int(place[1] or place[2] or place[3])], markup)
