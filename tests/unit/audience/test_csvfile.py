"""Reading CSV files: whatever is written comes back, and what is broken costs one row and says why."""

import csv
import io
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.audience import csvfile
from clarion.audience.csvdialect import MAX_CELL, MAX_COLUMNS, MAX_LINE, CsvInvalid, Dialect

CELLS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\ufffd"), max_size=12)


def written(tmp_path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = tmp_path / "file.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path, **overrides: Any) -> list[csvfile.Row]:
    return list(csvfile.rows(path, csvfile.sniff(path, overrides)))


def cells(path: Path, **overrides: Any) -> list[list[str]]:
    return [row.cells for row in read(path, **overrides)]


#: Encoding → names, a language a line.
NAMES = {
    "cp1252": """Müller Weiß Jäger Öztürk Groß
Núñez Peña Íñigo José Iñárritu
François Hélène Théo Zoë Benoît Noël
João Gonçalves Magalhães Conceição Simões
Åsa Björn Søren Kåre Märta
D’Arcy Chloë “Zoë” Renée""",
    "cp1250": """Łukasz Wałęsa Żółć Świątek Michał
Dvořák Jiří Růžena Příbyl Ondřej
Petőfi Erzsébet Szűcs Győző Ödön
Ştefan Brâncuşi Ţîrlea Tănase
Đorđević Krleža Čengić Šimić""",
    "iso8859_2": """Wąs Święcki Źródlak Wałęsa""",
    "cp1254": """Gökçe Yıldız Şahin Doğan İnönü""",
    "cp1257": """Šarūnas Žukauskas Mykolė Čiurlionis Rūta""",
}


class TestRoundTrip:
    @given(
        table=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8),
        delimiter=st.sampled_from(",;\t|"),
        line_end=st.sampled_from(["\n", "\r\n", "\r"]),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    )
    def test_every_cell_comes_back(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        table: list[list[str]],
        delimiter: str,
        line_end: str,
        encoding: str,
    ) -> None:
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
        writer.writerows([["e-mail", "name", "city"], *table])
        path = written(tmp_path_factory.mktemp("csv"), buffer.getvalue(), encoding)
        dialect = Dialect(
            encoding=encoding,
            delimiter=delimiter,
            quote='"',
            has_header=True,
            columns=("e-mail", "name", "city"),
        )

        found = list(csvfile.rows(path, dialect))

        assert [row.cells for row in found] == table
        assert [row.number for row in found] == list(range(1, len(table) + 1))
        assert not any(row.problem for row in found)

    @given(noise=st.binary(max_size=400))
    def test_any_bytes_give_rows_or_a_sentence(
        self, tmp_path_factory: pytest.TempPathFactory, noise: bytes
    ) -> None:
        path = written(tmp_path_factory.mktemp("csv"), b"email,name\n" + noise)

        try:
            dialect = csvfile.sniff(path)
        except CsvInvalid:
            return
        found = list(csvfile.rows(path, dialect))

        assert all(row.problem or len(row.cells) == len(dialect.columns) for row in found)


