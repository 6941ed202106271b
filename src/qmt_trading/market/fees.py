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
    commission, duty, transfer = parts(value, quantity * UNIT, *rates_of(charges, side, schedule))
    return Money(commission + duty + transfer)


Rates = tuple[int, int, int, int, int, int, int]
"""Commission and its minimum, stamp duty, transfer fee, transfer fee of the par value and its minimum, and the unit
that each part is rounded to; ratios in millionths, the rest in the unit of money that ``parts`` is asked in."""


def rates_of(charges: Charges, side: Side, schedule: FeeSchedule) -> Rates:
    """Return what trades on ``side`` are charged by, money in ten-thousandths of a yuan."""
    duty = charges.duty_buy_millionths if side is Side.BUY else charges.duty_sell_millionths
    transfer, par, par_minimum = charges.transfer_millionths, charges.transfer_par_millionths, charges.transfer_minimum
    if charges.taxed:
        if schedule.stamp_duty_millionths is not None:
            duty = 0 if side is Side.BUY else schedule.stamp_duty_millionths
        if schedule.transfer_millionths is not None:
            transfer, par, par_minimum = schedule.transfer_millionths, 0, 0
    unit = FEN if schedule.fee_rounding is FeeRounding.FEN else 1
    minimum = schedule.commission_minimum
    return schedule.commission_millionths, minimum, duty, transfer, par, par_minimum, unit


def parts(
    value: int,
    par_value: int,
    commission: int,
    minimum: int,
    duty: int,
    transfer: int,
    par: int,
    par_minimum: int,
    unit: int,
) -> tuple[int, int, int]:
    """Return commission, stamp duty and transfer fee of an order that has traded ``value``, which is positive.

    Plain integers only, so that a compiled loop over history can use it as it stands. Each part is rounded half-up in
    one step: through ten-thousandths of a yuan first, 0.49995 fen would become 1.
    """
    whole = MILLION * unit
    twice = 2 * whole
    fees = max((2 * value * commission + whole) // twice * unit, minimum)
    duties = (2 * value * duty + whole) // twice * unit if duty else 0
    transfers = (2 * value * transfer + whole) // twice * unit if transfer else 0
    if par:
        transfers += max((2 * par_value * par + whole) // twice * unit, par_minimum)
    return fees, duties, transfers


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
