"""The cancel road: one bare cancel, and whatever the account may hold, row by row as traders listed it.

Each row is tried with an order of ours, one typed by hand into the same terminal, and one placed from a phone.
"""

from __future__ import annotations

import datetime as dt
import json
from enum import Enum

import pytest
from msgspec.structs import replace

from qmt_trading.codec.receipt_json import encode
from qmt_trading.market.no_cancel import STANDARD
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Money, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.settings import AccountSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import BareAction, LinkState, OrderStatus, Side, SideScope, SignalStatus, TradingState
from tests.engine_bench import ACCOUNT, DAY, OTHER, START_NS, STOCK, Bench

BARE = f"{STOCK}:{ACCOUNT}"
BURST = 130
"""Cancels of one account that leave at once."""


class Origin(Enum):
    """Who placed an order."""

    OURS = "ours"
    HAND = "hand"
    """Typed into the same terminal: it has a broker id and no remark."""
    PHONE = "phone"
    """Placed elsewhere: nothing but the contract number names it."""


every_origin = pytest.mark.parametrize("origin", list(Origin), ids=lambda origin: origin.value)


class Road(Bench):
    """A bench whose bare message means cancel, with one order at work."""

    def __init__(self, *, at_ns: int = START_NS, side: SideScope = SideScope.ALL, ready: bool = True) -> None:
        super().__init__(bare=BareAction.CANCEL, ready=ready)
        self.now_ns = at_ns
        doors = tuple(replace(door, cancel_side=side) for door in self.settings.doors)
        self.settings = replace(self.settings, doors=doors, no_cancel=STANDARD)
        self.feed(ev.EngineStarted("test", self.settings))
        self.session += 1
        if ready:
            self.connect()

    def at_work(self, origin: Origin, *, side: Side = Side.BUY, number: str = "77") -> ev.OrderRow:
        """Put an order to work and return its row at the broker."""
        name = ""
        if origin is Origin.OURS:
            receipt = self.signal(f"{side.value} {STOCK} 100@10.50:{ACCOUNT} #own/{number}")
            assert receipt.status is SignalStatus.ACCEPTED, receipt
            name = receipt.orders[0].client_order_id
        row = self.row(
            name,
            number=number,
            broker_order_id="" if origin is Origin.PHONE else number,
            side=side,
            ordered_ns=self.now_ns,
        )
        self.report(row)
        self.now_ns += 1_500 * MILLISECOND_NS
        return row

    def bare(self) -> Receipt:
        return self.signal(BARE)

    def sent(self) -> list[tuple[str, str, int]]:
        """Return broker id, contract number and attempt of each cancel that left."""
        return [
            (command.broker_order_id, command.venue_order_id, command.attempt)
            for command in self.made(out.CancelOrder)
            if command.attempt and not command.not_before_ns
        ]


def named(row: ev.OrderRow) -> tuple[str, str]:
    return row.broker_order_id, row.venue_order_id


@every_origin
def test_row_1_to_3_what_works_is_cancelled_by_order_id_or_else_by_contract_number(origin: Origin) -> None:
    road = Road()
    row = road.at_work(origin)
    receipt = road.bare()
    assert road.sent() == [(*named(row), 1)]
    assert named(row)[0] == ("" if origin is Origin.PHONE else "77")
    assert receipt.status is SignalStatus.ACCEPTED
    assert [line.denial for line in receipt.cancels] == [None]


@every_origin
def test_row_4_of_a_part_filled_order_the_rest_is_cancelled_and_the_fill_kept(origin: Origin) -> None:
    road = Road()
    row = road.at_work(origin)
    held = road.held()
    road.filled(replace(road.fill(row.client_order_id, 40), broker_order_id=row.broker_order_id))
    road.report(replace(row, status=OrderStatus.PARTIALLY_FILLED, filled_quantity=Quantity(40)))
    road.bare()
    assert road.sent() == [(*named(row), 1)]
    road.report(replace(row, status=OrderStatus.CANCELED, filled_quantity=Quantity(40)))
    (order,) = road.engine.view().orders
    assert (order.status, order.filled_quantity) == (OrderStatus.CANCELED, 40)
    assert road.held() == held + 40


