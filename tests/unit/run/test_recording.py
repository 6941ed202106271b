"""A recording instead of made-up quotes: what the configuration says of it, and that orders fill against it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.run.test_application import door_table, message, until

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.words import OrderStatus
from qmt_trading.run.build import Application
from qmt_trading.run.config import load

CONFIG = """mode = "paper"
[session]
always_open = true
[feed]
kind = "recorded"
file = 'ticks.csv'
[signals.bare]
action = "deny"
[[doors]]
{door}
[[terminals]]
name = "paper"
kind = "simulated"
{address}
[[terminals.accounts]]
account = "11031122"
cash = 1000000
"""
TICKS = """time,symbol,last,bid1,ask1,previous_close
2025-01-02 09:30:00,600000.SH,7.77,7.76,7.77,7.70
2025-01-02 15:00:00,600000.SH,7.77,7.76,7.77,7.70
"""


def written(folder: Path, address: str = "") -> Path:
    file = folder / "qmt.toml"
    file.write_text(CONFIG.format(door=door_table(), address=address), encoding="utf-8")
    (folder / "ticks.csv").write_text(TICKS, encoding="utf-8")
    return file


@pytest.mark.slow
def test_orders_fill_against_the_recording_and_nothing_else_exists(tmp_path: Path) -> None:
    app = Application(load(written(tmp_path)))
    app.start()
    try:
        message(app, "buy 600000.SH 100@7.77:11031122 #x/1")
        message(app, "buy 600036.SH 100@40.00:11031122 #x/2")
        until(lambda: any(order.status is OrderStatus.FILLED for order in app.view.orders))
        assert [fill.price for fill in app.view.fills] == [77_700]
        (line,) = app.view.signals[1].receipt.orders
        assert line.denial is not None
        assert line.denial.reason == "SYMBOL_UNKNOWN"
    finally:
        app.stop()


def test_a_recording_that_is_not_there_or_cannot_be_played_stops_the_start(tmp_path: Path) -> None:
    file = written(tmp_path, address="address = 'tcp:127.0.0.1:7001'")
    with pytest.raises(ConfigurationError, match="address"):
        load(file)
    file = written(tmp_path)
    (tmp_path / "ticks.csv").unlink()
    with pytest.raises(ConfigurationError, match=r"第 6 行 feed.file"):
        load(file)
