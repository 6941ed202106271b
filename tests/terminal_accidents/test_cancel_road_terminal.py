"""The cancel road, row by row, over a terminal: one bare cancel, and whatever the account may hold in the client.

Each row is tried with an order of ours, one typed by hand into the client, and one placed by phone.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from enum import Enum
from pathlib import Path
from typing import Final

import pytest

from qmt_trading.codec.view_json import order_text
from qmt_trading.model import events as ev
from qmt_trading.model.errors import JournalError
from qmt_trading.model.instant import at_time
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, OrderStatus, TradingState
from qmt_trading.ports import Closing, StoredTurn
from tests.terminal.counter import Row
from tests.terminal.engine import Desk, Market, SetClock, desk, milliseconds
from tests.terminal_accidents.conftest import ACCOUNT, HELD, OTHER, QUICK, SYMBOLS, THIRD, WIDE

FREE: Final = iter(SYMBOLS[20:])
HELD_FREE: Final = iter(HELD)
DAY: Final = dt.date(2026, 11, 26)
"""A Thursday that trades."""


class Origin(Enum):
    """Who placed an order."""

    OURS = "ours"
    HAND = "hand"
    PHONE = "phone"


every_origin = pytest.mark.parametrize("origin", list(Origin), ids=lambda origin: origin.value)


def at_work(at: Desk, origin: Origin, symbol: str, *, side: str = "buy", account: str = ACCOUNT) -> Row:
    """Put an order to work, as the engine knows, and return its row in the counter's book."""
    if origin is Origin.OURS:
        receipt = at.accepted(f"{side} {symbol} 100@10.00:{account} #own/{symbol}{account}{time.time_ns()}")
        row = at.market.wait_order(receipt.orders[0].client_order_id)
        at.reaches(receipt, OrderStatus.NEW)
        return row
    row = at.market.by_hand(account, symbol, phone=origin is Origin.PHONE, side=side)
    at.shows(row)
    return row


def bare(at: Desk, symbol: str, account: str = ACCOUNT, *, door: str = "s.sock") -> list[str]:
    """Send a bare message, and return what its receipt says of each order."""
    receipt = at.send(f"{symbol}:{account}", door=door)
    assert receipt.status == "accepted", receipt
    return [line.status for line in receipt.cancels]


def ends(at: Desk, row: Row, status: OrderStatus = OrderStatus.CANCELED) -> None:
    at.wait(lambda: at.shows(row).status is status)


def how(at: Desk, row: Row) -> list[tuple[int, str, str]]:
    """Return order id, contract number and market of each cancel of ``row`` that reached the counter."""
    fields = ("m_nOrderID", "m_strOrderSysID", "m_strMarket")
    return [(each[fields[0]], each[fields[1]], each[fields[2]]) for _, each in at.market.cancels(row)]


@every_origin
def test_row_1_to_3_what_works_is_cancelled_by_order_id_or_else_by_contract_number(at: Desk, origin: Origin) -> None:
    symbol = next(FREE)
    row = at_work(at, origin, symbol)
    assert (row["order_id"] == 0) is (origin is Origin.PHONE)
    assert bare(at, symbol) == ["accepted"]
    ends(at, row)
    assert row["order_status"] == 54
    assert how(at, row) == [(0, row["order_sysid"], "SH") if origin is Origin.PHONE else (row["order_id"], "", "")]


@every_origin
def test_row_4_of_a_part_filled_order_the_rest_is_cancelled_and_the_fill_kept(at: Desk, origin: Origin) -> None:
    symbol = next(FREE)
    row = at_work(at, origin, symbol)
    at.market.fill(row, 40)
    at.wait(lambda: at.held(ACCOUNT, symbol) == 40)
    bare(at, symbol)
    ends(at, row)
    order = at.shows(row)
    assert (row["order_status"], order.filled_quantity, order_text(order)) == (53, 40, "部撤")
    assert at.held(ACCOUNT, symbol) == 40


