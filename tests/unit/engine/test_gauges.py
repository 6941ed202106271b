"""Limits beside what is used of them: which hold, for whom, and whose word counts after a restart."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import asdict

from qmt_trading.engine.gauges import ADJUSTABLE, RESERVES, Gauges, scope_text, tighter
from qmt_trading.model import events as ev
from qmt_trading.model.limits import NO_LIMITS, TOTAL, Limits, Scope, ScopeKind
from qmt_trading.model.numbers import SECOND_NS, Money
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.told import StateTold
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK, Bench
from tests.unit.engine.limited import limited, reasons, why, with_limits

MINE, OTHERS = Scope(ScopeKind.ACCOUNT, ACCOUNT), Scope(ScopeKind.ACCOUNT, OTHER)
DOOR, GRID = Scope(ScopeKind.DOOR, "door"), Scope(ScopeKind.STRATEGY, "grid")
TEN = Limits(working_orders_max=10)
WORKING = "working_orders_max"


@pytest.mark.parametrize(
    ("one", "other", "stricter"), [(5, 7, 5), (7, 5, 5), (5, 5, 5), (0, 7, 7), (7, 0, 7), (0, 0, 0)]
)
def test_the_stricter_of_two_limits_is_the_smaller_and_none_is_the_loosest(one: int, other: int, stricter: int) -> None:
    for limit in set(ADJUSTABLE) - RESERVES:
        assert tighter(limit, one, other) == stricter, limit


def test_of_two_reserves_the_larger_is_the_stricter() -> None:
    assert tighter("cash_reserve", 5, 7) == tighter("cash_reserve", 7, 5) == 7
    assert tighter("cash_reserve", 0, 7) == 7


def test_every_figure_may_be_set_and_no_list() -> None:
    lists = {"risk_warning_denied", "windows", "symbols_allowed", "symbols_denied"}
    assert set(ADJUSTABLE) == set(asdict(NO_LIMITS)) - lists


def gauges(account: Limits = TEN, **other: Limits) -> Gauges:
    made = Gauges()
    made.configure(with_limits(Bench().settings, account, **other))
    return made


def test_what_a_person_sets_holds_in_its_scope_alone() -> None:
    made = gauges(door=TEN)
    made.set(MINE, WORKING, 20, StateTold())
    assert made.limits(MINE).working_orders_max == 20, "looser than the file: a person has said so"
    assert made.limits(OTHERS).working_orders_max == made.limits(DOOR).working_orders_max == 10
    assert made.written(MINE).working_orders_max == 10
    made.set(MINE, WORKING, 0, StateTold())
    assert made.limits(MINE).working_orders_max == 0, "taken away"


def test_a_limit_may_be_set_where_none_was_written() -> None:
    made = gauges(NO_LIMITS)
    assert made.limits(GRID) == NO_LIMITS
    made.set(GRID, WORKING, 3, StateTold())
    assert made.judged(ACCOUNT, "door", "grid").gauges[-1].limits == Limits(working_orders_max=3)
    assert made.judged(ACCOUNT, "door", "").gauges == ()


@pytest.mark.parametrize(("value", "holds"), [(5, 5), (20, 10), (0, 10)])
def test_after_a_restart_the_tighter_of_file_and_people_holds_until_it_is_confirmed(value: int, holds: int) -> None:
    made = gauges()
    made.set(MINE, WORKING, value, StateTold())
    made.distrust()
    assert made.limits(MINE).working_orders_max == holds
    made.confirm()
    assert made.limits(MINE).working_orders_max == value


def test_after_a_restart_the_larger_reserve_holds() -> None:
    made = gauges(Limits(cash_reserve=Money(10)))
    made.set(MINE, "cash_reserve", 5, StateTold())
    made.distrust()
    assert made.judged(ACCOUNT, "", "").cash_reserve == 10
    made.set(MINE, "cash_reserve", 20, StateTold())
    made.distrust()
    assert made.judged(ACCOUNT, "", "").cash_reserve == 20


def test_a_limit_that_is_set_anew_is_believed_and_the_others_are_not() -> None:
    made = gauges(Limits(working_orders_max=10, orders_per_day_max=10))
    made.set(MINE, WORKING, 20, StateTold())
    made.set(MINE, "orders_per_day_max", 20, StateTold())
    made.distrust()
    made.set(MINE, WORKING, 30, StateTold())
    assert (made.limits(MINE).working_orders_max, made.limits(MINE).orders_per_day_max) == (30, 10)


def test_a_file_that_became_tighter_since_holds_until_somebody_confirms() -> None:
    made = gauges(Limits(working_orders_max=50))
    made.set(MINE, WORKING, 20, StateTold())
    made.configure(with_limits(Bench().settings, TEN))
    made.distrust()
    assert made.limits(MINE).working_orders_max == 10
    made.confirm()
    assert made.limits(MINE).working_orders_max == 20


def test_scopes_stand_in_their_order_and_only_where_there_are_limits() -> None:
    made = gauges(TEN, total=TEN, door=TEN, strategy=TEN)
    texts = [each.text for each in made.judged(ACCOUNT, "door", "grid").gauges]
    assert texts == ["total", f"account {ACCOUNT}", "door door", "strategy grid"]
    assert [each.text for each in made.judged(ACCOUNT, "", "stray").gauges] == texts[:2]
    assert [each.scope for each in gauges(NO_LIMITS, door=TEN).judged(ACCOUNT, "door", "").gauges] == [DOOR]
    assert scope_text(TOTAL) == "total"


def test_an_order_counts_in_every_scope_it_belongs_to_with_limits_or_without() -> None:
    made = gauges(NO_LIMITS)
    assert [each.scope for each in made.counted(ACCOUNT, "door", "grid")] == [TOTAL, MINE, DOOR, GRID]
    assert [each.scope for each in made.counted(ACCOUNT, "", "")] == [TOTAL, MINE], "a foreign one"
    assert made.counted(ACCOUNT, "door", "grid")[1] is made.of_account(ACCOUNT)


def test_whether_anything_has_a_rate_follows_what_people_set() -> None:
    made = gauges(NO_LIMITS)
    assert not made.judged(ACCOUNT, "door", "").has_rates
    for limit in ("orders_per_second_max", "orders_per_minute_max", "messages_per_second_max"):
        made.set(MINE, limit, 5, StateTold())
        assert made.judged(ACCOUNT, "door", "").has_rates
        made.set(MINE, limit, 0, StateTold())
        assert not made.judged(ACCOUNT, "door", "").has_rates


# In an engine that runs


def test_of_several_scopes_the_first_that_is_full_is_the_one_that_is_named() -> None:
    one = Limits(working_orders_max=1)
    bench = limited(Bench(), one, total=one, door=one, strategy=one)
    mine = f"buy {STOCK} 100@10.50:{ACCOUNT} strategy=grid #a/"
    assert reasons(bench.signal(mine + "1")) == [None]
    for number, scope in enumerate(("total", f"account {ACCOUNT}", "door door", "strategy grid")):
        denial = why(bench.signal(f"{mine}b{number}"))
        assert denial == Denial(Reason.WORKING_ORDERS_EXCEEDED, ("2", "1", scope))
        kind, _, name = scope.partition(" ")
        bench.feed(ev.LimitRequested("me", "x", Scope(ScopeKind(kind), name), WORKING, 2))
    assert reasons(bench.signal(mine + "3")) == [None]


def test_the_other_account_other_doors_and_other_strategies_are_not_concerned() -> None:
    one = Limits(working_orders_max=1)
    mine = f"buy {STOCK} 100@10.50:{ACCOUNT} strategy=grid #a/"
    for bench, others in (
        (limited(Bench(), one), (OTHER, "door", "grid")),
        (limited(Bench(), strategy=one), (ACCOUNT, "door", "dip")),
        (limited(Bench(), strategy=one), (ACCOUNT, "door", "")),
    ):
        assert reasons(bench.signal(mine + "1")) == [None]
        assert reasons(bench.signal(mine + "2")) == [Reason.WORKING_ORDERS_EXCEEDED]
        account, door, strategy = others
        named = f" strategy={strategy}" if strategy else ""
        assert reasons(bench.signal(f"buy {STOCK} 100@10.50:{account}{named} #a/3", door=door)) == [None]


def test_what_a_person_set_is_forgotten_with_the_day() -> None:
    bench = limited(Bench(), TEN)
    bench.feed(ev.LimitRequested("me", "x", MINE, WORKING, 20))
    assert bench.engine.state.gauges.limits(MINE).working_orders_max == 20
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(DAY + dt.timedelta(days=1)))
    assert bench.engine.state.gauges.limits(MINE).working_orders_max == 10


def test_a_restart_distrusts_and_a_person_confirms() -> None:
    bench = limited(Bench(), TEN)
    bench.feed(ev.LimitRequested("me", "x", MINE, WORKING, 20))
    bench.feed(ev.EngineStarted("test", bench.settings))
    assert bench.engine.state.gauges.limits(MINE).working_orders_max == 10
    bench.feed(ev.LimitsConfirmed("me", "x"))
    assert bench.engine.state.gauges.limits(MINE).working_orders_max == 20
