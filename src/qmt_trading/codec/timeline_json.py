"""The life of one signal, hop by hop, from instants that do not move once they are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qmt_trading.codec.view_json import SIDE_TEXT, Plain, order_text, reasons_of, signal_text
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.numbers import to_money_text, to_text
from qmt_trading.model.order import Fill, Order
from qmt_trading.model.reasons import NOTHING_TO_DO, REGISTERED
from qmt_trading.model.receipt import CancelLine, OrderLine
from qmt_trading.model.timed import TimedDone
from qmt_trading.model.view import SignalRow, View
from qmt_trading.model.words import TERMINAL, Mode, OrderStatus, SignalStatus

_TEXT_SHOWN: Final = 120
PERSON: Final = -1
"""In place of a cancelling signal's number: a person asked for it."""
OWN_TIME: Final = -2
"""In place of a cancelling signal's number: the order's own ``cancel_after`` came."""

Hop = tuple[int, Plain]
"""When (wall clock, 0: on no record), and what."""


def timeline(view: View, seq: int) -> list[Plain]:
    """Return the life of signal ``seq`` with milliseconds since it was received; empty when it is not known.

    A hop whose instant is on no record stands last, without figures.
    """
    found = next((row for row in view.signals if row.seq == seq), None)
    if found is None:
        return []
    hops = [_received(found), _decided(found)]
    if found.receipt.status is not SignalStatus.DUPLICATE:
        hops += [_denied(found, line) for line in found.receipt.orders if line.denial is not None]
        hops += [_canceled(found, line) for line in found.receipt.cancels]
        hops += [_carried_out(done) for done in view.timed_done if done.timed.seq == seq]
        hops += _orders(view, found)
    hops.sort(key=lambda hop: (hop[0] == 0, hop[0]))
    return [
        {
            "seq": seq,
            "at": to_iso_text(at_ns) if at_ns else None,
            "milliseconds": round((at_ns - found.received_ns) / 1e6, 3) if at_ns else None,
            **hop,
        }
        for at_ns, hop in hops
    ]


def _hop(at_ns: int, hop: str, text: str, detail: str, account: str | None) -> Hop:
    return at_ns, {"hop": hop, "hop_text": text, "detail": detail, "account": account}


def _received(row: SignalRow) -> Hop:
    return _hop(row.received_ns, "received", "收到", _shown(row), _accounts(row))


def _shown(row: SignalRow) -> str:
    return row.text if len(row.text) <= _TEXT_SHOWN else f"{row.text[:_TEXT_SHOWN]}…"


def _decided(row: SignalRow) -> Hop:
    receipt = row.receipt
    detail = signal_text(receipt)
    if receipt.status is SignalStatus.DUPLICATE:
        detail += f"（首条是信号 {receipt.seq}）"
    elif receipt.denial is not None:
        detail += f"：{reasons_of(receipt.denial)[0]['text']}"
    return _hop(row.decided_ns, "decided", "风控", detail, _accounts(row))


def _accounts(row: SignalRow) -> str | None:
    """Return the account that a message concerns, or how many."""
    receipt = row.receipt
    found = dict.fromkeys([line.account for line in receipt.orders] + [line.account for line in receipt.cancels])
    if len(found) > 1:
        return f"{len(found)} 个账户"
    return next(iter(found), None)


def _denied(row: SignalRow, line: OrderLine) -> Hop:
    assert line.denial is not None
    hop, text = "denied", "拦截"
    if line.denial.reason in REGISTERED:
        hop, text = "waits", "登记"
    elif line.denial.reason in NOTHING_TO_DO:
        hop, text = "nothing", "已到位"
    what = f"{line.symbol} {SIDE_TEXT[line.side]}" if line.side is not None else line.symbol
    return _hop(row.decided_ns, hop, text, f"{what}：{reasons_of(line.denial)[0]['text']}", line.account)


def _canceled(row: SignalRow, line: CancelLine) -> Hop:
    """Return what became of one order, or of an account where there was none; in shadow mode what would have."""
    sent = "本应撤单" if row.receipt.observed else "发出撤单"
    if line.denial is not None and line.denial.reason in REGISTERED:
        number = line.broker_order_id or line.venue_order_id or line.client_order_id
        detail = f"{line.symbol} 委托 {number}：{reasons_of(line.denial)[0]['text']}"
        return _hop(row.decided_ns, "cancel", "登记撤单", detail, line.account)
    if line.denial is not None:
        return _hop(row.decided_ns, "cancel", "撤单", str(reasons_of(line.denial)[0]["text"]), line.account)
    number = line.broker_order_id or line.venue_order_id or line.client_order_id
    return _hop(row.decided_ns, "cancel", sent, f"{line.symbol} 委托 {number}", line.account)


def _carried_out(done: TimedDone) -> Hop:
    """Return what became of an instruction that waited."""
    reasons = reasons_of(*(line.denial for line in (*done.orders,)), *(line.denial for line in done.cancels))
    detail = f"定时指令 {done.timed.name}"
    if done.dropped_by:
        by = f"信号 {done.dropped_by}" if done.dropped_by > 0 else "人工"
        return _hop(
            done.at_ns, "dropped", "取消", f"{detail}：被其后的撤单取消（{by}）", "、".join(done.timed.accounts)
        )
    if reasons:
        detail += "：" + "；".join(str(reason["text"]) for reason in reasons)
    return _hop(done.at_ns, "due", "到时", detail, None)


