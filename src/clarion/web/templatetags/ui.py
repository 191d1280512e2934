"""The interface's template tags: small things that stand in every row, and components that need the request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, ClearableFileInput
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clarion.web import assets, charts, choices, icons, keeping, links, moments, statuses
from clarion.web.parts import Action, Option
from clarion.workspaces import retelling, spelling

register = template.Library()
register.tag("kept", keeping.kept)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """`{% icon "send" %}`: decoration, hidden from screen readers. `size` is "", "small" or "large"."""
    return _icon(name, size, assets.asset_url("icons.svg"))


@register.simple_tag
def badge(status: object, kind: str = "campaign") -> SafeString:
    """`{% badge campaign.status %}`: the pill. `kind` is campaign, recipient, result or thing."""
    return _badge(
        statuses.key_of(status, kind=kind), kind, get_language() or "", assets.asset_url("icons.svg")
    )


@register.simple_tag
def outcome(status: object, kind: str = "recipient") -> SafeString:
    """`{% outcome recipient.status %}`: a dot and a word, for rows of people and messages."""
    return _outcome(statuses.key_of(status, kind=kind), kind, get_language() or "")


@register.simple_tag
def channel(key: str, words: bool = False, result: object = "") -> SafeString:
    """`{% channel "sms" words=True %}`: a channel's chip; `result` adds a dot in a recipient status' colour."""
    found = "" if result in ("", None) else statuses.key_of(result, kind="recipient")
    return _channel(str(key), bool(words), found, get_language() or "", assets.asset_url("icons.svg"))


@register.simple_tag
def boxes(options: Iterable[Option], kind: str, name: str) -> SafeString:
    """`{% boxes group.options "checkbox" "status" %}`: choices with their dots and counts."""
    return choices.boxes(options, kind, name)


@register.simple_tag
def select_options(options: Iterable[Option]) -> SafeString:
    """`{% select_options reasons %}`: what stands in a <select>."""
    return choices.lines(options)


@register.simple_tag
def stacked_bar(
    parts: Iterable[charts.Part],
    total: int,
    label: str = "",
    size: str = "",
    live: str = "",
    titles: bool = True,
) -> SafeString:
    """`{% stacked_bar parts total %}`: see `clarion.web.charts.stacked_bar`."""
    pieces = list(parts)
    if not label:
        done = sum(piece.value for piece in pieces)
        label = _("%(percent)s%% processed") % {"percent": round(100 * done / total) if total else 0}
    return charts.stacked_bar(pieces, total=total, label=label, size=size, live=live, titles=titles)


@register.simple_tag
def sparkline(values: Sequence[float], mark: str = "") -> SafeString:
    """`{% sparkline values mark="ok" %}`: a line without axes."""
    return charts.sparkline(values, mark=mark)


@register.inclusion_tag("components/chart.html")
def time_bars(labels: Sequence[str], series: Sequence[charts.Series], title: str) -> dict[str, object]:
    """`{% time_bars labels series title %}`: stacked columns with the same numbers as a table below."""
    rows = [(name, [one.values[i] for one in series]) for i, name in enumerate(labels)]
    return {
        "plot": charts.time_bars(labels, series, title=title),
        "title": title,
        "heads": [one.label for one in series],
        "rows": rows,
    }


@register.simple_tag
def moment(when: datetime | None, style: str = "short", empty: str = "—") -> SafeString:
    """`{% moment run.started_at %}`: a time in the current zone as <time>.

    `style` is "short" (21 Nov, 14:23), "long" (with year), "seconds" (with seconds) or "ago": the script
    writes "3 minutes ago" over it and keeps it true. "bare", for lists, is only the words, with the year unless
    it is this one.
    """
    if when is None:
        return _dash(empty)
    return moments.written(when, style)


@register.filter
def grouped(value: float | None) -> str:
    """1234567 as the language groups it: 1,234,567; 40.0 is 40."""
    return "" if value is None else spelling.number(value)


@register.filter
def percent(written: object) -> str:
    """A number that is written already as a share: 12% or 12 %, as the language has it."""
    return spelling.with_percent_sign(written)


@register.simple_tag
def percent_sign() -> str:
    """`{% percent_sign %}`: what stands behind a live number that is per cent, with the language's space."""
    return spelling.percent_sign()


