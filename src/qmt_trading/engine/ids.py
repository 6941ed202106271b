"""Client order ids: a tag drawn once for the journal, then a sequence, in base 32 without I, L, O and U."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.order import ClientOrderId

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TAG_LENGTH: Final = 5
_SEQUENCE_LENGTH: Final = 8
LENGTH: Final = TAG_LENGTH + _SEQUENCE_LENGTH
"""13 bytes: miniQMT cuts remarks at 24, full QMT is safe to 22."""
_LETTERS: Final = frozenset(ALPHABET)
_PAIRS: Final = tuple(high + low for high in ALPHABET for low in ALPHABET)
_TEN_BITS: Final = 1023


def client_order_id(tag: str, sequence: int) -> ClientOrderId:
    """Return the id of the ``sequence``-th order, 1 to 2**40 - 1, of the journal with ``tag``."""
    assert 0 < sequence < 1 << 40, sequence
    pairs = _PAIRS
    return ClientOrderId(
        tag
        + pairs[sequence >> 30]
        + pairs[sequence >> 20 & _TEN_BITS]
        + pairs[sequence >> 10 & _TEN_BITS]
        + pairs[sequence & _TEN_BITS]
    )


def in_our_form(remark: str) -> bool:
    """Tell whether a broker's remark was written by this system, in whatever installation."""
    return len(remark) == LENGTH and _LETTERS.issuperset(remark)


def sequence_of(client_order_id: str) -> int:
    """Return the sequence of an id in our form."""
    value = 0
    for letter in client_order_id[TAG_LENGTH:]:
        value = value * 32 + ALPHABET.index(letter)
    return value
