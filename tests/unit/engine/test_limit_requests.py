"""People and limits: what is told when one is widened, held after a start, or confirmed; and no halt releases."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from qmt_trading.engine.engine import Engine
from qmt_trading.engine.gauges import is_looser
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.limits import Scope, ScopeKind
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Importance, TradingState
from tests.engine_bench import ACCOUNT, DAY, Bench

YUAN = 10_000
FILE = 100_000 * YUAN
"""The bench's own limit of an order's value."""
MINE = Scope(ScopeKind.ACCOUNT, ACCOUNT)


def ask(bench: Bench, value: int, limit: str = "order_value_max") -> list[out.Output]:
    return bench.feed(ev.LimitRequested("me", "大单", MINE, limit, value))


def restart(bench: Bench) -> list[out.Output]:
    return bench.feed(ev.EngineStarted("test", bench.settings))


def holds(bench: Bench) -> int:
    return bench.engine.state.gauges.limits(MINE).order_value_max


@pytest.mark.parametrize(
    ("limit", "value", "other", "looser"),
    [
        ("order_value_max", 2, 1, True),
        ("order_value_max", 1, 2, False),
        ("order_value_max", 1, 1, False),
        ("order_value_max", 0, 1, True),
        ("order_value_max", 1, 0, False),
        ("order_value_max", 0, 0, False),
        ("cash_reserve", 1, 2, True),
        ("cash_reserve", 2, 1, False),
        ("cash_reserve", 0, 1, True),
        ("cash_reserve", 1, 0, False),
    ],
)
def test_no_limit_is_the_loosest_and_a_reserve_is_looser_when_it_is_smaller(
    limit: str, value: int, other: int, looser: bool
) -> None:
    assert is_looser(limit, value, other) is looser


def test_a_limit_beyond_the_file_is_told_with_before_and_after() -> None:
    bench = Bench()
    ask(bench, 50_000 * YUAN)
    made = ask(bench, FILE + 1)
    assert [type(each) for each in made] == [out.LimitSet, out.Alert]
    alert = made[1]
    assert isinstance(alert, out.Alert)
    assert (alert.code, alert.importance, alert.account) == ("LIMIT_LOOSENED", Importance.WARNING, ACCOUNT)
    assert f"账户 {ACCOUNT} 单笔金额 50,000.00 → 100,000.00（配置 100,000.00）" in alert.chinese
    assert "me：大单" in alert.chinese
    assert "order_value_max of account 11031122 50,000.00 → 100,000.00" in alert.english
    assert holds(bench) == FILE + 1


@pytest.mark.parametrize("value", [FILE, FILE - 1, 1])
def test_a_limit_within_the_file_is_set_without_a_word(value: int) -> None:
    bench = Bench()
    assert [type(each) for each in ask(bench, value)] == [out.LimitSet]
    assert holds(bench) == value


def test_a_limit_that_is_taken_away_is_told() -> None:
    bench = Bench()
    ask(bench, 0)
    assert bench.alerts() == ["LIMIT_LOOSENED"]
    assert "→ 不限" in bench.made(out.Alert)[0].chinese


def test_after_a_start_the_tighter_holds_and_an_alert_says_which() -> None:
    bench = Bench()
    ask(bench, 300_000 * YUAN)
    ask(bench, 20, "orders_per_signal_max")
    (alert,) = [each for each in restart(bench) if isinstance(each, out.Alert)]
    assert (alert.code, alert.importance) == ("LIMITS_HELD", Importance.WARNING)
    assert f"账户 {ACCOUNT} 单笔金额 100,000.00（今天设 300,000.00，按配置取较严）" in alert.chinese
    assert f"账户 {ACCOUNT} 每信号委托笔数 20。" in alert.chinese
    assert "qmt risk confirm" in alert.chinese
    assert "set to 300,000.00; the file is tighter" in alert.english
    assert holds(bench) == FILE


def test_after_a_start_tighter_limits_hold_and_wait_for_nobody() -> None:
    bench = Bench()
    ask(bench, 50_000 * YUAN)
    (alert,) = [each for each in restart(bench) if isinstance(each, out.Alert)]
    assert alert.importance is Importance.INFORMATION
    assert "confirm" not in alert.chinese + alert.english
    assert holds(bench) == 50_000 * YUAN


def test_each_further_start_of_the_day_tells_only_what_has_changed() -> None:
    bench = Bench()
    ask(bench, 50_000 * YUAN)
    restart(bench)
    assert [restart(bench), restart(bench)] == [[], []]
    ask(bench, 20, "orders_per_signal_max")
    (alert,) = [each for each in restart(bench) if isinstance(each, out.Alert)]
    assert "每信号委托笔数 20" in alert.chinese
    assert restart(bench) == []


def test_a_start_without_limits_that_were_set_tells_nothing_of_them() -> None:
    bench = Bench()
    restart(bench)
    assert bench.alerts() == []


def test_a_confirmation_lets_them_hold_and_tells_what_is_beyond_the_file() -> None:
    bench = Bench()
    ask(bench, 300_000 * YUAN)
    ask(bench, 20, "orders_per_signal_max")
    restart(bench)
    (alert,) = bench.feed(ev.LimitsConfirmed("me", "还要用"))
    assert isinstance(alert, out.Alert)
    assert alert.code == "LIMITS_CONFIRMED"
    assert "单笔金额 300,000.00；me：还要用" in alert.chinese
    assert "每信号" not in alert.chinese
    assert holds(bench) == 300_000 * YUAN


def test_a_confirmation_of_tighter_limits_has_nothing_to_tell() -> None:
    bench = Bench()
    ask(bench, 50_000 * YUAN)
    restart(bench)
    assert bench.feed(ev.LimitsConfirmed("me", "好")) == []


def test_a_new_day_begins_with_the_file() -> None:
    bench = Bench()
    ask(bench, 300_000 * YUAN)
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(DAY + dt.timedelta(days=1)))
    assert holds(bench) == FILE
    assert bench.engine.view().limits == Bench().engine.view().limits
    restart(bench)
    assert "LIMITS_HELD" not in bench.alerts()


def test_a_start_before_the_day_turns_leaves_it_to_the_new_day() -> None:
    bench = Bench()
    ask(bench, 300_000 * YUAN)
    bench.now_ns += 24 * 3600 * SECOND_NS
    restart(bench)
    assert "LIMITS_HELD" not in bench.alerts()


def test_who_set_a_limit_and_why_survives_a_snapshot() -> None:
    bench = Bench()
    ask(bench, 300_000 * YUAN)
    view = Engine(restore(capture(bench.engine.state))).view()
    assert view.limits == bench.engine.view().limits
    (image,) = [each for each in view.limits if each.scope == MINE]
    assert (image.set_today[0].told.who, image.set_today[0].told.why) == ("me", "大单")
    assert image.holds == replace(image.written, order_value_max=300_000 * YUAN)


def test_asking_for_less_than_holds_releases_nothing() -> None:
    bench = Bench()
    for account in (None, ACCOUNT):
        bench.feed(ev.HaltRequested("me", "停", account))
        assert bench.feed(ev.HaltRequested("other", "减", account, TradingState.REDUCING)) == []
    assert (bench.engine.state.trading_state, bench.engine.state.told.who) == (TradingState.HALTED, "me")
    assert bench.engine.state.accounts[ACCOUNT].state is TradingState.HALTED


def test_reducing_can_be_asked_for_and_be_made_a_halt() -> None:
    bench = Bench()
    bench.feed(ev.HaltRequested("me", "减", ACCOUNT, TradingState.REDUCING))
    assert bench.engine.view().accounts[0].state is TradingState.REDUCING
    bench.feed(ev.HaltRequested("me", "停", ACCOUNT))
    assert bench.engine.view().accounts[0].state is TradingState.HALTED


def test_each_step_of_a_limit_is_told_in_order_and_survives_a_snapshot() -> None:
    bench = Bench()
    ask(bench, 300_000 * YUAN)
    ask(bench, 50_000 * YUAN)
    ask(bench, 0)
    steps = bench.engine.view().limit_steps
    assert [(each.before, each.value) for each in steps] == [
        (FILE, 300_000 * YUAN),
        (300_000 * YUAN, 50_000 * YUAN),
        (50_000 * YUAN, 0),
    ]
    assert {(each.scope, each.limit, each.told.who, each.told.why) for each in steps} == {
        (MINE, "order_value_max", "me", "大单")
    }
    assert Engine(restore(capture(bench.engine.state))).view().limit_steps == steps


def test_a_new_day_begins_without_steps() -> None:
    bench = Bench()
    ask(bench, 300_000 * YUAN)
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(DAY + dt.timedelta(days=1)))
    assert bench.engine.view().limit_steps == ()
