"""Angle messages: each of several glued ones is judged alone."""

from __future__ import annotations

import pytest

from qmt_trading.codec.signal import Parsed, parse
from qmt_trading.model.signal import Heartbeat, Malformed, Signal
from qmt_trading.model.words import SignalForm, Verb


def kinds(results: tuple[Parsed, ...]) -> list[str]:
    return [result.code if isinstance(result, Malformed) else type(result).__name__ for result in results]


def test_the_monitors_message_is_one_stock_and_its_accounts() -> None:
    (signal,) = parse(b"<000001.SZ#10002000,231312,account3>")
    assert isinstance(signal, Signal)
    assert signal.form is SignalForm.ANGLE
    (item,) = signal.items
    assert (item.verb, item.symbol, item.accounts) == (Verb.BARE, "000001.SZ", ("10002000", "231312", "account3"))


@pytest.mark.parametrize("payload", [b"<HeartBeat>", b"<heartbeat>\n", b"< HeartBeat >\0"])
def test_a_heartbeat_is_no_signal(payload: bytes) -> None:
    assert parse(payload) == (Heartbeat(),)


def test_glued_messages_come_out_one_by_one() -> None:
    results = parse(b"<000001.SZ#1><HeartBeat>\r\n<600000.SH#2>")
    assert kinds(results) == ["Signal", "Heartbeat", "Signal"]


def test_full_width_brackets_and_blanks_are_read() -> None:
    assert parse("＜sz000001 ＃ 1，2＞".encode()) == parse(b"<000001.SZ#1,2>")
    assert parse("＜sz000001＃1，2＞".encode("gbk")) == parse(b"<000001.SZ#1,2>")


def test_what_is_wrong_does_not_spoil_its_neighbours() -> None:
    payload = "<000001.SZ#1>乱<600000#2><600000.SH#3><000002.SZ#4<600036.SH#5>".encode()
    results = parse(payload)
    assert kinds(results) == ["Signal", "angle_between", "market_missing", "Signal", "angle_open", "Signal"]
    places = [(result.position, result.item) for result in results if isinstance(result, Malformed)]
    assert places == [(13, 2), (17, 3), (39, 5)]


@pytest.mark.parametrize(
    ("payload", "code", "position"),
    [
        (b"<000001.SZ#1", "angle_open", 0),
        (b"<000001.SZ>", "angle_form", 1),
        (b"<#1>", "symbol_missing", 1),
        (b"<000001.SZ#>", "account_empty", 11),
        (b"<000001.SZ#1,>", "account_empty", 13),
        (b"<000001.SZ#1#2>", "account", 12),
        (b"<000001.SZ:1>", "angle_form", 1),
    ],
)
def test_a_spoiled_angle_message_is_named_with_its_byte(payload: bytes, code: str, position: int) -> None:
    (result,) = parse(payload)
    assert isinstance(result, Malformed)
    assert (result.code, result.position) == (code, position)


def test_a_message_that_broke_off_never_lends_its_head_to_the_next() -> None:
    for end in range(1, len(b"<000001.SZ#10002000")):
        results = parse(b"<000001.SZ#10002000"[:end] + b"<600000.SH#2>")
        assert kinds(results) == ["angle_open", "Signal"]


def test_glued_messages_share_the_bounds_of_one_message() -> None:
    assert len(parse(b"<600000.SH#1>" * 256)) == 256
    assert kinds(parse(b"<600000.SH#1>" * 257)) == ["too_many_items"]
    accounts = b",".join(b"a%d" % number for number in range(600))
    assert kinds(parse(b"<600000.SH#" + accounts + b"><600036.SH#" + accounts + b">")) == ["too_many_accounts"]
