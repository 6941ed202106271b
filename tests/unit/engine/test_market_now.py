"""The hour that an order meets: of its own venue and kind, on the open day, and never on another date."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from qmt_trading.engine.market_now import market_of
from qmt_trading.engine.risk.candidate import Market
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reasons import Reason
from qmt_trading.model.signal import PriceKind, PriceSpec
from qmt_trading.model.words import OpeningPause
from tests.engine_bench import ACCOUNT, DAY, STOCK, Bench
from tests.unit.engine.parts import reason

LIMIT = PriceSpec(PriceKind.LATEST, text="latest")
ONE_DAY = dt.timedelta(days=1)
REPO, FUND, CONVERTIBLE = Symbol("204001.SH"), Symbol("510300.SH"), Symbol("113050.SH")


def time_of(text: str) -> int:
    hour, minute, second = (int(part) for part in (text + ":00").split(":")[:3])
    return ((hour * 60 + minute) * 60 + second) * SECOND_NS


def met(
    text: str,
    *,
    symbol: Symbol = STOCK,
    date: dt.date = DAY,
    pause: OpeningPause = OpeningPause.HOLD,
    always_open: bool = False,
) -> Market:
    """Return what an order meets at a time of ``date`` while ``DAY`` is the open day."""
    bench = Bench()
    bench.engine.state.now_ns = at_time(date, time_of(text))
    settings = replace(bench.settings, always_open=always_open, opening_pause=pause)
    rule = rule_for(symbol)
    assert rule is not None
    return market_of(bench.engine.state, settings, replace(bench.quote(), symbol=symbol, rule=rule), rule, LIMIT)


@pytest.mark.parametrize(
    ("text", "takes_orders", "continuous"),
    [
        ("9:14:59", False, False),
        ("9:15", True, False),
        ("9:20", True, False),
        ("9:30", True, True),
        ("11:30", True, False),
        ("13:00", True, True),
        ("14:57", True, False),
        ("15:00", False, False),
        ("15:10", False, False),
    ],
)
def test_a_stock_meets_the_hours_of_stocks(text: str, takes_orders: bool, continuous: bool) -> None:
    market = met(text)
    assert (market.takes_orders, market.continuous, market.held_until_ns) == (takes_orders, continuous, 0)


@pytest.mark.parametrize(
    ("symbol", "text", "takes_orders", "continuous"),
    [
        (REPO, "15:10", True, True),
        (REPO, "15:30", False, False),
        (FUND, "14:58", True, False),
        (CONVERTIBLE, "14:58", True, True),
        (CONVERTIBLE, "15:10", False, False),
    ],
)
def test_other_kinds_meet_theirs(symbol: Symbol, text: str, takes_orders: bool, continuous: bool) -> None:
    market = met(text, symbol=symbol)
    assert (market.takes_orders, market.continuous) == (takes_orders, continuous)


@pytest.mark.parametrize(
    ("pause", "takes_orders", "is_held"),
    [(OpeningPause.HOLD, True, True), (OpeningPause.DENY, False, False), (OpeningPause.PASS, True, False)],
)
def test_the_pause_is_as_configured(pause: OpeningPause, takes_orders: bool, is_held: bool) -> None:
    market = met("9:25", pause=pause)
    assert market.takes_orders is takes_orders
    assert market.held_until_ns == (at_time(DAY, time_of("9:30")) if is_held else 0)


@pytest.mark.parametrize("date", [DAY - ONE_DAY, DAY + ONE_DAY])
def test_on_a_date_that_is_not_the_open_day_no_order_is_taken(date: dt.date) -> None:
    assert not met("10:00", date=date).takes_orders
    assert met("10:00", date=date, always_open=True).takes_orders


def test_a_submit_on_a_day_of_rest_is_denied_and_a_cancel_is_not() -> None:
    bench = Bench()
    bench.settings = replace(bench.settings, always_open=False)
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.connect()
    name = bench.buy()
    bench.report(bench.row(name))
    bench.feed(ev.DayBegan(DAY + 3 * ONE_DAY))
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.connect(bench.row(name))
    receipt = bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT}")
    assert reason(receipt.orders[0].denial) is Reason.OUT_OF_SESSION
    cancelled = bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert [line.denial for line in cancelled.cancels] == [None]


def test_behind_the_end_of_the_calendar_submits_are_denied_and_cancels_are_not() -> None:
    bench = Bench()
    bench.settings = replace(bench.settings, always_open=False, calendar_until=DAY)
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.connect()
    bench.buy()
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(DAY + ONE_DAY))
    bench.connect(bench.row("", number="78"))
    receipt = bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT}")
    assert reason(receipt.orders[0].denial) is Reason.CALENDAR_ENDED
    cancelled = bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert "78" in [line.broker_order_id for line in cancelled.cancels if line.denial is None]
