"""Whose words a template says, so that nobody writes over somebody else's without having seen them."""

from collections.abc import Mapping
from typing import Any

from clarion.content import queries
from clarion.content.errors import TemplateChanged
from clarion.content.models import Template, TemplateVersion
from clarion.workspaces.actors import Actor

#: Versions read at a time while looking for who wrote a text.
_AT_A_TIME = 20


def refuse_overwriting(
    template: Template,
    by: Actor,
    last: TemplateVersion,
    new: Mapping[str, Any],
    *,
    language: str | None,
    base: int | None,
) -> None:
    """Raise TemplateChanged when `new` would replace in the last version what the actor has not seen.

    Seen is what was there in version `base`, of the text in the language or, with None, of all; without a base
    the actor's own words alone.
    """
    if base == last.number:
        return
    now = text_of(last.source, language)
    if base is not None:
        before = queries.version_of(template, base)
        if before is None or text_of(before.source, language) != now:
            raise TemplateChanged(number=last.number, is_gone=now is None)
        return
    for tag in [language] if language is not None else ["", *(last.source.get("languages") or {})]:
        text = _words(last.source, tag)
        if text is not None and text != _words(new, tag) and _author(template, last, tag, text) != _id(by):
            raise TemplateChanged(number=last.number, is_unseen=True)


def text_of(source: Mapping[str, Any], language: str | None) -> Any:
    """Return what is edited with a language, "" for the first one; None for one that is not there."""
    if language is None:
        return source
    if language in ("", source.get("language")):
        return {name: value for name, value in source.items() if name != "languages"}
    return (source.get("languages") or {}).get(language)


def _words(source: Mapping[str, Any], language: str) -> Any:
    """Return the text without which language it is in: whoever says that has not written it."""
    text = text_of(source, language)
    return text and {name: value for name, value in text.items() if name != "language"}


def _author(template: Template, last: TemplateVersion, language: str, text: Any) -> int | None:
    """Return who brought a text into the template, which later versions may have carried on; None is the operator."""
    author = last.created_by_id
    before = template.versions.filter(number__lt=last.number).order_by("-number")
    for one in before.only("source", "created_by_id").iterator(chunk_size=_AT_A_TIME):
        if _words(one.source, language) != text:
            break
        author = one.created_by_id
    return author


def _id(by: Actor) -> int | None:
    return by.user.pk if by.user is not None else None
