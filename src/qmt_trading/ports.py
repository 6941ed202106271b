"""Ports: what the engine asks of the outside, and the promises an adapter makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from qmt_trading.model.errors import NotSentError, OutcomeUnknownError
from qmt_trading.model.events import KnownSignal, Report
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder

SubmitError = NotSentError | OutcomeUnknownError


class Clock(Protocol):
    """Two clocks: the wall, which may step, and a steady one, which may not."""

    def now_ns(self) -> int:
        """Return nanoseconds since 1970 UTC."""
        ...

    def steady_ns(self) -> int:
        """Return nanoseconds that never go back; the same for all processes of the machine."""
        ...


class Broker(Protocol):
    """The way to a counter. Methods are called by one thread at a time; none of them waits for an answer."""

    def start(self, deliver: Callable[[Report], None]) -> None:
        """Begin to connect. ``deliver`` may be called from any thread, never blocks and never calls back.

        Each account's first report is ``LinkChanged`` to CONNECTED with a session greater than all before.
        """
        ...

    def submit(self, orders: Sequence[SubmitOrder]) -> Sequence[tuple[SubmitOrder, SubmitError]]:
        """Hand ``orders`` over, in this order and together; return those that were not handed over for certain.

        The venue's answers come later as ``OrderReported`` that carry the client order id as their remark. An order
        returned with a NotSentError certainly did not leave. One with an OutcomeUnknownError may have left: it is never
        sent again, only asked about. Never raises.
        """
        ...

    def cancel(self, order: CancelOrder) -> None:
        """Hand a cancel over. Never raises: a cancel that could not be handed over is repeated by the engine."""
        ...

    def query(self, query: QueryBroker) -> None:
        """Ask for an account's orders, fills, cash and positions. Never raises; no answer is possible.

        The answer was taken after every submit handed over before this call had been executed or refused for good.
        """
        ...

    def stop(self) -> None:
        """Close the way. Nothing is delivered after this returns."""
        ...


class StoredTurn(NamedTuple):
    """One committed turn as it stands on disk."""

    number: int
    """1, 2, 3, … without a gap."""
    payload: bytes
    """The records, encoded by ``codec.journal_record``."""
    seal: bytes
    """SHA-256 over the previous seal, the number and the payload."""


class StoredSnapshot(NamedTuple):
    """A folded state: valid only where the turn of that number carries this seal."""

    number: int
    seal: bytes
    payload: bytes


class Closing(NamedTuple):
    """What an opening day keeps of the days before it: an index only, the turns hold it, too."""

    known: Sequence[tuple[str, str, KnownSignal]]
    """(key, ISO day, first receipt) of the signals of the day that closes."""
    keep_after: str
    """ISO day; what is not younger is forgotten."""


class JournalReader(Protocol):
    """Reads a journal beside a running engine or after its death; never writes, never blocks the writer."""

    def turns(self, first: int = 1) -> Iterator[StoredTurn]:
        """Yield the committed turns from number ``first`` on, in order.

        Raises:
            JournalBrokenError: numbers have a gap, or the file cannot be read. Seals are the caller's to check.
        """
        ...

    def last_day_opened(self) -> int:
        """Return the number of the last turn that opened a trading day; 0 when there is none."""
        ...

    def snapshot(self) -> StoredSnapshot | None:
        """Return the newest stored snapshot that is newer than the last opened day, or None."""
        ...

    def known_signal(self, key: str) -> KnownSignal | None:
        """Return the first receipt of a signal of an earlier day, by ``sender/number`` key, or None. From any thread.

        Raises:
            JournalError: it cannot be told.
        """
        ...


class Journal(JournalReader, Protocol):
    """The one writer. All writing methods are called from one thread at a time."""

    def append(self, turn: StoredTurn, *, closing: Closing | None = None) -> None:
        """Make ``turn`` durable before returning: one transaction and one sync.

        ``closing`` comes with a turn that opens a trading day: its index of ids stands or falls with the turn. A key
        that is known already keeps its first receipt.

        Raises:
            JournalError: it is not certain to be on disk. The caller never writes again in this process.
        """
        ...

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep ``snapshot`` and drop older ones; may be called beside ``append``, from another thread.

        Raises:
            JournalError: it was not kept, which costs nothing but time at the next start.
        """
        ...

    def close(self) -> None: ...


class MarketFeed(Protocol):
    """Quotes by symbol. Reading never blocks and never goes to a network; it is safe from any thread."""

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        """Return the newest quote of ``symbol``, or None for a symbol the feed does not have."""
        ...


class Reply(Protocol):
    """The way back to one sender, for a connection's whole life. Called from the loop; never raises."""

    def __call__(self, line: bytes) -> None:
        """Take one receipt line; it is dropped when the sender is gone."""
        ...

    def flush(self) -> None:
        """Send what was taken since the last flush, as far as the sender reads; never waits for a slow one."""
        ...


class SignalSink(Protocol):
    """Where doors put what they framed. Called from door threads; never raises."""

    def message(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        """Take one whole message. A full lane answers ``busy`` through ``reply``; without one it blocks at most 1 s."""
        ...

    def truncated(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        """Take bytes that ended without a terminator, or went beyond the bound: they are never parsed."""
        ...

    def heartbeat(self, door: str, received_ns: int) -> None:
        """Note a zero-length write."""
        ...


class SignalSource(Protocol):
    """A door. Its threads are its own; one bad, slow, silent or vanished sender never affects another."""

    @property
    def name(self) -> str: ...

    def open(self, sink: SignalSink) -> None:
        """Begin to take messages.

        Raises:
            DoorError: the door cannot be opened; the text says why and what to do.
        """
        ...

    def condition(self) -> tuple[str, str]:
        """Return what the door is doing, in Chinese and English, for status and ``doctor``."""
        ...

    def close(self) -> None:
        """Stop taking messages. What was handed to the sink stays handed over."""
        ...
