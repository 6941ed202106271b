"""The demo's engine: the real program in a process of its own, which may be killed and started again."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from qmt_trading.brokers.simulated.records import Origin, Placed, Record
from qmt_trading.cli import engine_access
from qmt_trading.cli.options import who
from qmt_trading.codec import control as wire
from qmt_trading.link.dial import DialError
from qmt_trading.model.errors import QmtError
from qmt_trading.run import log_lines
from qmt_trading.run.config import load
from qmt_trading.run.init_template import Choice, template

Rows = list[dict[str, object]]

READY_S: Final = 30.0
_STOP_S: Final = 10.0
_LOOK_S: Final = 0.02
_MALFORMED_MAX: Final = 1000


class DemoError(QmtError):
    """The demo cannot go on; the text says why."""


class DemoEngine:
    """``qmt run`` over a temporary folder, on a leash: it ends when this process does, however that happens."""

    def __init__(self, folder: Path) -> None:
        """Write the configuration; nothing runs yet."""
        self._path = folder / "qmt.toml"
        pipe = rf"\\.\pipe\{folder.name}"
        # At the opposite side's price the example fills while one looks; at the latest it might wait for the market.
        # Orders that the kill caught before they left are settled in seconds, not in a minute.
        text = template(Choice(pipe=pipe, default_price="opposite", ttl="8s", settle="2s"))
        self._path.write_text(text, encoding="utf-8", newline="\n")
        self.configuration = load(self._path)
        self._process: subprocess.Popen[bytes] | None = None
        self._complaint = folder / "engine.txt"

    @property
    def folder(self) -> Path:
        """The folder of the configuration; the doors are in it."""
        return self._path.parent

    @property
    def number(self) -> int:
        """The number of the process that runs, or ran last."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start a process and wait until its doors are open and every account can trade.

        Raises:
            DemoError: it does not come up.
        """
        command = [sys.executable, "-m", "qmt_trading.cli.main", "run", "--quiet", "--leashed"]
        with self._complaint.open("ab") as complaint:
            self._process = subprocess.Popen(
                [*command, "--config", str(self._path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=complaint,
                # Ctrl-C is for the demo alone: it ends its engine in order.
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                env={**os.environ, "PYTHONUTF8": "1"},
            )
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise DemoError(
                    f"引擎没有起来：{self._complaint.read_text(encoding='utf-8', errors='replace').strip()}"
                )
            if self._is_ready():
                return
            time.sleep(_LOOK_S)
        raise DemoError("引擎没有及时就绪 / the engine did not come up in time")

    def _is_ready(self) -> bool:
        try:
            doors = self.ask(wire.Read("doors"))
            return all(row["condition_en"] != "closed" for row in doors) and all(
                row["ready"] for row in self.rows("accounts")
            )
        except (DialError, wire.ControlError):
            return False

    def ask(self, request: wire.ControlRequest) -> Rows:
        """Return the engine's answer; errors as ``engine_access.ask``."""
        return engine_access.ask(self.configuration.folder, request)

    def rows(self, table: str, limit: int = 1000) -> Rows:
        return self.ask(wire.Read(table, limit))

    def has_ended(self) -> bool:
        """Tell whether the process is gone, asked to or not."""
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """End the process as a power cut would: nothing in it gets a chance to finish."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._hang_up()

    def stop(self) -> None:
        """End the process, in order if it still can. Repeating it is harmless."""
        if self._process is None or self._process.poll() is not None:
            self._hang_up()
            return
        with contextlib.suppress(DialError, wire.ControlError):
            self.ask(wire.Stop(who=who(), why="demo"))
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def placed(self) -> Counter[str]:
        """Return how often each of our ids arrived at the exchange, from the exchange's own book."""
        found: Counter[str] = Counter()
        decoder = msgspec.json.Decoder(Record)
        for path in self.configuration.folder.glob("exchange-*.book"):
            content = path.read_bytes()
            for line in content[: content.rfind(b"\n") + 1].splitlines():
                record = decoder.decode(line)
                if isinstance(record, Placed) and record.origin is Origin.ENGINE:
                    found[record.client_order_id] += 1
        return found

    def malformed(self) -> Rows:
        """Return what was refused as no signal, oldest first, from the running log."""
        return log_lines.malformed(self.configuration.folder, _MALFORMED_MAX)[::-1]
