"""``cancel_after`` and ``chase``: orders that end by themselves, and what follows them."""

from __future__ import annotations

import pytest

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from qmt_trading.model.reasons import Reason
from qmt_trading.model.words import BareAction, OrderStatus
from tests.engine_bench import ACCOUNT, START_NS, STOCK
from tests.unit.engine.parts import reason
from tests.unit.engine.test_timed import Waits


def test_cancel_after_ends_what_is_left_and_leaves_what_has_filled() -> None:
    bench = Waits()
    name = bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} cancel_after=30s #c/1").orders[0].client_order_id
    bench.report(bench.row(name))
    bench.until(START_NS + 30 * SECOND_NS - 1)
    assert bench.made(out.CancelOrder) == []
    bench.until(START_NS + 30 * SECOND_NS)
    assert [each.attempt for each in bench.made(out.CancelOrder)] == [1]
    bench.report(bench.row(name, OrderStatus.CANCELED))
    bench.until(START_NS + 3600 * SECOND_NS)
    assert len(bench.made(out.CancelOrder)) == 1


def test_cancel_after_is_no_business_of_an_order_that_has_filled() -> None:
    bench = Waits()
    name = bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} cancel_after=30s #c/1").orders[0].client_order_id
    bench.report(bench.row(name))
    bench.filled(bench.fill(name))
    bench.until(START_NS + 3600 * SECOND_NS)
    assert bench.made(out.CancelOrder) == []


def test_a_short_cancel_after_makes_no_unknown_and_waits_for_the_number() -> None:
    bench = Waits()
    name = bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} cancel_after=1s #c/1").orders[0].client_order_id
    bench.until(START_NS + 2 * SECOND_NS)
    assert bench.order(name).status is OrderStatus.PENDING_NEW
    bench.report(bench.row(name))
    assert [each.attempt for each in bench.made(out.CancelOrder)][-1] == 1


def test_a_restart_does_not_hurry_cancel_after_and_a_clock_step_does_not_stretch_it() -> None:
    bench = Waits()
    name = bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} cancel_after=300s #c/1").orders[0].client_order_id
    bench.report(bench.row(name))
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.connect(bench.row(name))
    bench.until(START_NS + 100 * SECOND_NS)
    assert bench.made(out.CancelOrder) == []
    bench.now_ns -= 3600 * SECOND_NS
    bench.feed(ev.ClockStepped(-3600 * SECOND_NS))
    bench.until(bench.now_ns + 199 * SECOND_NS)
    assert bench.made(out.CancelOrder) == []
    bench.until(bench.now_ns + SECOND_NS)
    assert len(bench.made(out.CancelOrder)) == 1


def chased(bench: Waits, text: str = "chase=2") -> str:
    receipt = bench.said(f"buy {STOCK} 300@opposite:{ACCOUNT} cancel_after=5s {text} #chase/1")
    name = receipt.orders[0].client_order_id
    bench.report(bench.row(name, quantity=300))
    return name


def test_chase_waits_for_the_row_and_orders_what_is_left_at_todays_price() -> None:
    bench = Waits()
    name = chased(bench)
    bench.until(START_NS + 6 * SECOND_NS)
    assert len(bench.submits()) == 1, "the cancel has left, its row has not come"
    bench.filled(bench.fill(name, 100))
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=300, filled_quantity=100))
    bench.fire()
    second = bench.submits()[1]
    assert (second.quantity, second.price) == (200, bench.quote().asks[0])
    assert second.cancel_at_ns == bench.now_ns + 5 * SECOND_NS
    assert second.chase is not None
    assert second.chase.item.chase == 0


def test_chase_ends_at_its_cap() -> None:
    bench = Waits()
    chased(bench, "chase=2")
    for number, following in (("77", "88"), ("88", "99")):
        bench.until(bench.now_ns + 5 * SECOND_NS)
        name = bench.submits()[-1].client_order_id
        bench.report(bench.row(name, OrderStatus.CANCELED, number=number, quantity=300))
        bench.fire()
        bench.report(bench.row(bench.submits()[-1].client_order_id, number=following, quantity=300))
    assert len(bench.submits()) == 3
    bench.until(bench.now_ns + 5 * SECOND_NS)
    name = bench.submits()[-1].client_order_id
    bench.report(bench.row(name, OrderStatus.CANCELED, number="99", quantity=300))
    bench.until(bench.now_ns + 60 * SECOND_NS)
    assert len(bench.submits()) == 3


@pytest.mark.parametrize("end", [OrderStatus.REJECTED, OrderStatus.FILLED, OrderStatus.EXPIRED])
def test_what_ends_otherwise_is_not_chased(end: OrderStatus) -> None:
    bench = Waits()
    name = chased(bench)
    bench.report(bench.row(name, end, quantity=300, filled_quantity=300 if end is OrderStatus.FILLED else 0))
    bench.until(bench.now_ns + 60 * SECOND_NS)
    assert len(bench.submits()) == 1
    assert bench.engine.state.chasing == {}


