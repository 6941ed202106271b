"""The whole panel: the frame with every section that the package has, over an engine in memory."""

from __future__ import annotations

from pathlib import Path

from qmt_trading.panel.data_sections import sections_of
from tests.engine_bench import Bench
from tests.panel_bench import PanelBench
from tests.panel_security.served import Served


def whole_panel(folder: Path) -> Served:
    """Return a panel that listens, over an account with orders and a fill, whose engine answers."""
    bench = Bench()
    name = bench.buy(name="a/1")
    bench.report(bench.row(name))
    bench.filled(bench.fill(name))
    bench.buy(200)
    parts = PanelBench(folder, bench.engine.view())
    parts.engine.runs = True
    served = Served(folder, sections=sections_of(parts.parts))
    parts.settle()
    return served
