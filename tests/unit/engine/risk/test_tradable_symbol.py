"""Rule: the rule book knows the symbol, the feed has it, and it is of a kind that is traded."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.engine.risk.tradable_symbol import check_tradable_symbol
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import InstrumentKind, Side
from tests.engine_bench import STOCK
from tests.unit.engine.parts import CONVERTIBLE, STAR_STOCK, quote, rule

FUND = Symbol("510300.SH")


@pytest.mark.parametrize("symbol", [STOCK, STAR_STOCK, CONVERTIBLE, FUND])
@pytest.mark.parametrize("side", [Side.BUY, Side.SELL, None])
def test_stocks_funds_and_convertibles_are_traded(symbol: Symbol, side: Side | None) -> None:
    assert check_tradable_symbol(symbol, quote(symbol), side) is None


def test_a_symbol_without_quote_or_rule_is_unknown() -> None:
    unknown = Denial(Reason.SYMBOL_UNKNOWN, (STOCK,))
    assert check_tradable_symbol(STOCK, None, Side.BUY) == unknown
    assert check_tradable_symbol(STOCK, quote(rule=None), Side.SELL) == unknown


@pytest.mark.parametrize("kind", [InstrumentKind.INDEX, InstrumentKind.B_SHARE])
def test_what_is_never_traded_is_told_as_such_without_a_quote(kind: InstrumentKind) -> None:
    never = Denial(Reason.SYMBOL_NOT_TRADABLE, (STOCK, kind.value))
    assert check_tradable_symbol(STOCK, None, Side.BUY, kind) == never
    assert check_tradable_symbol(STOCK, quote(rule=None), Side.SELL, kind) == never


@pytest.mark.parametrize("kind", [InstrumentKind.STOCK, InstrumentKind.REPO, InstrumentKind.UNKNOWN])
def test_what_might_be_traded_is_unknown_without_a_quote(kind: InstrumentKind) -> None:
    assert check_tradable_symbol(STOCK, None, Side.BUY, kind) == Denial(Reason.SYMBOL_UNKNOWN, (STOCK,))


@pytest.mark.parametrize("kind", [InstrumentKind.INDEX, InstrumentKind.B_SHARE, InstrumentKind.UNKNOWN])
def test_no_other_kind_is_traded(kind: InstrumentKind) -> None:
    of_kind = quote(rule=replace(rule(), kind=kind))
    assert check_tradable_symbol(STOCK, of_kind, Side.BUY) == Denial(Reason.SYMBOL_NOT_TRADABLE, (STOCK, kind.value))


@pytest.mark.parametrize(
    ("kind", "side", "word"),
    [
        (InstrumentKind.REPO, Side.SELL, "repo_sell_only"),
        (InstrumentKind.SUBSCRIPTION, Side.BUY, "subscription_buy_only"),
    ],
)
def test_a_repo_is_sold_only_and_new_shares_are_bought_only(kind: InstrumentKind, side: Side, word: str) -> None:
    of_kind = quote(rule=replace(rule(), kind=kind))
    assert check_tradable_symbol(STOCK, of_kind, side) is None
    for other in {Side.BUY, Side.SELL, None} - {side}:
        assert check_tradable_symbol(STOCK, of_kind, other) == Denial(Reason.SYMBOL_NOT_TRADABLE, (STOCK, word))
