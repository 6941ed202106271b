"""Rule: symbols on a black list are not traded, and where there is a white list, no others are."""

from __future__ import annotations

from qmt_trading.engine.risk.symbol_lists import check_symbol
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.model.reasons import Denial, Reason
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.unit.engine.limited import limited, why

BANK = Symbol("600036.SH")
DENIED = Denial(Reason.SYMBOL_DENIED, (STOCK, "total"))


def test_empty_lists_name_nobody() -> None:
    assert check_symbol(STOCK, allowed=(), denied=(), scope="total") is None


def test_a_black_list_keeps_out_what_it_names() -> None:
    assert check_symbol(STOCK, allowed=(), denied=(BANK,), scope="total") is None
    assert check_symbol(STOCK, allowed=(), denied=(BANK, STOCK), scope="total") == DENIED


def test_a_white_list_keeps_out_what_it_does_not_name() -> None:
    assert check_symbol(STOCK, allowed=(STOCK,), denied=(), scope="total") is None
    assert check_symbol(STOCK, allowed=(BANK,), denied=(), scope="total") == DENIED


def test_black_beats_white() -> None:
    assert check_symbol(STOCK, allowed=(STOCK,), denied=(STOCK,), scope="total") == DENIED


def test_the_lists_of_every_scope_hold_and_sells_and_buys_alike() -> None:
    black = Limits(symbols_denied=(STOCK,))
    for bench, scope in (
        (limited(Bench(), black), f"account {ACCOUNT}"),
        (limited(Bench(), door=black), "door door"),
        (limited(Bench(), strategy=black), "strategy grid"),
        (limited(Bench(), Limits(symbols_allowed=(BANK,)), door=black), f"account {ACCOUNT}"),
    ):
        for number, verb in enumerate(("buy", "sell")):
            denial = why(bench.signal(f"{verb} {STOCK} 100@10.50:{ACCOUNT} strategy=grid #a/{number}"))
            assert denial == Denial(Reason.SYMBOL_DENIED, (STOCK, scope))


def test_no_list_holds_a_cancel_back() -> None:
    bench = limited(Bench(), Limits(symbols_denied=(STOCK,)))
    bench.report(bench.row("", number="500"))
    receipt = bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert [line.denial for line in receipt.cancels] == [None]
