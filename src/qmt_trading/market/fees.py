"""What a trade costs."""

from __future__ import annotations

from qmt_trading.model.numbers import MILLION, Money, ratio_half_up, to_fen
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import InstrumentKind, Side


def fee(kind: InstrumentKind, side: Side, value: Money, schedule: FeeSchedule) -> Money:
    """Return commission, stamp duty and transfer fee of a trade worth ``value``, each rounded half-up to the fen.

    The commission has a minimum; nothing traded costs nothing. Stamp duty falls on sells of stocks, the transfer fee on
    stocks both ways.
    """
    if value <= 0:
        return Money(0)
    total = max(_part(value, schedule.commission_millionths), schedule.commission_minimum)
    if kind is InstrumentKind.STOCK:
        total += _part(value, schedule.transfer_millionths)
        if side is Side.SELL:
            total += _part(value, schedule.stamp_duty_millionths)
    return Money(total)


def _part(value: Money, millionths: int) -> int:
    return to_fen(Money(ratio_half_up(value * millionths, MILLION)))
