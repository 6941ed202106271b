"""What a fill, a row or an ending does to an order, a position and the cash."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from qmt_trading.engine.matching import foreign_name
from qmt_trading.engine.positions import bought, sold
from qmt_trading.engine.state import Account, State
from qmt_trading.engine.transitions import TERMINAL, UNRESOLVED, WORKING, moved
from qmt_trading.market import repo
from qmt_trading.market.fees import fill_fee
from qmt_trading.model.events import FillRow, OrderRow
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity, notional
from qmt_trading.model.order import ClientOrderId, Fill, Order, Position
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import InstrumentKind, OrderStatus, Side

GAP_NS = 3 * SECOND_NS
"""How long the broker's traded volume may run ahead of the fills before it is asked."""

ORPHAN = "?"
"""Begins the name under which a fill stands until its order is known."""


_NOTHING_YET: Final = (Money(0), Quantity(0))


def reserve_of(
    state: State,
    symbol: Symbol,
    side: Side,
    price: Price,
    quantity: Quantity,
    fees: FeeSchedule,
    before: tuple[Money, Quantity] = _NOTHING_YET,
) -> Money:
    """Return the cash that ``quantity`` still to be traded freezes: what a buy costs, and what it adds to the fees.

    A reverse repo freezes what it lends. A subscription of new shares is paid when they are allotted, and other sells
    freeze shares.

    Args:
        before: value and quantity of what the same order has traded.
    """
    kind = state.kind(symbol)
    if kind is InstrumentKind.REPO:
        return Money(repo.lent(quantity) + repo.commission(symbol, quantity) if side is Side.SELL else 0)
    if side is Side.SELL or kind is InstrumentKind.SUBSCRIPTION:
        return Money(0)
    charges = state.charges(symbol)
    worth = notional(price, quantity)
    return Money(worth + fill_fee(charges, Side.BUY, before, worth, quantity, fees))


def reserve(state: State, order: Order) -> Order:
    """Return ``order`` with what its unbooked leaves freeze.

    A finished order freezes what the broker says was traded and no fill has shown yet.
    """
    if order.status in TERMINAL:
        unbooked = order.reported_quantity - order.filled_quantity
    else:
        unbooked = order.quantity - order.filled_quantity
    if unbooked <= 0:
        if not order.reserved and not order.reserved_quantity:
            return order
        return replace(order, reserved=Money(0), reserved_quantity=Quantity(0))
    fees = state.account(order.account).settings.fees
    if order.side is Side.SELL and state.kind(order.symbol) is not InstrumentKind.REPO:
        return replace(order, reserved_quantity=Quantity(unbooked))
    before = order.filled_value, order.filled_quantity
    left = Quantity(unbooked)
    return replace(order, reserved=reserve_of(state, order.symbol, order.side, order.price, left, fees, before))


def row_applied(state: State, order: Order, row: OrderRow, *, is_proof: bool = False) -> Order:
    """Return ``order`` after the broker's ``row`` of it.

    Args:
        is_proof: the row stands in a whole list that was asked for after ``order`` ended: one that we take for refused
            and that works there was not refused.
    """
    reported = max(order.reported_quantity, row.filled_quantity)
    status = moved(order.status, row.status)
    if row.is_undescribed and order.status not in TERMINAL:
        status = OrderStatus.UNKNOWN
    elif is_proof and order.status is OrderStatus.REJECTED and row.status in WORKING:
        status = row.status
    gap = reported > order.filled_quantity
    if gap:
        ask_next_ns = order.ask_next_ns or state.now_ns + GAP_NS
    else:
        is_news = status is OrderStatus.UNKNOWN and order.status is not OrderStatus.UNKNOWN
        ask_next_ns = state.now_ns + GAP_NS if is_news else order.ask_next_ns if status in UNRESOLVED else 0
    changed = replace(
        order,
        broker_order_id=row.broker_order_id or order.broker_order_id,
        venue_order_id=row.venue_order_id or order.venue_order_id,
        status=status,
        reported_quantity=Quantity(reported),
        text=row.text or order.text,
        answered_ns=order.answered_ns or state.now_ns,
        ask_next_ns=ask_next_ns,
        asked=0,
        asked_ns=0,
        ended_ns=ended_at(state, order, status),
    )
    if changed == order:
        return order  # A list repeats what is known: nothing has come to be.
    changed = replace(changed, updated_ns=state.now_ns)
    if status in TERMINAL or order.status in TERMINAL:
        changed = reserve(state, changed)
    return changed


