"""Panic over the stand-in terminal: what it cancels, what it says, and when it claims that nothing works."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from qmt_trading.link import engine_end
from qmt_trading.market.no_cancel import STANDARD
from qmt_trading.model.instant import at_time
from qmt_trading.run.host_talk import HostTalk, Said
from qmt_trading.run.panic import HOSTS_MAX, Pace, Panic
from qmt_trading.run.terminal_orders import TerminalOrder
from tests.acceptance.conftest import OpenTalk
from tests.terminal.counter import ACCOUNT, Counter, Lies

SILENT_HOST = Path(__file__).parent / "silent_host.py"
AT_9_25 = at_time(dt.date(2026, 11, 26), (9 * 3600 + 25 * 60) * 1_000_000_000)
AT_9_21 = at_time(dt.date(2026, 11, 26), (9 * 3600 + 21 * 60) * 1_000_000_000)


FORGET: Callable[[Said], None] = lambda said: None  # noqa: E731
QUICK = Pace(
    ready=20.0,
    listing=5.0,
    effort=20.0,
    after_phase=20.0,
    between_lists=0.2,
    between_lists_waiting=0.2,
    retries=(0.3, 0.6),
)
SHORT = structs.replace(QUICK, effort=0.6)


@pytest.fixture(autouse=True)
def honest(counter: Counter) -> None:
    """Begin each test at an honest counter with an empty day."""
    counter.lies = Lies()
    counter.orders.clear()
    counter.fills.clear()
    counter.requests.clear()


def a_panic(open_talk: Callable[[], HostTalk], told: list[str], **more: Any) -> Panic:
    return Panic(ACCOUNT, open_talk, told.append, **{"phases": (), "pace": QUICK, **more})


def states(orders: tuple[TerminalOrder, ...]) -> list[tuple[str, str]]:
    return sorted((order.origin, order.state) for order in orders)


def test_own_hand_and_phone_orders_and_the_rest_of_a_part_filled_one_are_cancelled(
    counter: Counter, open_talk: OpenTalk
) -> None:
    counter.place_elsewhere(phone=True)
    counter.place_elsewhere(phone=False)
    part = counter.place_elsewhere(phone=False, quantity=300)
    part["order_remark"] = "ABCDE00000001"
    counter.fill(part, 100)
    done = counter.place_elsewhere(phone=False)
    counter.fill(done, 100)
    told: list[str] = []
    panic = a_panic(lambda: open_talk(FORGET, None), told)
    try:
        assert states(panic.look()) == [("手工", "已报"), ("手机或别处", "已报"), ("本系统", "部成")]
        assert panic.proven
        outcome = panic.cancel_all(wait=False)
    finally:
        panic.close()
    assert outcome.clean
    assert states(outcome.cancelled) == [("手工", "已撤"), ("手机或别处", "已撤"), ("本系统", "部撤")]
    assert told == []
    assert counter.asked("orderStock") == []
    (phone,) = [request for request in counter.asked("cancelOrderStock") if not request["m_nOrderID"]]
    assert (phone["m_strOrderSysID"], phone["m_strMarket"]) == ("S1", "SZ")


def test_nothing_at_the_counter_is_said_only_of_two_proven_lists(counter: Counter, open_talk: OpenTalk) -> None:
    panic = a_panic(lambda: open_talk(FORGET, None), [])
    try:
        assert panic.look() == ()
        assert panic.cancel_all(wait=False).clean
    finally:
        panic.close()
    assert len(counter.asked("queryStockOrders")) >= 2


def test_a_counter_that_refuses_is_asked_again_and_its_words_are_told(counter: Counter, open_talk: OpenTalk) -> None:
    counter.place_elsewhere(phone=False)
    counter.lies.cancel = "accepted_yet_not"
    stubborn = counter.place_elsewhere(phone=False)
    told: list[str] = []
    panic = a_panic(lambda: open_talk(FORGET, None), told, pace=structs.replace(QUICK, effort=2.0))
    try:
        panic.look()
        counter.move(stubborn, 255)
        counter.lies.cancel = ""
        outcome = panic.cancel_all(wait=False)
    finally:
        panic.close()
    assert not outcome.clean
    ((left, why),) = [(each.order, each.why) for each in outcome.left]
    assert left.broker_id == str(stubborn["order_id"])
    assert "撤单失败" in why
    asked = [request for request in counter.asked("cancelOrderStock") if request["m_nOrderID"] == stubborn["order_id"]]
    assert len(asked) >= 2


def test_a_cancel_that_was_taken_and_did_nothing_is_repeated(counter: Counter, open_talk: OpenTalk) -> None:
    counter.place_elsewhere(phone=False)
    counter.lies.cancel = "accepted_yet_not"
    panic = a_panic(lambda: open_talk(FORGET, None), [])
    try:
        panic.look()
        panic._try_all()
        counter.wait(lambda: counter.asked("cancelOrderStock"))
        counter.lies.cancel = ""
        outcome = panic.cancel_all(wait=False)
    finally:
        panic.close()
    assert outcome.clean
    assert len(counter.asked("cancelOrderStock")) == 2


def test_an_order_that_the_lists_leave_out_has_not_ended_by_that(counter: Counter, open_talk: OpenTalk) -> None:
    counter.place_elsewhere(phone=False)
    counter.lies.cancel = "accepted_yet_not"
    panic = a_panic(lambda: open_talk(FORGET, None), [], pace=SHORT)
    try:
        assert len(panic.look()) == 1
        hidden, counter.orders = counter.orders, []
        outcome = panic.cancel_all(wait=False)
        counter.orders = hidden
    finally:
        panic.close()
    assert not outcome.clean
    assert len(outcome.left) == 1


def test_empty_lists_over_a_dead_link_prove_nothing(counter: Counter, open_talk: OpenTalk) -> None:
    counter.place_elsewhere(phone=False)
    told: list[str] = []
    panic = a_panic(lambda: open_talk(FORGET, None), told, pace=SHORT)
    try:
        panic.look()
        counter.lies.dead_link = True
        outcome = panic.cancel_all(wait=False)
    finally:
        panic.close()
    assert not outcome.clean
    assert any("没有证实" in text for text in told)
    assert len(counter.asked("cancelOrderStock")) >= 1, "what was seen is cancelled all the same"


def test_between_9_20_and_9_25_it_says_so_and_with_wait_cancels_when_the_exchange_takes_cancels_again(
    counter: Counter, open_talk: OpenTalk
) -> None:
    counter.place_elsewhere(phone=False)
    counter.lies.cancel = "accepted_yet_not"
    told: list[str] = []
    clock = [AT_9_21, 0]

    def now_ns() -> int:
        clock[0] += clock[1]
        if clock[0] >= AT_9_25:
            counter.lies.cancel = ""
        return clock[0]

    panic = a_panic(lambda: open_talk(FORGET, None), told, phases=STANDARD, now_ns=now_ns, pace=SHORT)
    try:
        panic.look()
        outcome = panic.cancel_all(wait=False)
        assert [("不可撤单" in left.why) for left in outcome.left] == [True]
        assert outcome.wait_until_ns == AT_9_25
        clock[:] = [AT_9_25 - 1_000_000_000, 200_000_000]
        outcome = panic.cancel_all(wait=True)
    finally:
        panic.close()
    assert outcome.clean
    assert any("等到 9:25 再撤" in text for text in told)


def test_a_client_that_is_not_running_is_told_of_and_nothing_is_claimed(counter: Counter, open_talk: OpenTalk) -> None:
    counter.lies.connect_code = -1
    told: list[str] = []
    panic = a_panic(lambda: open_talk(FORGET, None), told, pace=structs.replace(SHORT, ready=0.7, listing=0.5))
    try:
        assert panic.look() == ()
        assert not panic.proven
        outcome = panic.cancel_all(wait=False)
    finally:
        panic.close()
    assert not outcome.clean
    assert any("连不上 QMT" in text for text in told)


def test_a_host_that_hangs_is_killed_and_another_one_goes_on(
    counter: Counter, open_talk: OpenTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_end, "DEAD_NS", 500_000_000)
    counter.place_elsewhere(phone=False)
    told: list[str] = []
    hung: list[HostTalk] = []

    def opened() -> HostTalk:
        if hung:
            return open_talk(FORGET, None)
        hung.append(HostTalk([sys.executable, str(SILENT_HOST)], ACCOUNT, keep=FORGET))
        return hung[0]

    panic = a_panic(opened, told, pace=structs.replace(QUICK, listing=0.7))
    try:
        panic.look()
        assert not panic.proven
        outcome = panic.cancel_all(wait=False)
    finally:
        panic.close()
    assert outcome.clean
    assert len(outcome.cancelled) == 1
    assert hung[0].ending
    assert any("没有心跳" in text and "换一个" in text for text in told)


def test_a_host_that_cannot_stay_is_given_up_after_a_few(open_talk: OpenTalk) -> None:
    told: list[str] = []
    begun: list[HostTalk] = []

    def opened() -> HostTalk:
        begun.append(HostTalk([sys.executable, "-c", "raise SystemExit(3)"], ACCOUNT, keep=FORGET))
        return begun[-1]

    panic = a_panic(opened, told, pace=SHORT)
    try:
        panic.look()
        outcome = panic.cancel_all(wait=False)
    finally:
        panic.close()
    assert not outcome.clean
    assert len(begun) == HOSTS_MAX
    assert any("一再失败" in text for text in told)
