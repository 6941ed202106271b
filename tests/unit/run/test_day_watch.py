"""The day's watch: one message when it is due and none besides, silence at night, the last minute, the report."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, DAY, STOCK
from tests.unit.engine.parts import quote
from tests.unit.run.day_parts import Stage, at

from qmt_trading.model.events import CancelsEnding, MorningChecked
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.words import Mode
from qmt_trading.run.day.condition import Condition
from qmt_trading.run.day.outside import FeedState, Outside

TOMORROW = DAY + dt.timedelta(days=1)


def reds(stage: Stage) -> list[tuple[str, ...]]:
    return [each.red for each in stage.told if isinstance(each, MorningChecked)]


def test_an_account_is_checked_when_it_first_becomes_ready_and_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.watch.look()
    assert stage.told == []
    stage.connect(listed=False)
    stage.watch.look()
    assert stage.told == []
    stage.connect()
    for _ in range(3):
        stage.later(1)
    assert reds(stage) == [()]


def test_a_terminal_that_never_comes_is_red_after_a_minute(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.later(60)
    assert stage.told == []
    stage.later(1)
    assert reds(stage) == [("terminal", "list", "figures")]
    stage.later(1)
    assert len(stage.told) == 1


def test_at_night_nobody_is_told_of_a_terminal_that_is_not_there(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "20:00")
    stage.later(61)
    assert stage.told == []
    assert stage.watch.condition(stage.row).condition is Condition.NIGHT


def test_a_reconnection_is_checked_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.connect()
    stage.watch.look()
    stage.disconnect()
    stage.later(1)
    stage.connect(2)
    stage.later(1)
    assert reds(stage) == [(), ()]


def test_a_red_account_is_looked_at_again_and_told_of_when_that_has_changed(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.outside = Outside(feed=FeedState.SILENT)
    stage.connect()
    stage.watch.look()
    for _ in range(3):
        stage.later(30)
    assert reds(stage) == [("quotes",)]
    stage.outside = Outside(feed=FeedState.LIVE)
    stage.later(29)
    assert len(stage.told) == 1
    stage.later(1)
    assert reds(stage) == [("quotes",), ()]
    stage.later(60)
    assert len(stage.told) == 2


def test_before_the_opening_there_is_one_message_and_none_after_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "8:35")
    stage.connect()
    stage.watch.look()
    stage.go("8:44")
    assert len(stage.told) == 1
    stage.go("8:45")
    stage.go("9:00")
    assert reds(stage) == [(), ()]
    late = Stage(tmp_path, "9:14")
    late.connect()
    late.watch.look()
    assert reds(late) == [()]


def test_a_start_within_the_morning_is_checked_once_and_not_before_it_is_connected(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "8:50")
    stage.watch.look()
    assert stage.told == []
    stage.connect()
    stage.later(1)
    stage.later(1)
    assert reds(stage) == [()]


def test_a_new_day_is_checked_when_its_own_list_has_come(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "15:00")
    stage.connect()
    stage.watch.look()
    stage.go("8:30", TOMORROW)  # The view is of yesterday.
    assert len(stage.told) == 1
    stage.view = replace(stage.view, day=TOMORROW)
    stage.change(listed_session=0, ready=False)
    stage.later(1)
    assert len(stage.told) == 1
    stage.change(listed_session=1, ready=True)
    stage.later(1)
    assert reds(stage) == [(), ("session",)]  # It has stayed open through the night's beginning.


def test_what_is_due_in_the_night_waits_for_its_end(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "0:05")
    stage.connect()
    for clock in ("0:06", "3:00", "8:29"):
        stage.go(clock)
    assert stage.told == []
    stage.go("8:30")
    assert reds(stage) == [()]


def test_on_a_day_without_trading_nobody_is_woken(tmp_path: Path) -> None:
    saturday = DAY + dt.timedelta(days=4)
    stage = Stage(tmp_path, "8:40", saturday)
    stage.go("8:46", saturday)
    stage.go("14:56", saturday)
    stage.go("15:40", saturday)
    assert stage.told == []
    assert stage.reports == []


def test_a_minute_before_cancels_end_it_is_told_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "14:55")
    stage.connect()
    stage.watch.look()
    stage.told.clear()
    for clock in ("14:55", "14:56", "14:56", "14:57", "15:00"):
        stage.go(clock)
    assert stage.told == [CancelsEnding(at("14:57"))]


def test_the_morning_phase_without_cancels_is_not_warned_of(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "9:18")
    stage.go("9:19")
    stage.go("9:20")
    assert not any(isinstance(each, CancelsEnding) for each in stage.told)


def test_the_report_is_written_once_after_the_close(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "15:34")
    for clock in ("15:34", "15:35", "15:36"):
        stage.go(clock)
    assert stage.reports == [DAY]


def test_conditions_are_logged_when_they_change(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.watch.look()
    stage.watch.look()
    stage.connect()
    stage.watch.look()
    assert [line.split()[:4] for line in stage.lines] == [
        ["info", "condition", "账户", "…1122"],
        ["info", "condition", "账户", "…1122"],
    ]
    assert "启动中" in stage.lines[0]
    assert "已连接" in stage.lines[1]


def test_a_folder_that_takes_nothing_is_red(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "gone")
    stage.connect()
    stage.watch.look()
    assert "journal" in reds(stage)[0]


def test_a_closed_journal_is_red_in_its_own_words(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.closed = "磁盘满"
    stage.connect()
    stage.watch.look()
    (told,) = stage.told
    assert isinstance(told, MorningChecked)
    assert told.red == ("journal",)
    assert "磁盘满" in told.chinese


def test_what_is_held_is_looked_up_in_the_quotes(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    held = Position(account=ACCOUNT, symbol=STOCK, quantity=Quantity(100), sellable_quantity=Quantity(100))
    other = Position(account=ACCOUNT, symbol=Symbol("000001.SZ"), quantity=Quantity(0), sellable_quantity=Quantity(0))
    stage.view = replace(stage.view, positions=(held, other), mode=Mode.SHADOW)
    stage.feed.quotes[STOCK] = quote(quoted_ns=at("10:00") + 5 * 10**9, suspended=True, name="浦发银行")
    stage.connect()
    stage.watch.look()
    assert reds(stage) == [("clock",)]  # The quote lies in the future.
    facts = stage.gather.facts(stage.row)
    assert facts.positions == 1
    assert facts.today == (f"{STOCK} 浦发银行 停牌",)
    stage.later(10)
    assert stage.gather.facts(stage.row).quote_age_ns == 5 * 10**9
