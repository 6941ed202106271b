"""Every message of the golden files gets the answer that was decided for it, and the files leave nothing out."""

from __future__ import annotations

import re

import pytest

from qmt_trading.codec import malformed, signal_json, signal_text
from qmt_trading.codec.price_text import _WORDS
from qmt_trading.codec.signal import parse
from qmt_trading.model.signal import PriceKind, Signal, SizeKind
from qmt_trading.model.words import SideScope, SignalForm, Verb
from tests.conftest import ROOT
from tests.fuzz.judge import judge
from tests.golden.messages import MARK, Case, described, load

UNDERSTOOD = load("understood.txt")
REFUSED = load("refused.txt")
CASES = [*UNDERSTOOD, *REFUSED]
UNDERSTOOD_COUNT = 253
REFUSED_COUNT = 360

WRITTEN = "\n".join(case.payload.decode("utf-8", "replace") for case in UNDERSTOOD).lower()
SIGNALS = [
    result
    for case in UNDERSTOOD
    for result in parse(case.payload, infer_market=case.infer_market)
    if isinstance(result, Signal)
]
ITEMS = [item for signal in SIGNALS for item in signal.items]

PAGE = (ROOT / "docs" / "signals.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `` (.+?) `` \| (.+?) \|$", PAGE, re.MULTILINE)

NOT_FROM_A_MESSAGE: set[str] = set()
"""Codes that no single message can provoke; ``truncated`` belongs to the doors and has its sentence there."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_message_gets_the_answer_that_was_decided(case: Case) -> None:
    results = parse(case.payload, infer_market=case.infer_market)
    assert described(results) == (case.answer, case.places)
    if not case.infer_market:  # Which the reference grammar leaves to the door.
        judge(case.payload, results, parse)


def test_no_message_is_lost_and_each_has_a_name_of_its_own() -> None:
    assert (len(UNDERSTOOD), len(REFUSED)) == (UNDERSTOOD_COUNT, REFUSED_COUNT)
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({(case.payload, case.infer_market) for case in CASES}) == len(CASES)
    assert all(line[0] in "=+#" for case in UNDERSTOOD for line in case.answer)
    assert all(any(line.startswith("! ") for line in case.answer) for case in REFUSED)


def test_every_verb_side_and_form_is_in_the_files() -> None:
    assert {item.verb for item in ITEMS} == set(Verb)
    assert {item.side for item in ITEMS if item.verb is Verb.CANCEL} == {None, *SideScope}
    assert {signal.form for signal in SIGNALS} == set(SignalForm)
    for word in signal_text._VERBS:
        assert re.search(rf"^{word}(?![a-z])", WRITTEN, re.MULTILINE), word


def test_every_size_is_in_the_files() -> None:
    for verb in (Verb.BUY, Verb.SELL, Verb.TARGET):
        assert {item.size.kind for item in ITEMS if item.size is not None and item.verb is verb} >= {
            SizeKind.SHARES,
            SizeKind.MONEY,
            SizeKind.PERCENT,
        }
    assert {item.size.kind for item in ITEMS if item.size is not None} == set(SizeKind)
    for unit in ("股", "手", "元", "万元", "万股", "%"):
        assert re.search(rf" [0-9.]+{unit}[:@]", WRITTEN), unit


def test_every_price_and_offset_is_in_the_files() -> None:
    prices = [item.price for item in ITEMS if item.price is not None]
    assert {price.kind for price in prices} == set(PriceKind)
    for word in _WORDS:
        assert f"@{word}" in WRITTEN, word
    for amounts in (
        [price.offset_ticks for price in prices],
        [price.offset_money for price in prices],
        [price.offset_millionths for price in prices],
    ):
        assert any(amounts)


def test_every_option_and_every_chase_bound_is_in_the_files() -> None:
    for option in ("at", "ttl", "cancel_after", "chase", "strategy"):
        assert re.search(rf" {option}=", WRITTEN), option
    assert {item.chase for item in ITEMS} >= {0, 1, 10}


def test_every_json_field_is_in_the_files() -> None:
    for field in (*signal_json._KNOWN, *signal_json._TRADE_SIGNAL):
        assert f'"{field}"' in WRITTEN, field
    for action in signal_json._ACTIONS:
        assert f'"action":"{action}"' in WRITTEN, action


def test_every_refusal_is_in_the_files() -> None:
    codes = {line[2:].partition(",")[0] for case in REFUSED for line in case.answer if line.startswith("! ")}
    assert codes == set(malformed._SENTENCES) - NOT_FROM_A_MESSAGE


def test_the_page_shows_answers_that_are_given() -> None:
    given = {case.written.replace(MARK, ""): case.answer for case in REFUSED}
    assert len(ROWS) > 20
    for message, sentence in ROWS:
        assert f"zh {sentence}" in given[message], message
