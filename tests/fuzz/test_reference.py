"""The reference grammar says what the page on signals says, and the fuzzer finds every planted bug by it."""

from __future__ import annotations

import pytest

from qmt_trading.codec.signal import parse
from tests.fuzz import run
from tests.fuzz.bugs import BUGS, Plant
from tests.fuzz.judge import judge
from tests.fuzz.meaning import Heard, ItemMeant, Meant, PriceMeant, Reading, Refused, Size
from tests.fuzz.mutate import load_corpus
from tests.fuzz.reference import read

MESSAGES_MAX = 10_000


def bare(symbol: str, *accounts: str) -> ItemMeant:
    return ItemMeant("bare", symbol, accounts)


# Straight from the page on signals.
KNOWN: list[tuple[str, tuple[Reading, ...]]] = [
    (
        "600000.SH:11031122,11031123;600036.SH:11031124",
        (Meant("text", (bare("600000.SH", "11031122", "11031123"), bare("600036.SH", "11031124"))),),
    ),
    (
        "<000001.SZ#10002000,231312,account3>",
        (Meant("angle", (bare("000001.SZ", "10002000", "231312", "account3"),)),),
    ),
    ("<HeartBeat>", (Heard(),)),
    ("", (Heard(),)),
    (
        "<sz.000001#1><sh600000#2>",
        (Meant("angle", (bare("000001.SZ", "1"),)), Meant("angle", (bare("600000.SH", "2"),))),
    ),
    ("<000001.SZ#1", (Refused(),)),
    ("600000:1", (Refused(),)),
    ("SSE:600000:1", (Refused(),)),
    ("600000.SH 100:1", (Refused(),)),
    ("buy 600000.SH 5万:1", (Refused(),)),
    ("buy 600000.SH 半仓:1", (Refused(),)),
    ("target 600000.SH 10手:1", (Refused(),)),
    ("buy600000.SH 100:1", (Refused(),)),
    ("buy 600000.SH 100:1;cancel 600000.SH:1", (Refused(),)),
    ("600000.SH:1;600000.SH:1", (Refused(),)),
    ("撤单 600000.SH@10:1", (Refused(),)),
    (
        "buy 600000.SH 1000@10.50:11031122,11031123 at=09:15:00 #ladder/17",
        (
            Meant(
                "text",
                (
                    ItemMeant(
                        "buy",
                        "600000.SH",
                        ("11031122", "11031123"),
                        size=Size("shares", 1000),
                        price=PriceMeant("limit", 105_000),
                        at_ns=33_300_000_000_000,
                    ),
                ),
                "ladder/17",
                "ladder",
            ),
        ),
    ),
    (
        "卖出６００００0．SH 1/3＠涨停-2跳：*",
        (
            Meant(
                "text",
                (
                    ItemMeant(
                        "sell", "600000.SH", ("*",), size=Size("fraction", 1, 3), price=PriceMeant("limit_up", ticks=-2)
                    ),
                ),
            ),
        ),
    ),
    ("全撤 :11031122", (Meant("text", (ItemMeant("cancel", "*", ("11031122",), "all"),)),)),
    (
        '{"type":"trade_signal","symbol":"600000.SH","accounts":["account_101"],"signal":"EXECUTE","timestamp":1}',
        (Meant("trade_signal", (bare("600000.SH", "account_101"),)),),
    ),
    (
        '{"action":"buy","symbol":"SSE:600000","accounts":["a"],"percent":10}',
        (Meant("json", (ItemMeant("buy", "600000.SH", ("a",), size=Size("percent", 100_000)),)),),
    ),
    ('{"action":"buy","symbol":"600000.SH","accounts":["a"],"quantity":100.0}', (Refused(),)),
    ('{"action":"buy","symbol":"600000.SH","accounts":["a"],"quantity":100,"quantity":100}', (Refused(),)),
]


@pytest.mark.parametrize(("text", "expected"), KNOWN)
def test_the_reference_reads_what_the_page_says(text: str, expected: tuple[Reading, ...]) -> None:
    assert read(text.encode()) == expected
    judge(text.encode(), parse(text.encode()), parse)


def test_parser_and_reference_agree_on_the_corpus_cut_at_every_byte() -> None:
    for message in load_corpus():
        for end in range(len(message) + 1):
            judge(message[:end], parse(message[:end]), parse)


@pytest.mark.parametrize("plant", BUGS.values(), ids=BUGS)
def test_a_planted_bug_is_found_within_ten_thousand_messages(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    stretch = run.run_stretch((20_260_105, 1, MESSAGES_MAX))
    assert stretch.failure


def test_without_a_planted_bug_nothing_is_found() -> None:
    stretch = run.run_stretch((20_260_105, 1, MESSAGES_MAX))
    assert stretch.failure == ""
    assert stretch.counts["judged"] == MESSAGES_MAX


def test_a_share_can_be_judged() -> None:
    stretch = run.run_stretch((1, 1, 2000), judged_share=0.25)
    assert 400 < stretch.counts["judged"] < 600