@pytest.mark.parametrize("how", ["signal", "person", "halt"])
def test_whoever_cancels_it_himself_is_not_chased(how: str) -> None:
    bench = Waits()
    name = chased(bench)
    if how == "signal":
        bench.said(f"cancel {STOCK}:{ACCOUNT}")
    elif how == "person":
        bench.feed(ev.CancelRequested("me", "test", order_id="77"))
    else:
        bench.feed(ev.HaltRequested("me", "test", cancel_open=True))
    bench.now_ns += 100 * MILLISECOND_NS
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=300))
    bench.until(bench.now_ns + 60 * SECOND_NS)
    assert len(bench.submits()) == 1


def test_a_rest_below_one_lot_is_let_go() -> None:
    bench = Waits()
    name = chased(bench)
    bench.until(START_NS + 5 * SECOND_NS)
    bench.filled(bench.fill(name, 250))
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=300, filled_quantity=250))
    bench.until(bench.now_ns + 60 * SECOND_NS)
    assert len(bench.submits()) == 1


def test_a_chase_without_an_id_is_no_repeat_of_its_own_order() -> None:
    bench = Waits()
    name = bench.said(f"buy {STOCK} 300@opposite:{ACCOUNT} cancel_after=2s chase=1").orders[0].client_order_id
    bench.report(bench.row(name, quantity=300))
    bench.until(START_NS + 2 * SECOND_NS)
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=300))
    bench.fire()
    assert [each.quantity for each in bench.submits()] == [300, 300]


def test_on_a_persons_word_nothing_is_sent() -> None:
    bench = Waits()
    name = bench.said(f"buy {STOCK} 300@opposite:{ACCOUNT} cancel_after=5s chase=1 #c/1").orders[0].client_order_id
    bench.until(START_NS + 6 * SECOND_NS)
    assert bench.order(name).status is OrderStatus.UNKNOWN
    bench.feed(ev.ResolveRequested("me", "test", bench.order(name).client_order_id, OrderStatus.CANCELED))
    bench.until(START_NS + 600 * SECOND_NS)
    assert len(bench.submits()) == 1
    assert bench.engine.state.chasing == {}


@pytest.mark.parametrize(
    ("text", "expected"), [("@10.50", Reason.CANCEL_PRICED), (" cancel_after=3s", Reason.CANCEL_OPTION)]
)
def test_a_timed_bare_cancel_takes_no_price_and_no_option_either(text: str, expected: Reason) -> None:
    bench = Waits(bare=BareAction.CANCEL)
    price, option = (text, "") if text.startswith("@") else ("", text)
    receipt = bench.said(f"{STOCK}{price}:{ACCOUNT} at=10:30:00{option}")
    assert reason(receipt.cancels[0].denial) is expected
    assert bench.engine.state.timed == {}


@pytest.mark.parametrize("how", ["all", "halt"])
def test_a_persons_cancel_ends_a_chase_although_its_own_time_had_come(how: str) -> None:
    bench = Waits()
    name = chased(bench)
    bench.until(START_NS + 5 * SECOND_NS)
    assert len(bench.made(out.CancelOrder)) == 1
    if how == "all":
        bench.feed(ev.CancelRequested("me", "test"))
    else:
        bench.feed(ev.HaltRequested("me", "test", cancel_open=True))
        bench.feed(ev.ResumeRequested("me", "test"))
    bench.now_ns += SECOND_NS
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=300))
    bench.fire()
    assert bench.engine.state.timed == {}
    assert len(bench.submits()) == 1


def test_what_ends_long_after_its_time_is_not_followed_up() -> None:
    bench = Waits()
    name = chased(bench)
    bench.until(START_NS + 5 * SECOND_NS)
    bench.now_ns += 7200 * SECOND_NS
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=300))
    bench.fire()
    assert len(bench.submits()) == 1
    assert bench.engine.state.chasing == {}


def test_nothing_is_followed_up_beyond_its_expiry_or_after_a_restart() -> None:
    bench = Waits()
    expires_ms = START_NS // 10**6 + 6_000
    order = f'"action":"buy","symbol":"{STOCK}","accounts":["{ACCOUNT}"],"quantity":300,"price":"10.50"'
    text = f'{{{order},"cancel_after_ms":5000,"chase":2,"expires_at":{expires_ms},"id":"a/1"}}'
    name = bench.said(text).orders[0].client_order_id
    bench.report(bench.row(name, quantity=300))
    bench.until(START_NS + 7 * SECOND_NS)
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=300))
    bench.fire()
    assert len(bench.submits()) == 1
    again = Waits()
    name = chased(again)
    again.until(START_NS + 5 * SECOND_NS)
    again.feed(ev.EngineStarted("test", again.settings))
    again.session += 1
    again.connect(again.row(name, OrderStatus.CANCELED, quantity=300))
    again.fire()
    assert len(again.submits()) == 1
