"""A real engine that dies at each step of a file: every row acts once, and the file ends in ``done``."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qmt_trading.run.reading import read_view

pytestmark = pytest.mark.slow

CONFIG = """
mode = "paper"
[session]
always_open = true
[signals]
ttl = "60s"
[signals.bare]
action = "deny"
[[doors]]
kind = "folder"
path = "in"
accounts = ["11031122"]
[[terminals]]
name = "paper"
kind = "simulated"
[[terminals.accounts]]
account = "11031122"
cash = 10000000
"""
ROWS = [f"买入,600000.SH,{100 * number},跌停,\r\n" for number in range(1, 6)]
FILE = "".join(["操作,代码,数量,价格,编号\r\n", *ROWS]).encode("gb18030")

ENGINE = """
import os, sys, threading, time
from pathlib import Path
from qmt_trading.intake import folder, whole_file
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from qmt_trading.run.inbox import Inbox

step = sys.argv[2]
def die(): os._exit(9)
if step.startswith("message"):
    count, message = [0], Inbox.message
    def counted(self, door, *rest):
        count[0] += 1
        if count[0] > int(step[7:]): time.sleep(0.2); die()
        message(self, door, *rest)
    Inbox.message = counted
elif step == "answered":
    folder.receipt_of = lambda *_: die()
elif step == "receipt":
    move = folder.move
    def moved(path, target):
        if path.name.endswith(".tmp"): die()
        move(path, target)
    folder.move = moved
elif step == "move":
    move = folder.move
    def moved(path, target):
        if not path.name.endswith(".tmp"): die()
        move(path, target)
    folder.move = moved
elif step == "moved":
    move = folder.move
    def moved(path, target):
        move(path, target)
        if not path.name.endswith(".tmp"): die()
    folder.move = moved
folder_of = Path(sys.argv[1])
app = Application(load(folder_of / "qmt.toml"))
app.start()
until = time.monotonic() + 20
while time.monotonic() < until and not (folder_of / "in" / "done" / "单.csv").exists():
    time.sleep(0.02)
app.stop()
"""


def run(folder: Path, step: str) -> int:
    (folder / "data" / "starts.json").unlink(missing_ok=True)
    return subprocess.run([sys.executable, "-c", ENGINE, str(folder), step], check=False, timeout=60).returncode


@pytest.mark.parametrize("step", ["message0", "message1", "message4", "answered", "receipt", "move", "moved", "never"])
def test_whatever_step_an_engine_dies_at_every_row_acts_once(tmp_path: Path, step: str) -> None:
    (tmp_path / "qmt.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "in").mkdir()
    half = tmp_path / "half"
    half.write_bytes(FILE)
    half.replace(tmp_path / "in" / "单.csv")
    assert run(tmp_path, step) == (0 if step == "never" else 9)
    done = tmp_path / "in" / "done"
    assert (done / "单.csv").exists() is (step in ("moved", "never"))
    time.sleep(0.05)
    assert run(tmp_path, "never") == 0
    assert not (tmp_path / "in" / "单.csv").exists()
    assert (done / "单.csv").read_bytes() == FILE
    view = read_view(tmp_path / "data")
    assert sorted(order.quantity for order in view.orders) == [100, 200, 300, 400, 500]
    receipt = (done / "单.csv.回执.csv").read_text(encoding="utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(receipt, newline="")) if row["数量"]]
    assert [(row["行"], row["数量"]) for row in rows] == [(str(row + 1), str(100 * row)) for row in range(1, 6)]
    assert {row["结果"] for row in rows} <= {"已受理", "（当时）已受理"}
