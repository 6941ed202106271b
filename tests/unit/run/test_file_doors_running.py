"""The doors for files in a running engine: eighteen real plans, tables as Excel spoils them, an alert file."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.contract.senders import until
from tests.contract.test_tail_door import alert
from tests.unit.intake.workbooks import GOOD, HEADER, number, workbook

from qmt_trading.model.words import SignalStatus
from qmt_trading.run.build import Application
from qmt_trading.run.config import load

pytestmark = pytest.mark.slow

CONFIG = """
mode = "paper"
[session]
always_open = true
[signals.bare]
action = "deny"
[limits]
order_value_max = 10000000
orders_per_second_max = "none"
deviation_max = "none"
[[doors]]
kind = "folder"
path = "in"
accounts = ["一号", "二号"]
[[doors]]
kind = "tail"
path = "alerts.txt"
accounts = ["一号"]
[doors.actions]
"放量突破" = "buy 1手 @跌停"
"快撤" = "撤买"
[[terminals]]
name = "paper"
kind = "simulated"
[[terminals.accounts]]
account = "11031122"
name = "一号"
cash = 100000000
positions = { "511090.SH" = 1000, "162415.SZ" = 5000 }
[[terminals.accounts]]
account = "11031123"
name = "二号"
cash = 100000000
"""
CSV = "操作,代码,数量,价格,账号\r\n"
DAMAGED = {
    "科学.csv": f"{CSV}买入,600000.SH,100,10.5,1.1E+07\r\n".encode("gb18030"),
    "零.csv": f"{CSV}买入,1,100,10.5,11031122\r\n".encode("utf-8-sig"),
    "日期.csv": f"{CSV}卖出,600000.SH,1月3日,10.5,11031122\r\n".encode("gb18030"),
    "小数.csv": f"{CSV}买入,600000.0,100,10.5,11031122\r\n".encode("gb18030"),
    "千位.csv": f'{CSV}买入,600000.SH,"1,000",10.5,11031122\r\n'.encode("utf-16"),
    "半份.csv": f"{CSV}买入,600000.SH,100".encode("gb18030"),
    "零.xlsx": workbook([HEADER, ("买入", 1, *GOOD[2:])]),
    "日期.xlsx": workbook([HEADER, (*GOOD[:2], number("46025", 1).encode(), *GOOD[3:])], formats=["m/d"]),
    "合并.xlsx": workbook([HEADER, GOOD], after='<mergeCells><mergeCell ref="A2:A3"/></mergeCells>'),
    "隐藏.xlsx": workbook([HEADER, GOOD], row_attributes={2: 'hidden="1"'}),
    "错误.xlsx": workbook([HEADER, (*GOOD[:3], b'<c r="{r}" t="e"><v>#REF!</v></c>', *GOOD[4:])]),
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Application]:
    (tmp_path / "qmt.toml").write_text(CONFIG, encoding="utf-8")
    application = Application(load(tmp_path / "qmt.toml"))
    application.start()
    yield application
    application.stop()


def receipt(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / "in" / "done" / f"{name}.回执.csv"
    until(lambda: path.exists() and (folder / "in" / "done" / name).exists(), 30)
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def test_eighteen_real_plans_through_the_folder(engine: Application, tmp_path: Path, shared: Path) -> None:
    files = sorted((shared / "data" / "signals" / "trade_plans").glob("*.json"))
    assert len(files) == 18
    for file in files:
        shutil.copyfile(file, tmp_path / "half")
        (tmp_path / "half").replace(tmp_path / "in" / file.name)
    accepted = 0
    for file in files:
        plan = json.loads(file.read_bytes())
        rows = receipt(tmp_path, file.name)
        if not plan["sell"] and not plan["buy"]:
            assert [row["结果"] for row in rows] == ["无"]
            continue
        wanted = [(each["code"], side) for side in ("sell", "buy") for each in plan[side]]
        words = {"sell": "卖出", "buy": "买入"}
        assert sorted((row["代码"], row["方向"], row["账号"]) for row in rows) == sorted(
            (code, words[side], account) for code, side in wanted for account in ("11031122", "11031123")
        )
        amounts = {each["code"]: each["amount"] for each in plan["buy"]}
        for row in rows:
            accepted += row["结果"] == "已受理"
            if row["方向"] == "买入" and row["结果"] == "已受理":
                assert int(row["数量"]) * Decimal(row["价格"]) <= amounts[row["代码"]]
            assert row["结果"] == "已受理" or row["原因"]
    assert len(engine.view.signals) == 17
    assert len(engine.view.orders) == accepted > 20
    assert all(row.receipt.status is not SignalStatus.MALFORMED for row in engine.view.signals)


def test_tables_that_excel_spoiled_are_refused_whole_and_one_that_is_good_acts_once(
    engine: Application, tmp_path: Path
) -> None:
    for name, data in DAMAGED.items():
        (tmp_path / "half").write_bytes(data)
        (tmp_path / "half").replace(tmp_path / "in" / name)
    for name in DAMAGED:
        rows = receipt(tmp_path, name)
        assert rows[0]["结果"] == "格式错误"
        assert "没有执行" in rows[-1]["原因"]
    assert len(engine.view.signals) == 0
    good = workbook([HEADER[:5], ("买入", "600000.SH", 100, "跌停", "二号")])
    told: list[str] = []
    for name in ("好.xlsx", "好 副本.xlsx"):
        (tmp_path / "half").write_bytes(good)
        (tmp_path / "half").replace(tmp_path / "in" / name)
        told.append(receipt(tmp_path, name)[0]["结果"])
    assert told == ["已受理", "重复信号，未再下单"]
    assert [order.account for order in engine.view.orders] == ["11031123"]


def test_alerts_become_orders_and_cancels(engine: Application, tmp_path: Path) -> None:
    with (tmp_path / "alerts.txt").open("ab") as file:
        file.write(alert("600000") + alert("600036") + alert("600000"))
    until(lambda: len(engine.view.orders) == 2)
    with (tmp_path / "alerts.txt").open("ab") as file:
        file.write(alert("600000", "快撤"))
    until(lambda: [order.status.value for order in engine.view.orders][:1] == ["CANCELED"])
    assert [(order.symbol, order.quantity) for order in engine.view.orders] == [("600000.SH", 100), ("600036.SH", 100)]
