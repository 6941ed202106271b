"""The sender: what it wants, when it says so again, and what it has been told."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.fuse import Fuse
from tests.simulation.habits import Habits
from tests.simulation.venue import SYMBOLS

if TYPE_CHECKING:
    from tests.simulation.ledger import Ledger


class Message:
    """What the sender wants and has been told."""

    __slots__ = ("body", "key", "payload", "receipts", "sends")

    def __init__(self, body: str, key: str, payload: bytes) -> None:
        self.body = body
        """What it asks for, without its name; empty: nothing that could be asked for twice."""
        self.key = key
        """Empty: it cannot be told from a repeat, and is never said again."""
        self.payload = payload
        self.sends = 0
        self.receipts: list[dict[str, object]] = []


class Way:
    """The Reply port: the sender of one delivery of a message."""

    __slots__ = ("_fuse", "_ledger", "_message", "position")

    def __init__(self, fuse: Fuse, message: Message, ledger: Ledger) -> None:
        self._fuse = fuse
        self._message = message
        self._ledger = ledger
        self.position = 0

    def __call__(self, line: bytes) -> None:
        self._fuse.step("reply")
        receipt = json.loads(line)
        self._message.receipts.append(receipt)
        if receipt["status"] == "accepted" and receipt.get("durable", True):
            self._ledger.confirm(self.position)

    def flush(self) -> None: ...


def compose(rng: Random, number: int, habits: Habits, before: Message | None) -> Message:
    """Return the ``number``-th message: in a world of twins it often asks for just what the one ``before`` did."""
    key = f"up/{number}"
    if before is not None and before.body and habits.twins and rng.random() < 0.5:
        if not before.key:
            return Message(before.body, "", before.payload)
        return Message(before.body, key, f"{before.body} #{key}".encode())
    quantity = rng.choice((100, 100, 200, 300)) if habits.twins else min(number, 10) * 100
    symbol = rng.choice(SYMBOLS)
    accounts = rng.choice(("a01", "a02", "a01,a02", "*", "a01,nobody"))
    kind = rng.random()
    hurry = " ttl=1s" if rng.random() < 0.3 else ""
    if kind < 0.36:
        body = f"buy {symbol} {quantity}@10.50:{accounts}{hurry}"
    elif kind < 0.62:
        size = "全部" if rng.random() < 0.2 else quantity
        body = f"sell {symbol} {size}@10.40:{accounts}{hurry}"
    elif kind < 0.8:
        verb = rng.choice(("cancel", "cancel", "撤买", "撤卖"))
        body = f"{verb} {rng.choice((symbol, '*'))}:{accounts}"
    elif kind < 0.84:
        wanted = {"id": key, "action": "buy", "symbol": symbol, "accounts": ["a01"], "quantity": quantity}
        return Message("", key, json.dumps({**wanted, "price": "10.40"}).encode())
    elif kind < 0.94:
        body = f"buy {symbol} {quantity}@10.50:{accounts}"
        return Message(body, "", body.encode())
    else:
        return Message("", "", f"buy {symbol} {quantity}@10.5".encode())  # Cut off: malformed.
    return Message(body, key, f"{body} #{key}".encode())
