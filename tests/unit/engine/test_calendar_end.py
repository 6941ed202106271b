"""The end of the calendar, told in time: by an alert at the start and on each new day, and in the view."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from qmt_trading.codec.view_json import rows_of
from qmt_trading.engine.engine import Engine
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.words import Importance
from tests.engine_bench import DAY, Bench

ENDS = {"CALENDAR_ENDS", "CALENDAR_ENDED"}
LATER = dt.timedelta(days=1)


def told(outputs: list[out.Output]) -> list[tuple[str, Importance]]:
    alerts = [output for output in outputs if isinstance(output, out.Alert) and output.code in ENDS]
    assert all("qmt calendar import" in each.chinese and "qmt calendar import" in each.english for each in alerts)
    return [(each.code, each.importance) for each in alerts]


def begun(day: dt.date, *, warns_from: dt.date | None, until: dt.date | None) -> tuple[Bench, list[out.Output]]:
    """Return a bench on a fresh journal, and what its first day's opening led to."""
    bench = Bench()
    bench.engine = Engine()
    bench.settings = replace(bench.settings, calendar_warns_from=warns_from, calendar_until=until)
    bound = ev.JournalBound(1, bench.settings.mode, "BENCH", ())
    made = [*bench.feed(bound), *bench.feed(ev.EngineStarted("test", bench.settings)), *bench.feed(ev.DayBegan(day))]
    return bench, made


@pytest.mark.parametrize(
    ("warns_from", "until", "expected"),
    [
        (DAY + LATER, DAY + 30 * LATER, []),
        (DAY, DAY + 29 * LATER, [("CALENDAR_ENDS", Importance.WARNING)]),
        (DAY - 29 * LATER, DAY, [("CALENDAR_ENDS", Importance.WARNING)]),
        (DAY - 30 * LATER, DAY - LATER, [("CALENDAR_ENDED", Importance.CRITICAL)]),
        (None, None, []),
    ],
)
def test_the_opening_of_a_day_tells_of_an_end_that_is_near(
    warns_from: dt.date | None, until: dt.date | None, expected: list[tuple[str, Importance]]
) -> None:
    bench, made = begun(DAY, warns_from=warns_from, until=until)
    assert told(made) == expected
    view = bench.engine.view()
    assert view.calendar_until == until
    assert view.calendar_ends_soon is bool(expected)
    (row,) = rows_of(view, "status", 1)
    assert row["calendar_until"] == (until.isoformat() if until is not None else None)
    assert row["calendar_ends_soon"] is bool(expected)
    assert sum(each.alert.code in ENDS for each in view.alerts) == len(expected)


def test_a_second_start_on_the_same_day_tells_it_again_once() -> None:
    bench, _ = begun(DAY, warns_from=DAY, until=DAY + 29 * LATER)
    assert told(bench.feed(ev.EngineStarted("test", bench.settings))) == [("CALENDAR_ENDS", Importance.WARNING)]


def test_a_start_on_a_new_day_tells_it_with_the_opening_alone() -> None:
    bench, _ = begun(DAY, warns_from=DAY, until=DAY + 29 * LATER)
    bench.now_ns += 24 * 3600 * 10**9
    assert told(bench.feed(ev.EngineStarted("test", bench.settings))) == []
    assert told(bench.feed(ev.DayBegan(DAY + LATER))) == [("CALENDAR_ENDS", Importance.WARNING)]


def test_an_import_is_believed_with_the_next_start() -> None:
    bench, _ = begun(DAY, warns_from=DAY - 30 * LATER, until=DAY - LATER)
    longer = replace(bench.settings, calendar_warns_from=DAY + 300 * LATER, calendar_until=DAY + 330 * LATER)
    assert told(bench.feed(ev.EngineStarted("test", longer))) == []
    assert not bench.engine.view().calendar_ends_soon
