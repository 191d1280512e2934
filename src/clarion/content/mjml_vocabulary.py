"""The MJML 4 language: which tags there are, where they may stand and which attributes they take.

https://documentation.mjml.io/ (4.15). The compiler passes on what it does not know, so a mistyped tag or attribute
would reach the recipient as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_PADDING = frozenset(["padding", "padding-top", "padding-right", "padding-bottom", "padding-left"])
_BLOCK = _PADDING | {"container-background-color", "css-class", "mj-class"}
_FONT = frozenset(
    [
        "color",
        "font-family",
        "font-size",
        "font-style",
        "font-weight",
        "letter-spacing",
        "line-height",
        "text-decoration",
    ]
)
_BORDER = frozenset(["border", "border-top", "border-right", "border-bottom", "border-left", "border-radius"])
_INNER_BORDER = frozenset(
    ["inner-border", "inner-border-top", "inner-border-right", "inner-border-bottom", "inner-border-left"]
)
_BACKGROUND = frozenset(
    [
        "background-color",
        "background-url",
        "background-repeat",
        "background-size",
        "background-position",
        "background-position-x",
        "background-position-y",
    ]
)
_ICON = frozenset(
    [
        "icon-align",
        "icon-height",
        "icon-width",
        "icon-wrapped-url",
        "icon-wrapped-alt",
        "icon-unwrapped-url",
        "icon-unwrapped-alt",
        "icon-position",
    ]
)
_LINK = frozenset({"href", "rel", "target", "title", "name"})
_COMMON = frozenset({"css-class", "mj-class"})


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag's attributes, where it may stand, and what may stand in it.

    `holds` is "tags", "html" (anything, passed on), "text" (no tags) or "nothing".
    """

    parents: frozenset[str]
    attributes: frozenset[str]
    holds: str = "tags"


_HEAD = frozenset({"mj-head"})
_SECTIONS = frozenset({"mj-body", "mj-wrapper"})
_CONTENT = frozenset({"mj-column", "mj-hero"})
_ANYWHERE = frozenset({"mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero", "mj-head"})

_SECTION = _BACKGROUND | _BORDER | _PADDING | _COMMON | {"direction", "full-width", "text-align", "gap"}
_TEXT = _BLOCK | _FONT | {"align", "height", "text-transform"}
_SOCIAL = (
    _FONT
    | _PADDING
    | _COMMON
    | frozenset(
        [
            "align",
            "alt",
            "border-radius",
            "background-color",
            "href",
            "icon-height",
            "icon-padding",
            "icon-size",
            "icon-position",
            "name",
            "rel",
            "sizes",
            "src",
            "srcset",
            "target",
            "text-padding",
            "title",
            "vertical-align",
        ]
    )
)
_ACCORDION = _BLOCK | _ICON | {"border", "font-family"}

