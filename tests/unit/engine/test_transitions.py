"""The table of states against an independent statement of what a broker's row may do to an order."""

from __future__ import annotations

import itertools

import pytest

from qmt_trading.engine.transitions import LIVE, MOVES, TERMINAL, UNRESOLVED, moved
from qmt_trading.model.words import OrderStatus as S

TOLD = (S.PENDING_NEW, S.NEW, S.PARTIALLY_FILLED, S.PENDING_CANCEL, S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED)
"""What a broker's row can say; the other states are beliefs of ours."""
BELIEFS = (S.PENDING_NEW, S.UNKNOWN, S.NOT_SENT, S.EXPIRED_UNRESOLVED)
ENDS = (S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED)
WORKING = (S.NEW, S.PARTIALLY_FILLED, S.PENDING_CANCEL)


def expected(state: S, told: S) -> S:
    """State the rule without the table."""
    if told not in (*WORKING, *ENDS):
        # 48 and 49 prove that the order exists; words that are no broker's say nothing.
        return told if told is S.PENDING_NEW and state in BELIEFS else state
    if state in BELIEFS:
        return told  # The order exists.
    if state in ENDS:
        if told is S.FILLED:
            return S.FILLED  # Nothing undoes a whole fill, and a whole fill undoes any other end.
        return told if (state, told) == (S.EXPIRED, S.CANCELED) else state
    if told in ENDS:
        return told
    if told is S.NEW:
        return S.NEW if state is S.PENDING_CANCEL else state
    if told is S.PARTIALLY_FILLED:
        return state if state is S.PENDING_CANCEL else told
    return told


@pytest.mark.parametrize(("state", "told"), list(itertools.product(S, S)))
def test_every_pair_moves_as_the_rule_says(state: S, told: S) -> None:
    assert moved(state, told) is expected(state, told)


@pytest.mark.parametrize("state", [S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED])
def test_what_the_broker_has_ended_never_works_again(state: S) -> None:
    for told in S:
        assert moved(state, told) in ENDS


def test_what_is_filled_stays_filled() -> None:
    assert {moved(S.FILLED, told) for told in S} == {S.FILLED}


@pytest.mark.parametrize("state", [S.UNKNOWN, S.NOT_SENT, S.EXPIRED_UNRESOLVED, S.PENDING_NEW])
def test_a_row_raises_what_was_believed_lost(state: S) -> None:
    for told in (*WORKING, *ENDS, S.PENDING_NEW):
        assert moved(state, told) is told


def test_no_row_takes_an_order_back_to_before_it_was_known() -> None:
    assert set(MOVES.values()) & set(BELIEFS) == {S.PENDING_NEW}
    assert {state for (state, told), new in MOVES.items() if new is S.PENDING_NEW} == set(BELIEFS) - {S.PENDING_NEW}


@pytest.mark.parametrize(("state", "told"), list(itertools.product(S, TOLD)))
def test_a_row_told_twice_changes_nothing_the_second_time(state: S, told: S) -> None:
    once = moved(state, told)
    assert moved(once, told) is once


def test_a_state_is_live_or_ended_or_given_up() -> None:
    assert set(S) == LIVE | TERMINAL | UNRESOLVED
    assert not LIVE & TERMINAL
    assert not TERMINAL & UNRESOLVED
    assert {S.UNKNOWN} == LIVE & UNRESOLVED
