"""The host runs on every Python from 3.8 to 3.13 that this machine has, and at least on the one that runs the tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts.conftest import Start
from tests.terminal.counter import Counter


def pythons() -> list[str]:
    """Return one interpreter for each version found, by its version."""
    found = {f"3.{sys.version_info.minor}": sys.executable}
    pyenv = shutil.which("pyenv")
    for minor in range(8, 14):
        places = [shutil.which(f"python3.{minor}")]
        if pyenv:
            root = Path(pyenv).resolve().parent.parent / "versions"
            places += [str(path) for path in sorted(root.glob(f"3.{minor}.*/bin/python"))]
        for place in places:
            if place and f"3.{minor}" not in found and runs(place):
                found[f"3.{minor}"] = place
    return list(found.values())


def runs(python: str) -> bool:
    """Tell whether ``python`` runs at all: a pyenv shim may have nothing behind it."""
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("python", pythons())
def test_it_orders_lists_and_cancels(python: str, start: Start, counter: Counter) -> None:
    host = start(python=python)
    host.ready()
    host.submit("a-1")
    order = counter.wait_order("a-1")
    assert host.wait("stage", coid="a-1")["st"] == "dispatched"
    counter.fill(order, 40)
    host.row("fill", traded_volume=40)
    host.cancel("c1", coid="a-1")
    host.row("order", order_status=53)
    listed, rows = host.take_list("q")
    assert (listed["complete"], listed["alive"], listed["failed"]) == (True, True, [])
    assert [row["traded_volume"] for row in rows["order"]] == [40]
    counter.details["600000.SH"] = {"InstrumentName": "浦发银行", "PriceTick": 0.01, "ExtendInfo": {}}
    host.send("details", q="d", symbols=["600000.SH", "000001.SZ"])
    assert host.wait("detailed")["failed"] == ["000001.SZ"]
    assert host.all("detail")[0]["rows"]["600000.SH"]["InstrumentName"] == "浦发银行"
    host.send("bye", why="done")
    assert host.exit_code() == 0
    assert host.complaints() == ["native: started"]
