"""Rule: an instruction without an id that looks like the one just carried out is its repeat."""

from __future__ import annotations

from qmt_trading.engine.risk.duplicate import check_duplicate
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reasons import Denial, Reason
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.parts import reason


def test_the_windows_own_end_is_inside_and_the_instant_after_is_not() -> None:
    assert check_duplicate(0, now_ns=5) is None
    assert reason(check_duplicate(5, now_ns=4)) is Reason.DUPLICATE_SUSPECTED
    assert reason(check_duplicate(5, now_ns=5)) is Reason.DUPLICATE_SUSPECTED
    assert check_duplicate(5, now_ns=6) is None


def test_the_sentence_says_how_long_to_wait() -> None:
    assert check_duplicate(3 * SECOND_NS, now_ns=SECOND_NS) == Denial(Reason.DUPLICATE_SUSPECTED, ("2.0",))


def test_a_repeat_is_the_same_account_symbol_side_size_and_price_within_the_lifetime() -> None:
    bench = Bench()
    text = f"buy {STOCK} 100@10.50:{ACCOUNT}"
    assert bench.signal(text).orders[0].denial is None
    assert reason(bench.signal(text).orders[0].denial) is Reason.DUPLICATE_SUSPECTED
    for other in (
        f"buy {STOCK} 200@10.50:{ACCOUNT}",
        f"buy {STOCK} 100@10.40:{ACCOUNT}",
        f"sell {STOCK} 100@10.50:{ACCOUNT}",
        f"buy {STOCK} 100@10.50:{OTHER}",
    ):
        assert bench.signal(other).orders[0].denial is None, other
    bench.now_ns += 10 * SECOND_NS + 1
    assert bench.signal(text).orders[0].denial is None


def test_a_denied_instruction_may_be_repeated_at_once() -> None:
    bench = Bench()
    bench.engine.state.accounts[ACCOUNT].ready = False
    text = f"buy {STOCK} 100@10.50:{ACCOUNT}"
    assert reason(bench.signal(text).orders[0].denial) is Reason.ACCOUNT_NOT_READY
    bench.engine.state.accounts[ACCOUNT].ready = True
    assert bench.signal(text).orders[0].denial is None
