"""From what an author wrote to what a channel sends: blocks, MJML and Markdown to HTML, style sheets into the elements.

A source is described in `clarion.content.sources`; a content is what the channel's `check_content` returns for
{"subject", "preheader", "html", "text"}, with the languages and defaults that `clarion.channels.tongues` reads.
Template tags are taken out before anything reads the markup and put back afterwards, so `{% if a < 3 %}` inside
MJML is no broken tag.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.channels import registry
from clarion.channels.base import ConfigInvalid
from clarion.channels.looks import look_of
from clarion.content import blocks, direction, markdown, mjml_lint, variables
from clarion.content.errors import ContentInvalid, Problem
from clarion.content.markup import spans, without_google_fonts
from clarion.content.sources import FIELDS, MODES, clean_source, each_language, problems_of
from clarion.content.trials import run_trial
from clarion.lib import languages, template_lint, templating
from clarion.lib.sentences import said

__all__ = ["MAX_SUBJECT", "MODES", "Compiled", "clean_source", "compile_source", "parts_of", "variables_of"]

#: Longest subject and preheader, in characters. Mail readers show less than 150 of either.
MAX_SUBJECT = 500

#: Longest HTML that comes out of compiling, in characters.
MAX_HTML = 2_000_000

_PLACE = re.compile(r'(?:<!--zqj(\d+)jqz-->|&lt;!--zqj(\d+)jqz--&gt;|zqj(\d+)jqz)(=""(?=[\s/>]))?')
_MARK = re.compile(r"zqj(\d+)jqz")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
#: Rows made by a loop: without their <tbody> the HTML parser would put it inside the loop.
_LOOSE_ROWS = re.compile(r"(<table\b[^<>]*>\s*)((?:<!--zqj\d+jqz-->\s*)+)(?=<tr\b)", re.IGNORECASE)
_EMPTY_STYLE = re.compile(r"<style\b[^<>]*>\s*</style>", re.IGNORECASE)
_STYLE = re.compile(r"<style\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A source that may be saved: in its clean form, what the channel sends, and the variables it uses, sorted."""

    source: dict[str, Any]
    content: dict[str, Any]
    variables: list[str]


def compile_source(
    channel: str,
    source: Mapping[str, Any],
    *,
    with_trial: bool = True,
    files: Sequence[Mapping[str, str]] = (),
) -> Compiled:
    """Check and compile every language. Raises ContentInvalid with every problem found, and TrialFailed.

    `files` are attachments as the channel's content has them. Without the trial the result is fit to be looked at,
    not to be saved.
    """
    cleaned = clean_source(source)
    problems = [*problems_of(source)]
    contents: dict[str, dict[str, Any]] = {}
    for tag, one in each_language(cleaned):
        try:
            contents[tag] = _one(channel, one, tag, files)
        except ContentInvalid as error:
            problems += _of_language(error.problems, tag if tag != cleaned.get("language") else "")
    if problems:
        raise ContentInvalid(problems)
    content = _joined(cleaned, contents)
    if with_trial:
        problems = _tried(cleaned, contents)
        if problems:
            raise ContentInvalid(problems)
    return Compiled(cleaned, content, variables_of(content))


def parts_of(content: Mapping[str, Any]) -> list[templating.Part]:
    """Return the templates in one language of a content: each field of text that is one, named as in the content."""
    return [
        templating.Part(name, value, is_html=name in ("html", "preheader"))
        for name, value in content.items()
        if name in _CONTENT_FIELDS and isinstance(value, str) and value
    ]


#: The fields of a content that are templates, whatever the channel.
_CONTENT_FIELDS = frozenset(
    {"subject", "preheader", "html", "text", "to_name", "buttons", "media_url", "icon", "image", "link"}
    | {"image_url", "button_label", "button_url"}
)


def variables_of(content: Mapping[str, Any]) -> list[str]:
    """Return the names of the variables the content uses in any language, sorted."""
    return variables.used([part for _tag, one in each_language(content) for part in parts_of(one)])


