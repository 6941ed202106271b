"""The whole application in shadow mode before a client: what the client is asked, and what it is not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmt_trading import client
from qmt_trading.cli.main import app
from qmt_trading.cli.words import run
from qmt_trading.model.instant import day_of
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from tests.running import DUPLEX
from tests.terminal.counter import ACCOUNT, Counter
from tests.terminal.package import make_package, make_terminal
from tests.terminal_ticks import tick

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: the stand-in client runs there"),
]

PATIENCE_S = 30.0
ASKED = frozenset(
    {"connect", "subscribe", "unsubscribe", "stop", "get_full_tick", "get_instrument_detail", "download", "bars"}
)
"""What a client may be asked besides queries."""


def until(holds: Callable[[], object]) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE_S, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration that watches a stand-in client."""
    package = make_package(tmp_path / "package")
    path = tmp_path / "qmt.toml"
    path.write_text(
        f"""\
mode = "shadow"
[session]
always_open = true
[signals.bare]
action = "cancel"
[[doors]]
kind = "{DUPLEX}"
path = "signals.sock"
[[terminals]]
name = "qmt"
kind = "qmt"
path = '{make_terminal(tmp_path)}'
xtquant = '{package}'
[[terminals.accounts]]
account = "{ACCOUNT}"
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """Open the counter behind the client."""
    with Counter() as opened:
        opened.details["000001.SZ"] = {
            "ExchangeID": "SZ",
            "InstrumentID": "000001",
            "InstrumentName": "平安银行",
            "PriceTick": 0.01,
            "PreClose": 10.0,
            "UpStopPrice": 11.0,
            "DownStopPrice": 9.0,
            "TradingDay": day_of(time.time_ns()).strftime("%Y%m%d"),
        }
        monkeypatch.setenv("QMT_TEST_COUNTER", opened.address)
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        yield opened


def a_buy(counter: Counter, address: str) -> client.Receipt:
    """Return the receipt of a buy that the gate lets pass, once quotes have come for it."""
    began, number = time.monotonic(), 0
    while True:
        counter.tick(SZ000001=tick(time.time_ns(), 10.0))
        told = client.send(f"buy 000001.SZ 100@10.00:{ACCOUNT}", address=address, id=f"b/{number}")
        if told.status == "accepted" or time.monotonic() - began > PATIENCE_S:
            return told
        number += 1
        time.sleep(0.1)


def test_a_client_is_asked_and_nothing_is_sent_to_it(
    config: Path, counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [counter.place_elsewhere(phone=phone) for phone in (False, True, False)]
    application = Application(load(config))
    application.start()
    try:
        address = next(door.address for door in load(config).doors if door.kind == DUPLEX)
        until(lambda: len(application.view.orders) == 3)
        until(lambda: application.view.accounts[0].ready)
        told = client.send(f"000001.SZ:{ACCOUNT}", address=address, id="s/1")
        assert told.status == "accepted"
        assert [line.text for line in told.cancels] == ["观察模式：本应撤 1 笔"] * 3
        assert run(app, ["morning", "--accept", ACCOUNT, "--why", "a test", "--config", str(config)]) == 0
        bought = a_buy(counter, address)
        assert [line.text for line in bought.orders] == ["观察模式：本应买入 100 股 @ 10.00"]
        assert run(app, ["cancel", "--all", "--config", str(config)]) == 0
        assert "观察模式：本应撤单" in (said := capsys.readouterr().out)
        assert "已发出" not in said
        assert run(app, ["halt", "--cancel-open", "--config", str(config)]) == 0
        counter.move(rows[0], 54)  # The other program cancels.
        until(lambda: any(row.ended_ns for row in application.view.orders))
        assert run(app, ["status", "--config", str(config)]) == 0
        assert "观察（只看不下）" in capsys.readouterr().out
    finally:
        application.stop()
    names = {name for name, _ in counter.requests}
    assert "queryStockOrders" in names
    assert {name for name in names if not name.startswith("query")} <= ASKED, names
    assert counter.asked("orderStock") == counter.asked("cancelOrderStock") == []
    assert [row["order_status"] for row in rows] == [54, 50, 50]
    assert run(app, ["shadow", "diff", "--only", "cancel", "--config", str(config)]) == 1
    assert "对上 1" in capsys.readouterr().out
    assert run(app, ["shadow", "show", "--config", str(config)]) == 0
    assert capsys.readouterr().out.count("本应撤单") >= 3
