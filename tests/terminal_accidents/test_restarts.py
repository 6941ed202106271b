"""Accidents with the engine's own process and its journal: killed, started again, or started on nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.client import SendError
from qmt_trading.model.words import OrderStatus, TradingState
from tests.terminal.engine import PATIENCE_S, Desk, Market, desk, is_alive
from tests.terminal_accidents.conftest import ACCOUNT, OTHER, QUICK, SYMBOLS, WIDE

STOCK, ELSEWHERE = SYMBOLS[:2]


@pytest.fixture
def own(package: Path, tmp_path: Path) -> Iterator[Desk]:
    """Run an engine over one terminal, for one test."""
    with desk(tmp_path, package, [Market((ACCOUNT, OTHER))], waits=QUICK, limits=WIDE) as made:
        yield made


def test_a17_after_a_restart_an_order_is_cancelled_by_the_number_that_the_journal_kept(own: Desk) -> None:
    own.quote(STOCK)
    receipt = own.buy(STOCK, ACCOUNT, id="a17/1")
    row = own.market.wait_order(receipt.orders[0].client_order_id)
    own.reaches(receipt, OrderStatus.NEW)
    own.stop()
    own.market.lies.silent = {"queryStockOrders"}  # No list tells the new process anything.
    own.start(ready=False)
    assert own.ours(receipt).broker_order_id == str(row["order_id"])
    own.send(f"{STOCK}:{ACCOUNT}")
    own.reaches(receipt, OrderStatus.CANCELED)
    assert [each["m_nOrderID"] for _, each in own.market.cancels(row)] == [row["order_id"]]


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_a23_an_engine_killed_between_its_journal_and_the_order_sends_nothing_twice(own: Desk, when: str) -> None:
    own.stop()
    killed = run_until_it_dies(own, when)
    asked = len(own.market.asked("orderStock"))
    assert asked == (1 if when == "after" else 0)
    own.start()
    own.quote(STOCK)
    again = own.send(f"buy {STOCK} 100@10.00:{ACCOUNT} #{killed}")  # Its sender does not know, and sends again.
    assert again.status == "duplicate"
    if when == "after":
        own.reaches(again, OrderStatus.NEW)
    else:
        own.reaches(again, OrderStatus.UNKNOWN)
        assert own.alerts("ORDER_UNKNOWN") or own.ours(again).text
        own.listed_anew(ACCOUNT)
        assert own.ours(again).status is OrderStatus.UNKNOWN
    assert own.send(f"buy {STOCK} 200@10.00:{ACCOUNT} #other").status == ("accepted" if when == "after" else "denied")
    assert len(own.market.placed(stock_code=STOCK, order_volume=100)) == asked


def run_until_it_dies(own: Desk, when: str) -> str:
    """Run an engine in a process of its own until its first order kills it; return the id of that order's message."""
    command = [sys.executable, "-m", "tests.terminal.dying_engine", str(own.config), when]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        assert engine.stdout.readline() == b"ready\n"
        host = own.market.hosts[-1]
        until = time.monotonic() + PATIENCE_S
        number = 0
        while True:
            assert time.monotonic() < until, "no order was accepted"
            number += 1
            own.tell_quotes(STOCK)
            try:
                receipt = own.send(f"buy {STOCK} 100@10.00:{ACCOUNT} #a23/{number}", timeout_s=1.5)
            except SendError:
                break
            assert receipt.orders[0].reason == "SYMBOL_UNKNOWN", receipt
            time.sleep(0.05)
        assert engine.wait(PATIENCE_S) == -9
    own.market.wait(lambda: not is_alive(host))
    return f"a23/{number}"


def test_a31_a_journal_that_was_lost_stops_the_account_whose_orders_it_does_not_know(own: Desk) -> None:
    own.quote(STOCK)
    receipt = own.buy(STOCK, ACCOUNT, id="a31/1")
    row = own.market.wait_order(receipt.orders[0].client_order_id)
    own.reaches(receipt, OrderStatus.NEW)
    own.stop()
    shutil.rmtree(own.folder / "data-live")
    own.start()
    own.wait(lambda: own.account(ACCOUNT).state is TradingState.HALTED)
    assert own.alerts("OTHER_ENGINE", receipt.orders[0].client_order_id)
    assert own.account(OTHER).state is TradingState.ACTIVE
    own.quote(STOCK, ELSEWHERE)
    denied = own.send(f"buy {ELSEWHERE} 100@10.00:{ACCOUNT} #a31/2")
    assert (denied.status, len(own.market.asked("orderStock"))) == ("denied", 1)
    own.reaches(own.buy(ELSEWHERE, OTHER, id="a31/3"), OrderStatus.NEW)
    assert own.order(own.market.orders[-1]["order_remark"]).client_order_id != row["order_remark"]
    own.send(f"{STOCK}:{ACCOUNT}")
    own.wait(lambda: own.shows(row).status is OrderStatus.CANCELED)
