"""Messages from order files and from the journal of an engine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.model.errors import ConfigurationError, JournalError
from qmt_trading.model.numbers import UNIT, Money
from qmt_trading.model.words import BareAction
from qmt_trading.research.columns import Bars
from qmt_trading.run.config import load
from qmt_trading.run.reading import journal_path
from qmt_trading.run.replay.lines import lines_of
from qmt_trading.run.replay.messages import read_lines
from qmt_trading.run.replay.replay import replay
from qmt_trading.run.replay.setup import Plain, configured_setup, plain_setup, wanted_by
from qmt_trading.run.replay.sources import read_journal, with_files
from tests.conftest import ROOT
from tests.market_data import shared
from tests.replay.paper import run_paper
from tests.replay.parts import PLAIN, fills, reasons, replayed
from tests.replay.test_parity import SLIPS, configuration, history, orders_of, signals
from tests.research.days import daily, flat

EXAMPLES = ROOT / "docs" / "examples"


def test_the_journal_of_a_paper_engine_replays_to_what_the_engine_did(tmp_path: Path) -> None:
    given = load(configuration(tmp_path))
    bars = history(2)
    messages = read_lines(signals(5, 60).encode()).messages
    setup = configured_setup(given, "", Money(0), SLIPS)
    paper = run_paper(messages, setup, bars, given)
    journaled = read_journal(given.folder)
    again = replay(journaled.recording.messages, bars, journaled.setup(SLIPS)).fates
    assert orders_of(again) == orders_of(paper)
    assert orders_of(again) == orders_of(replay(messages, bars, setup).fates)
    assert len(again.orders) > 20
    malformed = sum(answer.status == "malformed" for fate in paper.messages for answer in fate.answers)
    assert malformed
    assert any(f"{malformed} 条格式错误" in chinese for chinese, _ in journaled.recording.warnings)


def test_a_folder_without_a_journal_or_without_signals_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        read_journal(tmp_path)
    SqliteJournal(journal_path(tmp_path)).close()
    with pytest.raises(ConfigurationError, match="没有信号"):
        read_journal(tmp_path)


def test_a_line_may_stand_for_a_file_of_orders(tmp_path: Path) -> None:
    (tmp_path / "计划.json").write_text(
        '{"sell": [], "buy": [{"name": "浦发银行", "amount": 50000, "code": "600000.SH"}]}', encoding="utf-8"
    )
    lines = "2024-01-03 09:20:00 file=计划.json\n2024-01-03 09:21:00 buy 600000.SH 100@10.10:b\n"
    recording = with_files(read_lines(lines.encode()), tmp_path, ("a", "b"))
    assert [(message.place, message.at_ns % 10**9) for message in recording.messages] == [(1, 0), (2, 0)]
    assert wanted_by(recording.messages).accounts == ("a", "b")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, "第 1 行：读不了"),
        ('{"buy": [{"name": "x", "amount": 50000, "code": "600000"}], "sell": []}', "第 1 行的文件 plan.json 有误"),
        ('{"buy": [', "没写完"),
    ],
)
def test_a_file_that_is_wrong_refuses_the_whole_and_says_where(tmp_path: Path, written: str | None, told: str) -> None:
    if written is not None:
        (tmp_path / "plan.json").write_text(written, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told):
        with_files(read_lines(b"2024-01-03 09:20:00 file=plan.json\n"), tmp_path, ("a",))


@pytest.mark.parametrize("name", ["orders.csv", "orders.txt", "plan.json"])
def test_the_examples_of_order_files_are_replayed(name: str) -> None:
    lines = f"2024-01-03 09:20:00 file={name}\n"
    recording = with_files(read_lines(lines.encode()), EXAMPLES, ("11031122",))
    wanted = wanted_by(recording.messages)
    bars: dict[str, Bars] = {
        symbol: daily(flat(10.0, 2), symbol=symbol, first="2024-01-03") for symbol in wanted.symbols
    }
    accounts = tuple(each for each in wanted.accounts if not each.startswith("@"))
    setup = plain_setup(Plain(accounts, Money(10**11), BareAction.CANCEL, None, False), PLAIN)
    found = replay(recording.messages, bars, setup)
    assert found.fates.messages
    assert found.fates.orders or name == "orders.txt"
    assert all(fate.answers and fate.answers[0].status != "malformed" for fate in found.fates.messages)


def test_the_eighteen_real_plans_are_replayed_one_a_day() -> None:
    folder = shared("data", "signals", "trade_plans")
    plans = sorted(folder.glob("*.json"))
    assert len(plans) == 18
    days = np.busday_offset("2025-07-28", np.arange(18), roll="forward").astype(str)
    lines = "".join(f"{day} 09:20:00 file={plan.name}\n" for day, plan in zip(days, plans, strict=True))
    recording = with_files(read_lines(lines.encode()), folder, ("11031122",))
    wanted = wanted_by(recording.messages)
    bars: dict[str, Bars] = {
        symbol: daily(flat(10.0, 18), symbol=symbol, first="2025-07-28") for symbol in wanted.symbols
    }
    setup = plain_setup(Plain(wanted.accounts, Money(5_000_000 * UNIT), BareAction.CANCEL, None, False), PLAIN)
    found = replay(recording.messages, bars, setup)
    rows = lines_of(found)
    asked = [json.loads(plan.read_text(encoding="utf-8")) for plan in plans]
    asking = {number for number, plan in enumerate(asked, 1) if plan.get("buy") or plan.get("sell")}
    assert {row.place for row in rows} == asking
    assert len(asking) == 17
    bought = [row for row in rows if row.side == "buy" and row.outcome == "filled"]
    assert sum(len(plan.get("buy", ())) for plan in asked) >= len(bought) > 0
    assert all(row.filled * row.price <= 10**10 for row in bought)
    assert {row.reason for row in rows if row.outcome == "denied"} <= {
        "SELLABLE_EXCEEDED",
        "SIZE_ZERO",
        "CASH_EXCEEDED",
    }
    assert fills(found)


def test_a_word_for_several_accounts_needs_somebody_to_name_them() -> None:
    with pytest.raises(ConfigurationError, match=r"信号里写了 \*"):
        replayed("2024-01-03 09:20:00 buy 600000.SH 100@10:*\n", daily(flat(10.0, 2), first="2024-01-03"))
    named = plain_setup(Plain(("a", "b"), Money(10**10), BareAction.CANCEL, None, False), PLAIN)
    text = b"2024-01-03 09:20:00 buy 600000.SH 100@10.10:*\n"
    found = replay(read_lines(text).messages, {"600000.SH": daily(flat(10.0, 2), first="2024-01-03")}, named)
    assert [row.account for row in lines_of(found)] == ["a", "b"]
    assert reasons(found) == [[]]
