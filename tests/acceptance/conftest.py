"""The stand-in terminal as a configured one: a counter in the test, a host over the real xttrader.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmt_trading.run.config_terminals import QmtTerminal
from qmt_trading.run.host_talk import HostTalk, Said, host_command
from tests.terminal.counter import ACCOUNT, Counter
from tests.terminal.package import make_package, make_terminal

SYMBOL = "601988.SH"


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_package(tmp_path_factory.mktemp("package"))


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """Return a counter that lists one cheap stock whose market is far above limit-down."""
    with Counter() as made:
        monkeypatch.setenv("QMT_TEST_COUNTER", made.address)
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
        made.ticks[SYMBOL] = {"lastPrice": 5.01, "askPrice": [5.02, 5.03, 0, 0, 0], "bidPrice": [5.01, 5.0, 0, 0, 0]}
        yield made


@pytest.fixture
def terminal(tmp_path: Path, package: Path) -> QmtTerminal:
    return QmtTerminal(
        path=make_terminal(tmp_path / "qmt"), python="", xtquant=str(package), sessions=(100, 119), simulation=True
    )


@pytest.fixture
def open_talk(terminal: QmtTerminal) -> Callable[..., HostTalk]:
    """Return what starts a host for the stand-in terminal."""

    def opened(keep: Callable[[Said], None] = lambda said: None, sessions: tuple[int, int] | None = None) -> HostTalk:
        return HostTalk(host_command(terminal, sessions or (120, 139)), ACCOUNT, keep=keep)

    return opened