def ended_at(state: State, order: Order, status: OrderStatus) -> int:
    """Return when ``order`` ended, now that it is in ``status``: an end that is told again keeps its instant."""
    return 0 if status not in TERMINAL else order.ended_ns or state.now_ns


def ended(state: State, order: Order, status: OrderStatus, text: str) -> Order:
    """Return ``order`` in a state that we decided on, not the broker."""
    changed = replace(
        order,
        status=status,
        text=text or order.text,
        updated_ns=state.now_ns,
        ask_next_ns=state.now_ns if status is OrderStatus.UNKNOWN else 0,
        ended_ns=ended_at(state, order, status),
    )
    return reserve(state, changed)


def foreign_order(state: State, account: AccountId, row: OrderRow) -> Order:
    """Return a new order for a row that is not ours: typed by hand, on the phone, or by another program."""
    placed_ns = min(row.ordered_ns, state.now_ns) or state.now_ns
    order = Order(
        client_order_id=foreign_name(state, account, row),
        account=account,
        symbol=row.symbol,
        side=row.side,
        quantity=row.quantity,
        price=row.price,
        status=row.status,
        created_ns=placed_ns,
        received_ns=placed_ns,
        updated_ns=state.now_ns,
        answered_ns=state.now_ns,
        foreign=True,
        broker_order_id=row.broker_order_id,
        venue_order_id=row.venue_order_id,
        reported_quantity=row.filled_quantity,
        ask_next_ns=state.now_ns + GAP_NS if row.filled_quantity else 0,
        text=row.text,
        arrival=state.arrival,
        ended_ns=state.now_ns if row.status in TERMINAL else 0,
    )
    return reserve(state, order)


def key_of(fill: Fill) -> tuple[AccountId, Symbol, str, str]:
    """Return what makes a fill the same fill within one trading day (A10): its id within its order.

    The order stands for its contract number, which a broker may leave out when it tells a fill for the first time.
    """
    return fill.account, fill.symbol, fill.fill_id, fill.client_order_id


def same_fill(fill: Fill, row: FillRow) -> bool:
    """Tell whether ``row`` is ``fill``, which was counted before, told again."""
    if fill.fill_id != row.fill_id or fill.symbol != row.symbol or fill.side is not row.side:
        return False
    return bool(
        (fill.venue_order_id and fill.venue_order_id == row.venue_order_id)
        or (fill.broker_order_id and fill.broker_order_id == row.broker_order_id)
    )


def fill_applied(state: State, order: Order, fill: Fill) -> Order:
    """Return ``order`` after one more fill, which counts in every state, and for the strategy that placed it."""
    if order.strategy:
        key = order.account, order.strategy, order.symbol
        signed = fill.quantity if order.side is Side.BUY else -fill.quantity
        state.holdings[key] = max(0, state.holdings.get(key, 0) + signed)  # What it sold besides was never its own.
    filled = order.filled_quantity + fill.quantity
    status = order.status
    if filled >= order.quantity:
        status = OrderStatus.FILLED
    elif (status not in TERMINAL and status is not OrderStatus.PENDING_CANCEL) or status is OrderStatus.NOT_SENT:
        status = OrderStatus.PARTIALLY_FILLED
    changed = replace(
        order,
        status=status,
        filled_quantity=Quantity(filled),
        filled_value=Money(order.filled_value + notional(fill.price, fill.quantity)),
        venue_order_id=order.venue_order_id or fill.venue_order_id,
        answered_ns=order.answered_ns or state.now_ns,
        updated_ns=state.now_ns,
        ask_next_ns=0 if filled >= order.reported_quantity else order.ask_next_ns,
        ended_ns=ended_at(state, order, status),
        asked=0,
        asked_ns=0,
    )
    return reserve(state, changed)