@every_origin
@pytest.mark.parametrize(("side", "goes"), [(SideScope.ALL, True), (SideScope.SELL, True), (SideScope.BUY, False)])
def test_row_5_a_sell_goes_only_where_the_door_says_so(origin: Origin, side: SideScope, goes: bool) -> None:
    road = Road(side=side)
    row = road.at_work(origin, side=Side.SELL)
    receipt = road.bare()
    assert road.sent() == ([(*named(row), 1)] if goes else [])
    assert (receipt.cancels[0].denial is None) is goes


def test_row_6_an_intent_not_yet_sent_is_dropped() -> None:
    road = Road()
    receipt = road.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/1")
    submit = road.made(out.SubmitOrder)[-1]
    road.bare()
    assert road.engine.may_release(submit, road.now_ns, road.engine.halts(ACCOUNT)) == "cancel"
    road.feed(ev.SubmitsWithheld((submit.client_order_id,), "cancel"))
    assert road.order(receipt.orders[0].client_order_id).status is OrderStatus.NOT_SENT
    assert road.sent() == []


def test_row_6_an_unknown_order_is_asked_about_and_cancelled_when_found() -> None:
    road = Road()
    name = road.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/1").orders[0].client_order_id
    road.later(4)
    assert road.order(name).status is OrderStatus.UNKNOWN
    before = len(road.made(out.QueryBroker))
    road.bare()
    assert len(road.made(out.QueryBroker)) == before + 1
    assert road.sent() == []
    road.listed(road.row(name))
    assert road.sent() == [("77", "H77", 1)]


@every_origin
def test_row_6_what_the_table_missed_is_found_by_the_query_and_cancelled(origin: Origin) -> None:
    road = Road()
    name = ""
    if origin is Origin.OURS:
        name = road.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/1").orders[0].client_order_id
    placed_ns = road.now_ns
    road.now_ns += SECOND_NS
    road.bare()
    assert road.sent() == []
    row = road.row(name, broker_order_id="" if origin is Origin.PHONE else "77", ordered_ns=placed_ns)
    road.listed(row)
    assert road.sent() == [(*named(row), 1)]


@every_origin
def test_row_7_an_order_placed_a_second_later_is_untouched(origin: Origin) -> None:
    road = Road()
    road.bare()
    road.now_ns += SECOND_NS
    row = road.at_work(origin)
    road.listed(row)
    road.later(10)
    assert road.sent() == []


@every_origin
def test_row_8_a_refused_cancel_is_judged_by_the_row_alone(origin: Origin) -> None:
    road = Road()
    row = road.at_work(origin)
    road.bare()
    (order,) = road.engine.view().orders
    road.feed(ev.CancelRefused(ACCOUNT, order.client_order_id, "-1"))
    road.report(replace(row, status=OrderStatus.CANCELED))
    road.later(10)
    assert road.sent() == [(*named(row), 1)]


@every_origin
def test_row_8_a_cancel_that_went_well_and_did_nothing_is_repeated_until_the_end(origin: Origin) -> None:
    road = Road()
    row = road.at_work(origin)
    road.bare()
    for _ in range(3):
        road.later(0.3)
        road.report(row)
    assert [attempt for _, _, attempt in road.sent()] == [1, 2, 3, 4]
    assert "CANCEL_UNCONFIRMED" not in road.alerts()
    road.later(5)
    assert "CANCEL_UNCONFIRMED" in road.alerts()
    road.report(replace(row, status=OrderStatus.CANCELED))
    count = len(road.sent())
    road.later(60)
    assert len(road.sent()) == count


@every_origin
@pytest.mark.parametrize("brake", ["journal", "halted", "account halted", "reducing", "unknown", "clock", "quotes"])
def test_row_9_no_brake_holds_it_back(origin: Origin, brake: str) -> None:
    road = Road()
    row = road.at_work(origin)
    if brake == "unknown":
        road.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #frozen/1")
        road.later(4)
        assert road.engine.state.accounts[ACCOUNT].unresolved
    events: dict[str, list[ev.Event]] = {
        "journal": [ev.JournalFailed("database or disk is full")],
        "halted": [ev.HaltRequested("me", "drill")],
        "account halted": [ev.HaltRequested("me", "drill", ACCOUNT)],
        "reducing": [ev.HaltRequested("me", "drill", None, TradingState.REDUCING)],
        "clock": [ev.ClockStepped(-SECOND_NS)],
    }
    for event in events.get(brake, []):
        road.feed(event)
    dead = road.quote(quoted_ns=road.now_ns - 3600 * SECOND_NS) if brake == "quotes" else None
    receipt = road.signal(BARE, quote=dead)
    assert (*named(row), 1) in road.sent()
    assert receipt.status is SignalStatus.ACCEPTED


