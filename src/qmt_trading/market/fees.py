"""What a trade costs."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.numbers import FEN, MILLION, Money
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import InstrumentKind, Side

_FEN_OF_A_MILLION: Final = MILLION * FEN
_HALF: Final = _FEN_OF_A_MILLION // 2
"""Rounds half-up in one step: through ten-thousandths of a yuan first, 0.49995 fen would become 1."""


def fee(kind: InstrumentKind, side: Side, value: Money, schedule: FeeSchedule) -> Money:
    """Return commission, stamp duty and transfer fee of a trade worth ``value``, each rounded half-up to the fen.

    The commission has a minimum; nothing traded costs nothing. Stamp duty falls on sells of stocks, the transfer fee on
    stocks both ways.
    """
    if value <= 0:
        return Money(0)
    fen = (value * schedule.commission_millionths + _HALF) // _FEN_OF_A_MILLION
    total = max(fen * FEN, schedule.commission_minimum)
    if kind is InstrumentKind.STOCK:
        total += (value * schedule.transfer_millionths + _HALF) // _FEN_OF_A_MILLION * FEN
        if side is Side.SELL:
            total += (value * schedule.stamp_duty_millionths + _HALF) // _FEN_OF_A_MILLION * FEN
    return Money(total)
