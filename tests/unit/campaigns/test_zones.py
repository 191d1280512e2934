"""Whose clocks count."""

import pytest

from clarion.campaigns.zones import is_zone, of_phone, zone_of


@pytest.mark.parametrize(
    ("variables", "address", "zone"),
    [
        ({"zone": "Asia/Tokyo", "phone": "+491761234567"}, "a@example.org", "Asia/Tokyo"),
        ({"timezone": "Asia/Tokyo"}, "a@example.org", "Asia/Tokyo"),
        ({"zone": "", "phone": "+491761234567"}, "a@example.org", "Europe/Berlin"),
        ({"zone": "Berlin, I think"}, "+12125550100", "America/New_York"),
        ({"zone": 3}, "a@example.org", "Europe/Madrid"),
        ({"phone": "030 1234567"}, "a@example.org", "Europe/Madrid"),
        ({}, "+79123456789", "Europe/Madrid"),
        ({}, "+999", "Europe/Madrid"),
    ],
)
def test_own_zone_then_the_phones_then_the_rest(variables, address, zone):
    assert zone_of(variables, address, otherwise="Europe/Madrid") == zone


def test_a_number_of_a_country_with_several_zones_tells_none_unless_its_area_does():
    assert of_phone("+18005550100") is None
    assert of_phone("+14155550100") == "America/Los_Angeles"


@pytest.mark.parametrize("name", ["", "Europe", "../etc/passwd", "Mars/Olympus", "/etc/localtime", "a\0b"])
def test_what_is_no_zone_is_told_from_one(name):
    assert not is_zone(name)
