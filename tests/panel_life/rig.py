"""``qmt run`` as a person starts it, with its panel at a port of its own."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.panel_hand import LINK, PanelHand

from tests.running import a_configuration

PATIENCE_S = 60.0


def wait_for(true: Callable[[], object], what: str) -> None:
    """Wait until it is true; slow machines are slow."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.02)


class Life:
    """One data folder, and the engines that run over it one after the other."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.config = a_configuration(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with self.config.open("a", encoding="utf-8") as file:
            file.write(f"[panel]\nport = {self.port}\n")
        self.data = folder / "data"
        self._console = folder / "console.txt"
        self.engine: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start an engine, and wait until its panel has said where it is."""
        said = len(self.console())
        with self._console.open("ab") as file:
            self.engine = subprocess.Popen(
                [sys.executable, "-m", "qmt_trading.cli.main", "run", "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        wait_for(lambda: re.search(r"面板 http://\S+", self.console()[said:]), "no panel")
        wait_for(lambda: self.probe("/livez") == 200, "the panel does not answer")

    def console(self) -> str:
        """Return what was written to the console so far."""
        return self._console.read_text(encoding="utf-8", errors="replace") if self._console.exists() else ""

    def sign_in(self) -> PanelHand:
        found = LINK.search(self.console())
        assert found is not None, self.console()
        return PanelHand(found[0])

    def kill(self) -> None:
        """Kill the engine as a power cut would."""
        assert self.engine is not None
        self.engine.kill()
        self.engine.wait()

    def qmt(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command over the same configuration."""
        return subprocess.run(
            [sys.executable, "-m", "qmt_trading.cli.main", *words, "--config", str(self.config)],
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=PATIENCE_S,
        )

    def probe(self, path: str) -> int:
        """Return the status of ``path``; 0: nobody listens."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                line.request("GET", path)
                return line.getresponse().status
            finally:
                line.close()
        return 0

    def holder(self) -> str:
        """Return who says to be the panel of this folder."""
        return (self.data / "panel.lock").read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        """Leave nothing behind."""
        if self.engine is not None and self.engine.poll() is None:
            self.qmt("stop")
            self.engine.kill()
            self.engine.wait()
        self.qmt("stop")
