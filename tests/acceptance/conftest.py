"""The stand-in terminal as a configured one: a counter in the test, a host over the real xttrader.py."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from qmt_trading.run.config_terminals import QmtTerminal
from qmt_trading.run.host_talk import HostTalk, Said
from qmt_trading.run.terminals import host_command
from tests.terminal.counter import ACCOUNT, Counter
from tests.terminal.host_end import HOST
from tests.terminal.package import make_package, make_terminal

SYMBOL: Final = "601988.SH"
QUICK_HOST: Final = HOST.parents[3] / "tests" / "terminal" / "quick_host.py"
WAITS: Final = {
    "BACKOFF_S": [0.1, 0.2],
    "BEAT_EVERY_S": 0.3,
    "BEAT_CALL_S": 0.8,
    "BEAT_AGAIN_S": 0.7,
    "CALL_S": 2.0,
    "QUOTES_EVERY_S": 0.05,
    "SESSION_REST_S": 0.5,
}
"""The host's, in seconds: shorter, so that a test of a client that comes back does not take half a minute."""
OpenTalk = Callable[[Callable[[Said], None], tuple[int, int] | None], HostTalk]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def counter() -> Iterator[Counter]:
    """Return a counter that lists one cheap stock whose market is far above limit-down; it ticks."""
    with Counter() as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMT_TEST_COUNTER", made.address)
        today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).strftime("%Y%m%d")
        made.details[SYMBOL] = {
            "InstrumentID": SYMBOL[:6],
            "InstrumentName": "中国银行",
            "TradingDay": today,
            "PreClose": 5.0,
            "UpStopPrice": 5.5,
            "DownStopPrice": 4.5,
            "PriceTick": 0.01,
        }
        prices = {"lastPrice": 5.01, "askPrice": [5.02, 5.03, 0, 0, 0], "bidPrice": [5.01, 5.0, 0, 0, 0]}
        made.ticks[SYMBOL] = {**prices, "time": time.time_ns() // 1_000_000}
        with ticking(made):
            yield made


CLOCK: dict[str, Callable[[], int]] = {"now_ns": time.time_ns}
"""What the exchange's ticks are stamped by."""


@contextmanager
def ticking(counter: Counter) -> Iterator[None]:
    """Send the newest prices again and again, as an exchange does."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.1):
            now_ms = CLOCK["now_ns"]() // 1_000_000
            told = {code: {**tick, "time": now_ms} for code, tick in counter.ticks.items()}
            counter.tick(**{f"{code[-2:]}{code[:6]}": tick for code, tick in told.items()})

    thread = threading.Thread(target=work, name="ticking")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory, package: Path) -> QmtTerminal:
    return QmtTerminal(
        path=make_terminal(tmp_path_factory.mktemp("qmt")),
        python="",
        xtquant=str(package),
        sessions=(100, 119),
        simulation=True,
    )


@pytest.fixture(scope="module")
def open_talk(terminal: QmtTerminal) -> OpenTalk:
    """Return what starts a host for the stand-in terminal."""

    def opened(keep: Callable[[Said], None], sessions: tuple[int, int] | None) -> HostTalk:
        python, _, *arguments = host_command(replace(terminal, sessions=sessions or (120, 139)))
        return HostTalk([python, str(QUICK_HOST), json.dumps(WAITS), *arguments], ACCOUNT, keep=keep)

    return opened
