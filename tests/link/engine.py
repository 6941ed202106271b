"""An engine played by hand, from outside: it starts a host, speaks its link byte by byte, and notes all that comes."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from tests.link.pipe_end import PipeListener
from tests.link.stand import PATIENCE_S, Stand, environment_of

Line = dict[str, object]
LOSSY = {"progress", "quotes", "beat", "log"}


class Failed(AssertionError):
    """The host does not do what it must; the text says what was expected and what came."""


def check(truth: object, text: str) -> None:
    """Fail with ``text`` unless ``truth`` holds."""
    if not truth:
        raise Failed(text)


class Way(Protocol):
    """Bytes both ways to a running host."""

    def read(self) -> bytes: ...

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class _Pipes:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self) -> bytes:
        assert self._process.stdout is not None
        try:
            return self._process.stdout.read(65_536)
        except ValueError:
            return b""  # Closed under our hands: the test has ended.

    def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)

    def close(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:
            return  # It has gone before.


class _Socket:
    def __init__(self, accepted: socket.socket) -> None:
        self._socket = accepted
        accepted.settimeout(None)

    def read(self) -> bytes:
        try:
            return self._socket.recv(65_536)
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # It has gone before.
        finally:
            self._socket.close()


class _Folder:
    """A connection of files: each side writes numbered ones, and deletes those that it has read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._closed = threading.Event()
        self._read, self._written = 0, 0

    def read(self) -> bytes:
        while not self._closed.is_set():
            ended = (self._folder / "h-end").exists()
            path = self._folder / f"h{self._read + 1:010d}"
            if path.exists():
                data = path.read_bytes()
                path.unlink()
                self._read += 1
                return data
            if ended:
                break
            time.sleep(0.005)
        return b""

    def write(self, data: bytes) -> None:
        self._written += 1
        fresh = self._folder / f"e{self._written:010d}.new"
        fresh.write_bytes(data)
        fresh.replace(fresh.with_suffix(""))

    def close(self) -> None:
        self._closed.set()
        (self._folder / "e-end").touch()


class Running:
    """A host's process, and the way to it: its standard streams, a port or a pipe that it dials, or a folder."""

    def __init__(self, stand: Stand, carrier: str, *, observe: bool = False) -> None:
        self.carrier = carrier
        self.secret = secrets.token_hex(16)
        self._listener: socket.socket | None = None
        self._pipe = PipeListener() if carrier == "pipe" else None
        self._folder = Path(tempfile.mkdtemp(prefix="link-")) if carrier == "files" else None
        self._begun: set[Path] = set()
        command = [*stand.command, *(["--observe"] if observe else [])]
        if carrier == "tcp":
            self._listener = socket.create_server(("127.0.0.1", 0))
            self._listener.settimeout(PATIENCE_S)
            command += ["--link", f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"]
        elif self._pipe is not None:
            command += ["--link", self._pipe.address]
        elif self._folder is not None:
            (self._folder / "engine").touch()
            command += ["--link", f"files:{self._folder}"]
        else:
            command += ["--link", "stdio"]
        self.process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment_of(stand, self.secret),
        )

    def connect(self) -> Engine:
        """Return the next connection; on standard streams there is one."""
        if self._folder is not None:
            return Engine(_Folder(self._next_folder(self._folder)), self.secret)
        if self._pipe is not None:
            return Engine(self._pipe.accept(), self.secret)
        if self._listener is None:
            return Engine(_Pipes(self.process), "")
        accepted, _ = self._listener.accept()
        return Engine(_Socket(accepted), self.secret)

    def _next_folder(self, folder: Path) -> Path:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            fresh = [path for path in folder.glob("host-*") if path not in self._begun]
            if fresh:
                self._begun.add(fresh[0])
                return fresh[0]
            time.sleep(0.01)
        raise Failed("no connection has begun")

    def has_ended(self) -> bool:
        """Tell whether the process ends, within our patience."""
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        if self._pipe is not None:
            self._pipe.close()
        self.process.kill()
        self.process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue  # What was not written is lost with its reader.


