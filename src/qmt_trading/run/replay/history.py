"""One symbol's history by instants: when each bar begins and ends, which day it is of, and what bounds that day."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from typing import Final

import numpy as np

from qmt_trading.market.day_facts import DayFacts, day_facts
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.numbers import SECOND_NS, Money, Price
from qmt_trading.model.words import NOT_PRICED
from qmt_trading.research.columns import Bars, ColumnsError, Integers

OPEN_NS: Final = (9 * 60 + 30) * 60 * SECOND_NS
"""After midnight: where continuous trading begins, and the first bar of a day."""
AUCTION_NS: Final = (9 * 60 + 25) * 60 * SECOND_NS
"""After midnight: where the opening price is known."""
CLOSE_NS: Final = 15 * 3600 * SECOND_NS
_MINUTE_NS: Final = 60 * SECOND_NS
_LUNCH: Final = ((11 * 60 + 30) * 60 * SECOND_NS, 13 * 3600 * SECOND_NS)
RECENT_NS: Final = 300 * SECOND_NS
Ints = memoryview
"""A column of integers of 64 bits: each is found as fast as in a list, and nothing is copied."""


class Day:
    """One day of a symbol: what its orders are bound by."""

    __slots__ = ("date", "down", "facts", "is_suspended", "open_ns", "reference", "up")

    def __init__(
        self, date: dt.date, reference: int, facts: DayFacts | None, up: int, down: int, *, is_suspended: bool
    ) -> None:
        self.date = date
        self.open_ns = at_time(date, OPEN_NS)
        self.reference = Price(reference)
        self.facts = facts
        """None: the rule book does not know the symbol on this day."""
        self.up = Price(up)
        """0: no limit; so is ``down``."""
        self.down = Price(down)
        self.is_suspended = is_suspended


class History:
    """Bars or snapshots of one symbol. A bar is begun by one instant and ended by the next; a snapshot is one instant.

    A day's first bar begins with continuous trading, and its opening price is that of the auction before.
    """

    def __init__(self, bars: Bars, rules: RuleBook) -> None:
        """Lay the columns out.

        Raises:
            ColumnsError: prices are adjusted, which no order could be placed at, or ticks have no levels.
        """
        if bars.adjusted != "none":
            raise ColumnsError(
                f"{bars.symbol}: 信号里的价格是当时的真价，行情不能复权 / signals have real prices: no adjusted bars"
            )
        self.symbol = bars.symbol
        self.bars = bars
        self.is_ticks = bars.frequency == "tick"
        if self.is_ticks and (bars.bids is None or bars.asks is None):
            raise ColumnsError(f"{bars.symbol}: 分笔没有五档盘口 / snapshots without levels")
        self._rules = rules
        self.ends = _ints(bars.at_ns)
        self.open = _ints(bars.open)
        self.high = _ints(bars.high)
        self.low = _ints(bars.low)
        self.close = _ints(bars.close)
        self.quantity = _ints(bars.quantity)
        turnover = bars.turnover
        self._traded = _ints(np.concatenate(([0], np.cumsum(turnover)))) if turnover is not None else None
        starts = bars.day_start.tolist()
        self._dates = [day_of(self.ends[row]) for row in starts]
        self._first_rows = frozenset(starts)
        self.days = [self._day(place, date) for place, date in enumerate(self._dates)]
        days_of_rows = np.repeat(np.arange(len(starts)), np.diff(bars.day_ends, prepend=0))
        self.day_of_row = _ints(days_of_rows)
        self.begins = self.ends if self.is_ticks else self._begins(days_of_rows)

    def __len__(self) -> int:
        return len(self.ends)

    def day_at(self, now_ns: int) -> Day | None:
        """Return the day that ``now_ns`` is of; None: this history has nothing of it."""
        date = day_of(now_ns)
        place = bisect_left(self._dates, date)
        return self.days[place] if place < len(self._dates) and self._dates[place] == date else None

    def known_row(self, now_ns: int) -> int:
        """Return the last row that has ended by ``now_ns``; -1: none."""
        return bisect_right(self.ends, now_ns) - 1

    def first_after(self, placed_ns: int) -> int:
        """Return the first row that an order placed at ``placed_ns`` can meet: one that ends later."""
        return bisect_right(self.ends, placed_ns)

    def opening(self, row: int) -> int:
        """Return from when on the opening price of ``row`` is known: its first trade, or the auction before it."""
        if row in self._first_rows:
            return at_time(self._dates[self.day_of_row[row]], AUCTION_NS)
        return self.begins[row] + 1

    def ends_day(self, row: int) -> bool:
        """Tell whether ``row`` is the last one of its day."""
        return row + 1 == len(self.ends) or row + 1 in self._first_rows

    def next_ns(self, now_ns: int) -> int:
        """Return the next instant after ``now_ns`` at which something trades; 0: none."""
        row = bisect_right(self.ends, now_ns)
        if row == len(self.ends):
            return 0
        return self.begins[row] if self.begins[row] > now_ns else self.ends[row]

    def lately(self, now_ns: int) -> Money:
        """Return what was traded in the five minutes before ``now_ns``, by rows that have ended; -1: it is not told."""
        if self._traded is None or self.bars.frequency == "1d":
            return Money(-1)
        last, first = bisect_right(self.ends, now_ns), bisect_right(self.ends, now_ns - RECENT_NS)
        return Money(self._traded[last] - self._traded[first])

    def part_left(self, row: int, placed_ns: int) -> tuple[int, int]:
        """Return how much of a bar's trading time lies behind ``placed_ns``, as (this, of all)."""
        begin, end = self.begins[row], self.ends[row]
        return _trading_ns(placed_ns, end), max(_trading_ns(begin, end), 1)

    def _day(self, place: int, date: dt.date) -> Day:
        bars = self.bars
        reference = bars.previous_close.item(place)
        facts = day_facts(self._rules, self.symbol, date, Price(reference))
        if facts is not None and facts.rule.kind in NOT_PRICED:
            facts = None  # What a repo lends is no holding that a result could value: it is denied as unknown.
        up, down = (facts.limit_up, facts.limit_down) if facts is not None else (Price(0), Price(0))
        if bars.limit_up is not None and bars.limit_down is not None:
            up, down = Price(bars.limit_up.item(place)), Price(bars.limit_down.item(place))
        stopped = bars.suspended is not None and bool(bars.suspended.item(place))
        return Day(date, reference, facts, up, down, is_suspended=stopped)

    def _begins(self, days_of_rows: Integers) -> Ints:
        """Return when each bar begins: a day's first with continuous trading, a minute's others a minute before."""
        opens, ends = np.asarray([day.open_ns for day in self.days], np.int64)[days_of_rows], self.bars.at_ns
        begins = opens if self.bars.frequency == "1d" else np.maximum(ends - _MINUTE_NS, opens)
        begins[self.bars.day_start] = opens[self.bars.day_start]
        return _ints(np.minimum(begins, ends))


def _ints(column: Integers) -> Ints:
    """Return a column as numbers of Python's own, without a copy of it."""
    return np.ascontiguousarray(column, np.int64).data


def _trading_ns(first_ns: int, last_ns: int) -> int:
    """Return the time between two instants of one day without the lunch between them."""
    date = day_of(first_ns)
    begins, ends = at_time(date, _LUNCH[0]), at_time(date, _LUNCH[1])
    lunch = max(0, min(last_ns, ends) - max(first_ns, begins))
    return max(0, last_ns - first_ns - lunch)