def test_row_10_nothing_to_cancel_is_a_receipt_and_no_error() -> None:
    road = Road()
    receipt = json.loads(encode(road.bare()))
    assert receipt["status"] == "accepted"
    (line,) = receipt["cancels"]
    assert line["status"] == "nothing"
    assert line["text"] == f"无可撤委托：{STOCK} 在 {ACCOUNT} 没有未成交单"
    assert road.alerts() == []


AT_9_20 = at_time(DAY, (9 * 60 + 20) * 60 * SECOND_NS)


@every_origin
def test_row_11_at_half_a_second_past_9_20_it_is_registered_and_leaves_when_cancels_are_taken(origin: Origin) -> None:
    road = Road(at_ns=AT_9_20 - 10 * SECOND_NS)
    row = road.at_work(origin)
    road.now_ns = AT_9_20 + 500 * MILLISECOND_NS
    receipt = json.loads(encode(road.bare()))
    (line,) = receipt["cancels"]
    assert receipt["status"] == "accepted"
    assert (line["status"], line["text"]) == ("registered", "9:20–9:30 不可撤单，已登记，开放后立即补撤")
    road.report(row)
    road.listed(row)
    assert road.sent() == []
    opens_ns = AT_9_20 + 600 * SECOND_NS
    assert road.engine.next_due_ns() == opens_ns
    road.now_ns = opens_ns
    road.feed(ev.DeadlineReached())
    assert road.sent() == [(*named(row), 1)]


def test_row_11_the_last_instant_before_9_20_is_not_too_late() -> None:
    road = Road(at_ns=AT_9_20 - 10 * SECOND_NS)
    row = road.at_work(Origin.HAND)
    road.now_ns = AT_9_20 - 1
    road.bare()
    assert road.sent() == [(*named(row), 1)]
    road.now_ns = AT_9_20 + 300 * MILLISECOND_NS
    road.feed(ev.DeadlineReached())
    assert road.sent() == [(*named(row), 1)], "the repeat would fall into the phase, and waits for its end"
    road.now_ns = AT_9_20 + 600 * SECOND_NS
    road.feed(ev.DeadlineReached())
    assert road.sent() == [(*named(row), 1), (*named(row), 2)]


def test_row_11_a_registered_cancel_survives_a_restart() -> None:
    road = Road(at_ns=AT_9_20 - 10 * SECOND_NS)
    row = road.at_work(Origin.HAND)
    road.now_ns = AT_9_20 + SECOND_NS
    road.bare()
    road.now_ns += 60 * SECOND_NS
    road.feed(ev.EngineStarted("test", road.settings))
    road.session += 1
    road.connect(row)
    assert road.sent() == []
    road.now_ns = AT_9_20 + 600 * SECOND_NS
    road.feed(ev.DeadlineReached())
    assert road.sent() == [(*named(row), 1)]


