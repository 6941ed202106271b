"""The inbox: the only way in. Three lanes, each with a limit, and the facts a judgement needs."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count, repeat
from queue import Empty, SimpleQueue
from typing import Final

from qmt_trading.codec import signal as signal_codec
from qmt_trading.codec.decoding import readable
from qmt_trading.codec.receipt_json import encode_busy
from qmt_trading.codec.truncated import truncated
from qmt_trading.codec.written_id import written_id
from qmt_trading.model.events import MalformedReceived, Noticed, Report, Request, SignalsDropped
from qmt_trading.model.outputs import Output
from qmt_trading.model.signal import Heartbeat, Malformed, Signal
from qmt_trading.model.words import BareAction, Verb
from qmt_trading.ports import Clock, Reply

SIGNALS_MAX: Final = 4096
CONTROL_MAX: Final = 4096
TEXT_MAX: Final = 65_536
EXCERPT_MAX: Final = 200
BUSY_WAIT_NS: Final = 1_000_000_000
MALFORMED_RECORDED_PER_SECOND: Final = 20
"""Further malformed messages of one door within the second are answered and counted, not recorded: disks are finite."""

Answer = Callable[[list[Output], bool], None]
"""Takes what a request led to, and whether that is on disk."""


class Arrival:
    """One parsed message on its way to the engine."""

    __slots__ = ("door", "number", "parsed", "received_ns", "recorded", "reply", "text")

    def __init__(
        self,
        door: str,
        parsed: Signal | Malformed,
        text: str,
        received_ns: int,
        reply: Reply | None,
        number: int,
        recorded: bool,
    ) -> None:
        self.door = door
        self.parsed = parsed
        self.text = text
        """The message as it came, at most TEXT_MAX characters."""
        self.received_ns = received_ns
        self.reply = reply
        self.number = number
        """1, 2, 3, … over the journal's life, in the order in which messages and requests came in."""
        self.recorded = recorded


class Ask:
    """One request of a person on its way to the engine."""

    __slots__ = ("answer", "arrival", "request")

    def __init__(self, request: Request, answer: Answer | None, arrival: int) -> None:
        self.request = request
        self.answer = answer
        self.arrival = arrival


class Wake:
    """Wakes one waiting thread; costs nothing while that thread is busy."""

    __slots__ = ("_tokens", "_waiting")

    def __init__(self) -> None:
        self._tokens: SimpleQueue[None] = SimpleQueue()
        self._waiting = False

    def set(self) -> None:
        if self._waiting:
            self._waiting = False
            self._tokens.put(None)

    def wait(self, timeout_s: float, ready: Callable[[], bool]) -> None:
        """Return when ``set`` was called, after ``timeout_s``, or at once when ``ready`` already holds."""
        self._waiting = True
        if ready():
            self._waiting = False
            return
        with contextlib.suppress(Empty):
            self._tokens.get(timeout=timeout_s)
        self._waiting = False


