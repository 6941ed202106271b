"""The report: nobody's number, money, holdings or other orders are in it; it is read as it was written."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.acceptance.conduct import card_with, new_report
from qmt_trading.run.acceptance.report import (
    FILE,
    PAGE,
    SEEN,
    UNSEEN,
    Note,
    Report,
    Result,
    masked_line,
    read,
    write,
)
from qmt_trading.run.capabilities import DROPPED, Finding
from qmt_trading.run.host_talk import Said

ACCOUNT = "8881031122"
DAY = dt.date(2026, 11, 26)
REPORT = new_report(terminal="国金", account=ACCOUNT, simulation=False, client="c 1", now_ns=0)


def result(number: int, outcome: str = SEEN, **findings: Finding) -> Result:
    return Result(
        number=number,
        name="名",
        outcome=outcome,
        told="看到 a|b\n换行",
        began="09:30:00.000",
        ended="09:31:00.000",
        notes=(Note("09:30:01.000", "记"),),
        findings=findings,
    )


def shown(line: dict[str, object], ours: frozenset[str] = frozenset()) -> str:
    return json.dumps(masked_line(Said(1, False, line), ACCOUNT, ours), ensure_ascii=False)


@pytest.mark.parametrize(
    "line",
    [
        {"t": "account", "account": ACCOUNT, "text": f"账号 {ACCOUNT} 登录中"},
        {"t": "row", "account": ACCOUNT, "kind": "order", "row": {"account_id": ACCOUNT, "order_remark": "qa1"}},
        {"t": "welcome", "accounts": [{"account": ACCOUNT, "type": "STOCK"}]},
    ],
)
def test_an_account_is_masked_wherever_it_stands(line: dict[str, object]) -> None:
    text = shown(line, frozenset({"qa1"}))
    assert ACCOUNT not in text
    assert "…1122" in text


def test_a_holders_number_is_masked_and_the_terminals_folder_is_cut() -> None:
    line: dict[str, object] = {
        "t": "row",
        "kind": "order",
        "row": {"order_remark": "qa1", "secu_account": "A123456789"},
    }
    assert "A123456789" not in shown(line, frozenset({"qa1"}))
    facts: dict[str, object] = {"t": "hello", "facts": {"terminal": "D:\\张三\\QMT\\userdata_mini"}}
    assert "张三" not in shown(facts)


@pytest.mark.parametrize("kind", ["asset", "position", "fill"])
def test_money_holdings_and_fills_are_counted_and_left_out(kind: str) -> None:
    text = shown({"t": "rows", "kind": kind, "rows": [{"cash": 123456.78, "stock_code": "600519.SH"}]})
    assert "123456" not in text
    assert "600519" not in text
    assert '"x_left_out": 1' in text


def test_of_orders_only_those_that_the_check_is_about_are_shown() -> None:
    mine, other = {"order_remark": "", "order_sysid": "S1"}, {"order_remark": "x", "order_sysid": "S2"}
    text = shown({"t": "rows", "kind": "order", "rows": [mine, other]}, frozenset({"S1"}))
    assert "S1" in text
    assert "S2" not in text
    assert "S2" not in shown({"t": "row", "kind": "order", "row": other}, frozenset({"S1"}))


def test_it_is_read_as_it_was_written_with_a_page_beside_it(tmp_path: Path) -> None:
    report = REPORT.with_result(result(7, rate_refusal=Finding("none", "二十笔都收下", DAY.isoformat())))
    write(tmp_path / "r", report)
    assert read(tmp_path / "r") == read(tmp_path / "r" / FILE) == report
    page = (tmp_path / "r" / PAGE).read_text(encoding="utf-8")
    assert "| 7 | 名 | 已见 | 看到 a\\|b 换行 |" in page
    assert "`none`" in page
    assert ACCOUNT not in page


def test_the_newest_result_of_a_check_counts_and_only_what_was_seen_completes() -> None:
    report = REPORT.with_result(result(7, UNSEEN)).with_result(result(4))
    assert [each.number for each in report.results] == [4, 7]
    assert not report.complete(frozenset({4, 7}))
    assert report.with_result(result(7)).complete(frozenset({4, 7}))


@pytest.mark.parametrize("content", [None, b"{", b'{"version": 9}'])
def test_a_report_that_cannot_be_used_is_told_of(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ConfigurationError, match="报告"):
        read(tmp_path)


def test_a_card_gathers_findings_keeps_its_first_day_and_begins_anew_with_another_client() -> None:
    report = replace(REPORT, xtquant="x 1")
    first = card_with(None, report, result(14, frozen_queue=Finding(DROPPED, "", DAY.isoformat())), DAY)
    assert (first.since, first.frozen_queue.value) == (DAY, DROPPED)
    later = DAY + dt.timedelta(days=30)
    second = card_with(first, report, result(9, rate_refusal=Finding("none"), unknown=Finding("x")), later)
    assert (second.since, second.frozen_queue.value, second.rate_refusal.value) == (DAY, DROPPED, "none")
    other = card_with(second, replace(report, client="c 2"), result(9, rate_refusal=Finding("none")), later)
    assert (other.since, other.frozen_queue.value) == (later, "")


def test_what_was_seen_on_a_simulation_terminal_stays_marked_so() -> None:
    simulated: Report = replace(REPORT, simulation=True)
    card = card_with(None, simulated, result(9, rate_refusal=Finding("none")), DAY)
    assert card.simulation
