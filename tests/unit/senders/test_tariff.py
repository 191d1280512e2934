"""What messages cost by a price list, in whole millionths."""

import json
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.senders.prices.tariff import Rate, Tariff
from clarion.workspaces.money import amounts

prefixes = st.text("0123456789", max_size=5)
rates = st.builds(Rate, prefixes, st.integers(0, 10**9), st.sampled_from([0, 0, 1, 6, 30, 60]), st.booleans())
tariffs = st.builds(
    lambda found, most: Tariff(found.values(), most=most),
    st.dictionaries(prefixes, rates).map(
        lambda d: {k: Rate(k, r.amount, r.period, r.refunds) for k, r in d.items()}
    ),
    st.integers(1, 3_600),
)
numbers = st.text("0123456789", min_size=7, max_size=15).map(lambda digits: f"+{digits}")


@given(tariffs, numbers)
def test_the_longest_prefix_wins(tariff: Tariff, number: str) -> None:
    fitting = [rate for rate in tariff.rates if number[1:].startswith(rate.prefix)]

    assert tariff.rate(number) == max(fitting, key=lambda rate: len(rate.prefix), default=Rate("", 0))


@given(rates, st.integers(1, 10_000))
def test_a_cost_is_the_price_of_every_unit_or_begun_period(rate: Rate, units: int) -> None:
    spans = math.ceil(Fraction(units, rate.period)) if rate.period else units

    assert rate.cost(units) == rate.amount * spans
    assert isinstance(rate.cost(units), int)


@given(tariffs, numbers, st.integers(1, 10_000))
def test_nothing_costs_more_than_its_bound(tariff: Tariff, number: str, units: int) -> None:
    assert tariff.rate(number).cost(min(units, tariff.most)) <= tariff.bound(number)


@given(tariffs, numbers)
def test_a_tariff_is_kept_without_loss(tariff: Tariff, number: str) -> None:
    kept = Tariff.load(json.loads(json.dumps(tariff.dump())))

    assert (kept.most, kept.rate(number)) == (tariff.most, tariff.rate(number))


def test_mail_addresses_have_the_price_for_all() -> None:
    assert Tariff([Rate("", 7), Rate("49", 9)]).rate("ana@shop.example").amount == 7


@given(st.integers(-amounts.MOST, amounts.MOST))
def test_an_amount_is_written_and_read_without_loss(amount: int) -> None:
    assert amounts.parse_signed(amounts.plain(amount)) == amount


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "1,000.00", "-1", "0.0000001", "1e3", "١", "9" * 13, "1000000000.01"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        amounts.parse(text)


def test_amounts_are_told_with_at_least_two_digits() -> None:
    assert amounts.told(1_234_500_000, "EUR") == "1,234.50 EUR"
    assert amounts.told(-1, "USD") == "\u22120.000001 USD"
