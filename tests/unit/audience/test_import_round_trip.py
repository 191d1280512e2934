"""What is written to a file, safe for spreadsheets, and imported again is what it was."""

import csv
import io
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarion.audience import cellforms, columns, csvfile
from clarion.audience.cellforms import Forms
from clarion.audience.people import Person, RowRefused, person_maker

HEADER = ["email", "first name", "tags", "note", "points"]
#: What cells can hold: no NUL, and no blanks at the ends, which an import takes away.
words = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=30).map(
    str.strip
)
tags = st.lists(st.text("abcxyzäé =+-@0123", min_size=1, max_size=8).map(str.strip).filter(bool), max_size=3)
people = st.lists(
    st.builds(
        lambda number, name, marks, note, points: Person(
            email=f"person{number}@example.test", first_name=name, tags=sorted(set(marks)),
            attributes={"note": note, "points": str(points)} if note else {"points": str(points)},
        ),
        st.integers(0, 10**6), words, tags, words, st.integers(-(10**9), 10**9),
    ),
    min_size=1,
    max_size=8,
)  # fmt: skip


def cells(person: Person) -> list[str]:
    plain = [
        person.email, person.first_name, ", ".join(person.tags), person.attributes.get("note", ""),
        person.attributes["points"],
    ]  # fmt: skip
    return [csvfile.safe_cell(cell) for cell in plain]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=people, delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), titles=st.booleans(),
)  # fmt: skip
def test_people_survive_a_file(
    tmp_path: Path, people: list[Person], delimiter: str, encoding: str, titles: bool
) -> None:
    text = io.StringIO(newline="")
    rows = [*([["Guests of May"], []] if titles else []), HEADER, *map(cells, people)]
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    path = tmp_path / "people.csv"
    path.write_bytes(text.getvalue().encode(encoding))

    dialect = csvfile.sniff(path, {"delimiter": delimiter})
    make = person_maker(dialect.columns, columns.suggest_mapping(dialect.columns, []))

    assert list(dialect.columns) == HEADER
    assert [make(row.cells) for row in csvfile.rows(path, dialect)] == people


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(
    st.binary(max_size=400),
    st.text(st.sampled_from("a@x.t,;\t\"'\n\r\0=+-1.5/ é\ufeff"), max_size=200).map(str.encode),
))  # fmt: skip
def test_any_octets_give_people_or_sentences(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        dialect = csvfile.sniff(path)
    except csvfile.CsvInvalid as refusal:
        told = [str(refusal)]
    else:
        rows = list(csvfile.rows(path, dialect))
        names = columns.variable_names(dialect.columns)
        found = cellforms.found(names, [row.cells for row in rows])
        make = person_maker(
            dialect.columns,
            {names[0]: "email"} | dict.fromkeys(names[1:], ""),
            forms=Forms(types=found.types),
        )
        told = []
        for row in rows:
            try:
                assert row.problem or make(row.cells).email
            except RowRefused as refusal:
                told.append(refusal.sentence)
    assert all(sentence.endswith(".") for sentence in told)
