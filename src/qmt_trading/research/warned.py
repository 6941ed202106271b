"""What a reader of a result is told of its data: ex-days that nothing accounts for, and figures that are made up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instrument import Symbol
from qmt_trading.research.columns import Bars, CrossSection, Days, Integers
from qmt_trading.research.costs import Words

NAMED_MAX: Final = 3
ADJUSTED: Final[Words] = (
    "用的是复权价：分红等于当天全部再投入，没有扣红利税；股数和手数按复权价算，不是当时的",
    "adjusted prices: dividends count as reinvested on the day, untaxed; shares and lots are those of adjusted prices",
)
MADE_UP: Final[Words] = (
    "行情是编的（qmt data synthetic）：代码是真的，数字没有一个是真的，结果只用来试用",
    "the history is made up (qmt data synthetic): real symbols, no real figure; for trying things out only",
)


def some_of(named: Sequence[str]) -> Words:
    """Return the first few of ``named``, and whether there are others, in Chinese and English."""
    more, more_english = (" 等", " and others") if len(named) > NAMED_MAX else ("", "")
    return f"{'、'.join(named[:NAMED_MAX])}{more}", f"{', '.join(named[:NAMED_MAX])}{more_english}"


def warnings_of(
    data: CrossSection | Sequence[Bars],
    actions: Sequence[CorporateAction],
    rules: RuleBook,
    *,
    can_adjust: bool = True,
) -> tuple[Words, ...]:
    """Return what there is to say about ``data``, over which a run with ``actions`` has gone.

    Args:
        can_adjust: whether the run could have gone over adjusted prices.
    """
    histories = (data,) if isinstance(data, CrossSection) else data
    found = [MADE_UP] if any(each.is_made_up for each in histories) else []
    broken = [
        day if isinstance(each, CrossSection) else f"{each.symbol} {day}" for each in histories for day in each.broken
    ]
    found += [_contradicting(broken)] if broken else []
    if all(each.adjusted == "none" for each in histories):
        days = unexplained(data, actions, rules)
        found += [_told(days, can_adjust=can_adjust)] if days else []
    else:
        found.append(ADJUSTED)
    return tuple(found)


def ended(data: CrossSection | Sequence[Bars], held: Sequence[int]) -> tuple[Words, ...]:
    """Return a word on what is held at the end of a run though its history ended before: its last close may be none.

    Args:
        held: shares, by place.
    """
    if isinstance(data, CrossSection):
        last = data.days[-1]
        shown = data.present if data.previous_close is None else data.previous_close > 0
        ends = [data.days[np.flatnonzero(shown[:, place])[-1]] if held[place] else last for place in range(len(held))]
        symbols = data.symbols
    else:
        last = max(each.days[-1] for each in data)
        ends, symbols = [each.days[-1] for each in data], tuple(each.symbol for each in data)
    gone = [f"{symbols[place]} {ends[place]}" for place, shares in enumerate(held) if shares and ends[place] < last]
    if not gone:
        return ()
    named, named_english = some_of(gone)
    chinese = (
        f"期末还拿着 {len(gone)} 只行情已经没有了的（{named}）：按最后的收盘价计，退市或长期停牌的实际值不了这么多"
    )
    english = (
        f"{len(gone)} symbol(s) held at the end have no later history ({named_english}): counted at "
        "their last close, which a delisting may not pay"
    )
    return ((chinese, english),)


def unexplained(
    data: CrossSection | Sequence[Bars], actions: Sequence[CorporateAction], rules: RuleBook
) -> list[tuple[Symbol, str]]:
    """Return each symbol and day whose reference price is off the close before by more than a tick, without an action.

    An action explains the first day with a bar on or after its ex-day.
    """
    ex_days: dict[str, list[np.datetime64]] = {}
    for each in actions:
        ex_days.setdefault(each.symbol, []).append(np.datetime64(each.ex_day, "D"))
    found = []
    for symbol, days, rows in _of_dates(data) if isinstance(data, CrossSection) else _of_bars(data):
        for before, day, off in rows:
            rule = rules.rule(symbol, dt.date.fromisoformat(str(day)))
            if off <= (1 if rule is None else rule.tick):
                continue
            if not any(days[before] < ex_day <= day for ex_day in ex_days.get(symbol, ())):
                found.append((symbol, str(day)))
    return found


_Rows = list[tuple[int, np.datetime64, int]]
"""The row of the day before, the day, and how far its reference price is off."""


def _of_bars(bars: Sequence[Bars]) -> Iterator[tuple[Symbol, Days, _Rows]]:
    for each in bars:
        off = _off(each.previous_close[1:], each.close[each.day_start[1:] - 1])
        yield each.symbol, each.days, [(row, each.days[row + 1], int(off[row])) for row in np.flatnonzero(off).tolist()]


def _of_dates(data: CrossSection) -> Iterator[tuple[Symbol, Days, _Rows]]:
    if data.previous_close is None or len(data.days) < 2:
        return
    off = _off(data.previous_close[1:], data.close[:-1])
    for place in np.flatnonzero(off.any(axis=0)).tolist():
        held = np.flatnonzero(data.previous_close[:, place])
        rows = np.flatnonzero(off[:, place])
        before = held[np.maximum(np.searchsorted(held, rows + 1) - 1, 0)]
        yield (
            data.symbols[place],
            data.days,
            [
                (last, data.days[row + 1], int(off[row, place]))
                for row, last in zip(rows.tolist(), before.tolist(), strict=True)
            ],
        )


def _off(stated: Integers, closed: Integers) -> Integers:
    """Return how far the reference prices are off the closes before; 0 where either is not known."""
    return np.where((stated > 0) & (closed > 0), np.abs(stated - closed), 0)


def _contradicting(days: Sequence[str]) -> Words:
    named, named_english = some_of(days)
    chinese = (
        f"有 {len(days)} 天的价格自相矛盾（{named}）：最高、最低之外还有开盘或收盘，数据有错，成交就不可信。"
        "先用 qmt data check 查"
    )
    english = (
        f"prices of {len(days)} day(s) contradict each other ({named_english}): an open or a close lies "
        "outside of high and low. The data is wrong, and so may fills be: qmt data check tells where"
    )
    return chinese, english


def _told(days: Sequence[tuple[Symbol, str]], *, can_adjust: bool) -> Words:
    named, named_english = some_of([f"{symbol} {day}" for symbol, day in days])
    chinese = (
        f"有 {len(days)} 天的昨收和前一天的收盘差一跳以上，却没有对应的除权除息（{named}）："
        "是除权除息日，持仓和现金就没有调整，盈亏不准；缺了几天数据也会这样。"
        f"请加 --actions 除权除息文件{'，或用复权价（--adjust forward）' if can_adjust else ''}"
    )
    english = (
        f"on {len(days)} day(s) the previous close is off the close before by more than a tick and no corporate action "
        f"says why ({named_english}): on an ex-day neither shares nor cash were adjusted and the "
        "profit is wrong; missing days look the same. Give --actions FILE"
        f"{', or adjusted prices (--adjust forward)' if can_adjust else ''}"
    )
    return chinese, english
