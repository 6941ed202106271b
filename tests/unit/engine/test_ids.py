"""Client order ids: short enough for every terminal, in order, and readable again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.engine.ids import ALPHABET, LENGTH, client_order_id, in_our_form, sequence_of

SEQUENCES = st.integers(1, 2**40 - 1)


@given(SEQUENCES, st.text(alphabet=ALPHABET, min_size=5, max_size=5))
def test_an_id_is_thirteen_ascii_bytes_and_gives_its_sequence_back(sequence: int, tag: str) -> None:
    name = client_order_id(tag, sequence)
    assert len(name.encode("ascii")) == LENGTH == 13
    assert name.startswith(tag)
    assert in_our_form(name)
    assert sequence_of(name) == sequence


@given(SEQUENCES, SEQUENCES)
def test_ids_sort_as_their_sequences_do(one: int, other: int) -> None:
    assert (client_order_id("BENCH", one) < client_order_id("BENCH", other)) == (one < other)


def test_the_first_and_the_last_id_are_written_out() -> None:
    assert client_order_id("BENCH", 1) == "BENCH00000001"
    assert client_order_id("BENCH", 32) == "BENCH00000010"
    assert client_order_id("BENCH", 2**40 - 1) == "BENCHZZZZZZZZ"


@pytest.mark.parametrize("sequence", [0, -1, 2**40])
def test_a_sequence_that_does_not_fit_is_a_fault_of_ours(sequence: int) -> None:
    with pytest.raises(AssertionError):
        client_order_id("BENCH", sequence)


def test_letters_that_people_mistake_are_left_out() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)
    assert sorted(ALPHABET) == list(ALPHABET)


@pytest.mark.parametrize(
    "remark",
    [
        "",
        "BENCH0000000",
        "BENCH000000011",
        "bench00000001",
        "BENCH0000000I",
        "BENCH 0000001",
        "手工单手工单手工单手工单手",
    ],
)
def test_other_remarks_are_not_in_our_form(remark: str) -> None:
    assert not in_our_form(remark)