@every_origin
def test_row_5_a_sell_goes_only_where_the_door_says_so(at: Desk, origin: Origin) -> None:
    symbol = next(HELD_FREE)
    row = at_work(at, origin, symbol, side="sell")
    assert bare(at, symbol, door="buys.sock") == ["nothing"]
    at.listed_anew(ACCOUNT)
    assert (row["order_status"], how(at, row)) == (50, [])
    assert bare(at, symbol) == ["accepted"]
    ends(at, row)


def test_row_6_an_intent_that_is_not_yet_on_disk_is_dropped(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    symbol = next(FREE)
    journal = at.running._journal
    append, writing, written = journal.append, threading.Event(), threading.Event()

    def slow(turn: StoredTurn, *, closing: Closing | None = None) -> None:
        if symbol.encode() in turn.payload and not writing.is_set():
            writing.set()
            written.wait(1.5)
        append(turn, closing=closing)

    monkeypatch.setattr(journal, "append", slow)
    receipts = []
    sender = threading.Thread(target=lambda: receipts.append(at.buy(symbol, ACCOUNT, id="row6/1")))
    canceller = threading.Thread(target=lambda: at.send(f"{symbol}:{ACCOUNT}"))
    sender.start()
    assert writing.wait(20)
    canceller.start()
    marks = at.running._loop._engine.state.accounts[AccountId(ACCOUNT)].marks
    at.wait(lambda: any(mark.symbol == symbol for mark in list(marks.values())))
    written.set()  # The disk comes back when the cancel has been decided.
    for thread in (sender, canceller):
        thread.join(20)
    assert at.reaches(receipts[0], OrderStatus.NOT_SENT).text == "cancel"
    assert at.market.placed(stock_code=symbol) == []


def test_row_6_an_unknown_order_is_asked_about_and_cancelled_when_found(at: Desk) -> None:
    symbol = next(FREE)
    at.market.lies.minus_one = at.market.lies.reorder = True
    at.market.lies.silent = {"queryStockOrders"}
    receipt = at.buy(symbol, ACCOUNT, id="row6/2")
    at.reaches(receipt, OrderStatus.UNKNOWN)
    asked = len(at.market.asked("queryStockOrders"))
    bare(at, symbol)
    (row,) = at.market.placed(stock_code=symbol)
    assert how(at, row) == []
    at.market.honest()
    at.reaches(receipt, OrderStatus.CANCELED)
    assert len(at.market.asked("queryStockOrders")) > asked
    assert how(at, row) == [(row["order_id"], "", "")]


@every_origin
def test_row_7_an_order_placed_a_second_later_is_untouched(at: Desk, origin: Origin) -> None:
    symbol = next(FREE)
    assert bare(at, symbol) == ["nothing"]
    if origin is not Origin.OURS:
        time.sleep(1.05)  # A counter tells the second only.
    row = at_work(at, origin, symbol)
    at.listed_anew(ACCOUNT)
    assert (row["order_status"], how(at, row), at.shows(row).status) == (50, [], OrderStatus.NEW)


@every_origin
def test_row_8_a_refused_cancel_is_judged_by_the_row_alone(at: Desk, origin: Origin) -> None:
    symbol = next(FREE)
    row = at_work(at, origin, symbol)
    at.market.lies.cancel = "refused_yet_cancelled"
    bare(at, symbol)
    ends(at, row)
    assert len(how(at, row)) == 1


@every_origin
def test_row_8_a_cancel_that_went_well_and_did_nothing_is_repeated_until_the_end(at: Desk, origin: Origin) -> None:
    symbol = next(FREE)
    row = at_work(at, origin, symbol)
    at.market.lies.cancel = "accepted_yet_not"
    bare(at, symbol)
    at.market.wait(lambda: len(how(at, row)) == 2)
    assert row["order_status"] == 50
    at.market.lies.cancel = ""
    ends(at, row)


@every_origin
@pytest.mark.parametrize("brake", ["halted", "account halted", "reducing", "morning", "unknown", "quotes"])
def test_row_9_no_brake_holds_it_back(at: Desk, origin: Origin, brake: str) -> None:
    symbol = next(FREE)
    row = at_work(at, origin, symbol)
    account = AccountId(ACCOUNT) if brake == "account halted" else None
    state = TradingState.REDUCING if brake == "reducing" else TradingState.HALTED
    if brake == "unknown":
        at.market.lies.minus_one = at.market.lies.vanish = True
        at.reaches(at.buy(symbol, ACCOUNT, id=f"row9/{origin.value}"), OrderStatus.UNKNOWN)
    elif brake == "quotes":
        at.market.quotes_up = False
        at.market.drop_quotes()
    elif brake == "morning":
        red = {Origin.OURS: "list", Origin.HAND: "figures", Origin.PHONE: "session"}[
            origin
        ]  # Accepted once, it stays so.
        at.running._inbox.report(ev.MorningChecked(AccountId(ACCOUNT), (red,), "红", "red"))
        at.wait(lambda: at.account(ACCOUNT).morning.closed)
        assert at.send(f"buy {symbol} 200@10.00:{ACCOUNT} #red/{origin.value}").orders[0].reason == "MORNING_RED"
    else:
        at.ask(ev.HaltRequested("me", "drill", account, state))
    try:
        assert "accepted" in bare(at, symbol)
        ends(at, row)
    finally:
        at.market.quotes_up = True
        if brake == "morning":
            at.ask(ev.MorningAccepted("me", "drill", AccountId(ACCOUNT)))
        elif brake not in ("unknown", "quotes"):
            at.ask(ev.ResumeRequested("me", "drill", account))
    assert len(how(at, row)) == 1


def test_row_9_with_a_full_disk_it_leaves_and_people_are_told(package: Path, tmp_path: Path) -> None:
    def full(turn: StoredTurn, *, closing: Closing | None = None) -> None:
        raise JournalError("磁盘已满 / no space left")

    with desk(tmp_path, package, [Market((ACCOUNT,))], waits=QUICK) as at:
        at.quote(*SYMBOLS[:3])
        rows = [at_work(at, origin, symbol) for origin, symbol in zip(Origin, SYMBOLS[:3], strict=True)]
        at.running._journal.append = full  # type: ignore[method-assign]
        for row in rows:
            receipt = at.send(f"{row['stock_code']}:{ACCOUNT}")
            assert (receipt.status, receipt.durable) == ("accepted", False)
            ends(at, row)
        assert at.alerts("JOURNAL_CLOSED", "磁盘已满")
        assert at.send(f"buy {SYMBOLS[0]} 100@10.00:{ACCOUNT} #full/1").status == "denied"
        assert at.market.orders == rows


def test_row_10_nothing_to_cancel_is_a_receipt_and_no_error(at: Desk) -> None:
    symbol = next(FREE)
    receipt = at.send(f"{symbol}:{ACCOUNT}")
    (line,) = receipt.cancels
    assert (receipt.status, line.status) == ("accepted", "nothing")
    assert line.text == f"无可撤委托：{symbol} 在 {ACCOUNT} 没有未成交单"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Let the next engine's clock begin at 9:19:57 of a trading day."""
    made = SetClock(at_time(DAY, (9 * 3600 + 19 * 60 + 57) * SECOND_NS))
    monkeypatch.setattr("qmt_trading.run.build.SystemClock", made.begin)
    return made


NO_CANCEL: Final = """
[[session.no_cancel]]
venues = ["SH", "SZ", "BJ"]
begins = "09:20"
ends = "09:20:05"
"""


@pytest.mark.slow
def test_row_11_half_a_second_past_9_20_it_is_registered_and_leaves_when_cancels_are_taken(
    package: Path, tmp_path: Path, clock: SetClock
) -> None:
    market = Market((ACCOUNT,))
    market.now_s = lambda: clock.now_ns() / SECOND_NS
    closed_ns = at_time(DAY, (9 * 3600 + 20 * 60) * SECOND_NS)
    with desk(tmp_path, package, [market], waits=QUICK, session=NO_CANCEL, limits=WIDE) as at:
        at.quote(*SYMBOLS[:3])
        rows = [at_work(at, origin, symbol) for origin, symbol in zip(Origin, SYMBOLS[:3], strict=True)]
        time.sleep(max(0.0, (closed_ns - clock.now_ns()) / SECOND_NS + 0.5))
        assert clock.now_ns() < closed_ns + 4.5 * SECOND_NS, "the machine is too slow for this test"
        receipt = at.send(";".join(f"{symbol}:{ACCOUNT}" for symbol in SYMBOLS[:3]))
        assert [line.status for line in receipt.cancels] == ["registered"] * 3
        assert {line.text for line in receipt.cancels} == {"9:20–9:20:05 不可撤单，已登记，开放后立即补撤"}
        for row in rows:
            ends(at, row)
            ((asked_ns, _),) = at.market.cancels(row)
            late_ns = asked_ns + clock.shift_ns - (closed_ns + 5 * SECOND_NS)
            assert 0 <= late_ns < 20 * SECOND_NS


def test_row_12_forty_orders_in_each_of_three_accounts_are_all_out_at_once(
    package: Path, tmp_path: Path, clock: SetClock, capsys: pytest.CaptureFixture[str]
) -> None:
    market = Market((ACCOUNT, OTHER, THIRD))
    market.now_s = lambda: clock.now_ns() / SECOND_NS
    symbol = SYMBOLS[0]
    with desk(tmp_path, package, [market], waits=QUICK, session=NO_CANCEL, limits=WIDE) as at:
        rows = [
            market.by_hand(account, symbol, phone=number % 2 == 1)
            for account in market.accounts
            for number in range(40)
        ]
        at.wait(lambda: sum(row.symbol == symbol for row in at.running.view.orders) == 120)
        sent_ns = time.time_ns()
        receipt = at.send(f"{symbol}:*")
        answered_ns = time.time_ns()
        assert len(receipt.cancels) == 120
        at.wait(lambda: all(row["order_status"] == 54 for row in rows))
        out_ns = [market.cancels(row)[0][0] for row in rows]
        at.wait(lambda: all(at.shows(row).status is OrderStatus.CANCELED for row in rows))
    first, span, receipt_ms = (milliseconds(at_ns - sent_ns) for at_ns in (min(out_ns), max(out_ns), answered_ns))
    with capsys.disabled():
        print(f"\n120 cancels at the counter after {first:.0f} to {span:.0f} ms, receipt after {receipt_ms:.0f} ms")
    assert span < 5_000


@pytest.mark.parametrize("way", ["its terminal", "its account"])
def test_row_13_an_account_that_is_down_keeps_its_cancel_and_the_others_are_done_at_once(
    package: Path, tmp_path: Path, way: str
) -> None:
    here, there = Market((ACCOUNT,)), Market((OTHER, THIRD))
    symbol = SYMBOLS[0]
    with desk(tmp_path, package, [here, there], waits=QUICK, limits=WIDE) as at:
        mine = at.market.by_hand(ACCOUNT, symbol, phone=False)
        theirs = [there.by_hand(OTHER, symbol, phone=phone) for phone in (False, True)]
        for row in (mine, *theirs):
            at.shows(row)
        if way == "its terminal":
            there.running = False
            there.drop_link(tell=True)
        else:
            there.lies.silent = {"cancelOrderStock"}
            there.status(OTHER, 3)
        at.wait(lambda: at.account(OTHER).link is LinkState.DOWN)
        receipt = at.send(f"{symbol}:*")
        assert receipt.status == "accepted"
        ends(at, mine)
        assert {row["order_status"] for row in theirs} == {50}
        time.sleep(1.05)  # A counter tells the second only.
        later = [there.by_hand(OTHER, symbol, phone=phone) for phone in (False, True)]
        there.running = True
        there.lies.silent = set()
        there.status(OTHER, 0)
        for row in theirs:
            ends(at, row)
        for row in later:
            assert at.shows(row).status is OrderStatus.NEW
        at.listed_anew(OTHER)
        assert [there.cancels(row) for row in later] == [[], []]
