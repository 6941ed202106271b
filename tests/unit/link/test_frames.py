"""Lines of the link: what is read, what ends the connection, and how bytes become lines."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.link.frames import (
    FROM_ENGINE_BYTES_MAX,
    FROM_HOST_BYTES_MAX,
    INTEGER_MAX,
    BadFrameError,
    Lines,
    parse,
    write,
)


def test_what_was_written_is_read() -> None:
    message = {"t": "stage", "coid": "A1", "text": "柜台：已报", "n": INTEGER_MAX, "native": None, "price": 10.5}
    line = write(message)
    assert line.isascii()
    assert line.endswith(b"}\n")
    assert parse(line[:-1]) == message


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b'"t"',
        b"{}",
        b'{"t":1}',
        b'{"t":"a"',
        b'{"t":"a"} {}',
        '{"t":"柜"}'.encode(),
        b'{"t":"a","x":NaN}',
        b'{"t":"a","x":Infinity}',
        b'{"t":"a","x":-Infinity}',
        b'{"t":"a","x":1e999}',
        b'{"t":"a","t":"a"}',
        b'{"t":"a","x":{"y":1,"y":1}}',
        b'{"t":"a","x":9007199254740993}',
        b'{"t":"a","x":-9007199254740993}',
        b'{"t":"a","x":' + b"9" * 5000 + b"}",
        b'{"t":"a","x":[[[[[[]]]]]]}',
        b'{"t":"a","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"t":"a","x":"\x01"}',
        b"\x00",
    ],
)
def test_a_line_that_breaks_the_rules_is_never_read(line: bytes) -> None:
    with pytest.raises(BadFrameError):
        parse(line)


@pytest.mark.parametrize(
    "line", [b'{"t":"a","x":[[[[[1]]]]]}', b'{"t":"a","x":9007199254740992}', b'{"t":"a","x":"[[[[[[[{{{"}']
)
def test_a_line_at_the_limit_is_read(line: bytes) -> None:
    assert parse(line) == json.loads(line)


def test_half_a_surrogate_pair_can_be_written_to_a_disk() -> None:
    message = parse(b'{"t":"log","x":["\\ud83d"],"y":{"\\uDC00":"\\ud83d\\ude00"}}')
    assert message == {"t": "log", "x": ["�"], "y": {"�": "😀"}}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", object()])
def test_what_a_line_may_not_hold_is_not_written(value: object) -> None:
    with pytest.raises(BadFrameError):
        write({"t": "a", "x": value})


def test_a_line_of_the_engine_has_16_kib_with_its_newline() -> None:
    room = FROM_ENGINE_BYTES_MAX - len(write({"t": "a", "x": ""}))
    assert len(write({"t": "a", "x": "x" * room})) == FROM_ENGINE_BYTES_MAX
    with pytest.raises(BadFrameError):
        write({"t": "a", "x": "x" * (room + 1)})


def test_a_line_at_the_bound_passes_and_one_byte_more_ends_it() -> None:
    longest = b"x" * (FROM_HOST_BYTES_MAX - 1)
    assert Lines().feed(longest + b"\n") == [longest]
    for longer in (b"xx" + longest, b"ok\nxx" + longest, b"ok\nx" + longest + b"\n"):
        with pytest.raises(BadFrameError):
            Lines().feed(longer)


def test_a_line_that_never_ends_is_not_kept_for_ever() -> None:
    lines = Lines()
    for _ in range(FROM_HOST_BYTES_MAX // 2 - 1):
        assert lines.feed(b"xy") == []
    with pytest.raises(BadFrameError):
        lines.feed(b"xy")


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line)), st.lists(st.integers(1, 9), min_size=1))
def test_lines_do_not_depend_on_how_their_bytes_arrive(wanted: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(line + b"\n" for line in wanted) + b"rest"
    lines, found, place = Lines(), [], 0
    while place < len(stream):
        size = sizes[place % len(sizes)]
        found += lines.feed(stream[place : place + size])
        place += size
    assert found == wanted


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_bad_frame(line: bytes) -> None:
    try:
        assert isinstance(parse(line)["t"], str)
    except BadFrameError:
        return


def test_quotes_are_read_quickly_and_cannot_become_anything_else() -> None:
    rows = {"600000.SH": {"lastPrice": 10.5, "bidPrice": [10.49, 0.0]}}
    assert parse(b'{"t":"quotes","rows":{"600000.SH":{"lastPrice":10.5,"bidPrice":[10.49,0.0]}},"hm":5}') == {
        "t": "quotes",
        "rows": rows,
        "hm": 5,
    }
    for disguised in (b'{"t":"quotes","t":"stage"}', b'{"t":"quotes","rows":NaN}', b'{"t":"quotes",'):
        with pytest.raises(BadFrameError):
            parse(disguised)


@pytest.mark.parametrize("kind", [b"quotes", b"log"])
@pytest.mark.parametrize("depth", [100, 600, 900])
def test_half_a_pair_in_the_deep_is_a_message_or_a_bad_frame(kind: bytes, depth: int) -> None:
    line = b'{"t":"' + kind + b'","rows":' + b"[" * depth + b'"\\ud800"' + b"]" * depth + b"}"
    if kind == b"quotes" and depth == 100:
        assert parse(line)["t"] == "quotes"
    elif kind == b"log":
        with pytest.raises(BadFrameError):
            parse(line)
    else:  # How deep it may be is the interpreter's to say; no other error comes of it.
        with contextlib.suppress(BadFrameError):
            parse(line)
