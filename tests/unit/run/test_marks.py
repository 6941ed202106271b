"""Prices of what is held: told when they move, so that a loss is seen whatever else goes on."""

from __future__ import annotations

import pytest
from tests.engine_bench import ACCOUNT, OTHER, STOCK
from tests.loop_bench import SETTINGS, LoopBench
from tests.unit.engine.limited import with_limits

from qmt_trading.model import events as ev
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import MILLISECOND_NS, Money, Price
from qmt_trading.model.words import TradingState

CLOSE = 104_000
LOSSES = with_limits(SETTINGS, Limits(loss_reducing=30_000, loss_halting=50_000))


class Moving(LoopBench):
    """A loop over a feed whose price is set by hand; an account's 2,000 shares are all that it is worth."""

    def opened(self) -> Moving:
        self.last = Price(CLOSE)
        self.connect()
        self.engine.state.accounts[ACCOUNT].morning_assets = Money(2000 * CLOSE)
        return self

    def passes(self, seconds: float, *, signals: bool = False) -> None:
        """Let time pass in tenths of a second, in each of which a signal of that symbol may come."""
        for _ in range(round(seconds * 10)):
            self.clock.steady += 100 * MILLISECOND_NS
            if signals:
                self.send(f"buy {STOCK} 100@9.40:{OTHER}")
            self.loop.turn()

    def state(self) -> TradingState:
        return self.engine.state.accounts[ACCOUNT].state

    def marks(self) -> list[ev.PositionsMarked]:
        return [each for turn in self.turns() for each in turn if isinstance(each, ev.PositionsMarked)]


@pytest.mark.parametrize("signals", [False, True])
def test_a_loss_is_seen_within_a_second_or_two_whether_signals_of_the_symbol_come_or_not(signals: bool) -> None:
    bench = Moving(settings=LOSSES).opened()
    bench.passes(2, signals=signals)
    assert bench.state() is TradingState.ACTIVE
    for step in range(1, 13):  # Half a per cent each.
        bench.last = Price(CLOSE - step * CLOSE // 200)
        bench.passes(1.1, signals=signals)
        loss = step / 2
        expected = TradingState.HALTED if loss >= 5 else TradingState.REDUCING if loss >= 3 else TradingState.ACTIVE
        assert bench.state() is expected, loss


def test_a_price_that_hardly_moves_is_not_told_again() -> None:
    bench = Moving(settings=LOSSES).opened()
    bench.passes(3)
    before = len(bench.marks())
    assert before
    bench.last = Price(CLOSE + 50)
    bench.passes(5)
    bench.rest()
    assert len(bench.marks()) == before


def test_small_steps_add_up_until_they_are_told() -> None:
    bench = Moving(settings=LOSSES).opened()
    bench.passes(3, signals=True)
    before = len(bench.marks())
    for _ in range(60):
        bench.last = Price(bench.last - 20)
        bench.passes(1.1, signals=True)
    bench.rest()
    assert before < len(bench.marks()) < before + 30
    assert bench.marks()[-1].marks[0].last <= bench.last + 52
