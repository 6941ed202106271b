"""The view: complete, immutable, and told in the figures that a person reads."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.engine.engine import Engine
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.words import LinkState, Mode, OrderStatus, TradingState
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK, Bench


def test_an_engine_that_has_seen_nothing_has_a_view() -> None:
    view = Engine().view()
    assert (view.day, view.tag, view.accounts, len(view.orders)) == (None, "", (), 0)


def test_a_view_stays_as_it_was() -> None:
    bench = Bench()
    before = bench.engine.view()
    name = bench.buy()
    between = bench.engine.view()
    bench.report(bench.row(name, OrderStatus.REJECTED))
    after = bench.engine.view()
    assert len(before.orders) == 0
    assert [order.status for order in between.orders] == [OrderStatus.PENDING_NEW]
    assert [order.status for order in after.orders] == [OrderStatus.REJECTED]
    assert [row.receipt.seq for row in after.signals] == [1]
    with pytest.raises(AttributeError):
        after.at_ns = 0  # type: ignore[misc]


def test_an_accounts_row_adds_up() -> None:
    bench = Bench()
    name = bench.buy(200)
    bench.later(4)
    row, other = bench.engine.view().accounts
    assert (row.account, other.account) == (ACCOUNT, OTHER)
    assert row.frozen_cash == bench.order(name).reserved > 0
    assert row.available_cash + row.frozen_cash == bench.engine.state.accounts[ACCOUNT].cash
    assert row.market_value == 2000 * 105_000
    assert (row.working_orders, row.unknown_orders) == (1, 1)
    assert (other.working_orders, other.unknown_orders, other.frozen_cash) == (0, 0, 0)
    assert (row.link, row.ready, row.state) == (LinkState.CONNECTED, True, TradingState.ACTIVE)


def test_positions_that_are_empty_and_have_made_nothing_are_left_out() -> None:
    bench = Bench()
    account = bench.engine.state.accounts[ACCOUNT]
    assert len(bench.engine.view().positions) == 2
    held = account.positions[STOCK]
    account.positions[STOCK] = replace(held, quantity=Quantity(0), sellable_quantity=Quantity(0))
    assert [row.account for row in bench.engine.view().positions] == [OTHER]


def test_brakes_and_troubles_are_shown() -> None:
    bench = Bench()
    bench.feed(ev.HaltRequested("me", "test"))
    bench.feed(ev.JournalFailed("磁盘已满"))
    bench.feed(ev.MalformedReceived("door", bench.now_ns, "?", "TEXT", 0, 0))
    view = bench.engine.view()
    assert view.trading_state is TradingState.HALTED
    assert view.submits_closed == "journal"
    assert view.malformed == 1
    assert (view.mode, view.day, view.tag, view.at_ns) == (Mode.PAPER, DAY, "BENCH", bench.now_ns)
    assert view.alerts[-1].alert.code == "JOURNAL_CLOSED"


def test_the_newest_two_hundred_alerts_are_kept() -> None:
    bench = Bench()
    for number in range(250):
        bench.now_ns += 1
        bench.feed(ev.ClockStepped(number))
    alerts = bench.engine.view().alerts
    assert len(alerts) == 200
    assert alerts[-1].at_ns == bench.now_ns
