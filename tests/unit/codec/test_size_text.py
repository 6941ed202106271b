"""Sizes: what each way of writing counts."""

from __future__ import annotations

import pytest

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.size_text import MONEY_MAX, QUANTITY_MAX, parse_size, size_of
from qmt_trading.model.signal import SizeKind


@pytest.mark.parametrize(
    ("written", "kind", "amount", "denominator", "text"),
    [
        ("1000", SizeKind.SHARES, 1000, 1, "1000"),
        ("01000", SizeKind.SHARES, 1000, 1, "1000"),
        ("1000股", SizeKind.SHARES, 1000, 1, "1000"),
        ("1000 股", SizeKind.SHARES, 1000, 1, "1000"),
        ("5万股", SizeKind.SHARES, 50_000, 1, "50000"),
        ("1.2345万股", SizeKind.SHARES, 12_345, 1, "12345"),
        ("10手", SizeKind.LOTS, 10, 1, "10手"),
        ("50000元", SizeKind.MONEY, 500_000_000, 1, "50000元"),
        ("5万元", SizeKind.MONEY, 500_000_000, 1, "50000元"),
        ("0.0001元", SizeKind.MONEY, 1, 1, "0.0001元"),
        ("10%", SizeKind.PERCENT, 100_000, 1, "10%"),
        ("0.5%", SizeKind.PERCENT, 5_000, 1, "0.5%"),
        ("100%", SizeKind.PERCENT, 1_000_000, 1, "100%"),
        ("半仓", SizeKind.FRACTION, 1, 2, "1/2"),
        ("1/3", SizeKind.FRACTION, 1, 3, "1/3"),
        ("3/3", SizeKind.FRACTION, 3, 3, "3/3"),
        ("all", SizeKind.ALL, 0, 1, "all"),
        ("ALL", SizeKind.ALL, 0, 1, "all"),
        ("全部", SizeKind.ALL, 0, 1, "all"),
    ],
)
def test_every_size_is_counted_exactly(written: str, kind: SizeKind, amount: int, denominator: int, text: str) -> None:
    size = parse_size(written)
    assert (size.kind, size.amount, size.denominator, size.text) == (kind, amount, denominator, text)
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("5万", "size_unit"),
        ("5 万", "size_unit"),
        ("100.5", "size_fraction"),
        ("1.5手", "size_fraction"),
        ("1.23456元", "size_decimals"),
        ("1.23456万股", "size_decimals"),
        ("100.0001%", "size_percent"),
        ("10000000000", "size_range"),
        ("10000000000手", "size_range"),
        ("100000000万元", "size_range"),
        ("9" * 5000, "size_range"),
        ("1/0", "size"),
        ("0/3", "size"),
        ("4/3", "size"),
        ("-100", "size"),
        ("+100", "size"),
        ("1e3", "size"),
        ("1_000", "size"),
        ("1,000", "size_comma"),
        ("100 200", "size"),
        (".5元", "size"),
        ("5.元", "size"),
        ("½", "size"),
        ("１００", "size"),
        ("满仓", "size"),
    ],
)
def test_what_is_no_size_is_refused(written: str, code: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_size(written)
    assert caught.value.code == code


def test_the_largest_amounts_pass_and_one_more_does_not() -> None:
    assert size_of(SizeKind.SHARES, QUANTITY_MAX).amount == QUANTITY_MAX
    assert size_of(SizeKind.MONEY, MONEY_MAX).amount == MONEY_MAX
    for kind, amount in ((SizeKind.SHARES, QUANTITY_MAX + 1), (SizeKind.MONEY, MONEY_MAX + 1)):
        with pytest.raises(MalformedError):
            size_of(kind, amount)
