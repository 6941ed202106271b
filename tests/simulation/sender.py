"""The sender: what it wants, when it says so again, and what it has been told."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from qmt_trading.model.instant import to_clock_text
from qmt_trading.model.numbers import MILLISECOND_NS
from tests.simulation.fuse import Fuse
from tests.simulation.habits import Habits
from tests.simulation.venue import SYMBOLS

if TYPE_CHECKING:
    from tests.simulation.ledger import Ledger


class Message:
    """What the sender wants and has been told."""

    __slots__ = ("body", "chase", "key", "payload", "quantity", "receipts", "sends", "target")

    def __init__(
        self, body: str, key: str, payload: bytes, *, chase: int = 0, quantity: int = 0, target: int | None = None
    ) -> None:
        self.body = body
        """What it asks for, without its name; empty: nothing that could be asked for twice."""
        self.key = key
        """Empty: it cannot be told from a repeat, and is never said again."""
        self.payload = payload
        self.chase = chase
        """How many orders may follow the first, in each account."""
        self.quantity = quantity
        """Of a message that is chased: what all its orders in one account may fill together."""
        self.target = target
        """What each account is to hold, where that is what it asks for."""
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


def compose(rng: Random, number: int, habits: Habits, before: Message | None, now_ns: int) -> Message:
    """Return the ``number``-th message: in a world of twins it often asks for just what the one ``before`` did."""
    key = f"up/{number}"
    if before is not None and before.body and habits.twins and rng.random() < 0.5:
        if not before.key:
            return Message(before.body, "", before.payload)
        same = {"chase": before.chase, "quantity": before.quantity, "target": before.target}
        return Message(before.body, key, f"{before.body} #{key}".encode(), **same)  # type: ignore[arg-type]
    quantity = rng.choice((100, 100, 200, 300)) if habits.twins else min(number, 10) * 100
    symbol = rng.choice(SYMBOLS)
    accounts = rng.choice(("a01", "a02", "a01,a02", "*", "a01,nobody"))
    kind = rng.random()
    hurry = " ttl=1s" if rng.random() < 0.3 else ""
    if habits.timed and rng.random() < 0.4:
        return _later(rng, key, symbol, quantity, accounts, now_ns)
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


def _later(rng: Random, key: str, symbol: str, quantity: int, accounts: str, now_ns: int) -> Message:
    """Return a message that waits, that ends or follows up its order by itself, or that names a target."""
    at = to_clock_text(now_ns + rng.choice((200, 2_000, 15_000, 40_000)) * MILLISECOND_NS)
    chance = rng.random()
    if chance < 0.3:
        verb = rng.choice(("buy", "buy", "sell"))
        body = f"{verb} {symbol} {quantity}@10.{50 if verb == 'buy' else 40}:{accounts} at={at}"
    elif chance < 0.4:
        body = f"cancel {rng.choice((symbol, '*'))}:{accounts} at={at}"
    elif chance < 0.55:
        body = f"buy {symbol} {quantity}@10.50:{accounts} cancel_after={rng.choice((1, 8))}s"
    elif chance < 0.75:
        body = f"buy {symbol} {quantity}@10.50:{accounts} cancel_after={rng.choice((1, 3))}s chase=2"
        return Message(body, key, f"{body} #{key}".encode(), chase=2, quantity=quantity)
    else:
        target = rng.choice((0, quantity, quantity + 500))
        price = rng.choice(("10.50", "10.40"))
        body = f"target {symbol} {target}@{price}:{accounts}"
        return Message(body, key, f"{body} #{key}".encode(), target=target)
    return Message(body, key, f"{body} #{key}".encode())