def _orders(view: View, found: SignalRow) -> list[Hop]:
    """Return the hops of the orders that the signal made, and the ends of those that it cancels."""
    made = {line.client_order_id for line in found.receipt.orders if line.client_order_id}
    if any(timed.seq == found.seq for timed in (*view.timed, *(done.timed for done in view.timed_done))):
        made |= {row.client_order_id for row in view.orders if row.signal_seq == found.seq}
    named = made | {line.client_order_id for line in found.receipt.cancels if line.client_order_id}
    fills: dict[str, list[Fill]] = {name: [] for name in named}
    for fill in view.fills if named else ():
        if fill.client_order_id in fills:
            fills[fill.client_order_id].append(fill)
    wanted = {row.cancel_seq for row in view.orders if row.client_order_id in made} - {0, found.seq}
    askers = {row.seq: row for row in view.signals if row.seq in wanted} if wanted else {}
    hops: list[Hop] = []
    for row in view.orders if named else ():
        if row.client_order_id in made:
            hops += _steps(row)
            if row.cancel_seq in askers:
                hops.append(_asked(askers[row.cancel_seq], row))
            hops += [_filled(fill) for fill in fills[row.client_order_id]]
        if row.client_order_id in named:
            hops.append(_last(row, fills[row.client_order_id], observes=view.mode is Mode.SHADOW))
    return hops


def _steps(row: Order) -> list[Hop]:
    what = f"{row.symbol} {SIDE_TEXT[row.side]} {row.quantity}@{to_text(row.price)}"
    contract = f"，合同编号 {row.venue_order_id}" if row.venue_order_id else ""
    steps = (
        _hop(row.committed_ns, "on_disk", "落盘", f"本地编号 {row.client_order_id}", row.account),
        _hop(row.handed_over_ns, "sent", "发出", what, row.account),
        _hop(row.answered_ns, "answered", "柜台应答", f"委托编号 {row.broker_order_id or '–'}{contract}", row.account),
    )
    found = [step for step in steps if step[0]]
    if row.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED) and 0 < row.answered_ns < row.ended_ns:
        found.append(_hop(row.answered_ns, "reported", "已报", what, row.account))
    return found


def _asked(asker: SignalRow, row: Order) -> Hop:
    """Return when another signal asked for the order's cancel."""
    detail = f"信号 {asker.seq} 撤单：{_shown(asker)}"
    return _hop(asker.decided_ns, "cancel_asked", "撤单", detail, row.account)


def _why_canceled(row: Order) -> str:
    """Return who had the order cancelled; empty while nothing says that it is, or was, to be."""
    if row.status not in (OrderStatus.CANCELED, OrderStatus.PENDING_CANCEL):
        return ""
    if row.cancel_seq > 0:
        return f"信号 {row.cancel_seq} 撤单"
    if row.cancel_seq == OWN_TIME:
        return "到时撤单（cancel_after）"
    if row.cancel_seq == PERSON:
        return "人工撤单"
    return "不是本系统撤的" if row.answered_ns and not row.text else ""


def _filled(fill: Fill) -> Hop:
    detail = f"{fill.quantity}@{to_text(fill.price)} 金额 {to_money_text(fill.price * fill.quantity)}"
    return _hop(fill.filled_ns, "filled", "成交", detail, fill.account)


def _last(row: Order, fills: Sequence[Fill], *, observes: bool) -> Hop:
    """Return the state that the order has now, at the instant it got there as far as that is on record."""
    at_ns = _reached_ns(row, fills)
    if row.observed and row.status is OrderStatus.NOT_SENT:
        return _hop(at_ns, "observed", order_text(row), row.text, row.account)
    detail = f"成交 {row.filled_quantity}/{row.quantity}"
    why = _why_canceled(row) if not observes else ""
    if why:
        detail += f"，{why}"
    if row.text:
        detail += f"，柜台：{row.text}" if row.answered_ns else f"，{row.text}"
    if not at_ns:
        detail += "（时刻未记录）"
    return _hop(at_ns, "ended" if row.status in TERMINAL else "now", order_text(row), detail, row.account)


def _reached_ns(row: Order, fills: Sequence[Fill]) -> int:
    """Return when ``row`` reached its state: a fact that no later row of the broker moves; 0: there is none."""
    last_fill_ns = max((fill.filled_ns for fill in fills), default=0)
    match row.status:
        case OrderStatus.FILLED:
            return max(last_fill_ns, row.answered_ns) if last_fill_ns else 0
        case OrderStatus.PARTIALLY_FILLED:
            return last_fill_ns
        case OrderStatus.NEW:
            return row.answered_ns
        case OrderStatus.PENDING_NEW:
            return row.handed_over_ns or row.created_ns
        case OrderStatus.UNKNOWN | OrderStatus.EXPIRED_UNRESOLVED:
            return row.updated_ns  # Our own decision, the last thing that happened to the row.
        case _:
            return row.ended_ns
