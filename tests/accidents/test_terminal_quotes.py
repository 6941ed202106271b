"""A14 with the real host before a stand-in terminal: the link is green, the quotes are dead, all is subscribed anew."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.child import ChildCarrier
from qmt_trading.brokers.linked.condition import Level, LinkPhase, Listeners
from qmt_trading.brokers.qmt.dialect import XtTranslate
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.market.sessions import ALWAYS_OPEN
from qmt_trading.model import events as ev
from qmt_trading.model.instant import day_of
from qmt_trading.model.limits import Limits
from qmt_trading.model.outputs import QueryBroker
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.terminal_quotes import TerminalQuotes
from qmt_trading.run.terminals import HOST_FILE
from tests.engine_bench import STOCK, Bench
from tests.loop_bench import SETTINGS
from tests.terminal.counter import ACCOUNT, Counter
from tests.terminal.package import make_package, make_terminal
from tests.terminal_ticks import tick
from tests.unit.engine.limited import with_limits

PATIENCE_S: Final = 30.0
LISTED: Final = with_limits(SETTINGS, Limits(symbols_allowed=(STOCK,)))

if sys.platform == "win32":
    pytest.skip("needs Linux or macOS: there the native modules of xtquant are stood in for", allow_module_level=True)


class Joined:
    """A host before the stand-in, a link to it, and the market feed that it fills."""

    def __init__(self, counter: Counter, folder: Path) -> None:
        self.counter = counter
        self.clock = SystemClock()
        self.reports: list[ev.Report] = []
        self.told: list[ev.TerminalComplained] = []
        self.quotes = TerminalQuotes(LISTED, ALWAYS_OPEN, STANDARD, self.clock, self.told.append)
        package, terminal = make_package(folder / "package"), make_terminal(folder)
        command = (sys.executable, str(HOST_FILE), "--terminal", str(terminal), "--xtquant", str(package))
        environment = {**os.environ, "QMT_TEST_COUNTER": counter.address, "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("PYTHONPATH", None)
        self.broker = LinkedBroker(
            "main",
            ChildCarrier(command, environment=environment),
            [AccountId(ACCOUNT)],
            self.clock,
            XtTranslate(),
            Level.NONE,
            listeners=Listeners(
                quotes=lambda rows, now_ns: self.quotes.take("main", rows, now_ns),
                feed=lambda told: self.quotes.host_told("main", told),
                detail=self.quotes.details,
            ),
        )
        self._stopping = threading.Event()
        self._view = Bench().engine.view()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._trade, self._look)]
        self.trading = True

    def start(self) -> None:
        self.broker.start(self.reports.append)
        self.wait(lambda: self.broker.condition().phase is LinkPhase.OPEN)
        self.quotes.use("main", self.broker)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(PATIENCE_S)
        self.broker.stop()

    def wait(self, what: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < until, (self.told, self.broker.condition())
            time.sleep(0.02)

    def codes(self) -> list[str]:
        return [each.code for each in self.told]

    def _look(self) -> None:
        while not self._stopping.wait(0.25):
            self.quotes.pulse(self._view)

    def _trade(self) -> None:
        """Let a tick come ten times a second, while there is trading."""
        while not self._stopping.wait(0.1):
            if self.trading:
                now_ns = time.time_ns()
                self.counter.tick(SH600000=tick(now_ns + 500_000_000, askPrice=[0.0] * 5))


@pytest.fixture
def joined(tmp_path: Path) -> Iterator[Joined]:
    with Counter() as counter:
        made = Joined(counter, tmp_path)
        counter.details[STOCK] = {
            "InstrumentID": "600000",
            "InstrumentName": "*ST浦发",
            "TradingDay": int(f"{day_of(time.time_ns()):%Y%m%d}"),
            "UpStopPrice": 10.5,
            "DownStopPrice": 9.5,
            "PreClose": 10.0,
            "PriceTick": 0.01,
        }
        try:
            made.start()
            yield made
        finally:
            made.stop()


def test_a14_a_dead_subscription_behind_a_green_link_is_told_and_made_anew(joined: Joined) -> None:
    feed = joined.quotes.feed
    joined.wait(
        lambda: feed.quote(STOCK, time.time_ns()) is not None and feed.has_detail(STOCK, day_of(time.time_ns()))
    )
    quote = feed.quote(STOCK, time.time_ns())
    assert quote is not None
    assert (quote.name, quote.risk_warning, quote.limit_up, quote.limit_down) == ("*ST浦发", True, 105_000, 95_000)
    assert quote.asks == (), "an ask of 0 is no price (A18)"
    joined.told.clear()
    joined.trading = False
    joined.wait(lambda: "quotes_silent" in joined.codes())
    age_ns = feed.age_ns(STOCK, time.time_ns())
    assert age_ns is not None
    assert age_ns > 2_900_000_000
    assert joined.broker.condition().beat_age_ms < 20_000, "the link is alive all the while"
    joined.counter.drop_quotes()
    joined.trading = True
    joined.wait(lambda: "quotes_back" in joined.codes())
    assert joined.counter.subscriptions


def test_a_list_through_host_and_link_shows_the_phone_order_as_it_is(joined: Joined) -> None:
    joined.wait(lambda: any(isinstance(each, ev.LinkChanged) for each in joined.reports))
    row = joined.counter.place_elsewhere(phone=True)
    joined.broker.query(QueryBroker(AccountId(ACCOUNT)))
    joined.wait(lambda: any(isinstance(each, ev.BrokerListed) for each in joined.reports))
    listed = next(each for each in joined.reports if isinstance(each, ev.BrokerListed))
    assert (listed.complete, listed.alive, listed.cash) == (True, True, 10_000_000_000)
    (order,) = listed.rows
    assert (order.broker_order_id, order.client_order_id, order.status) == ("", "", OrderStatus.NEW)
    assert order.venue_order_id == str(row["order_sysid"])
