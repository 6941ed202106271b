"""A year's calendar in a person's file: each way to write it, and what is refused with its line."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qmt_trading.market.calendar import SHIPPED, Year
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.calendar_list import parse

YEAR = next(each for each in SHIPPED.years if each.year == 2026)
PLAIN = "\n".join(str(day) for day in YEAR.closed)
TRADING = "trade_date\n" + "\n".join(str(day) for day in YEAR.days())


def refusal(text: str | bytes, name: str = "2026.txt") -> str:
    with pytest.raises(ConfigurationError) as error:
        parse(text.encode("utf-8") if isinstance(text, str) else text, name)
    told = str(error.value)
    assert " / " in told
    assert told.isprintable()
    return told


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("-", "/"),
        PLAIN.replace("-", ""),
        "# 2026 年\n\n" + PLAIN.replace("\n", "\r\n") + "\n",
        "weekday_closure\n" + PLAIN,
        "休市日期,星期\n" + PLAIN.replace("\n", ",一\n") + ",一",
        TRADING,
        "exchange;交易日\n" + "\n".join(f"SSE;{day.year}年{day.month:02}月{day.day:02}日" for day in YEAR.days()),
        (
            "2026-01-01 至 2026-01-03\n2026-02-15 至 2026-02-23\n2026年4月6日\n2026/5/1..2026/5/5\n20260619\n"
            "2026-09-25 ~ 2026-09-27\n2026-10-01 to 2026-10-07\n"
        ),
    ],
)
def test_a_year_may_be_written_in_several_ways(text: str) -> None:
    for content in (text.encode("utf-8"), text.encode("utf-8-sig"), text.encode("gb18030")):
        assert parse(content, "2026.csv") == YEAR


def test_a_toml_file_may_name_sessions_on_weekends() -> None:
    days = ", ".join(str(day) for day in YEAR.closed)
    text = f"year = 2026\nclosed = [{days}]\nweekend_sessions = [2026-02-14]\n"
    assert parse(text.encode(), "any.TOML") == Year(2026, YEAR.closed, (dt.date(2026, 2, 14),))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "里面没有日期"),
        ("2026-01-01\nsome day\n", "第 2 行：「some day」不是日期"),
        ("2026-01-01\n2026-02-30\n", "第 2 行：没有 2026-02-30 这一天"),
        ("2026-01-01\n\n2026-01-01\n", "第 3 行：2026-01-01 在第 1 行已经写过"),
        ("2026-01-02 至 2026-01-05\n2026-01-05", "第 2 行：2026-01-05 在第 1 行已经写过"),
        ("2026-01-05 至 2026-01-02", "2026-01-02 早于 2026-01-05"),
        ("2026-01-03", "2026-01-03 是周末，本来就休市"),
        ("２０２６-01-01", "不是日期"),
        ("2026-01-01\n2027-01-01", "应是一整年"),
        ("trade_date\n2026-01-05\n2026-01-10", "第 3 行：2026-01-10 是周末：周末交易请用 TOML"),
        ("trade_date\n2026-01-05 至 2026-01-08", "不是日期"),
        ("name,trade_date\nx", "「」不是日期"),
        (TRADING.removeprefix("trade_date\n"), "请在第一行写列名 trade_date"),
        (b"\xff\xfe2\x000\x00", "既不是 UTF-8 也不是 GBK"),
    ],
)
def test_what_is_no_year_is_refused_with_its_line(text: str | bytes, told: str) -> None:
    assert told in refusal(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("year = ", "不是合格的 TOML"),
        ("closed = [2026-01-01]", "缺少 year"),
        ("year = true\nclosed = [2026-01-01]", "缺少 year"),
        ("year = 2026", "缺少 closed"),
        ("year = 2026\nclosed = 2026-01-01", "closed 应是列表"),
        ('year = 2026\nclosed = ["2026-01-01"]', "不加引号"),
        ("year = 2026\nclosed = [2026-01-01T00:00:00]", "不加引号"),
        ("year = 2026\nclosed = [2026-01-01]\nholidays = []", "没有这个设置：holidays"),
    ],
)
def test_a_toml_file_that_is_wrong_says_what_would_be_right(text: str, told: str) -> None:
    assert told in refusal(text, "2026.toml")


@given(content=st.binary(max_size=200), name=st.sampled_from(["x.toml", "x.csv"]))
@example(content=b"year = 1" + b"0" * 5000 + b"\nclosed = [2026-01-01]", name="x.toml")
def test_any_bytes_are_a_year_or_refused_in_words(content: bytes, name: str) -> None:
    with contextlib.suppress(ConfigurationError):
        assert parse(content, name).closed
