"""What attributes may hold: texts as people write them → the one form in which they are stored and compared.

Every value is stored as a text, whatever its kind: `12.5`, `2026-12-31`, `yes`, `red`, `red, blue`. So it is the same
in a template, a file and a rule, and an attribute that is defined later needs no rewriting.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from clarion.audience.models import Attribute, AttributeKind
from clarion.workspaces.models import Workspace

#: Attributes that a workspace defines, and choices of one.
MAX_DEFINED = 200
MAX_CHOICES = 200
MAX_CHOICE = 80
#: What is between the entries of a list.
BETWEEN = ", "
YES, NO = "yes", "no"

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([,.' ])[0-9]{3}(\1[0-9]{3})*([,.][0-9]+)?", re.ASCII)
_ISO_DAY = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})([T ].*)?", re.ASCII | re.DOTALL)
_DOTTED_DAY = re.compile(r"([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4})", re.ASCII)
_TRUE = frozenset(
    {"yes", "y", "true", "1", "on", "x", "ja", "oui", "si", "sí", "sim", "да", "是", "はい", "نعم"}
)
_FALSE = frozenset({"no", "n", "false", "0", "off", "-", "nein", "non", "não", "нет", "否", "いいえ", "لا"})


def defined(workspace: Workspace) -> dict[str, Attribute]:
    """Return the attributes that the workspace has defined, by name."""
    return {one.name: one for one in Attribute.objects.filter(workspace=workspace).order_by("label", "pk")}


def read(attribute: Attribute, text: str) -> str:
    """Return the one form of a value; empty stays empty. Raises ValueError with a sentence."""
    plain = text.strip()
    if not plain:
        return ""
    match attribute.kind:
        case AttributeKind.NUMBER:
            return _number(plain)
        case AttributeKind.DATE:
            return _day(plain)
        case AttributeKind.BOOLEAN:
            return yes_or_no(plain)
        case AttributeKind.CHOICE:
            return _choice(plain, attribute.choices)
        case AttributeKind.LIST:
            return BETWEEN.join(_entries(plain, attribute.choices))
        case _:
            return plain


def settled(
    values: Mapping[str, str], known_kinds: Mapping[str, Attribute], before: Mapping[str, str] | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the values in their one form, and sentences about those that do not fit, by `attribute:NAME`.

    A value that was there `before` stays as it is: what was stored before its attribute was defined can be kept.
    """
    clean: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name, value in values.items():
        attribute = known_kinds.get(name)
        if attribute is None or (before or {}).get(name) == value:
            clean[name] = value
            continue
        try:
            if read_value := read(attribute, value):
                clean[name] = read_value
        except ValueError as refusal:
            problems[f"attribute:{name}"] = f"{attribute.label}: {refusal}"
    return clean, problems


def entries(text: str) -> list[str]:
    """Return the entries of a stored list."""
    return text.split(BETWEEN) if text else []


def _number(text: str) -> str:
    plain = text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2212", "-")
    if grouped := _GROUPED.fullmatch(plain):
        separator = grouped[1]
        if plain.count(separator) == 1 and not grouped[3] and separator == ",":
            # 1,234 is a thousand to some and one and a bit to others.
            raise ValueError(_("Write the number without separators of thousands, such as 1234 or 1.234."))
        if separator != "." or plain.count(".") > 1 or grouped[3]:
            plain = plain.replace(separator, "")
    plain = plain.replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        raise ValueError(_("Write a number, such as 12 or 12.5."))
    number = Decimal(plain)
    return f"{number.normalize():f}" if number else "0"


def _day(text: str) -> str:
    iso, dotted = _ISO_DAY.fullmatch(text), _DOTTED_DAY.fullmatch(text)
    parts = (iso[1], iso[2], iso[3]) if iso else (dotted[3], dotted[2], dotted[1]) if dotted else None
    if parts is None:
        raise ValueError(_("Write the day like 2026-12-31 or 31.12.2026."))
    try:
        return date(*map(int, parts)).isoformat()
    except ValueError:
        raise ValueError(_("There is no such day.")) from None


def yes_or_no(text: str) -> str:
    """Return YES or NO. Raises ValueError with a sentence."""
    word = text.casefold()
    if word in _TRUE or word == _("yes").casefold():
        return YES
    if word in _FALSE or word == _("no").casefold():
        return NO
    raise ValueError(_("Write yes or no."))


def _choice(text: str, choices: Sequence[str]) -> str:
    for choice in choices:
        if choice.casefold() == text.casefold():
            return choice
    shown = ", ".join(choices[:10]) + (" …" if len(choices) > 10 else "")
    raise ValueError(_("Choose one of these: %(values)s.") % {"values": shown})


def _entries(text: str, choices: Sequence[str]) -> list[str]:
    parts = (part.strip() for part in text.replace(";", ",").replace("|", ",").split(","))
    found = sorted({_choice(part, choices) if choices else part for part in parts if part})
    if any(len(part) > MAX_CHOICE for part in found):
        raise ValueError(_("At most %(limit)s characters fit.") % {"limit": MAX_CHOICE})
    return found
