"""Imported years: what is accepted, what is refused, and what a start makes of the file that keeps them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.run.config_parts import GOOD, refusal, written

from qmt_trading.market.calendar import SHIPPED, Year
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.words import OpeningPause
from qmt_trading.run.calendar_file import (
    NAME,
    SESSIONS_LEAST,
    SESSIONS_MOST,
    Imported,
    changes,
    check,
    read,
    standing,
    write,
)
from qmt_trading.run.config import load

DAY = dt.timedelta(days=1)


def weekdays(first: str, last: str) -> list[dt.date]:
    day, until, found = dt.date.fromisoformat(first), dt.date.fromisoformat(last), []
    while day <= until:
        if day.weekday() < 5:
            found.append(day)
        day += DAY
    return found


CLOSED = tuple(
    weekdays("2027-01-01", "2027-01-03")
    + weekdays("2027-02-05", "2027-02-12")
    + weekdays("2027-04-05", "2027-04-05")
    + weekdays("2027-05-03", "2027-05-05")
    + weekdays("2027-06-09", "2027-06-09")
    + weekdays("2027-09-15", "2027-09-15")
    + weekdays("2027-10-01", "2027-10-07")
)
NEXT = Year(2027, CLOSED)


def imported(year: Year) -> Imported:
    at = "2026-12-20T10:00:00.000+08:00"
    return Imported(
        year=year.year, closed=year.closed, weekend=year.weekend, who="me", at=at, file="2027.csv", sha256="00"
    )


def refused(year: Year) -> str:
    with pytest.raises(ConfigurationError) as error:
        check(year, SHIPPED)
    assert " / " in str(error.value)
    return str(error.value)


def test_a_whole_year_behind_the_end_is_accepted() -> None:
    check(NEXT, SHIPPED)
    check(replace(NEXT, weekend=(dt.date(2027, 2, 20),)), SHIPPED)
    assert changes(NEXT, SHIPPED) == list(CLOSED), "beyond the end every weekday passed for a trading day"


@pytest.mark.parametrize("year", [each for each in SHIPPED.years if each.year >= 2005], ids=lambda each: str(each.year))
def test_every_shipped_year_is_plausible_and_only_the_last_one_may_be_corrected(year: Year) -> None:
    if year.year == SHIPPED.until.year:
        check(year, SHIPPED)
        assert changes(year, SHIPPED) == []
    else:
        assert "接不上" in refused(year)
    assert SESSIONS_LEAST <= len(list(year.days())) <= SESSIONS_MOST


@pytest.mark.parametrize(
    ("year", "told"),
    [
        (Year(2028, ()), "2028 年接不上"),
        (Year(2025, ()), "2025 年接不上"),
        (Year(2027, (*CLOSED, dt.date(2028, 1, 3))), "不在 2027 年"),
        (Year(2027, (*CLOSED, CLOSED[-1])), "重复或不按顺序"),
        (Year(2027, (*CLOSED, dt.date(2027, 10, 9))), "2027-10-09 是周末"),
        (Year(2027, CLOSED, (dt.date(2027, 10, 8),)), "2027-10-08 不是周末"),
        (Year(2027, CLOSED[:5]), "256 个交易日"),
        (Year(2027, (*CLOSED, *weekdays("2027-12-01", "2027-12-14"))), "233 个交易日"),
        (Year(2027, CLOSED[1:]), "2027-01-01 是法定节假日"),
        (Year(2027, tuple(day for day in CLOSED if day.month < 10)), "2027-10-01 是法定节假日"),
        (Year(2027, (*CLOSED, *weekdays("2027-12-24", "2027-12-31"))), "2027-12-23 到 2027-12-31 之间没有交易日"),
        (
            Year(2027, tuple(sorted({*CLOSED, *weekdays("2027-02-01", "2027-02-12")} - {dt.date(2027, 4, 5)}))),
            "2027-01-29 到 2027-02-15 之间没有交易日",
        ),
    ],
)
def test_what_cannot_be_a_year_of_the_exchanges_is_refused(year: Year, told: str) -> None:
    assert told in refused(year)


def test_what_was_written_is_read_again_with_who_and_when(tmp_path: Path) -> None:
    assert read(tmp_path).calendar is SHIPPED
    write(tmp_path / "new", [imported(NEXT)])
    known = read(tmp_path / "new")
    assert known.trouble == ""
    assert known.imported == (imported(NEXT),)
    assert known.calendar.until == dt.date(2027, 12, 31)
    assert not known.calendar.is_open(dt.date(2027, 1, 1))
    assert [path.name for path in (tmp_path / "new").iterdir()] == [NAME]


def test_a_write_that_fails_leaves_what_stood_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, [imported(NEXT)])
    before = (tmp_path / NAME).read_bytes()

    def refuse(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path, [])
    assert (tmp_path / NAME).read_bytes() == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-3],
        lambda text: text.replace("2027-01-01", "2027-01-09"),
        lambda text: text.replace('"year": 2027', '"year": 2029'),
        lambda text: text.replace('"who"', '"whom"'),
        lambda text: "",
    ],
)
def test_a_damaged_file_leaves_the_shipped_table_in_force_and_is_told_of(tmp_path: Path, spoil: object) -> None:
    write(tmp_path, [imported(NEXT)])
    path = tmp_path / NAME
    assert callable(spoil)
    path.write_text(str(spoil(path.read_text(encoding="utf-8"))), encoding="utf-8")
    known = read(tmp_path)
    assert known.calendar is SHIPPED
    assert known.imported == ()
    assert " / " in known.trouble
    assert NAME in known.trouble


def test_a_correction_of_the_last_shipped_year_comes_before_the_next_one(tmp_path: Path) -> None:
    (year,) = [each for each in SHIPPED.years if each.year == 2026]
    storm = dt.date(2026, 11, 30)
    corrected = Year(2026, tuple(sorted([*year.closed, storm])))
    write(tmp_path, [imported(NEXT), imported(corrected)])
    known = read(tmp_path)
    assert known.trouble == ""
    assert [each.year for each in known.imported] == [2026, 2027]
    assert not known.calendar.is_open(storm)
    assert changes(corrected, SHIPPED) == [storm]


def test_the_configuration_reads_imported_years_and_tells_the_engine_where_they_end(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("always_open = true", "always_open = false"))
    settings = load(path).engine
    assert (settings.calendar_until, settings.calendar_warns_from) == (SHIPPED.until, SHIPPED.warns_from)
    write(tmp_path / "data", [imported(NEXT)])
    configuration = load(path)
    assert configuration.engine.calendar_until == dt.date(2027, 12, 31)
    assert configuration.engine.calendar_warns_from == configuration.calendar.warns_from
    assert configuration.session().calendar is configuration.calendar
    assert configuration.calendar_trouble == ""


def test_what_never_closes_has_no_end(tmp_path: Path) -> None:
    configuration = load(written(tmp_path, GOOD))
    assert configuration.engine.calendar_until is None
    assert configuration.engine.calendar_warns_from is None
    assert configuration.session().always_open


def test_a_damaged_file_does_not_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / NAME).write_bytes(b"{")
    configuration = load(written(tmp_path, GOOD.replace("always_open = true", "always_open = false")))
    assert configuration.engine.calendar_until == SHIPPED.until
    assert NAME in configuration.calendar_trouble


@pytest.mark.parametrize("pause", list(OpeningPause))
def test_what_becomes_of_orders_in_the_pause_is_a_setting(tmp_path: Path, pause: OpeningPause) -> None:
    text = GOOD.replace("[session]", f'[session]\nopening_pause = "{pause.value}"')
    assert load(written(tmp_path, text)).engine.opening_pause is pause
    assert load(written(tmp_path, GOOD)).engine.opening_pause is OpeningPause.HOLD


def test_another_word_for_the_pause_is_refused(tmp_path: Path) -> None:
    assert "hold、deny、pass" in refusal(tmp_path, GOOD.replace("[session]", '[session]\nopening_pause = "wait"'))


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (SHIPPED.warns_from - DAY, "还有 21 个交易日"),
        (SHIPPED.warns_from, "还有 20 个交易日；导入下一年"),
        (SHIPPED.until, "还有 0 个交易日；导入下一年"),
        (SHIPPED.until + DAY, "已经过期：不再下单，撤单照常"),
    ],
)
def test_the_sentence_says_what_to_do_from_twenty_days_before_the_end(day: dt.date, told: str) -> None:
    text = standing(SHIPPED, day)
    assert told in text
    assert ("import" in text) is (day >= SHIPPED.warns_from)
