"""How a moment stands in a page: tables show hundreds, so only what a language spells is looked up, once for a day."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from functools import lru_cache

from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from clarion.workspaces import spelling


def written(
    when: datetime, style: str, *, zone: tzinfo | None = None, language: str | None = None
) -> SafeString:
    """Return the moment as <time>, in the style as the tag `moment` says.

    `zone` and `language` are those of this moment; a page of many rows looks them up once and passes them.
    """
    zone = timezone.get_current_timezone() if zone is None else zone
    language = (get_language() or "") if language is None else language
    local = when.astimezone(zone)
    minute = f"{local.hour:02}:{local.minute:02}"
    if style == "bare":
        has_year = local.year != datetime.now(zone).year
        return SafeString(f'<span class="num nowrap">{_before(local, has_year, language)}{minute}</span>')
    second = f"{minute}:{local.second:02}"
    if style == "time":
        text = second
    elif style == "day":
        text = _day(local.year, local.month, local.day, True, language)
    else:
        text = f"{_before(local, style == 'long', language)}{second if style == 'seconds' else minute}"
    title = f"{local.year}-{local.month:02}-{local.day:02} {second} {_zone_name(zone)}"
    ago = " data-ago" if style == "ago" else ""
    return SafeString(
        f'<time class="num nowrap" datetime="{local.isoformat()}" title="{title}"{ago}>{text}</time>'
    )


def _before(local: datetime, has_year: bool, language: str) -> str:
    """Return the day with what stands between it and the time."""
    return _day_and_comma(local.year, local.month, local.day, has_year, language)


@lru_cache(maxsize=4096)
def _day_and_comma(year: int, month: int, day: int, has_year: bool, language: str) -> str:
    return f"{_day(year, month, day, has_year, language)}{spelling.comma()}"


@lru_cache(maxsize=4096)
def _day(year: int, month: int, day: int, has_year: bool, language: str) -> str:
    return escape(spelling.day(date(year, month, day), with_year=has_year))


@lru_cache(maxsize=64)
def _zone_name(zone: tzinfo) -> str:
    return escape(zone.tzname(None) or str(zone))
