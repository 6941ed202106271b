"""The same strategy and data through a backtest and through the paper engine: the same orders, the same fills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

from qmt_trading.market.calendar import SHIPPED
from qmt_trading.market.instruments import rule_for
from qmt_trading.market.limits import price_limits
from qmt_trading.market.sessions import Session
from qmt_trading.model import events as ev
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, UNIT, Price, Quantity
from qmt_trading.model.order import Order
from qmt_trading.model.words import OrderStatus, Side
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars
from qmt_trading.research.conditions import Schedule, crosses
from qmt_trading.research.costs import FillModel
from qmt_trading.research.growing import NewBar
from qmt_trading.research.indicators import Change, Ema, Highest, Sma
from qmt_trading.research.live import LiveRun
from qmt_trading.research.result import DENIED, REASONS, STATUSES, Result
from qmt_trading.research.strategy import Strategy
from qmt_trading.run.strategies.seat import News, Seat
from tests.strategies.paper import Paper, seat_of, view_of

CASH = 1_000_000 * UNIT
TICK = 100
MINUTE_NS = 60 * SECOND_NS
CLOSE_NS = 15 * 60 * MINUTE_NS
SYMBOLS = ("600000.SH", "000001.SZ", "510300.SH")
FILLS = FillModel(at="open", slippage_ticks=0, volume_share_millionths=0)


class Moving(Strategy):
    """Averages, limits, cancels, targets: what a strategy does in a day."""

    def declare(self) -> None:
        self.fields = ("open", "high", "low", "close")
        self.indicators = {"fast": Sma("close", 3), "slow": Ema("close", 9), "top": Highest("high", 6)}
        self.resting: dict[int, Any] = {}
        self.told: list[tuple[str, int, int]] = []

    def on_bar(self, bar: Any) -> None:
        waiting = self.resting.get(bar.place)
        if waiting is not None and bar.close < waiting.limit:
            del self.resting[bar.place]
            self.cancel(waiting)
            return  # What it frees is free when the counter says so, which a backtest does at once.
        if bar.fast > bar.slow and not self.position:
            self.buy(300)
        elif bar.fast < bar.slow and self.sellable:
            self.sell(self.sellable)
        elif bar.high >= bar.top and waiting is None and self.sellable and bar.close + 3 * TICK <= self.limits[0]:
            self.resting[bar.place] = self.sell(100, limit=bar.close + 3 * TICK)
        elif self.data["close"][1 if bar.index else 0] > bar.close and bar.index % 7 == 0:
            self.buy(100, limit=bar.close - TICK)
        if bar.index % 31 == 30:
            self.target(200)

    def on_fill(self, order: Any) -> None:
        self.told.append((order.symbol, order.side, order.filled))

    def on_order(self, order: Any) -> None:
        self.resting = {place: each for place, each in self.resting.items() if each is not order}


class Hasty(Strategy):
    """Sells what it holds as soon as it holds it, which the exchange allows on the next day."""

    fields = ("close",)

    def on_bar(self, bar: Any) -> None:
        if bar.index % 5 == 0:
            self.buy(300)
        elif bar.index % 7 == 0:
            self.target(0)
        elif bar.index % 3 == 0 and self.position:
            self.sell(self.position)


class Woken(Moving):
    def declare(self) -> None:
        super().declare()
        self.wake = crosses("fast", "slow")


class Turning(Strategy):
    """By days, and without orders that rest: at a counter they have expired when the day's bar is shown."""

    def declare(self) -> None:
        self.fields = ("close",)
        self.indicators = {"fast": Sma("close", 2), "slow": Sma("close", 4)}

    def on_bar(self, bar: Any) -> None:
        if bar.fast > bar.slow and self.position < 600:
            self.buy(200)
        elif bar.fast < bar.slow and self.sellable:
            self.sell(self.sellable)
        elif bar.index % 5 == 0:
            self.target(400)


