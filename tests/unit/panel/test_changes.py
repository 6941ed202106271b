"""Changes: what is new between two views of a real engine, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from qmt_trading.market.sessions import ALWAYS_OPEN
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import OrderStatus
from qmt_trading.panel.changes import SLOW_NS, Changes
from qmt_trading.panel.deltas import Delta, encode
from qmt_trading.panel.shown import EngineTold, Shown
from tests.engine_bench import ACCOUNT, Bench


class Screen:
    """Looks at a bench and takes what is new."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.changes = Changes()
        self.steady_ns = 0
        self.engine = EngineTold(runs=True)

    def look(self, *points: tuple[str, int, str], later_ns: int = 2 * SECOND_NS) -> Delta | None:
        self.steady_ns += later_ns
        shown = Shown(
            view=self.bench.engine.view(),
            engine=self.engine,
            now_ns=self.bench.now_ns,
            steady_ns=self.steady_ns,
            version="test",
            session=ALWAYS_OPEN,
        )
        return self.changes.since_last(shown, points, self.steady_ns)

    def told(self, *points: tuple[str, int, str], later_ns: int = 2 * SECOND_NS) -> dict[str, Any]:
        delta = self.look(*points, later_ns=later_ns)
        assert delta is not None
        frame: dict[str, Any] = json.loads("{" + encode(delta))
        return frame


@pytest.fixture
def screen() -> Screen:
    made = Screen(Bench())
    first = made.look()
    assert first is not None
    assert first.is_gap, "whoever looks for the first time asks for everything"
    return made


def test_where_nothing_happens_nothing_is_told(screen: Screen) -> None:
    screen.look()
    assert screen.look() is None


def test_an_order_and_its_signal_are_told_when_they_come_to_be(screen: Screen) -> None:
    name = screen.bench.buy()
    frame = screen.told()
    assert [row["client_order_id"] for row in frame["orders"]] == [name]
    assert [row["seq"] for row in frame["signals"]] == [1]
    assert frame["counts"]["orders"] == 1


def test_only_the_order_that_changed_is_told_again(screen: Screen) -> None:
    first, _second = screen.bench.buy(), screen.bench.buy(200)
    screen.look()
    screen.bench.report(screen.bench.row(first))
    assert [(row["client_order_id"], row["status"]) for row in screen.told()["orders"]] == [(first, "NEW")]


def test_a_fill_is_told_once_with_what_it_moved(screen: Screen) -> None:
    name = screen.bench.buy()
    screen.bench.report(screen.bench.row(name))
    screen.look()
    screen.bench.filled(screen.bench.fill(name))
    frame = screen.told()
    assert [row["fill_id"] for row in frame["fills"]] == ["f1"]
    assert [row["quantity"] for row in frame["positions"]] == [2100]
    assert [row["account"] for row in frame["accounts"]] == [ACCOUNT], "the other account has not changed"
    again = screen.look()
    assert again is None or "fills" not in again.added


def test_money_is_told_no_faster_than_people_read(screen: Screen) -> None:
    screen.look()
    screen.bench.buy()
    quick = screen.look(later_ns=SLOW_NS // 4)
    assert quick is not None
    assert "orders" in quick.keyed
    assert "accounts" not in quick.keyed
    assert "accounts" in screen.told(later_ns=SLOW_NS)


def test_a_halt_is_told_at_once(screen: Screen) -> None:
    screen.look()
    screen.bench.feed(ev.HaltRequested("li", "test"))
    frame = screen.told(later_ns=1)
    assert frame["status"]["state"] == "HALTED"
    assert [row["state"] for row in frame["accounts"]] == ["HALTED", "HALTED"]


def test_an_alert_is_told_once(screen: Screen) -> None:
    name = screen.bench.buy()
    screen.look()
    screen.bench.report(screen.bench.row(name, OrderStatus.REJECTED))
    screen.bench.feed(ev.HaltRequested("li", "test"))
    codes = [row["code"] for row in screen.told()["alerts"]]
    assert codes
    assert len(codes) == len(set(codes))
    again = screen.look()
    assert again is None or "alerts" not in again.added


def test_another_day_is_a_gap(screen: Screen) -> None:
    screen.bench.feed(ev.DayBegan(screen.bench.engine.state.day.replace(day=25)))  # type: ignore[union-attr]
    delta = screen.look()
    assert delta is not None
    assert delta.is_gap


def test_an_engine_that_stops_is_told(screen: Screen) -> None:
    screen.engine = EngineTold(runs=False)
    frame = screen.told(later_ns=1)
    assert frame["status"]["engine"]["running"] is False
    assert frame["status"]["accounts_ready"] == 0


def test_prices_doors_and_points_are_told_where_they_are_new(screen: Screen) -> None:
    screen.engine = replace(screen.engine, prices={"600000.SH": "10.5"}, doors=({"door": "pipe"},))
    frame = screen.told(("", 5, "1000000"))
    assert frame["prices"] == {"600000.SH": "10.5"}
    assert frame["doors"] == [{"door": "pipe"}]
    assert frame["equity"] == [[5, "1000000"]]
    assert screen.look() is None


def test_an_alert_is_told_again_when_somebody_has_acknowledged_it(screen: Screen) -> None:
    screen.bench.feed(ev.DoorComplained("door", "甲", "a"))
    (told,) = screen.told()["alerts"]
    assert (told["open"], told["acknowledged_by"]) == (True, None)
    screen.bench.feed(ev.AcknowledgeRequested("me", "", (told["id"],)))
    frame = screen.told()
    (again,) = frame["alerts"]
    assert (again["id"], again["open"], again["acknowledged_by"]) == (told["id"], False, "me")
    assert frame["status"]["unacknowledged"] == 0
