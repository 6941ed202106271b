"""A host's other end in tests: starts it, answers its hello, writes commands, and waits for what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from tests.terminal.counter import ACCOUNT, Counter

HOST: Final = Path(__file__).resolve().parents[2] / "src" / "qmt_trading" / "hosts" / "xtquant_host.py"
QUICK: Final = Path(__file__).resolve().parent / "quick_host.py"
PATIENCE_S: Final = 25.0
Line = dict[str, Any]


class HostEnd:
    """One host process over standard input and output.

    ``begin`` shakes hands; ``ready`` waits for the accounts and arms. Every line is kept in ``lines``.
    """

    def __init__(
        self,
        terminal: Path,
        package: Path,
        counter: Counter | None,
        *options: str,
        python: str = sys.executable,
        waits: Mapping[str, Any] | None = None,
    ) -> None:
        """Start the host; ``waits`` are constants of its own to be shortened, such as CALL_S."""
        program = [str(HOST)] if waits is None else [str(QUICK), json.dumps(waits)]
        command = [python, *program, "--terminal", str(terminal), "--xtquant", str(package), *options]
        environment = {**os.environ, "QMT_TEST_COUNTER": counter.address if counter else ""}
        environment.pop("PYTHONPATH", None)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, bufsize=0
        )
        self.lines: list[Line] = []
        self.errors: list[str] = []
        self.sent: dict[str, Line] = {}
        self._changed = threading.Condition()
        self._stamp, self._stamped_ns = 0, 0
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read, self._read_errors)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> HostEnd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        if kind is not None:
            sys.stderr.write("\n".join([*map(str, self.lines[-30:]), *self.errors[-30:], ""]))

    # The session.

    def begin(self, accounts: Sequence[tuple[str, str]] = ((ACCOUNT, "STOCK"),)) -> Line:
        """Answer the hello with a welcome, and return the hello."""
        hello = self.wait("hello")
        listed = [{"account": account, "type": kind} for account, kind in accounts]
        self.send("welcome", link=1, sid="s1", ep=1, replay_from=1, accounts=listed)
        return hello

    def ready(self, level: str = "trade", account: str = ACCOUNT) -> None:
        """Begin, wait until the account is ready, and arm."""
        self.begin()
        self.wait("account", account=account, state="ready")
        self.arm(level)

    def arm(self, level: str) -> Line:
        after = len(self.lines)
        self.send("arm", level=level)
        return self.wait("armed", after=after)

    def send(self, kind: str, /, **keys: Any) -> None:
        """Write a command."""
        self.write(json.dumps({"t": kind, **keys}).encode("ascii") + b"\n")

    def write(self, raw: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(raw)

    def submit(self, coid: str, *, ttl_s: float = 5.0, **other: Any) -> Line:
        """Send an order to buy 100 shares at 10 yuan, with the stamp of the newest beat; return what was sent."""
        passed_us = (time.monotonic_ns() - self._stamped_ns) // 1000
        fields: Line = {
            "coid": coid,
            "remark": coid,
            "account": ACCOUNT,
            "symbol": "600000.SH",
            "side": "buy",
            "kind": "limit",
        }
        fields |= {"price": "10.00", "quantity": 100, "ttl": int(ttl_s * 1e6), "ref": self._stamp, "el": passed_us}
        line = {**fields, **other}
        self.send("submit", **line)
        return line

    def cancel(self, cid: str, **other: Any) -> None:
        """Send a cancel; what is not named is empty."""
        fields = {"account": ACCOUNT, "coid": "", "broker_id": "", "venue_id": "", "symbol": "600000.SH"}
        self.send("cancel", cid=cid, **{**fields, **other})

    def take_list(self, q: str, account: str = ACCOUNT) -> tuple[Line, dict[str, list[Any]]]:
        """Ask for the lists and return how they ended and the rows of each kind."""
        after = len(self.lines)
        self.send("list", q=q, account=account)
        listed = self.wait("listed", q=q, after=after)
        rows: dict[str, list[Any]] = {}
        for line in self.all("rows", q=q):
            rows.setdefault(line["kind"], []).extend(line["rows"])
        return listed, rows

    # What it said.

    def all(self, kind: str, /, **keys: Any) -> list[Line]:
        """Return every line of this kind so far that has these keys."""
        with self._changed:
            return [line for line in self.lines if line["t"] == kind and keys.items() <= line.items()]

    def wait(self, kind: str, /, *, after: int = 0, seconds: float = PATIENCE_S, **keys: Any) -> Line:
        """Return the first line of this kind with these keys from ``lines[after:]`` on, once there is one."""
        until = time.monotonic() + seconds
        with self._changed:
            while True:
                for line in self.lines[after:]:
                    if line["t"] == kind and all(line.get(key) == value for key, value in keys.items()):
                        return line
                left = until - time.monotonic()
                assert left > 0, f"no {kind} with {keys}"
                self._changed.wait(min(left, 0.5))

    def quiet(self, kind: str, /, *, seconds: float, **keys: Any) -> None:
        """Check that no such line comes for a while."""
        time.sleep(seconds)
        assert self.all(kind, **keys) == []

    def row(self, kind: str, /, *, after: int = 0, **attributes: Any) -> Line:
        """Wait for a pushed row whose attributes are these."""
        until = time.monotonic() + PATIENCE_S
        while True:
            for line in self.all("row", kind=kind)[:]:
                if attributes.items() <= line["row"].items() and self.lines.index(line) >= after:
                    return line
            assert time.monotonic() < until, f"no row {kind} {attributes}"
            with self._changed:
                self._changed.wait(0.2)

    def complaints(self) -> list[str]:
        """Wait for something on standard error, and return its lines so far."""
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self.errors), PATIENCE_S)
            return self.errors[:]

    def exit_code(self) -> int:
        return self.process.wait(PATIENCE_S)

    def _read(self) -> None:
        assert self.process.stdout is not None
        rest = b""
        while received := self.process.stdout.read(65536):
            *raw, rest = (rest + received).split(b"\n")
            for one in raw:
                assert len(one) < 65536
                self._take(json.loads(one.decode("ascii")))

    def _take(self, line: Line) -> None:
        with self._changed:
            if line["t"] in {"hello", "beat"} and line["hm"] > self._stamp:
                self._stamp, self._stamped_ns = line["hm"], time.monotonic_ns()
            self.lines.append(line)
            self._changed.notify_all()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        while received := self.process.stderr.readline():
            with self._changed:
                self.errors.append(received.decode("utf-8", "replace").rstrip())
                self._changed.notify_all()
