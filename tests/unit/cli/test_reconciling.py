"""``qmt reconcile``: what the screen says, what a program reads, and what the exit code means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qmt_trading.brokers.simulated.embedded import EmbeddedExchange
from qmt_trading.cli import exit_codes
from qmt_trading.cli.main import app
from qmt_trading.cli.reading import status_pairs
from qmt_trading.cli.reconciling import exit_code, told_lines
from qmt_trading.cli.words import run
from qmt_trading.codec import view_json
from qmt_trading.codec.reconcile_json import age_text, reconcile_rows
from qmt_trading.model.reconciliation import OnDifference
from qmt_trading.model.signal import AccountId
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from tests.engine_bench import ACCOUNT, STOCK
from tests.running import a_configuration
from tests.unit.engine.reconciliation.parts import CASH_NS, Reconciled

MORE = ((STOCK, 2500, 2500),)


def differing() -> Reconciled:
    bench = Reconciled(OnDifference.IGNORE)
    for _ in range(2):
        bench.lists(bench.row("", number="500", price=99_000), held=MORE, cash=CASH_NS - 10**8)
        bench.wait(65)
    return bench


def rows_of(bench: Reconciled) -> list[dict[str, object]]:
    return [{**row, "answered": True} for row in reconcile_rows(bench.engine.view(), bench.now_ns)]


def test_ours_stands_beside_the_brokers_with_each_difference_its_age_and_what_is_believed_of_it() -> None:
    rows = rows_of(differing())
    lines = [line for line, _ in told_lines(rows)]
    assert lines[:4] == [
        f"! {ACCOUNT}：与柜台不一致 / not as the broker has it",
        "  本地/柜台：委托 1/1  成交 0/0  持仓 1/1  资金 1000000.00/990000.00（外部委托 1）",
        f"  差异 {STOCK} 2000≠2500，已 2 分 10 秒，有委托或成交在动，柜台可能滞后",
        "  差异 资金 1000000.00≠990000.00，已 2 分 10 秒，有委托或成交在动，柜台可能滞后",
    ]
    assert lines[4] == '  处理方式：只显示（on_difference = "ignore"）'
    assert exit_code(rows) == exit_codes.REFUSED


def test_no_difference_is_zero_and_no_answer_is_another_code() -> None:
    bench = Reconciled()
    rows = rows_of(bench)
    assert exit_code(rows) == exit_codes.OK
    assert told_lines(rows)[0] == (f"✓ {ACCOUNT}：与柜台一致 / as the broker has it", "green")
    assert exit_code([{**rows[0], "answered": False}, rows[1]]) == exit_codes.NOT_RUNNING
    assert "没有及时给出完整列表" in told_lines([{**rows[0], "answered": False}])[0][0]


def test_unknown_absent_and_unmatched_orders_are_named() -> None:
    bench = Reconciled()
    name = bench.buy()
    bench.report(bench.row(name))
    bench.wait(8)
    other = bench.buy(name="x/2")
    bench.later(4)
    bench.lists(bench.row("", number="8"), bench.row("", number="9"))
    text = "\n".join(line for line, _ in told_lines(rows_of(bench)))
    assert f"本地有、柜台列表没有的委托：{name}" in text
    assert "柜台有 2 行可能是本系统的待核实委托" in text
    assert f"待核实：{other}" in text


def test_status_and_accounts_show_differences_with_since_when() -> None:
    bench = differing()
    (status,) = view_json.rows_of(bench.engine.view(), "status", 1)
    assert status["differences"] == 2
    told = dict(status_pairs({**status, "running": True}))
    assert told["对账差异"] == (
        f"{ACCOUNT} {STOCK} 2000≠2500（10:00:00 起），资金 1000000.00≠990000.00（10:00:00 起）（qmt reconcile）"
    )
    account = view_json.rows_of(bench.engine.view(), "accounts", 9)[0]
    assert str(account["differences_text"]).startswith(f"{STOCK} 2000≠2500")
    (quiet,) = view_json.rows_of(Reconciled().engine.view(), "status", 1)
    assert "对账差异" not in dict(status_pairs({**quiet, "running": True}))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 秒"), (59, "59 秒"), (60, "1 分 0 秒"), (3599, "59 分 59 秒"), (7260, "2 小时 1 分")]
)
def test_an_age_is_told_as_people_say_it(seconds: int, text: str) -> None:
    assert age_text(seconds) == text


def test_a_running_engine_asks_its_exchange_and_says_what_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_configuration(tmp_path)
    asked = ["reconcile", "-c", str(path), "--json"]
    application = Application(load(path))
    application.start()
    try:
        assert run(app, asked) == exit_codes.OK
        found = json.loads(capsys.readouterr().out)
        assert [(row["account"], row["agrees"], row["answered"]) for row in found] == [
            ("11031122", True, True),
            ("11031123", True, True),
        ]
        broker = application._brokers["paper"]
        assert isinstance(broker, EmbeddedExchange)
        broker._exchange.exchange._ledger.accounts[AccountId("11031122")].cash += 10_000_000  # From the bank.
        assert run(app, [*asked, "--account", "11031122"]) == exit_codes.REFUSED
        (row,) = json.loads(capsys.readouterr().out)
        assert (row["agrees"], row["differences"][0]["text"]) == (False, "资金 1000000.00≠1001000.00")
        assert run(app, ["reconcile", "-c", str(path), "--accept"]) == exit_codes.USAGE
        assert "--why" in capsys.readouterr().err
        assert run(app, ["reconcile", "-c", str(path), "--account", "9"]) == exit_codes.REFUSED
        assert "账号未配置" in capsys.readouterr().err
    finally:
        application.stop()
    assert run(app, asked) == exit_codes.NOT_RUNNING
