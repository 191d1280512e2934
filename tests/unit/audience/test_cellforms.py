"""Numbers, dates, yes and no, as they are written in different places."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.audience import cellforms
from clarion.audience.cellforms import Forms


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("12", "", "12"), ("-7", "", "-7"), ("−7", "", "-7"), ("1.5", "", "1.5"), ("1,5", "", "1.5"),
        ("1.234.567", "", "1234567"),

        ("1 234,5", "", "1234.5"), ("1\u202f234", "", "1234"), ("1'234.5", "", "1234.5"), ("1,234.5", "", "1234.5"),
        ("1.234", ",", "1234"), ("1.234", ".", "1.234"), ("1,234", ",", "1.234"), ("1,234", ".", "1234"),
        ("0", "", "0"),
        ("١٢", "", "12"),
    ],
)  # fmt: skip
def test_numbers_are_read_in_every_form(text: str, decimal: str, value: str) -> None:
    assert cellforms.number(text, decimal) == value


@pytest.mark.parametrize(
    ("text", "decimal", "sentence"),
    [
        ("1.234", "", "Say whether"), ("1,5", ".", "form of the others"), ("1.234.567", ".", "form of the others"),
        ("12a", "", "not a number"), ("1,23,4", "", "not a number"), ("1e5", "", "not a number"),
        ("", "", "not a number"),
        ("1234567890123456", "", "at most 15 digits"), ("1.234.5", "", "not a number"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_told(text: str, decimal: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        cellforms.number(text, decimal)


@pytest.mark.parametrize(
    ("text", "order", "value"),
    [
        ("2026-12-24", "", "2026-12-24"), ("2026/1/2", "", "2026-01-02"), ("24.12.2026", "", "2026-12-24"),
        ("3.4.26", "MDY", "2026-04-03"), ("24/12/2026", "", "2026-12-24"), ("12/24/2026", "", "2026-12-24"),
        ("03/04/2026", "DMY", "2026-04-03"), ("03/04/2026", "MDY", "2026-03-04"), ("05/05/2026", "", "2026-05-05"),
        ("3-4-1999", "DMY", "1999-04-03"), ("1.1.70", "", "1970-01-01"), ("2026-12-24 18:30", "", "2026-12-24T18:30"),
        ("2026-12-24T18:30:05.123", "", "2026-12-24T18:30:05"), ("24.12.2026, 18:30", "", "2026-12-24T18:30"),
    ],
)  # fmt: skip
def test_dates_are_read_in_every_form(text: str, order: str, value: str) -> None:
    assert cellforms.date(text, order) == value


@pytest.mark.parametrize(
    ("text", "order", "sentence"),
    [
        ("03/04/2026", "", "comes first"), ("31.2.2026", "", "no such day"), ("2026-13-01", "", "no such day"),
        ("12/24/2026", "DMY", "no such day"), ("soon", "", "not a date"), ("1.2/2026", "", "not a date"),
        ("2026-12-24 25:00", "", "no such day"),
    ],
)  # fmt: skip
def test_what_is_no_date_is_told(text: str, order: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        cellforms.date(text, order)


def test_yes_and_no_are_known_in_many_languages() -> None:
    assert [cellforms.yes_no(word) for word in ("Ja", "YES", "да", "1", "sí")] == ["yes"] * 5
    assert [cellforms.yes_no(word) for word in ("nein", "False", "нет", "0", "-")] == ["no"] * 5
    with pytest.raises(ValueError, match="neither"):
        cellforms.yes_no("maybe")


def column(*values: str) -> Forms:
    return cellforms.found(["c"], [[value] for value in values])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "22", "333"], "number"), (["1,5", "2"], "number"), (["1.234,5", "7"], "number"),
        (["24.12.2026", "1.1.2027"], "date"), (["2026-01-02", ""], "date"),
        # What would come back otherwise, or is no amount, stays as it is.
        (["007", "12"], "text"), (["12.50", "13.99"], "text"), (["+49301234", "12"], "text"),
        (["10115 Berlin"], "text"),
        (["1234567890123456"], "text"), (["yes", "no"], "text"), (["1", "a"], "text"), ([], "text"),
        (["1.5", "1.2.3"], "text"),
    ],
)  # fmt: skip
def test_a_columns_kind_is_found_by_its_values(values: list[str], kind: str) -> None:
    assert column(*values).types.get("c", "text") == kind


def test_what_the_file_does_not_settle_is_asked() -> None:
    assert column("1.234", "2.500,5").decimal == ","
    assert column("03/04/2026", "25/04/2026").dates == "DMY"
    assert column("03/04/2026", "04/25/2026").dates == "MDY"
    for values, name in (
        (["1.234", "5"], "decimal"), (["1.5", "1,5"], ""), (["03/04/2026", "05/06/2026"], "dates"), (["1.5", "7"], ""),
    ):  # fmt: skip
        rows = [[value] for value in values]
        assert cellforms.unsettled(column(*values), ["c"], rows) == ({name} if name else set())


@settings(max_examples=60, deadline=None)
@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False),
    st.sampled_from(".,"),
    st.booleans(),
)
def test_a_number_written_in_a_form_is_read_as_itself(value: Decimal, decimal: str, is_grouped: bool) -> None:
    group = "," if decimal == "." else "."
    text = f"{value:,.2f}" if is_grouped else f"{value:.2f}"
    text = text.replace(",", "\0").replace(".", decimal).replace("\0", group)

    assert Decimal(cellforms.number(text, decimal)) == value


@settings(max_examples=60, deadline=None)
@given(
    st.dates(min_value=dt.date(1000, 1, 1)), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d"])
)
def test_a_date_written_in_a_form_is_read_as_itself(value: dt.date, form: str) -> None:
    order = "MDY" if form.startswith("%m") else "DMY"

    assert cellforms.date(value.strftime(form), order) == value.isoformat()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.sampled_from(["", ".", ","]), st.sampled_from(["", "DMY", "MDY"]))
def test_any_text_is_read_or_refused_with_a_sentence(text: str, decimal: str, order: str) -> None:
    told: list[str] = []
    for kind in cellforms.KINDS:
        try:
            cellforms.reader(kind, Forms(decimal=decimal, dates=order))(text)
        except ValueError as refusal:
            told.append(str(refusal))
    assert all(sentence.endswith(".") for sentence in told)
