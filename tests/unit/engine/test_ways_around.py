"""What waits counts: no limit is passed by waiting, and no order is sent twice for having waited."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import at_time
from qmt_trading.model.limits import Limits, Scope, ScopeKind
from qmt_trading.model.numbers import PERCENT_UNIT, SECOND_NS, Price, Quantity
from qmt_trading.model.reasons import Reason
from qmt_trading.model.words import OpeningPause, TradingState
from tests.engine_bench import ACCOUNT, DAY, STOCK, Bench
from tests.unit.engine.limited import limited, reasons

MINUTE_NS = 60 * SECOND_NS


def due(bench: Bench, seconds: float = 0) -> None:
    """Let time pass, and decide what has become due, as the loop does."""
    bench.later(seconds)
    for waiting in bench.engine.take_due(bench.now_ns):
        bench.feed(ev.InstructionDue(waiting.seq, waiting.number, (bench.quote(),), waiting.accounts))


def sent(bench: Bench) -> int:
    return len(bench.made(out.SubmitOrder))


def basket(count: int, *options: str) -> str:
    tail = "".join(f" {option}" for option in options)
    return ";".join(f"buy {600000 + number}.SH 100@10.50:{ACCOUNT}{tail}" for number in range(count))


@pytest.mark.parametrize("options", [("ttl=60s",), ("at=10:00:30", "ttl=60s")])
def test_a_signal_makes_no_more_orders_by_waiting(options: tuple[str, ...]) -> None:
    bench = limited(Bench(), Limits(orders_per_signal_max=3, orders_per_second_max=1))
    quotes = tuple(replace(bench.quote(), symbol=f"{600000 + number}.SH") for number in range(6))
    text = basket(6, *options)
    from qmt_trading.codec.signal import parse

    (parsed,) = parse(text.encode())
    made = bench.feed(ev.SignalReceived(1, "door", bench.now_ns, text, parsed, quotes, None, bench.arrives()))  # type: ignore[arg-type]
    receipt = next(each for each in made if isinstance(each, out.SignalAnswered)).receipt
    assert reasons(receipt).count(Reason.ORDERS_PER_SIGNAL_EXCEEDED) == 3
    for _ in range(40):
        bench.later(1)
        for waiting in bench.engine.take_due(bench.now_ns):
            bench.feed(ev.InstructionDue(waiting.seq, waiting.number, quotes, waiting.accounts))
    assert sent(bench) == 3


def test_the_repeat_of_an_order_that_waits_is_suspected() -> None:
    bench = limited(Bench(), Limits(orders_per_second_max=1))
    bench.buy(name="first")
    text = f"buy {STOCK} 200@10.50:{ACCOUNT}"
    assert reasons(bench.signal(text)) == [Reason.PACED]
    bench.later(0.5)
    assert reasons(bench.signal(text)) == [Reason.DUPLICATE_SUSPECTED]
    for _ in range(5):
        due(bench, 1)
    assert sent(bench) == 2


@pytest.mark.parametrize("size", ["1000", "10手", "10500元"])
def test_a_target_knows_a_buy_that_waits_whatever_its_size_was_written_as(size: str) -> None:
    bench = limited(Bench(), strategy=Limits(orders_per_second_max=1))
    bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} strategy=grid #a/1")
    receipt = bench.signal(f"buy {STOCK} {size}@10.50:{ACCOUNT} strategy=grid #a/2")
    assert reasons(receipt) == [Reason.PACED]
    assert receipt.orders[0].quantity == 1000
    held = bench.held()
    target = bench.signal(f"target {STOCK} {held + 1100}@10.50:{ACCOUNT} #a/3")
    assert reasons(target) == [Reason.TARGET_REACHED]


def test_a_limit_set_below_the_present_loss_trips_at_once() -> None:
    bench = limited(Bench(), Limits(loss_halting=50 * PERCENT_UNIT))
    bench.feed(ev.PositionsMarked((ev.Mark(STOCK, Price(100_000), Price(104_000)),)))
    assert bench.engine.state.accounts[ACCOUNT].state is TradingState.ACTIVE
    bench.feed(ev.LimitRequested("me", "x", Scope(ScopeKind.ACCOUNT, ACCOUNT), "loss_halting", 1))
    assert bench.engine.state.accounts[ACCOUNT].state is TradingState.HALTED


def test_a_repeated_id_wants_nothing_more() -> None:
    bench = limited(Bench(), Limits(orders_per_second_max=1))
    bench.buy(name="first")
    bench.signal(f"buy {STOCK} 300@10.50:{ACCOUNT} ttl=1s #waits")
    text = f"buy {STOCK} 200@10.50:{ACCOUNT} ttl=1s #again"
    assert reasons(bench.signal(text)) == [Reason.ORDER_RATE_EXCEEDED]
    wanted = bench.engine.state.wanted_in_minute
    for _ in range(3):
        bench.signal(text)
    assert bench.engine.state.wanted_in_minute == wanted == 3


def at_hour(hour: int, minute: int, *, pause: OpeningPause = OpeningPause.HOLD) -> Bench:
    """Return a bench whose day has the exchanges' hours, at that time of it."""
    bench = Bench()
    bench.settings = replace(bench.settings, always_open=False, opening_pause=pause)
    bench.now_ns = at_time(DAY, (hour * 60 + minute) * MINUTE_NS)
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.connect()
    return bench


def test_the_cage_holds_for_what_a_counter_keeps_over_lunch_and_before_the_opening() -> None:
    high = f"buy {STOCK} 100@11.40:{ACCOUNT}"
    assert reasons(at_hour(12, 0).signal(high)) == [Reason.PRICE_CAGE]
    assert reasons(at_hour(9, 28, pause=OpeningPause.PASS).signal(high)) == [Reason.PRICE_CAGE]
    assert reasons(at_hour(9, 16).signal(high)) == [None], "no cage in an auction"


def test_an_order_that_expires_before_the_market_opens_is_told_so() -> None:
    bench = at_hour(9, 28)
    soon = dt.datetime.fromtimestamp((bench.now_ns + 10 * SECOND_NS) / 1e9, dt.UTC).isoformat()
    message = (
        f'{{"action":"buy","id":"e/1","symbol":"{STOCK}","quantity":100,"price":10.5,"accounts":["{ACCOUNT}"],'
        f'"expires_at":"{soon}"}}'
    )
    assert reasons(bench.signal(message)) == [Reason.SIGNAL_STALE]


def test_a_split_order_takes_as_many_turns_as_it_has_parts() -> None:
    bench = limited(Bench(), Limits(orders_per_second_max=2))
    rule = bench.quote().rule
    assert rule is not None
    small = bench.quote(rule=replace(rule, quantity_max=Quantity(100)))
    text = f"buy {STOCK} 200@10.50:{ACCOUNT} ttl=60s"
    assert reasons(bench.signal(f"{text} #p/1", quote=small)) == [None, None]
    bench.signal(f"{text} #p/2", quote=small)
    bench.signal(f"{text} #p/3", quote=small)
    waiting = [each.due_ns - bench.now_ns for each in bench.engine.state.timed.values()]
    assert waiting == [SECOND_NS, 2 * SECOND_NS]
    assert bench.engine.state.wanted_in_minute == 6


def test_a_release_is_not_undone_by_the_next_message() -> None:
    bench = Bench(per_minute=2)
    for name in ("a", "b"):
        bench.buy(name=name)
    assert bench.alerts().count("AMPLIFICATION") == 1
    bench.feed(ev.ResumeRequested("me", "seen"))
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert bench.engine.state.trading_state is TradingState.ACTIVE
