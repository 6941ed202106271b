"""The table of trading days, against the library it was made from and against recorded days; and how it is walked."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.market.calendar import SHIPPED, WARNING_DAYS, Calendar, Year

ROOT = Path(__file__).resolve().parents[3]
DAY = dt.timedelta(days=1)
FIRST, LAST = dt.date(1990, 12, 19), dt.date(2026, 12, 31)
ALL = [day for day in (FIRST + number * DAY for number in range((LAST - FIRST).days + 1)) if SHIPPED.is_open(day)]
DATES = st.dates(dt.date(1989, 1, 1), dt.date(2030, 12, 31))
LIBRARY = """\
import json, exchange_calendars
calendar = exchange_calendars.get_calendar("XSHG", start="1990-12-19")
print(json.dumps([str(stamp.date()) for stamp in calendar.sessions]))
"""
WINDOWS = sys.platform == "win32"
needs_library = pytest.mark.skipif(
    WINDOWS or importlib.util.find_spec("exchange_calendars") is None,
    reason="needs Linux or macOS" if WINDOWS else "needs exchange-calendars, of the extra 'test'",
)
"""The table is the same everywhere; the library is not among what the tests under Wine install."""


def test_it_reaches_from_the_first_session_to_the_last_published_year() -> None:
    assert (SHIPPED.since, SHIPPED.until) == (FIRST, LAST)
    assert ALL[0] == FIRST
    assert ALL[-1] == LAST


@pytest.mark.slow
@needs_library
def test_it_is_the_librarys_day_by_day() -> None:
    # In a process of its own: what the library warns of at import is not this project's.
    done = subprocess.run([sys.executable, "-c", LIBRARY], check=True, capture_output=True, encoding="utf-8")
    theirs = {dt.date.fromisoformat(text) for text in json.loads(done.stdout)}
    day = FIRST
    while day <= LAST:
        assert SHIPPED.is_open(day) == (day in theirs), day
        day += DAY


@pytest.mark.slow
@needs_library
def test_the_shipped_module_is_what_the_tool_writes() -> None:
    command = [sys.executable, "-c", "import sys, session_table as tool; sys.stdout.buffer.write(tool.text().encode())"]
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT / "tools")
    shipped = (ROOT / "src" / "qmt_trading" / "market" / "session_table.py").read_text(encoding="utf-8")

    def without_version(text: str) -> str:
        return "\n".join(line for line in text.splitlines() if not line.startswith("Written by"))

    assert without_version(done.stdout.decode()) == without_version(shipped)


def test_it_is_the_recorded_sessions_day_by_day(shared: Path) -> None:
    path = shared / "data" / "calendar" / "xshg_sessions_19901219_20261231.csv"
    heading, *lines = path.read_text(encoding="utf-8").split()
    assert heading == "trade_date"
    assert [dt.date.fromisoformat(line) for line in lines] == ALL


def test_it_is_the_recorded_closures_of_weekdays(shared: Path) -> None:
    path = shared / "data" / "calendar" / "weekday_closures_2005_2026.csv"
    heading, *lines = path.read_text(encoding="utf-8").split()
    assert heading == "weekday_closure"
    ours = [day for each in SHIPPED.years if each.year >= 2005 for day in each.closed]
    assert [dt.date.fromisoformat(line) for line in lines] == ours


def test_every_year_since_2000_has_a_plausible_number_of_days() -> None:
    counts = {each.year: len(list(each.days())) for each in SHIPPED.years if each.year >= 2000}
    assert {year: count for year, count in counts.items() if not 235 <= count <= 250} == {}
    assert counts[2026] == 242


@given(day=DATES)
def test_the_next_day_is_the_first_open_one(day: dt.date) -> None:
    found = SHIPPED.next_from(day)
    assert SHIPPED.is_open(found)
    assert not any(SHIPPED.is_open(day + number * DAY) for number in range((found - day).days))
    assert SHIPPED.after(day) == SHIPPED.next_from(day + DAY) > day


@given(day=DATES)
def test_the_day_before_is_undone_by_the_day_after(day: dt.date) -> None:
    found = SHIPPED.before(day)
    if found is None:
        assert day <= FIRST
    else:
        assert found < day
        assert SHIPPED.after(found) == SHIPPED.next_from(day)
        assert not any(SHIPPED.is_open(found + number * DAY) for number in range(1, (day - found).days))


@pytest.mark.parametrize(
    ("day", "left"),
    [(LAST, 0), (LAST + 100 * DAY, 0), (LAST - DAY, 1), (dt.date(2026, 1, 1), 242), (dt.date(2026, 1, 5), 241)],
)
def test_days_left_are_those_after_the_day(day: dt.date, left: int) -> None:
    assert SHIPPED.days_left(day) == left


def test_the_warning_begins_twenty_trading_days_before_the_end() -> None:
    begins = SHIPPED.warns_from
    assert SHIPPED.days_left(begins) == WARNING_DAYS == 20
    before = SHIPPED.before(begins)
    assert before is not None
    assert SHIPPED.days_left(before) == 21


def test_before_the_first_session_nothing_trades_and_beyond_the_end_every_weekday_passes_for_a_trading_day() -> None:
    assert not SHIPPED.is_open(FIRST - DAY)
    assert not SHIPPED.knows(FIRST - DAY)
    assert SHIPPED.is_open(dt.date(2027, 1, 1))
    assert not SHIPPED.is_open(dt.date(2027, 1, 2))
    assert not SHIPPED.knows(dt.date(2027, 1, 1))


def test_a_year_is_added_behind_the_last_or_takes_the_place_of_one() -> None:
    new_year = dt.date(2027, 1, 1)
    longer = SHIPPED.with_year(Year(2027, (new_year,), (dt.date(2027, 1, 2),)))
    assert longer.until == dt.date(2027, 12, 31)
    assert [longer.is_open(new_year + number * DAY) for number in range(3)] == [False, True, False]
    corrected = longer.with_year(Year(2027, ()))
    assert corrected.is_open(new_year)
    assert len(corrected.years) == len(longer.years)
    assert not SHIPPED.knows(new_year), "the shipped one is what it was"


def test_years_follow_each_other() -> None:
    with pytest.raises(AssertionError):
        Calendar([Year(2025, ()), Year(2027, ())])
