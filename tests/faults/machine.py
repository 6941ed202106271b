"""The real host's program in a process of virtual time: its own code, with another clock, other threads and sockets."""

from __future__ import annotations

import argparse
import collections
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from qmt_trading import hosts
from qmt_trading.model.numbers import SECOND_NS
from tests.faults.clockwork import Condition, Event, Killed, Lock, Process, Queue
from tests.faults.terminal import Terminal

SECRET: Final = "secret of a simulated link"
_PATH: Final = Path(hosts.__file__).with_name("xtquant_host.py")
_CODE: Final = compile(_PATH.read_text(encoding="utf-8"), str(_PATH), "exec")

Mend = Callable[[Any], None]


class Pipe:
    """The host's end of a connection: what has come, and a way to write. Made at either end's wish."""

    def __init__(self, process: Process, write: Callable[[bytes], None]) -> None:
        self._process = process
        self._write = write
        self._came: collections.deque[bytes] = collections.deque()
        self._waiting: list[Any] = []
        self.open = True

    def come(self, data: bytes) -> None:
        """Let bytes arrive; empty: the end of the stream."""
        if not data:
            self.open = False
        self._came.append(data)
        for strand in self._waiting:
            strand.wake()
        self._waiting.clear()

    def recv(self, _: int = 0) -> bytes:
        strand = self._process.clockwork.strand
        assert strand is not None
        while not self._came:
            self._waiting.append(strand)
            strand.park(None)
        return self._came.popleft()

    def sendall(self, data: bytes) -> None:
        if not self.open:
            raise BrokenPipeError
        self._write(data)

    def settimeout(self, seconds: float | None) -> None: ...

    def setsockopt(self, *option: int) -> None: ...

    def shutdown(self, how: int) -> None: ...

    def __enter__(self) -> Pipe:
        return self

    def __exit__(self, *error: object) -> None:
        self.open = False


def start_host(
    process: Process,
    terminal: Terminal,
    rng: Random,
    *,
    dial: Callable[[Process], Pipe] | None,
    child: Pipe | None,
    mend: Mend = lambda module: None,
) -> None:
    """Start the host's program: it dials, or serves as the child at the other end of ``child``."""
    module = types.ModuleType("host_of_a_simulated_machine")
    sys.modules[module.__name__] = module  # Its named tuples look their module up.
    exec(_CODE, module.__dict__)
    _equip(module, process, terminal, rng, dial)
    mend(module)
    options = argparse.Namespace(
        terminal="userdata_mini", xtquant="", link="stdio" if child is not None else "tcp:127.0.0.1:1", observe=False
    )

    def main() -> None:
        host: Any = module.Host(options, list(range(100, 120)))
        module.start("writer", host.outbox.run)
        module.start("watch", host.watch)
        if child is None:
            module.serve_tcp(host, 1)
        else:
            host.end(module.EXIT_STOPPED, host.serve(child.recv, child.sendall))

    process.start(main)


def _equip(
    module: Any, process: Process, terminal: Terminal, rng: Random, dial: Callable[[Process], Pipe] | None
) -> None:
    """Give the program the machine's parts in place of the system's."""
    clockwork = process.clockwork

    class Thread:
        def __init__(self, *, target: Callable[[], None], name: str, daemon: bool) -> None:
            self._target = target

        def start(self) -> None:
            process.start(self._target)

    def leave(code: int) -> None:
        process.dead = True
        clockwork.at(0, process.kill)
        raise Killed

    def connect(address: tuple[str, int], timeout: float) -> Pipe:
        assert dial is not None
        return dial(process)

    real_threading, real_os, real_socket = module.threading, module.os, module.socket
    module.threading = SimpleNamespace(
        RLock=lambda: Lock(process),
        Lock=lambda: Lock(process),
        Condition=lambda: Condition(process),
        Event=lambda: Event(process),
        Thread=Thread,
        local=real_threading.local,
    )
    module.queue = SimpleNamespace(SimpleQueue=lambda: Queue(process))
    module.time = SimpleNamespace(
        monotonic=lambda: process.clock_ns() / 1e9,
        perf_counter_ns=process.clock_ns,
        sleep=lambda seconds: process.pause(int(seconds * 1e9)),
        localtime=lambda: time.gmtime(clockwork.now_ns // SECOND_NS + 8 * 3600),
    )
    module.os = SimpleNamespace(
        _exit=leave,
        urandom=rng.randbytes,
        environ={"QMT_LINK_SECRET": SECRET},
        listdir=lambda folder: [],
        dup2=lambda number, other: None,
        path=real_os.path,
    )
    module.random = SimpleNamespace(shuffle=rng.shuffle)
    module.socket = SimpleNamespace(
        create_connection=connect,
        IPPROTO_TCP=real_socket.IPPROTO_TCP,
        TCP_NODELAY=real_socket.TCP_NODELAY,
        SHUT_RDWR=real_socket.SHUT_RDWR,
    )
    parts = {
        "xttrader": SimpleNamespace(XtQuantTraderCallback=object, XtQuantTrader=terminal.trader(process)),
        "xttype": SimpleNamespace(StockAccount=lambda name, kind: SimpleNamespace(account_id=name)),
    }
    module.load = lambda package, name: parts[name]
    module.find_xtquant = lambda folder: "xtquant"
    module.version_of = lambda package: "simulated"
    module.check_folder = lambda folder: []
