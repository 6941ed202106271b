"""A configuration that is right, and short words for spoiling one line of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.config import load

WINDOWS = sys.platform == "win32"
KIND, WHERE = ("named_pipe", "name = '\\\\.\\pipe\\x'") if WINDOWS else ("fifo", "path = 'f.fifo'")
GOOD = f"""\
mode = "paper"
[session]
always_open = true
[signals.bare]
action = "撤单"
[[doors]]
kind = "{KIND}"
{WHERE}
allow = ["cancel"]
[[terminals]]
name = "t"
kind = "simulated"
[[terminals.accounts]]
account = 11031122
name = "一号"
cash = 1234.5
positions = {{ "sh600000" = 300 }}
"""
QMT_GOOD = f"""\
mode = "shadow"
[signals.bare]
action = "撤单"
[[doors]]
kind = "{KIND}"
{WHERE}
[[terminals]]
name = "国金"
kind = "qmt"
path = 'D:\\国金QMT\\userdata_mini'
[[terminals.accounts]]
account = "11031122"
"""
"""A client of QMT, watched."""
DOOR = f'[[doors]]\nkind = "{KIND}"\n{WHERE.replace("x", "y").replace("f.fifo", "g.fifo")}\n'
"""A second door."""


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "qmt.toml"
    path.write_bytes(text.encode(encoding))
    return path


def with_lines(changes: dict[int, str]) -> str:
    """Return the good file with some of its lines changed; the first line is 1."""
    lines = GOOD.split("\n")
    for number, line in changes.items():
        lines[number - 1] = line
    return "\n".join(lines)


def refusal(folder: Path, text: str) -> str:
    """Return what is said of ``text``, which must stop the start."""
    with pytest.raises(ConfigurationError) as error:
        load(written(folder, text))
    told = str(error.value)
    assert told.startswith("qmt.toml 第 "), told
    assert " / " in told, told
    assert told.isprintable(), told
    return told
