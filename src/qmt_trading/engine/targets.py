"""How far an account, or one strategy's share of it, is from what it should hold."""

from __future__ import annotations

from qmt_trading.engine.bookkeeping import total_assets
from qmt_trading.engine.state import Account, State
from qmt_trading.market.lots import round_down_to_lot
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.numbers import Money, Price, Quantity, quantity_for, share_of
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.signal import Size, SizeKind
from qmt_trading.model.words import Side, Verb


def holding_of(state: State, account: Account, strategy: str, symbol: Symbol) -> int:
    """Return what ``strategy`` holds by its own fills; without a strategy, what the account holds."""
    if strategy:
        return state.holdings.get((account.settings.account, strategy, symbol), 0)
    held = account.positions.get(symbol)
    return held.quantity if held is not None else 0


def working_of(state: State, account: Account, strategy: str, symbol: Symbol) -> tuple[int, int]:
    """Return what open orders, of ``strategy`` where one is named, will buy and sell if they fill.

    What follows up an order that has just ended counts as open: it is due, and leaves with the next turn. So does what
    waits for its turn under a rate.
    """
    buys = sells = 0
    for order in map(state.order, account.live):
        if order.symbol == symbol and (not strategy or order.strategy == strategy):
            leaves = order.quantity - order.filled_quantity
            if order.side is Side.BUY:
                buys += leaves
            else:
                sells += leaves
    for waiting in state.timed.values():
        item, size = waiting.item, waiting.item.size
        if (
            (waiting.paced or waiting.due_ns <= state.now_ns)
            and account.settings.account in waiting.accounts
            and item.symbol == symbol
            and (not strategy or item.strategy == strategy)
            and size is not None
            and size.kind is SizeKind.SHARES
        ):
            buys += size.amount if waiting.verb is Verb.BUY else 0
            sells += size.amount if waiting.verb is Verb.SELL else 0
    return buys, sells


def wanted_of(state: State, account: Account, size: Size, price: Price) -> int | Denial:
    """Return the number of shares that a target means: shares as written, money and per cent at ``price``."""
    if size.kind is SizeKind.SHARES:
        return size.amount
    if price <= 0:
        return Denial(Reason.PRICE_MISSING, (size.text,))
    money = Money(size.amount)
    if size.kind is SizeKind.PERCENT:
        money = share_of(total_assets(state, account), size.amount)
    return quantity_for(money, price)


def step_of(
    state: State,
    account: Account,
    rule: TradingRule,
    strategy: str,
    symbol: Symbol,
    wanted: int,
    *,
    only_sell: bool = False,
) -> tuple[Side, Quantity] | None:
    """Return the order that leads from what is held and worked for to ``wanted``; None: there is nothing to do.

    Buys round down to lots, and so do sells unless they sell all that may be sold. What open buys may still bring is
    not there to be sold; no more is sold than may be today, and by a strategy no more than is its own.

    Args:
        only_sell: a holding is to be closed: whatever the books say, nothing is bought for it.
    """
    held = max(0, holding_of(state, account, strategy, symbol))
    buys, sells = working_of(state, account, strategy, symbol)
    missing = wanted - held - buys + sells
    if missing > 0:
        quantity = round_down_to_lot(rule, Quantity(missing), Side.BUY)
        return (Side.BUY, quantity) if quantity and not only_sell else None
    position = account.positions.get(symbol)
    free = max(0, position.sellable_quantity - position.frozen_quantity) if position is not None else 0
    quantity = Quantity(min(max(0, held - sells - wanted), free))
    if quantity != free:
        quantity = round_down_to_lot(rule, quantity, Side.SELL)
    return (Side.SELL, quantity) if quantity else None
