"""The engine's end of a broker link, without a clock, a thread or a wire: lines in, messages out, commands to lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from qmt_trading.link.frames import BadFrameError, write
from qmt_trading.link.messages import UNNUMBERED, Armed, Beat, Gap, Hello, Message, Outcome, Pushed, Stage, read

UNANSWERED_MAX: Final = 64
"""Submits that a host may owe an answer for."""
FRESH_NS: Final = 2_000_000_000
"""How old a beat may be for a submit to leave."""
DEAD_NS: Final = 5_000_000_000
BUSY_US_MAX: Final = 5_000_000
"""How long one call of the host's may take."""
_ACK_EVERY: Final = 256


class Begun(NamedTuple):
    """A connection whose host is known."""

    same_boot: bool
    replay_from: int
    lost: tuple[str, ...]
    """Submits of this boot that a connection before has left unanswered."""


class EngineEnd:
    """What the engine knows of one host over its connections and lives. One thread at a time.

    Times are handed in: nanoseconds of a steady clock. A line in is counted, and its message returned; a command is
    returned as the line to be written. What has been sent is never returned twice.
    """

    def __init__(self) -> None:
        self.boot = ""
        self.sid = ""
        self.observes = False
        self.level = "none"
        """What the host said last that it allows."""
        self.beat: Beat | None = None
        self._connections = 0
        self._connected = False
        self._got = 0
        """Highest number received without a hole; -1: the next one received begins to count."""
        self._acked = 0
        self._stamp = -1
        """Newest clock of the host, µs; -1: none of this connection."""
        self._stamped_ns = 0
        self._beat_ns = 0
        self._busy_beats = 0
        self._unanswered: dict[str, None] = {}
        self._lost: dict[str, None] = {}

    # Connections.

    @property
    def connected(self) -> bool:
        return self._connected

    @property
    def got(self) -> int:
        """The highest number received without a hole in this boot."""
        return max(self._got, 0)

    def begin(self, hello: Hello, steady_ns: int) -> Begun:
        """Take over a connection whose host is proved; ``welcome`` gives the line that is to follow."""
        self.end()
        same = hello.boot == self.boot
        if not same:
            self.boot = hello.boot
            self._lost.clear()
            self._got = 0 if hello.resume is None else -1
        self._acked = 0
        self._connections += 1
        self.sid = f"{hello.boot[:8]}-{self._connections}"
        self.observes = hello.observe
        self.level = "none"
        self.beat = None
        self._connected = True
        self._beat_ns = steady_ns  # A host has as long for its first beat as for any other.
        self._busy_beats = 0
        self._stamp, self._stamped_ns = hello.hm, steady_ns
        return Begun(same, self._got + 1, tuple(self._lost))

    def end(self) -> tuple[str, ...]:
        """Note that the connection is gone; return the submits that are unanswered with it. Repeating is harmless."""
        unanswered = tuple(self._unanswered)
        self._lost.update(self._unanswered)
        self._unanswered.clear()
        self._connected = False
        self.level = "none"
        return unanswered

    # Lines in.

    def take(self, message: Mapping[str, object], steady_ns: int) -> Message | None:
        """Count a parsed line and return what it says; None for a line of before that came again.

        Raises:
            BadFrameError: a hole in the numbers: the connection is to be ended.
        """
        told = read(message)
        number = message.get("n")
        if isinstance(told, Gap):
            if not self._skip(told):
                return None
        elif message["t"] not in UNNUMBERED and number is not None and not self._count(number):
            return None
        match told:
            case Beat():
                self._beaten(told, steady_ns)
            case Armed():
                self.level = told.level
            case Stage():
                self._answered(told.coid)
            case Outcome():
                self._answered(told.coid)
            case Pushed(coid=coid) if coid:
                self._answered(coid)
            case _:
                pass
        return told

    def _count(self, number: object) -> bool:
        if type(number) is not int or number < 1:
            raise BadFrameError("n is no number")
        if self._got >= 0 and number <= self._got:
            return False
        if self._got >= 0 and number != self._got + 1:
            raise BadFrameError(f"hole: {number} after {self._got}")
        self._got = number
        return True

    def _skip(self, gap: Gap) -> bool:
        """Take a gap in the place of the lines that it tells of."""
        if gap.first > gap.last or (self._got >= 0 and gap.first > self._got + 1):
            raise BadFrameError(f"hole: gap from {gap.first} after {self._got}")
        if gap.last <= self._got:
            return False
        self._got = gap.last
        return True

    def _beaten(self, beat: Beat, steady_ns: int) -> None:
        self.beat = beat
        self._beat_ns = steady_ns
        self.level = beat.armed if beat.armed in ("none", "cancel", "trade") else "none"
        self._busy_beats = self._busy_beats + 1 if beat.busy > BUSY_US_MAX else 0
        if beat.hm >= self._stamp:
            self._stamp, self._stamped_ns = beat.hm, steady_ns

    def _answered(self, coid: str) -> None:
        self._unanswered.pop(coid, None)
        self._lost.pop(coid, None)

    # How it stands.

    @property
    def unanswered(self) -> int:
        return len(self._unanswered)

    def beat_age_ns(self, steady_ns: int) -> int:
        """Return how long ago the last beat came, or the welcome left."""
        return max(steady_ns - self._beat_ns, 0)

    def obstacle(self, steady_ns: int) -> str:
        """Return why no submit may leave now, as ``Chinese / English``; empty when one may."""
        if not self._connected:
            return "柜台连接已断开 / the link is down"
        if self.beat_age_ns(steady_ns) > FRESH_NS:
            return "柜台宿主超过 2 秒没有心跳 / no beat of the host for 2 s"
        if len(self._unanswered) >= UNANSWERED_MAX:
            return f"柜台有 {UNANSWERED_MAX} 笔委托未答复 / {UNANSWERED_MAX} submits are unanswered"
        return ""

    def verdict(self, steady_ns: int) -> str:
        """Return why this connection is to be ended and its host replaced; empty: it lives."""
        if not self._connected:
            return ""
        if self.beat_age_ns(steady_ns) > DEAD_NS:
            return "超过 5 秒没有心跳 / no beat for 5 s"
        if self._busy_beats >= 2:
            assert self.beat is not None
            return f"调用 {self.beat.call} 超过 5 秒未返回 / a call has not returned for 5 s"
        return ""

    # Commands to lines. Every line carries what has been received.

    def welcome(self, *, epoch: int, accounts: list[tuple[str, str]], replay_from: int) -> bytes:
        """Return the answer to a proved hello; ``accounts`` are numbers with their types."""
        listed = [{"account": account, "type": kind} for account, kind in accounts]
        return write(
            {
                "t": "welcome",
                "link": 1,
                "sid": self.sid,
                "ep": epoch,
                "replay_from": replay_from,
                "accounts": listed,
            }
        )

    def submit(self, coid: str, fields: Mapping[str, object], *, ttl_us: int, steady_ns: int) -> bytes:
        """Return the line of a submit and count it as unanswered; ``withdraw`` it when nothing of it was written.

        Raises:
            BadFrameError: it cannot be written as a line.
        """
        passed_us = max(steady_ns - self._stamped_ns, 0) // 1000
        line = self.command(
            "submit",
            {**fields, "coid": coid, "remark": coid, "ttl": max(ttl_us, 0), "ref": self._stamp, "el": passed_us},
        )
        self._unanswered[coid] = None
        return line

    def withdraw(self, coid: str) -> None:
        """Forget a submit of which nothing was written."""
        self._unanswered.pop(coid, None)
        self._lost.pop(coid, None)

    def command(self, name: str, fields: Mapping[str, object]) -> bytes:
        """Return the line of any other command.

        Raises:
            BadFrameError: it cannot be written as a line.
        """
        line = write({"t": name, **fields, "k": self.got})
        self._acked = self.got
        return line

    def due_ack(self, *, now: bool = False) -> bytes:
        """Return an ``ack`` where the host keeps much for us, or with ``now`` anything; empty: none is needed."""
        owed = self.got - self._acked
        return self.command("ack", {}) if owed >= (1 if now else _ACK_EVERY) else b""