def test_row_11_shenzhen_leaves_at_9_25_and_is_repeated_at_9_30_sharp() -> None:
    road = Road(at_ns=AT_9_20 - 10 * SECOND_NS)
    symbol = Symbol("000001.SZ")
    row = road.row("", symbol=symbol)
    road.report(row)
    road.now_ns = AT_9_20 + SECOND_NS
    road.signal(f"{symbol}:{ACCOUNT}")
    times: list[int] = []
    while road.now_ns < AT_9_20 + 605 * SECOND_NS:
        due_ns = road.engine.next_due_ns()
        assert due_ns > road.now_ns
        road.now_ns, before = due_ns, len(road.sent())
        road.feed(ev.DeadlineReached())
        times += [(due_ns - AT_9_20) // MILLISECOND_NS] * (len(road.sent()) - before)
    assert times[:4] == [300_000, 300_300, 300_600, 300_900]
    assert 600_000 in times


def test_row_11_what_is_known_to_take_cancels_in_the_closing_auction_is_not_held() -> None:
    road = Road(at_ns=at_time(DAY, (14 * 60 + 58) * 60 * SECOND_NS))
    convertible, stock = road.row("", number="1", symbol="113050.SH"), road.row("", number="2")
    road.report(convertible)
    road.report(stock)
    road.signal(f"cancel 113050.SH:{ACCOUNT}; cancel {STOCK}:{ACCOUNT}")
    assert [number for number, _, _ in road.sent()] == ["1"]


def test_no_phase_holds_on_a_day_without_trading() -> None:
    saturday = dt.date(2026, 11, 28)
    road = Road(at_ns=at_time(saturday, (9 * 60 + 22) * 60 * SECOND_NS), ready=False)
    road.feed(ev.DayBegan(dt.date(2026, 11, 30)))
    road.connect()
    row = road.at_work(Origin.HAND)
    road.bare()
    assert road.sent() == [(*named(row), 1)]


def crowd(accounts: int, orders: int) -> tuple[Road, list[AccountId]]:
    """Return a bench with many hand-made orders in several accounts."""
    road = Road(at_ns=AT_9_20 - 2 * SECOND_NS)
    numbers = [AccountId(f"2200{index}") for index in range(accounts)]
    road.settings = replace(road.settings, accounts=tuple(AccountSettings(account=number) for number in numbers))
    road.feed(ev.EngineStarted("test", road.settings))
    held = Position(account=ACCOUNT, symbol=STOCK, quantity=Quantity(0), sellable_quantity=Quantity(0))
    for number in numbers:
        rows = tuple(road.row("", number=f"{number}-{index}") for index in range(orders))
        road.feed(ev.LinkChanged(number, 1, LinkState.CONNECTED))
        listed = (replace(held, account=number),)
        road.feed(ev.BrokerListed(number, 1, road.now_ns, True, True, Money(10**10), listed, rows, ()))
    return road, numbers


def test_row_12_forty_orders_in_each_of_three_accounts_leave_at_once() -> None:
    road, numbers = crowd(3, 40)
    road.signal(f"{STOCK}:*")
    assert len(road.sent()) == 120
    commands = road.made(out.CancelOrder)
    assert {command.account for command in commands} == set(numbers)


def test_more_than_a_burst_leaves_at_its_rate_and_nothing_is_left_behind() -> None:
    road, _ = crowd(1, 400)
    receipt = road.signal(f"{STOCK}:*")
    assert len(road.sent()) == BURST
    lines = json.loads(encode(receipt))["cancels"]
    assert [line["status"] for line in lines].count("registered") == 400 - BURST
    began_ns = road.now_ns
    for row in range(BURST):
        road.engine.handle(_ended(road, row), road.now_ns)
    while len({number for number, _, _ in road.sent()}) < 400:
        due_ns = road.engine.next_due_ns()
        assert due_ns >= road.now_ns
        road.now_ns = due_ns
        for output in road.feed(ev.DeadlineReached()):
            if isinstance(output, out.CancelOrder) and not output.not_before_ns:
                index = int(output.broker_order_id.rpartition("-")[2])
                road.engine.handle(_ended(road, index), road.now_ns)
    seconds = (road.now_ns - began_ns) / SECOND_NS
    assert seconds == pytest.approx((400 - BURST) / 150, abs=0.001)
    assert len(road.sent()) == 400


def _ended(road: Road, index: int) -> ev.OrderReported:
    row = road.row("", OrderStatus.CANCELED, number=f"22000-{index}")
    return ev.OrderReported(AccountId("22000"), 1, row)


def test_within_any_second_no_account_sends_more_than_its_burst_and_its_rate() -> None:
    road, _ = crowd(1, 700)
    road.signal(f"{STOCK}:*")
    left: list[int] = [road.now_ns] * len(road.sent())
    while road.now_ns < AT_9_20 + 4 * SECOND_NS:
        road.now_ns = road.engine.next_due_ns()
        if road.now_ns >= AT_9_20:
            break
        made = road.feed(ev.DeadlineReached())
        left += [road.now_ns] * sum(isinstance(output, out.CancelOrder) and not output.not_before_ns for output in made)
    for index, at_ns in enumerate(left):
        within = sum(at_ns <= other < at_ns + SECOND_NS for other in left[index:])
        assert within <= BURST + 150


@pytest.mark.parametrize("what", ["link", "restart", "clock"])
def test_turns_that_were_given_are_not_all_taken_at_once_by_a_reconnect(what: str) -> None:
    road, (number,) = crowd(1, 400)
    road.signal(f"{STOCK}:*")
    assert len(road.sent()) == BURST
    road.now_ns += 100 * MILLISECOND_NS
    if what == "clock":
        road.feed(ev.ClockStepped(-SECOND_NS))
        road.feed(ev.DeadlineReached())
    elif what == "restart":
        road.feed(ev.EngineStarted("test", road.settings))
    else:
        road.feed(ev.LinkChanged(number, 1, LinkState.DOWN))
    if what != "clock":
        road.feed(ev.LinkChanged(number, 2, LinkState.CONNECTED))
        road.feed(ev.DeadlineReached())
    assert len(road.sent()) - BURST <= BURST + 15, "what had no answer is repeated, and no more than a burst leaves"
    while (due_ns := road.engine.next_due_ns()) < AT_9_20 + 610 * SECOND_NS:
        road.now_ns = due_ns
        road.feed(ev.DeadlineReached())
    assert len({order for order, _, _ in road.sent()}) == 400, "nothing is left behind"


def test_said_again_it_takes_no_turn_before_its_time() -> None:
    road, _ = crowd(1, 900)
    road.signal(f"{STOCK}:*")
    road.now_ns += 100 * MILLISECOND_NS
    road.signal(f"{STOCK}:*")
    road.feed(ev.CancelRequested("me", "again"))
    assert len(road.sent()) <= BURST + 15 + BURST


@every_origin
def test_row_13_the_account_that_is_down_keeps_its_cancel_for_the_reconnect(origin: Origin) -> None:
    road = Road()
    row = road.at_work(origin)
    by_other = replace(row, client_order_id="", broker_order_id="900", venue_order_id="H900")
    road.feed(ev.OrderReported(OTHER, road.session, by_other))
    road.feed(ev.LinkChanged(ACCOUNT, road.session, LinkState.DOWN))
    road.signal(f"{STOCK}:{ACCOUNT},{OTHER}")
    assert ("900", "H900", 1) in road.sent()
    road.now_ns += 5 * SECOND_NS
    later = replace(row, client_order_id="", broker_order_id="901", venue_order_id="H901", ordered_ns=road.now_ns)
    unseen = replace(
        row, client_order_id="", broker_order_id="902", venue_order_id="H902", ordered_ns=START_NS - SECOND_NS
    )
    road.outputs.clear()
    road.feed(ev.LinkChanged(ACCOUNT, road.session + 1, LinkState.CONNECTED))
    road.session += 1
    road.listed(row, later, unseen)
    gone = {number for _, number, _ in road.sent()}
    assert gone == {"H77", "H902"}, "the old ones go, the one placed since stays"


def test_the_price_of_a_cancel_is_refused_and_nothing_leaves() -> None:
    road = Road()
    road.at_work(Origin.HAND)
    receipt = road.signal(f"{STOCK}@10.50:{ACCOUNT}")
    assert receipt.status is SignalStatus.DENIED
    assert road.sent() == []


@every_origin
@pytest.mark.parametrize("asked", ["signal", "person", "halt"])
def test_a_cancel_without_an_end_goes_on_over_midnight(origin: Origin, asked: str) -> None:
    road = Road(at_ns=at_time(DAY, (23 * 3600 + 50 * 60) * SECOND_NS))
    row = road.at_work(origin)
    road.now_ns = at_time(DAY, 86_390 * SECOND_NS)
    if asked == "signal":
        road.bare()
    elif asked == "person":
        (order,) = road.engine.view().orders
        road.feed(ev.CancelRequested("me", "test", order_id=order.client_order_id))
    else:
        road.feed(ev.HaltRequested("me", "test", cancel_open=True))
    next_day = dt.date(2026, 11, 25)
    road.now_ns = at_time(next_day, 5 * SECOND_NS)
    road.feed(ev.DayBegan(next_day))
    assert "CANCEL_OVERNIGHT" in road.alerts()
    before = len(road.sent())
    later = replace(row, client_order_id="", broker_order_id="901", venue_order_id="H901", ordered_ns=road.now_ns)
    road.listed(row, later)
    gone = road.sent()[before:]
    assert [number for _, number, _ in gone] == ["H77"], "and nothing that was placed since"
