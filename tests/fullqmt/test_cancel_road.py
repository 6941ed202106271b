"""The cancel road, row by row, over a full client: one bare cancel, and whatever the account may hold at the counter.

Each row is tried with an order of ours, one typed by hand into the client, and one placed by phone.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
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
from qmt_trading.run.day.outside import FeedState
from tests.fullqmt import python36
from tests.fullqmt.desk import FullClient, FullDesk, Row, desk
from tests.terminal.engine import SetClock

pytestmark = [
    python36.needs_python36,
    pytest.mark.slow,
]
ACCOUNT, OTHER, THIRD = "11031122", "11031123", "11031124"
SYMBOLS: Final = tuple(f"{600000 + number}.SH" for number in range(60))
HELD: Final = SYMBOLS[:6]
FREE: Final = iter(SYMBOLS[6:])
HELD_FREE: Final = iter(HELD)
WIDE: Final = 'orders_per_second_max = 200\nunknown_orders_max = 100\nloss_reducing = "none"\nloss_halting = "none"'
DAY: Final = dt.date(2026, 11, 26)
"""A Thursday that trades."""
NO_CANCEL: Final = """
[[session.no_cancel]]
venues = ["SH", "SZ", "BJ"]
begins = "09:20"
ends = "09:20:05"
"""


class Origin(Enum):
    """Who placed an order."""

    OURS = "ours"
    HAND = "hand"
    PHONE = "phone"


every_origin = pytest.mark.parametrize("origin", list(Origin), ids=lambda origin: origin.value)


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullDesk]:
    """Run one engine over one full client with three accounts; each test has symbols of its own."""
    folder = tmp_path_factory.mktemp("desk")
    client = FullClient(folder / "client", (ACCOUNT, OTHER, THIRD), held=HELD)
    with desk(folder, [client], limits=WIDE) as made:
        made.quote(*SYMBOLS)
        yield made


@pytest.fixture
def at(shared_desk: FullDesk) -> Iterator[FullDesk]:
    """Give the module's engine to a test; its client does right before and after."""
    shared_desk.client.honest()
    yield shared_desk
    shared_desk.client.honest()


def at_work(at: FullDesk, origin: Origin, symbol: str, *, side: str = "buy", account: str = ACCOUNT) -> Row:
    """Put an order to work, as the engine knows, and return its row in the counter's book."""
    if origin is not Origin.OURS:
        row = at.client.by_hand(account, symbol, phone=origin is Origin.PHONE, side=side)
        at.shows(row)
        return row
    receipt = at.accepted(f"{side} {symbol} 100@10.00:{account} #own/{symbol}{account}{time.time_ns()}")
    at.reaches(receipt, OrderStatus.NEW)
    (row,) = at.client.orders(m_strRemark=receipt.orders[0].client_order_id)
    return row


def bare(at: FullDesk, symbol: str, account: str = ACCOUNT, *, door: str = "s.sock") -> list[str]:
    """Send a bare message, and return what its receipt says of each order."""
    receipt = at.send(f"{symbol}:{account}", door=door)
    assert receipt.status == "accepted", receipt
    return [line.status for line in receipt.cancels]


def ends(at: FullDesk, row: Row, status: OrderStatus = OrderStatus.CANCELED) -> None:
    at.wait(lambda: at.shows(row).status is status)


def state(at: FullDesk, row: Row) -> int:
    """Return the counter's number of the state that an order is in."""
    return int(at.client.again(row)["m_nOrderStatus"])


@every_origin
def test_row_1_to_3_what_works_is_cancelled_by_the_counters_number(at: FullDesk, origin: Origin) -> None:
    symbol = next(FREE)
    row = at_work(at, origin, symbol)
    assert (row["m_strRemark"] == "") is (origin is not Origin.OURS)
    assert bare(at, symbol) == ["accepted"]
    ends(at, row)
    assert state(at, row) == 54
    assert len(at.client.cancels(row)) == 1


