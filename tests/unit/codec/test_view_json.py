"""Rows for people and programs: what holds for an account, and what is known of an engine that has ended."""

from __future__ import annotations

from qmt_trading.codec.view_json import Plain, rows_of
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import Price, to_text
from qmt_trading.model.view import View
from qmt_trading.model.words import TradingState
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench


def accounts(view: View, *, running: bool = True) -> list[Plain]:
    return rows_of(view, "accounts", 10, running=running)


def test_a_global_halt_shows_in_every_account() -> None:
    bench = Bench()
    bench.feed(ev.HaltRequested("me", "test"))
    rows = accounts(bench.engine.view())
    assert {row["state_text"] for row in rows} == {"已停止（仅可撤单）"}
    assert {row["own_state"] for row in rows} == {"ACTIVE"}


def test_an_accounts_own_halt_is_its_own_and_the_stricter_state_holds() -> None:
    bench = Bench()
    bench.feed(ev.HaltRequested("me", "test", ACCOUNT))
    bench.feed(ev.HaltRequested("me", "test", None, TradingState.REDUCING))
    assert {row["account"]: row["state"] for row in accounts(bench.engine.view())} == {
        ACCOUNT: "HALTED",
        OTHER: "REDUCING",
    }
    (status,) = rows_of(bench.engine.view(), "status", 1)
    assert status["accounts_halted"] == [ACCOUNT]


def test_an_engine_that_has_ended_is_connected_to_nothing() -> None:
    view = Bench().engine.view()
    assert [row["link_text"] for row in accounts(view)] == ["已连接", "已连接"]
    dead = accounts(view, running=False)
    assert [(row["link"], row["link_text"], row["ready"]) for row in dead] == [(None, "–（引擎未运行）", False)] * 2
    (status,) = rows_of(view, "status", 1, running=False)
    assert (status["state"], status["state_text"]) == ("ACTIVE", "未运行（退出前：正常交易）")
    assert status["accounts_ready"] == 0


def test_who_stopped_trading_and_why_is_told_where_it_is_known() -> None:
    bench = Bench()
    bench.feed(ev.HaltRequested("me", "test"))
    view = bench.engine.view()
    (status,) = rows_of(view, "status", 1)
    assert (status["state_who"], status["state_why"]) == ("me", "test")
    assert str(status["state_since"]).startswith("2026-11-24T10:00:00")
    assert status["state_cause_text"] == "me：test"
    assert all(row["state_who"] == "me" for row in accounts(view))


def test_a_halt_that_no_person_asked_for_is_told_in_words() -> None:
    bench = Bench()
    bench.feed(ev.HaltRequested("engine", "AMPLIFICATION"))
    (status,) = rows_of(bench.engine.view(), "status", 1)
    assert status["state_cause_text"] == "系统：一分钟内委托过多"
    bench.feed(ev.HaltRequested("file", ""))
    (status,) = rows_of(bench.engine.view(), "status", 1)
    assert status["state_cause_text"] == "HALT 文件：未写原因"


def test_modes_and_sides_are_told_in_chinese_beside_their_keys() -> None:
    bench = Bench()
    bench.buy()
    view = bench.engine.view()
    assert (rows_of(view, "status", 1)[0]["mode"], rows_of(view, "status", 1)[0]["mode_text"]) == ("paper", "模拟")
    (order,) = rows_of(view, "orders", 1)
    assert (order["side"], order["side_text"]) == ("buy", "买入")


def test_a_signal_accepted_in_part_says_how_much_was_not() -> None:
    bench = Bench()
    bench.signal(f"buy 600000.SH 100@10.50:{ACCOUNT},nobody")
    bench.signal(f"cancel 600000.SH:{OTHER}")
    rows = rows_of(bench.engine.view(), "signals", 2)
    assert [row["status_text"] for row in rows] == ["已受理（无需动作）", "已受理（1 ✓ 1 ✗）"]


def test_what_is_held_has_its_price_and_what_it_has_earned() -> None:
    bench = Bench()
    name = bench.buy(200)
    bench.filled(bench.fill(name, 200))
    bench.feed(ev.PositionsMarked((ev.Mark(STOCK, Price(106_000), Price(104_000)),)))
    view = bench.engine.view()
    mine, theirs = rows_of(view, "positions", 9)
    cost = bench.engine.state.accounts[ACCOUNT].positions[STOCK].cost
    fee = cost - 200 * 105_000
    assert (mine["last_price"], theirs["last_price"]) == ("10.60", "10.60")
    assert (mine["previous_close"], theirs["previous_close"]) == ("10.40", "10.40")
    assert mine["floating_profit"] == to_text(2_200 * 106_000 - cost)
    assert mine["day_profit"] == to_text(2_000 * 2_000 + 200 * 1_000 - fee)
    assert theirs["day_profit"] == "400.00"
    assert [row["day_profit"] for row in accounts(view)] == [mine["day_profit"], theirs["day_profit"]]
    assert [row["floating_profit"] for row in accounts(view)] == [mine["floating_profit"], theirs["floating_profit"]]


def test_where_no_price_is_known_no_profit_is_told() -> None:
    view = Bench().engine.view()
    for row in rows_of(view, "positions", 9) + accounts(view):
        assert (row["day_profit"], row["floating_profit"]) == (None, None)
    assert {row["last_price"] for row in rows_of(view, "positions", 9)} == {None}


def test_accounts_that_are_stopped_by_themselves_are_named_with_their_state() -> None:
    bench = Bench()
    bench.feed(ev.HaltRequested("me", "test", ACCOUNT, TradingState.REDUCING))
    (status,) = rows_of(bench.engine.view(), "status", 1)
    assert status["accounts_halted_text"] == [f"{ACCOUNT} 只卖不买"]
