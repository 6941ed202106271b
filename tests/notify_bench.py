"""A far end that messages really reach, and a journal on disk that holds alerts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from qmt_trading.codec.journal_record import encode_turn, seal
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Importance, Mode
from qmt_trading.notify.channel import Secret
from qmt_trading.notify.message import Kind, Message
from qmt_trading.notify.sender import UndeliveredError
from qmt_trading.notify.words import Item, Written
from qmt_trading.ports import StoredTurn
from qmt_trading.run.reading import journal_path
from tests.engine_bench import ACCOUNT, START_NS
from tests.loop_bench import LoopBench

PATIENCE_S: Final = 30.0
TOKEN: Final = "tok-5f3a9c-geheim"


def wait_for(true: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


class FarEnd:
    """A web server on this machine; a test says what it answers, and whether it ever does."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.status = 200
        self.answer = b"{}"
        self.on_message: Callable[[], None] = lambda: None
        self.may_answer = threading.Event()
        self.may_answer.set()
        far_end = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                far_end.taken.append(json.loads(body))
                far_end.paths.append(self.path)
                far_end.on_message()
                far_end.may_answer.wait(PATIENCE_S)
                try:
                    self.send_response(far_end.status)
                    self.send_header("Content-Length", str(len(far_end.answer)))
                    self.end_headers()
                    self.wfile.write(far_end.answer)
                except OSError:
                    pass  # Whoever asked has died or lost patience: a test of that.

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/{TOKEN}"

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/{TOKEN}"

    @property
    def secret(self) -> Secret:
        return Secret(self.url)

    @property
    def texts(self) -> list[str]:
        return [each["message"] for each in self.taken]

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.taken]

    def close(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE_S)


class NotingSender:
    """The Sender protocol: notes what it is given; with a ``trouble`` nothing is taken."""

    def __init__(self) -> None:
        self.sent: list[Written] = []
        self.importances: list[Importance] = []
        self.trouble = ""
        self.may_end = threading.Event()
        self.may_end.set()

    @property
    def titles(self) -> list[str]:
        return [each.title for each in self.sent]

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.sent]

    def send(self, written: Written, importance: Importance) -> None:
        self.may_end.wait(PATIENCE_S)
        if self.trouble:
            raise UndeliveredError(self.trouble)
        self.sent.append(written)
        self.importances.append(importance)


class Clock:
    """Both clocks, set by hand."""

    def __init__(self, now_ns: int = START_NS) -> None:
        self.now = now_ns

    def __call__(self) -> int:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += round(seconds * SECOND_NS)


def message(
    number: int,
    *,
    at_ns: int = START_NS,
    importance: Importance = Importance.WARNING,
    account: str = "",
    kind: Kind = Kind.ALERT,
) -> Message:
    return Message(
        key=f"k{number:03d}",
        at_ns=at_ns + number,
        kind=kind,
        importance=importance,
        mode=Mode.PAPER,
        account=account,
        about="一号 600000.SH" if account else "",
        chinese=f"第 {number} 条提醒",
        english=f"alert number {number}",
        mark=f"m{number}",
    )


def item(number: int, *, at_ns: int = START_NS, importance: Importance = Importance.WARNING) -> Item:
    made = message(number, at_ns=at_ns, importance=importance)
    return Item(made.key, made.at_ns, made.kind, made.importance, made.mode, made.about, made.chinese)


class AlertJournal:
    """The journal of an engine that has begun its day, to which a test adds alerts."""

    def __init__(self, folder: Path, *, begins_ns: int = START_NS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        bench = LoopBench(begins_ns=begins_ns).connect()
        self._journal = SqliteJournal(journal_path(folder))
        for turn in bench.journal.turns():
            self._journal.append(turn)
            self.number, self._seal = turn.number, turn.seal

    def add(
        self,
        *texts: str,
        at_ns: int = START_NS,
        importance: Importance = Importance.WARNING,
        account: AccountId | None = ACCOUNT,
    ) -> None:
        """Write one turn that holds an alert of each text."""
        alerts: Sequence[out.Alert] = [
            out.Alert(importance, "TEST", text, f"in English: {text}", account=account) for text in texts
        ]
        self._write(ev.At(at_ns), *alerts)

    def acknowledge(self, *numbers: int, at_ns: int = START_NS) -> None:
        """Write one turn in which a person takes note of these alerts."""
        self._write(ev.At(at_ns), out.AlertsAcknowledged(numbers, "test", ""))

    def _write(self, *records: ev.At | out.Output) -> None:
        payload = encode_turn(list(records))
        self.number += 1
        self._seal = seal(self._seal, self.number, payload)
        self._journal.append(StoredTurn(self.number, payload, self._seal))

    def close(self) -> None:
        self._journal.close()
