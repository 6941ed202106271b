"""What became of each message of a replay and of each order that came of it, as the records of the engine tell it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from qmt_trading.codec.journal_record import Record
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.receipt import CancelLine, OrderLine, Receipt
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import TERMINAL, OrderStatus, Side, TradingState
from qmt_trading.run.replay.messages import Message


class OrderFate(Struct):
    """One order from its decision to its end."""

    client_order_id: str
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    signal_seq: int
    made_ns: int
    status: OrderStatus = OrderStatus.PENDING_NEW
    ended_ns: int = 0
    text: str = ""
    fills: list[ev.FillRow] = []

    @property
    def filled(self) -> int:
        return sum(each.quantity for each in self.fills)

    @property
    def value(self) -> int:
        """Of what has filled, in ten-thousandths of a yuan."""
        return sum(each.quantity * each.price for each in self.fills)


class Told(Struct):
    """What a sender was told at once."""

    seq: int | None = None
    """None: it was no signal, or nothing was taken."""
    status: str = ""
    reason: str = ""
    text: str = ""
    text_en: str = ""


_told = msgspec.json.Decoder(Told).decode


class MessageFate(Struct):
    """One message and what its sender was told: one answer, or one for each of several that were glued together."""

    message: Message
    answers: list[Told] = []
    receipts: list[Receipt] = []
    """The answer of each that was a signal."""
    orders: list[OrderLine] = []
    """What came of its accounts at once, and when its time came."""
    cancels: list[CancelLine] = []
    made: list[OrderFate] = []
    was_replayed: bool = False
    """False: history has nothing of its day."""

    def __call__(self, line: bytes) -> None:
        """Take one receipt, as the way back to a sender does."""
        self.answers.append(_told(line))

    def flush(self) -> None:
        """Do nothing: nobody reads slowly here."""


class Fates:
    """Follows the records of a replay."""

    def __init__(self) -> None:
        self.messages: list[MessageFate] = []
        self.orders: dict[str, OrderFate] = {}
        self.halts: list[tuple[int, out.TradingStateChanged]] = []
        """When trading was halted or reduced by the engine itself."""
        self._receipts: dict[int, Receipt] = {}
        self._later: dict[int, list[out.InstructionDone]] = {}
        self._now_ns = 0

    def observe(self, records: Sequence[Record]) -> None:
        """Take the records of one turn."""
        for record in records:
            match record:
                case ev.At():
                    self._now_ns = record.now_ns
                case out.SignalAnswered():
                    self._receipts[record.seq] = record.receipt
                case out.InstructionDone():
                    self._later.setdefault(record.seq, []).append(record)
                case out.SubmitOrder():
                    self.orders[record.client_order_id] = OrderFate(
                        record.client_order_id,
                        record.account,
                        record.symbol,
                        record.side,
                        record.quantity,
                        record.price,
                        record.signal_seq,
                        self._now_ns,
                        fills=[],
                    )
                case ev.OrderReported():
                    self._moved(record.row.client_order_id, record.row.status, record.row.text)
                case ev.FillReported():
                    order = self.orders.get(record.row.client_order_id)
                    if order is not None:
                        order.fills.append(record.row)
                case ev.SubmitRefused():
                    self._moved(record.client_order_id, OrderStatus.NOT_SENT, record.text)
                case ev.SubmitsWithheld():
                    for name in record.client_order_ids:
                        self._moved(name, OrderStatus.NOT_SENT, record.cause)
                case out.OrderEnded():
                    self._moved(record.client_order_id, record.status, record.text)
                case out.TradingStateChanged() if record.state is not TradingState.ACTIVE:
                    self.halts.append((self._now_ns, record))

    def finish(self) -> None:
        """Give every message what its answers name."""
        by_seq: dict[int, list[OrderFate]] = {}
        for order in self.orders.values():
            by_seq.setdefault(order.signal_seq, []).append(order)
        for fate in self.messages:
            for answer in fate.answers:
                receipt = self._receipts.get(answer.seq or 0)
                if receipt is None:
                    continue
                fate.receipts.append(receipt)
                if answer.status == "duplicate":
                    continue  # What the first one led to stands there.
                fate.orders += receipt.orders
                fate.cancels += receipt.cancels
                for done in self._later.get(receipt.seq, ()):
                    fate.orders += done.orders
                    fate.cancels += done.cancels
                fate.made += by_seq.get(receipt.seq, ())

    def _moved(self, client_order_id: str, status: OrderStatus, text: str) -> None:
        order = self.orders.get(client_order_id)
        if order is None or order.status in TERMINAL:
            return
        order.status, order.text = status, text or order.text
        if status in TERMINAL:
            order.ended_ns = self._now_ns