TAGS: Mapping[str, Tag] = {
    "mjml": Tag(frozenset({""}), frozenset({"lang", "dir", "owa"})),
    "mj-head": Tag(frozenset({"mjml"}), frozenset()),
    "mj-body": Tag(frozenset({"mjml"}), _COMMON | {"background-color", "width", "lang", "dir", "id"}),
    "mj-title": Tag(_HEAD, frozenset(), "text"),
    "mj-preview": Tag(_HEAD, frozenset(), "text"),
    "mj-style": Tag(_HEAD, frozenset({"inline"}), "text"),
    "mj-font": Tag(_HEAD, frozenset({"name", "href"}), "nothing"),
    "mj-breakpoint": Tag(_HEAD, frozenset({"width"}), "nothing"),
    "mj-attributes": Tag(_HEAD, frozenset()),
    "mj-html-attributes": Tag(_HEAD, frozenset()),
    "mj-selector": Tag(frozenset({"mj-html-attributes"}), frozenset({"path"})),
    "mj-html-attribute": Tag(frozenset({"mj-selector"}), frozenset({"name"}), "text"),
    "mj-wrapper": Tag(frozenset({"mj-body"}), _SECTION),
    "mj-section": Tag(_SECTIONS, _SECTION),
    "mj-hero": Tag(
        _SECTIONS,
        _BACKGROUND
        | _PADDING
        | _COMMON
        | frozenset(
            [
                "background-height",
                "background-width",
                "border-radius",
                "container-background-color",
                "height",
                "inner-background-color",
                "inner-padding",
                "inner-padding-top",
                "inner-padding-right",
                "inner-padding-bottom",
                "inner-padding-left",
                "mode",
                "vertical-align",
                "width",
            ]
        ),
    ),
    "mj-group": Tag(
        frozenset({"mj-section"}), _COMMON | {"background-color", "direction", "vertical-align", "width"}
    ),
    "mj-column": Tag(
        frozenset({"mj-section", "mj-group"}),
        _BORDER
        | _INNER_BORDER
        | _PADDING
        | _COMMON
        | {
            "background-color",
            "inner-background-color",
            "inner-border-radius",
            "direction",
            "vertical-align",
            "width",
        },
    ),
    "mj-text": Tag(_CONTENT, _TEXT | {"vertical-align"}, "html"),
    "mj-button": Tag(
        _CONTENT,
        _TEXT
        | _BORDER
        | _LINK
        | {"background-color", "inner-padding", "text-align", "vertical-align", "width"},
        "html",
    ),
    "mj-table": Tag(
        _CONTENT,
        _TEXT | {"border", "cellpadding", "cellspacing", "role", "table-layout", "vertical-align", "width"},
        "html",
    ),
    "mj-raw": Tag(_ANYWHERE | {"mjml"}, frozenset({"position"}), "html"),
    "mj-image": Tag(
        _CONTENT,
        _BLOCK
        | _BORDER
        | _LINK
        | frozenset(
            [
                "align",
                "alt",
                "fluid-on-mobile",
                "font-size",
                "full-width",
                "height",
                "max-height",
                "sizes",
                "src",
                "srcset",
                "usemap",
                "width",
            ]
        ),
        "nothing",
    ),
    "mj-divider": Tag(
        _CONTENT, _BLOCK | {"align", "border-color", "border-style", "border-width", "width"}, "nothing"
    ),
    "mj-spacer": Tag(_CONTENT, _BLOCK | {"height", "vertical-align", "width"}, "nothing"),
    "mj-social": Tag(
        _CONTENT,
        _TEXT
        | {
            "border-radius",
            "icon-height",
            "icon-padding",
            "icon-size",
            "inner-padding",
            "mode",
            "table-layout",
            "text-padding",
            "vertical-align",
        },
    ),
    "mj-social-element": Tag(frozenset({"mj-social"}), _SOCIAL, "html"),
    "mj-navbar": Tag(
        _CONTENT,
        _BLOCK
        | frozenset(
            [
                "align",
                "base-url",
                "hamburger",
                "ico-align",
                "ico-close",
                "ico-color",
                "ico-font-family",
                "ico-font-size",
                "ico-line-height",
                "ico-open",
                "ico-padding",
                "ico-padding-top",
                "ico-padding-right",
                "ico-padding-bottom",
                "ico-padding-left",
                "ico-text-decoration",
                "ico-text-transform",
            ]
        ),
    ),
    "mj-navbar-link": Tag(
        frozenset({"mj-navbar"}), _FONT | _PADDING | _LINK | _COMMON | {"text-transform"}, "html"
    ),
    "mj-accordion": Tag(_CONTENT, _ACCORDION),
    "mj-accordion-element": Tag(
        frozenset({"mj-accordion"}), _ICON | _COMMON | {"background-color", "border", "font-family"}
    ),
    "mj-accordion-title": Tag(
        frozenset({"mj-accordion-element"}), _FONT | _PADDING | _COMMON | {"background-color"}, "html"
    ),
    "mj-accordion-text": Tag(
        frozenset({"mj-accordion-element"}), _FONT | _PADDING | _COMMON | {"background-color"}, "html"
    ),
    "mj-carousel": Tag(
        _CONTENT,
        _BLOCK
        | frozenset(
            [
                "align",
                "background-color",
                "border-radius",
                "icon-width",
                "left-icon",
                "right-icon",
                "tb-border",
                "tb-border-radius",
                "tb-hover-border-color",
                "tb-selected-border-color",
                "tb-width",
                "thumbnails",
            ]
        ),
    ),
    "mj-carousel-image": Tag(
        frozenset({"mj-carousel"}),
        _LINK | _COMMON | {"alt", "border-radius", "src", "tb-border", "tb-border-radius", "thumbnails-src"},
        "nothing",
    ),
}

#: Every attribute of any tag: what `mj-all` and `mj-class` inside `mj-attributes` may set.
ALL_ATTRIBUTES = frozenset().union(*(tag.attributes for tag in TAGS.values()))
