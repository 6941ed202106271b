"""The market feed of a replay: what was known of a symbol at an instant of history, and nothing that came later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import Price
from qmt_trading.run.replay.history import Day, History

_LEVELS: Final = 5


class HistoryFeed:
    """Quotes out of bars or snapshots. Safe from any thread.

    Of bars the last price is the close of the bar that has ended, or within a bar the price at which it opened; they
    have no book, so one is made around it, a tick a level, empty on the side that a limit seals. Such a quote is as
    fresh as the question: a daily bar is all that is known for hours, so there is no price cage around it either. A
    snapshot is as old as it is.
    """

    def __init__(self, histories: Mapping[Symbol, History]) -> None:
        self._histories = histories

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        """Return what was known at ``now_ns``; None: this history does not have the symbol, or not yet."""
        history = self._histories.get(symbol)
        if history is None:
            return None
        row = history.known_row(now_ns)
        day = history.day_at(now_ns)
        if day is None:
            return self._untraded(history, row, now_ns)
        if day.facts is None:
            return None  # No rule says how it is traded.
        if history.is_ticks:
            return self._snapshot(history, day, row, now_ns)
        last = int(day.reference)
        if row >= 0 and history.days[history.day_of_row[row]] is day:
            last = history.close[row]
        following = row + 1
        if following < len(history) and history.days[history.day_of_row[following]] is day:
            if history.opening(following) <= now_ns:
                last = history.open[following]
        return _quote(history, day, last, *_made_up(day, last), now_ns, now_ns, is_suspended=day.is_suspended)

    def _snapshot(self, history: History, day: Day, row: int, now_ns: int) -> Quote | None:
        if row < 0 or history.days[history.day_of_row[row]] is not day:
            last = int(day.reference)
            return _quote(history, day, last, (), (), now_ns, now_ns, is_suspended=False)
        bars = history.bars
        assert bars.bids is not None
        assert bars.asks is not None
        bids, asks = _levels(bars.bids[row].tolist()), _levels(bars.asks[row].tolist())
        last = history.close[row] or int(day.reference)
        return _quote(history, day, last, bids, asks, history.ends[row], now_ns, is_suspended=False)

    def _untraded(self, history: History, row: int, now_ns: int) -> Quote | None:
        """Return the quote of a day that this history has nothing of: suspended, at its last close."""
        if row < 0:
            return None
        day = history.days[history.day_of_row[row]]
        return _quote(history, day, history.close[row], (), (), now_ns, now_ns, is_suspended=True)


def _quote(
    history: History,
    day: Day,
    last: int,
    bids: tuple[Price, ...],
    asks: tuple[Price, ...],
    quoted_ns: int,
    now_ns: int,
    *,
    is_suspended: bool,
) -> Quote | None:
    facts = day.facts
    if facts is None:
        return None
    rule = facts.rule
    if history.bars.frequency == "1d" and rule.cage_millionths:
        rule = replace(rule, cage_millionths=0, cage_ticks=0)
    return Quote(
        history.symbol,
        Price(last),
        day.reference,
        day.up,
        day.down,
        bids,
        asks,
        quoted_ns,
        rule,
        "",
        facts.risk_warning,
        is_suspended,
        facts.band_up,
        facts.band_down,
        history.lately(now_ns),
    )


def _made_up(day: Day, last: int) -> tuple[tuple[Price, ...], tuple[Price, ...]]:
    """Return a book around ``last``, one tick a level; nobody sells at the upper limit, nobody buys at the lower."""
    assert day.facts is not None
    tick = day.facts.rule.tick
    bids = [last - level * tick for level in range(_LEVELS)]
    asks = [last + (level + 1) * tick for level in range(_LEVELS)]
    if day.down and last <= day.down:
        bids, asks = [], [last, *asks[:-1]]
    return (
        tuple([Price(price) for price in bids if price > 0 and price >= day.down]),
        tuple([Price(price) for price in asks if not day.up or price <= day.up]),
    )


def _levels(prices: list[int]) -> tuple[Price, ...]:
    found: list[Price] = []
    for price in prices:
        if price <= 0:
            break
        found.append(Price(price))
    return tuple(found)