class Inbox:
    """Takes messages from door threads, reports from broker threads, requests from the control door."""

    def __init__(
        self,
        clock: Clock,
        *,
        bare: dict[str, BareAction],
        infer_market: frozenset[str] = frozenset(),
        signals_max: int = SIGNALS_MAX,
        pause: Callable[[float], None] | None = None,
        arrivals: int = 0,
    ) -> None:
        """Begin to count what comes in behind ``arrivals``, the greatest number that the journal knows."""
        self._clock = clock
        self._next_number = count(arrivals + 1).__next__  # One step of the interpreter: safe from every thread.
        self._bare = bare
        self._infer_market = infer_market
        self._signals_max = signals_max
        self._pause = pause
        self.control: deque[Arrival | Ask] = deque()
        self.reports: deque[Report | SignalsDropped | Noticed] = deque()
        self.signals: deque[Arrival] = deque()
        self.lazy: deque[Report] = deque()
        """Reports that tell the timeline only: taken with the next turn, never a reason for one at once."""
        self.lazy_since_ns = 0
        """Since when the oldest of them waits."""
        self.loop_wake = Wake()
        self.control_wake = Wake()
        self.on_control: Callable[[], object] = self.control_wake.set
        """Called by whoever has put something on the control lane, when it is there."""
        self.came_ns: Callable[[int], int] = lambda read_ns: read_ns
        """Returns when a message that was read at an instant may have come."""
        self.on_ask: Callable[[Request], object] = lambda request: None
        """Called with each request of a person before it is put there."""
        self.heartbeats: dict[str, int] = {}
        self.busy_count = 0
        self._dropped: dict[str, tuple[int, int, str]] = {}
        """By door: the second in which a drop was told last, how many were not told since, and the first of those."""
        self._malformed_second = 0
        self._malformed_count: dict[str, int] = {}

    # What doors call

    def message(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        self.message_in_parts(door, payload, received_ns, repeat(reply))

    def message_in_parts(self, door: str, payload: bytes, received_ns: int, replies: Iterator[Reply | None]) -> None:
        """Take one whole message as ``message`` does; each signal in it takes the next of ``replies`` for itself."""
        received_ns = self.came_ns(received_ns)
        pieces = signal_codec.parse(payload, infer_market=door in self._infer_market)
        if len(pieces) == 1:
            parsed = pieces[0]
            if isinstance(parsed, Heartbeat):
                self.heartbeats[door] = received_ns
            else:
                self._offer(door, parsed, _text(payload), received_ns, next(replies))
            return
        for piece in pieces:
            if isinstance(piece, Heartbeat):
                self.heartbeats[door] = received_ns
            else:  # Glued messages: each keeps its own words, not all of them.
                text = _angle(piece) if isinstance(piece, Signal) else _text(payload)[:EXCERPT_MAX]
                self._offer(door, piece, text, received_ns, next(replies))

    def truncated(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        self._offer(door, truncated(len(payload)), _text(payload), received_ns, reply)

    def heartbeat(self, door: str, received_ns: int) -> None:
        self.heartbeats[door] = received_ns

    def _offer(self, door: str, parsed: Signal | Malformed, text: str, received_ns: int, reply: Reply | None) -> None:
        if isinstance(parsed, Malformed):
            recorded = self._malformed_is_recorded(door, received_ns)
        else:
            recorded = True
            if self._only_cancels(door, parsed) and len(self.control) < CONTROL_MAX:
                number = self._next_number()
                self.control.append(Arrival(door, parsed, text, received_ns, reply, number, recorded))
                self.on_control()
                return
        if len(self.signals) >= self._signals_max and not self._waited(reply):
            if reply is None:
                self._drop(door, text)
            else:
                self.busy_count += 1
                reply(encode_busy(parsed.id if isinstance(parsed, Signal) else written_id(text)))
                reply.flush()
            return
        self.signals.append(Arrival(door, parsed, text, received_ns, reply, self._next_number(), recorded))
        self.loop_wake.set()

    def _drop(self, door: str, text: str) -> None:
        """Tell once a second and door what was let go; the rest of a second is told with the next drop."""
        second = self._clock.steady_ns() // 1_000_000_000
        told_second, untold, first = self._dropped.get(door, (-1, 0, ""))
        untold, first = untold + 1, first or text[:EXCERPT_MAX]
        if second != told_second:
            self.reports.append(SignalsDropped(door, untold, first))
            self.loop_wake.set()
            untold, first = 0, ""
        self._dropped[door] = second, untold, first

    def _waited(self, reply: Reply | None) -> bool:
        """Let a one-way door stop reading for at most a second; a duplex door is told ``busy`` at once."""
        if reply is not None or self._pause is None:
            return False
        until_ns = self._clock.steady_ns() + BUSY_WAIT_NS
        while len(self.signals) >= self._signals_max:
            if self._clock.steady_ns() > until_ns:
                return False
            self._pause(0.005)
        return True

    def _only_cancels(self, door: str, signal: Signal) -> bool:
        bare_cancels = self._bare.get(door) is BareAction.CANCEL
        for item in signal.items:
            verb = item.verb
            if verb is not Verb.CANCEL and not (verb is Verb.BARE and bare_cancels):
                return False
        return True

    def _malformed_is_recorded(self, door: str, received_ns: int) -> bool:
        second = received_ns // 1_000_000_000
        if second != self._malformed_second:
            self._malformed_second = second
            self._malformed_count = {}
        count = self._malformed_count.get(door, 0)
        self._malformed_count[door] = count + 1
        return count < MALFORMED_RECORDED_PER_SECOND

    # Brokers and people

    def report(self, report: Report | Noticed) -> None:
        """Take a report; never refused."""
        self.reports.append(report)
        self.loop_wake.set()

    def note(self, report: Report, now_ns: int) -> None:
        """Take a report that tells the timeline only."""
        if not self.lazy:
            self.lazy_since_ns = now_ns
        self.lazy.append(report)

    def ask(self, request: Request, answer: Answer | None = None) -> None:
        """Take a person's request, on the lane that overtakes everything."""
        self.on_ask(request)
        self.control.append(Ask(request, answer, self._next_number()))
        self.on_control()

    def is_idle(self) -> bool:
        return not (self.reports or self.signals)


def _text(payload: bytes) -> str:
    return readable(payload)[:TEXT_MAX]


def _angle(signal: Signal) -> str:
    """Return one of several glued messages as it would stand alone."""
    (item,) = signal.items
    return f"<{item.symbol}#{','.join(item.accounts)}>"


def as_malformed_event(arrival: Arrival) -> MalformedReceived:
    """Return the event of a message that was no signal."""
    assert isinstance(arrival.parsed, Malformed)
    return MalformedReceived(
        door=arrival.door,
        received_ns=arrival.received_ns,
        excerpt=arrival.text[:EXCERPT_MAX],
        code=arrival.parsed.code,
        position=arrival.parsed.position,
        item=arrival.parsed.item,
    )
