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
    if each.ignored_ns:
        state, text, english = "ignored", "已忽略", "ignored"
    elif each.is_proven:
        state, text, english = "proven", "已证实", "proven"
    elif each.still_ns:
        state, text, english = "seen", "待第二次核对", "seen once"
    else:
        state, text, english = "moving", "有委托或成交在动，柜台可能滞后", "something moves, the broker may lag behind"
    ours, theirs = (to_text(each.ours), to_text(each.theirs)) if is_cash else (str(each.ours), str(each.theirs))
    return {
        "key": each.key,
        "what": "cash" if is_cash else "sellable" if each.is_sellable else "position",
        "symbol": each.symbol or None,
        "ours": ours if is_cash else each.ours,
        "broker": theirs if is_cash else each.theirs,
        "text": f"{each.symbol or '资金'} {'可卖 ' if each.is_sellable else ''}{ours}≠{theirs}",
        "text_en": f"{each.symbol or 'cash'} {'sellable ' if each.is_sellable else ''}{ours}≠{theirs}",
        "since": to_iso_text(each.since_ns),
        "state": state,
        "state_text": text,
        "state_text_en": english,
        "ignored_at": to_iso_text(each.ignored_ns) if each.ignored_ns else None,
        "ignored_by": each.ignored_by or None,
        "ignored_why": each.ignored_why or None,
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
        "differences_text": "，".join(map(_since_text, found)) or None,
    }


def _since_text(told: Plain) -> str:
    judged = f"，{told['ignored_by']} 已忽略" if told["state"] == "ignored" else ""
    return f"{told['text']}（{str(told['since'])[11:19]} 起{judged}）"


def counted(view: View) -> Plain:
    """Return how many differences wait for somebody's judgement, and how many a person has judged."""
    found = [each for row in view.accounts for each in row.differences]
    waiting = sum(each.is_open for each in found)
    return {"differences": waiting, "differences_ignored": len(found) - waiting}


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
    doubts = bool(
        any(each.is_open for each in row.differences) or listed.unmatched or listed.absent_orders or listed.absent_fills
    )
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
        "ignored": sum(not each.is_open for each in row.differences),
        "agrees": bool(listed.asked_ns) and not doubts,
    }
