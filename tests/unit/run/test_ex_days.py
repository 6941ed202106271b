"""Tests when the loop tells of ex-days: before anything of a day is decided, and again when more is known."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.actions import action
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK
from tests.loop_bench import LoopBench, WatchedJournal
from tests.running import a_configuration
from tests.unit.run.test_application import until

from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.records import DayRolled, Opened
from qmt_trading.codec.journal_record import decode_turn
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import day_of
from qmt_trading.model.numbers import SECOND_NS, Money, Quantity
from qmt_trading.model.words import LinkState
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from qmt_trading.run.ex_days import ExDays
from qmt_trading.run.reading import journal_path
from qmt_trading.run.recovery import check_decisions, recover

EX_DAY = DAY + dt.timedelta(days=1)
DOUBLED = action(STOCK, EX_DAY, transfer="10")
A_DAY_NS = 24 * 3600 * SECOND_NS


class File:
    """A source that a test writes into."""

    def __init__(self, *actions: CorporateAction) -> None:
        self.actions: Sequence[CorporateAction] = actions
        self.asked = 0
        self.trouble = ""

    def __call__(self) -> Sequence[CorporateAction]:
        self.asked += 1
        if self.trouble:
            raise ConfigurationError(self.trouble)
        return self.actions


def started(file: File, journal: WatchedJournal | None = None) -> LoopBench:
    return LoopBench(journal, actions_told=ExDays(file).told)


def held(bench: LoopBench) -> int:
    return bench.engine.state.accounts[ACCOUNT].positions[STOCK].quantity


def told(bench: LoopBench) -> list[ev.CorporateActionsTold]:
    return [record for record in bench.observed if isinstance(record, ev.CorporateActionsTold)]


def test_a_day_that_opens_while_the_engine_runs_tells_its_ex_days_at_once() -> None:
    file = File(DOUBLED, action(STOCK, DAY, transfer="10"), action(STOCK, EX_DAY + dt.timedelta(days=1), cash="1"))
    bench = started(file).connect()
    asked = file.asked
    bench.clock.steady += A_DAY_NS
    bench.rest()
    assert (held(bench), file.asked) == (4_000, asked + 1)
    assert told(bench)[-1] == ev.CorporateActionsTold(EX_DAY, (DOUBLED,))
    kinds = [type(each) for each in bench.observed]
    opened = len(kinds) - kinds[::-1].index(out.DayOpened)
    between = kinds[opened : kinds.index(ev.CorporateActionsTold, opened)]
    assert set(between) == {out.QueryBroker}, "nothing of the day has been decided by then"


def test_a_start_that_opens_the_day_tells_them_before_the_broker_is_there() -> None:
    bench = started(File()).connect()
    again = started(File(DOUBLED), bench.journal)
    again.rest()
    assert told(again) == [], "it is another day's"
    again.clock.steady += A_DAY_NS
    later = LoopBench(again.journal, actions_told=ExDays(File(DOUBLED)).told)
    later.clock.steady += A_DAY_NS
    later.rest()
    assert held(later) == 4_000
    assert [each.day for each in told(later)] == [EX_DAY]


def test_a_restart_within_the_day_tells_nothing_that_was_applied_and_all_that_is_new() -> None:
    bench = started(File(DOUBLED)).connect()
    bench.clock.steady += A_DAY_NS
    bench.rest()
    same = started(File(DOUBLED), bench.journal)
    same.rest()
    assert told(same) == []
    assert held(same) == 4_000
    more = action("600036.SH", EX_DAY, cash="1")
    again = started(File(DOUBLED, more), same.journal)
    again.rest()
    assert told(again) == [ev.CorporateActionsTold(EX_DAY, (DOUBLED, more))]
    assert held(again) == 4_000
    assert set(again.engine.state.actions) == {(EX_DAY, STOCK), (EX_DAY, more.symbol)}


def test_a_file_that_is_broken_at_midnight_stops_nothing_and_is_told() -> None:
    file = File(DOUBLED)
    bench = started(file).connect()
    file.trouble = "actions.csv 第 2 行"
    bench.clock.steady += A_DAY_NS
    bench.rest()
    (alert,) = [each for each in bench.observed if isinstance(each, out.Alert) and each.code == "ACTIONS_UNREADABLE"]
    assert "actions.csv 第 2 行" in alert.chinese
    assert held(bench) == 2_000
    mended = started(File(DOUBLED), bench.journal)
    assert held(mended) == 4_000, "nothing has been listed yet"


def test_the_record_folds_to_the_same_state_and_would_be_decided_again() -> None:
    bench = started(File(DOUBLED)).connect()
    bench.send(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER} strategy=alpha #x/1")
    bench.rest()
    bench.clock.steady += A_DAY_NS
    bench.rest()
    bench.connect()
    assert check_decisions(bench.journal, version="test") == []
    assert recover(bench.journal).engine.state.actions == bench.engine.state.actions != {}
    payloads = [turn.payload for turn in bench.journal.turns(1)]
    assert any(isinstance(record, ev.CorporateActionsTold) for each in payloads for record in decode_turn(each))


@pytest.mark.parametrize("days", [1, 2, 10])
def test_days_without_an_engine_are_made_up_for(days: int) -> None:
    bench = started(File()).connect()
    bench.clock.steady += days * A_DAY_NS
    bench.loop._actions_told = ExDays(File(DOUBLED)).told
    bench.rest()
    assert held(bench) == 4_000


def test_an_application_tells_what_its_file_says_of_today(tmp_path: Path) -> None:
    today = day_of(time.time_ns())
    days = [today + dt.timedelta(days=days) for days in (-1, 0, 1)]  # It may be midnight by the time it starts.
    rows = "".join(f"600000.SH,{day.isoformat()},3\n" for day in days)
    (tmp_path / "actions.csv").write_text(f"代码,除权除息日,送股\n{rows}", encoding="utf-8")
    path = a_configuration(tmp_path)
    text = path.read_text(encoding="utf-8") + '[market]\ncorporate_actions = "actions.csv"\n'
    path.write_text(text, encoding="utf-8")
    app = Application(load(path))
    app.start()
    try:
        opened = app.view.day
    finally:
        app.stop()
    reader = SqliteReader(journal_path(tmp_path / "data"))
    records = [record for turn in reader.turns(1) for record in decode_turn(turn.payload)]
    reader.close()
    given = [record for record in records if isinstance(record, ev.CorporateActionsTold)]
    assert opened is not None
    assert [each.day for each in given[:1]] == [opened]
    assert [(action.ex_day, action.bonus_shares) for action in given[0].actions] == [(opened, 300_000_000)]


def test_what_is_added_to_the_file_on_its_day_changes_the_paper_account_at_the_restart(tmp_path: Path) -> None:
    today = day_of(time.time_ns())
    path = a_configuration(tmp_path, accounts=(ACCOUNT,))
    text = path.read_text(encoding="utf-8") + '[market]\ncorporate_actions = "actions.csv"\n'
    path.write_text(text, encoding="utf-8")
    head = "代码,除权除息日,送股,派息\n"
    (tmp_path / "actions.csv").write_text(head, encoding="utf-8")
    (tmp_path / "data").mkdir()
    book = FileBook(tmp_path / "data" / "exchange-paper.book")
    bought = Opened(ACCOUNT, Money(10_000), ((STOCK, Quantity(2_000), Money(0)),))
    book.write([bought, DayRolled(today - dt.timedelta(days=1))])
    book.close()
    assert positions_of(path) == (2_000, "")
    (tmp_path / "actions.csv").write_text(f"{head}{STOCK},{today.isoformat()},1,1\n", encoding="utf-8")
    for _ in range(2):
        assert positions_of(path) == (2_200, "")


def positions_of(path: Path) -> tuple[int, str]:
    """Run the engine until its account was listed; return what it holds and the difference to the broker."""
    app = Application(load(path))
    app.start()
    try:
        account = app._loop._engine.state.accounts[ACCOUNT]
        until(lambda: account.link is LinkState.CONNECTED and account.listed_session == account.session)
        return account.positions[STOCK].quantity, "".join(symbol for symbol in account.differences if symbol == STOCK)
    finally:
        app.stop()
