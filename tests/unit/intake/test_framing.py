"""Framing: every complete message once and whole, no head and no tail of a broken one, whatever the pieces."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.intake.framing import FIFO_LINE_BYTES_MAX, LineFramer, StreamFramer

FLAGSHIP = b"600000.SH:11031122,11031123;600036.SH:11031124"
ANGLE = b"<000001.SZ#10002000,231312,account3>"
OLD_JSON = (
    b'{"type":"trade_signal","symbol":"600000.SH","accounts":["account_101"],"signal":"EXECUTE","timestamp":1234567890}'
)
BASKET = json.dumps(
    [{"action": "buy", "symbol": "600000.SH", "accounts": ["1"], "note": 'a } "quoted" ] \\'}, {"deep": [[[[{}]]]]}],
    indent=2,
    ensure_ascii=False,
).encode("utf-8")
CHINESE_JSON = '{"备注":"买入 } 一手 ]","accounts":["张三"]}'.encode()
GBK_TEXT = "买入 600000.SH 1手:张三".encode("gb18030")
GBK_JSON = '{"note":"乗昞乚"}'.encode("gb18030")
"""Trail bytes of these characters are ``{``, ``}`` and a backslash."""

STREAM = (
    FLAGSHIP + b"\n" + ANGLE + ANGLE + b"<HeartBeat>\r\n" + OLD_JSON + OLD_JSON + b"\n\n  \n" + BASKET
    + b"\r\n" + CHINESE_JSON + b"\0" + GBK_TEXT + b"\r\n" + GBK_JSON + b"\n" + b"\xef\xbb\xbf" + FLAGSHIP + b"\n"
    + b"\xef\xbb\xbf" + OLD_JSON + FLAGSHIP + b"\0\0"
)  # fmt: skip
MESSAGES = [
    FLAGSHIP, ANGLE, ANGLE, b"<HeartBeat>", OLD_JSON, OLD_JSON, BASKET, CHINESE_JSON, GBK_TEXT, GBK_JSON,
    b"\xef\xbb\xbf" + FLAGSHIP, b"\xef\xbb\xbf" + OLD_JSON, FLAGSHIP,
]  # fmt: skip


def framed(pieces: list[bytes], *, bound: int = 65_536) -> tuple[list[bytes], list[bytes], bytes]:
    """Return the messages, what was truncated, and the rest."""
    framer = StreamFramer(bound)
    messages: list[bytes] = []
    truncated: list[bytes] = []
    for piece in pieces:
        messages += framer.feed(piece)
        truncated += [broken for _, broken in framer.truncated]
    return messages, truncated, framer.rest()


def test_the_gbk_example_really_holds_structure_bytes() -> None:
    assert GBK_JSON.count(b"}") + GBK_JSON.count(b"{") + GBK_JSON.count(b"\\") > 2


def test_all_formats_in_one_piece() -> None:
    assert framed([STREAM]) == (MESSAGES, [], b"")


def test_the_stream_split_at_every_byte_gives_the_same_messages() -> None:
    for cut in range(len(STREAM) + 1):
        assert framed([STREAM[:cut], STREAM[cut:]]) == (MESSAGES, [], b""), cut


def test_the_stream_byte_by_byte_gives_the_same_messages() -> None:
    assert framed([STREAM[index : index + 1] for index in range(len(STREAM))]) == (MESSAGES, [], b"")


@given(
    data=st.lists(
        st.sampled_from(
            [b"{", b"}", b"[", b"]", b"<", b">", b'"', b"\\", b"\n", b"\r", b"\0", b" ", b"a", b"\xef\xbb\xbf", b"\xd2"]
        ),
        max_size=40,
    ),
    cuts=st.lists(st.integers(0, 60), max_size=6),
)
def test_any_bytes_in_any_pieces_frame_as_in_one_piece(data: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(data)
    marks = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[begin:end] for begin, end in itertools.pairwise(marks)]
    assert framed(pieces, bound=12)[:2] == framed([whole], bound=12)[:2]
    assert framed(pieces) == framed([whole])


@given(st.binary(max_size=200), st.integers(1, 20))
def test_no_byte_of_a_delivered_message_was_invented(data: bytes, size: int) -> None:
    messages, truncated, _ = framed([data[index : index + size] for index in range(0, len(data), size)])
    position = 0
    for message in messages:
        position = data.index(message, position) + len(message)
    assert truncated == []


def test_no_prefix_of_a_message_comes_out_as_a_message() -> None:
    for message in (FLAGSHIP, ANGLE, OLD_JSON, BASKET):
        for length in range(1, len(message)):
            messages, truncated, rest = framed([message[:length]])
            assert (messages, truncated, rest) == ([], [], message[:length]), length


def test_no_tail_of_a_message_that_broke_off_comes_out_as_a_message() -> None:
    message = b"cancel 600000.SH:11031122;cancel 600036.SH:11031124"
    for length in range(1, len(message)):
        framer = StreamFramer()
        assert framer.feed(message[:length]) == []
        assert framer.rest() == message[:length]
        assert framer.feed(message[length:] + b"\n" + FLAGSHIP + b"\n") == [FLAGSHIP], length
        assert framer.truncated == [(0, message[length:])]


def test_a_tail_after_silence_is_told_each_time_so_that_a_sender_without_newlines_is_answered() -> None:
    framer = StreamFramer()
    for _ in range(3):
        assert framer.feed(FLAGSHIP) == []
        assert framer.rest() == FLAGSHIP


def test_the_tail_of_a_broken_angle_message_ends_at_its_bracket() -> None:
    framer = StreamFramer()
    framer.feed(ANGLE[:10])
    assert framer.rest() == ANGLE[:10]
    assert framer.feed(ANGLE[10:] + ANGLE) == [ANGLE]


def test_a_json_value_that_broke_off_loses_the_stream() -> None:
    framer = StreamFramer()
    framer.feed(BASKET[: len(BASKET) // 2])
    assert not framer.is_lost
    assert framer.rest()
    assert framer.is_lost


def test_a_newline_within_a_json_string_ends_a_message_for_the_parser_to_refuse() -> None:
    assert framed([b'{"note":"never closed\n' + FLAGSHIP + b"\n"])[0] == [b'{"note":"never closed', FLAGSHIP]


def test_an_escaped_quote_does_not_end_a_string_at_any_depth() -> None:
    for value in (rb'{"a":"\"}"}', rb'[[[[{"a":"\"}]]]]]]"}]]]]', rb'[[[[{"a":"\\"}]]]]'):
        for size in (1, 2, 1000):
            pieces = [value[index : index + size] for index in range(0, len(value), size)]
            assert framed([*pieces, FLAGSHIP, b"\n"]) == ([value, FLAGSHIP], [], b"")


def test_parts_of_a_basket_on_lines_of_their_own_are_no_messages() -> None:
    assert framed([b'[\n{"action":"buy"},\n{"action":"sell"}\n]\n'])[0] == [
        b'[\n{"action":"buy"},\n{"action":"sell"}\n]'
    ]


@pytest.mark.parametrize("opening", [b"", b"<", b'{"a":"'])
def test_a_message_at_the_bound_passes_and_one_byte_more_is_truncated_once(opening: bytes) -> None:
    closing = {b"": b"\n", b"<": b">", b'{"a":"': b'"}'}[opening]
    kept = b"" if closing == b"\n" else closing
    whole = opening + b"x" * (1000 - len(opening) - len(kept)) + closing
    longer = opening + b"x" * (1001 - len(opening) - len(kept)) + closing
    for size in (1, 7, 999, 1000, 1001, 5000):
        for data, expected in ((whole, 0), (longer, 1), (opening + b"x" * 9000 + closing, 1)):
            stream = FLAGSHIP + b"\n" + data + FLAGSHIP + b"\n"
            pieces = [stream[index : index + size] for index in range(0, len(stream), size)]
            messages, truncated, rest = framed(pieces, bound=1000)
            assert len(truncated) == expected
            assert messages == [FLAGSHIP, *([] if expected else [whole.rstrip(b"\n")]), FLAGSHIP]
            assert all(len(each) <= 1000 for each in truncated)
            assert rest == b""


def test_truncated_messages_keep_their_place_in_the_order() -> None:
    framer = StreamFramer(bound=10)
    messages = framer.feed(b"one\n" + b"x" * 11 + b"\n" + b"y" * 11 + b"\ntwo\n")
    assert messages == [b"one", b"two"]
    assert framer.truncated == [(1, b"x" * 10), (1, b"y" * 10)]


def test_an_endless_message_is_told_once_and_takes_no_memory() -> None:
    for byte in (b"x", b"<", b"{", b" ", b'"'):
        framer = StreamFramer(bound=1000)
        told = 0
        for _ in range(200):
            assert framer.feed(byte * 100) == []
            told += len(framer.truncated)
            assert len(framer._pending) <= 1100
        assert told == 1
        assert not framer.has_rest()


def test_blanks_are_no_rest() -> None:
    framer = StreamFramer()
    assert framer.feed(b" \r\n\t ") == []
    assert not framer.has_rest()
    assert framer.rest() == b""
    assert framer.feed(FLAGSHIP + b"\n") == [b"\t " + FLAGSHIP]


def test_fifo_lines_in_any_pieces() -> None:
    data = FLAGSHIP + b"\r\n\n  \n" + b"z" * FIFO_LINE_BYTES_MAX + b"\n" + b"z" * 5000 + b"\n" + GBK_TEXT + b"\n"
    for size in (1, 3, 4096, 65_536):
        framer = LineFramer()
        messages: list[bytes] = []
        broken: list[bytes] = []
        for index in range(0, len(data), size):
            messages += framer.feed(data[index : index + size])
            broken += [each for _, each in framer.truncated]
        assert messages == [FLAGSHIP, b"z" * FIFO_LINE_BYTES_MAX, GBK_TEXT]
        assert broken == [b"z" * FIFO_LINE_BYTES_MAX]
        assert framer.rest() == b""


def test_the_tail_of_a_fifo_line_that_was_given_up_is_never_a_message() -> None:
    framer = LineFramer()
    assert framer.feed(b"sell ") == []
    assert framer.has_rest()
    assert framer.rest() == b"sell "
    assert not framer.has_rest()
    assert framer.feed(b"600010.SH:11031123\n" + FLAGSHIP + b"\n") == [FLAGSHIP]
    assert framer.truncated == [(0, b"600010.SH:11031123")]


def test_a_fifo_tail_in_pieces_with_silences_between_is_never_a_message_either() -> None:
    framer = LineFramer()
    for piece in (b"sell ", b"6000", b"10.SH:1"):
        assert framer.feed(piece) == []
        assert framer.rest() == piece
    assert framer.feed(b"1031123\n") == []
    assert framer.truncated == [(0, b"1031123")]
    assert framer.feed(FLAGSHIP + b"\n") == [FLAGSHIP]


def test_a_fifo_line_whose_newline_comes_late_leaves_the_next_line_alone() -> None:
    framer = LineFramer()
    framer.feed(FLAGSHIP)
    assert framer.rest() == FLAGSHIP
    assert framer.feed(b"\n" + FLAGSHIP + b"\n") == [FLAGSHIP]
    assert framer.truncated == []


def test_a_fifo_line_beyond_the_bound_is_skipped_to_its_newline_whatever_silence_falls() -> None:
    framer = LineFramer(bound=10)
    assert framer.feed(b"x" * 11) == []
    assert framer.truncated == [(0, b"x" * 10)]
    assert not framer.has_rest()
    assert framer.rest() == b""
    assert framer.feed(b"600010.SH:1\none\n") == [b"one"]
    assert framer.truncated == []


def test_blanks_left_in_a_fifo_are_no_rest() -> None:
    framer = LineFramer()
    assert framer.feed(b" \t") == []
    assert not framer.has_rest()
    assert framer.rest() == b""
    assert framer.feed(FLAGSHIP + b"\n") == [b" \t" + FLAGSHIP]
