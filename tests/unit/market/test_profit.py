"""What a day has earned: from holdings, fills and prices, and the same for the eye as for the brake."""

from __future__ import annotations

import pytest

from qmt_trading.engine.risk.daily_loss import day_profit
from qmt_trading.market.profit import day_profits, floating_profits, profit_of_day
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.order import Position
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench

REPO = Symbol("204001.SH")


def marked(bench: Bench, last: int, previous: int = 104_000, symbol: Symbol = STOCK) -> Bench:
    bench.feed(ev.PositionsMarked((ev.Mark(symbol, Price(last), Price(previous)),)))
    return bench


@pytest.mark.parametrize(
    ("quantity", "flow", "last", "previous", "expected"),
    [
        (1_000, (0, 0), 110_000, 100_000, 10_000_000),
        (1_000, (0, 0), 110_000, 0, 0),
        (1_000, (1_000, -105_000_000), 110_000, 100_000, 5_000_000),
        (0, (-1_000, 99_000_000), 110_000, 100_000, -1_000_000),
        (500, (-500, 55_000_000), 90_000, 100_000, 0),
    ],
)
def test_what_lay_overnight_counts_from_the_close_and_todays_trades_from_their_fills(
    quantity: int, flow: tuple[int, int], last: int, previous: int, expected: int
) -> None:
    assert profit_of_day(quantity, flow, last, previous) == expected


def test_the_eye_sees_what_the_brake_counts() -> None:
    bench = Bench()
    name = bench.buy(200)
    bench.filled(bench.fill(name, 200))
    for last in (99_000, 104_000, 113_000):
        marked(bench, last)
        state, view = bench.engine.state, bench.engine.view()
        profits = day_profits(view)
        for account in (ACCOUNT, OTHER):
            assert profits[account, STOCK] == day_profit(state, state.accounts[account]) != 0 or last == 104_000


def test_without_a_price_nothing_is_told() -> None:
    view = Bench().engine.view()
    assert view.positions
    assert day_profits(view) == floating_profits(view) == {}


def test_what_is_lent_has_earned_nothing_that_a_price_says() -> None:
    bench = Bench()
    held = Position(account=ACCOUNT, symbol=REPO, quantity=Quantity(10), sellable_quantity=Quantity(10))
    bench.engine.state.accounts[ACCOUNT].positions[REPO] = held
    view = marked(bench, 18_000, 17_000, REPO).engine.view()
    assert view.prices[REPO] == 18_000
    assert day_profits(view) == floating_profits(view) == {}


def test_what_is_held_floats_above_its_cost_with_the_fees_of_the_buy() -> None:
    bench = Bench()
    name = bench.buy(200)
    bench.filled(bench.fill(name, 200))
    view = marked(bench, 106_000).engine.view()
    held = bench.engine.state.accounts[ACCOUNT].positions[STOCK]
    assert held.cost > 200 * 105_000
    assert floating_profits(view)[ACCOUNT, STOCK] == held.quantity * 106_000 - held.cost
