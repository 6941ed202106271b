"""``qmt compliance``: the report as text, table and JSON, beside a running engine and after its death."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest
from benchmarks.compliance import build
from msgspec.structs import replace
from rich.cells import cell_len

from qmt_trading.cli import exit_codes
from qmt_trading.cli.compliance_rows import lines_of
from qmt_trading.cli.main import app
from qmt_trading.cli.words import run
from qmt_trading.client import send
from qmt_trading.journal.sqlite import SqliteJournal, SqliteReader
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import OrderStatus, Side
from qmt_trading.run.compliance import last_day, report
from qmt_trading.run.reading import journal_path
from tests.compliance_book import Book, cancel_of, fill_of, foreign_row, row_of
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK
from tests.running import a_configuration, running

GOLDEN = Path(__file__).parents[2] / "golden" / "compliance.csv"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a configuration and a journal that an engine has left."""
    a_configuration(tmp_path)
    (tmp_path / "data").mkdir()
    book = Book(SqliteJournal(journal_path(tmp_path / "data")))
    first, second, third = (book.order(price=price) for price in (104_000, 105_000, 106_050))
    book.sent(first, second, third, book.order(account=OTHER, side=Side.SELL), last=105_000, recent=50_000_000)
    book.turn(*[row_of(order) for order in (first, second, third)])
    book.later(SECOND_NS // 2)
    book.turn(cancel_of(first), fill_of(third, DAY, book.now_ns, price=106_050), foreign_row("x1"))
    book.turn(row_of(first, OrderStatus.CANCELED))
    book.later(SECOND_NS)
    book.turn(book.signal(), book.order())
    book.journal.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def told(*words: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    """Run one command and return what it printed."""
    capsys.readouterr()
    assert run(app, ["compliance", *words]) == code
    shown = capsys.readouterr()
    return shown.err if code else shown.out


def test_alone_it_says_what_is_reported_and_from_where(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys=capsys)
    for words in ("不是法律意见", "no legal advice", "qmt-trading-system 0.", "qmt compliance report", "20,000", "300"):
        assert words in text
    assert all(cell_len(line) <= 120 for line in text.splitlines())


def test_the_text_holds_a_block_an_account(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told("report", capsys=capsys)
    assert f"programme-trading report {DAY}（截至 10:00:01.500" in text
    assert f"账户 account {ACCOUNT} 一号" in text
    assert f"账户 account {OTHER}" in text
    assert "2026-05-20，自编软件 1.0，=打板，申报每秒 10，申报每日 2,000" in text
    assert "未填写 [compliance]" in text
    assert "4（1 笔没记到发出时刻）" in text
    assert "本系统最多 4（10:00:00.000 起），连外部最多 5（10:00:00.000 起）（高频标准 300）" in text
    assert "本系统 5，连外部一共 6（高频标准 20,000）" in text
    assert "1 秒内 1（25.00%）" in text
    assert "只有数字，没有结论" in text


@pytest.mark.parametrize(
    ("orders", "canceled", "shown"),
    [(6, 1, "16.67%"), (3, 1, "33.33%"), (20_000, 1, "0.01%"), (20_001, 1, "0.00%"), (7, 7, "100.00%"), (0, 0, "–")],
)
def test_a_share_on_the_screen_has_two_decimals_rounded_half_up(
    folder: Path, orders: int, canceled: int, shown: str
) -> None:
    reader = SqliteReader(journal_path(folder / "data"))
    found = report(reader, DAY)
    reader.close()
    lines = dict(lines_of(found, replace(found.accounts[0], orders=orders, canceled=canceled)))
    assert str(lines["瞬时撤单 quick cancels"]).endswith(f"全部 {canceled}（{shown}）")


def test_the_table_for_excel_is_the_golden_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "out.csv" in told("report", "--csv", "out.csv", capsys=capsys)
    content = (folder / "out.csv").read_bytes()
    reader = SqliteReader(journal_path(folder / "data"))
    head = report(reader, DAY).head.hex()
    reader.close()
    # The settings of the engine are sealed, too, and grow with each version.
    content = content.replace(head.encode(), b"SEAL").replace(b"\r\n", b"\n")
    assert content == GOLDEN.read_bytes()


def test_the_table_begins_with_the_mark_and_holds_no_formula(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told("report", "--csv", "out.csv", capsys=capsys)
    content = (folder / "out.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    heading, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert [row[1] for row in rows] == [ACCOUNT, OTHER]
    assert {len(row) for row in rows} == {len(heading)}
    assert rows[0][5] == "'=打板"
    assert all(" / " in name and ": " in name for name in heading)


def test_the_rows_for_programs_have_the_tables_figures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours, other = json.loads(told("report", "--json", capsys=capsys))
    figures = ("orders", "orders_unrecorded", "cancels", "total", "foreign_orders", "total_with_foreign", "second_max")
    assert [ours[name] for name in figures] == [4, 1, 1, 5, 1, 6, 4]
    assert (ours["canceled_1s"], ours["canceled_1s_percent"], ours["fills_through"]) == (1, "25.00", 1)
    assert (ours["run_longest"], ours["runs"]) == (3, 1)
    assert (ours["value_1m"], ours["value_1m_symbol"], ours["share_5m_percent"]) == ("1060.50", STOCK, "21.21")
    assert (ours["declared_per_second"], ours["registered"]) == (10, "2026-05-20")
    assert (other["orders"], other["registered"], other["value_1m"], other["share_5m_percent"]) == (1, None, None, None)


def test_one_account_is_shown_by_number_or_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (ACCOUNT, "一号"):
        (row,) = json.loads(told("report", "-a", words, "--json", capsys=capsys))
        assert row["account"] == ACCOUNT
    assert "当日没有账户 nobody" in told("report", "-a", "nobody", capsys=capsys, code=exit_codes.REFUSED)


def test_the_measures_can_be_set_and_stand_in_the_heading(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row, _) = json.loads(told("report", "--rate", "3", "--move", "2", "--json", capsys=capsys))
    assert (row["seconds_fast"], row["orders_through"]) == (1, 0)
    told("report", "--rate", "3", "--move", "2", "--csv", "out.csv", capsys=capsys)
    heading = (folder / "out.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert "达到 3 的整秒数" in heading
    assert "至少 2.00%" in heading


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["--date", "2020-01-01"], exit_codes.REFUSED, f"没有交易日 2020-01-01；最近的：{DAY}"),
        (["--date", "yesterday"], exit_codes.USAGE, "参数 date 的值不对"),
        (["--csv", "qmt.toml"], exit_codes.USAGE, "已存在"),
        (["--csv", "x.csv", "--json"], exit_codes.USAGE, "只用一个"),
        (["--csv", "nowhere/x.csv"], exit_codes.USAGE, "无法使用"),
        (["--rate", "0"], exit_codes.USAGE, "值不对"),
    ],
)
def test_what_cannot_be_reported_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, expected: str
) -> None:
    assert expected in told("report", *words, capsys=capsys, code=code)


def test_a_file_is_replaced_where_that_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "out.csv").write_bytes(b"")
    told("report", "--csv", "out.csv", "--force", capsys=capsys)
    assert (folder / "out.csv").stat().st_size > 0


def test_a_changed_journal_is_told_and_gives_no_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    connection = sqlite3.connect(journal_path(folder / "data"))
    connection.execute("update turn set payload = payload || ' ' where number = 3")
    connection.commit()
    connection.close()
    text = told("report", "--csv", "out.csv", capsys=capsys, code=exit_codes.JOURNAL)
    assert "第 3 轮被改动" in text
    assert not (folder / "out.csv").exists()


def test_a_journal_without_a_day_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = a_configuration(tmp_path)
    assert "没有日志" in told("report", "-c", str(path), capsys=capsys, code=exit_codes.JOURNAL)
    SqliteJournal(journal_path(tmp_path / "data")).close()
    assert "还没有交易日" in told("report", "-c", str(path), capsys=capsys, code=exit_codes.REFUSED)


def test_it_works_beside_a_running_engine_and_after_its_death(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_configuration(tmp_path)
    with running(path) as address:
        assert send(f"buy {STOCK} 100@跌停:{ACCOUNT},{OTHER}", address=address).is_accepted
        assert send(f"cancel {STOCK}:{OTHER}", address=address).is_accepted
        beside = json.loads(told("report", "-c", str(path), "--json", capsys=capsys))
    after = json.loads(told("report", "-c", str(path), "--json", capsys=capsys))
    for rows in (beside, after):
        assert [(row["account"], row["orders"], row["cancels"]) for row in rows] == [(ACCOUNT, 1, 0), (OTHER, 1, 1)]
    assert [row["orders_unrecorded"] for row in after] == [0, 0]


def test_a_busy_day_is_counted_whole(tmp_path: Path) -> None:
    expected = build(tmp_path / "journal.sqlite", 2000)
    reader = SqliteReader(tmp_path / "journal.sqlite")
    day = last_day(reader)
    assert day == DAY
    ours, other = report(reader, day).accounts
    reader.close()
    assert ours.total + other.total == expected
    assert (ours.orders, other.orders, ours.canceled) == (500 + 20, 1500 - 20, 500 + 20)