class Greedy(Strategy):
    """Asks for what it may not have: too much cash, more than it may sell, odd lots."""

    fields = ("close",)

    def on_bar(self, bar: Any) -> None:
        match bar.index % 9:
            case 0:
                self.buy(200_000)
            case 2:
                self.buy(150)
            case 4:
                self.buy(100)
            case 5:
                self.sell(100)  # Bought today: T+1.
            case 7 if self.sellable:
                self.sell(self.sellable)


class Rotating(Strategy):
    def declare(self) -> None:
        self.wake = Schedule(every_days=2, first=3)
        self.indicators = {"gain": Change("close", 2)}

    def on_bars(self, bars: Any) -> None:
        best = int(np.argmax(bars.gain))
        wanted = np.zeros(len(bars.symbols), np.int64)
        wanted[best] = 2_000
        bars.target(wanted)


class Traded(NamedTuple):
    """One fill, as both sides tell it."""

    minute: int
    symbol: str
    side: int
    quantity: int
    price: int


class Placed(NamedTuple):
    """One order that left, as both sides tell it."""

    symbol: str
    side: int
    quantity: int
    limit: int
    status: str
    filled: int


def days_of_trading(count: int) -> list[dt.date]:
    day, found = dt.date(2026, 3, 2), list[dt.date]()
    while len(found) < count:
        day = SHIPPED.next_from(day)
        found.append(day)
        day = day + dt.timedelta(days=1)
    return found


def made_bars(symbol: str, seed: int, days: Sequence[dt.date], times_ns: Sequence[int], frequency: str) -> Bars:
    """Return a walk on whole ticks, with days that seal at a limit."""
    draw = np.random.default_rng([seed, sum(map(ord, symbol))])
    rows: list[tuple[int, int, int, int, int]] = []
    last, close = 100_000, 100_000
    for number, day in enumerate(days):
        before = close
        rule = rule_for(Symbol(symbol))
        assert rule is not None
        up, down = price_limits(rule, Price(before))
        sealed = number % 5 == 3 and symbol != "510300.SH"
        for time_ns in times_ns:
            if sealed:
                points = [int(up)] * 4
            else:
                steps = draw.integers(-6, 7, 3).cumsum() * TICK
                points = [int(min(max(last + each, down + 5 * TICK), up - 5 * TICK)) for each in (0, *steps)]
            rows.append((at_time(day, time_ns), points[0], max(points), min(points), points[-1]))
            last = points[-1]
        close = last
    at_ns, first, high, low, final = (np.asarray(column, np.int64) for column in zip(*rows, strict=True))
    return Bars.of(
        symbol, at_ns=at_ns, open=first, high=high, low=low, close=final,
        quantity=np.full(len(rows), 1_000_000, np.int64), frequency=frequency,
    )  # fmt: skip


def minutes() -> list[int]:
    morning = [(9 * 60 + 31 + 8 * number) * MINUTE_NS for number in range(15)]
    return morning + [(13 * 60 + 1 + 8 * number) * MINUTE_NS for number in range(14)] + [15 * 60 * MINUTE_NS]


class OnPaper(NamedTuple):
    """A run of the paper engine over bars."""

    paper: Paper
    seat: Seat
    live: LiveRun
    orders: list[Order]
    """Of all days, as each ended."""

    def tell(self) -> None:
        """Let the strategy hear what has become of its orders, and what follows from that, until all is still."""
        for _ in range(20):
            news: list[News] = self.seat.see(view_of(self.paper))
            for each in news:
                (self.live.filled if each.is_fill else self.live.ended)(each.order)
            if not news:
                return
        raise AssertionError("it does not come to rest")


