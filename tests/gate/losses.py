"""The day's loss, as ``docs/risk.md`` counts it, and what it leads to."""

from __future__ import annotations

from qmt_trading.model.limits import TOTAL, Scope, ScopeKind
from qmt_trading.model.numbers import MILLION
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import InstrumentKind, Side, TradingState
from tests.gate.facts import Facts, rule_of
from tests.gate.limits import limit_of

NOT_COUNTED = (InstrumentKind.REPO, InstrumentKind.SUBSCRIPTION)
_STRICTNESS = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)


def gain_of(facts: Facts, account: AccountId) -> int:
    """Return what the day has brought so far."""
    total = 0
    positions = facts.positions(account)
    traded = {each.symbol for each in facts.orders if each.account == account}
    for symbol in traded | set(positions):
        if rule_of(symbol, facts.day).kind in NOT_COUNTED:
            continue
        net = money = 0
        for order in facts.orders:
            if order.account == account and order.symbol == symbol:
                fees = sum(each.fee for each in order.told)
                sign = 1 if order.side is Side.BUY else -1
                net += sign * order.filled
                money -= sign * order.filled_worth + fees
        held = facts.held(account, symbol).quantity
        last = facts.last_price(symbol)
        if last:  # Without a price the whole of it is left out.
            total += money + held * last - (held - net) * (facts.closes.get(symbol, 0) or last)
    return total


def steps_due(facts: Facts) -> dict[AccountId | None, TradingState]:
    """Return the states that the loss leads to now; what is taken is written down as taken."""
    changes: dict[AccountId | None, TradingState] = {}
    for number in (None, *(each.account for each in facts.settings.accounts)):
        accounts = list(facts.openings) if number is None else [number]
        scope = TOTAL if number is None else Scope(ScopeKind.ACCOUNT, number)
        loss = -sum(gain_of(facts, each) for each in accounts)
        assets = sum(facts.openings[each].assets for each in accounts)
        for name, state in (("loss_halting", TradingState.HALTED), ("loss_reducing", TradingState.REDUCING)):
            limit = limit_of(facts, scope, name)
            if not limit or not assets or loss <= 0 or loss * MILLION < limit * assets:
                continue
            if (number, state) in facts.fired or (number, TradingState.HALTED) in facts.fired:
                continue  # Each step once a day, and after the higher one none.
            facts.fired.add((number, state))
            if _STRICTNESS.index(state) > _STRICTNESS.index(changes.get(number, facts.state(number))):
                changes[number] = state
    return changes
