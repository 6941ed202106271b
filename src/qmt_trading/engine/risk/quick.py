"""Tells in one look that no limit is broken, so that the rules need to be asked one by one only when one may be."""

from __future__ import annotations

from qmt_trading.engine.gauges import Judged
from qmt_trading.engine.risk.candidate import Candidate, Counted, Market
from qmt_trading.engine.risk.scope import held_worth
from qmt_trading.engine.state import Account, State
from qmt_trading.model.numbers import MILLION
from qmt_trading.model.words import Side


def breaks_none(
    state: State, account: Account, candidate: Candidate, market: Market, counted: Counted, judged: Judged
) -> bool:
    """Tell that ``candidate`` breaks no limit of any scope; False says nothing but that the rules are to be asked.

    It compares what ``check_scope`` compares, with the strictest limit of all scopes at once where they count nothing.
    tests/gate holds both against one model.
    """
    worth, is_buy = candidate.worth, candidate.side is Side.BUY
    if worth > judged.value_max or candidate.quantity > judged.quantity_max:
        return False
    if market.is_priced and not market.at_limit:
        reference = market.reference
        beyond = candidate.price - reference if is_buy else reference - candidate.price
        if not reference or beyond * MILLION > reference * judged.deviation_max:
            return False
    recent = market.quote.recent_value
    if recent >= 0 and market.continuous and worth * MILLION > recent * judged.recent_share_max:
        return False
    parts, made = counted.parts, max(counted.by_signal, counted.by_account)
    for gauge in judged.gauges:
        usage = gauge.usage
        bought, orders = usage.bought + worth, usage.orders + parts
        if (
            (is_buy and bought > gauge.buy_max)
            or bought + usage.sold > gauge.turnover_max
            or usage.working + parts > gauge.working_max
            or orders > gauge.orders_max
            or orders + usage.cancels > gauge.messages_max
            or made >= gauge.signal_max
        ):
            return False
    if is_buy:
        for gauge in judged.of_positions:
            limits = gauge.limits
            held = held_worth(state, account, candidate, market, gauge) + candidate.needed
            if limits.position_value_max and held > limits.position_value_max:
                return False
            if limits.position_share_max and held * MILLION > account.morning_assets * limits.position_share_max:
                return False
    return True
