"""An engine that runs for the length of a test, over a configuration that somebody wrote."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qmt_trading.run.build import Application
from qmt_trading.run.config import load

DUPLEX = "named_pipe" if sys.platform == "win32" else "unix_socket"


def a_configuration(folder: Path, *, accounts: tuple[str, ...] = ("11031122", "11031123"), bare: str = "deny") -> Path:
    """Write a configuration with one duplex door and no opening hours."""
    where = f"name = '\\\\.\\pipe\\qmt-test-{time.time_ns()}'" if sys.platform == "win32" else 'path = "signals.sock"'
    text = f"""\
mode = "paper"
[session]
always_open = true
[signals.bare]
action = "{bare}"
[[doors]]
kind = "{DUPLEX}"
{where}
[[terminals]]
name = "paper"
kind = "simulated"
"""
    text += "".join(f'[[terminals.accounts]]\naccount = "{number}"\ncash = 1000000\n' for number in accounts)
    path = folder / "qmt.toml"
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def running(path: Path) -> Iterator[str]:
    """Run the engine of the configuration at ``path``; yield the address of its first duplex door."""
    configuration = load(path)
    app = Application(configuration)
    app.start()
    try:
        yield next(door.address for door in configuration.doors if door.kind == DUPLEX)
    finally:
        app.stop()