class TestSniff:
    @pytest.mark.parametrize(
        ("text", "delimiter"),
        [
            ("email,name\na@b.c,Ana\n", ","),
            ("email;name;price\na@b.c;Ana;1,50\nb@b.c;Bob;2,50\n", ";"),
            ("email\tname\na@b.c\tAna, Bea\n", "\t"),
            ("email|name\na@b.c|Ana\n", "|"),
            ("email\na@b.c\nb@b.c\n", ","),
            ("sep=;\nemail;name\na@b.c;Ana\n", ";"),
        ],
        ids=["comma", "semicolon", "tab", "bar", "one column", "as Excel says"],
    )
    def test_finds_the_delimiter(self, tmp_path: Path, text: str, delimiter: str) -> None:
        dialect = csvfile.sniff(written(tmp_path, text))

        assert dialect.delimiter == delimiter
        assert dialect.columns[0] == "email"

    @pytest.mark.parametrize(
        ("encoding", "text"),
        [
            ("utf-8", "name,city\nZoë,Łódź\n"),
            ("utf-8-sig", "name,city\nZoë,Łódź\n"),
            ("utf-16", "name,city\nZoë,Łódź\n"),
            ("utf-16-le", "name,city\nZoe,Lodz\nAna,Bonn\n"),
            ("utf-16-be", "name,city\nZoe,Lodz\nAna,Bonn\n"),
            ("utf-32", "name,city\nZoë,Łódź\n"),
            ("cp1252", "name,city\n" + "Müller,Düsseldorf\nJosé,Málaga\nFrançois,Orléans\n" * 20),
            ("cp1251", "имя,город\n" + "Анна,Москва\nИван,Новосибирск\nОльга,Казань\n" * 20),
            ("cp932", "name,city\n" + "山田太郎,東京都\n鈴木花子,大阪府\n" * 30),
        ],
    )
    def test_finds_the_encoding(self, tmp_path: Path, encoding: str, text: str) -> None:
        found = cells(written(tmp_path, text, encoding))

        assert found == [line.split(",") for line in text.splitlines()[1:]]

    @pytest.mark.parametrize(("encoding", "names"), NAMES.items())
    def test_names_without_sentences_tell_the_encoding_too(
        self, tmp_path: Path, encoding: str, names: str
    ) -> None:
        """Of one language each, and of all that have the encoding together, as customers of many countries are."""
        languages = [line.split() for line in names.splitlines()]
        for some in [*languages, [name for line in languages for name in line]]:
            if encoding != "cp1252" and some not in languages:
                continue
            text = "name;mail\n" + "".join(f"{name};p{n}@x.example\n" for n, name in enumerate(some * 5))
            found = [row[0] for row in cells(written(tmp_path, text, encoding))]
            assert (encoding, found) == (encoding, some * 5)

    @pytest.mark.parametrize(
        ("text", "has_header", "columns"),
        [
            ("email,name\na@b.c,Ana\n", True, ("email", "name")),
            ("a@b.example,Ana\nb@b.example,Bob\n", False, ("column 1", "column 2")),
            ("+4930123456\n+4930123457\n", False, ("column 1",)),
            ("email,,\na@b.c,Ana,\n", True, ("email", "column 2")),
            ("name,phone,phone\nAna,+4930123456,\nBob,,+4930123457\n", True, ("name", "phone", "phone")),
            ("name,,email,\nAna,x,a@b.c,y\n", True, ("name", "column 2", "email", "column 4")),
            ("Köln,Köln\nBonn,Köln\n", False, ("column 1", "column 2")),
        ],
        ids=[
            "names",
            "addresses",
            "numbers",
            "a column without a name",
            "two of a name",
            "columns without names between others",
            "only words",
        ],
    )
    def test_tells_a_header_from_data(
        self, tmp_path: Path, text: str, has_header: bool, columns: tuple[str, ...]
    ) -> None:
        dialect = csvfile.sniff(written(tmp_path, text))

        assert (dialect.has_header, dialect.columns) == (has_header, columns)

    def test_heeds_what_a_person_says(self, tmp_path: Path) -> None:
        path = written(tmp_path, "a;b,c\nd;e,f\n")

        found = cells(path, delimiter=";", has_header=False)

        assert found == [["a", "b,c"], ["d", "e,f"]]

    def test_survives_its_own_json(self, tmp_path: Path) -> None:
        dialect = csvfile.sniff(written(tmp_path, "email;name\na@b.c;Ana\n"))

        assert Dialect.from_json(dialect.to_json() | {"channel": "email"}) == dialect

    @pytest.mark.parametrize(
        ("content", "word"),
        [
            (b"", "empty"),
            (b"\n\n\n", "empty"),
            (b"PK\x03\x04rest", "XLSX"),
            (b"%PDF-1.7", "PDF"),
            (bytes(range(256)) * 8, "not a text file"),
            (",".join(f"c{n}" for n in range(MAX_COLUMNS + 1)).encode() + b"\n", "501 columns"),
        ],
        ids=["nothing", "blank lines", "xlsx", "pdf", "binary", "too many columns"],
    )
    def test_refuses_what_is_no_csv_with_a_sentence(self, tmp_path: Path, content: bytes, word: str) -> None:
        path = written(tmp_path, content)

        with pytest.raises(CsvInvalid, match=word):
            csvfile.sniff(path)

    def test_refuses_an_unknown_encoding(self, tmp_path: Path) -> None:
        path = written(tmp_path, "a,b\n1,2\n")

        for name in ("klingon", "zip"):
            with pytest.raises(CsvInvalid, match=name):
                csvfile.sniff(path, {"encoding": name})


