"""The view as rows of plain values, in the glossary's names, for people and programs."""

from __future__ import annotations

from typing import Final

from qmt_trading.codec.sentences import sentence
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.numbers import to_money_text, to_text
from qmt_trading.model.order import Fill, Order, Position
from qmt_trading.model.reasons import Denial
from qmt_trading.model.view import AccountRow, AlertRow, SignalRow, View
from qmt_trading.model.words import TERMINAL, OrderStatus, SignalStatus, TradingState

Plain = dict[str, object]

STATUS_TEXT: Final = {
    OrderStatus.PENDING_NEW: "待报",
    OrderStatus.NEW: "已报",
    OrderStatus.PARTIALLY_FILLED: "部成",
    OrderStatus.FILLED: "已成",
    OrderStatus.PENDING_CANCEL: "已报待撤",
    OrderStatus.CANCELED: "已撤",
    OrderStatus.REJECTED: "废单",
    OrderStatus.EXPIRED: "收盘作废",
    OrderStatus.UNKNOWN: "待核实",
    OrderStatus.NOT_SENT: "未发出",
    OrderStatus.EXPIRED_UNRESOLVED: "隔日未核实",
}
STATE_TEXT: Final = {
    TradingState.ACTIVE: "正常交易",
    TradingState.REDUCING: "只卖不买",
    TradingState.HALTED: "已停止（仅可撤单）",
}
SIGNAL_TEXT: Final = {
    SignalStatus.ACCEPTED: "已受理",
    SignalStatus.DENIED: "已拦截",
    SignalStatus.DUPLICATE: "重复信号，未再下单",
    SignalStatus.MALFORMED: "格式错误",
    SignalStatus.BUSY: "繁忙，未接收，请重发",
}


def rows_of(view: View, table: str, limit: int) -> list[Plain]:
    """Return the newest ``limit`` rows of ``table``, newest first where there is an order in time.

    Raises:
        KeyError: no such table.
    """
    match table:
        case "status":
            return [status(view)]
        case "accounts":
            return [account(row) for row in view.accounts]
        case "positions":
            return [position(row) for row in view.positions]
        case "orders":
            return [order(row) for row in view.orders.newest(limit)]
        case "fills":
            return [fill(row) for row in view.fills.newest(limit)]
        case "signals":
            return [signal(row) for row in view.signals.newest(limit)]
        case "alerts":
            return [alert(row) for row in list(view.alerts)[-limit:][::-1]]
        case _:
            raise KeyError(table)


def status(view: View) -> Plain:
    """Return the one row that says how things stand."""
    unknown = sum(row.unknown_orders for row in view.accounts)
    return {
        "mode": view.mode.value,
        "day": view.day.isoformat() if view.day is not None else None,
        "at": to_iso_text(view.at_ns) if view.at_ns else None,
        "state": view.trading_state.value,
        "state_text": STATE_TEXT[view.trading_state],
        "submits_closed": view.submits_closed or None,
        "accounts": len(view.accounts),
        "accounts_ready": sum(row.ready for row in view.accounts),
        "signals": len(view.signals),
        "orders": len(view.orders),
        "working_orders": sum(row.working_orders for row in view.accounts),
        "unknown_orders": unknown,
        "fills": len(view.fills),
        "malformed": view.malformed,
    }


def account(row: AccountRow) -> Plain:
    return {
        "account": row.account,
        "name": row.name,
        "terminal": row.terminal,
        "state": row.state.value,
        "state_text": STATE_TEXT[row.state],
        "link": row.link.value,
        "ready": row.ready,
        "available_cash": to_text(row.available_cash),
        "frozen_cash": to_text(row.frozen_cash),
        "market_value": to_text(row.market_value),
        "total_assets": to_text(row.available_cash + row.frozen_cash + row.market_value),
        "working_orders": row.working_orders,
        "unknown_orders": row.unknown_orders,
    }


