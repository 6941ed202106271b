"""The emergency stop: once it is answered no new order leaves, and with the panel dead it works all the same."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest
from benchmarks.halting import PANEL, Stream, calls, hand_at_panel, rounds
from benchmarks.product import Product

from qmt_trading.cli import engine_access
from qmt_trading.codec import control as wire
from tests.panel_life.rig import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: the stream goes over a Unix socket")
PATIENCE_NS = 5 * 10**9
"""A slow machine is slow; ``python -m benchmarks.halting`` prints the figure itself, for which 200 ms are wanted."""


def state(product: Product) -> str:
    return str(engine_access.ask(product.folder / "data", wire.Read("status"))[0]["state"])


def qmt(product: Product, *words: str) -> None:
    command = [sys.executable, "-m", "qmt_trading.cli.main", *words, "--config", str(product.folder / "qmt.toml")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def test_no_new_order_leaves_once_a_stop_is_answered_and_none_needs_the_panel(tmp_path: Path) -> None:
    product = Product(tmp_path / "p", 1)
    quiet: list[tuple[int, int]] = []
    """From when to when nothing may leave."""
    try:
        with hand_at_panel(product) as hand:
            halts = [each for each in rounds(product, 3, hand) if each.way == PANEL]
        quiet += [(each.answered_ns, each.until_ns) for each in halts]
        stream = Stream(product)  # The panel has been killed.
        for by_file in (False, True):
            time.sleep(0.1)
            if by_file:
                (product.folder / "data" / "HALT").touch()
            else:
                qmt(product, "halt", "--why", "drill")
            wait_for(lambda: state(product) == "HALTED", "not halted")
            begins_ns = time.time_ns()
            time.sleep(0.3)
            quiet.append((begins_ns, time.time_ns()))
            qmt(product, "resume", "--why", "drill")
        stream.stop()
    finally:
        product.close()
    instants = calls(product.folder / "data")
    assert instants, "nothing was sent at all"
    for begins_ns, ends_ns in quiet:
        assert [each for each in instants if begins_ns < each < ends_ns] == []
    assert median(each.answered_ns - each.asked_ns for each in halts) < PATIENCE_NS
