"""Reconciliation as rows of plain values: ours beside the broker's, and each difference with its age."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.numbers import SECOND_NS, to_text
from qmt_trading.model.reconciliation import CASH, Difference, OnDifference, OnForeign
from qmt_trading.model.view import AccountRow, View
from qmt_trading.model.words import LinkState, OrderStatus

Plain = dict[str, object]

ON_DIFFERENCE_TEXT: Final = {
    OnDifference.ABSORB: "以柜台为准",
    OnDifference.IGNORE: "只显示",
    OnDifference.PAUSE: "转只卖不买",
}
ON_FOREIGN_TEXT: Final = {
    OnForeign.ABSORB: "接入并提示",
    OnForeign.IGNORE: "接入不提示",
    OnForeign.PAUSE: "接入并停止账户",
}
_UNRESOLVED: Final = (OrderStatus.UNKNOWN, OrderStatus.EXPIRED_UNRESOLVED)


def age_text(seconds: int) -> str:
    """Return how long something has lasted as people say it."""
    if seconds < 60:
        return f"{seconds} 秒"
    if seconds < 3600:
        return f"{seconds // 60} 分 {seconds % 60} 秒"
    return f"{seconds // 3600} 小时 {seconds % 3600 // 60} 分"


def difference(each: Difference) -> Plain:
    """Return one difference; ``state`` says how far it can be believed."""
    is_cash = each.symbol == CASH
    if each.is_proven:
        state, text = "proven", "已证实"
    elif each.still_ns:
        state, text = "seen", "待第二次核对"
    else:
        state, text = "moving", "有委托或成交在动，柜台可能滞后"
    ours, theirs = (to_text(each.ours), to_text(each.theirs)) if is_cash else (str(each.ours), str(each.theirs))
    return {
        "what": "cash" if is_cash else "sellable" if each.is_sellable else "position",
        "symbol": each.symbol or None,
        "ours": ours if is_cash else each.ours,
        "broker": theirs if is_cash else each.theirs,
        "text": f"{each.symbol or '资金'} {'可卖 ' if each.is_sellable else ''}{ours}≠{theirs}",
        "since": to_iso_text(each.since_ns),
        "state": state,
        "state_text": text,
    }


def aged(each: Difference, now_ns: int) -> Plain:
    """Return one difference with its age."""
    age = max(0, now_ns - each.since_ns) // SECOND_NS
    return {**difference(each), "age_s": age, "age_text": age_text(age)}


def account_summary(row: AccountRow) -> Plain:
    """Return what an account's own row says of its reconciliation."""
    found = [difference(each) for each in row.differences]
    return {
        "reconciled_at": to_iso_text(row.listed.asked_ns) if row.listed.asked_ns else None,
        "differences": found,
        "differences_text": "，".join(f"{each['text']}（{str(each['since'])[11:19]} 起）" for each in found) or None,
    }


def differences_of(view: View) -> list[str]:
    """Return what differs, an account each."""
    told = [(row.account, account_summary(row)["differences_text"]) for row in view.accounts if row.differences]
    return [f"{number} {text}" for number, text in told]


def reconcile_rows(view: View, now_ns: int) -> list[Plain]:
    """Return one row for each account: ours beside the broker's newest complete list of today."""
    return [_row(row, view, now_ns) for row in view.accounts]


def _row(row: AccountRow, view: View, now_ns: int) -> Plain:
    number, listed = row.account, row.listed
    orders = [order for order in view.orders if order.account == number]
    told = {**account_summary(row), "differences": [aged(each, now_ns) for each in row.differences]}
    doubts = bool(row.differences or listed.unmatched or listed.absent_orders or listed.absent_fills)
    return {
        "account": number,
        "name": row.name,
        "connected": row.link is LinkState.CONNECTED,
        "on_difference": row.on_difference.value,
        "on_difference_text": ON_DIFFERENCE_TEXT[row.on_difference],
        "foreign": row.foreign.value,
        "foreign_text": ON_FOREIGN_TEXT[row.foreign],
        "orders": sum(bool(order.answered_ns) for order in orders),
        "broker_orders": listed.orders,
        "fills": sum(fill.account == number for fill in view.fills),
        "broker_fills": listed.fills,
        "positions": sum(held.account == number and held.quantity > 0 for held in view.positions),
        "broker_positions": listed.positions,
        "cash": to_text(row.available_cash + row.frozen_cash),
        "broker_cash": to_text(listed.cash),
        "foreign_orders": sum(order.foreign for order in orders),
        "unknown_orders": [order.client_order_id for order in orders if order.status in _UNRESOLVED],
        "unmatched_rows": listed.unmatched,
        "absent_orders": list(listed.absent_orders),
        "absent_fills": listed.absent_fills,
        **told,
        "agrees": bool(listed.asked_ns) and not doubts,
    }
