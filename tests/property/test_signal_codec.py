"""The parser is total, reads what the grammar writes, and is one parser in spite of its shortcut."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qmt_trading.codec import signal as signal_codec
from qmt_trading.codec.decoding import Source, narrow
from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.signal import parse, parse_simple
from qmt_trading.codec.signal_text import parse_text
from qmt_trading.model.signal import Signal
from tests.fuzz import run
from tests.fuzz.grammar import valid_message
from tests.fuzz.invariants import check
from tests.fuzz.mutate import load_corpus
from tests.fuzz.run import run_stretch

PIECES = st.sampled_from(
    (
        "buy ",
        "sell ",
        "cancel ",
        "b ",
        "600000.SH",
        "000001.SZ",
        "600000",
        " 100",
        " 0100",
        " 0",
        " 9999999999",
        "@10.50",
        "@0.5",
        "@999999.9999",
        "@1234567.1",
        "@10",
        ":",
        "a01",
        "a" * 65,
        ",",
        ";",
        "#",
        "1/2",
        "/",
        " ",
        "\n",
        "\x00",
        "-",
    )
)
SIMPLE = st.builds(
    "{}{}{}{}:{}{}{}".format,
    st.sampled_from(("", "buy ", "sell ", "cancel ")),
    st.sampled_from(("600000.SH", "000001.SZ", "830799.BJ", "600000.sh")),
    st.sampled_from(("", " 100", " 0", " 007", " 9999999999", " 10000000000")),
    st.sampled_from(("", "@10.50", "@10.5", "@0.01", "@1234567.5", "@1.00001", "@999999.9999")),
    st.lists(st.sampled_from(("a01", "a02", "b-.", "", "A" * 64, "A" * 65)), min_size=1, max_size=4).map(",".join),
    st.sampled_from(("", "#1", " #ladder/17", "  #1", "#/1", "#" + "1" * 64, "#" + "1" * 65, ";", ";600036.SH:a01")),
    st.sampled_from(("", "\n", "\r\n\0", " ", "\0 ")),
)


@given(st.binary(max_size=200))
@example(b"{" * 70)
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_an_answer(payload: bytes) -> None:
    check(payload, parse(payload))


@given(st.text(max_size=80), st.sampled_from(("utf-8", "gb18030", "utf-16")))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_an_answer_in_any_encoding(text: str, encoding: str) -> None:
    payload = text.encode(encoding, "replace")
    check(payload, parse(payload))


@given(st.integers(min_value=0, max_value=2**63))
@settings(max_examples=500, deadline=None)
def test_what_the_grammar_writes_is_read_as_it_was_meant(seed: int) -> None:
    payload, expected = valid_message(Random(seed))
    assert parse(payload) == (expected,)


@given(SIMPLE | st.lists(PIECES, max_size=9).map("".join))
@settings(max_examples=1500, deadline=None)
def test_the_shortcut_never_differs_from_the_whole_grammar(text: str) -> None:
    simple = parse_simple(text.encode("ascii"))
    if simple is not None:
        assert parse_text(narrow(Source(text.encode("ascii")).text), infer_market=False) == simple


@pytest.mark.parametrize(
    "text",
    [
        "600000.SH:11031122",
        "600000.SH:11031122,11031123;600036.SH:11031124\r\n",
        "buy 600000.SH 100@10.50:a01,a02#1234567890123456789",
        "cancel 600000.SH:11031122 #x/1",
    ],
)
def test_the_usual_messages_take_the_shortcut(text: str) -> None:
    simple = parse_simple(text.encode("ascii"))
    assert isinstance(simple, Signal)
    assert parse_text(narrow(Source(text.encode("ascii")).text), infer_market=False) == simple


def test_every_message_of_the_corpus_gives_a_sound_answer_at_every_length() -> None:
    for message in load_corpus():
        for end in range(len(message) + 1):
            check(message[:end], parse(message[:end]))


def test_twenty_thousand_messages_at_random_break_nothing() -> None:
    stretch = run_stretch((20_260_105, 0, 20_000))
    assert stretch.failure == ""
    assert stretch.counts["messages"] == 20_000
    assert stretch.counts["signals"] > 5_000
    assert stretch.counts["malformed"] > 5_000
    assert len(stretch.codes) > 40


def test_the_same_seed_gives_the_same_messages() -> None:
    first, second = run_stretch((7, 3, 500)), run_stretch((7, 3, 500))
    assert (first.counts, first.codes) == (second.counts, second.codes)


def test_the_fuzzer_tells_a_parser_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(payload: bytes) -> tuple[signal_codec.Parsed, ...]:
        if b"ttl" in payload:
            raise MalformedError("size")
        return parse(payload)

    monkeypatch.setattr(run, "parse", broken)
    assert "MalformedError" in run_stretch((1, 0, 5_000)).failure


def test_the_fuzzer_tells_a_parser_that_reads_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "parse", lambda payload: parse(payload.replace(b"10%", b"11%")))
    assert "AssertionError" in run_stretch((1, 0, 5_000)).failure
