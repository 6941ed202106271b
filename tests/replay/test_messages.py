"""Recorded messages: which times are read, in which encodings, and that nothing is guessed."""

from __future__ import annotations

import pytest

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.run.replay.messages import read_lines
from tests.replay.parts import instant

TEN = instant("10:00:00")
SAID = "buy 600000.SH 100@10.50:11031122"


@pytest.mark.parametrize(
    ("written", "after_ns"),
    [
        ("2024-01-03 10:00:00 ", 0),
        ("2024-01-03T10:00:00 ", 0),
        ("2024/01/03 10:00:00\t", 0),
        ("20240103 10:00:00  ", 0),
        ("2024-01-03 10:00 ", 0),
        ("2024-01-03 10:00:00,", 0),
        ("2024-01-03 10:00:00 , ", 0),
        ("2024-01-03 10:00:00.25 ", SECOND_NS // 4),
        ("2024-01-03 10:00:00,250 ", SECOND_NS // 4),
        ("2024-01-03 10:00:00,250,", SECOND_NS // 4),
        ("2024-01-03 10:00:00.123456789 ", 123_456_789),
        ("2024-01-03T02:00:00Z ", 0),
        ("2024-01-03T11:00:00+09:00 ", 0),
        ("\u3000 2024-01-03 10:00:00 ", 0),
    ],
)
def test_a_time_is_read_as_it_is_written(written: str, after_ns: int) -> None:
    (message,) = read_lines(f"{written}{SAID}\n".encode()).messages
    assert message.at_ns == TEN + after_ns
    assert message.payload == SAID.encode()
    assert message.place == 1


def test_a_message_that_begins_with_figures_is_no_part_of_its_time() -> None:
    (message,) = read_lines(b"2024-01-03 10:00:00,600000.SH:11031122\n").messages
    assert message.at_ns == TEN
    assert message.payload == b"600000.SH:11031122"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_file_is_read_in_every_encoding_of_a_door(encoding: str) -> None:
    text = "# 我的信号\r\n\r\n2024-01-03 10:00:00 买入 600000.SH 1手@涨停:账户一\r\n"
    (message,) = read_lines(text.encode(encoding)).messages
    assert message.payload.decode("utf-8") == "买入 600000.SH 1手@涨停:账户一"
    assert message.place == 3


@pytest.mark.parametrize(
    "line",
    [
        SAID,
        "10:00:00 " + SAID,
        "2024-1-3 10:00:00 " + SAID,
        "2024-02-30 10:00:00 " + SAID,
        "2024-01-03 25:00:00 " + SAID,
        "2024-01-03 10:00:60 " + SAID,
        "2024-01/03 10:00:00 " + SAID,
        "2024-01-03 10:00:00" + SAID,
        "2024-01-03 10:00:00 ",
        "2024-01-03 10:00:00+99:00 " + SAID,
        "1704247200000 " + SAID,
    ],
)
def test_a_line_without_a_time_that_can_be_read_refuses_the_file_by_its_number(line: str) -> None:
    with pytest.raises(ConfigurationError, match="第 2 行"):
        read_lines(f"2024-01-03 10:00:00 {SAID}\n{line}\n".encode())


def test_all_unreadable_lines_are_told_up_to_a_bound() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_lines(b"nothing\n" * 30)
    assert "第 20 行" in str(caught.value)
    assert "第 21 行" not in str(caught.value)
    assert "共 30 行" in str(caught.value)


def test_a_file_that_is_cut_off_in_its_last_line_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="没有换行"):
        read_lines(f"2024-01-03 10:00:00 {SAID}".encode())


def test_lines_out_of_order_are_put_in_order_and_told_and_those_of_one_instant_stay() -> None:
    text = "2024-01-03 10:00:01 a\n2024-01-03 10:00:00 b\n2024-01-03 10:00:00 c\n2024-01-03 10:00:01 d\n"
    found = read_lines(text.encode())
    assert [message.payload for message in found.messages] == [b"b", b"c", b"a", b"d"]
    ((chinese, english),) = found.warnings
    assert "1 行比上一行早" in chinese
    assert "line 2" in english
    assert not read_lines(b"2024-01-03 10:00:00 b\n2024-01-03 10:00:00 c\n").warnings
