"""How quotes are asked of a terminal."""

from __future__ import annotations

from qmt_trading.feeds.wanted import PACEMAKERS, SINGLES_MAX, wanted
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol


def codes(count: int, venue: str = "SH") -> list[Symbol]:
    return [Symbol(f"{600_000 + number}.{venue}") for number in range(count)]


def test_a_few_symbols_are_asked_for_by_name_beside_two_that_always_trade() -> None:
    got = wanted([*codes(2), EVERY_SYMBOL, *codes(2)], every_symbol=False)
    assert got == (tuple(sorted([*codes(2), *PACEMAKERS])), ())


def test_fifty_with_the_pacemakers_are_the_most() -> None:
    most = SINGLES_MAX - len(PACEMAKERS)
    assert len(wanted(codes(most), every_symbol=False).symbols) == SINGLES_MAX
    assert wanted(codes(most + 1), every_symbol=False) == ((), ("SH", "SZ"))
    assert wanted([*codes(most), Symbol("920001.BJ")], every_symbol=False) == ((), ("SH", "SZ", "BJ"))


def test_who_may_buy_anything_needs_all_markets() -> None:
    assert wanted([], every_symbol=True) == ((), ("SH", "SZ"))
    assert wanted([Symbol("920001.BJ")], every_symbol=True) == ((), ("SH", "SZ", "BJ"))