class TestBrokenRows:
    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            ('b@b.c,"Bob', "name: The quotes around the cell are not closed properly."),
            ('"b@b.c"x,Bob', "email: The quotes around the cell are not closed properly."),
            ("b@b.c,Bob,more", "The row has 3 cells, but there are 2 columns."),
            ("b@b.c,B\0b", "name: The cell contains a NUL character."),
            (f"b@b.c,{'x' * (MAX_CELL + 1)}", f"name: The cell is longer than {MAX_CELL} characters."),
            (f'b@b.c,"{"x" * 3 * MAX_CELL}"', f"name: The cell is longer than {MAX_CELL} characters."),
            (f"b@b.c,{'x' * (3 * MAX_LINE)}", f"The row is longer than {MAX_LINE} characters."),
        ],
        ids=[
            "open quote",
            "text after a quote",
            "more cells",
            "NUL",
            "long cell",
            "long quoted cell",
            "long line",
        ],
    )
    def test_cost_one_row_and_say_why(self, tmp_path: Path, line: str, problem: str) -> None:
        path = written(tmp_path, f'email,name\na@b.c,Ana\n{line}\nc@b.c,"Cem ""C"" Oz"\nd@b.c,Dan\n')

        found = read(path)

        assert [row.number for row in found] == [1, 2, 3, 4]
        assert [row.problem for row in found] == ["", problem, "", ""]
        assert [row.cells for row in found if not row.problem] == [
            ["a@b.c", "Ana"], ["c@b.c", 'Cem "C" Oz'], ["d@b.c", "Dan"]
        ]  # fmt: skip

    def test_bytes_in_another_encoding_are_found_in_their_cell(self, tmp_path: Path) -> None:
        path = written(tmp_path, b"email,name\na@b.c,Ana\nb@b.c,J\xfcrgen\nc@b.c,Zo\xc3\xab\n")

        found = read(path, encoding="utf-8")

        assert [row.problem for row in found] == ["", "name: The cell is not written in utf-8-sig.", ""]
        assert found[2].cells == ["c@b.c", "Zoë"]

    def test_a_short_row_is_filled_up_and_blank_lines_are_left_out(self, tmp_path: Path) -> None:
        path = written(tmp_path, "email,name,city\r\n\r\na@b.c,Ana\r\n\n  \nb@b.c,Bob,Bonn,,\n")

        assert cells(path) == [["a@b.c", "Ana", ""], ["b@b.c", "Bob", "Bonn"]]

    def test_lines_may_end_in_different_ways(self, tmp_path: Path) -> None:
        path = written(tmp_path, 'email,name\r\na@b.c,"An\r\na"\nb@b.c,Bob\rc@b.c,Cem')

        assert cells(path) == [["a@b.c", "An\r\na"], ["b@b.c", "Bob"], ["c@b.c", "Cem"]]

    def test_a_quote_opened_on_each_line_does_not_cost_the_square_of_the_file(self, tmp_path: Path) -> None:
        path = written(tmp_path, "email,name\n" + 'a@b.c,"open\nb@b.c,plain\n' * 20_000)

        assert sum(1 for row in csvfile.rows(path, csvfile.sniff(path)) if not row.problem) == 20_000


class TestReader:
    def test_memory_stays_flat(self, tmp_path: Path) -> None:
        path = written(
            tmp_path, "email,name\n" + "".join(f"p{n}@b.example,Ana {n}\n" for n in range(100_000))
        )
        dialect = csvfile.sniff(path)

        tracemalloc.start()
        count = sum(1 for _row in csvfile.rows(path, dialect))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert count == 100_000
        assert peak < 300_000

    @pytest.mark.parametrize(
        ("content", "words"),
        [(b"," * 10_000_000, "columns; at most 500"), (b"\n" * 10_000_000, "empty"), (b'"' * 10_000_001, "")],
        ids=["ten million columns", "nothing but lines", "nothing but quotes"],
    )
    def test_ten_million_of_anything_is_answered_in_little_memory_and_time(
        self, tmp_path: Path, content: bytes, words: str
    ) -> None:
        path, sentence = written(tmp_path, content), ""

        tracemalloc.start()
        began = time.process_time()
        try:
            for _row in csvfile.rows(path, csvfile.sniff(path)):
                pass
        except CsvInvalid as refusal:
            sentence = str(refusal)
        seconds, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert words in sentence
        assert seconds < 20
        assert peak < 100_000_000

    def test_tells_how_far_it_has_come(self, tmp_path: Path) -> None:
        path = written(tmp_path, "email,name\n" + "a@b.example,Ana\n" * 10_000)

        with csvfile.Reader(path, csvfile.sniff(path)) as reader:
            progress = [reader.bytes_read for _row in reader]

            assert progress == sorted(progress)
            assert 0 < progress[0] < reader.size
            assert progress[-1] == reader.size


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_a_report_is_a_formula(text: str) -> None:
    assert csvfile.safe_cell(text) == f"'{text}"
    assert csvfile.safe_cell("a=1") == "a=1"
