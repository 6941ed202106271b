"""A host that hangs under a running engine: found out and replaced; meanwhile signals are answered and cancels wait."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter as Count
from pathlib import Path

import pytest

from qmt_trading.client import Receipt
from qmt_trading.model.words import OrderStatus
from tests.terminal.engine import Market, desk, is_alive
from tests.terminal_accidents.conftest import ACCOUNT, OTHER, SYMBOLS, WIDE

STOCK = SYMBOLS[0]


@pytest.mark.slow
@pytest.mark.parametrize("what", ["its calls", "its process"])
def test_a_hung_host_is_replaced_while_signals_are_answered_and_cancels_wait(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    market = Market((ACCOUNT, OTHER))
    with desk(tmp_path, package, [market], limits=WIDE) as at:
        at.quote(*SYMBOLS)
        ours = at.buy(STOCK, ACCOUNT, id="hung/old")
        old = [market.wait_order(ours.orders[0].client_order_id)]
        old += [market.by_hand(ACCOUNT, STOCK, phone=phone) for phone in (False, True)]
        at.reaches(ours, OrderStatus.NEW)
        for row in old:
            at.shows(row)
        host, before = at.host_id(), at.account(ACCOUNT).session
        began = time.monotonic()
        if what == "its calls":
            market.freeze()
        else:
            os.kill(host, signal.Signals["SIGSTOP"])
        assert [line.status for line in at.send(f"{STOCK}:{ACCOUNT}").cancels] == ["accepted"] * 3
        time.sleep(1.05)  # A counter tells the second only.
        later = [market.by_hand(ACCOUNT, STOCK, phone=phone) for phone in (False, True)]
        receipts: list[Receipt] = []
        slowest = found = 0.0
        while at.account(ACCOUNT).session == before:
            assert time.monotonic() - began < 60, at.told()
            sent = time.monotonic()
            receipts.append(at.send(f"buy {SYMBOLS[1 + len(receipts) % 50]} 100@10.00:{OTHER} #hung/{len(receipts)}"))
            slowest = max(slowest, time.monotonic() - sent)
            found = found or (time.monotonic() - began if at.alerts("LINK_DOWN") else 0.0)
            time.sleep(0.2)
        replaced = time.monotonic() - began
        for row in old:
            at.wait(lambda row=row: at.shows(row).status is OrderStatus.CANCELED)  # type: ignore[misc]
        cancelled = time.monotonic() - began
        with capsys.disabled():
            print(
                f"\nhung in {what}: found after {found:.1f} s, a new session after {replaced:.1f} s, cancelled after "
                f"{cancelled:.1f} s; {len(receipts)} signals meanwhile, the slowest receipt after {slowest:.3f} s"
            )
        assert found < 20
        assert replaced < 20
        assert slowest < 5
        assert not is_alive(host)
        market.release()  # What was stuck in the terminal is worked off late.
        at.wait(lambda: all(at.is_ready(row) for row in at.running.view.accounts))
        at.listed_anew(ACCOUNT)
        at.listed_anew(OTHER)
        for row in later:
            assert (row["order_status"], at.shows(row).status, market.cancels(row)) == (50, OrderStatus.NEW, [])
        accepted = [line.client_order_id for receipt in receipts for line in receipt.orders if line.client_order_id]
        assert accepted
        placed = Count(row["order_remark"] for row in market.orders if row["order_remark"])
        assert set(placed.values()) == {1}
        for name in accepted:
            expected = {OrderStatus.NEW} if placed[name] else {OrderStatus.NOT_SENT, OrderStatus.UNKNOWN}
            at.wait(lambda name=name, expected=expected: at.order(name).status in expected)  # type: ignore[misc]
        assert at.running.view.submits_closed == ""
        at.reaches(at.buy(SYMBOLS[55], ACCOUNT, id="hung/new"), OrderStatus.NEW)


def test_a_hung_host_holds_up_neither_another_terminal_nor_the_end(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = Market((ACCOUNT,)), Market((OTHER,))
    with desk(tmp_path, package, [here, there], limits=WIDE) as at:
        at.quote(*SYMBOLS[:20])
        stuck = [at.host_id(1)]
        there.freeze()
        os.kill(stuck[0], signal.Signals["SIGSTOP"])
        slowest = 0.0
        for number, symbol in enumerate(SYMBOLS[:10]):
            began = time.monotonic()
            receipt = at.send(f"buy {symbol} 100@10.00:{ACCOUNT},{OTHER} #both/{number}")
            name = next(line.client_order_id for line in receipt.orders if line.account == ACCOUNT)
            row = here.wait_order(name)
            at.wait(lambda name=name: at.order(name).status is OrderStatus.NEW)  # type: ignore[misc]
            at.send(f"{symbol}:*")
            at.wait(lambda row=row: row["order_status"] == 54)  # type: ignore[misc]
            slowest = max(slowest, time.monotonic() - began)
        began = time.monotonic()
        at.stop()
        took = time.monotonic() - began
        here.wait(lambda: not is_alive(stuck[0]))
    with capsys.disabled():
        print(f"\nbeside a stopped host: an order and its cancel took {slowest:.3f} s at most, the end {took:.1f} s")
    assert slowest < 5
    assert took < 20


@pytest.mark.slow
@pytest.mark.parametrize("what", ["its calls", "its process"])
def test_a_host_that_hangs_with_nothing_under_way_is_replaced_as_well(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    market = Market((ACCOUNT,))
    with desk(tmp_path, package, [market], limits=WIDE) as at:
        at.quote(STOCK)
        host, before = at.host_id(), at.account(ACCOUNT).session
        began = time.monotonic()
        if what == "its calls":
            market.freeze()
        else:
            os.kill(host, signal.Signals["SIGSTOP"])
        at.wait(lambda: bool(at.alerts("LINK_DOWN")))
        found = time.monotonic() - began
        at.wait(lambda: at.account(ACCOUNT).session != before and at.is_ready(at.account(ACCOUNT)))
        replaced = time.monotonic() - began
        with capsys.disabled():
            print(f"\nhung in {what}, idle: found after {found:.1f} s, replaced after {replaced:.1f} s")
        assert (found < 20, replaced < 30) == (True, True)
        assert at.host_id() != host
        assert not is_alive(host)
        at.reaches(at.buy(STOCK, ACCOUNT, id="idle/new"), OrderStatus.NEW)