@register.filter
def retold(text: str) -> str:
    """A sentence of the program that was written down in English, in the reader's language; else the text as it is."""
    return retelling.retold(text)


@register.filter
def short(value: float | None) -> str:
    """48210 as 48k."""
    return "" if value is None else charts.short_number(value)


@register.filter
def percent_of(part: float | None, whole: float | None) -> str:
    """A share with one decimal in the language's own spelling; 0 of 0 is 0."""
    return spelling.percent(100 * (part or 0) / whole if whole else 0.0)


@register.filter
def svg_only(document: str) -> SafeString:
    """The <svg> element of an SVG document that we made ourselves, to stand in a page."""
    start = document.find("<svg")
    return SafeString(document[start:]) if start >= 0 else SafeString("")


@register.filter
def initials(name: str) -> str:
    """The first letters of the first and the last word."""
    words = str(name).replace("@", " ").split()
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper()


@register.filter
def initial(name: str) -> str:
    """The first letter."""
    return str(name)[:1].upper()


@register.simple_tag
def asset(name: str) -> str:
    """`{% asset "clarion.css" %}`: the URL of a joined asset, for ever cacheable."""
    return assets.asset_url(name)


@register.simple_tag(takes_context=True)
def wurl(context: Mapping[str, Any], name: str, *args: object, **kwargs: object) -> str:
    """`{% wurl "campaign" campaign.id %}`: a page of the current workspace."""
    return links.workspace_url(context["request"], name, *args, **kwargs)


@register.simple_tag(takes_context=True)
def qs(context: Mapping[str, Any], **changes: object) -> str:
    """`{% qs sort="name" cursor=None %}`: this page's query string, changed."""
    return links.changed_query(context["request"], **changes)


@register.simple_tag(takes_context=True)
def action(
    context: Mapping[str, Any], one: Action, small: bool = False, icon_only: bool = False
) -> SafeString:
    """`{% action one %}`: an Action as a button."""
    return _render("components/action.html", context, {"action": one, "small": small, "icon_only": icon_only})


@register.simple_tag(takes_context=True)
def menu(
    context: Mapping[str, Any],
    id: str,
    actions: Sequence[Action],
    label: str = "",
    icon: str = "ellipsis",
    text: str = "",
    small: bool = False,
) -> SafeString:
    """`{% menu id="m1" actions=row.actions label="Actions for X" %}`: a ⋯ button and its popover."""
    values = {"id": id, "actions": actions, "label": label or _("More actions"), "icon": icon, "text": text}
    return _render("components/menu.html", context, values | {"small": small})


@register.simple_tag(takes_context=True)
def table_head(
    context: Mapping[str, Any],
    columns: Sequence[Any],
    sort: str = "",
    select: bool = False,
    actions: bool = False,
    target: str = "",
) -> SafeString:
    """`{% table_head columns sort=sort select=True actions=True target="#results" %}`: a <thead>.

    `sort` is the present order: a column's key, with "-" in front for descending. With `target`, a click
    swaps that element only.
    """
    request: HttpRequest = context["request"]
    heads = []
    for column in columns:
        down = sort == f"-{column.sort}"
        up = sort == column.sort and bool(column.sort)
        new = f"-{column.sort}" if up else column.sort
        url = links.changed_query(request, sort=new, cursor=None, page=None) if column.sort else ""
        order = "ascending" if up else "descending" if down and column.sort else "none"
        heads.append({"column": column, "url": url, "order": order})
    values = {"heads": heads, "select": select, "actions": actions, "target": target}
    return _render("components/table_head.html", context, values)


