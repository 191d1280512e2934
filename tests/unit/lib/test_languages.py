"""Language tags: their form, who gets which, and direction."""

import pytest

from clarion.lib import languages


@pytest.mark.parametrize(
    ("written", "tag"),
    [("de", "de"), (" DE_at ", "de-AT"), ("ZH-hant-tw", "zh-Hant-TW"), ("es-419", "es-419")],
)
def test_a_tag_has_one_form(written: str, tag: str) -> None:
    assert languages.clean(written) == tag


@pytest.mark.parametrize("written", ["", "d", "deutsch", "de-", "de at", "../x", "de-" + "x" * 40, "{{ a }}"])
def test_what_is_no_tag_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="language tag"):
        languages.clean(written)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("de-AT", "de"), ("de_at", "de"), ("DE", "de"), ("pt-BR", "pt-BR"), ("pt", ""), ("fr", ""), ("", ""),
        ("zh-Hant-x-own", "zh-Hant"), ("x" * 10_000, ""), ("-" * 10_000, ""), ("Deutsch (Österreich)", ""),
    ],
)  # fmt: skip
def test_somebody_gets_their_language_or_the_one_it_is_a_kind_of(wanted: str, found: str) -> None:
    assert languages.lookup(wanted, ["de", "pt-BR", "zh-Hant"]) == found


@pytest.mark.parametrize(
    ("tag", "is_rtl"),
    [("ar", True), ("he-IL", True), ("az-Arab", True), ("ar-Latn", False), ("de", False), ("", False)],
)
def test_direction_follows_the_script_and_else_the_language(tag: str, is_rtl: bool) -> None:
    assert languages.is_rtl(tag) is is_rtl