def _one(
    channel: str, source: Mapping[str, Any], tag: str, files: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """Return what the channel sends of one language."""
    problems = _lint(source, needs_words=look_of(registry.get(channel)).needs_words)
    if problems:
        raise ContentInvalid(problems)
    return _content(channel, source, tag, files)


def _joined(source: Mapping[str, Any], contents: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the contents as one."""
    own = str(source.get("language") or "")
    others = {tag: one for tag, one in contents.items() if tag != own}
    joined = dict(contents[own])
    if own:
        joined["language"] = own
    if others:
        joined["languages"] = others
    if source.get("defaults"):
        joined["defaults"] = source["defaults"]
    return joined


def _tried(source: Mapping[str, Any], contents: Mapping[str, dict[str, Any]]) -> list[Problem]:
    """Return what the trial of all languages, in one process, finds."""
    numbered = list(contents.items())
    parts = [
        templating.Part(f"{number}/{part.name}", part.source, part.is_html)
        for number, (_tag, one) in enumerate(numbered)
        for part in parts_of(one)
    ]
    sources, problems = dict(each_language(source)), []
    for found in run_trial(parts):
        number, _slash, name = found.part.rpartition("/")
        tag = numbered[int(number or 0)][0]
        one = sources[tag]
        # Lines of compiled HTML are not the author's.
        line = found.line if one["mode"] == "text" else 0
        shown = tag if tag != source.get("language") else ""
        problems += _of_language([Problem(_field_of(one, name), line, found.sentence)], shown)
    return problems


def _of_language(problems: Sequence[Problem], tag: str) -> list[Problem]:
    """Return the problems, saying of which further language they are."""
    return [Problem(one.field, one.line, one.sentence, tag) for one in problems] if tag else list(problems)


def _lint(source: Mapping[str, Any], *, needs_words: bool) -> list[Problem]:
    problems = []
    for name, is_html in FIELDS.items():
        if name == "source" and source["mode"] == "blocks":
            continue  # its texts are looked at one by one
        escapes = is_html and not (name == "source" and source["mode"] == "text")
        for one in template_lint.lint(source[name], name=name, is_html=escapes):
            problems.append(Problem(name, one.line, one.sentence))
    for name in ("subject", "preheader"):
        if len(source[name]) > MAX_SUBJECT:
            problems.append(
                Problem(name, 0, said("This must be at most %(limit)s characters.", limit=MAX_SUBJECT))
            )
    if needs_words and not source["source"].strip():
        problems.append(Problem("source", 0, said("Write the message.")))
    if "zqj" in source["source"]:
        problems.append(
            Problem("source", 0, said("The letters “zqj” are used inside the program; write something else."))
        )
    if source["mode"] == "markdown" and len(source["source"]) > markdown.MAX_MARKDOWN:
        problems.append(
            Problem(
                "source", 0, said("Markdown has at most %(limit)s characters.", limit=markdown.MAX_MARKDOWN)
            )
        )
    if not problems and source["mode"] == "mjml":
        problems = mjml_lint.lint(_Places(source["source"]).as_words())
    return problems


def _content(
    channel: str, source: Mapping[str, Any], tag: str, files: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    raw = {"subject": source["subject"], "preheader": source["preheader"], "html": "", "text": source["text"]}
    if source["mode"] == "text":
        raw["text"] = source["source"]
    else:
        raw["html"] = _html(source["source"], source["mode"], tag)
    raw = {**(source.get("extras") or {}), **raw}
    try:
        return registry.get(channel).check_content({**raw, "attachments": list(files)} if files else raw)
    except ConfigInvalid as error:
        found = [Problem(_field_of(source, name), 0, sentence) for name, sentence in error.problems.items()]
        raise ContentInvalid(found) from None


def _field_of(source: Mapping[str, Any], name: str) -> str:
    """The author's field for one of the content's."""
    if name == "html" or (name == "text" and source["mode"] == "text"):
        return "source"
    if name == "attachments":
        return "files"
    return "source" if name in ("mode", "html") else name


def _html(source: str, mode: str, tag: str) -> str:
    """Return the HTML to send. Raises ContentInvalid."""
    if mode == "blocks":
        source, mode = _from_blocks(source, tag), "mjml"
    elif mode == "markdown":
        source, mode = markdown.mail_of(source), "html"
    if mode == "mjml" or _STYLE.search(source):
        places = _Places(source)
        markup = places.as_markup()
        if mode == "mjml":
            markup = _from_mjml(markup)
        markup = without_google_fonts(markup)
        markup = _inlined(_EMPTY_STYLE.sub("", _LOOSE_ROWS.sub(r"\1<tbody>\2", markup)))
        html = places.put_back(markup)
    else:
        html = without_google_fonts(source)
    if tag:
        html = direction.directed(html, tag)
    if len(html) > MAX_HTML:
        raise ContentInvalid(
            [Problem("source", 0, said("The HTML is longer than %(limit)s characters.", limit=MAX_HTML))]
        )
    for one in template_lint.lint(html, name="html", is_html=True)[:1]:
        sentence = said(
            "Compiling moved a template tag to where it does not work: %(problem)s", problem=one.sentence
        )
        raise ContentInvalid([Problem("source", 0, sentence)])
    return html


def _from_blocks(source: str, tag: str) -> str:
    document, problems = blocks.parse(source)
    if problems:
        raise ContentInvalid(problems)
    return blocks.mjml_of(document, rtl=languages.is_rtl(tag))


def _from_mjml(markup: str) -> str:
    import mjml  # sending processes never compile, and are the smaller for it

    try:
        # Without `fonts` the result would load Ubuntu and others from Google, which tells Google who reads it.
        made = mjml.mjml2html(markup, disable_comments=False, fonts={})
    except ValueError as error:
        sentence = said("The MJML cannot be compiled: %(problem)s.", problem=str(error)[:200])
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
        sentence = said("The style sheet cannot be read: %(problem)s.", problem=str(error)[:200])
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
        for span in spans(self._words):
            pieces.append(_MARK.sub(r"<!--\g<0>-->", self._words[at : span.start]))
            markup = self._words[span.start : span.end]
            pieces.append(self._with_attributes(markup) if span.is_tag else markup)
            at = span.end
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
