"""The limits of one scope, in their order: each judged only where it is set."""

from __future__ import annotations

from qmt_trading.engine.gauges import Gauge
from qmt_trading.engine.risk.candidate import Candidate, Counted, Market
from qmt_trading.engine.risk.counts import check_messages_per_day, check_orders_per_day, check_working
from qmt_trading.engine.risk.day_value import check_buy_value, check_turnover
from qmt_trading.engine.risk.deviation import check_deviation
from qmt_trading.engine.risk.order_size import check_order_quantity, check_order_value
from qmt_trading.engine.risk.orders_per_signal import check_orders_per_signal
from qmt_trading.engine.risk.position_size import check_position_share, check_position_value
from qmt_trading.engine.risk.recent_value import check_recent_value
from qmt_trading.engine.state import Account, State
from qmt_trading.model.limits import ScopeKind
from qmt_trading.model.numbers import Money
from qmt_trading.model.reasons import Denial
from qmt_trading.model.words import Side


def check_scope(
    state: State, account: Account, candidate: Candidate, market: Market, counted: Counted, gauge: Gauge
) -> Denial | None:
    """Return the first limit of ``gauge`` that ``candidate`` would break, or None."""
    limits, usage, scope = gauge.limits, gauge.usage, gauge.text
    worth, is_buy = candidate.worth, candidate.side is Side.BUY
    denial: Denial | None = None
    if limits.order_value_max:
        denial = check_order_value(worth, limits.order_value_max, scope=scope)
    if limits.order_quantity_max:
        denial = denial or check_order_quantity(candidate.quantity, limits.order_quantity_max, scope=scope)
    if limits.deviation_max and market.is_priced and not market.at_limit:
        denial = denial or check_deviation(
            candidate.price, candidate.side, market.reference, limits.deviation_max, scope=scope
        )
    if is_buy and (limits.position_value_max or limits.position_share_max):
        denial = denial or _check_position(state, account, candidate, market, gauge)
    if is_buy and limits.buy_value_per_day_max:
        denial = denial or check_buy_value(Money(usage.bought + worth), limits.buy_value_per_day_max, scope=scope)
    if limits.turnover_per_day_max:
        traded = Money(usage.bought + usage.sold + worth)
        denial = denial or check_turnover(traded, limits.turnover_per_day_max, scope=scope)
    if limits.recent_value_share_max and market.continuous:
        denial = denial or check_recent_value(
            worth, market.quote.recent_value, limits.recent_value_share_max, scope=scope
        )
    if limits.working_orders_max:
        denial = denial or check_working(usage.working + counted.parts, limits.working_orders_max, scope=scope)
    if limits.orders_per_day_max:
        denial = denial or check_orders_per_day(usage.orders + counted.parts, limits.orders_per_day_max, scope=scope)
    if limits.messages_per_day_max:
        messages = usage.orders + usage.cancels + counted.parts
        denial = denial or check_messages_per_day(messages, limits.messages_per_day_max, scope=scope)
    if limits.orders_per_signal_max:
        made = counted.by_account if gauge.scope.kind is ScopeKind.ACCOUNT else counted.by_signal
        denial = denial or check_orders_per_signal(made, limits.orders_per_signal_max, scope=scope)
    return denial


def _check_position(
    state: State, account: Account, candidate: Candidate, market: Market, gauge: Gauge
) -> Denial | None:
    limits, scope = gauge.limits, gauge.text
    worth = held_worth(state, account, candidate, market, gauge) + candidate.needed
    denial: Denial | None = None
    if limits.position_value_max:
        denial = check_position_value(Money(worth), limits.position_value_max, scope=scope)
    if limits.position_share_max:
        assets = account.morning_assets
        denial = denial or check_position_share(Money(worth), assets, limits.position_share_max, scope=scope)
    return denial


def held_worth(state: State, account: Account, candidate: Candidate, market: Market, gauge: Gauge) -> int:
    """Return what the scope holds of the symbol at the reference price, and what its open buys freeze.

    Without a reference it is held at the price that is being paid: nobody holds it for nothing.
    """
    symbol, price = candidate.symbol, market.reference or candidate.price
    match gauge.scope.kind:
        case ScopeKind.ACCOUNT:
            return _of_account(account, candidate, price)
        case ScopeKind.TOTAL:
            return sum(_of_account(each, candidate, price) for each in state.accounts.values())
        case _:
            strategy = gauge.scope.name
            held = sum(
                shares for (_, owner, what), shares in state.holdings.items() if owner == strategy and what == symbol
            )
            return held * price + state.open_buys.get((strategy, symbol), 0)


def _of_account(account: Account, candidate: Candidate, price: int) -> int:
    held = account.positions.get(candidate.symbol)
    return (held.quantity * price if held is not None else 0) + account.open_buys.get(candidate.symbol, 0)
