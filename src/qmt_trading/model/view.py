"""The view: everything a person or a panel may ask about, immutable, swapped after each turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress, count
from operator import is_not
from typing import Generic, TypeVar

from msgspec import Struct

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.morning import LinkTold, Morning
from qmt_trading.model.numbers import Money, Price
from qmt_trading.model.order import Fill, Order, Position
from qmt_trading.model.outputs import Alert
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.reconciliation import Difference, Listed, OnDifference, OnForeign
from qmt_trading.model.rule_row import RuleRow
from qmt_trading.model.signal import AccountId
from qmt_trading.model.timed import Timed, TimedDone
from qmt_trading.model.told import StateTold
from qmt_trading.model.usage import LimitStep, ScopeImage, UsageImage
from qmt_trading.model.words import Importance, LinkState, Mode, TradingState

Row = TypeVar("Row")


class Rows(Generic[Row]):
    """An immutable sequence in chunks, so that publishing a change copies one chunk and not the table."""

    __slots__ = ("_chunks", "_length")

    CHUNK = 64

    def __init__(self, chunks: tuple[tuple[Row, ...], ...] = (), length: int = 0) -> None:
        self._chunks = chunks
        self._length = length

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Rows[Row]:
        """Return ``rows`` as an immutable table."""
        chunks = tuple(tuple(rows[first : first + cls.CHUNK]) for first in range(0, len(rows), cls.CHUNK))
        return cls(chunks, len(rows))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        for chunk in self._chunks:
            yield from chunk

    def __getitem__(self, index: int) -> Row:
        if index < 0:
            index += self._length
        if not 0 <= index < self._length:
            raise IndexError(index)
        return self._chunks[index // self.CHUNK][index % self.CHUNK]

    def newest(self, count: int) -> list[Row]:
        """Return the last ``count`` rows, newest first."""
        return [self[index] for index in range(self._length - 1, max(-1, self._length - 1 - count), -1)]

    def places_changed_since(self, older: Rows[Row]) -> list[int]:
        """Return where rows are new, or another object, since the table was ``older``, which was no longer."""
        chunks, before, size = self._chunks, older._chunks, self.CHUNK
        found: list[int] = []
        for number in compress(count(), map(is_not, chunks, before)):
            chunk, known = chunks[number], before[number]
            found += compress(count(number * size), map(is_not, chunk, known))
            found += range(number * size + len(known), number * size + len(chunk))
        found += range(len(before) * size, self._length)
        return found

    def changed_since(self, older: Rows[Row]) -> list[Row]:
        """Return the rows that are new, or another object, since the table was ``older``; in the table's order.

        Chunks that both share are passed over: it costs the chunks, and the rows of those that changed.
        """
        found: list[Row] = []
        if self is older:
            return found
        chunks, before = self._chunks, older._chunks
        for number in compress(count(), map(is_not, chunks, before)):
            chunk, known = chunks[number], before[number]
            found += compress(chunk, map(is_not, chunk, known))
            found += chunk[len(known) :]
        for chunk in chunks[len(before) :]:
            found += chunk
        return found


class AccountRow(Struct, frozen=True, kw_only=True):
    account: AccountId
    name: str
    terminal: str
    state: TradingState
    told: StateTold
    """Of ``state``."""
    link: LinkState
    ready: bool
    """Cash and positions were told by the broker today."""
    available_cash: Money
    frozen_cash: Money
    market_value: Money
    """Positions at their last known price, else at cost."""
    working_orders: int
    unknown_orders: int
    morning_assets: Money = Money(0)
    """As of the day's first complete list; 0: not known yet."""
    open_buys: Mapping[Symbol, int] = {}
    """What open buys freeze, by symbol."""
    day_flows: Mapping[Symbol, tuple[int, int]] = {}
    """By today's fills: shares bought less sold, and money received less paid, with fees."""
    session: int = 0
    """Of its link; greater after each reconnection."""
    listed_session: int = 0
    """Of the last complete list."""
    morning: Morning = Morning()
    link_told: LinkTold = LinkTold()
    differences: tuple[Difference, ...] = ()
    """Where the broker's newest complete list is not as our books are."""
    listed: Listed = Listed()
    on_difference: OnDifference = OnDifference.ABSORB
    foreign: OnForeign = OnForeign.ABSORB

    @property
    def is_connected(self) -> bool:
        return self.link is LinkState.CONNECTED


class SignalRow(Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """One signal and what it was answered."""

    seq: int
    door: str
    sender: str
    id: str
    received_ns: int
    decided_ns: int
    text: str
    receipt: Receipt
    content: str = ""


class AlertRow(Struct, frozen=True, array_like=True, gc=False):
    at_ns: int
    alert: Alert
    id: int = 0
    """1, 2, 3, … over the journal's life, in the order in which alerts were decided."""
    acknowledged_ns: int = 0
    """When a person took note of it; 0: nobody has."""
    acknowledged_by: str = ""
    acknowledged_why: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether it matters and nobody has acknowledged it."""
        return not self.acknowledged_ns and self.alert.importance is not Importance.INFORMATION


class View(Struct, frozen=True, kw_only=True):
    """What the engine knew after its last turn."""

    at_ns: int
    mode: Mode
    day: dt.date | None
    tag: str
    trading_state: TradingState
    told: StateTold
    """Of ``trading_state``."""
    submits_closed: str
    """Why no submit may leave, apart from the trading state; empty: none."""
    accounts: tuple[AccountRow, ...]
    positions: tuple[Position, ...]
    orders: Rows[Order]
    fills: Rows[Fill]
    signals: Rows[SignalRow]
    alerts: tuple[AlertRow, ...]
    """The newest last, at most 200: where there are more, those that nobody need acknowledge any more go first."""
    timed: tuple[Timed, ...]
    """Instructions that wait."""
    timed_done: tuple[TimedDone, ...]
    """What became of the others of today."""
    malformed: int
    """Messages refused as malformed since the journal's day opened."""
    calendar_until: dt.date | None = None
    """The last day that the calendar knows; None: it has no end."""
    calendar_ends_soon: bool = False
    """It is time to import the next year, or too late."""
    limits: tuple[ScopeImage, ...] = ()
    """Of every scope that the configuration names or that a person has set a limit of."""
    limit_steps: tuple[LimitStep, ...] = ()
    """Today's changes of limits by people, the newest last; the last thousand."""
    usages: tuple[UsageImage, ...] = ()
    """Of every scope that somebody has used or looked at."""
    prices: Mapping[Symbol, Price] = {}
    """Last prices, as far as known."""
    references: Mapping[Symbol, Price] = {}
    """Previous closes, as far as known."""
    holdings: Mapping[tuple[AccountId, str, Symbol], int] = {}
    """What each strategy holds, by its own fills."""
    open_buys: Mapping[tuple[str, Symbol], int] = {}
    """What the open buys of each strategy freeze, in all accounts."""
    rules: tuple[RuleRow, ...] = ()
    """Rows that go before those of the rule book."""
