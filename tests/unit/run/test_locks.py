"""A folder and an account belong to one engine, and to nobody once it is dead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qmt_trading.model.errors import LockedError
from qmt_trading.run import locks
from qmt_trading.run.locks import account_lock, folder_lock

HOLDER = """
import sys, time
from pathlib import Path
from qmt_trading.run import locks
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


def test_the_file_of_an_accounts_lock_goes_with_it_and_two_never_hold_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALAPPDATA" if sys.platform == "win32" else "XDG_RUNTIME_DIR", str(tmp_path))
    first = account_lock("terminal", "11031122")
    (path,) = tmp_path.rglob("*.lock")
    assert path.exists()
    first.release()
    assert not path.exists()
    account_lock("terminal", "11031122").release()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: an open file can be removed there")
def test_a_file_that_was_removed_while_it_was_being_taken_is_not_taken_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    first = account_lock("terminal", "11031122")
    taken: list[int] = []

    def late(descriptor: int) -> bool:
        if not taken:
            first.release()  # Between the other's opening of the file and its lock.
        taken.append(descriptor)
        return real(descriptor)

    real = locks._take
    monkeypatch.setattr(locks, "_take", late)
    second = account_lock("terminal", "11031122")
    assert len(taken) == 2
    with pytest.raises(LockedError):
        account_lock("terminal", "11031122")
    second.release()
