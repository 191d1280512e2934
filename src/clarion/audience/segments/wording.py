"""A rule in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from clarion.audience.models import ContactState
from clarion.audience.segments import activity
from clarion.audience.segments.tree import Condition, Group, Node, Not
from clarion.channels import registry
from clarion.lib.sentences import spoken

FIELD_WORDS: dict[str, str | Promise] = {
    "email": gettext_lazy("e-mail address"),
    "phone": gettext_lazy("phone number"),
    "first_name": gettext_lazy("first name"),
    "last_name": gettext_lazy("last name"),
    "language": gettext_lazy("language"),
    "zone": gettext_lazy("time zone"),
    "state": gettext_lazy("state"),
    "tag": gettext_lazy("tag"),
    "list": pgettext_lazy("field", "list"),
    "suppressed": gettext_lazy("suppression"),
    "consent": gettext_lazy("consent"),
    "created": pgettext_lazy("field", "added"),
    **activity.FIELD_WORDS,
}
_FORMS: dict[str, str | Promise] = {
    "equals": gettext_lazy("%(field)s is “%(value)s”"),
    "differs": gettext_lazy("%(field)s is not “%(value)s”"),
    "contains": gettext_lazy("%(field)s contains “%(value)s”"),
    "lacks": gettext_lazy("%(field)s does not contain “%(value)s”"),
    "begins": gettext_lazy("%(field)s begins with “%(value)s”"),
    "empty": gettext_lazy("%(field)s is empty"),
    "filled": gettext_lazy("%(field)s is not empty"),
    "eq": gettext_lazy("%(field)s is the number %(value)s"),
    "lt": gettext_lazy("%(field)s is less than %(value)s"),
    "le": gettext_lazy("%(field)s is at most %(value)s"),
    "gt": gettext_lazy("%(field)s is more than %(value)s"),
    "ge": gettext_lazy("%(field)s is at least %(value)s"),
    "on": gettext_lazy("%(field)s is on %(value)s"),
    "before": gettext_lazy("%(field)s is before %(value)s"),
    "after": gettext_lazy("%(field)s is after %(value)s"),
    "is": gettext_lazy("%(field)s is %(value)s"),
    "is_not": gettext_lazy("%(field)s is not %(value)s"),
    "has": gettext_lazy("has the tag “%(value)s”"),
    "has_not": gettext_lazy("does not have the tag “%(value)s”"),
    "in": gettext_lazy("is on the list “%(value)s”"),
    "not_in": gettext_lazy("is not on the list “%(value)s”"),
    "on_channel": gettext_lazy("is suppressed on %(value)s"),
    "not_on_channel": gettext_lazy("is not suppressed on %(value)s"),
    "given_on": gettext_lazy("has given consent to %(value)s"),
    "not_given_on": gettext_lazy("has not given consent to %(value)s"),
    "withdrawn_on": gettext_lazy("has withdrawn consent to %(value)s"),
}
_OF_LISTS: dict[str, str | Promise] = {
    "has": gettext_lazy("%(field)s has “%(value)s” in it"),
    "has_not": gettext_lazy("%(field)s does not have “%(value)s” in it"),
}


def sentence(node: Node, *, lists: Mapping[str, str] | None = None) -> str:
    """Return the rule in words. `lists` maps the public ids of lists, and of campaigns, to their names."""
    return _words(node, lists or {}, is_inner=False)


def _words(node: Node, lists: Mapping[str, str], *, is_inner: bool) -> str:
    if isinstance(node, Condition):
        return _of_condition(node, lists)
    if isinstance(node, Not):
        return _("not (%(rule)s)") % {"rule": _words(node.part, lists, is_inner=False)}
    return _of_group(node, lists, is_inner=is_inner)


def _of_group(group: Group, lists: Mapping[str, str], *, is_inner: bool) -> str:
    parts = [_words(part, lists, is_inner=len(group.parts) > 1) for part in group.parts]
    word = _("and") if group.kind == "all" else _("or")
    text = f" {word} ".join(parts)
    return f"({text})" if is_inner and len(parts) > 1 else text


def _of_condition(one: Condition, lists: Mapping[str, str]) -> str:
    if one.field in activity.FIELDS:
        return activity.sentence(one, lists)
    field = one.attribute or str(FIELD_WORDS[one.field])
    if one.op in ("last_days", "next_days", "older_days"):
        return _of_days(one, field)
    form = _OF_LISTS[one.op] if one.attribute and one.op in _OF_LISTS else _FORMS[one.op]
    return str(form) % {"field": field, "value": _value(one, lists)}


def _of_days(one: Condition, field: str) -> str:
    n = one.value
    if one.op == "older_days":
        form = ngettext("%(field)s more than %(n)d day ago", "%(field)s more than %(n)d days ago", n)
    elif one.op == "next_days":
        form = ngettext(
            "%(field)s is within the next %(n)d day", "%(field)s is within the next %(n)d days", n
        )
    elif one.field == "created":
        form = ngettext("%(field)s within the last %(n)d day", "%(field)s within the last %(n)d days", n)
    else:
        form = ngettext(
            "%(field)s is within the last %(n)d day", "%(field)s is within the last %(n)d days", n
        )
    return form % {"field": field, "n": n}


def _value(one: Condition, lists: Mapping[str, str]) -> Any:
    if one.field == "state":
        return ContactState(one.value).label
    if one.field == "list":
        return lists.get(one.value) or _("a list that is gone")
    if one.field in ("suppressed", "consent"):
        return spoken(registry.get(one.value).label)
    if isinstance(one.value, dict):
        return _beside_today(one.value["days"])
    return one.value


def _beside_today(days: int) -> str:
    if days == 0:
        return _("today")
    if days < 0:
        return ngettext("%(n)d day before today", "%(n)d days before today", -days) % {"n": -days}
    return ngettext("%(n)d day after today", "%(n)d days after today", days) % {"n": days}
