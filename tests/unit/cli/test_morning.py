"""``qmt morning`` and ``qmt report`` over a running engine whose accounts are checked, and after it has ended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from qmt_trading.cli.main import app as cli
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from qmt_trading.run.day.outside import NOTHING, Outside
from tests.running import a_configuration

pytestmark = pytest.mark.slow
ACCOUNT, OTHER = "11031122", "11031123"


def until(holds: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < 30, "it did not happen in time"
        time.sleep(0.01)


class Engine:
    """An engine on paper with checks, whose first account's terminal a test lets speak."""

    def __init__(self, folder: Path) -> None:
        self.path = a_configuration(folder)
        text = self.path.read_text(encoding="utf-8")
        self.path.write_text(f"{text}[morning]\ncheck = true\n[day]\nreport = true\n", encoding="utf-8")
        self.outside: Outside = NOTHING
        self.app = Application(load(self.path))
        self.app._day._gather._outside_of = lambda account: self.outside if account == ACCOUNT else NOTHING

    def closed(self, account: str = ACCOUNT) -> tuple[str, ...]:
        return next(row.morning.closed for row in self.app.view.accounts if row.account == account)

    def qmt(self, *words: str, code: int = 0) -> str:
        done = CliRunner().invoke(cli, [*words, "-c", str(self.path)])
        assert done.exit_code == code, (words, done.exit_code, done.output)
        return done.output

    def sends(self, text: str, code: int = 0) -> str:
        return self.qmt("send", text, code=code)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path)
    made.outside = Outside(account_text="登录中")
    made.app.start()
    try:
        yield made
    finally:
        made.app.stop()


def test_a_red_account_is_shown_buys_nothing_and_buys_again_on_a_persons_word(engine: Engine) -> None:
    until(lambda: engine.closed() == ("terminal",) and engine.closed(OTHER) == ())
    text = engine.qmt("morning", code=1)
    assert "✗ 账号未登录：登录中" in text
    assert "与客户端对到分：可用资金 1,000,000.00" in text
    (row,) = [each for each in json.loads(engine.qmt("morning", "--json", code=1)) if each["account"] == ACCOUNT]
    assert (row["green"], row["condition"], row["morning_closed"]) == (False, "degraded", ["terminal"])
    assert "检查未通过" in engine.sends(f"buy 600000.SH 100@对手:{ACCOUNT} #a", code=1)
    assert "检查未通过" in engine.qmt("status")
    assert "异常" in engine.qmt("accounts")
    engine.sends(f"buy 600000.SH 100@对手:{OTHER} #b")
    engine.qmt("morning", "--accept", ACCOUNT, code=2)
    assert "看过了" in engine.qmt("morning", "--accept", ACCOUNT, "--why", "看过了")
    until(lambda: engine.closed() == ())
    engine.sends(f"buy 600000.SH 100@对手:{ACCOUNT} #c")
    assert "不用确认" in engine.qmt("morning", "--accept", ACCOUNT, "--why", "再来")
    engine.qmt("morning", "--account", "nobody", code=1)
    engine.qmt("morning", "--accept", "nobody", "--why", "x", code=1)


def test_holdings_stand_with_their_price_and_profit_as_in_the_table_of_positions(engine: Engine) -> None:
    until(lambda: engine.closed(OTHER) == ())
    engine.sends(f"buy 600000.SH 100@对手:{OTHER} #b")
    until(lambda: bool(json.loads(engine.qmt("positions", "--json"))))
    priced = ("symbol", "quantity", "last_price", "floating_profit", "day_profit")

    def held(row: dict[str, Any]) -> list[Any]:
        return [row[name] for name in priced]

    def shown() -> list[list[Any]]:
        rows = json.loads(engine.qmt("morning", "--json", code=1))
        (of_other,) = [row for row in rows if row["account"] == OTHER]
        return [held(each) for each in of_other["positions"]]

    until(lambda: shown() == [held(each) for each in json.loads(engine.qmt("positions", "--json"))])
    (row,) = shown()
    assert row[1] == 100
    assert None not in row


def test_the_report_of_the_day_is_read_beside_the_engine_and_compared_with_a_statement(
    engine: Engine, tmp_path: Path
) -> None:
    until(lambda: engine.closed(OTHER) == ())
    engine.sends(f"buy 600000.SH 100@对手:{OTHER} #b")
    until(lambda: len(engine.app.view.fills) == 1)
    until(lambda: f"| {OTHER} |" in engine.qmt("report") and '"fills": 1' in engine.qmt("report", "--json"))
    day = engine.app.view.day
    assert day is not None
    write = engine.app._day._write_report
    assert write is not None
    write(day)
    page = tmp_path / "data" / "reports" / f"{day}.md"
    assert f"| {OTHER} |" in page.read_text(encoding="utf-8")
    assert page.with_suffix(".json").exists()
    out = tmp_path / "page.md"
    engine.qmt("report", "--out", str(out))
    assert "# " in out.read_text(encoding="utf-8")
    engine.qmt("report", "--out", str(out), code=2)
    engine.qmt("report", "--date", "2001-01-02", code=1)
    fill = engine.app.view.fills[0]
    head = "成交日期,证券代码,操作,成交数量,成交价格,手续费"
    price = f"{fill.price / 10_000:.4f}"
    row = f"{fill.day:%Y%m%d},600000,买入,100,{price},9.99"
    statement = tmp_path / "s.csv"
    statement.write_bytes(f"{head}\n{row}\n".encode("gb18030"))
    engine.qmt("report", "--statement", str(statement), code=1)  # Which of the two accounts is it of?
    text = engine.qmt("report", "--statement", str(statement), "--account", OTHER)
    assert "一致" in text
    assert "成交不一致 0 项" in text
    statement.write_bytes(f"{head}\n{row.replace(',100,', ',200,')}\n".encode("gb18030"))
    assert "成交不一致 1 项" in engine.qmt("report", "--statement", str(statement), "--account", OTHER, code=1)


def test_without_an_engine_there_is_nothing_to_check(tmp_path: Path) -> None:
    path = a_configuration(tmp_path)
    done = CliRunner().invoke(cli, ["morning", "-c", str(path)])
    assert done.exit_code == 3
