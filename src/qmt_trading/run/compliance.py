"""The programme-trading report of one trading day: figures, account by account, out of the journal alone."""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from qmt_trading.codec.journal_record import GENESIS, decode_turn, seal
from qmt_trading.model import events as ev
from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import MILLION, PERCENT_UNIT, SECOND_NS
from qmt_trading.model.settings import HIGH_FREQUENCY_PER_SECOND, Compliance
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side
from qmt_trading.ports import JournalReader
from qmt_trading.run.compliance_facts import AccountFacts, DayFacts, FillFacts, OrderFacts

PROGRESS_EVERY: Final = 1000
MINUTE_NS: Final = 60 * SECOND_NS
RUN_LENGTH: Final = 3
"""Orders from which a run is counted."""
LATE_TURNS: Final = 100
"""So many turns of the next day are read for the hand-over of this one's last orders."""
_DAY_MARK: Final = b'["day","'
"""Stands in every turn that begins a trading day, and hardly in any other."""


class Measures(NamedTuple):
    """What is counted as fast and as far; the exchanges publish no figures for either."""

    rate: int = 10
    """Orders and cancels from which a second is counted."""
    move_millionths: int = PERCENT_UNIT
    """How far beyond the last price an order or a fill is counted."""


DEFAULTS: Final = Measures()


class Peak(NamedTuple):
    """The largest of a figure that slides along the day, and where it begins."""

    amount: int = 0
    at_ns: int = 0
    """0: there was none."""
    symbol: Symbol = Symbol("")


class Figures(Struct, frozen=True, kw_only=True):
    """What one account did. Shares are in millionths; -1: there is nothing to take a share of."""

    account: AccountId
    name: str
    compliance: Compliance | None
    orders: int
    """Handed over."""
    unrecorded: int
    """Of those: the instant of the hand-over is on no record, and that of the decision stands for it."""
    cancels: int
    """Each hand-over of a cancel counts, repeats, too."""
    foreign_orders: int
    foreign_cancels: int
    second: Peak
    """Most orders and cancels of ours within one second, wherever it begins."""
    second_whole: Peak
    """The same with foreign ones."""
    seconds_fast: int
    """Seconds of the clock with at least ``Measures.rate`` orders and cancels of ours."""
    seconds_high: int
    """The same with 300."""
    canceled: int
    """Orders of ours that ended cancelled."""
    canceled_1s: int
    canceled_5s: int
    orders_through: int
    """Orders of ours whose price lay beyond the last one by at least ``Measures.move_millionths``."""
    orders_unquoted: int
    """Orders of ours without a last price on record."""
    fills: int
    fills_through: int
    fills_unquoted: int
    run_longest: int
    """Most orders of one symbol and side within a minute, each buy dearer, each sell cheaper than the one before."""
    runs: int
    """Such runs of at least three orders."""
    value_minute: Peak
    """Largest value of own fills in one symbol within a minute."""
    value_five: Peak
    share_five: Peak
    """Largest share of the value of five minutes in what the market traded in five minutes, where quotes tell it."""

    @property
    def total(self) -> int:
        return self.orders + self.cancels

    @property
    def total_whole(self) -> int:
        """With foreign ones: that is what counts at the exchange."""
        return self.total + self.foreign_orders + self.foreign_cancels

    @property
    def canceled_share(self) -> int:
        return _share(self.canceled, self.orders)

    @property
    def canceled_1s_share(self) -> int:
        return _share(self.canceled_1s, self.orders)

    @property
    def canceled_5s_share(self) -> int:
        return _share(self.canceled_5s, self.orders)


class Report(NamedTuple):
    """All accounts of one trading day."""

    day: dt.date
    until_ns: int
    """The clock of the day's last record so far."""
    turns: int
    """How many were read and found whole, from the journal's first on."""
    head: bytes
    """The seal of the last of them."""
    measures: Measures
    accounts: tuple[Figures, ...]


class NoSuchDayError(Exception):
    """The journal holds no record of that trading day."""

    def __init__(self, days: Sequence[dt.date]) -> None:
        super().__init__()
        self.days = days
        """Those that it holds, in order."""