class Engine:
    """One connection, from the engine's side."""

    def __init__(self, way: Way, secret: str) -> None:
        self._way = way
        self._secret = secret
        self.lines: list[Line] = []
        self.raw: list[bytes] = []
        self.ended = False
        self.questions = 0
        self._changed = threading.Condition()
        self._reads = threading.Event()
        self._reads.set()
        self._hm = 0
        self._hm_at = 0.0
        self._thread = threading.Thread(target=self._read, name="engine-by-hand", daemon=True)
        self._thread.start()

    # What comes.

    def _read(self) -> None:
        rest = b""
        while True:
            self._reads.wait()
            data = self._way.read()
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            with self._changed:
                for raw in lines:
                    line = json.loads(raw)
                    self.raw.append(raw)
                    self.lines.append(line)
                    if line["t"] in ("hello", "beat"):
                        self._hm, self._hm_at = int(line["hm"]), time.monotonic()
                self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def pause(self) -> None:
        """Stop reading, after what is being read."""
        self._reads.clear()

    def go_on(self) -> None:
        self._reads.set()

    def wait(self, name: str, /, *, after: int = 0, **values: object) -> Line:
        """Return the first line of kind ``name`` with these values, from the line with index ``after`` on."""
        return self.wait_where(lambda line: line["t"] == name and _has(line, values), f"{name} {values}", after)

    def wait_where(self, true: Callable[[Line], bool], text: str, after: int = 0) -> Line:
        """Return the first line of which ``true`` says so, from the line with index ``after`` on."""

        def found() -> Line | None:
            return next((line for line in self.lines[after:] if true(line)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None or self.ended, PATIENCE_S)
            line = found()
            if line is None:
                raise Failed(f"expected {text}; came: {self.lines[-8:]}{' and the end' if self.ended else ''}")
            return line

    def never(self, seconds: float, name: str, /, **values: object) -> None:
        """Check that no such line comes for ``seconds``."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended, seconds)
            bad = [line for line in self.lines if line["t"] == name and _has(line, values)]
        check(not bad, f"expected no {name} {values}; came: {bad}")

    def all(self, name: str, /, **values: object) -> list[Line]:
        with self._changed:
            return [line for line in self.lines if line["t"] == name and _has(line, values)]

    def index(self, line: Line) -> int:
        with self._changed:
            return next(index for index, each in enumerate(self.lines) if each is line)

    def wait_end(self) -> None:
        """Wait until the host has closed the connection."""
        with self._changed:
            check(self._changed.wait_for(lambda: self.ended, PATIENCE_S), "expected the end of the connection")

    # What is said.

    def send(self, **line: object) -> None:
        self.send_bytes(json.dumps(line).encode("ascii") + b"\n")

    def send_bytes(self, data: bytes) -> None:
        try:
            self._way.write(data)
        except OSError:
            return  # The host has ended the connection; what it said before tells why.

    def close(self) -> None:
        self._reads.set()
        self._way.close()
        self._thread.join(PATIENCE_S)

    # Beginnings.

    def hello(self) -> Line:
        return self.wait("hello")

    @property
    def hears_while_calling(self) -> bool:
        """Whether the host hears and beats while a call of its terminal is under way."""
        caps = self.hello()["caps"]
        return isinstance(caps, list) and "one_thread" not in caps

    def prove(self, *, secret: str | None = None) -> None:
        """Challenge a host that dialled, and check its proof."""
        if not self._secret:
            return
        hello = self.hello()
        nonce = secrets.token_hex(16)
        ours = _mac(self._secret if secret is None else secret, "E", str(hello["nonce"]), nonce, str(hello["boot"]))
        self.send(t="challenge", nonce=nonce, mac=ours)
        if secret is None:
            proof = self.wait("proof")
            check(
                proof["mac"] == _mac(self._secret, "H", str(hello["nonce"]), nonce, str(hello["boot"])), "a wrong proof"
            )

    def welcome(self, stand: Stand, *, epoch: int = 44, replay_from: int = 1, sid: str = "s1") -> Line:
        """Prove, welcome, and return the first ``ready`` of the first account."""
        hello = self.hello()
        self.prove()
        accounts = [{"account": account, "type": "STOCK"} for account in stand.market.accounts]
        self.send(t="welcome", link=1, sid=sid, ep=epoch, replay_from=replay_from, accounts=accounts)
        return self.wait("account", after=self.index(hello), account=stand.market.accounts[0], state="ready")

    def arm(self, level: str = "trade") -> Line:
        with self._changed:
            after = len(self.lines)
        self.send(t="arm", level=level)
        return self.wait("armed", after=after)

    # Commands.

    def stamp(self) -> tuple[int, int]:
        """Return the newest clock of the host, and the µs since it came."""
        with self._changed:
            return self._hm, int((time.monotonic() - self._hm_at) * 1e6)

    def submit_line(self, stand: Stand, coid: str, **more: object) -> Line:
        market, (ref, passed) = stand.market, self.stamp()
        line: Line = {
            "t": "submit",
            "coid": coid,
            "account": market.accounts[0],
            "symbol": market.symbol,
            "side": "buy",
            "kind": "limit",
            "price": market.resting,
            "quantity": 100,
            "remark": coid,
            "ttl": 20_000_000,
            "ref": ref,
            "el": passed,
        }
        return {**line, **more}

    def submit(self, stand: Stand, coid: str, **more: object) -> None:
        self.send(**self.submit_line(stand, coid, **more))

    def cancel(self, stand: Stand, cid: str, **ids: str) -> None:
        market = stand.market
        named = {"coid": "", "broker_id": "", "venue_id": "", **ids}
        self.send(t="cancel", cid=cid, account=market.accounts[0], symbol=market.symbol, **named)

    def list_of(self, stand: Stand, account: str = "") -> tuple[Line, dict[str, list[Mapping[str, object]]]]:
        """Ask for a list and return its end and its rows by kind."""
        self.questions += 1
        question = f"list{self.questions}"
        self.send(t="list", q=question, account=account or stand.market.accounts[0])
        listed = self.wait("listed", q=question)
        rows: dict[str, list[Mapping[str, object]]] = {"order": [], "fill": [], "position": [], "asset": []}
        for part in self.all("rows", q=question):
            told = part["rows"]
            assert isinstance(told, list)
            check(len(told) <= 200, "more than 200 rows in a part")
            rows[str(part["kind"])] += told
        return listed, rows


def _has(line: Line, values: Mapping[str, object]) -> bool:
    return all(line.get(key) == value for key, value in values.items())


def _mac(secret: str, role: str, first: str, second: str, boot: str) -> str:
    text = f"{role}\n{first}\n{second}\n{boot}".encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
