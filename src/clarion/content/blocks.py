"""Mails put together from blocks: what a document of them may hold, and the MJML that comes of it.

A document is JSON: {"blocks": [block, …], "style": {…}}. The schema is told to authors in
`docs/reference/mail-blocks.md`; FIELDS below is the one place where it is decided. Texts of blocks are Markdown,
and template tags may stand in every text and address.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from clarion.content import markdown
from clarion.content.errors import Problem
from clarion.lib import template_lint, templating
from clarion.lib.sentences import said

#: Blocks of a document, those inside columns included, and characters of it all.
MAX_BLOCKS = 200
MAX_DOCUMENT = 300_000
#: Longest text of a block, and of its one-line fields.
MAX_TEXT = 20_000
MAX_LINE = 2_000

ALIGNS = ("start", "center", "end")

#: Of each kind of block its fields: the kind of value, and what it is when not said.
FIELDS: dict[str, dict[str, tuple[str, Any]]] = {
    "heading": {"text": ("line", ""), "level": ("level", 1), "align": ("align", "start")},
    "text": {"text": ("text", ""), "align": ("align", "start")},
    "image": {
        "src": ("url", ""), "alt": ("line", ""), "href": ("url", ""), "width": ("pixels", 0),
        "align": ("align", "center"),
    },
    "button": {"label": ("line", ""), "href": ("url", ""), "align": ("align", "start")},
    "columns": {"columns": ("columns", ())},
    "divider": {},
    "spacer": {"height": ("pixels", 24)},
    "footer": {"text": ("text", ""), "unsubscribe": ("line", "Unsubscribe"), "align": ("align", "center")},
}  # fmt: skip

#: Colours of a whole mail.
STYLE = {
    "background": "#f4f5f7",
    "paper": "#ffffff",
    "ink": "#1c2330",
    "accent": "#3b5bdb",
    "accent_ink": "#ffffff",
}

#: What must be said of a block, or it would show nothing.
_NEEDED = {"heading": "text", "text": "text", "image": "src", "button": "label"}
_SCHEMES = ("http://", "https://", "mailto:", "tel:", "sms:", "{{", "{%", "#")
_HEADING_SIZES = {1: "26px", 2: "20px", 3: "17px"}
_FONT = "Helvetica, Arial, sans-serif"
_MOST_PIXELS = 1200


@dataclass(frozen=True, slots=True)
class Document:
    """Blocks that are as they should be, every field there."""

    blocks: list[dict[str, Any]]
    style: dict[str, str] = field(default_factory=lambda: dict(STYLE))


def parse(source: str) -> tuple[Document, list[Problem]]:
    """Return the document in a JSON text, and everything that is wrong with it. Never raises."""
    if len(source) > MAX_DOCUMENT:
        return Document([]), [
            Problem("source", 0, said("The blocks take more than %(limit)s characters.", limit=MAX_DOCUMENT))
        ]
    try:
        given = json.loads(source)
    except (ValueError, RecursionError):
        return Document([]), [Problem("source", 0, said("The blocks are no JSON."))]
    if not isinstance(given, dict) or not isinstance(given.get("blocks"), list):
        return Document([]), [Problem("source", 0, said("Blocks are a document {“blocks”: […]}."))]
    problems: list[Problem] = []
    blocks = _read_all(given["blocks"], problems, "", nested=False)
    if not blocks and not problems:
        problems.append(Problem("source", 0, said("Add a block.")))
    if _count(blocks) > MAX_BLOCKS:
        problems.append(Problem("source", 0, said("A mail has at most %(limit)s blocks.", limit=MAX_BLOCKS)))
    return Document(blocks, _style(given.get("style"), problems)), problems[:20]


def dumped(document: Document) -> str:
    """Return the document as its JSON text, one block a line or more, so that versions can be compared."""
    return json.dumps({"blocks": document.blocks, "style": document.style}, ensure_ascii=False, indent=1)


def mjml_of(document: Document, *, rtl: bool = False) -> str:
    """Return the MJML of a document without problems."""
    style = document.style
    direction = "rtl" if rtl else "ltr"
    body: list[str] = []
    run: list[str] = []

    def close() -> None:
        if run:
            body.append(_section([_column(run, "", direction)], style, direction))
            run.clear()

    for block in document.blocks:
        if block["type"] == "columns":
            close()
            width = f"{100 / len(block['columns']):.2f}%"
            made = [
                _column([_element(one, style, rtl) for one in column], width, direction)
                for column in block["columns"]
            ]
            body.append(_section(made, style, direction))
        else:
            run.append(_element(block, style, rtl))
    close()
    return (
        f'<mjml><mj-head><mj-attributes><mj-all font-family="{_FONT}" /></mj-attributes></mj-head>'
        f'<mj-body background-color="{style["background"]}" width="600px">\n'
        + "\n".join(body)
        + "\n</mj-body></mjml>"
    )


def addresses_of(document: Document) -> Iterator[str]:
    """Yield the addresses of its pictures."""
    for block in _each(document.blocks):
        if block["type"] == "image":
            yield block["src"]


def _read_all(
    given: Sequence[Any], problems: list[Problem], prefix: str, *, nested: bool
) -> list[dict[str, Any]]:
    found = []
    for number, one in enumerate(given[: MAX_BLOCKS + 1], start=1):
        where = f"{prefix}{number}"
        kind = one.get("type") if isinstance(one, Mapping) else None
        if not isinstance(kind, str) or kind not in FIELDS or (nested and kind in ("columns", "footer")):
            problems.append(
                Problem(
                    "source",
                    0,
                    said(
                        "Block %(where)s: there is no block “%(kind)s” here.",
                        where=where,
                        kind=str(kind)[:30],
                    ),
                )
            )
            continue
        block = _read(kind, one, problems, where)
        found.append(block)
    return found


def _read(kind: str, given: Mapping[str, Any], problems: list[Problem], where: str) -> dict[str, Any]:
    block: dict[str, Any] = {"type": kind}
    for name, (value_kind, default) in FIELDS[kind].items():
        if value_kind == "columns":
            block[name] = _columns(given.get(name), problems, where)
            continue
        value, sentence = _value(value_kind, given.get(name, default))
        if sentence:
            problems.append(
                Problem(
                    "source",
                    0,
                    said(
                        "Block %(where)s (%(kind)s), %(name)s: %(problem)s",
                        where=where,
                        kind=kind,
                        name=name,
                        problem=sentence,
                    ),
                )
            )
        block[name] = value if not sentence else default
    needed = _NEEDED.get(kind)
    if needed and not str(block[needed]).strip():
        problems.append(
            Problem(
                "source",
                0,
                said("Block %(where)s (%(kind)s) needs its %(field)s.", where=where, kind=kind, field=needed),
            )
        )
    return block


def _columns(given: Any, problems: list[Problem], where: str) -> list[list[dict[str, Any]]]:
    if (
        not isinstance(given, list)
        or not 2 <= len(given) <= 4
        or not all(isinstance(one, list) for one in given)
    ):
        problems.append(
            Problem(
                "source",
                0,
                said("Block %(where)s: there are two to four columns, each a list of blocks.", where=where),
            )
        )
        return []
    return [
        _read_all(column, problems, f"{where}.{number}.", nested=True)
        for number, column in enumerate(given, start=1)
    ]


def _value(kind: str, value: Any) -> tuple[Any, str]:
    """Return the value in its clean form, or what is wrong with it."""
    if kind in ("level", "pixels"):
        most = 3 if kind == "level" else _MOST_PIXELS
        if isinstance(value, bool) or not isinstance(value, int) or not (kind == "level") <= value <= most:
            return None, said("this must be a number up to %(limit)s.", limit=most)
        return value, ""
    if kind == "align":
        return (value, "") if value in ALIGNS else (None, said("this must be start, center or end."))
    if not isinstance(value, str):
        return None, said("this must be text.")
    if kind != "text":
        value = " ".join(value.split())
    if len(value) > (MAX_TEXT if kind == "text" else MAX_LINE):
        return None, said("this is too long.")
    if "zqj" in value:
        return None, said("the letters “zqj” are used inside the program; write something else.")
    if kind == "url" and value and not value.lower().startswith(_SCHEMES):
        return None, said("an address begins with https://, mailto: or tel:.")
    for problem in template_lint.lint(value, name="source", is_html=True)[:1]:
        return None, problem.sentence
    return value, ""


def _style(given: Any, problems: list[Problem]) -> dict[str, str]:
    style = dict(STYLE)
    for name, value in given.items() if isinstance(given, Mapping) else ():
        if name not in STYLE:
            continue
        digits = str(value).removeprefix("#")
        if len(digits) == 6 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
            style[name] = f"#{digits.lower()}"
        else:
            problems.append(
                Problem("source", 0, said("The colour %(name)s must be like #1c2330.", name=name))
            )
    return style


def _each(blocks: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for block in blocks:
        yield block
        for column in block.get("columns", ()):
            yield from _each(column)


def _count(blocks: Sequence[Mapping[str, Any]]) -> int:
    return sum(1 for _block in _each(blocks))


def _section(columns: Sequence[str], style: Mapping[str, str], direction: str) -> str:
    return (
        f'<mj-section background-color="{style["paper"]}" padding="4px 12px" direction="{direction}">'
        f"{''.join(columns)}</mj-section>"
    )


def _column(elements: Sequence[str], width: str, direction: str) -> str:
    attribute = f' width="{width}"' if width else ""
    return f'<mj-column direction="{direction}"{attribute}>{"".join(elements)}</mj-column>'


def _element(block: Mapping[str, Any], style: Mapping[str, str], rtl: bool) -> str:
    kind = block["type"]
    if kind == "divider":
        return '<mj-divider border-width="1px" border-color="#d0d5dd" />'
    if kind == "spacer":
        return f'<mj-spacer height="{block["height"]}px" />'
    align = {"start": "right" if rtl else "left", "end": "left" if rtl else "right"}.get(
        block["align"], "center"
    )
    if kind == "image":
        width = f' width="{block["width"]}px"' if block["width"] else ""
        href = f' href="{_escaped(block["href"])}"' if block["href"] else ""
        src, alt = _escaped(block["src"]), _escaped(block["alt"])
        return f'<mj-image src="{src}" alt="{alt}"{width}{href} align="{align}" />'
    if kind == "button":
        return (
            f'<mj-button href="{_escaped(block["href"])}" align="{align}" background-color="{style["accent"]}"'
            f' color="{style["accent_ink"]}" font-size="16px" border-radius="6px" inner-padding="12px 22px">'
            f"{_escaped(block['label'])}</mj-button>"
        )
    size, weight, colour, html = _words(block, style)
    return (
        f'<mj-text align="{align}" font-size="{size}" font-weight="{weight}" line-height="1.5"'
        f' color="{colour}">{html}</mj-text>'
    )


def _words(block: Mapping[str, Any], style: Mapping[str, str]) -> tuple[str, str, str, str]:
    """Return size, weight, colour and HTML of a block of words."""
    if block["type"] == "heading":
        level = block["level"]
        tag = f"h{level}"
        html = (
            f'<{tag} style="margin:0;font-size:inherit;font-weight:inherit">{_escaped(block["text"])}</{tag}>'
        )
        return _HEADING_SIZES[level], "700", style["ink"], html
    html = _xml(markdown.html_of(block["text"]))
    if block["type"] == "footer":
        words = _escaped(block["unsubscribe"]) or "Unsubscribe"
        link = f'<a href="{{{{ unsubscribe_url }}}}" style="color:#667085">{words}</a>'
        return "13px", "400", "#667085", f"{html}<p>{link}</p>"
    return "16px", "400", style["ink"], html


def _xml(html: str) -> str:
    """Close what Markdown leaves open in HTML: MJML is XML."""
    return html.replace("<br>", "<br />").replace("<hr>", "<hr />")


def _escaped(text: str) -> str:
    return "".join(piece if is_tag else escape(piece) for piece, is_tag in templating.split(text))