def last_day(reader: JournalReader) -> dt.date | None:
    """Return the trading day that the journal opened last, None while it has opened none.

    Raises:
        JournalBrokenError: the turn is not what was written.
    """
    number = reader.last_day_opened()
    for turn in reader.turns(number) if number else ():
        for record in decode_turn(turn.payload):
            if isinstance(record, ev.DayBegan):
                return record.day
        break
    return None


def report(
    reader: JournalReader,
    day: dt.date,
    measures: Measures = DEFAULTS,
    *,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Return the figures of ``day``; every turn up to its end is checked against its seal, those of the day decoded.

    Raises:
        JournalBrokenError: a turn is missing or is not what was written: there are no figures of such a journal.
        NoSuchDayError: no such day in this journal.
    """
    facts: DayFacts | None = None
    days: list[dt.date] = []
    number, head, late, at_ns = 0, GENESIS, 0, 0
    for turn in reader.turns(1):
        if turn.number != number + 1:
            raise JournalBrokenError(f"日志缺少第 {number + 1} 轮 / turn {number + 1} is missing")
        if seal(head, turn.number, turn.payload) != turn.seal:
            raise JournalBrokenError(f"日志第 {turn.number} 轮被改动 / turn {turn.number} was changed")
        number, head = turn.number, turn.seal
        if progress is not None and number % PROGRESS_EVERY == 0:
            progress(number)
        in_day = bool(days) and days[-1] == day
        if in_day or late or _DAY_MARK in turn.payload:
            for record in decode_turn(turn.payload):
                if isinstance(record, ev.At):
                    at_ns = record.now_ns
                elif isinstance(record, ev.DayBegan):
                    days.append(record.day)
                    if record.day == day:
                        facts = DayFacts(day, at_ns)
                if facts is not None and days[-1] == day:
                    facts.take(record)
                elif facts is not None:
                    late = late or number
                    facts.take_late(record)
        if facts is not None and late and (not facts.awaits or number - late >= LATE_TURNS):
            break
    if facts is None:
        raise NoSuchDayError(days)
    facts.close()
    figures = tuple(figures_of(each, measures) for each in facts.accounts)
    return Report(day, facts.until_ns, number, head, measures, figures)


def figures_of(facts: AccountFacts, measures: Measures) -> Figures:
    """Return what the facts of one account come to."""
    orders = sorted((order for order in facts.orders.values() if order.sent), key=lambda order: order.out_ns)
    foreign = [order for order in facts.foreign if order.counted]
    ours = sorted([order.out_ns for order in orders] + facts.cancels)
    # Cancelled, and not by us: somebody else cancelled it, whosever order it is.
    others_cancels = [order.canceled_ns for order in (*orders, *foreign) if order.canceled_ns and not order.cancel_ns]
    others = [order.placed_ns for order in foreign] + others_cancels
    by_second = Counter(instant_ns // SECOND_NS for instant_ns in ours)
    canceled = [order for order in orders if order.canceled_ns]
    lives_ns = [(order.cancel_ns or order.canceled_ns) - order.out_ns for order in canceled]
    fills = sorted(facts.fills, key=lambda fill: fill.filled_ns)
    quoted = [order for order in orders if order.last > 0]
    quoted_fills = [fill for fill in fills if fill.last > 0]
    run_longest, runs = _runs(orders)
    settings = facts.settings
    return Figures(
        account=facts.account,
        name=settings.name if settings is not None else "",
        compliance=settings.compliance if settings is not None else None,
        orders=len(orders),
        unrecorded=sum(not order.called_ns for order in orders),
        cancels=len(facts.cancels),
        foreign_orders=len(foreign),
        foreign_cancels=len(others_cancels),
        second=most_within(ours, SECOND_NS),
        second_whole=most_within(sorted(ours + others), SECOND_NS),
        seconds_fast=sum(count >= measures.rate for count in by_second.values()),
        seconds_high=sum(count >= HIGH_FREQUENCY_PER_SECOND for count in by_second.values()),
        canceled=len(canceled),
        canceled_1s=sum(life_ns <= SECOND_NS for life_ns in lives_ns),
        canceled_5s=sum(life_ns <= 5 * SECOND_NS for life_ns in lives_ns),
        orders_through=sum(_is_through(order, measures.move_millionths) for order in quoted),
        orders_unquoted=len(orders) - len(quoted),
        fills=len(fills),
        fills_through=sum(_is_through(fill, measures.move_millionths) for fill in quoted_fills),
        fills_unquoted=len(fills) - len(quoted_fills),
        run_longest=run_longest,
        runs=runs,
        value_minute=_largest_value(fills, MINUTE_NS),
        value_five=_largest_value(fills, 5 * MINUTE_NS),
        share_five=_largest_share(fills, 5 * MINUTE_NS),
    )


def most_within(instants: Sequence[int], span_ns: int) -> Peak:
    """Return how many of the sorted ``instants`` lie at most within one span, wherever it begins.

    A span holds its beginning and not its end: two instants a whole span apart are in none together.
    """
    best, first = Peak(), 0
    for index, instant_ns in enumerate(instants):
        while instant_ns - instants[first] >= span_ns:
            first += 1
        if index - first + 1 > best.amount:
            best = Peak(index - first + 1, instants[first])
    return best


def _runs(orders: Iterable[OrderFacts]) -> tuple[int, int]:
    """Return the length of the longest run, and how many have reached three orders within a minute."""
    longest, count = 0, 0
    runs: dict[tuple[Symbol, Side], tuple[deque[OrderFacts], bool]] = {}
    for order in orders:
        run, is_counted = runs.get((order.symbol, order.side), (deque(), False))
        if run:
            step = order.price - run[-1].price
            if (step if order.side is Side.BUY else -step) <= 0:
                run, is_counted = deque(), False
        while run and order.out_ns - run[0].out_ns >= MINUTE_NS:
            run.popleft()
        is_counted = is_counted and bool(run)  # After a minute's pause it is another run.
        run.append(order)
        longest = max(longest, len(run))
        if len(run) >= RUN_LENGTH and not is_counted:
            is_counted = True
            count += 1
        runs[order.symbol, order.side] = run, is_counted
    return longest, count


def _is_through(traded: OrderFacts | FillFacts, move_millionths: int) -> bool:
    """Tell whether a price lies beyond the last one, in the direction of its side, by at least so much."""
    if traded.side is Side.BUY:
        return traded.price * MILLION >= traded.last * (MILLION + move_millionths)
    return traded.price * MILLION <= traded.last * (MILLION - move_millionths)


def _largest_value(fills: Iterable[FillFacts], span_ns: int) -> Peak:
    return max((window for window, _ in _windows(fills, span_ns)), key=lambda peak: peak.amount, default=Peak())


def _largest_share(fills: Iterable[FillFacts], span_ns: int) -> Peak:
    """Return the largest share of a span's value in the market's, in millionths; -1: no quote told the market's."""
    best = Peak(-1)
    for window, last in _windows(fills, span_ns):
        if last.recent_value > 0:
            share = window.amount * MILLION // last.recent_value
            if share > best.amount:
                best = window._replace(amount=share)
    return best


def _windows(fills: Iterable[FillFacts], span_ns: int) -> Iterable[tuple[Peak, FillFacts]]:
    """Yield, for each of the sorted ``fills``, the value of its symbol in the span that ends with it, and the fill."""
    kept: dict[Symbol, deque[FillFacts]] = {}
    values: Counter[Symbol] = Counter()
    for fill in fills:
        window = kept.setdefault(fill.symbol, deque())
        window.append(fill)
        values[fill.symbol] += fill.value
        while fill.filled_ns - window[0].filled_ns >= span_ns:
            values[fill.symbol] -= window.popleft().value
        yield Peak(values[fill.symbol], window[0].filled_ns, fill.symbol), fill


def _share(part: int, whole: int) -> int:
    return part * MILLION // whole if whole else -1
