"""What columns mean: names for templates, fields of a contact, the column with the addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from minijinja import Environment

from clarion.audience import columns


class TestVariableNames:
    def test_are_readable_and_never_the_same(self) -> None:
        names = columns.variable_names(
            ["First Name", "first-name", "Имя", "Straße 2", "2nd", "if", "", "Prénom"]
        )

        assert names == [
            "first_name", "first_name_2", "имя", "strasse_2", "column_2nd", "column_if", "column_7", "prenom"
        ]  # fmt: skip

    @given(st.lists(st.text(max_size=20), max_size=10))
    def test_any_column_can_be_used_in_a_template(self, given_columns: list[str]) -> None:
        names = columns.variable_names(given_columns)

        assert len(set(names)) == len(given_columns)
        for name in names:
            assert Environment().render_str(f"{{{{ {name} }}}}", **{name: "yes"}) == "yes"


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("E-Mail", "email"), ("email_address", "email"), ("Correo electrónico", "email"), ("почта", "email"),
        ("メールアドレス", "email"), ("البريد الإلكتروني", "email"), ("Handynummer", "phone"), ("Телефон", "phone"),
        ("Vorname", "first_name"), ("Prénom", "first_name"), ("Nachname", "last_name"), ("Apellidos", "last_name"),
        ("Sprache", "language"), ("Fuseau horaire", "zone"), ("City", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_column_is_known_by_its_name_in_many_languages(column: str, field: str) -> None:
    assert columns.suggest_field(column) == field


class TestAddressIndex:
    def test_goes_by_the_values_where_the_name_says_nothing(self) -> None:
        sample = [["1", "ana@shop.example", "Ana"], ["2", "bob@shop.example", "Bob"]]

        assert columns.address_index(["id", "who", "name"], sample) == 1

    def test_goes_by_the_name_between_two_columns_of_addresses(self) -> None:
        sample = [["boss@shop.example", "ana@shop.example"]] * 3

        assert columns.address_index(["account manager", "email"], sample) == 1

    def test_is_none_when_there_are_no_addresses(self) -> None:
        assert columns.address_index(["name", "city"], [["Ana", "Bonn"]]) is None

    def test_chats_are_known_by_the_columns_name_alone_as_any_number_could_be_one(self) -> None:
        sample = [["77", "42"], ["78", "-100123"]]

        assert columns.address_index(["points", "Telegram ID"], sample, kind="telegram") == 1
        assert columns.address_index(["points", "age"], sample, kind="telegram") is None

    def test_browsers_are_known_by_what_they_look_like(self) -> None:
        sample = [["Ada", "https://push.example/x BAAA AAAA"]]

        assert columns.address_index(["name", "browser"], sample, kind="webpush") == 1


class TestMapping:
    def test_each_field_is_suggested_once_and_the_rest_become_attributes(self) -> None:
        mapping = columns.suggest_mapping(
            ["Mail", "Email", "Vorname", "Shoe size"], [["x", "ana@shop.example", "Ana", "38"]]
        )

        assert mapping == {
            "mail": "attribute:mail", "email": "email", "vorname": "first_name", "shoe_size": "attribute:shoe_size"
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("mapping", "words"),
        [
            ({"email": "email", "name": "email"}, "Two columns"),
            ({"email": "email", "gone": "tags"}, "no column gone"),
            ({"email": "email", "name": "password"}, "no field password"),
            ({"email": "email", "name": "attribute:"}, "no field"),
            ({"email": "", "name": "first_name"}, "Choose the column"),
        ],
        ids=["twice", "unknown column", "unknown field", "nameless attribute", "no address"],
    )
    def test_a_mapping_that_makes_no_contact_is_refused(self, mapping: dict[str, str], words: str) -> None:
        problems = columns.check_mapping(["Email", "Name"], mapping)

        assert any(words in problem for problem in problems)
