"""Rule: the rule book knows the symbol, the feed has it, and it is of a kind that is traded."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.engine.risk.tradable_symbol import check_tradable_symbol
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import InstrumentKind
from tests.engine_bench import STOCK
from tests.unit.engine.parts import CONVERTIBLE, STAR_STOCK, quote, rule

FUND = Symbol("510300.SH")


@pytest.mark.parametrize("symbol", [STOCK, STAR_STOCK, CONVERTIBLE, FUND])
def test_stocks_funds_and_convertibles_are_traded(symbol: Symbol) -> None:
    assert check_tradable_symbol(symbol, quote(symbol)) is None


def test_a_symbol_without_quote_or_rule_is_unknown() -> None:
    unknown = Denial(Reason.SYMBOL_UNKNOWN, (STOCK,))
    assert check_tradable_symbol(STOCK, None) == unknown
    assert check_tradable_symbol(STOCK, quote(rule=None)) == unknown


@pytest.mark.parametrize(
    "kind", [kind for kind in InstrumentKind if kind.value not in ("stock", "fund", "convertible")]
)
def test_no_other_kind_is_traded(kind: InstrumentKind) -> None:
    of_kind = quote(rule=replace(rule(), kind=kind))
    assert check_tradable_symbol(STOCK, of_kind) == Denial(Reason.SYMBOL_NOT_TRADABLE, (STOCK, kind.value))
