"""The FIFO door: what a shell writes arrives, and only its own user may write."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qmt_trading.intake.fifo import FifoDoor
from qmt_trading.model.errors import DoorError
from tests.contract.senders import FLAGSHIP, Sink, until

if sys.platform == "win32":
    pytest.skip("needs POSIX", allow_module_level=True)


def test_a_fifo_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    path.chmod(0o622)
    with pytest.raises(DoorError, match="chmod 600"):
        FifoDoor("fifo", path, now_ns=time.time_ns).open(Sink())


def test_shell_redirection_into_the_fifo_works(tmp_path: Path) -> None:
    sink = Sink()
    path = tmp_path / "signals.fifo"
    door = FifoDoor("fifo", path, now_ns=time.time_ns)
    door.open(sink)
    for _ in range(3):
        subprocess.run(["sh", "-c", f'echo "{FLAGSHIP.decode()}" > "{path}"'], check=True, timeout=10)
    until(lambda: sink.payloads() == [FLAGSHIP] * 3)
    door.close()
    assert path.exists()
