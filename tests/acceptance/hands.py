"""A scripted person: answers by what is asked, and does at the counter what the program says to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qmt_trading.run.acceptance.visit import Patience
from tests.terminal.counter import Counter

QUICK: Final = Patience(
    ready=20, answer=1, unanswered=0.4, back=30, hands=20, frozen=0.2, settle=0.4, quiet=0.3, night=0.2, probe=0.7
)


class Hands:
    """Types nothing but Enter, unless a word of the question has something better to do."""

    def __init__(self, begun: int = 0) -> None:
        """Sit down before a counter with so many orders."""
        self.begun = begun
        self.script: dict[str, Callable[[], str | None]] = {}
        self.said: list[str] = []
        self.asked: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, text: str) -> str:
        self.asked.append(text)
        for word, act in self.script.items():
            if word in text:
                return act() or ""
        return ""


def freeze(counter: Counter) -> None:
    """Suspend the client: it takes orders into its queue, and nothing is answered."""
    counter.lies.silent.add("orderStock")
    counter.hang("queryStockAsset", "queryStockOrders", "queryStockTrades", "queryStockPositions", "queryAccountStatus")


def thaw(counter: Counter, *, late: bool = False) -> None:
    """Let the client go on; with ``late`` it executes the order that lies in its queue, else it has forgotten it."""
    counter.lies.silent.clear()
    if late:
        counter.move(counter._row(counter.asked("orderStock")[-1]), 50)
    counter.release()


def kill(counter: Counter, *, tell: bool = True) -> None:
    """End the client; with ``tell`` the link's other end notices at once."""
    counter.running = False
    counter.drop_link(tell=tell)


def revive(counter: Counter) -> None:
    """Start the client again."""
    counter.restart()


def states(counter: Counter, person: Hands) -> list[int]:
    """Return the states of the orders that have come since ``person`` sat down."""
    return [order["order_status"] for order in counter.orders[person.begun :]]


def working(counter: Counter) -> list[int]:
    """Return the states of orders that still work."""
    return [order["order_status"] for order in counter.orders if order["order_status"] not in (53, 54, 56, 57)]