def on_paper(strategy: Strategy, bars: Sequence[Bars], frequency: str, *, older: int = 0) -> OnPaper:
    """Run ``strategy`` at the paper engine: it decides at a bar's end, and the market stands at the next one's open.

    By days it decides when the market has closed, and the engine keeps its orders over night.

    Args:
        older: shares of each symbol that the account holds since before, and the strategy does not.
    """
    holdings = {each.symbol: Quantity(older) for each in bars} if older else None
    paper = Paper(begins_at(bars[0], 0) - 5 * MINUTE_NS, CASH, Session(), holdings)
    for each in bars:
        paper.market.stand(each.symbol, int(each.open[0]), int(each.previous_close[0]), bid=0, ask=0)
    paper.begin_session()
    seat = seat_of(paper, [each.symbol for each in bars], overnight=frequency == "1d")
    live = LiveRun(strategy, [each.symbol for each in bars], frequency, seat)
    here = OnPaper(paper, seat, live, [])
    here.tell()
    live.start()
    pending: list[NewBar] = []
    for row in range(len(bars[0])):
        at_ns = int(bars[0].at_ns[row])
        begins_ns = begins_at(bars[0], row)
        stand_at(here, bars, row, "open", begins_ns)
        live.take(pending)  # The bar before has ended; what is decided meets the market as this one opens.
        here.tell()
        for seconds, point in ((31, "open"), (40, "low"), (50, "high"), (59, "close")):
            stand_at(here, bars, row, point, begins_ns + seconds * SECOND_NS)
        pending = [bar_of(each, row) for each in bars]
        if row + 1 == len(bars[0]) or day_of(int(bars[0].at_ns[row + 1])) != day_of(at_ns):
            paper.at(at_time(day_of(at_ns), CLOSE_NS + 120 * SECOND_NS))
            here.tell()
            here.orders.extend(view_of(paper).orders)
            live.take(pending)
            here.tell()
            pending = []
    return here


