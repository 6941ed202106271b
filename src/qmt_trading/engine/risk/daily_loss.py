"""Rule: a day's loss turns an account to selling only, and then halts it; from positions and fills alone (A36)."""

from __future__ import annotations

from qmt_trading.engine.state import Account, State
from qmt_trading.market.profit import profit_of_day
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import MILLION, Money
from qmt_trading.model.words import NOT_PRICED

REDUCING = 1
HALTING = 2


def day_profit(state: State, account: Account) -> Money:
    """Return today's profit of what is and was held, fees included; money that comes and goes otherwise is none.

    What lay in the account overnight counts from the previous close, what was traded today from its fills. A symbol
    without a known price is left out.
    """
    total = 0
    for symbol in account.positions.keys() | account.day_flows.keys():
        last = state.prices.get(symbol, 0)
        if not last or state.kind(symbol) in NOT_PRICED:
            continue
        held = account.positions.get(symbol)
        quantity = 0 if held is None else held.quantity
        flow = account.day_flows.get(symbol, (0, 0))
        total += profit_of_day(quantity, flow, last, state.references.get(symbol, 0))
    return Money(total)


def loss_step(profit: Money, assets: Money, limits: Limits) -> int:
    """Return how far a loss has come: 0, REDUCING or HALTING; at a limit it is reached. Without assets: 0."""
    if assets <= 0 or profit >= 0:
        return 0
    loss = -profit * MILLION
    if limits.loss_halting and loss >= limits.loss_halting * assets:
        return HALTING
    if limits.loss_reducing and loss >= limits.loss_reducing * assets:
        return REDUCING
    return 0
