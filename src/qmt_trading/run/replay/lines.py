"""Makes the table of signals: each message with every order, cancel and refusal that came of it, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from qmt_trading.codec.decoding import readable
from qmt_trading.codec.sentences import sentence
from qmt_trading.model.instant import day_of
from qmt_trading.model.reasons import NOTHING_TO_DO, REGISTERED, Denial, Reason
from qmt_trading.model.receipt import CancelLine, OrderLine
from qmt_trading.model.words import OrderStatus
from qmt_trading.research.report.signals import SignalLine
from qmt_trading.research.report.words import BLOCKED
from qmt_trading.run.replay.fates import MessageFate, OrderFate
from qmt_trading.run.replay.replay import Replayed

_ENDED: Final = {
    OrderStatus.NOT_SENT: "not_sent",
    OrderStatus.REJECTED: "rejected",
    OrderStatus.NEW: "working",
    OrderStatus.PENDING_NEW: "working",
    OrderStatus.PENDING_CANCEL: "working",
    OrderStatus.UNKNOWN: "working",
}
_CANCELED: Final = ("已撤单", "cancelled")
_EXPIRED: Final = ("收盘作废", "expired at the close")


def lines_of(replayed: Replayed) -> list[SignalLine]:
    """Return one line for each order, cancel and refusal of each message; one for a message that had none."""
    days = frozenset(replayed.days)
    return [line for fate in replayed.fates.messages for line in _lines(fate, replayed.reasons, days)]


def _lines(fate: MessageFate, reasons: dict[str, str], days: frozenset[dt.date]) -> Iterator[SignalLine]:
    message = fate.message
    whole: dict[str, Any] = {
        "place": message.place,
        "at_ns": message.at_ns,
        "text": readable(message.payload),
        "status": "heartbeat",
    }
    if not fate.was_replayed:
        yield SignalLine(**whole | {"status": "outside"})
        return
    if not fate.answers:
        yield SignalLine(**whole)
        return
    found = False
    for answer in fate.answers:
        whole["status"] = answer.status
        if answer.reason or answer.text:  # Of the whole message: malformed, or refused as one.
            found = True
            yield SignalLine(**whole, reason=answer.reason, chinese=answer.text, english=answer.text_en)
        elif answer.status == "duplicate":
            found = True
            yield SignalLine(**whole)
    made = {order.client_order_id: order for order in fate.made}
    done = {(order.account, order.symbol) for order in fate.made}
    for line in fate.orders:
        order = made.pop(line.client_order_id, None)
        if order is not None:
            found = True
            yield _made(order, whole, reasons.get(order.client_order_id, ""))
        elif line.denial is not None and not (line.denial.reason in REGISTERED and (line.account, line.symbol) in done):
            found = True
            yield _on_closed_day(_told(line, whole, line.denial), days)
    for order in made.values():  # That followed others up.
        found = True
        yield _made(order, whole, reasons.get(order.client_order_id, ""))
    for cancel in fate.cancels:
        found = True
        yield _told(cancel, whole, cancel.denial)
    if not found:
        yield SignalLine(**whole)


def _made(order: OrderFate, whole: dict[str, Any], missed: str) -> SignalLine:
    filled = order.filled
    outcome = "filled" if filled == order.quantity else "partly" if filled else _ENDED.get(order.status, "unfilled")
    chinese, english = "", ""
    reason = missed if filled < order.quantity else ""
    if filled < order.quantity:
        ended = {OrderStatus.CANCELED: _CANCELED, OrderStatus.EXPIRED: _EXPIRED}.get(order.status)
        words = [pair for pair in (BLOCKED[missed][0] if missed else None, ended) if pair is not None]
        if not words and order.text:
            words = [(order.text, order.text)]
        chinese, english = "，".join(pair[0] for pair in words), ", ".join(pair[1] for pair in words)
    return SignalLine(
        **whole,
        account=order.account,
        symbol=order.symbol,
        side=order.side.value,
        quantity=order.quantity,
        price=order.price,
        outcome=outcome,
        filled=filled,
        value=order.value,
        ended_ns=order.ended_ns,
        reason=reason,
        chinese=chinese,
        english=english,
    )


def _on_closed_day(line: SignalLine, days: frozenset[dt.date]) -> SignalLine:
    """Return ``line``; where it came too early or late on a day without trading, that is said in place of the time."""
    day = day_of(line.at_ns)
    if line.reason != Reason.OUT_OF_SESSION or day in days:
        return line
    return replace(
        line,
        chinese=f"{day} 休市：请在交易日 9:15–15:00 发，或加 at=09:30:00 等到下一个交易日",
        english=f"the exchanges are shut on {day}: send it on a trading day, or add at=09:30:00 to wait for one",
    )


def _told(line: OrderLine | CancelLine, whole: dict[str, Any], denial: Denial | None) -> SignalLine:
    side, quantity, price = "", 0, 0
    if isinstance(line, OrderLine):
        side, quantity, price = line.side.value if line.side is not None else "", line.quantity, line.price
    outcome, chinese, english, reason = "canceling", "", "", ""
    if denial is not None:
        reason = denial.reason.value
        chinese, english = sentence(denial)
        outcome = "nothing" if denial.reason in NOTHING_TO_DO else "denied"
        if denial.reason in REGISTERED:
            outcome = "registered"
    elif line.client_order_id:
        chinese, english = "撤一笔在场委托", "of one working order"
    return SignalLine(
        **whole,
        account=line.account,
        symbol=line.symbol,
        side=side,
        quantity=quantity,
        price=price,
        outcome=outcome,
        reason=reason,
        chinese=chinese,
        english=english,
    )
