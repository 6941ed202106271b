"""A folder and an account belong to one engine, and to nobody once it is dead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qmt_trading.model.errors import LockedError
from qmt_trading.run.locks import account_lock, folder_lock

HOLDER = """
import sys, time
from pathlib import Path
from qmt_trading.run.locks import folder_lock
lock = folder_lock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_holder_is_told_who_holds_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, encoding="utf-8"
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(LockedError, match=f"{holder.pid}，自 20.*北京时间"):
            folder_lock(tmp_path)
        holder.kill()
        holder.wait()
        folder_lock(tmp_path).release()  # The dead hold nothing.


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    first = folder_lock(tmp_path)
    first.release()
    first.release()
    folder_lock(tmp_path).release()


def test_the_same_account_at_two_terminals_is_two_accounts() -> None:
    first = account_lock("test-terminal-a", "11031122")
    second = account_lock("test-terminal-b", "11031122")
    with pytest.raises(LockedError):
        account_lock("test-terminal-a", "11031122")
    first.release()
    second.release()