@register.simple_tag
def field(
    bound: BoundField,
    label: str = "",
    help: str = "",
    style: str = "",
    placeholder: str = "",
    autofocus: bool = False,
) -> SafeString:
    """`{% field form.name %}`: label, control, help and errors, tied together for screen readers."""
    check = isinstance(bound.field.widget, CheckboxInput)
    plain = hasattr(bound.field.widget, "subwidgets") and bound.widget_type in {
        "radioselect",
        "checkboxselectmultiple",
    }
    name = bound.auto_id or bound.html_name
    help_text = help.strip() if help else bound.help_text
    described = [f"{name}_helptext"] if help_text else []
    described += [f"{name}_error"] if bound.errors else []
    attrs: dict[str, Any] = {} if check or plain else {"class": f"input {style}".strip()}
    attrs["aria-describedby"] = " ".join(described) or None
    attrs["aria-invalid"] = "true" if bound.errors else None
    if placeholder:
        attrs["placeholder"] = placeholder.strip()
    if autofocus:
        attrs["autofocus"] = True
    own = bound.field.widget.attrs.get("class")
    if own and "class" in attrs:
        attrs["class"] = f"{attrs['class']} {own}"
    values = {
        "field": bound,
        "id": name,
        "label": label or bound.label,
        "help": help_text,
        "control": None
        if plain
        else bound.as_widget(attrs={k: v for k, v in attrs.items() if v is not None}),
        "check": check,
        "plain": plain,
        "file": isinstance(bound.field.widget, ClearableFileInput),
        "required": bound.field.required
        or bound.widget_type == "select"
        or getattr(bound.field, "is_needed", False),
    }
    return SafeString(get_template("components/field.html").render(values))


@register.simple_tag
def moment_field(
    date: BoundField,
    time: BoundField,
    legend: str,
    zone: str = "",
    zone_field: Any = None,
    mirror: str = "",
    help: str = "",
) -> SafeString:
    """`{% moment_field form.date form.time legend="Start" zone=zone %}`: a date and a time with their zone."""
    values = {
        "legend": legend,
        "date": date,
        "time": time,
        "date_control": _control(date),
        "time_control": _control(time),
        "zone": zone,
        "zone_field": zone_field,
        "mirror": mirror,
        "help": help,
    }
    return SafeString(get_template("components/moment_field.html").render(values))


def _control(bound: BoundField) -> SafeString:
    attrs: dict[str, str | bool] = {"class": "input"}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return bound.as_widget(attrs=attrs)


def _render(name: str, context: Mapping[str, Any], values: dict[str, Any]) -> SafeString:
    request: HttpRequest | None = context.get("request")
    token = context.get("csrf_token") or (get_token(request) if request is not None else "")
    return SafeString(get_template(name).render({**values, "csrf_token": token}))


@lru_cache(maxsize=64)
def _dash(text: str) -> SafeString:
    return format_html('<span class="dim">{}</span>', text)


@lru_cache(maxsize=512)
def _icon(name: str, size: str, sprite: str) -> SafeString:
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" icon--{size}" if size else "",
        sprite,
        icons.require(name),
    )


@lru_cache(maxsize=512)
def _badge(status: str, kind: str, language: str, sprite: str) -> SafeString:
    look = statuses.look(status, kind=kind)
    return format_html(
        '<span class="badge" data-status="{}" data-tone="{}">{}<span>{}</span></span>',
        status,
        look.tone,
        _icon(look.icon, "", sprite),
        look.label,
    )


@lru_cache(maxsize=512)
def _outcome(status: str, kind: str, language: str) -> SafeString:
    look = statuses.look(status, kind=kind)
    return format_html(
        '<span class="outcome" data-status="{}" data-tone="{}" data-mark="{}">'
        '<i class="dot"></i><span>{}</span></span>',
        status,
        look.tone,
        look.mark,
        look.label,
    )


@lru_cache(maxsize=512)
def _channel(key: str, words: bool, result: str, language: str, sprite: str) -> SafeString:
    look = statuses.channel_look(key)
    tick = ""
    if key == "waba":
        tick = format_html('<i class="channel__tick">{}</i>', _icon("badge-check", "", sprite))
    dot = ""
    spoken: object = look.label
    if result:
        found = statuses.look(result, kind="recipient")
        dot = format_html('<i class="channel__result" data-mark="{}"></i>', found.mark)
        spoken = f"{look.label}: {found.label}"
    return format_html(
        '<span class="channel{}" data-tone="{}" title="{}">{}<span{}>{}</span>{}{}</span>',
        " channel--worded" if words else "",
        look.tone,
        spoken,
        _icon(look.icon, "", sprite),
        "" if words else SafeString(' class="visually-hidden"'),
        look.label if words else spoken,
        tick,
        dot,
    )
