"""Which attributes the workspace's contacts have, and what they may hold."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clarion.audience import attributes, columns
from clarion.audience.errors import AttributeInvalid
from clarion.audience.models import Attribute, AttributeKind
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Characters of an attribute's label.
MAX_LABEL = 80
_WITH_CHOICES = (AttributeKind.CHOICE, AttributeKind.LIST)


def define_attribute(
    *, by: Actor, label: str, kind: str, choices: Sequence[str] = (), name: str = ""
) -> Attribute:
    """Say what an attribute holds; its name is made of the label unless it is given. Raises AttributeInvalid.

    Values that contacts have already stay as they are until they are changed.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    plain = columns.slug(name or label)
    facts = _checked(label, kind, choices)
    if not plain:
        raise AttributeInvalid({"label": _("An attribute's name needs a letter or digit.")})
    if plain in columns.FIELDS or plain in ("state", "id"):
        raise AttributeInvalid({"label": _("Contacts have a field of this name already.")})
    if Attribute.objects.filter(workspace=by.workspace).count() >= attributes.MAX_DEFINED:
        raise AttributeInvalid(
            {"label": _("At most %(limit)s attributes fit.") % {"limit": attributes.MAX_DEFINED}}
        )
    try:
        with transaction.atomic():
            made = Attribute.objects.create(workspace=by.workspace, name=plain, **facts)
            _record(by, "attribute.defined", made, {"kind": (None, made.kind)})
    except IntegrityError:
        raise AttributeInvalid({"label": _("There is already an attribute of this name.")}) from None
    return made


def change_attribute(
    *, by: Actor, attribute: Attribute, label: str, kind: str, choices: Sequence[str] = ()
) -> Attribute:
    """Change what it is called and holds; its name stays, which templates and rules know. Raises AttributeInvalid."""
    by.require(Permission.MANAGE_AUDIENCE)
    facts = _checked(label, kind, choices)
    changes = {
        field: (getattr(attribute, field), value)
        for field, value in facts.items()
        if getattr(attribute, field) != value
    }
    if changes:
        with transaction.atomic():
            Attribute.objects.filter(workspace=by.workspace, pk=attribute.pk).update(**facts)
            attribute.refresh_from_db()
            _record(by, "attribute.changed", attribute, changes)
    return attribute


def forget_attribute(*, by: Actor, attribute: Attribute) -> None:
    """Take the definition away: what contacts have stays, as plain text."""
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        gone, _models = Attribute.objects.filter(workspace=by.workspace, pk=attribute.pk).delete()
        if gone:
            _record(by, "attribute.forgotten", attribute, {"kind": (attribute.kind, None)})


def _checked(label: str, kind: str, choices: Sequence[str]) -> dict[str, Any]:
    problems: dict[str, str] = {}
    if not label.strip() or len(label.strip()) > MAX_LABEL:
        problems["label"] = _("Write a name of at most %(limit)s characters.") % {"limit": MAX_LABEL}
    if kind not in AttributeKind.values:
        problems["kind"] = _("Choose what the attribute holds.")
    found = list(dict.fromkeys(choice.strip() for choice in choices if choice.strip()))
    if kind not in _WITH_CHOICES:
        found = []
    elif kind == AttributeKind.CHOICE and not found:
        problems["choices"] = _("Write at least one choice.")
    if len(found) > attributes.MAX_CHOICES or any(_is_no_choice(one) for one in found):
        problems["choices"] = _("At most 200 choices of at most 80 characters fit, without commas or bars.")
    if problems:
        raise AttributeInvalid(problems)
    return {"label": label.strip(), "kind": kind, "choices": found}


def _is_no_choice(text: str) -> bool:
    return len(text) > attributes.MAX_CHOICE or any(mark in text for mark in ",;|\0")


def _record(by: Actor, action: str, attribute: Attribute, changes: dict[str, tuple[Any, Any]]) -> None:
    audit.record(
        by=by, action=action, kind="attribute", object_id=attribute.name, object_name=attribute.label,
        changes=changes,
    )  # fmt: skip
