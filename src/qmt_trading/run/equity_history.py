"""The day's curve up to a turn, worked out by a process of its own: the memory that takes is given back with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.model.errors import JournalError
from qmt_trading.run import recovery
from qmt_trading.run.equity import Sample, samples_of

WAIT_S: Final = 300.0
_FLAGS: Final = 0x0000_4000 | 0x0800_0000
"""BELOW_NORMAL_PRIORITY_CLASS and CREATE_NO_WINDOW."""

_decode: Final = msgspec.json.Decoder(list[Sample]).decode


def recalled(journal: Path, opened: int, until: int) -> list[Sample]:
    """Return what the accounts were worth from the turn that opened the day to ``until``; blocks for seconds.

    Raises:
        JournalError: it could not be worked out.
    """
    command = [sys.executable, "-P", "-m", "qmt_trading.run.equity_history", str(journal), str(opened), str(until)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WAIT_S,
            check=True,
            creationflags=_FLAGS if sys.platform == "win32" else 0,
        )
        return _decode(done.stdout)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
        raise JournalError(f"当日曲线无法补全 / the day's curve cannot be completed: {error}") from error


def main(journal: Path, opened: int, until: int) -> None:
    """Write the samples to the standard output."""
    reader = SqliteReader(journal)
    try:
        samples = list(samples_of(recovery.states_since(reader, opened, until)))
    finally:
        reader.close()
    sys.stdout.buffer.write(msgspec.json.encode(samples))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