@every_origin
def test_row_4_of_a_part_filled_order_the_rest_is_cancelled_and_the_fill_kept(at: FullDesk, origin: Origin) -> None:
    symbol = next(FREE)
    row = at_work(at, origin, symbol)
    at.client.fill(row, 40)
    at.wait(lambda: at.held(ACCOUNT, symbol) == 40)
    bare(at, symbol)
    ends(at, row)
    order = at.shows(row)
    assert (state(at, row), order.filled_quantity, order_text(order)) == (53, 40, "部撤")
    assert at.held(ACCOUNT, symbol) == 40


@every_origin
def test_row_5_a_sell_goes_only_where_the_door_says_so(at: FullDesk, origin: Origin) -> None:
    symbol = next(HELD_FREE)
    row = at_work(at, origin, symbol, side="sell")
    assert bare(at, symbol, door="buys.sock") == ["nothing"]
    at.listed_anew(ACCOUNT)
    assert (state(at, row), at.client.cancels(row)) == (50, [])
    assert bare(at, symbol) == ["accepted"]
    ends(at, row)


def test_row_6_an_intent_that_is_not_yet_on_disk_is_dropped(at: FullDesk, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert at.client.orders(m_strInstrumentID=symbol[:6]) == []


def test_row_6_an_unknown_order_is_asked_about_and_cancelled_when_found(at: FullDesk) -> None:
    symbol = next(FREE)
    at.client.dial(raises="after", row_after=4.0)
    receipt = at.buy(symbol, ACCOUNT, id="row6/2")
    at.reaches(receipt, OrderStatus.UNKNOWN)
    bare(at, symbol)
    (row,) = at.client.orders(m_strInstrumentID=symbol[:6])
    assert (row["shown"], at.client.cancels(row)) == (False, [])
    at.client.honest()
    at.reaches(receipt, OrderStatus.CANCELED)
    (row,) = at.client.orders(m_strInstrumentID=symbol[:6])
    assert row["m_nOrderStatus"] == 54
    assert at.client.stand.executed()[row["m_strRemark"]] == 1


@every_origin
def test_row_7_an_order_placed_a_second_later_is_untouched(at: FullDesk, origin: Origin) -> None:
    symbol = next(FREE)
    assert bare(at, symbol) == ["nothing"]
    if origin is not Origin.OURS:
        time.sleep(1.05)  # A counter tells the second only.
    row = at_work(at, origin, symbol)
    at.listed_anew(ACCOUNT)
    assert (state(at, row), at.client.cancels(row), at.shows(row).status) == (50, [], OrderStatus.NEW)


@every_origin
def test_row_8_a_refused_cancel_is_judged_by_the_row_alone(at: FullDesk, origin: Origin) -> None:
    symbol = next(FREE)
    row = at_work(at, origin, symbol)
    at.client.dial(cancel_answer=False)
    bare(at, symbol)
    ends(at, row)
    assert len(at.client.cancels(row)) == 1


@every_origin
def test_row_8_a_cancel_that_went_well_and_did_nothing_is_repeated_until_the_end(at: FullDesk, origin: Origin) -> None:
    symbol = next(FREE)
    row = at_work(at, origin, symbol)
    at.client.dial(cancel_answer=True, cancel_works=False)
    bare(at, symbol)
    at.wait(lambda: len(at.client.cancels(row)) == 2)
    assert state(at, row) == 50
    at.client.honest()
    ends(at, row)


@every_origin
@pytest.mark.parametrize("brake", ["halted", "account halted", "reducing", "morning", "unknown", "quotes"])
def test_row_9_no_brake_holds_it_back(at: FullDesk, origin: Origin, brake: str) -> None:
    symbol = next(FREE)
    row = at_work(at, origin, symbol)
    account = AccountId(ACCOUNT) if brake == "account halted" else None
    trading = TradingState.REDUCING if brake == "reducing" else TradingState.HALTED
    if brake == "unknown":
        at.client.dial(raises="before")
        at.reaches(at.buy(symbol, ACCOUNT, id=f"row9/{origin.value}"), OrderStatus.UNKNOWN)
    elif brake == "quotes":
        at.client.dial(quotes=False)
        feed = at.running._clients._quotes
        at.wait(lambda: feed.state()[0] is not FeedState.LIVE)
    elif brake == "morning":
        red = {Origin.OURS: "list", Origin.HAND: "figures", Origin.PHONE: "session"}[origin]  # Accepted, it stays so.
        at.running._inbox.report(ev.MorningChecked(AccountId(ACCOUNT), (red,), "红", "red"))
        at.wait(lambda: at.account(ACCOUNT).morning.closed)
        assert at.send(f"buy {symbol} 200@10.00:{ACCOUNT} #red/{origin.value}").orders[0].reason == "MORNING_RED"
    else:
        at.ask(ev.HaltRequested("me", "drill", account, trading))
    try:
        assert "accepted" in bare(at, symbol)
        ends(at, row)
    finally:
        if brake == "morning":
            at.ask(ev.MorningAccepted("me", "drill", AccountId(ACCOUNT)))
        elif brake not in ("unknown", "quotes"):
            at.ask(ev.ResumeRequested("me", "drill", account))
    assert len(at.client.cancels(row)) == 1


def test_row_9_with_a_full_disk_it_leaves_and_people_are_told(tmp_path: Path) -> None:
    def full(turn: StoredTurn, *, closing: Closing | None = None) -> None:
        raise JournalError("磁盘已满 / no space left")

    with desk(tmp_path, [FullClient(tmp_path / "client")], limits=WIDE) as at:
        at.quote(*SYMBOLS[:3])
        rows = [at_work(at, origin, symbol) for origin, symbol in zip(Origin, SYMBOLS[:3], strict=True)]
        at.running._journal.append = full  # type: ignore[method-assign]
        for row in rows:
            receipt = at.send(f"{row['m_strInstrumentID']}.SH:{ACCOUNT}")
            assert (receipt.status, receipt.durable) == ("accepted", False)
            ends(at, row)
        assert at.alerts("JOURNAL_CLOSED", "磁盘已满")
        assert at.send(f"buy {SYMBOLS[0]} 100@10.00:{ACCOUNT} #full/1").status == "denied"
        assert len(at.client.orders()) == 3


def test_row_10_nothing_to_cancel_is_a_receipt_and_no_error(at: FullDesk) -> None:
    symbol = next(FREE)
    receipt = at.send(f"{symbol}:{ACCOUNT}")
    (line,) = receipt.cancels
    assert (receipt.status, line.status) == ("accepted", "nothing")
    assert line.text == f"无可撤委托：{symbol} 在 {ACCOUNT} 没有未成交单"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Let the next engine's clock begin ten seconds before 9:20 of a trading day."""
    made = SetClock(at_time(DAY, (9 * 3600 + 19 * 60 + 50) * SECOND_NS))
    monkeypatch.setattr("qmt_trading.run.build.SystemClock", made.begin)
    return made


def timed(folder: Path, accounts: tuple[str, ...], clock: SetClock) -> FullClient:
    """Return a client whose counter has the engine's wall clock."""
    client = FullClient(folder, accounts)
    client.now_s = lambda: clock.now_ns() / SECOND_NS
    return client


def test_row_11_half_a_second_past_9_20_it_is_registered_and_leaves_when_cancels_are_taken(
    tmp_path: Path, clock: SetClock
) -> None:
    client = timed(tmp_path / "client", (ACCOUNT,), clock)
    closed_ns = at_time(DAY, (9 * 3600 + 20 * 60) * SECOND_NS)
    with desk(tmp_path, [client], session=NO_CANCEL, limits=WIDE) as at:
        clock.shift_ns += at_time(DAY, (9 * 3600 + 19 * 60 + 57) * SECOND_NS) - clock.now_ns()
        client.stand.ask(do="shift", seconds=client.now_s() - time.time())
        rows = [client.by_hand(ACCOUNT, symbol, phone=number == 1) for number, symbol in enumerate(SYMBOLS[:2])]
        for row in rows:
            at.shows(row)
        time.sleep(max(0.0, (closed_ns - clock.now_ns()) / SECOND_NS + 0.5))
        assert clock.now_ns() < closed_ns + 4.5 * SECOND_NS, "the machine is too slow for this test"
        asked_s = time.monotonic() - (clock.now_ns() - closed_ns) / SECOND_NS
        receipt = at.send(";".join(f"{symbol}:{ACCOUNT}" for symbol in SYMBOLS[:2]))
        assert [line.status for line in receipt.cancels] == ["registered"] * 2
        assert {line.text for line in receipt.cancels} == {"9:20–9:20:05 不可撤单，已登记，开放后立即补撤"}
        for row in rows:
            ends(at, row)
            ((_, _, at_s),) = client.cancels(row)
            assert 0 <= at_s - (asked_s + 5.0) < 20


def test_row_12_forty_orders_in_each_of_three_accounts_are_all_out_at_once(
    tmp_path: Path, clock: SetClock, capsys: pytest.CaptureFixture[str]
) -> None:
    client = timed(tmp_path / "client", (ACCOUNT, OTHER, THIRD), clock)
    symbol = SYMBOLS[0]
    with desk(tmp_path, [client], session=NO_CANCEL, limits=WIDE) as at:
        for account in client.accounts:
            for number in range(40):
                client.stand.ask(do="foreign", account=account, symbol=symbol, price=10.0, op=23, phone=number % 2 == 1)
        at.wait(lambda: sum(row.symbol == symbol for row in at.running.view.orders) == 120)
        clock.shift_ns += at_time(DAY, (9 * 3600 + 19 * 60 + 40) * SECOND_NS) - clock.now_ns()
        sent_s = time.monotonic()
        receipt = at.send(f"{symbol}:*")
        answered_s = time.monotonic()
        assert len(receipt.cancels) == 120
        at.wait(lambda: all(row["m_nOrderStatus"] == 54 for row in client.orders()))
        rows = client.orders()
        out_s = [client.cancels(row)[0][2] for row in rows]
        at.wait(lambda: all(at.shows(row).status is OrderStatus.CANCELED for row in rows))
    first, span, receipt_ms = (1000 * (at_s - sent_s) for at_s in (min(out_s), max(out_s), answered_s))
    with capsys.disabled():
        print(f"\n120 cancels at the counter after {first:.0f} to {span:.0f} ms, receipt after {receipt_ms:.0f} ms")
    assert span < 5_000


@pytest.mark.parametrize("way", ["its terminal", "its account"])
def test_row_13_an_account_that_is_down_keeps_its_cancel_and_the_others_are_done_at_once(
    tmp_path: Path, way: str
) -> None:
    here = FullClient(tmp_path / "here", (ACCOUNT,))
    there = FullClient(tmp_path / "there", (OTHER,), name="full1")
    symbol = SYMBOLS[0]
    with desk(tmp_path, [here, there], limits=WIDE) as at:
        mine = here.by_hand(ACCOUNT, symbol)
        theirs = [there.by_hand(OTHER, symbol, phone=phone) for phone in (False, True)]
        for row in (mine, *theirs):
            at.shows(row)
        if way == "its terminal":
            there.freeze(120.0)
        else:
            there.dial(hollow=True)
        at.wait(lambda: at.account(OTHER).link is LinkState.DOWN, 60.0)
        receipt = at.send(f"{symbol}:*")
        assert receipt.status == "accepted"
        ends(at, mine)
        assert {state_of["m_nOrderStatus"] for state_of in there.orders()} == {50}
        time.sleep(1.05)  # A counter tells the second only.
        there.freeze(0.0)
        later = [there.by_hand(OTHER, symbol, phone=phone) for phone in (False, True)]
        there.honest()
        for row in theirs:
            ends(at, row)
        for row in later:
            assert at.shows(row).status is OrderStatus.NEW
        at.listed_anew(OTHER)
        assert [there.cancels(row) for row in later] == [[], []]
