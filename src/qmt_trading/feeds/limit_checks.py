"""Days beyond their price limits, and jumps that only an ex-right day explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from qmt_trading.feeds.findings import Finding, Severity
from qmt_trading.feeds.table import Integers, Table, day_numbers
from qmt_trading.feeds.told import Place, tell
from qmt_trading.market.corporate_actions import reference_price
from qmt_trading.market.rulebook import FREE_DAYS_MAX, STANDARD
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import MILLION, Price

_DAY_NS: Final = 86_400 * 1_000_000_000


def outside_limits(table: Table) -> Iterator[Finding]:
    """Tell days that trade beyond what the rule book permits from the close that the exchange shows for the day before.

    Limits that the file itself has go before those of the rule book. The first days of a table are left out, as they
    may be those of a listing. Without a column of previous closes jumps are ``unadjusted_jumps``'s matter.
    """
    shown = table.columns.get("previous_close")
    if shown is None:
        return
    up, down = _limits(table, shown)
    high, low, traded = table.columns["high"], table.columns["low"], table.columns["quantity"] > 0
    beyond = traded & (up > 0) & ((high > up) | (low < down))
    beyond[:FREE_DAYS_MAX] = False
    yield from tell(
        table,
        np.nonzero(beyond)[0],
        Severity.WARNING,
        "BEYOND_LIMITS",
        lambda place: Place(
            f"{low[place] / 10_000}–{high[place] / 10_000} 超出当日涨跌停 {down[place] / 10_000}–{up[place] / 10_000}",
            "trades beyond the limits of the day",
            "复牌首日、重新上市没有涨跌停；否则昨收或价格有错",
            "a relisting has no limits; otherwise the previous close or a price is wrong",
        ),
    )


def unadjusted_jumps(table: Table, actions: Sequence[CorporateAction]) -> Iterator[Finding]:
    """Tell days whose open lies beyond the limits from the close before, without an ex-right day that explains it."""
    if len(table) < 2:
        return
    close, opened, traded = table.columns["close"], table.columns["open"], table.columns["quantity"] > 0
    shown = table.columns.get("previous_close")
    before = np.concatenate(([0], close[:-1])).astype(np.int64)
    for action in actions:
        if action.symbol == table.symbol:
            _explain(table, action, before)
    if shown is not None:
        before = np.where(shown > 0, shown, before)  # The exchange's own close before is ex-right already.
    up, down = _limits(table, before)
    jumps = traded & (up > 0) & ((opened > up) | (opened < down))
    jumps[:FREE_DAYS_MAX] = False
    if shown is not None:
        jumps &= shown <= 0
    yield from tell(
        table,
        np.nonzero(jumps)[0],
        Severity.WARNING,
        "JUMP",
        lambda place: Place(
            f"开盘 {opened[place] / 10_000}，前收 {before[place] / 10_000}，超出涨跌停：像是没有写明的除权日",
            "opens beyond the limits: it looks like an ex-right day that nothing tells of",
            "在除权除息文件里写上这一天（--actions），或导入带昨收的数据",
            "write the day into the file of corporate actions, or import previous closes",
        ),
    )


def _explain(table: Table, action: CorporateAction, before: Integers) -> None:
    """Put the ex-right reference price in place of the close before the first row of an ex-day or after it."""
    days = day_numbers(table.at_ns)
    place = int(np.searchsorted(days, action.ex_day.toordinal() - day_of(0).toordinal()))
    if 0 < place < len(days) and before[place] > 0:
        rule = STANDARD.rule(table.symbol, action.ex_day)
        before[place] = reference_price(Price(int(before[place])), action, rule.tick if rule else Price(100))


def _limits(table: Table, before: Integers) -> tuple[Integers, Integers]:
    """Return the limits of every day: the file's own, else by the rule of the day's era; 0: none."""
    own = table.columns.get("limit_up"), table.columns.get("limit_down")
    warned = table.columns.get("risk_warning", np.zeros(len(table), np.int64)) > 0
    up, down = limits_on(table.symbol, day_numbers(table.at_ns), before, warned)
    if own[0] is not None and own[1] is not None:
        told = (own[0] > 0) & (own[1] > 0)
        up, down = np.where(told, own[0], up), np.where(told, own[1], down)
    return up, down


def limits_on(
    symbol: Symbol, days: Integers, reference: Integers, warned: npt.NDArray[np.bool_]
) -> tuple[Integers, Integers]:
    """Return the limits of every day by the rule of its era; 0: none.

    Args:
        days: since 1970.
        reference: what the limits of each day are reckoned from, unadjusted.
        warned: whether the day's name is under a risk warning (ST).
    """
    up, down = np.zeros(len(days), np.int64), np.zeros(len(days), np.int64)
    # A new listing's rules change with its days, not with the eras only.
    is_new = STANDARD.known(symbol) is not None
    eras = days if is_new else np.array([_era(day) for day in days.tolist()], np.int64)
    for era in np.unique(eras):
        for risk_warning in (False, True):
            chosen = (eras == era) & (warned == risk_warning)
            if not chosen.any():
                continue
            day = day_of(int(days[int(np.argmax(chosen))]) * _DAY_NS)
            rule = STANDARD.rule(symbol, day, Listing(risk_warning=True) if risk_warning else None)
            if rule is not None and rule.limit_millionths:
                up[chosen], down[chosen] = limits_of(rule, reference[chosen])
    return up, down


@lru_cache(maxsize=32_768)
def _era(day: int) -> int:
    return STANDARD.era(day_of(day * _DAY_NS))


def limits_of(rule: TradingRule, reference: Integers) -> tuple[Integers, Integers]:
    """Return the limits of many reference prices at once, as ``market/limits.py`` does of one; 0 where it is none.

    Tested to agree with it on every price.
    """
    tick, part = int(rule.tick), rule.limit_millionths
    divisor = MILLION * tick
    high, low = reference * (MILLION + part), reference * (MILLION - part)
    if rule.limit_inward:
        up, down = high // divisor * tick, -(-low // divisor) * tick
    else:
        up, down = (2 * high + divisor) // (2 * divisor) * tick, (2 * low + divisor) // (2 * divisor) * tick
    up = np.maximum(up, reference + tick)
    down = np.maximum(np.minimum(down, reference - tick), tick)
    none = reference <= 0
    return np.where(none, 0, up), np.where(none, 0, down)
