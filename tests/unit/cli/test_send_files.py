"""``qmt send`` with files and plans, and its dry run, beside a running engine and without one."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmt_trading.cli import exit_codes
from qmt_trading.cli import words as command_line
from qmt_trading.cli.main import app
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from qmt_trading.run.init_template import template
from qmt_trading.run.reading import read_view
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

CONFIG = """
mode = "paper"
[session]
always_open = true
[signals.bare]
action = "撤单"
[[doors]]
{door}
[[terminals]]
name = "paper"
kind = "simulated"
[[terminals.accounts]]
account = "11031122"
name = "一号"
cash = 100000
positions = {{ "600036.SH" = 300 }}
[[terminals.accounts]]
account = "11031123"
cash = 1000
"""
FILE = """\
操作,代码,数量,价格,账号
买入,600000.SH,1000,跌停,一号
买入,600000.SH,150,跌停,11031123
卖出,600036.SH,全部,涨停,*
买入,600000.SH,5万元,跌停,一号、11031199
撤单,600036.SH,,,一号
买入,600036.SH,10%,跌停,11031123
"""
PLAN = '{"sell":[{"lots":99999,"code":"600036.SH"}],"buy":[{"name":"浦发","amount":5000,"code":"600000.SH"}]}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if os.name == "nt":
        door = f"kind = \"named_pipe\"\nname = '\\\\.\\pipe\\test_{time.time_ns()}'"
    else:
        door = "kind = \"unix_socket\"\npath = 's.sock'"
    (tmp_path / "qmt.toml").write_text(CONFIG.format(door=door), encoding="utf-8")
    (tmp_path / "o.csv").write_bytes(FILE.replace("\n", "\r\n").encode("gb18030"))
    (tmp_path / "p.json").write_text(PLAN, encoding="utf-8")
    return tmp_path


Qmt = Callable[..., str]


@pytest.fixture
def qmt(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Qmt:
    """Return what carries out one command in ``folder`` and returns what it printed."""
    monkeypatch.chdir(folder)

    def run(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        found = command_line.run(app, list(words))
        printed = capsys.readouterr()
        assert found == code, (words, found, printed)
        return printed.out + printed.err

    return run


@pytest.fixture
def engine(folder: Path) -> Iterator[Application]:
    application = Application(load(folder / "qmt.toml"))
    application.start()
    yield application
    application.stop()


def json_of(text: str) -> list[dict[str, object]]:
    found = json.loads(text[: text.rindex("]") + 1])
    assert isinstance(found, list)
    return found


def dry(qmt: Qmt, *words: str, code: int = 0) -> list[tuple[object, ...]]:
    rows = json_of(qmt("send", *words, "--dry-run", "--json", code=code))
    keys = ("row", "status", "account", "symbol", "quantity")
    return [tuple(row.get(key, "") for key in keys) for row in rows]


def test_a_dry_run_shows_what_then_happens_and_sends_nothing(qmt: Qmt, engine: Application) -> None:
    expected = [
        (2, "accepted", "11031122", "600000.SH", 1000),
        (3, "denied", "11031123", "600000.SH", ""),
        (4, "accepted", "11031122", "600036.SH", 300),
        (4, "denied", "11031123", "600036.SH", ""),
        (5, "accepted", "11031122", "600000.SH"),
        (5, "denied", "11031199", "600000.SH", ""),
        (6, "cancel", "11031122", "600036.SH", ""),
        (7, "denied", "11031123", "600036.SH", ""),
    ]
    found = dry(qmt, "--file", "o.csv", code=exit_codes.REFUSED)
    assert [row[: len(wanted)] for row, wanted in zip(found, expected, strict=True)] == expected
    text = qmt("send", "--file", "o.csv", "--dry-run", code=exit_codes.REFUSED)
    assert "什么都没有发出" in text
    assert "会拦截" in text
    assert "没有检查" not in text
    assert len(engine.view.signals) == len(engine.view.orders) == 0

    receipts = json_of(qmt("send", "--file", "o.csv", "--json", code=exit_codes.REFUSED))
    lines = [line for receipt in receipts for line in receipt.get("orders", ())]  # type: ignore[attr-defined]
    real = [(line["status"], line["account"], line.get("quantity", "")) for line in lines]
    assert real == [(row[1], row[2], row[4]) for row in found if row[1] != "cancel"]
    assert {row[1] for row in dry(qmt, "--file", "o.csv")} == {"duplicate"}


def test_a_file_is_sent_row_by_row_and_once(qmt: Qmt, folder: Path, engine: Application) -> None:
    told = qmt("send", "--file", "o.csv", code=exit_codes.REFUSED)
    assert "第 2 行 已受理" in told
    assert "第 3 行 已拦截" in told
    again = qmt("send", "-f", "o.csv")
    assert again.count("重复信号，未再下单") == 6
    assert len(read_view(folder / "data").orders) == len(engine.view.orders) == 3


def test_a_plan_goes_to_the_accounts_named(qmt: Qmt, engine: Application) -> None:
    plan = ("--plan", "p.json", "--accounts", "一号，11031123")
    assert [row[1:4] for row in dry(qmt, *plan, code=exit_codes.REFUSED)] == [
        ("accepted", "11031122", "600036.SH"),
        ("denied", "11031123", "600036.SH"),
        ("accepted", "11031122", "600000.SH"),
        ("denied", "11031123", "600000.SH"),
    ]
    assert "已受理（2 ✓ 2 ✗）" in qmt("send", *plan)
    assert "重复" in qmt("send", *plan)
    assert len(engine.view.orders) == 2


def test_what_a_person_types_is_not_bound_by_the_permission_of_a_door(qmt: Qmt, folder: Path) -> None:
    path = folder / "qmt.toml"
    written = path.read_text(encoding="utf-8").replace("[[doors]]", '[[doors]]\nlabel = "monitor"\nallow = ["cancel"]')
    path.write_text(written, encoding="utf-8")
    order = "buy 600000.SH 100@跌停:一号"
    application = Application(load(path))
    application.start()
    try:
        assert [row[1] for row in dry(qmt, order)] == ["accepted"]
        assert "已受理" in qmt("send", f"{order} #t/1")
        assert [row[1] for row in dry(qmt, order, "--door", "monitor", code=exit_codes.REFUSED)] == ["denied"]
        assert "（monitor）只允许：撤单" in qmt("send", f"{order} #t/2", "--door", "monitor", code=exit_codes.REFUSED)
        assert "已受理" in qmt("send", "撤单 600000.SH:一号 #t/3", "--door", "monitor")
        until = time.monotonic() + 20
        while len(application.view.signals) < 3 and time.monotonic() < until:
            time.sleep(0.01)  # A receipt leaves before the view that shows its signal is swapped in.
        assert [signal.door for signal in application.view.signals] == ["control", "monitor", "monitor"]
    finally:
        application.stop()
    assert "可写：control、monitor" in qmt("send", order, "--door", "other", code=exit_codes.USAGE)


def test_the_table_of_the_docs_ends_well_on_the_paper_accounts_of_a_new_configuration(qmt: Qmt, folder: Path) -> None:
    (folder / "qmt.toml").write_text(template(), encoding="utf-8")
    application = Application(load(folder / "qmt.toml"))
    application.start()
    try:
        found = dry(qmt, "--file", str(ROOT / "docs" / "examples" / "orders.csv"))
        assert [row[1] for row in found] == ["accepted"] * 5 + ["cancel"]
        sells = dry(qmt, "卖出 000001.SZ 1/3@对手:一号", code=exit_codes.REFUSED)
        assert [row[1] for row in sells] == ["denied"]
        told = qmt("send", "卖出 000001.SZ 1/3@对手:一号", "--dry-run", code=exit_codes.REFUSED)
        assert "没有可卖的持仓：要卖 1/3" in told.replace("\n", "")
    finally:
        application.stop()


def test_without_an_engine_a_dry_run_says_what_it_could_not_check(qmt: Qmt, folder: Path) -> None:
    found = dry(qmt, "--file", "o.csv", code=exit_codes.REFUSED)
    assert [row[:3] for row in found] == [
        (2, "untold", "11031122"),
        (3, "untold", "11031123"),
        (4, "untold", "11031122"),
        (4, "untold", "11031123"),
        (5, "untold", "11031122"),
        (5, "denied", "11031199"),
        (6, "untold", "11031122"),
        (7, "untold", "11031123"),
    ]
    text = qmt("send", "--file", "o.csv", "--dry-run", code=exit_codes.REFUSED)
    assert "引擎未运行，只按配置检查；没有检查：资金、可卖" in text
    assert "not checked: cash" in text
    assert not (folder / "data").exists()
    qmt("send", "--file", "o.csv", code=exit_codes.NOT_RUNNING)


def test_a_message_can_be_tried_too(qmt: Qmt) -> None:
    assert dry(qmt, "buy 600000.SH 100@10.50:一号") == [("", "untold", "11031122", "600000.SH", 100)]
    assert dry(qmt, "buy 600000.SH 50%@10.50:一号")[0][1] == "untold"
    assert dry(qmt, "buy 600000.SH 150@10.50:一号", code=exit_codes.REFUSED)[0][1] == "denied"
    assert dry(qmt, "buy 600000.SH 99万元@10.50:一号", code=exit_codes.REFUSED)[0][1] == "denied"
    assert dry(qmt, "buy 000001.SH 100@10.50:一号", code=exit_codes.REFUSED)[0][1] == "denied"
    assert dry(qmt, "buy 600000.SH 100@10.50:一号 at=23:59:59")[0][1] == "queued"
    assert dry(qmt, "target 600000.SH 100@10.50:一号")[0][1] == "untold"
    assert dry(qmt, "清仓 600036.SH@10.50:一号")[0][1] == "untold"
    assert dry(qmt, "buy 600000", code=exit_codes.MALFORMED)[0][1] == "malformed"


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        ((), exit_codes.USAGE, "三者写一个"),
        (("buy", "--file", "o.csv"), exit_codes.USAGE, "三者写一个"),
        (("600000.SH:a", "--accounts", "a"), exit_codes.USAGE, "只和 --file"),
        (("--plan", "p.json"), exit_codes.USAGE, "--accounts"),
        (("--plan", "o.csv", "--accounts", "a"), exit_codes.MALFORMED, "不是交易计划"),
        (("--file", "p.json"), exit_codes.MALFORMED, "没有账户"),
        (("--file", "bad.csv"), exit_codes.MALFORMED, "第 2 行 B 列（代码）：代码只有 1 位"),
        (("--file", "none.csv"), exit_codes.USAGE, "--file"),
        (("--file", "empty.json"), exit_codes.OK, "没有要下的单"),
    ],
)
def test_what_cannot_be_sent_is_said_at_once(
    qmt: Qmt, folder: Path, words: tuple[str, ...], code: int, expected: str
) -> None:
    (folder / "bad.csv").write_bytes("操作,代码,数量,账号\r\n买入,1,100,a\r\n".encode("gb18030"))
    (folder / "empty.json").write_bytes(b"")
    assert expected in qmt("send", *words, code=code)