def orphan_names(row: FillRow) -> list[ClientOrderId]:
    """Return the names under which a fill without a known order may stand, the one to be given first."""
    numbers = [number for number in (row.broker_order_id, row.venue_order_id) if number]
    return [ClientOrderId(ORPHAN + number) for number in numbers or [""]]


def empty_position(account: AccountId, symbol: Symbol, frozen_quantity: Quantity) -> Position:
    return Position(
        account=account,
        symbol=symbol,
        quantity=Quantity(0),
        sellable_quantity=Quantity(0),
        frozen_quantity=frozen_quantity,
    )


def fee_of(state: State, account: Account, row: FillRow, order: Order | None) -> Money:
    """Return what the broker says a fill cost, else what it adds to the costs of its order.

    Fills that came before their order was known count by the number that they share.
    """
    if row.fee is not None:
        return row.fee
    if state.kind(row.symbol) is InstrumentKind.REPO:
        return repo.commission(row.symbol, row.quantity)
    if order is not None:
        before = order.filled_value, order.filled_quantity
    else:
        names = orphan_names(row)
        same = [fill for fill in map(state.fills.__getitem__, account.orphans) if fill.client_order_id in names]
        value = sum(notional(fill.price, fill.quantity) for fill in same)
        before = Money(value), Quantity(sum(fill.quantity for fill in same))
    charges = state.rules.fees(row.symbol, row.day)
    worth = notional(row.price, row.quantity)
    return fill_fee(charges, row.side, before, worth, row.quantity, account.settings.fees)


def total_assets(state: State, account: Account) -> Money:
    """Return cash and positions at their last known price, at cost where none is known."""
    total = int(account.cash)
    for symbol, held in account.positions.items():
        price = state.prices.get(symbol, 0)
        total += price * held.quantity if price else held.cost
    return Money(total)


def flow(account: Account, fill: Fill) -> None:
    """Count what one more fill of today has moved, for the day's profit."""
    shares, money = account.day_flows.get(fill.symbol, (0, 0))
    worth = notional(fill.price, fill.quantity)
    if fill.side is Side.BUY:
        account.day_flows[fill.symbol] = shares + fill.quantity, money - worth - fill.fee
    else:
        account.day_flows[fill.symbol] = shares - fill.quantity, money + worth - fill.fee


def book(state: State, account: Account, fill: Fill) -> bool:
    """Move position and cash by ``fill``; return False when more was sold than was known to be held."""
    worth = notional(fill.price, fill.quantity)
    symbol = fill.symbol
    state.prices[symbol] = fill.price
    held = account.positions.get(symbol) or empty_position(fill.account, symbol, Quantity(0))
    if fill.side is Side.BUY:
        rule = state.rule(symbol)
        same_day = rule is not None and rule.same_day_sell
        account.cash = Money(account.cash - worth - fill.fee)
        account.positions[symbol] = bought(held, fill.quantity, Money(worth + fill.fee), same_day=same_day)
        return True
    if state.kind(symbol) is InstrumentKind.REPO:  # A loan: it comes back with the counter's list, in days.
        account.cash = Money(account.cash - repo.lent(fill.quantity) - fill.fee)
        return True
    account.cash = Money(account.cash + worth - fill.fee)
    account.positions[symbol] = sold(held, fill.quantity, Money(worth - fill.fee))
    return fill.quantity <= held.quantity
