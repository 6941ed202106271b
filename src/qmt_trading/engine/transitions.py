"""The states of an order as data: which broker row moves which state, and what a state means."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.words import TERMINAL
from qmt_trading.model.words import OrderStatus as S

UNRESOLVED: Final = frozenset({S.UNKNOWN, S.EXPIRED_UNRESOLVED})
"""Nobody knows; cash or shares stay reserved."""

LIVE: Final = frozenset({S.PENDING_NEW, S.NEW, S.PARTIALLY_FILLED, S.PENDING_CANCEL, S.UNKNOWN})
"""May still fill."""

WORKING: Final = (S.NEW, S.PARTIALLY_FILLED, S.PENDING_CANCEL)
_ENDS: Final = (S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED)


def _table() -> dict[tuple[S, S], S]:
    moves: dict[tuple[S, S], S] = {}
    for state in (S.UNKNOWN, S.NOT_SENT, S.EXPIRED_UNRESOLVED):
        moves[state, S.PENDING_NEW] = S.PENDING_NEW
    for told in (*WORKING, *_ENDS):
        for state in (S.PENDING_NEW, S.UNKNOWN, S.NOT_SENT, S.EXPIRED_UNRESOLVED):
            moves[state, told] = told  # A row proves that the order exists, whatever we believed.
    for told in _ENDS:
        for state in WORKING:
            moves[state, told] = told
    moves[S.NEW, S.NEW] = S.NEW
    moves[S.NEW, S.PARTIALLY_FILLED] = S.PARTIALLY_FILLED
    moves[S.NEW, S.PENDING_CANCEL] = S.PENDING_CANCEL
    moves[S.PARTIALLY_FILLED, S.PARTIALLY_FILLED] = S.PARTIALLY_FILLED
    moves[S.PARTIALLY_FILLED, S.PENDING_CANCEL] = S.PENDING_CANCEL
    moves[S.PENDING_CANCEL, S.PENDING_CANCEL] = S.PENDING_CANCEL
    moves[S.PENDING_CANCEL, S.PARTIALLY_FILLED] = S.PENDING_CANCEL  # It fills while the cancel is on its way.
    moves[S.PENDING_CANCEL, S.NEW] = S.NEW  # The cancel was refused: the order works on, the cancel is repeated.
    moves[S.CANCELED, S.FILLED] = S.FILLED  # The venue filled it before the cancel arrived; rows came out of order.
    moves[S.EXPIRED, S.CANCELED] = S.CANCELED
    moves[S.EXPIRED, S.FILLED] = S.FILLED
    moves[S.REJECTED, S.FILLED] = S.FILLED
    return moves


MOVES: Final = _table()
"""(our state, told state) → new state. A pair that is not here is a late or repeated row: it changes nothing."""


def moved(state: S, told: S) -> S:
    """Return the state after the broker told ``told``; unchanged where the table has no such move."""
    return MOVES.get((state, told), state)


__all__ = ["LIVE", "MOVES", "TERMINAL", "UNRESOLVED", "WORKING", "moved"]
