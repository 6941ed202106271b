"""How limits stand: each counted as the gate counts it, and nothing told of what is not known."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.engine.risk.standing import standings
from qmt_trading.model import events as ev
from qmt_trading.model.limits import NO_LIMITS, TOTAL, Limits, Scope, ScopeKind
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.reasons import Reason
from qmt_trading.model.settings import StrategySettings
from qmt_trading.model.standing import LimitSource, LimitStanding, ScopeStanding
from qmt_trading.model.words import OrderStatus
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench

YUAN = 10_000
PERCENT = 10_000
MINE = Scope(ScopeKind.ACCOUNT, ACCOUNT)
DOOR = Scope(ScopeKind.DOOR, "door")
GRID = Scope(ScopeKind.STRATEGY, "grid")
EVERY = Limits(
    order_value_max=Money(10**12),
    order_quantity_max=Quantity(10**6),
    deviation_max=50 * PERCENT,
    position_value_max=Money(50_000 * YUAN),
    buy_value_per_day_max=Money(10_000 * YUAN),
    turnover_per_day_max=Money(20_000 * YUAN),
    recent_value_share_max=PERCENT,
    working_orders_max=4,
    orders_per_signal_max=50,
    orders_per_second_max=5,
    orders_per_minute_max=10,
    orders_per_day_max=20,
    unknown_orders_max=3,
    loss_reducing=3 * PERCENT,
    loss_halting=5 * PERCENT,
)
OF_ACCOUNT = replace(
    EVERY,
    position_share_max=10 * PERCENT,
    messages_per_second_max=10,
    messages_per_day_max=40,
    cash_reserve=Money(1_000 * YUAN),
    cancel_share_warn=50 * PERCENT,
)


def limited(total: Limits = EVERY, mine: Limits = OF_ACCOUNT) -> Bench:
    """Return a bench with limits of every kind: in total, of one account, a door and a strategy."""
    bench = Bench()
    settings = bench.settings
    bench.settings = replace(
        settings,
        limits=total,
        accounts=(replace(settings.accounts[0], name="一号", limits=mine), settings.accounts[1]),
        doors=(replace(settings.doors[0], limits=Limits(orders_per_day_max=7)), settings.doors[1]),
        strategies=(StrategySettings(name="grid", limits=Limits(position_value_max=Money(3_000 * YUAN))),),
    )
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.connect()
    return bench


def scope(bench: Bench, wanted: Scope) -> ScopeStanding:
    return next(each for each in standings(bench.engine.view(), bench.now_ns) if each.usage.scope == wanted)


def limit(bench: Bench, wanted: Scope, name: str) -> LimitStanding:
    return next(each for each in scope(bench, wanted).limits if each.limit == name)


def used(bench: Bench, wanted: Scope, name: str) -> int | None:
    return limit(bench, wanted, name).used


def test_the_total_stands_first_then_accounts_doors_and_strategies() -> None:
    kinds = [each.usage.scope.kind for each in standings(limited().engine.view(), 0)]
    assert kinds == [ScopeKind.TOTAL, ScopeKind.ACCOUNT, ScopeKind.ACCOUNT, ScopeKind.DOOR, ScopeKind.STRATEGY]
    assert scope(limited(), MINE).title == "一号"


def test_a_scope_without_limits_stands_there_once_it_is_used() -> None:
    bench = Bench()
    assert DOOR not in [each.usage.scope for each in standings(bench.engine.view(), 0)]
    bench.buy()
    found = scope(bench, DOOR)
    assert (found.usage.orders, found.limits, found.rest) == (1, (), NO_LIMITS)


@pytest.mark.parametrize("wanted", [TOTAL, MINE])
def test_limits_of_one_order_alone_have_no_use(wanted: Scope) -> None:
    bench = limited()
    bench.buy()
    for name in ("order_value_max", "order_quantity_max", "deviation_max", "recent_value_share_max"):
        found = limit(bench, wanted, name)
        assert (found.value, found.used, found.fullness) == (getattr(EVERY, name), None, None)
    assert used(bench, wanted, "orders_per_signal_max") is None
    assert used(bench, MINE, "cash_reserve") is None


@pytest.mark.parametrize("wanted", [TOTAL, MINE])
def test_what_was_traded_and_sent_counts_against_the_day(wanted: Scope) -> None:
    bench = limited()
    bench.buy(200)
    bench.signal(f"sell {STOCK} 100@10.50:{ACCOUNT}")
    assert used(bench, wanted, "buy_value_per_day_max") == 2_100 * YUAN
    assert used(bench, wanted, "turnover_per_day_max") == 3_150 * YUAN
    assert used(bench, wanted, "working_orders_max") == 2
    assert used(bench, wanted, "orders_per_day_max") == 2
    assert limit(bench, wanted, "orders_per_day_max").fullness == 100_000


def test_cancels_count_as_messages_of_the_account() -> None:
    bench = limited()
    name = bench.buy()
    bench.report(bench.row(name))
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert used(bench, MINE, "messages_per_day_max") == 2
    assert used(bench, MINE, "messages_per_second_max") == 2
    assert used(bench, MINE, "orders_per_second_max") == 1


def test_rates_are_those_of_the_window_that_ends_now() -> None:
    bench = limited()
    bench.buy()
    bench.now_ns += SECOND_NS - 1
    bench.buy(200)
    view = bench.engine.view()

    def within(name: str, later_ns: int) -> int | None:
        (found,) = [each for each in standings(view, bench.now_ns + later_ns) if each.usage.scope == MINE]
        return next(each.used for each in found.limits if each.limit == name)

    assert [within("orders_per_second_max", later) for later in (0, 1, SECOND_NS - 1, SECOND_NS)] == [2, 1, 1, 0]
    assert [within("messages_per_second_max", later) for later in (0, 1, SECOND_NS)] == [2, 1, 0]
    minute = [0, 59 * SECOND_NS, 59 * SECOND_NS + 1, 60 * SECOND_NS]
    assert [within("orders_per_minute_max", later) for later in minute] == [2, 2, 1, 0]
    assert within("orders_per_day_max", 100 * SECOND_NS) == 2


def test_a_turn_that_has_not_come_has_used_nothing_yet() -> None:
    bench = limited(mine=replace(OF_ACCOUNT, orders_per_second_max=1))
    bench.buy()
    receipt = bench.signal(f"buy {STOCK} 200@10.50:{ACCOUNT}")
    (denial,) = [line.denial for line in receipt.orders]
    assert denial is not None
    assert denial.reason is Reason.PACED
    assert used(bench, MINE, "orders_per_second_max") == 1
    assert limit(bench, MINE, "orders_per_second_max").fullness == 1_000_000


def test_the_largest_position_stands_against_its_limits_as_the_gate_counts_it() -> None:
    bench = limited()
    bench.buy(200)
    reserved = sum(order.reserved for order in bench.engine.state.orders)
    worth = 2_000 * 105_000 + reserved
    assert used(bench, MINE, "position_value_max") == worth
    assert used(bench, TOTAL, "position_value_max") == worth + 2_000 * 105_000
    assert limit(bench, MINE, "position_value_max").symbol == STOCK
    assets = bench.engine.state.accounts[ACCOUNT].morning_assets
    assert used(bench, MINE, "position_share_max") == worth * 1_000_000 // assets


def test_one_more_order_than_what_is_left_is_what_the_gate_refuses() -> None:
    bench = limited(mine=replace(OF_ACCOUNT, position_value_max=Money(25_000 * YUAN)))
    bench.buy(100)
    found = limit(bench, MINE, "position_value_max")
    assert found.used is not None
    left = found.value - found.used
    quantity = left // 105_000 // 100 * 100
    assert quantity == 200
    receipt = bench.signal(f"buy {STOCK} {quantity + 100}@10.50:{ACCOUNT}")
    denial = receipt.orders[0].denial
    assert denial is not None
    assert denial.reason is Reason.POSITION_VALUE_EXCEEDED
    bench.buy(quantity)


def test_a_strategy_holds_what_it_bought_and_is_buying() -> None:
    bench = limited()
    (line,) = bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} strategy=grid").orders
    reserved = bench.order(line.client_order_id).reserved
    bench.buy(200)
    assert used(bench, GRID, "position_value_max") == reserved
    bench.filled(bench.fill(line.client_order_id))
    assert used(bench, GRID, "position_value_max") == 100 * 105_000
    assert scope(bench, GRID).unknown is None


def test_orders_of_which_nobody_knows_count_in_their_account_and_in_total() -> None:
    bench = limited()
    bench.buy()
    bench.later(4)
    assert [used(bench, each, "unknown_orders_max") for each in (TOTAL, MINE)] == [1, 1]
    assert scope(bench, MINE).unknown == 1


def test_a_loss_stands_against_its_limits_and_a_profit_uses_nothing() -> None:
    bench = limited()
    assert used(bench, MINE, "loss_reducing") is None
    for last, loss in ((110_000, 0), (54_000, 2_000 * 50_000)):
        bench.feed(ev.PositionsMarked((ev.Mark(STOCK, Price(last), Price(104_000)),)))
        assets = bench.engine.state.accounts[ACCOUNT].morning_assets
        assert used(bench, MINE, "loss_halting") == loss * 1_000_000 // assets
        assert used(bench, TOTAL, "loss_reducing") == 2 * loss * 1_000_000 // (2 * assets)
    assert scope(bench, MINE).profit == -2_000 * 50_000
    assert scope(bench, DOOR).profit is None


def test_a_share_of_cancels_says_nothing_of_few_orders() -> None:
    bench = limited()
    usage = bench.engine.state.gauges.of_account(ACCOUNT)
    for orders, expected in ((49, None), (50, 500_000)):
        usage.orders, usage.canceled = orders, 25
        usage.touched()
        assert used(bench, MINE, "cancel_share_warn") == expected


def test_where_a_limit_comes_from() -> None:
    bench = limited()
    assert limit(bench, MINE, "working_orders_max").source is LimitSource.FILE
    bench.feed(ev.LimitRequested("me", "试", MINE, "working_orders_max", 9))
    bench.feed(ev.LimitRequested("me", "", MINE, "orders_per_day_max", 10))
    found = limit(bench, MINE, "working_orders_max")
    assert (found.source, found.value, found.written, found.asked) == (LimitSource.SET, 9, 4, 9)
    assert (found.told.who, found.told.why, found.told.at_ns) == ("me", "试", bench.now_ns)
    bench.feed(ev.EngineStarted("test", bench.settings))
    found = limit(bench, MINE, "working_orders_max")
    assert (found.source, found.value, found.asked) == (LimitSource.TIGHTER, 4, 9)
    assert limit(bench, MINE, "orders_per_day_max").source is LimitSource.SET
    bench.feed(ev.LimitsConfirmed("me", "好"))
    assert limit(bench, MINE, "working_orders_max").source is LimitSource.SET


def test_a_limit_that_was_taken_away_still_stands_there() -> None:
    bench = limited()
    bench.feed(ev.LimitRequested("me", "试", MINE, "working_orders_max", 0))
    found = limit(bench, MINE, "working_orders_max")
    assert (found.value, found.written, found.used, found.fullness) == (0, 4, 0, None)


def test_a_limit_set_where_the_file_has_none_stands_there_too() -> None:
    bench = limited()
    bench.feed(ev.LimitRequested("me", "", Scope(ScopeKind.DOOR, "bare"), "orders_per_day_max", 5))
    found = limit(bench, Scope(ScopeKind.DOOR, "bare"), "orders_per_day_max")
    assert (found.value, found.written, found.source) == (5, 0, LimitSource.SET)


def test_images_are_made_anew_only_when_something_changed() -> None:
    bench = limited()
    bench.buy(200)
    before, idle = bench.engine.view(), bench.engine.view()
    assert idle.limits is before.limits
    assert all(one is other for one, other in zip(before.usages, idle.usages, strict=True))
    name = bench.buy()
    after = bench.engine.view()
    assert after.limits is before.limits
    changed = {one.scope for one, other in zip(after.usages, before.usages, strict=True) if one is not other}
    assert changed == {TOTAL, MINE, DOOR}
    assert next(each for each in before.usages if each.scope == MINE).orders == 1
    bench.report(bench.row(name, OrderStatus.REJECTED))
    assert next(each for each in after.usages if each.scope == MINE).working == 2


def test_a_view_keeps_the_prices_and_holdings_of_its_time() -> None:
    bench = limited()
    (line,) = bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} strategy=grid").orders
    before = bench.engine.view()
    bench.filled(bench.fill(line.client_order_id))
    bench.feed(ev.PositionsMarked((ev.Mark(STOCK, Price(99_000), Price(98_000)),)))
    after = bench.engine.view()
    assert (before.prices[STOCK], after.prices[STOCK]) == (105_000, 99_000)
    assert (before.references[STOCK], after.references[STOCK]) == (104_000, 98_000)
    assert (dict(before.holdings), dict(after.holdings)) == ({}, {(ACCOUNT, "grid", STOCK): 100})
    mine, theirs = (next(row for row in view.accounts if row.account == ACCOUNT) for view in (before, after))
    assert (dict(mine.day_flows), bool(mine.open_buys[STOCK]), theirs.open_buys.get(STOCK, 0)) == ({}, True, 0)
    assert theirs.day_flows[STOCK][0] == 100
    assert OTHER in [row.account for row in before.accounts]
