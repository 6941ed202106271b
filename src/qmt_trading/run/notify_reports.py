"""What a channel is told at noon and after the close: the day in a few lines, of the accounts that are its own."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from qmt_trading.codec.sentences import title
from qmt_trading.codec.view_json import IMPORTANCE_TEXT
from qmt_trading.market.sessions import Session
from qmt_trading.model.instant import at_time, day_of, to_clock_text
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Money, to_money_text
from qmt_trading.model.reasons import Reason
from qmt_trading.model.view import AccountRow, View
from qmt_trading.model.words import Importance
from qmt_trading.notify.channel import Channel
from qmt_trading.notify.message import Kind, Message
from qmt_trading.run.day.report import AccountDay, DayReport, report_of
from qmt_trading.run.day.watch import REPORT_FROM_NS
from qmt_trading.run.notify_source import Names

_MINUTE_NS: Final = 60 * SECOND_NS
NOON_NS: Final = (11 * 60 + 35) * _MINUTE_NS
NOON_UNTIL_NS: Final = 13 * 60 * _MINUTE_NS
"""From then on nobody needs the morning told."""
DAY_NS: Final = 24 * 60 * _MINUTE_NS
_DENIALS_MAX: Final = 5


class _Due(NamedTuple):
    kind: Kind
    from_ns: int
    until_ns: int


_TIMES: Final = (
    _Due(Kind.NOON, NOON_NS, NOON_UNTIL_NS),
    _Due(Kind.DAILY, REPORT_FROM_NS, DAY_NS),
)


def due(session: Session, now_ns: int) -> Kind | None:
    """Return which report it is time for; None: none, or it is no trading day."""
    today = day_of(now_ns)
    if session.always_open or session.trading_day(now_ns) != today:
        return None
    for each in _TIMES:
        if at_time(today, each.from_ns) <= now_ns < at_time(today, each.until_ns):
            return each.kind
    return None


def key_of(kind: Kind, day: dt.date) -> str:
    """Return the key of a report: one a day."""
    return f"{day.isoformat()}/{kind.value}"


def report(kind: Kind, view: View, channel: Channel, names: Names, *, version: str, now_ns: int) -> Message | None:
    """Return the report of ``view`` for one channel; None: the view is not of today, so no engine has run today."""
    today = day_of(now_ns)
    if view.day != today:
        return None
    accounts = tuple(row for row in view.accounts if not channel.accounts or row.account in channel.accounts)
    made = report_of(view, day=today, version=version, head=(0, b""))
    shown = [(row, each) for row in accounts for each in made.accounts if each.account == row.account]
    is_partial = bool(channel.accounts)
    lines = _daily if kind is Kind.DAILY else _noon
    return Message(
        key=key_of(kind, today),
        at_ns=now_ns,
        kind=kind,
        mode=view.mode,
        chinese="\n".join(lines(view, made, shown, names, is_partial=is_partial, chinese=True)),
        english="\n".join(lines(view, made, shown, names, is_partial=is_partial, chinese=False)),
    )


_Shown = list[tuple[AccountRow, AccountDay]]


def _noon(
    view: View, made: DayReport, shown: _Shown, names: Names, *, is_partial: bool, chinese: bool
) -> Iterator[str]:
    yield _until(made, chinese=chinese)
    for row, each in shown:
        yield from _account(row, each, names, chinese=chinese)
    yield _alerts(view, shown, is_partial=is_partial, chinese=chinese)


def _daily(
    view: View, made: DayReport, shown: _Shown, names: Names, *, is_partial: bool, chinese: bool
) -> Iterator[str]:
    yield _until(made, chinese=chinese)
    for row, each in shown:
        yield from _account(row, each, names, chinese=chinese)
        bought, sold, fees = (to_money_text(value) for value in (each.bought, each.sold, each.fees))
        yield (
            f"  买入 {bought}，卖出 {sold}，费用（估）{fees}，废单 {each.rejected}，未发出 {each.not_sent}"
            if chinese
            else f"  bought {bought}, sold {sold}, fees (estimated) {fees}, rejected {each.rejected},"
            f" not sent {each.not_sent}"
        )
    if not is_partial:  # What follows is told of no account, and so not to whom only some are shown.
        yield (
            f"信号 {made.signals}（重复 {made.duplicates}），格式错误 {made.malformed}"
            if chinese
            else f"signals {made.signals} (duplicates {made.duplicates}), malformed {made.malformed}"
        )
        if made.denials:
            told = made.denials[:_DENIALS_MAX]
            yield (
                "拦截：" + "、".join(f"{title(Reason(reason))} {count}" for reason, count in told)
                if chinese
                else "denied: " + ", ".join(f"{reason} {count}" for reason, count in told)
            )
        if made.slowest:
            slowest = max(made.slowest, key=lambda step: step.took_ns)
            milliseconds = f"{slowest.took_ns / MILLISECOND_NS:.1f} ms"
            yield f"最慢的一步：{slowest.step} {milliseconds}" if chinese else f"the slowest step: {milliseconds}"
    yield _alerts(view, shown, is_partial=is_partial, chinese=chinese)
    yield "全文：qmt report" if chinese else "in full: qmt report"


def _until(made: DayReport, *, chinese: bool) -> str:
    clock = to_clock_text(made.until_ns)[:5]
    return f"{made.day.isoformat()}，截至 {clock}" if chinese else f"{made.day.isoformat()}, as of {clock}"


def _account(row: AccountRow, each: AccountDay, names: Names, *, chinese: bool) -> Iterator[str]:
    assets = to_money_text(Money(each.available_cash + each.frozen_cash + each.market_value))
    profit = "–" if each.profit is None else to_money_text(each.profit)
    name = names.of(row.account)
    if chinese:
        yield f"{name}：总资产 {assets}，当日盈亏 {profit}"
        yield (
            f"  委托 {each.orders}（外部 {each.foreign_orders}），成交 {each.fills}，撤单 {each.canceled}，"
            f"未成交 {row.working_orders}，待核实 {each.unknown}"
        )
    else:
        yield f"{name}: assets {assets}, profit of the day {profit}"
        yield (
            f"  orders {each.orders} (foreign {each.foreign_orders}), fills {each.fills}, canceled {each.canceled},"
            f" working {row.working_orders}, unknown {each.unknown}"
        )
    if each.unpriced:
        count = len(each.unpriced)
        yield f"  {count} 只没有价格，不计盈亏" if chinese else f"  {count} without a price are in no profit"


def _alerts(view: View, shown: _Shown, *, is_partial: bool, chinese: bool) -> str:
    """Return how many alerts of today the view still holds; it keeps the newest 200."""
    ours = {row.account for row, _ in shown}
    of_today = [
        row.alert.importance
        for row in view.alerts
        if day_of(row.at_ns) == view.day and (not is_partial or row.alert.account in (None, *ours))
    ]
    counts = Counter(of_today)
    if not of_today:
        return "提醒：无" if chinese else "alerts: none"
    grave = (Importance.CRITICAL, Importance.WARNING, Importance.INFORMATION)
    if chinese:
        return "提醒：" + "，".join(f"{IMPORTANCE_TEXT[each]} {counts[each]}" for each in grave if counts[each])
    return "alerts: " + ", ".join(f"{each.value} {counts[each]}" for each in grave if counts[each])
