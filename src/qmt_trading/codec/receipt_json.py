"""Receipts as one JSON line each, ended by a newline."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from qmt_trading.codec.sentences import sentence
from qmt_trading.market.instruments import kind_of
from qmt_trading.model import shadow
from qmt_trading.model.numbers import to_text
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.receipt import CancelLine, OrderLine, Receipt
from qmt_trading.model.signal import Malformed
from qmt_trading.model.words import Mode, SignalStatus

_STATUS: Final = {
    Reason.NOTHING_TO_CANCEL: "nothing",
    Reason.TARGET_REACHED: "nothing",
    Reason.NO_CANCEL_PHASE: "registered",
    Reason.CANCEL_PACED: "registered",
    Reason.WAITS: "queued",
    Reason.PACED: "queued",
    Reason.WAITING_DROPPED: "dropped",
}
"""Of a line that tells something without being refused; every other reason is a denial."""


def line_status(denial: Denial | None) -> str:
    """Return the status of a line of a receipt."""
    return "accepted" if denial is None else _STATUS.get(denial.reason, "denied")


class _Order(Struct, omit_defaults=True, gc=False):
    account: str
    symbol: str
    client_order_id: str = ""
    status: str = ""
    side: str = ""
    quantity: int = 0
    price: str = ""
    reason: str = ""
    text: str = ""
    text_en: str = ""


class _Cancel(Struct, omit_defaults=True, gc=False):
    account: str
    symbol: str
    client_order_id: str = ""
    broker_order_id: str = ""
    venue_order_id: str = ""
    status: str = ""
    reason: str = ""
    text: str = ""
    text_en: str = ""


class _Receipt(Struct, omit_defaults=True, gc=False):
    seq: int | None
    id: str
    status: str
    orders: list[_Order]
    cancels: list[_Cancel] = []
    reason: str = ""
    text: str = ""
    text_en: str = ""
    durable: bool = True
    mode: str = ""
    """``shadow``: nothing of it is sent; empty in every other mode."""


_ENCODE: Final = msgspec.json.Encoder().encode


def encode(receipt: Receipt) -> bytes:
    """Return ``receipt`` as a line: ``orders`` always; ``cancels``, ``reason``, ``durable`` where they say something.

    A price is a decimal string. ``client_order_id``, figures and ids that do not exist are left out.
    """
    orders = [
        _Order(
            line.account,
            line.symbol,
            line.client_order_id,
            "accepted",
            line.side or "",
            line.quantity,
            to_text(line.price) if line.price else "",
        )
        if line.denial is None
        else _denied(line, line.denial)
        for line in receipt.orders
    ]
    if receipt.observed:
        _observed(orders, receipt.orders)
    answer = _Receipt(receipt.seq or None, receipt.id, receipt.status, orders)
    if receipt.cancels:
        answer.cancels = [_cancel(line) for line in receipt.cancels]
        for cancel in answer.cancels if receipt.observed else ():
            if cancel.status == "accepted":
                cancel.text, cancel.text_en = shadow.would_cancel(1)
    if receipt.denial is not None:
        answer.reason = receipt.denial.reason
        answer.text, answer.text_en = sentence(receipt.denial)
    if receipt.observed:
        answer.mode = Mode.SHADOW.value
        if not answer.text:
            answer.text, answer.text_en = shadow.NOTHING_SENT
    if not receipt.durable:
        answer.durable = False
    return _ENCODE(answer) + b"\n"


def encode_malformed(malformed: Malformed, identifier: str = "") -> bytes:
    """Return the answer to bytes that were no signal; ``identifier`` is the id that stands in them, if any."""
    return (
        _ENCODE(
            {
                "seq": None,
                "id": identifier,
                "status": SignalStatus.MALFORMED.value,
                "code": malformed.code,
                "position": malformed.position,
                "item": malformed.item,
                "text": malformed.chinese,
                "text_en": malformed.english,
            }
        )
        + b"\n"
    )


def encode_busy(identifier: str = "") -> bytes:
    """Return the answer to a message for which there was no room; ``identifier`` is its id."""
    return (
        _ENCODE(
            {
                "seq": None,
                "id": identifier,
                "status": SignalStatus.BUSY.value,
                "text": "繁忙，未接收，请重发",
                "text_en": "busy: nothing was taken, send again",
            }
        )
        + b"\n"
    )


def _observed(orders: list[_Order], lines: tuple[OrderLine, ...]) -> None:
    """Say of each order that was accepted what would have been sent."""
    for order, line in zip(orders, lines, strict=True):
        if line.denial is None and line.side is not None:
            kind = kind_of(line.symbol)
            order.text, order.text_en = shadow.would_order(line.side, line.quantity, line.price, kind)


def _denied(line: OrderLine, denial: Denial) -> _Order:
    text, text_en = sentence(denial)
    return _Order(
        line.account,
        line.symbol,
        line.client_order_id,
        line_status(denial),
        line.side or "",
        line.quantity,
        to_text(line.price) if line.price else "",
        denial.reason,
        text,
        text_en,
    )


def _cancel(line: CancelLine) -> _Cancel:
    found = _Cancel(
        line.account, line.symbol, line.client_order_id, line.broker_order_id, line.venue_order_id, "accepted"
    )
    if line.denial is not None:
        found.status = line_status(line.denial)
        found.reason = line.denial.reason
        found.text, found.text_en = sentence(line.denial)
    return found
