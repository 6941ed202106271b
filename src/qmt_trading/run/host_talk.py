"""A conversation with a host of one's own, one step after another: no engine, no journal, every line kept."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, NoReturn, Protocol

from qmt_trading.brokers.linked.carrier import Connection, Sent
from qmt_trading.brokers.linked.child import Child, make_writer
from qmt_trading.brokers.linked.job import Job
from qmt_trading.link.engine_end import EngineEnd
from qmt_trading.link.frames import BadFrameError, Lines, parse
from qmt_trading.link.handshake import Handshake, RefusedError, farewell
from qmt_trading.link.messages import (
    AccountState,
    Beat,
    Bye,
    CancelStage,
    Hello,
    Listed,
    Message,
    Part,
    Proof,
    Pushed,
    Row,
    Stage,
    Trouble,
)
from qmt_trading.model.errors import QmtError

STEP_S: Final = 0.25
"""How long a wait for a line lasts before the clock is looked at again."""
STOP_S: Final = 8.0
"""A host stops by itself within 5 s, or it is killed."""
TTL_US: Final = 5_000_000


class HostGoneError(QmtError):
    """The host has ended or broke the rules of the link; the text says how. What was under way is unknown."""


class HostUselessError(HostGoneError):
    """As before, and another conversation would end the same way: a person must do something first."""


class Spoken(Protocol):
    """The host at the other end."""

    def send(self, line: bytes) -> Sent: ...

    def close(self, why: str) -> None: ...

    def finish(self, patience_s: float) -> None: ...


class Said(NamedTuple):
    """One line of the conversation."""

    ms: int
    """Since the conversation began."""
    by_us: bool
    line: Mapping[str, object]


class Listing(NamedTuple):
    """What a list brought, as far as it came."""

    orders: tuple[Row, ...]
    fills: tuple[Row, ...]
    positions: tuple[Row, ...]
    assets: tuple[Row, ...]
    complete: bool
    alive: bool
    failed: tuple[str, ...]
    answered: bool
    """False: the host had not ended the list when the wait was over."""
    took_ms: int

    @property
    def proves(self) -> bool:
        """Tell whether an order that is not in it is not at the counter: every kind came, over a link that lives."""
        return self.answered and self.complete and self.alive


class HostTalk:
    """One host from its start to its end. Used by one thread; every method that waits says how long."""

    def __init__(
        self, command: Sequence[str], account: str, *, keep: Callable[[Said], None], epoch: int | None = None
    ) -> None:
        """Prepare to run ``command`` for ``account``; each line of the conversation goes to ``keep``.

        Args:
            epoch: of the link; None: the wall clock's seconds. A host that is a process of its own meets no other.
        """
        self.account = account
        self.hello: Hello | None = None
        self.state: AccountState | None = None
        """What the host said last of the account."""
        self.troubles: list[Trouble] = []
        self.pushed: list[tuple[int, Pushed]] = []
        """Rows as they were pushed, with the conversation's milliseconds."""
        self.stages: list[tuple[int, Stage]] = []
        self.cancel_stages: list[tuple[int, CancelStage]] = []
        self._command = tuple(command)
        self._keep = keep
        self._epoch = int(time.time()) if epoch is None else epoch
        self._end = EngineEnd()
        self._handshake = Handshake(None, "")
        self._lines = Lines()
        self._inbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ready_lines: list[bytes] = []
        self._log: list[str] = []
        self._job = Job()
        self._child: Spoken | None = None
        self._why_gone = ""
        self._numbers = 0
        self._began_ns = time.monotonic_ns()

    # The carrier's side; called by the child's threads.

    def opened(self, connection: Connection) -> None:
        """Note the beginning of the connection; there is one."""

    def received(self, connection: Connection, data: bytes) -> None:
        self._inbox.put(data)

    def closed(self, connection: Connection, why: str, unsent: Sequence[bytes]) -> None:
        """Note nothing: ``_run`` tells the end itself."""

    def logged(self, text: str) -> None:
        del self._log[:-100]
        self._log.append(text)

    def complained(self, code: str, chinese: str, english: str) -> None:
        self.logged(f"{chinese} / {english}")

    def _run(self, child: Child) -> None:
        child.run(self)
        self._why_gone = child.reap()
        self._inbox.put(None)

    # Beginning and end.

    def start(self) -> None:
        """Start the host.

        Raises:
            HostGoneError: its program cannot be started.
        """
        assert self._child is None
        try:
            child = self._child = Child(self._command, "host", None, make_writer, self._job)
        except OSError as error:
            raise HostGoneError(f"宿主程序无法启动：{error} / the host cannot be started") from error
        threading.Thread(target=self._run, args=(child,), name="host-talk", daemon=True).start()

    @property
    def ms(self) -> int:
        """Milliseconds since the conversation began."""
        return (time.monotonic_ns() - self._began_ns) // 1_000_000

    @property
    def beat(self) -> Beat | None:
        return self._end.beat

    @property
    def level(self) -> str:
        """What the host allows: ``none``, ``cancel`` or ``trade``."""
        return self._end.level

    @property
    def ready(self) -> bool:
        return self.state is not None and self.state.state == "ready"

    @property
    def hung(self) -> str:
        """Why the host is to be given up: it beats no more, or a call does not return; empty: it lives."""
        return self._end.verdict(time.monotonic_ns())

    @property
    def ending(self) -> str:
        """How the host's process ended; empty: it has not."""
        return self._why_gone

    @property
    def log(self) -> tuple[str, ...]:
        """The last lines of the host's free text."""
        return tuple(self._log)

    def stop(self) -> int:
        """Let the host end, kill it where it does not, and return the milliseconds that took. Repeating is harmless."""
        began = self.ms
        if self._child is None:
            return 0
        if not self._why_gone:
            with contextlib.suppress(HostGoneError):
                self._send(farewell("done"), {"t": "bye", "why": "done"})
                self.listen(STOP_S)
            self._child.finish(0.5)
        took = self.ms - began
        self._job.close()
        return took

    def kill(self) -> None:
        """End the host at once, as a crash would. Repeating is harmless."""
        if self._child is None:
            return
        self._child.close("killed")
        with contextlib.suppress(HostGoneError):
            self.listen(STOP_S)

    # Listening.

    def take(self, wait_s: float) -> Message | None:
        """Return what the host says next; None: nothing within ``wait_s``, or a line without a meaning for us.

        Raises:
            HostGoneError: it has ended, or broke a rule of the link.
        """
        line = self._next_line(wait_s)
        if line is None:
            return None
        try:
            parsed = parse(line)
            self._keep(Said(self.ms, False, parsed))
            message = self._end.take(parsed, time.monotonic_ns())
        except BadFrameError as error:
            self._give_up(f"宿主的一行不合约定：{error} / a bad line of the host")
        if message is not None:
            self._note(message)
        if owed := self._end.due_ack():
            self._send(owed, {"t": "ack"})
        return message

    def listen(self, wait_s: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Listen for ``wait_s``, or until ``until()`` holds once all that has come is taken; return whether it does.

        Raises:
            HostGoneError: the host has ended.
        """
        end = time.monotonic() + wait_s
        self._catch_up()
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return until()
            self.take(min(left, STEP_S))
        return True

    def _catch_up(self) -> None:
        """Take all that has come while nobody listened, a person thinking perhaps."""
        while self._ready_lines or not self._inbox.empty():
            self.take(0)

    def wait_ready(self, wait_s: float) -> bool:
        """Wait until the account can be worked with; False: it cannot yet, ``state`` says why.

        Raises:
            HostGoneError: the host has ended; ``troubles`` may say why.
        """
        return self.listen(wait_s, lambda: self.ready)

    # Asking.

    def arm(self, level: str, wait_s: float = 10.0) -> bool:
        """Set what the host allows and wait for its word; False: it did not agree in time."""
        self._command_line("arm", {"level": level})
        return self.listen(wait_s, lambda: self.level == level)

    def listing(self, wait_s: float) -> Listing:
        """Ask for orders, fills, positions and money, and wait for them.

        Raises:
            HostGoneError: the host has ended.
        """
        q = self._number("q")
        began = self.ms
        found: dict[str, list[Row]] = {"order": [], "fill": [], "position": [], "asset": []}
        ended: Listed | None = None
        self._command_line("list", {"q": q, "account": self.account})
        while ended is None and self.ms - began < wait_s * 1000:
            match self.take(STEP_S):
                case Part() as part if part.q == q:
                    found[part.kind] += part.rows
                case Listed() as listed if listed.q == q:
                    ended = listed
                case _:
                    pass
        return Listing(
            orders=tuple(found["order"]),
            fills=tuple(found["fill"]),
            positions=tuple(found["position"]),
            assets=tuple(found["asset"]),
            complete=ended is not None and ended.complete,
            alive=ended is not None and ended.alive,
            failed=() if ended is None else tuple(ended.failed),
            answered=ended is not None,
            took_ms=self.ms - began,
        )

    def submit(self, coid: str, fields: Mapping[str, object], *, ttl_us: int = TTL_US) -> None:
        """Hand over one order, by the host's newest clock; its stages and rows come by ``take``.

        Raises:
            BadFrameError: it cannot be written as a line.
            HostGoneError: the host has ended, or does not read.
        """
        self._catch_up()  # A host refuses what is sent by a clock that it told more than 5 s ago.
        line = self._end.submit(coid, {"account": self.account, **fields}, ttl_us=ttl_us, steady_ns=time.monotonic_ns())
        self._send(line, parse(line))

    def cancel(self, *, broker_id: str, venue_id: str, symbol: str, coid: str = "") -> str:
        """Hand over one cancel, by ``broker_id`` where that is not empty, else by ``venue_id``; return its number.

        Raises:
            HostGoneError: the host has ended, or does not read.
        """
        cid = self._number("c")
        ids = {"cid": cid, "account": self.account, "coid": coid, "broker_id": broker_id, "venue_id": venue_id}
        self._command_line("cancel", {**ids, "symbol": symbol})
        return cid

    def ask(self, name: str, fields: Mapping[str, object]) -> str:
        """Send any other question; return its number ``q``."""
        q = self._number("q")
        self._command_line(name, {"q": q, **fields})
        return q

    def tell(self, name: str, fields: Mapping[str, object]) -> None:
        """Send any other command that has no number."""
        self._command_line(name, fields)

    def _next_line(self, wait_s: float) -> bytes | None:
        end = time.monotonic() + wait_s
        while not self._ready_lines:
            try:
                data = self._inbox.get(timeout=max(end - time.monotonic(), 0.0))
            except queue.Empty:
                return None
            if data is None:
                self._inbox.put(None)  # Gone it stays.
                raise HostGoneError(self._why_gone)
            try:
                self._ready_lines = self._lines.feed(data)
            except BadFrameError as error:
                self._give_up(f"宿主的一行不合约定：{error} / a bad line of the host")
        return self._ready_lines.pop(0)

    def _give_up(self, why: str, kind: type[HostGoneError] = HostGoneError) -> NoReturn:
        if self._child is not None:
            self._child.close(why)
        raise kind(why)

    def _note(self, message: Message) -> None:
        match message:
            case Hello() | Proof():
                self._greet(message)
            case AccountState(account=self.account):
                self.state = message
            case Trouble():
                self.troubles.append(message)
            case Pushed(account=self.account):
                self.pushed.append((self.ms, message))
            case Stage():
                self.stages.append((self.ms, message))
            case CancelStage():
                self.cancel_stages.append((self.ms, message))
            case Bye(why):
                self.logged(f"bye: {why}")
            case _:
                pass

    def _greet(self, message: Hello | Proof) -> None:
        try:
            hello, line = self._handshake.take(message)
        except RefusedError as error:
            self._give_up(f"宿主版本不合：{error.why} / the host does not fit: {error.why}")
        if hello is not None:
            self.hello = hello
            begun = self._end.begin(hello, time.monotonic_ns())
            accounts = [(self.account, "STOCK")]
            line = self._end.welcome(epoch=self._epoch, accounts=accounts, replay_from=begun.replay_from)
        self._send(line, parse(line))

    def _number(self, letter: str) -> str:
        self._numbers += 1
        return f"{letter}{self._numbers}"

    def _command_line(self, name: str, fields: Mapping[str, object]) -> None:
        line = self._end.command(name, fields)
        self._send(line, parse(line))

    def _send(self, line: bytes, told: Mapping[str, object]) -> None:
        assert self._child is not None
        self._keep(Said(self.ms, True, told))
        if self._child.send(line) is not Sent.WHOLE and not self._why_gone:
            self._give_up("宿主不读命令 / the host does not read")
