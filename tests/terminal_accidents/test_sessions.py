"""Accidents with the way to the terminal: stuck, restarted, told of by its dead session, or dead while orders wait."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from qmt_trading.model.words import LinkState, OrderStatus
from tests.terminal.engine import Desk, Market, desk, is_alive
from tests.terminal_accidents.conftest import ACCOUNT, OTHER, QUICK, SYMBOLS, WIDE

STOCK, ELSEWHERE, THIRD_STOCK = SYMBOLS[:3]
STUCK: Final = {**QUICK, "CALL_S": 4.5}
"""As QUICK, but a stuck call is waited for as long as by the host as it is."""


@pytest.fixture
def own(package: Path, tmp_path: Path) -> Iterator[Desk]:
    """Run an engine over one terminal, for one test."""
    with desk(tmp_path, package, [Market((ACCOUNT, OTHER), held=(STOCK,))], waits=QUICK, limits=WIDE) as made:
        made.quote(STOCK, ELSEWHERE, THIRD_STOCK)
        yield made


def session(at: Desk) -> int:
    return at.account(ACCOUNT).session


def comes_back(at: Desk, before: int) -> None:
    """Wait for a new session of both accounts, and their lists."""
    at.wait(lambda: session(at) > before and all(at.is_ready(row) for row in at.running.view.accounts))


def test_a12_while_every_call_is_stuck_rows_go_on_coming_and_the_engine_can_stop(
    own: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    hand = own.market.by_hand(ACCOUNT, STOCK, phone=False, quantity=20_000)
    own.shows(hand)
    host = own.host_id()
    own.market.freeze()
    own.send(f"{STOCK}:{ACCOUNT}")
    own.market.wait(lambda: own.market.cancels(hand))
    for _ in range(100):
        own.market.fill(hand, 100)
    own.wait(lambda: own.shows(hand).filled_quantity == 10_000)
    began = time.monotonic()
    own.stop()
    took = time.monotonic() - began
    own.market.wait(lambda: not is_alive(host))
    with capsys.disabled():
        print(f"\na stuck terminal held the engine's stop up for {took:.1f} s")
    assert took < 20


def test_a13_a_terminal_that_restarts_without_a_word_is_noticed_and_served_anew(own: Desk) -> None:
    standing = own.buy(STOCK, ACCOUNT, id="a13/1")
    own.reaches(standing, OrderStatus.NEW)
    before = session(own)
    own.market.restart()
    lost = own.send(f"buy {ELSEWHERE} 100@10.00:{ACCOUNT} #a13/2")
    comes_back(own, before)
    assert own.alerts("LINK_DOWN")
    own.listed_anew(ACCOUNT)
    if lost.status == "accepted":  # A slow machine knows by now that the account is down.
        own.reaches(lost, OrderStatus.UNKNOWN)
    own.send(f"{STOCK}:{ACCOUNT}")
    own.reaches(standing, OrderStatus.CANCELED)
    own.reaches(own.buy(THIRD_STOCK, ACCOUNT, id="a13/3"), OrderStatus.NEW)
    assert len(own.market.placed(stock_code=ELSEWHERE)) == 0
    asked = [each["m_strStockCode"] for each in own.market.asked("orderStock")]
    assert asked.count(ELSEWHERE) == (lost.status == "accepted")


def test_a14_quotes_that_fall_silent_are_told_of_and_subscribed_again(own: Desk) -> None:
    began = time.monotonic()
    own.market.drop_quotes()
    own.wait(lambda: own.alerts("TERMINAL", "行情中断"))
    assert time.monotonic() - began < 20
    own.wait(lambda: own.market.subscriptions)

    def is_back() -> list[str]:
        own.tell_quotes(STOCK)
        return own.alerts("TERMINAL", "行情恢复")

    own.wait(is_back)
    assert own.account(ACCOUNT).link is LinkState.CONNECTED


def test_a16_the_last_words_of_a_dead_session_change_nothing_in_the_new_one(own: Desk) -> None:
    receipt = own.buy(STOCK, ACCOUNT, id="a16/1")
    row = own.market.wait_order(receipt.orders[0].client_order_id)
    own.reaches(receipt, OrderStatus.NEW)
    before = session(own)
    own.market.hang("stop")  # So that the old session can still speak.
    own.market.drop_link(tell=True)
    comes_back(own, before)
    own.market.tell("StockOrder", {**row, "order_status": 54}, dead=True)
    own.market.tell("StockOrder", {**row, "order_id": 7, "order_sysid": "S7"}, dead=True)
    own.market.tell("Disconnected", dead=True)
    ours = own.market.by_hand(ACCOUNT, STOCK, phone=False)
    own.shows(ours)
    own.listed_anew(ACCOUNT)
    assert own.ours(receipt).status is OrderStatus.NEW
    assert not own.alerts("REMARK_TWICE")
    assert session(own) > before
    assert own.account(ACCOUNT).link is LinkState.CONNECTED


def test_a25_what_had_not_left_when_its_host_died_never_leaves(package: Path, tmp_path: Path) -> None:
    with desk(tmp_path, package, [Market((ACCOUNT,))], waits=STUCK, limits=WIDE) as own:
        own.quote(STOCK, ELSEWHERE, THIRD_STOCK)
        own.market.hang("orderStock")
        handed = own.buy(STOCK, ACCOUNT, id="a25/1")
        own.market.wait(lambda: own.market.asked("orderStock"))
        waiting = own.buy(ELSEWHERE, ACCOUNT, id="a25/2")
        before = session(own)
        os.kill(own.host_id(), signal.Signals["SIGKILL"])
        own.wait(lambda: own.account(ACCOUNT).link is LinkState.DOWN)
        assert own.send(f"buy {THIRD_STOCK} 100@10.00:{ACCOUNT} #a25/3").status == "denied"
        for receipt in (handed, waiting):
            own.reaches(receipt, OrderStatus.UNKNOWN)
        own.market.release()  # The terminal works off what it had been handed: a row of a dead host's order.
        comes_back(own, before)
        own.reaches(handed, OrderStatus.NEW)
        own.listed_anew(ACCOUNT)
        assert own.ours(waiting).status is OrderStatus.UNKNOWN
        assert [each["m_strStockCode"] for each in own.market.asked("orderStock")] == [STOCK]
        own.send(f"{STOCK}:{ACCOUNT}")
        own.reaches(handed, OrderStatus.CANCELED)
