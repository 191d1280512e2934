"""What is hidden of a person from whom people are hidden from."""

from clarion.audience.masking import mask_values


def test_nothing_that_says_who_somebody_is_stays() -> None:
    person = {
        "email": "ana@shop.example", "phone": "+4930123456", "first_name": "Ana", "customer": "00012345",
        "children": ["Eva", "Tom"], "points": "120", "age": 41, "since": None, "language": "de",
        "zone": "Europe/Berlin",
    }  # fmt: skip

    assert mask_values(person) == {
        "email": "a•••@s•••.example", "phone": "…56", "first_name": "A…", "customer": "…45",
        "children": ["E…", "T…"], "points": "120", "age": 41, "since": None, "language": "de",
        "zone": "Europe/Berlin",
    }  # fmt: skip
