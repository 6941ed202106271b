"""The rule book answers as real days did: every vector of ``shared/rules`` that is its subject."""

from __future__ import annotations

import csv
import re

import pytest

from tests.market_data import SHARED, shared
from tests.unit.market.vectors import ELSEWHERE, JUDGES, Vector

FILE = SHARED / "rules" / "vectors_dev.csv"
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines())) if FILE.exists() else []
VECTORS = [Vector.of(row) for row in ROWS if row["topic"] in JUDGES]


def test_every_topic_has_its_judge() -> None:
    shared("rules", "vectors_dev.csv")
    assert not JUDGES.keys() & ELSEWHERE
    assert {row["topic"] for row in ROWS} - JUDGES.keys() - ELSEWHERE == set()
    assert len(VECTORS) + sum(row["topic"] in ELSEWHERE for row in ROWS) == len(ROWS) >= 108


@pytest.mark.skipif(not VECTORS, reason="needs shared/rules beside the checkout, or QMT_SHARED")
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector.id} {vector.topic}")
def test_the_rule_book_says_what_happened(vector: Vector) -> None:
    expected = re.sub(r"^(yes|no)\b(?!;).*", r"\1", vector.expected)  # "no, parked until …": the word is the answer.
    assert JUDGES[vector.topic](vector) == expected
