"""``qmt acceptance`` at a full client: through the strategy that was pasted, and without what it cannot show."""

from __future__ import annotations

import datetime as dt
import functools
import io
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from qmt_trading.cli import accepting, exit_codes, words
from qmt_trading.cli.main import app
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol
from qmt_trading.run import capabilities
from qmt_trading.run.acceptance.checks import CHECKS
from qmt_trading.run.acceptance.report import FILE, SEEN, read
from qmt_trading.run.acceptance.visit import Visit
from qmt_trading.run.config import load
from qmt_trading.run.dialled_talk import DialledTalk
from qmt_trading.run.find_terminal import find_full
from qmt_trading.run.pasted import prepare, secret_of
from tests.acceptance.hands import QUICK, Hands
from tests.fullqmt import python36
from tests.fullqmt.desk import FullClient, FullDesk

pytestmark = [python36.needs_python36, pytest.mark.slow]
ACCOUNT, SYMBOL = "11031122", "601988.SH"
RUN = {check.number: check.run for check in CHECKS}
PATIENCE = replace(QUICK, ready=40.0, answer=5.0, quiet=0.8)


class Place:
    """A full client whose market ticks, and the configuration it is in."""

    def __init__(self, folder: Path) -> None:
        self.client = FullClient(folder / "client", (ACCOUNT,))
        self.config = FullDesk(folder, [self.client]).config
        self.configuration = load(self.config)
        (terminal,) = self.configuration.terminals
        self.client.start(prepare(self.configuration.folder, terminal, observe=False).path)
        today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).strftime("%Y%m%d")
        details = {"InstrumentName": "中国银行", "TradingDay": today, "PreClose": 5.0, "PriceTick": 0.01}
        details |= {"UpStopPrice": 5.5, "DownStopPrice": 4.5}
        self.client.stand.ask(do="details", details={SYMBOL: details})
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="ticking")
        self._thread.start()

    def _tick(self) -> None:
        while not self._over.wait(0.2):
            told = {"time": int(time.time() * 1000), "lastPrice": 5.01, "askPrice": [5.02], "bidPrice": [5.01]}
            self.client.stand.ask(do="ticks", ticks={SYMBOL: told})

    def working(self) -> list[int]:
        return [row["m_nOrderStatus"] for row in self.client.orders() if row["m_nOrderStatus"] not in (53, 54, 56, 57)]

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        assert self.client.stand.escaped() == []
        self.client.stop()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.stop()


def test_what_needs_no_hands_is_seen_through_the_strategy(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(accepting, "Visit", functools.partial(Visit, patience=PATIENCE))
    monkeypatch.setattr(accepting, "_hours", lambda configuration, symbol: lambda: "")
    monkeypatch.setattr(sys, "stdin", io.StringIO("1122\n\n\n\n\n20\nq\n"))
    command = ["acceptance", "-a", ACCOUNT, "-c", str(place.config)]
    assert words.run(app, command) == exit_codes.OK
    told = capsys.readouterr().out
    (made,) = (place.configuration.folder / "acceptance").iterdir()
    report = read(made)
    assert [(each.number, each.outcome) for each in report.results] == [(4, SEEN), (7, SEEN), (8, SEEN), (9, SEEN)]
    by_number = {each.number: each.told for each in report.results}
    assert "最后 已撤" in by_number[7]
    assert "22 字节：原样返回" in by_number[4]
    assert by_number[4].count("宿主不发") == 2
    assert by_number[8].count("收下了") == 3
    assert by_number[9] == "20 笔全部收下，没有频率拒绝"
    assert "12 推送途中" not in told.partition("还没有看到答案的")[2]
    text = (made / FILE).read_text(encoding="utf-8")
    assert ACCOUNT not in text
    assert "m_dAvailable" not in text
    assert "m_strOrderSysID" in text
    card = capabilities.read(place.configuration.folder, place.client.name)
    assert card is not None
    assert card.remark_bytes.value == "22"
    assert len(place.client.orders()) == 1 + 1 + 3 + 20
    assert place.working() == []
    for only in ("12", "14"):
        assert words.run(app, [*command, "--only", only]) == exit_codes.USAGE
    assert words.run(app, ["acceptance", "--show", "-c", str(place.config)]) == exit_codes.OK
    assert "备注返回字节：22" in capsys.readouterr().out


def test_a_refusal_an_order_of_a_phone_and_a_client_that_begins_again_are_seen(place: Place) -> None:
    found = find_full(place.config, ACCOUNT)
    assert found is not None
    secret = secret_of(found.folder, found.terminal)
    person = Hands()
    visit = Visit(
        ACCOUNT,
        None,
        Symbol(SYMBOL),
        person,
        lambda keep, sessions: DialledTalk(found.address, secret, found.name, ACCOUNT, keep=keep),
        book=STANDARD,
        patience=PATIENCE,
    )
    try:
        place.client.dial(refuses="row")
        answer = RUN[8](visit)
        assert answer.outcome == SEEN
        assert answer.told.count("错误推送「[251005] 资金不足」") == 3
        assert answer.told.count("委托行 57") == 3
        place.client.honest()

        def phone() -> None:
            place.client.stand.ask(do="foreign", account=ACCOUNT, symbol=SYMBOL, price=4.5, op=23, phone=True)

        person.script = {"报出后按回车": phone, "输入 y": lambda: "y"}
        answer = RUN[6](visit)
        assert answer.outcome == SEEN
        assert "sysid=yes remark=empty" in answer.findings["phone_orders"].value
        person.script = {"请退出客户端": lambda: str(place.client.stand.ask(do="reload") or "")}
        answer = RUN[5](visit)
        assert answer.outcome == SEEN, answer
        assert answer.told == "客户端重启后：备注还在，委托编号不变，合同编号不变"
        assert any("让策略运行起来" in question for question in person.asked)
        assert place.working() == []
    finally:
        visit.disconnect()


def test_a_strategy_that_watches_is_no_place_for_orders(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    text = place.config.read_text(encoding="utf-8").replace('mode = "live"', 'mode = "shadow"')
    place.config.write_text(text, encoding="utf-8")
    assert words.run(app, ["acceptance", "-a", ACCOUNT, "-c", str(place.config)]) == exit_codes.USAGE
    assert "重新粘贴" in capsys.readouterr().err
    assert place.client.orders() == []
