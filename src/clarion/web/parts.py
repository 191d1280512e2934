"""What pages hand to the components: small frozen values, no markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The question before a dangerous action.

    `facts` are sentences with numbers ("17,936 people will not be messaged."); `type_to_confirm` is a text
    that has to be typed first.
    """

    title: Text
    text: Text = ""
    facts: Sequence[Text] = ()
    label: Text = ""
    type_to_confirm: str = ""
    danger: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button or a menu entry: a link (method "get") or a form that posts `fields` to `url` (method "post").

    `style` is "", "primary", "danger" or "ghost". `drawer` opens the linked page in the drawer.
    """

    label: Text
    url: str
    icon: str = ""
    method: str = "get"
    style: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    confirm: Confirm | None = None
    drawer: bool = False
    current: bool = False
    separate: bool = False  # a line above it in a menu
    icon_only: bool = False
    disabled: Text = ""  # the reason why it cannot be used now


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A tab is a link; `count` stands beside the word, red when `alarming`; `live` is its key in live answers."""

    label: Text
    url: str
    current: bool = False
    count: int | None = None
    alarming: bool = False
    icon: str = ""
    live: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A head cell of a data table. `sort` is the key it sorts by, "" if it cannot; `style` a cell class."""

    label: Text
    sort: str = ""
    style: str = ""
    hidden_label: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice of a filter. `tone` shows a coloured dot."""

    value: str
    label: Text
    count: int | None = None
    checked: bool = False
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterGroup:
    """Choices under one name in the query string: several ("checkbox") or one ("radio")."""

    name: str
    label: Text
    options: Sequence[Option]
    kind: str = "checkbox"
    open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """An active filter. `url` is the page without it; `name` and `value` are its field in the filter form."""

    label: Text
    url: str
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An entry of a timeline. `body` and `actor` may be empty; `mark` colours the dot (ok, warn, bad, idle)."""

    title: Text
    when: datetime
    body: Text = ""
    actor: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A line of a pre-flight list: `verdict` is "pass", "warn" or "block"; `url` leads to the cure."""

    verdict: str
    text: Text
    help: Text = ""
    url: str = ""
    cure: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A section of a long form: `state` is "", "done" or "problem"."""

    label: Text
    url: str
    state: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A row of a key-value list. `value` may be SafeString made by a tag; `user_text` wraps it in <bdi>."""

    label: Text
    value: object
    user_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """A figure of a row of figures; `live` is its key in live answers, `share` per cent of the whole."""

    label: Text
    value: int
    mark: str = ""
    live: str = ""
    share: float | None = None
    share_live: str = ""