def begins_at(bars: Bars, row: int) -> int:
    """Return when the market stands at a bar's open: right after the bar before, within continuous trading."""
    at_ns = int(bars.at_ns[row])
    opens_ns = at_time(day_of(at_ns), 9 * 60 * MINUTE_NS + 30 * MINUTE_NS + SECOND_NS // 2)
    before_ns = int(bars.at_ns[row - 1]) if row else 0
    if before_ns < opens_ns:
        return opens_ns
    noon_ns = at_time(day_of(at_ns), 13 * 60 * MINUTE_NS)
    return noon_ns + 1 if before_ns < noon_ns < at_ns else before_ns + 1


def stand_at(here: OnPaper, bars: Sequence[Bars], row: int, point: str, at_ns: int) -> None:
    """Let the market stand at one point of its bars: who is met there must be traded through, as in a backtest."""
    paper = here.paper
    for each in bars:
        last = int(getattr(each, point)[row])
        day = int(np.searchsorted(each.day_start, row, "right")) - 1
        before = int(each.previous_close[day])
        sealed = int(each.low[row]) == int(each.high[row]) and last > before * 105 // 100
        bid, ask = (last, last) if point == "open" else (last - TICK, last + TICK)
        paper.market.stand(each.symbol, last, before, bid=bid, ask=0 if sealed else ask)
    paper.at(at_ns)
    for each in bars:
        quote = paper.quote(each.symbol, at_ns)
        assert quote is not None
        here.seat.quote(quote)
    here.tell()


def bar_of(bars: Bars, row: int) -> NewBar:
    day = int(np.searchsorted(bars.day_start, row, "right")) - 1
    return NewBar(
        symbol=bars.symbol, at_ns=int(bars.at_ns[row]), open=int(bars.open[row]), high=int(bars.high[row]),
        low=int(bars.low[row]), close=int(bars.close[row]), previous_close=int(bars.previous_close[day]),
    )  # fmt: skip


def fills_on_paper(here: OnPaper, bars: Bars) -> list[Traded]:
    return sorted(
        Traded(
            int(np.searchsorted(bars.at_ns, each.filled_ns)), each.symbol, 1 if each.side is Side.BUY else -1,
            each.quantity, each.price,
        )
        for each in every_fill(here)
    )  # fmt: skip


def every_fill(here: OnPaper) -> list[ev.FillRow]:
    """Return all fills of the run out of its journal, each once: the engine's tables hold one day."""
    found = {
        (record.row.day, record.row.symbol, record.row.fill_id): record.row
        for turn in here.paper.turns()
        for record in turn
        if isinstance(record, ev.FillReported)
    }
    return list(found.values())


def fills_of(result: Result, bars: Bars) -> list[Traded]:
    rows = result.fills
    return sorted(
        Traded(
            int(np.searchsorted(bars.at_ns, rows.at_ns[row])), result.symbols[int(rows.symbol[row])],
            int(rows.side[row]), int(rows.quantity[row]), int(rows.price[row]),
        )
        for row in range(len(rows))
    )  # fmt: skip


def orders_on_paper(here: OnPaper, *, without_limit: frozenset[int]) -> list[Placed]:
    """Return what left; the price of one without a limit is the market's, and counts as none."""
    known = {each.seq: each for each in here.seat.orders}
    return sorted(
        Placed(
            row.symbol, 1 if row.side is Side.BUY else -1, row.quantity,
            0 if row.signal_seq in without_limit else row.price, row.status.value, row.filled_quantity,
        )
        for row in here.orders
        if row.signal_seq in known and row.status is not OrderStatus.NOT_SENT
    )  # fmt: skip


def orders_of(result: Result) -> list[Placed]:
    """Return what left; but not what found nobody at a sealed limit: the engine refuses an order that has no price."""
    rows = result.orders
    return sorted(
        Placed(
            result.symbols[int(rows.symbol[row])], int(rows.side[row]), int(rows.quantity[row]),
            int(rows.limit_price[row]), STATUSES[int(rows.status[row])], int(rows.filled_quantity[row]),
        )
        for row in range(len(rows.made_ns))
        if STATUSES[int(rows.status[row])] not in (DENIED, OrderStatus.NOT_SENT.value)
        and not (REASONS[int(rows.reason[row])] == "LIMIT_UP_MISSED" and not rows.limit_price[row])
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [Moving, Woken, Greedy])
def test_minutes(kind: type[Strategy], seed: int) -> None:
    days = days_of_trading(6)
    bars = [made_bars(symbol, seed, days, minutes(), "1m") for symbol in SYMBOLS]
    result = run(kind(), {each.symbol: each for each in bars}, cash=CASH, fills=FILLS)
    here = on_paper(kind(), bars, "1m")
    assert len(result.fills) > 5
    assert fills_on_paper(here, bars[0]) == fills_of(result, bars[0])
    free = frozenset(each.seq for each in here.seat.orders if not each.limit)
    assert orders_on_paper(here, without_limit=free) == orders_of(result)


@pytest.mark.parametrize("older", [0, 5_000])
def test_what_it_may_sell_today_whatever_else_the_account_holds(older: int) -> None:
    days = days_of_trading(4)
    bars = [made_bars(symbol, 1, days, minutes(), "1m") for symbol in SYMBOLS]
    result = run(Hasty(), {each.symbol: each for each in bars}, cash=CASH, fills=FILLS)
    here = on_paper(Hasty(), bars, "1m", older=older)
    assert {each[2] for each in fills_of(result, bars[0])} == {1, -1}
    assert fills_on_paper(here, bars[0]) == fills_of(result, bars[0])


@pytest.mark.parametrize("seed", range(3))
def test_days(seed: int) -> None:
    days = days_of_trading(30)
    bars = [made_bars(symbol, seed, days, [CLOSE_NS], "1d") for symbol in SYMBOLS]
    for kind in (Turning, Greedy):
        result = run(kind(), {each.symbol: each for each in bars}, cash=CASH, fills=FILLS)
        here = on_paper(kind(), bars, "1d")
        assert len(result.fills) > 5
        assert fills_on_paper(here, bars[0]) == fills_of(result, bars[0])


@pytest.mark.parametrize("seed", range(3))
def test_cross_sections(seed: int) -> None:
    days = days_of_trading(30)
    bars = [made_bars(symbol, seed, days, [CLOSE_NS], "1d") for symbol in SYMBOLS]
    result = run(Rotating(), {each.symbol: each for each in bars}, cash=CASH, fills=FILLS)
    here = on_paper(Rotating(), bars, "1d")
    assert len(result.fills) > 5
    assert fills_on_paper(here, bars[0]) == fills_of(result, bars[0])
