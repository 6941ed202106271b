"""A day of a shadow journal: what counts as ours and as theirs, and whether the day was watched whole."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK
from tests.loop_bench import LoopBench
from tests.shadow_days import HOURS, SHADOW, ShadowBench, a_good_day, clock, end

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.words import OrderStatus, Verb
from qmt_trading.run.compliance import report
from qmt_trading.run.shadow_compare import Comparison, Outcome, What, compare
from qmt_trading.run.shadow_day import NoSuchDayError, ShadowDay, read_day

EVENING = clock(DAY, "18:00:00")


def read(bench: ShadowBench, day: dt.date | None = None, now_ns: int = EVENING) -> tuple[ShadowDay, Comparison]:
    found = read_day(bench.bench.journal, day, now_ns=now_ns)
    return found, compare(found.ours, found.theirs, ended=found.ended)


def test_a_day_on_which_both_would_have_done_the_same_counts() -> None:
    day, found = read(end(a_good_day(ShadowBench())))
    assert (found.count(Outcome.MATCHED), found.differences) == (4, 0)
    assert (day.before, day.starts, day.closed, day.unseen) == (3, 1, True, ())
    assert day.lacks(found) == ""
    assert [round((row.late_ns or 0) / 1e9, 1) for row in found.rows] == [0.4] * 3 + [1.0]


def test_what_stood_before_the_watch_is_no_order_of_the_day_but_its_cancel_is() -> None:
    day, _ = read(a_good_day(ShadowBench()))
    told = sorted((deed.what.value, deed.number) for deed in day.theirs)
    assert told == [("cancel", "70"), ("cancel", "71"), ("cancel", "72"), ("order", "73")]


def test_what_they_did_and_we_were_not_asked_for_is_a_difference() -> None:
    bench = a_good_day(ShadowBench())
    bench.jump("10:07:00").other("74")
    bench.jump("10:08:00").other("74", OrderStatus.CANCELED)
    _, found = read(end(bench))
    assert found.count(Outcome.ONLY_THEIRS) == found.differences == 2


def test_what_we_would_have_done_alone_is_a_difference() -> None:
    bench = a_good_day(ShadowBench())
    bench.jump("10:07:00").say(f"buy {STOCK} 100@10.40:{OTHER} #z/1")
    _, found = read(end(bench))
    (row,) = [row for row in found.rows if row.outcome is Outcome.ONLY_OURS]
    assert row.ours is not None
    assert (row.ours.account, row.ours.quantity, row.ours.seq) == (OTHER, 100, 3)


def test_what_we_refuse_says_why_when_they_did_it() -> None:
    bench = a_good_day(ShadowBench())
    bench.jump("10:07:00").say(f"buy {STOCK} 150@10.40:{ACCOUNT} #z/1")
    bench.jump("10:07:01").other("74", quantity=150, price=104_000)
    bench.jump("10:08:00").say(f"cancel 600036.SH:{ACCOUNT} #z/2")
    _, found = read(end(bench))
    (row,) = [row for row in found.rows if row.outcome is Outcome.DENIED]
    assert row.ours is not None
    assert "数量不合规" in row.ours.refused
    assert found.differences == 1


def test_an_order_that_live_would_have_withheld_too_is_refused_not_done() -> None:
    bench = ShadowBench()
    bench.connect()
    bench.jump("10:00:00")
    bench.bench.journal.during = lambda: setattr(bench.bench.clock, "steady", clock(DAY, "10:01:00"))
    bench.say(f"buy {STOCK} 500@10.50:{ACCOUNT} #z/1")
    day, found = read(bench)
    assert [deed.refused for deed in day.ours] == ["deadline"]
    assert found.rows == ()


def test_a_fill_before_the_cancel_shows_is_no_difference() -> None:
    bench = a_good_day(ShadowBench())
    bench.jump("10:07:00").say(f"cancel {STOCK}:{ACCOUNT} #z/1")
    bench.jump("10:07:00.2").other("73", OrderStatus.FILLED)
    _, found = read(bench)
    assert (found.count(Outcome.OVERTAKEN), found.differences) == (1, 0)


def test_a_repeat_of_a_message_is_told_once() -> None:
    bench = ShadowBench()
    bench.connect()
    bench.jump("10:00:00")
    for _ in range(3):
        bench.say(f"buy {STOCK} 150@10.40:{ACCOUNT} #z/1")
    day, _ = read(bench)
    assert len(day.ours) == 1


def test_a_message_refused_whole_refuses_each_of_its_items() -> None:
    bench = ShadowBench()
    bench.connect()
    bench.jump("10:00:00").say(f"buy {STOCK} 100@10.40:{ACCOUNT} #z/1")
    bench.say(f"cancel {STOCK}:{ACCOUNT},{OTHER} #z/1")
    day, _ = read(bench)
    refused = [deed for deed in day.ours if deed.refused]
    assert [(deed.what, deed.account) for deed in refused] == [(What.CANCEL, ACCOUNT), (What.CANCEL, OTHER)]
    assert all("用于不同内容" in deed.refused for deed in refused)


def test_orders_are_not_compared_where_no_door_may_place_any() -> None:
    doors = tuple(replace(door, allow=(Verb.CANCEL,)) for door in HOURS.doors)
    bench = ShadowBench(bench=LoopBench(settings=replace(HOURS, doors=doors), begins_ns=clock(DAY, "9:00:00")))
    bench.other("70", placed="8:30:00", told=False)
    bench.connect()
    bench.jump("10:00:00").other("71")
    bench.jump("10:05:00").say(f"cancel {STOCK}:{ACCOUNT} #z/1")
    for number in ("70", "71"):
        bench.jump("10:05:00.4").other(number, OrderStatus.CANCELED)
    day, found = read(end(bench))
    assert not day.trades
    assert found.differences == 1
    cancels = day.only(What.CANCEL)
    found = compare(cancels.ours, cancels.theirs, ended=cancels.ended)
    assert (found.count(Outcome.MATCHED), found.differences) == (2, 0)


def test_a_kill_in_the_middle_changes_nothing_that_was_decided() -> None:
    bench = a_good_day(ShadowBench())
    again = ShadowBench(bench=bench.bench.again())
    again.rows = bench.rows
    again.connect()
    day, found = read(end(again))
    assert (found.count(Outcome.MATCHED), found.differences, day.starts) == (4, 0, 2)


def test_an_earlier_day_is_read_from_the_same_journal() -> None:
    bench = end(a_good_day(ShadowBench()))
    later = ShadowBench(DAY + dt.timedelta(1), bench=bench.bench)
    later.jump("9:00:00")
    a_good_day(later).jump("10:07:00").other("75")
    day, found = read(later, DAY)
    assert (day.day, found.differences, found.count(Outcome.MATCHED)) == (DAY, 0, 4)
    day, found = read(later)
    assert (day.day, found.differences) == (DAY + dt.timedelta(1), 1)
    with pytest.raises(NoSuchDayError) as error:
        read(later, DAY + dt.timedelta(7))
    assert error.value.days == [DAY, DAY + dt.timedelta(1)]


def test_a_day_that_shows_too_little_does_not_count() -> None:
    quiet = ShadowBench()
    quiet.connect()
    quiet.jump("15:00:05").other("71")
    day, _ = read(quiet)
    assert "没有一笔对上" in day.lacks(Comparison(()))
    day, found = read(a_good_day(ShadowBench()))
    assert "收盘" in day.lacks(found)
    day, found = read(end(a_good_day(ShadowBench())), now_ns=clock(DAY, "14:59:00"))
    assert "收盘" in day.lacks(found)
    day, found = read(end(a_good_day(ShadowBench(begins="9:30:00"))))
    assert "9:15" in day.lacks(found)
    bench = a_good_day(ShadowBench(bench=LoopBench(settings=SHADOW, begins_ns=clock(DAY, "9:00:00"))))
    bench.jump("15:00:05").other("73", OrderStatus.FILLED)
    day, found = read(bench)
    assert "always_open" in day.lacks(found)


def test_a_journal_of_another_mode_is_refused() -> None:
    paper = replace(HOURS, mode=type(HOURS.mode).PAPER)
    bench = LoopBench(settings=paper, begins_ns=clock(DAY, "9:00:00"))
    with pytest.raises(ConfigurationError, match="不是观察模式"):
        read_day(bench.journal, None, now_ns=EVENING)
    with pytest.raises(NoSuchDayError):
        read_day(type(bench.journal)(), None, now_ns=EVENING)


def test_the_days_figures_count_nothing_of_ours() -> None:
    bench = a_good_day(ShadowBench())
    bench.bench.send(f"buy {STOCK} 300@10.50:{ACCOUNT} #z/1")
    bench.bench.loop.turn()  # On disk; the process dies before it is on record that the order was withheld.
    bench.bench.again()
    figures = next(each for each in report(bench.bench.journal, DAY).accounts if each.account == ACCOUNT)
    assert (figures.orders, figures.cancels, figures.canceled) == (0, 0, 0)
    assert figures.foreign_cancels == 3
