"""What one scope has used of its limits today: counted by folding, so that a restart knows it too."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from qmt_trading.engine.transitions import LIVE
from qmt_trading.model.limits import Scope
from qmt_trading.model.numbers import SECOND_NS, Money
from qmt_trading.model.order import Order
from qmt_trading.model.usage import UsageImage
from qmt_trading.model.words import OrderStatus

INSTANTS_MAX: Final = 2048
"""Instants that are remembered: twice the largest number that a rate may permit."""
RATE_MAX: Final = 1000
MINUTE_NS: Final = 60 * SECOND_NS


class Usage:
    """The counters of one scope."""

    __slots__ = (
        "_image",
        "_shown",
        "bought",
        "canceled",
        "cancels",
        "loss_step",
        "messages",
        "orders",
        "scope",
        "sold",
        "turns",
        "warned",
        "working",
    )

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.working = 0
        """Orders that may still fill."""
        self.turns: deque[int] = deque(maxlen=INSTANTS_MAX)
        """When orders left, and the turns that waiting ones have taken, in order."""
        self.messages: deque[int] = deque(maxlen=INSTANTS_MAX)
        """When orders and cancels left, in order; of accounts only."""
        self._image: UsageImage | None = None
        self._shown: UsageImage | None = None
        self.open_day()

    def open_day(self) -> None:
        """Begin to count anew what counts by the day."""
        self.orders = 0
        self.cancels = 0
        """Cancels handed to the counter, repeats included."""
        self.canceled = 0
        """Orders that a cancel was sent for."""
        self.bought = Money(0)
        """What was bought today and is still being bought."""
        self.sold = Money(0)
        self.loss_step = 0
        """1: reducing was triggered today; 2: halting was."""
        self.warned = False
        """The share of cancels was told today."""
        self._image = self._shown = None

    def touched(self) -> None:
        """Note that a figure has changed."""
        self._image = self._shown = None

    def image(self) -> UsageImage:
        """Return the figures as they are now."""
        image = self._image
        if image is None:
            image = self._image = UsageImage(
                scope=self.scope,
                orders=self.orders,
                cancels=self.cancels,
                canceled=self.canceled,
                bought=self.bought,
                sold=self.sold,
                working=self.working,
                loss_step=self.loss_step,
                warned=self.warned,
            )
        return image

    def shown(self) -> UsageImage:
        """Return the figures with all instants that are remembered, made anew only when something was counted."""
        shown = self._shown
        if shown is None:
            shown = self._shown = replace(self.image(), turns=tuple(self.turns), messages=tuple(self.messages))
        return shown

    def restore(self, image: UsageImage) -> None:
        """Take the figures of a snapshot for its own."""
        self.orders, self.cancels, self.canceled = image.orders, image.cancels, image.canceled
        self.bought, self.sold, self.working = image.bought, image.sold, image.working
        self.loss_step, self.warned = image.loss_step, image.warned
        self.turns = deque(image.turns, INSTANTS_MAX)
        self.messages = deque(image.messages, INSTANTS_MAX)
        self._image = self._shown = None

    def add_order(self, now_ns: int, bought: int = 0, sold: int = 0) -> None:
        """Count an order that leaves now, and what it may trade."""
        self.orders += 1
        self.working += 1
        self.bought = Money(self.bought + bought)
        self.sold = Money(self.sold + sold)
        _insert(self.turns, now_ns)
        self._image = self._shown = None

    def add_message(self, now_ns: int) -> None:
        """Count an order or a cancel that leaves now."""
        self.messages.append(now_ns)
        self._shown = None

    def add_foreign(self, at_ns: int, *, is_account: bool) -> None:
        """Count an order that somebody else placed at ``at_ns`` towards the rates; the day's counts are kept apart."""
        _insert(self.turns, at_ns)
        if is_account:
            _insert(self.messages, at_ns)
        self._shown = None

    def shift(self, step_ns: int) -> None:
        """Move all instants with the clock, which has stepped."""
        for instants in (self.turns, self.messages):
            for index, instant in enumerate(instants):
                instants[index] = instant + step_ns
        self.touched()

    def take_turn(self, at_ns: int) -> None:
        """Keep the turn that a waiting order has been given."""
        self._shown = None
        _insert(self.turns, at_ns)

    def give_turn_back(self, at_ns: int) -> None:
        """Forget the turn of an order that waits no longer; whether it leaves is counted apart."""
        self._shown = None
        if at_ns in self.turns:
            self.turns.remove(at_ns)


def _insert(instants: deque[int], at_ns: int) -> None:
    if not instants or instants[-1] <= at_ns:
        instants.append(at_ns)
        return
    if len(instants) == instants.maxlen:
        instants.popleft()
    index = len(instants)
    while index and instants[index - 1] > at_ns:
        index -= 1
    instants.insert(index, at_ns)


def exposure(order: Order) -> Money:
    """Return what an order has traded and may still trade, the rest at its own price.

    One that was only observed counts whole: the day's limits deny what they would have denied, had it left.
    """
    if order.status in LIVE or (order.observed and order.status is OrderStatus.NOT_SENT):
        rest = order.quantity - order.filled_quantity
    else:
        rest = max(0, order.reported_quantity - order.filled_quantity)
    return Money(order.filled_value + order.price * rest)


def first_free_ns(instants: Sequence[int], count_max: int, window_ns: int, now_ns: int, count: int = 1) -> int:
    """Return the first instant from ``now_ns`` on at which ``count`` more fit; 0: they never do.

    At most ``count_max`` instants lie within any window: one more than that spans at least ``window_ns``.

    Args:
        instants: in order, those of waiting orders included.
    """
    if count > count_max:
        return 0
    kept = count_max + 1 - count
    if len(instants) < kept or (instants[-kept] + window_ns <= now_ns and instants[-1] <= now_ns):
        return now_ns
    known = [each for each in instants if each > now_ns - window_ns]
    at_ns = now_ns
    while True:
        later = _next_try(known, count_max, window_ns, at_ns, count)
        if later == at_ns:
            return at_ns
        at_ns = later


def _next_try(known: list[int], count_max: int, window_ns: int, at_ns: int, count: int) -> int:
    """Return ``at_ns`` when ``count`` more fit there, else an instant before which they do not."""
    place = bisect_right(known, at_ns)
    begin = max(0, place - count_max)
    near = [*known[begin:place], *([at_ns] * count), *known[place : place + count_max]]
    full = [
        first
        for first in range(min(place - begin + count, len(near) - count_max))
        if near[first + count_max] - near[first] < window_ns
    ]
    if not full:
        return at_ns
    # A window that is too full stays so until the first in it is out of it; one that would begin with these orders
    # stays so until some earlier one is.
    before = [first for first in full if first < place - begin]
    leaving = near[before[-1]] if before else known[bisect_right(known, at_ns - window_ns)]
    return leaving + window_ns
