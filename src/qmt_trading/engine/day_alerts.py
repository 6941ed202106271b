"""Notices of the trading day: the morning check, the last minute for cancels, a link that rests at night."""

from __future__ import annotations

from collections.abc import Iterator

from qmt_trading.engine.state import Account, State
from qmt_trading.market.no_cancel import phase_of
from qmt_trading.model import events as ev
from qmt_trading.model.instant import day_of, time_of_day_ns, to_hour_text
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import Alert
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Importance, Side, TradingState

NAMED_MAX = 20
"""Orders that one notice names; of the others it gives the number."""


def is_night(state: State) -> bool:
    """Tell whether brokers rest now: hours of the night, and days without trading. Unset: never."""
    settings = state.settings
    if settings is None or settings.night is None:
        return False
    if state.day is not None and day_of(state.now_ns) != state.day:
        return True
    begins_ns, ends_ns = settings.night
    time_ns = time_of_day_ns(state.now_ns)
    if begins_ns <= ends_ns:
        return begins_ns <= time_ns < ends_ns
    return time_ns >= begins_ns or time_ns < ends_ns


def link_rests(account: AccountId, text: str) -> Alert:
    return Alert(
        importance=Importance.INFORMATION,
        code="LINK_NIGHT",
        chinese=f"夜间休市，与柜台的连接断开，属正常：{text or '券商夜间会踢下线'}",
        english=f"the link rests for the night, as expected: {text or 'brokers log out at night'}",
        account=account,
    )


def checked(state: State, event: ev.MorningChecked) -> Alert:
    """Return the one message of a check: green, or red with what to do."""
    account = state.account(event.account)
    closed = account.morning.closed
    trades = account.state is state.trading_state is TradingState.ACTIVE
    if not event.red:
        importance, code = Importance.INFORMATION, "MORNING_GREEN"
        chinese, english = ("检查通过，可以交易", "checked, ready to trade") if trades else ("检查通过", "checked")
    elif closed:
        importance, code = Importance.CRITICAL, "MORNING_RED"
        chinese, english = (
            "检查未通过，该账户暂停买入（卖出、撤单照常）",
            "red: no buys; sells and cancels go on",
        )
    else:
        importance, code = Importance.WARNING, "MORNING_RED"
        chinese, english = "检查未通过，已由人确认，照常交易", "red, and accepted by a person"
    told, told_english = (
        (f"：{event.chinese}" if event.chinese else ""),
        (f": {event.english}" if event.english else ""),
    )
    return Alert(
        importance=importance,
        code=code,
        chinese=f"{chinese}{told}",
        english=f"{english}{told_english}",
        account=event.account,
    )


def accepted(event: ev.MorningAccepted, closed: tuple[str, ...]) -> Alert:
    what = ",".join(closed)
    return Alert(
        importance=Importance.WARNING,
        code="MORNING_ACCEPTED",
        chinese=f"检查的红项已由人确认，恢复买入（{event.who}：{event.why}）：{what}",
        english=f"red items accepted, buys go on ({event.who}: {event.why}): {what}",
        account=event.account,
    )


def cancels_ending(state: State, at_ns: int) -> Iterator[Alert]:
    """Yield, for each account, the working orders that no cancel reaches any more from ``at_ns`` on."""
    settings, day = state.settings, state.day
    if settings is None or day is None:
        return
    for account in state.accounts.values():
        orders = [state.order(key) for key in account.live]
        caught = [each for each in orders if phase_of(settings.no_cancel, each.symbol, day, at_ns) is not None]
        if caught:
            yield _ending(account, caught, at_ns)


def _ending(account: Account, orders: list[Order], at_ns: int) -> Alert:
    time = to_hour_text(time_of_day_ns(at_ns))
    named = orders[:NAMED_MAX]
    more = len(orders) - len(named)
    chinese = "，".join(f"{each.symbol} {_SIDES[each.side][0]} {_leaves(each)}" for each in named)
    english = ", ".join(f"{_SIDES[each.side][1]} {_leaves(each)} {each.symbol}" for each in named)
    return Alert(
        importance=Importance.WARNING,
        code="CANCELS_END",
        chinese=f"{time} 起不能撤单，还有 {len(orders)} 笔未成交：{chinese}{f' 等（另 {more} 笔）' if more else ''}",
        english=f"no cancels from {time} on, {len(orders)} orders work: {english}{f' and {more} more' if more else ''}",
        account=account.settings.account,
    )


_SIDES = {Side.BUY: ("买入", "buy"), Side.SELL: ("卖出", "sell")}


def _leaves(order: Order) -> int:
    return max(0, order.quantity - max(order.filled_quantity, order.reported_quantity))
