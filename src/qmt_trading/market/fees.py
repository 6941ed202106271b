"""What an order costs, by what of it has traded."""

from __future__ import annotations

from qmt_trading.model.listing import Charges
from qmt_trading.model.numbers import FEN, MILLION, UNIT, Money, Quantity
from qmt_trading.model.settings import FeeRounding, FeeSchedule
from qmt_trading.model.words import Side


def fee(charges: Charges, side: Side, value: Money, quantity: Quantity, schedule: FeeSchedule) -> Money:
    """Return commission, stamp duty and transfer fee of an order of which ``quantity`` for ``value`` has traded.

    The commission's minimum counts once per order: a fill costs what the order costs after it, less what it cost
    before. Each part is rounded half-up, to the fen or to the ten-thousandth; nothing traded costs nothing.
    """
    if value <= 0:
        return Money(0)
    unit = FEN if schedule.fee_rounding is FeeRounding.FEN else 1
    total = max(_part(value, schedule.commission_millionths, unit), schedule.commission_minimum)
    duty = charges.duty_buy_millionths if side is Side.BUY else charges.duty_sell_millionths
    if charges.taxed and schedule.stamp_duty_millionths is not None:
        duty = 0 if side is Side.BUY else schedule.stamp_duty_millionths
    if duty:
        total += _part(value, duty, unit)
    if charges.taxed and schedule.transfer_millionths is not None:
        return Money(total + _part(value, schedule.transfer_millionths, unit))
    if charges.transfer_millionths:
        total += _part(value, charges.transfer_millionths, unit)
    if charges.transfer_par_millionths:
        par = _part(quantity * UNIT, charges.transfer_par_millionths, unit)
        total += max(par, charges.transfer_minimum)
    return Money(total)


def fill_fee(
    charges: Charges,
    side: Side,
    before: tuple[Money, Quantity],
    value: Money,
    quantity: Quantity,
    schedule: FeeSchedule,
) -> Money:
    """Return what one more fill adds to the costs of an order of which ``before`` (value, quantity) has traded."""
    value_before, quantity_before = before
    if not quantity_before:
        return fee(charges, side, value, quantity, schedule)
    after = fee(charges, side, Money(value_before + value), Quantity(quantity_before + quantity), schedule)
    return Money(after - fee(charges, side, value_before, quantity_before, schedule))


def _part(value: int, millionths: int, unit: int) -> int:
    """Return so many millionths of ``value``, rounded half-up to ``unit`` in one step.

    Through ten-thousandths of a yuan first, 0.49995 fen would become 1.
    """
    whole = MILLION * unit
    return (2 * value * millionths + whole) // (2 * whole) * unit
