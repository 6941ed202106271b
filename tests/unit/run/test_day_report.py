"""The day on one page: its figures from a view, its files, and a past day out of the journal."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK, Bench

from qmt_trading.codec.journal_record import GENESIS, Record, encode_turn, seal
from qmt_trading.journal.memory import MemoryJournal
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.model.numbers import Money, Price
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.words import OrderStatus
from qmt_trading.ports import StoredTurn
from qmt_trading.run.compliance import NoSuchDayError
from qmt_trading.run.day.past import end_of_day
from qmt_trading.run.day.report import DayReport, report_of
from qmt_trading.run.day.report_page import page_of, put, write

HEAD = (7, b"\xab" * 32)


def traded() -> Bench:
    """Return a day with a fill, a rejected, a foreign and an unknown order, a repeat and two refusals."""
    bench = Bench()
    bench.feed(ev.PositionsMarked((ev.Mark(STOCK, Price(105_000), Price(104_000)),)))
    name = bench.buy(200, name="a")
    bench.feed(ev.SubmitsHandedOver(bench.now_ns + 2_000_000, ((ClientOrderId(name), bench.now_ns + 5_000_000),)))
    bench.now_ns += 30_000_000
    bench.report(bench.row(name, quantity=200))
    bench.filled(bench.fill(name, 200))
    rejected = bench.buy(name="b")
    bench.report(bench.row(rejected, OrderStatus.REJECTED, number="78"))
    bench.report(bench.row("", number="99"))
    bench.buy(name="c")
    bench.later(4)
    bench.signal(f"buy {STOCK} 150@10.50:{OTHER} #d")
    bench.signal(f"buy {STOCK} 150@10.50:{OTHER} #e")
    bench.signal(f"buy {STOCK} 150@10.50:{OTHER} #e")
    return bench


def made(bench: Bench) -> DayReport:
    return report_of(bench.engine.view(), day=DAY, version="1.0", head=HEAD)


def test_the_figures_are_those_of_the_day() -> None:
    report = made(traded())
    assert (report.signals, report.duplicates) == (6, 1)
    assert report.denials == (("LOT_INVALID", 2),)
    account, other = report.accounts
    assert (account.orders, account.foreign_orders, account.fills) == (3, 1, 1)
    assert (account.rejected, account.unknown, account.canceled) == (1, 1, 0)
    assert account.bought == 200 * 105_000
    assert account.sold == 0
    fee = Money(account.fees)
    assert fee > 0
    overnight = 2000 * (105_000 - 104_000)
    assert account.profit == overnight - fee  # What was bought has not moved since.
    assert account.unpriced == ()
    assert other.profit == overnight
    assert len(report.unknown) == 1
    assert any("待核实" in text for text in report.critical)
    assert (report.turn, report.seal) == (7, "ab" * 32)


def test_the_slowest_step_is_told_with_its_signal() -> None:
    steps = {each.step: each for each in made(traded()).slowest}
    assert steps["落盘→发出"].took_ns == 3_000_000
    assert steps["判断→落盘"].took_ns == 2_000_000
    assert steps["发出→柜台应答"].took_ns == 25_000_000
    assert steps["落盘→发出"].seq == 1


def test_what_has_no_price_is_named_and_in_no_profit() -> None:
    account, _ = made(Bench()).accounts
    assert account.profit is None
    assert account.unpriced == (STOCK,)


def test_the_page_says_all_of_it_and_the_files_are_written_whole(tmp_path: Path) -> None:
    report = made(traded())
    page = write(report, tmp_path / "reports")
    text = page.read_text(encoding="utf-8")
    assert text == page_of(report)
    for words in (
        DAY.isoformat(),
        ACCOUNT,
        "`LOT_INVALID` | 数量不合规 | 2",
        "ab" * 32,
        "qmt journal verify --head 7:",
    ):
        assert words in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(row.count("|") == rows[0].count("|") for row in rows[:3])
    figures = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert figures["accounts"][0]["rejected"] == 1
    assert sorted(path.name for path in page.parent.iterdir()) == [f"{DAY}.json", f"{DAY}.md"]


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.md"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        put(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def journal_of(*days: dt.date) -> MemoryJournal:
    """Return a journal with one signal a day."""
    bench = Bench(ready=False)
    journal, head = MemoryJournal(), GENESIS
    number = 0
    for day in days:
        for event in _events(bench, day):
            number += 1
            records: list[Record] = [ev.At(bench.now_ns), event, *bench.feed(event)]
            payload = encode_turn(records)
            head = seal(head, number, payload)
            journal.append(StoredTurn(number, payload, head))
        bench.now_ns += 86_400 * 10**9
    return journal


def _events(bench: Bench, day: dt.date) -> list[ev.Event]:
    begin: list[ev.Event] = [ev.JournalBound(1, bench.settings.mode, "BENCH", (ACCOUNT, OTHER))]
    first = bench.engine.state.day == DAY and day == DAY + dt.timedelta(days=1)
    begin = begin if first else []
    return [
        *begin,
        ev.EngineStarted("test", bench.settings),
        ev.DayBegan(day),
        ev.MalformedReceived("d", 1, "?", "c", 0, 0),
    ]


def test_a_past_day_ends_where_the_next_one_opens() -> None:
    first, second = DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=2)
    journal = journal_of(first, second)
    turns = list(journal.turns())
    past = end_of_day(journal, first)
    assert past.view.day == first
    assert past.view.malformed == 1
    opening = next(turn.number for turn in turns if turn.number > past.head[0])
    assert past.head == (opening - 1, turns[opening - 2].seal)
    last = end_of_day(journal, second)
    assert last.view.day == second
    assert last.head == (turns[-1].number, turns[-1].seal)


def test_a_day_that_was_never_opened_is_told_with_those_that_were() -> None:
    first = DAY + dt.timedelta(days=1)
    with pytest.raises(NoSuchDayError) as error:
        end_of_day(journal_of(first), DAY)
    assert error.value.days == [first]


def test_a_day_of_a_journal_that_was_changed_is_no_day() -> None:
    journal = journal_of(DAY + dt.timedelta(days=1))
    turn = journal._turns[1]
    journal._turns[1] = turn._replace(payload=turn.payload + b" ")
    with pytest.raises(JournalBrokenError):
        end_of_day(journal, DAY + dt.timedelta(days=1))


def test_an_opening_turn_holds_its_mark() -> None:
    journal = journal_of(DAY + dt.timedelta(days=1))
    assert any(b'["opened",' in turn.payload for turn in journal.turns())
    assert out.DayOpened.__struct_config__.tag == "opened"
