"""The seat of the panel: one at a time; who was left on it leaves when asked, or is ended."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from qmt_trading.run import panel_seat

PATIENCE_S = 30.0
LEFT = """
import sys
from pathlib import Path
from qmt_trading.run import panel_seat
folder = Path(sys.argv[1])
seat = panel_seat.take(folder)
print("there", flush=True)
panel_seat.wait_for_successor(folder)
"""
DEAF = LEFT.replace("panel_seat.wait_for_successor(folder)", "import time; time.sleep(600)")


def left(folder: Path, program: str) -> subprocess.Popen[str]:
    """Return a process that sits there."""
    made = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, encoding="utf-8", text=True
    )
    assert made.stdout is not None
    assert made.stdout.readline() == "there\n"
    made.stdout.close()
    return made


def test_whoever_was_left_leaves_when_the_next_one_comes(tmp_path: Path) -> None:
    process = left(tmp_path, LEFT)
    seat = panel_seat.take(tmp_path, wait_s=PATIENCE_S)
    assert seat is not None
    assert process.wait(PATIENCE_S) == 0
    assert not (tmp_path / "panel.leave").exists()
    seat.release()


def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    process = left(tmp_path, DEAF)
    assert panel_seat.take(tmp_path, wait_s=0.3, by_force=False) is None
    assert process.poll() is None
    seat = panel_seat.take(tmp_path, wait_s=3.0)
    assert seat is not None
    assert process.wait(PATIENCE_S) != 0
    seat.release()


def test_nobody_is_sent_away_where_nobody_sits(tmp_path: Path) -> None:
    assert not panel_seat.send_away(tmp_path)
    process = left(tmp_path, LEFT)
    assert panel_seat.send_away(tmp_path)
    assert process.wait(PATIENCE_S) == 0
    assert not panel_seat.send_away(tmp_path)


def test_what_an_earlier_one_has_asked_sends_nobody_away(tmp_path: Path) -> None:
    (tmp_path / "panel.leave").touch()
    waiting = threading.Thread(target=panel_seat.wait_for_successor, args=(tmp_path,), daemon=True)
    waiting.start()
    time.sleep(0.3)
    assert waiting.is_alive()
    (tmp_path / "panel.leave").touch()
    waiting.join(PATIENCE_S)
    assert not waiting.is_alive()
