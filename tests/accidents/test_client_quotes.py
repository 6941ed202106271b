"""A whole engine before a stand-in client: its quotes and details decide, and their silence is told (A14)."""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from qmt_trading.client import Receipt, send
from qmt_trading.model.instant import day_of
from qmt_trading.model.view import View
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from tests.terminal.counter import ACCOUNT, Counter
from tests.terminal.package import make_package, make_terminal
from tests.terminal_ticks import PUFA, tick

PATIENCE_S: Final = 30.0
CONFIG: Final = """\
mode = "shadow"
[session]
always_open = true
[morning]
check = false
[limits]
quote_age_max = "2s"
[signals.bare]
action = "deny"
[[doors]]
kind = "unix_socket"
path = "s.sock"
[[terminals]]
name = "main"
kind = "qmt"
path = '{terminal}'
xtquant = '{package}'
[[terminals.accounts]]
account = "{account}"
"""

if sys.platform == "win32":
    pytest.skip("needs Linux or macOS: there the native modules of xtquant are stood in for", allow_module_level=True)


class Market:
    """Lets a tick come ten times a second, while there is trading."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.trading = True
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(PATIENCE_S)

    def _work(self) -> None:
        while not self._stopping.wait(0.1):
            if self.trading:
                self.counter.tick(SH600000=tick(time.time_ns() + 500_000_000))


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    with Counter() as counter:
        counter.details[PUFA] = {
            "InstrumentID": "600000",
            "InstrumentName": "浦发银行",
            "TradingDay": int(f"{day_of(time.time_ns()):%Y%m%d}"),
            "UpStopPrice": 10.6,
            "DownStopPrice": 9.5,
            "PreClose": 10.0,
            "PriceTick": 0.01,
        }
        monkeypatch.setenv("QMT_TEST_COUNTER", counter.address)
        made = Market(counter)
        yield made
        made.close()


@pytest.fixture
def app(market: Market, tmp_path: Path) -> Iterator[Application]:
    package, terminal = make_package(tmp_path / "package"), make_terminal(tmp_path)
    text = CONFIG.format(terminal=terminal, package=package, account=ACCOUNT)
    (tmp_path / "qmt.toml").write_text(text, encoding="utf-8")
    made = Application(load(tmp_path / "qmt.toml"))
    made.start()
    yield made
    made.stop()


def until(app: Application, holds: Callable[[View], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds(app.view):
        assert time.monotonic() < end, (app.view.accounts, app.view.alerts[-5:])
        time.sleep(0.02)


def alerts(view: View) -> str:
    return "\n".join(row.alert.chinese for row in view.alerts)


def asked(address: str, price: str) -> Receipt:
    return send(f"buy {PUFA} 100@{price}:{ACCOUNT}", address=address)


def prices(app: Application, receipt: Receipt) -> list[int]:
    """Return the prices at which the orders of a receipt stand in the view."""
    assert receipt.is_accepted, receipt
    names = {line.client_order_id for line in receipt.orders}
    until(app, lambda view: names <= {order.client_order_id for order in view.orders})
    return [order.price for order in app.view.orders if order.client_order_id in names]


def test_a_clients_quotes_and_limits_decide_and_their_silence_is_told(
    app: Application, market: Market, tmp_path: Path
) -> None:
    until(app, lambda view: view.accounts[0].ready)
    ask = functools.partial(asked, str(tmp_path / "s.sock"))
    first = ask("涨停")
    for _ in range(200):
        if first.is_accepted:
            break  # Before, there is no quote yet, and then the rule book's limit, which lies beyond the cage.
        time.sleep(0.1)
        first = ask("涨停")
    assert prices(app, first) == [106_000], first
    assert prices(app, ask("最新")) == [105_000]
    market.trading = False
    until(app, lambda view: "行情中断" in alerts(view))
    assert "QUOTE_STALE" in str(ask("对手"))
    market.counter.drop_quotes()
    market.trading = True
    until(app, lambda view: "行情恢复" in alerts(view))
    assert market.counter.subscriptions, "the subscriptions that were lost were made anew"
