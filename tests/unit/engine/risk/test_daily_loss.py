"""Rule: a day's loss turns an account to selling only, and then halts it; from positions and fills alone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.engine.risk.daily_loss import HALTING, REDUCING, day_profit, loss_step
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import NO_LIMITS, Limits
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.words import Side
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.unit.engine.parts import position

ASSETS = Money(1_000_000)
BOTH = Limits(loss_reducing=30_000, loss_halting=50_000)
REPO, NEW_SHARE = Symbol("204001.SH"), Symbol("787001.SH")


@pytest.mark.parametrize(
    ("profit", "step"),
    [
        (0, 0),
        (10**9, 0),
        (-29_999, 0),
        (-30_000, REDUCING),
        (-30_001, REDUCING),
        (-49_999, REDUCING),
        (-50_000, HALTING),
        (-50_001, HALTING),
        (-(10**9), HALTING),
    ],
)
def test_a_limit_itself_is_reached(profit: int, step: int) -> None:
    assert loss_step(Money(profit), ASSETS, BOTH) == step


@pytest.mark.parametrize("assets", [0, -5])
def test_without_assets_nothing_is_a_share_of_them(assets: int) -> None:
    assert loss_step(Money(-(10**9)), Money(assets), BOTH) == 0


def test_a_limit_that_is_not_set_is_never_reached() -> None:
    all_lost = Money(-ASSETS)
    assert loss_step(all_lost, ASSETS, NO_LIMITS) == 0
    assert loss_step(all_lost, ASSETS, Limits(loss_reducing=30_000)) == REDUCING
    assert loss_step(all_lost, ASSETS, Limits(loss_halting=50_000)) == HALTING
    assert loss_step(Money(-40_000), ASSETS, Limits(loss_halting=50_000)) == 0


class Day(Bench):
    """A bench that knows prices: 2,000 shares overnight, 10.40 at the close before."""

    def __init__(self) -> None:
        super().__init__()
        self.traded = 0

    def mark(self, last: int, previous_close: int = 104_000, symbol: Symbol = STOCK) -> None:
        self.feed(ev.PositionsMarked((ev.Mark(symbol, Price(last), Price(previous_close)),)))

    def profit(self) -> int:
        state = self.engine.state
        return day_profit(state, state.accounts[ACCOUNT])

    def trades(self, side: Side, quantity: int, price: int, *, fee: int = 0, symbol: Symbol = STOCK) -> None:
        """Let a fill of somebody's by hand come in."""
        self.traded += 1
        number = f"f{self.traded}"
        told = self.row("", number=number, side=side, quantity=Quantity(quantity), price=Price(price), symbol=symbol)
        self.report(told)
        row = replace(self.fill("", quantity, number=number, fill_id=number), fee=Money(fee))
        self.filled(replace(row, side=side, price=Price(price), symbol=symbol))


def test_what_lay_there_overnight_counts_from_the_previous_close() -> None:
    day = Day()
    day.mark(104_000)
    assert day.profit() == 0
    day.mark(103_900)
    assert day.profit() == -2000 * 100
    day.mark(104_100)
    assert day.profit() == 2000 * 100


def test_what_was_bought_today_counts_from_what_was_paid_for_it_with_fees() -> None:
    day = Day()
    day.mark(104_000)
    day.trades(Side.BUY, 100, 105_000, fee=50_000)
    day.mark(104_000)
    assert day.profit() == -100 * 1_000 - 50_000


def test_what_was_sold_counts_at_what_it_brought_and_no_longer_moves() -> None:
    day = Day()
    day.mark(104_000)
    day.trades(Side.SELL, 2000, 103_000, fee=60_000)
    for last in (100_000, 110_000):
        day.mark(last)
        assert day.profit() == -2000 * 1_000 - 60_000


def test_bought_and_sold_within_the_day_leaves_what_it_brought() -> None:
    day = Day()
    day.mark(104_000)
    day.trades(Side.BUY, 100, 105_000)
    day.trades(Side.SELL, 100, 106_000)
    day.mark(104_000)
    assert day.profit() == 100 * 1_000


def test_a_symbol_without_a_price_is_left_out_and_one_without_a_previous_close_has_not_moved() -> None:
    day = Day()
    assert day.profit() == 0
    day.mark(90_000, 0)
    assert day.profit() == 0
    day.mark(0, 104_000)
    assert day.profit() == -2000 * 14_000, "a price of 0 is none: the one before it still holds"


@pytest.mark.parametrize("symbol", [REPO, NEW_SHARE])
def test_lent_money_and_new_shares_are_neither_loss_nor_profit(symbol: Symbol) -> None:
    day = Day()
    day.mark(104_000)
    account = day.engine.state.accounts[ACCOUNT]
    account.positions[symbol] = position(1000, symbol=symbol)
    account.day_flows[symbol] = (-1000, -5)
    day.mark(15_000, 20_000, symbol)
    assert day.profit() == 0
