"""What people are told of reconciliation, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qmt_trading.model.numbers import to_text
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import Alert
from qmt_trading.model.reconciliation import CASH, Difference, OnDifference, OnForeign
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Importance, Side

SHOWN: Final = 5
"""Differences of one alert that are written out."""
_BECOMES: Final = {
    OnDifference.ABSORB: ("", ""),
    OnDifference.IGNORE: (
        "；本地不变。要以柜台为准：qmt reconcile --accept --why 原因",
        "; ours stays. To take the broker's: `qmt reconcile --accept --why REASON`",
    ),
    OnDifference.PAUSE: (
        "；该账户已转只卖不买。核对后 qmt reconcile --accept（以柜台为准），再 qmt resume --account 账号 --why 原因",
        "; the account only sells now: check, `qmt reconcile --accept` to take the broker's, then resume it",
    ),
}
_SIDES: Final = {Side.BUY: ("买入", "buy"), Side.SELL: ("卖出", "sell")}
_TAKEN_IN: Final = (
    "；占用的资金和股份、限额都计入，可撤",
    "; its cash, shares and limits are counted, and it can be cancelled",
)
_HALTED: Final = (
    "；该账户已停止（仅可撤单），核对后 qmt resume --account 账号 --why 原因",
    "; the account is halted: check, then resume it",
)


def figures(each: Difference) -> tuple[str, str]:
    """Return one difference as ours≠theirs, in both languages."""
    if each.symbol == CASH:
        text = f"{to_text(each.ours)}≠{to_text(each.theirs)}"
        return f"资金 {text}", f"cash {text}"
    what, what_english = ("可卖 ", "sellable ") if each.is_sellable else ("", "")
    text = f"{each.ours}≠{each.theirs}"
    return f"{each.symbol} {what}{text}", f"{each.symbol} {what_english}{text}"


def differ(account: AccountId, found: Sequence[Difference], policy: OnDifference) -> Alert:
    """Tell of differences that are proven and stay."""
    told = [figures(each) for each in found[:SHOWN]]
    more = f" 等 {len(found)} 项" if len(found) > SHOWN else ""
    more_english = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    chinese, english = _BECOMES[policy]
    return Alert(
        importance=Importance.CRITICAL if policy is OnDifference.PAUSE else Importance.WARNING,
        code="RECONCILE_DIFFERENCE",
        chinese=f"与柜台不一致（本地≠柜台）：{'，'.join(each for each, _ in told)}{more}{chinese}",
        english=f"not as the broker has it (ours≠theirs): {', '.join(each for _, each in told)}{more_english}{english}",
        account=account,
    )


def absorbed(account: AccountId, taken: Difference, who: str) -> Alert:
    """Tell that the broker's figure has become ours."""
    chinese, english = figures(taken)
    return Alert(
        importance=Importance.WARNING,
        code="RECONCILE_ABSORBED",
        chinese=f"对账：已按柜台调整（本地≠柜台）：{chinese}（{'系统' if who == 'engine' else who}）",
        english=f"reconciled: the broker's figure was taken (ours≠theirs): {english} (by {who})",
        account=account,
        symbol=None if taken.symbol == CASH else taken.symbol,
    )


def ignored(account: AccountId, judged: Difference, who: str, why: str) -> Alert:
    """Tell that a person has judged a difference, which stays."""
    chinese, english = figures(judged)
    return Alert(
        importance=Importance.INFORMATION,
        code="RECONCILE_IGNORED",
        chinese=f"已忽略与柜台的差异（本地≠柜台）：{chinese}（{who}：{why}）；数字变了再提醒",
        english=f"a difference is left as it is (ours≠theirs): {english} (by {who}: {why}); other figures are told",
        account=account,
        symbol=None if judged.symbol == CASH else judged.symbol,
    )


def agreed(account: AccountId, symbol: str) -> Alert:
    """Tell that a difference that people knew of is over."""
    return Alert(
        importance=Importance.INFORMATION,
        code="RECONCILE_AGREED",
        chinese=f"与柜台恢复一致：{symbol or '资金'}",
        english=f"as the broker has it again: {symbol or 'cash'}",
        account=account,
    )


def foreign(order: Order, policy: OnForeign) -> Alert:
    """Tell of one order that is not ours."""
    side, side_english = _SIDES[order.side]
    number = order.broker_order_id or order.venue_order_id or "–"
    what = f"{order.quantity}@{to_text(order.price)}"
    chinese, english = _HALTED if policy is OnForeign.PAUSE else _TAKEN_IN
    return Alert(
        importance=Importance.CRITICAL if policy is OnForeign.PAUSE else Importance.INFORMATION,
        code="FOREIGN_ORDER",
        chinese=f"外部委托（手工或其他程序）已接入：{side} {order.symbol} {what}，编号 {number}{chinese}",
        english=f"foreign order taken in: {side_english} {order.symbol} {what}, number {number}{english}",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def foreign_many(account: AccountId, orders: Sequence[Order], policy: OnForeign) -> Alert:
    """Tell of many orders that are not ours, as a list of the morning brings them."""
    chinese, english = _HALTED if policy is OnForeign.PAUSE else _TAKEN_IN
    return Alert(
        importance=Importance.CRITICAL if policy is OnForeign.PAUSE else Importance.INFORMATION,
        code="FOREIGN_ORDER",
        chinese=f"外部委托（手工或其他程序）已接入 {len(orders)} 笔，见 qmt orders{chinese}",
        english=f"{len(orders)} foreign orders taken in, see `qmt orders`{english}",
        account=account,
    )
