"""The joined style sheet, script and sprite."""

import gzip
import re
from xml.etree.ElementTree import XML

import pytest
from django.test import RequestFactory

from clarion.web import assets, icons

SIZES = {"clarion.css": 18_000, "clarion.js": 8_000, "icons.svg": 8_000, "htmx.js": 18_000}


@pytest.mark.parametrize(("name", "most"), SIZES.items())
def test_an_asset_stays_small_on_the_wire(name: str, most: int) -> None:
    assert len(assets.asset(name).packed) <= most


def test_a_first_visit_stays_below_50_kb_without_the_page() -> None:
    assert sum(len(assets.asset(name).packed) for name in SIZES) <= 50_000


def test_an_asset_is_kept_for_ever_under_its_own_hash_only() -> None:
    found = assets.asset("clarion.css")
    request = RequestFactory().get("/", headers={"Accept-Encoding": "gzip"})

    fresh = assets.serve(request, found.digest, "clarion.css")
    stale = assets.serve(request, "0123456789ab", "clarion.css")

    assert "immutable" in fresh["Cache-Control"]
    assert stale["Cache-Control"] == "no-cache"
    assert gzip.decompress(fresh.content) == stale_body(stale) == found.body


def stale_body(response: object) -> bytes:
    return gzip.decompress(response.content)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["../settings.py", "dom.js", "nothing.js", "clarion.css.map"])
def test_nothing_else_is_served(name: str) -> None:
    with pytest.raises(LookupError):
        assets.asset(name)


def test_the_style_sheet_holds_every_file_in_the_order_of_the_layers() -> None:
    css = assets.asset("clarion.css").body.decode()

    assert css.startswith("@layer reset, base, layout, components, utilities;")
    assert css.index("--brand:") < css.index("@layer reset {") < css.index("@layer components {")
    assert css.index("@layer utilities {") == css.rindex("@layer")
    assert css.count("@layer components {") == len(list((assets.STATIC / "css" / "components").glob("*.css")))


def test_colours_are_named_in_the_tokens_only() -> None:
    """Two files have a few of their own that exist once: the primary button's edge, the code to scan."""
    loose = {
        path.name
        for path in (assets.STATIC / "css").rglob("*.css")
        if path.name != "tokens.css"
        and re.search(r"(?<!light-dark\()#[0-9a-f]{3,8}\b(?![^(]*\))", path.read_text())
    }

    assert loose <= {"qr.css", "button.css"}


def test_the_script_has_no_import_left_and_shares_only_dom() -> None:
    script = assets.asset("clarion.js").body.decode()

    assert "import " not in script
    assert "export " not in script
    exporting = {path.name for path in (assets.STATIC / "js").glob("*.js") if "export " in path.read_text()}
    assert exporting == {"dom.js"}


def test_scripts_stay_short() -> None:
    long = {path.name for path in (assets.STATIC / "js").rglob("*.js") if path.read_text().count("\n") > 150}

    assert long == set()


def test_the_sprite_has_a_symbol_for_each_icon() -> None:
    sprite = XML(icons.sprite().decode())

    symbols = {symbol.get("id") for symbol in sprite}

    assert symbols == icons.ICONS
    assert all(len(symbol) for symbol in sprite)


def test_an_icon_that_is_not_listed_is_refused() -> None:
    with pytest.raises(icons.UnknownIconError, match="spaceship"):
        icons.require("spaceship")