def position(row: Position) -> Plain:
    return {
        "account": row.account,
        "symbol": row.symbol,
        "quantity": row.quantity,
        "sellable_quantity": max(0, row.sellable_quantity - row.frozen_quantity),
        "frozen_quantity": row.frozen_quantity,
        "cost": to_text(row.cost),
        "cost_price": to_text(row.cost // row.quantity) if row.quantity else None,
        "realised": to_text(row.realised),
    }


def order_text(row: Order) -> str:
    """Return the state as a counter's screen says it: 部撤 and 部成待撤 apart from 已撤 and 已报待撤."""
    if row.filled_quantity and row.status is OrderStatus.CANCELED:
        return "部撤"
    if row.filled_quantity and row.status is OrderStatus.PENDING_CANCEL:
        return "部成待撤"
    if row.status is OrderStatus.PENDING_NEW and not row.handed_over_ns and not row.answered_ns:
        return "未报"
    return STATUS_TEXT[row.status]


def leaves(row: Order) -> int:
    """Return what may still fill: nothing of an order that has ended."""
    if row.status in TERMINAL:
        return 0
    return max(0, row.quantity - max(row.filled_quantity, row.reported_quantity))


def order(row: Order) -> Plain:
    filled = row.filled_quantity
    return {
        "client_order_id": row.client_order_id,
        "account": row.account,
        "symbol": row.symbol,
        "side": row.side.value,
        "quantity": row.quantity,
        "price": to_text(row.price),
        "status": row.status.value,
        "status_text": order_text(row),
        "filled_quantity": filled,
        "leaves_quantity": leaves(row),
        "average_price": to_text(row.filled_value // filled) if filled else None,
        "broker_order_id": row.broker_order_id,
        "venue_order_id": row.venue_order_id,
        "foreign": row.foreign,
        "strategy": row.strategy,
        "seq": row.signal_seq or None,
        "created_at": to_iso_text(row.created_ns),
        "updated_at": to_iso_text(row.updated_ns),
        "text": row.text,
    }


def fill(row: Fill) -> Plain:
    return {
        "fill_id": row.fill_id,
        "account": row.account,
        "symbol": row.symbol,
        "side": row.side.value,
        "price": to_text(row.price),
        "quantity": row.quantity,
        "fee": to_text(row.fee),
        "client_order_id": row.client_order_id,
        "venue_order_id": row.venue_order_id,
        "filled_at": to_iso_text(row.filled_ns),
    }


def signal(row: SignalRow) -> Plain:
    receipt = row.receipt
    return {
        "seq": row.seq,
        "id": row.id,
        "door": row.door,
        "sender": row.sender,
        "status": receipt.status.value,
        "status_text": SIGNAL_TEXT[receipt.status],
        "received_at": to_iso_text(row.received_ns),
        "text": row.text,
        "orders": [line.client_order_id for line in receipt.orders if line.client_order_id],
        "cancels": [line.client_order_id for line in receipt.cancels if line.client_order_id],
        "reasons": _reasons(
            receipt.denial,
            *(line.denial for line in receipt.orders),
            *(line.denial for line in receipt.cancels),
        ),
    }


def _reasons(*denials: Denial | None) -> list[Plain]:
    found: dict[Denial, None] = dict.fromkeys(denial for denial in denials if denial is not None)
    rows: list[Plain] = []
    for denial in found:
        chinese, english = sentence(denial)
        rows.append({"reason": denial.reason.value, "text": chinese, "text_en": english})
    return rows


def alert(row: AlertRow) -> Plain:
    told = row.alert
    return {
        "at": to_iso_text(row.at_ns),
        "importance": told.importance.value,
        "code": told.code,
        "text": told.chinese,
        "text_en": told.english,
        "account": told.account,
        "symbol": told.symbol,
        "client_order_id": told.client_order_id,
    }


def timeline(view: View, seq: int) -> list[Plain]:
    """Return the life of signal ``seq``, hop by hop with milliseconds since it was received; empty when unknown."""
    found = next((row for row in view.signals if row.seq == seq), None)
    if found is None:
        return []
    begin_ns = found.received_ns
    hops: list[tuple[int, Plain]] = [
        (begin_ns, {"hop": "received", "hop_text": "收到", "detail": found.text[:120], "account": None}),
        (
            found.decided_ns,
            {
                "hop": "decided",
                "hop_text": "风控",
                "detail": SIGNAL_TEXT[found.receipt.status],
                "account": None,
            },
        ),
    ]
    named = {line.client_order_id for line in found.receipt.orders if line.client_order_id}
    for row in view.orders:
        if row.client_order_id not in named:
            continue
        detail = f"{row.symbol} {row.side.value} {row.quantity}@{to_text(row.price)}"
        for at_ns, hop, text, more in (
            (row.committed_ns, "on_disk", "落盘", row.client_order_id),
            (row.handed_over_ns, "sent", "发出", detail),
            (row.answered_ns, "answered", "柜台应答", f"{row.broker_order_id} / {row.venue_order_id}"),
        ):
            if at_ns:
                hops.append((at_ns, {"hop": hop, "hop_text": text, "detail": more, "account": row.account}))
        hops.append(
            (
                max(row.updated_ns, row.answered_ns),
                {"hop": "now", "hop_text": order_text(row), "detail": row.text, "account": row.account},
            )
        )
    for each in view.fills:
        if each.client_order_id in named:
            detail = f"{each.quantity}@{to_text(each.price)} {to_money_text(each.price * each.quantity)}"
            hops.append(
                (each.filled_ns, {"hop": "filled", "hop_text": "成交", "detail": detail, "account": each.account})
            )
    hops.sort(key=lambda hop: hop[0])
    return [
        {
            "seq": seq,
            "at": to_iso_text(at_ns),
            "milliseconds": round((at_ns - begin_ns) / 1e6, 3),
            **hop,
        }
        for at_ns, hop in hops
    ]
