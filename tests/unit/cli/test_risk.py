"""``qmt risk``: what the screen shows of a limit, and the day of a limit from the command line."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.main import app
from qmt_trading.cli.risk import asked_lines, limit_rows
from qmt_trading.cli.words import run
from qmt_trading.codec.risk_json import scope_rows
from qmt_trading.engine.risk.standing import standings
from qmt_trading.model import events as ev
from qmt_trading.model.limits import Scope, ScopeKind
from tests.engine_bench import ACCOUNT, OTHER
from tests.unit.cli.test_cli import an_engine, qmt, rows
from tests.unit.engine.risk.test_standing import limited


def scopes() -> list[dict[str, object]]:
    bench = limited()
    for _ in range(3):
        bench.now_ns += 20 * 10**9
        bench.buy()
    bench.feed(ev.LimitRequested("me", "大单", Scope(ScopeKind.ACCOUNT, ACCOUNT), "orders_per_day_max", 30))
    return scope_rows(standings(bench.engine.view(), bench.now_ns))


def drawn(width: int) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False, markup=False)
    console.print(show.table_of(limit_rows(scopes(), headed=True), show.LIMITS, width=width))
    text = stream.getvalue()
    assert all(cell_len(line) <= width for line in text.splitlines())
    return text


@pytest.mark.parametrize("width", [64, 72, 80, 100, 130])
def test_limit_value_use_and_bar_are_whole_at_any_width(width: int) -> None:
    text = drawn(width)
    for value in (f"账户 {ACCOUNT} 一号", "  单票占比", "10,000.00", "3,150.00", "███·······  31%", "策略 grid"):
        assert value in text
    assert "…" not in text


def test_the_key_goes_first_then_the_position_then_the_source() -> None:
    assert "未显示" not in drawn(130)
    assert "窄屏未显示：键（" in drawn(100)
    assert "窄屏未显示：键、持仓、来源（" in drawn(64)


def test_each_scope_stands_once_above_its_limits_and_beside_each_in_a_file() -> None:
    headed = limit_rows(scopes(), headed=True)
    assert [row["limit_text"] for row in headed if row.get("heading")] == [
        "合计",
        f"账户 {ACCOUNT} 一号",
        f"账户 {OTHER}",
        "通道 door",
        "策略 grid",
    ]
    piped = limit_rows(scopes(), headed=False)
    assert not any(row.get("heading") for row in piped)
    assert len(piped) == len(headed) - 5
    assert {row["scope_text"] for row in piped} >= {"合计", "通道 door"}


def test_what_a_person_has_set_is_told_below_the_table() -> None:
    (line,) = asked_lines(scopes())
    assert line == f"账户 {ACCOUNT} 一号 当日委托笔数设为 30（me 10:01：大单），配置 20"


@pytest.mark.parametrize(
    ("percent", "plain", "style"),
    [
        (0, "··········   0%", ""),
        (79, "███████···  79%", "green"),
        (80, "████████··  80%", "yellow"),
        (99, "█████████·  99%", "yellow"),
        (100, "██████████ 100%", "red"),
        (250, "██████████ 250%", "red"),
    ],
)
def test_a_bar_is_yellow_near_its_limit_and_red_at_it(percent: int, plain: str, style: str) -> None:
    bar = show.bar(percent)
    assert bar.plain == plain
    styles = " ".join(str(span.style) for span in bar.spans)
    for colour in ("yellow", "red"):
        assert (colour in styles) is (colour == style)


def test_without_a_figure_there_is_no_bar() -> None:
    assert show.bar(None).plain == "–"


@pytest.mark.parametrize(
    ("text", "plain", "style"), [("12.3", "+12.30", "red"), ("-1234.56", "-1,234.56", "green"), ("0.00", "+0.00", "")]
)
def test_a_profit_has_its_sign_and_is_red_when_it_is_one(text: str, plain: str, style: str) -> None:
    cell = show.cell({"day_profit": text}, "day_profit")
    assert (cell.plain, str(cell.style)) == (plain, style)


@pytest.mark.parametrize(
    "line",
    [
        "risk set order_value_max 1",
        "risk set order_value_max 1 --total --door x",
        "risk show --account 1 --strategy 2",
        "risk confirm",
        "risk --total show",
    ],
)
def test_a_scope_is_one_and_a_confirmation_says_why(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, line.split()) == exit_codes.USAGE
    assert "✗" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: waits for the engine's socket")
def test_a_limit_from_the_command_line_over_a_kill(tmp_path: Path) -> None:
    qmt("init", str(tmp_path))
    mine = ("--account", "一号")
    with an_engine(tmp_path) as engine:
        assert "100,000.00 → 900.00，今日有效" in qmt("risk", "set", "单笔金额", "900", *mine, folder=tmp_path)
        told = qmt("risk", "set", "order_value_max", "300000", *mine, folder=tmp_path, code=exit_codes.REFUSED)
        assert "--why" in told
        qmt("risk", "set", "order_value_max", "300000", *mine, "--why", "大单", folder=tmp_path)
        (alert, *_) = rows("alerts", folder=tmp_path)
        assert alert["code"] == "LIMIT_LOOSENED"
        qmt("send", "buy 600000.SH 100@跌停:11031122 #t/1", folder=tmp_path)
        text = qmt("risk", folder=tmp_path)
        assert "账户 11031122 一号" in text
        assert "单笔金额设为 300,000.00" in text
        (scope,) = rows("risk", "show", *mine, folder=tmp_path)
        assert (scope["name"], scope["orders"]) == ("11031122", 1)
        qmt("risk", "show", "--door", "nobody", folder=tmp_path, code=exit_codes.REFUSED)
        told = qmt("halt", "--reduce", *mine, "--why", "试", folder=tmp_path)
        assert "11031122：只卖不买" in told
        assert "只卖不买" in qmt("send", "buy 600000.SH 100:11031122", folder=tmp_path, code=exit_codes.REFUSED)
        engine.kill()
        engine.wait()
        (scope,) = rows("risk", "show", *mine, folder=tmp_path)
        assert scope["orders"] == 1
        (tmp_path / "signals.sock").unlink(missing_ok=True)
    with an_engine(tmp_path):
        (scope,) = rows("risk", "show", *mine, folder=tmp_path)
        limits = scope["limits"]
        assert isinstance(limits, list)
        (found,) = [each for each in limits if each["limit"] == "order_value_max"]
        assert (found["source"], found["value"], found["asked"]) == ("tighter", "100000.00", "300000.00")
        assert "LIMITS_HELD" in [row["code"] for row in rows("alerts", folder=tmp_path)]
        assert "已确认 账户 11031122 单笔金额：300,000.00" in qmt("risk", "confirm", "--why", "还要用", folder=tmp_path)
        (scope,) = rows("risk", "--account", "11031122", folder=tmp_path)
        assert isinstance(scope["limits"], list)
        assert scope["limits"][0]["value"] == "300000.00"
