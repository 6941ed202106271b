"""The link's wire in virtual time: bytes under way in both directions, connections that break, lines left unread."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from qmt_trading.brokers.linked.carrier import Sent, Side
from qmt_trading.model.numbers import MILLISECOND_NS
from tests.faults.clockwork import Clockwork, Process
from tests.faults.machine import SECRET, Pipe
from tests.simulation.fuse import Fuse


class Ledger:
    """What has been written to hosts, over all connections and all lives of the engine."""

    def __init__(self) -> None:
        self.good_until_ns: dict[str, int] = {}
        """coid → the instant, true time, after which the order must not reach the terminal's call."""

    def note(self, line: bytes, now_ns: int) -> None:
        message = json.loads(line)
        if message["t"] == "submit":
            coid = message["coid"]
            assert coid not in self.good_until_ns, f"a submit was written twice: {coid}"
            self.good_until_ns[coid] = now_ns + message["ttl"] * 1000


class Wire:
    """One connection; a Connection of the broker's."""

    def __init__(
        self,
        clockwork: Clockwork,
        rng: Random,
        fuse: Fuse,
        ledger: Ledger,
        side: Side,
        process: Process,
        guarded: Callable[[Callable[[], object]], None],
        *,
        dialled: bool,
    ) -> None:
        self.secret = SECRET.encode() if dialled else None
        self.process = process
        self.pipe = Pipe(process, self._from_host)
        self.open = True
        self.frozen_until_ns = 0
        """Until then the host reads nothing."""
        self.ended: Callable[[], object] = lambda: None
        self._clockwork, self._rng, self._fuse, self._ledger = clockwork, rng, fuse, ledger
        self._side: Side | None = side
        self._guarded = guarded
        self._out_ns = self._in_ns = 0

    # The engine's end.

    def send(self, line: bytes) -> Sent:
        if not self.open:
            return Sent.NOTHING
        submit = line.startswith(b'{"t":"submit"')
        if submit:
            self._fuse.step("before a submit is written")
        self._ledger.note(line, self._clockwork.now_ns)
        at_ns = self._clockwork.now_ns + self._rng.randrange(50_000, 2 * MILLISECOND_NS)
        self._out_ns = max(self._out_ns + 1, at_ns, self.frozen_until_ns)
        self._clockwork.at(self._out_ns - self._clockwork.now_ns, lambda: self._arrive(line))
        if submit:
            self._fuse.step("after a submit was written")
        return Sent.WHOLE

    def flush(self) -> None:
        """Do nothing: there is no rest."""

    def close(self, why: str) -> None:
        if not self.open:
            return
        self.open = False
        side = self._side
        if side is not None:
            self._clockwork.at(0, lambda: self._guarded(lambda: side.closed(self, why, ())))
        self._clockwork.at(self._rng.randrange(MILLISECOND_NS), self._end)

    def engine_died(self) -> None:
        self._side = None
        self.close("")

    # The host's end.

    def host_ended(self) -> None:
        """Note that the host has closed its end, or has died."""
        self.close("柜台宿主断开 / the host has gone")

    def _from_host(self, data: bytes) -> None:
        at_ns = self._clockwork.now_ns + self._rng.randrange(50_000, 2 * MILLISECOND_NS)
        self._in_ns = max(self._in_ns + 1, at_ns)
        self._clockwork.at(self._in_ns - self._clockwork.now_ns, lambda: self._received(data))

    def _received(self, data: bytes) -> None:
        side = self._side
        if self.open and side is not None:
            self._guarded(lambda: side.received(self, data))

    def _arrive(self, line: bytes) -> None:
        """Let a line come; after the end it still may, as the system holds it."""
        if self.pipe.open and (self.open or self._rng.random() < 0.5):
            self.pipe.come(line)

    def _end(self) -> None:
        if self.pipe.open:
            self.pipe.come(b"")
        self.ended()
