"""Instants: what Shanghai's clock and calendar show."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.model.instant import (
    SHANGHAI,
    at_time,
    day_of,
    from_iso_text,
    time_of_day_ns,
    to_clock_text,
    to_iso_text,
)
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS

INSTANTS = st.integers(0, 4_102_444_800 * SECOND_NS)


@given(INSTANTS)
def test_day_and_time_are_those_of_the_standard_library(instant_ns: int) -> None:
    there = dt.datetime.fromtimestamp(instant_ns // SECOND_NS, SHANGHAI)
    assert day_of(instant_ns) == there.date()
    seconds = there.hour * 3600 + there.minute * 60 + there.second
    assert time_of_day_ns(instant_ns) == seconds * SECOND_NS + instant_ns % SECOND_NS
    assert to_iso_text(instant_ns)[:19] == there.isoformat()[:19]
    assert from_iso_text(to_iso_text(instant_ns)) == instant_ns // 1_000_000 * 1_000_000


@given(INSTANTS)
def test_an_instant_is_its_day_and_its_time(instant_ns: int) -> None:
    assert at_time(day_of(instant_ns), time_of_day_ns(instant_ns)) == instant_ns


def test_midnight_belongs_to_the_new_day() -> None:
    day = dt.date(2026, 11, 24)
    midnight_ns = at_time(day, 0)
    assert midnight_ns == 1_795_449_600 * SECOND_NS
    assert day_of(midnight_ns) == day
    assert day_of(midnight_ns - 1) == dt.date(2026, 11, 23)
    assert time_of_day_ns(midnight_ns) == 0


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [
        (0, "00:00:00.000"),
        (9 * 3600 * SECOND_NS + 20 * 60 * SECOND_NS - 1, "09:19:59.999"),
        (15 * 3600 * SECOND_NS + 5 * MILLISECOND_NS, "15:00:00.005"),
    ],
)
def test_a_time_is_written_to_the_millisecond_and_never_rounded_up(time_ns: int, text: str) -> None:
    instant_ns = at_time(dt.date(2026, 11, 24), time_ns)
    assert to_clock_text(instant_ns) == text
    assert to_iso_text(instant_ns) == f"2026-11-24T{text}+08:00"


def test_years_without_offsets_of_their_own() -> None:
    assert day_of(0) == dt.date(1970, 1, 1)
    assert to_clock_text(0) == "08:00:00.000"
