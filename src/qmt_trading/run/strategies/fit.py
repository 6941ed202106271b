"""Whether a strategy's history leads to the market of today: a gap or a jump between them would be traded on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from qmt_trading.market.corporate_actions import reference_price
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.market.sessions import Session
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instant import at_time, day_of, time_of_day_ns, to_clock_text
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import Price, to_text
from qmt_trading.research.columns import Bars
from qmt_trading.research.growing import Growing
from qmt_trading.run.strategies.bar_maker import AGAIN_NS, CLOSE_NS, MINUTE_NS, NOON_NS

NEAR: Final = 500
"""Two prices are near each other that differ by no more than one part in so many: 0.2 %."""
_PRICES: Final = ("open", "high", "low", "close", "previous_close")
_LATE_NS: Final = 2 * MINUTE_NS
"""A minute's bar is there some seconds after its end."""
_BEGUN_NS: Final = (9 * 60 + 33) * MINUTE_NS
_COUNTED_MAX: Final = 250
"""Trading days that are counted of a gap: a year, beyond which the number says no more."""


class Misfit(NamedTuple):
    """Why the history of a symbol cannot be gone on with."""

    symbol: Symbol
    chinese: str
    english: str


def misfits(
    histories: Iterable[Growing], quotes: Mapping[Symbol, Quote], session: Session, now_ns: int
) -> list[Misfit]:
    """Return what keeps each history, with the bars of earlier runs, from leading to the market of today.

    It has to reach the last trading day that is over and not beyond now, and its close of the day before the quote's
    has to be near what the exchange calls the previous close. A symbol that did not trade since its last bar fits: its
    close is the previous one to the unit, and another symbol shows that the data goes on. One without history is
    passed over, and of one without a quote only the days are looked at.
    """
    held = [each for each in histories if len(each)]
    wanted = _wanted(session, now_ns)
    goes_on = any(_last(each) >= wanted for each in held)
    found = []
    for each in held:
        quote = quotes.get(each.symbol)
        closes = None if quote is None else _closes(each, quote, session)
        stood = quote is not None and (quote.suspended or (closes is not None and closes[0] == closes[1]))
        missing = 0 if goes_on and stood else _missing(session, _last(each), wanted)
        chinese, english = [], []
        if each.last_ns > now_ns:
            until = to_clock_text(each.last_ns)[:5]
            chinese.append(f"历史里有还没走完的一根（{_last(each)} {until}），走完时策略不会被叫到：导入到前一天为止的")
            english.append(f"it has a bar that has not ended yet, of {_last(each)} {until}")
        if missing:
            more, beyond = ("以上", " or more") if missing == _COUNTED_MAX else ("", "")
            chinese.append(f"历史到 {_last(each)}，到 {wanted} 还缺 {missing} 个{more}交易日")
            english.append(f"ends on {_last(each)}, {missing}{beyond} trading days before {wanted}")
        if closes is not None and not is_near(*closes):
            ours, theirs = map(to_text, closes)
            chinese.append(f"历史最后的收盘 {ours}，行情的昨收 {theirs}：没有复权的除权除息，或不是同一份行情")
            english.append(f"its last close is {ours}, the quote's previous close {theirs}: an ex-day, or other data")
        if chinese:
            found.append(Misfit(each.symbol, "；".join(chinese), "; ".join(english)))
    return found


def missed(histories: Iterable[Growing], session: Session, now_ns: int) -> list[Symbol]:
    """Return the symbols whose minutes of today, up to ``now_ns``, are not in their history: nobody watched."""
    day, time_ns = day_of(now_ns), time_of_day_ns(now_ns)
    if session.always_open or session.trading_day(now_ns) != day or not _BEGUN_NS <= time_ns < CLOSE_NS:
        return []
    end_ns = now_ns - _LATE_NS
    if NOON_NS < time_ns < AGAIN_NS + _LATE_NS:
        end_ns = at_time(day, NOON_NS)
    return [each.symbol for each in histories if each.last_ns < end_ns]


def carried(
    bars: Mapping[str, Bars], quotes: Mapping[Symbol, Quote], session: Session, actions: Sequence[CorporateAction]
) -> dict[str, Bars]:
    """Return history adjusted over the ex-days that came after its last bar, up to the day that is quoted."""
    return {
        symbol: _over(each, quotes[each.symbol], session, actions) if each.symbol in quotes else each
        for symbol, each in bars.items()
    }


def is_near(price: int, other: int) -> bool:
    """Tell whether two prices differ by no more than 0.2 %."""
    return abs(price - other) * NEAR <= max(price, other)


def _wanted(session: Session, now_ns: int) -> dt.date:
    """Return the last trading day that is over at ``now_ns``."""
    today = session.trading_day(now_ns)
    if session.day_after(now_ns) is not None:
        return today
    return session.calendar.before(today) or today


def _missing(session: Session, last: dt.date, wanted: dt.date) -> int:
    """Return how many trading days come after ``last``, up to ``wanted``."""
    count = 0
    while count < _COUNTED_MAX and (last := session.calendar.after(last)) <= wanted:
        count += 1
    return count


def _last(history: Growing) -> dt.date:
    last = history.last_day
    assert last is not None, "it has bars"
    return last


def _closes(history: Growing, quote: Quote, session: Session) -> tuple[int, int] | None:
    """Return the last close before the quote's day, and what the exchange calls so; None: either is not known."""
    bars = history.bars()
    day = np.datetime64(session.trading_day(quote.quoted_ns), "D")
    place = int(np.searchsorted(bars.days, day))
    stated = int(quote.previous_close)
    if place < len(bars.days) and bars.days[place] == day:
        ours = int(bars.previous_close[place])
    else:
        end = int(bars.day_start[place]) if place < len(bars.days) else len(bars)
        ours = int(bars.close[end - 1]) if end else 0
    return (ours, stated) if ours > 0 and stated > 0 else None


def _over(bars: Bars, quote: Quote, session: Session, actions: Sequence[CorporateAction]) -> Bars:
    """Return ``bars`` multiplied by what the ex-days after their last one, up to the quote's, take off the price."""
    today = session.trading_day(quote.quoted_ns)
    rule = STANDARD.rule(bars.symbol, today)
    close = price = Price(int(bars.close[-1]))
    for each in sorted(actions, key=lambda action: action.ex_day):
        if each.symbol == bars.symbol and bars.last < each.ex_day <= today and rule is not None:
            price = reference_price(price, each, rule.tick)
    if price == close:
        return bars
    ratio = price / close
    return replace(bars, **{name: np.rint(getattr(bars, name) * ratio).astype(np.int64) for name in _PRICES})
