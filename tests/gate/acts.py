"""What people, senders, brokers and the clock do in a run; each act draws its own luck, so that runs can be cut."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from random import Random
from typing import Final

from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model.instrument import EVERY_SYMBOL, Quote
from qmt_trading.model.limits import TOTAL, Scope, ScopeKind
from qmt_trading.model.morning import CheckItem
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId, Position
from qmt_trading.model.reasons import Reason
from qmt_trading.model.settings import DoorSettings
from qmt_trading.model.signal import AccountId, Item
from qmt_trading.model.words import LinkState, OrderStatus, Side, SideScope, TradingState, Verb
from tests.gate.facts import Placed
from tests.gate.generator import BASE, FOUR, WHERE, YUAN, a_limit
from tests.gate.limits import scopes_of, words_of
from tests.gate.model import judge
from tests.gate.world import World, quotes_for

AIMED: Final = {
    "order_value_max": Reason.ORDER_VALUE_EXCEEDED,
    "order_quantity_max": Reason.ORDER_QUANTITY_EXCEEDED,
    "position_value_max": Reason.POSITION_VALUE_EXCEEDED,
    "position_share_max": Reason.POSITION_SHARE_EXCEEDED,
    "buy_value_per_day_max": Reason.BUY_VALUE_EXCEEDED,
    "turnover_per_day_max": Reason.TURNOVER_EXCEEDED,
    "working_orders_max": Reason.WORKING_ORDERS_EXCEEDED,
    "orders_per_day_max": Reason.ORDERS_PER_DAY_EXCEEDED,
    "messages_per_day_max": Reason.MESSAGES_PER_DAY_EXCEEDED,
}
"""Limits whose figure an order can be asked for before it is sent."""
RED_ITEMS: Final = tuple(each.value for each in CheckItem)
MOVES_NS: Final = (
    0,
    0,
    1,
    MILLISECOND_NS,
    300 * MILLISECOND_NS,
    SECOND_NS - 1,
    SECOND_NS,
    SECOND_NS + 1,
    3 * SECOND_NS,
    10 * SECOND_NS,
    60 * SECOND_NS - 1,
    60 * SECOND_NS,
    61 * SECOND_NS,
    300 * SECOND_NS,
)


def send(world: World, rng: Random) -> None:
    premises = world.premises
    count = rng.choice((1, 1, 1, 2))
    symbols = rng.sample(premises.symbols, min(count, len(premises.symbols)))
    items = tuple(premises.an_item(rng, symbol, _accounts(world, rng)) for symbol in symbols)
    late_ns = rng.choice((*[0] * 12, SECOND_NS, 3 * SECOND_NS, 3 * SECOND_NS + 1, 10 * SECOND_NS))
    arrival = world.arrives()
    if rng.random() < 0.05:  # A cancel that came later is decided first.
        _cancel(world, rng)
    world.signal(rng.choice(premises.doors), items, quotes_for(world, rng, items), late_ns, arrival)


def send_again(world: World, rng: Random) -> None:
    """The same words within a short time: a loop upstream, or a ladder."""
    premises = world.premises
    items = (premises.an_item(rng, rng.choice(premises.symbols), _accounts(world, rng)),)
    door, quotes = rng.choice(premises.doors), quotes_for(world, rng, items)
    for _ in range(rng.randint(2, 4)):
        world.signal(door, items, quotes, 0, world.arrives())
        world.now_ns += rng.choice((0, 0, 1, SECOND_NS // 2))
        world.due(rng)


def aim(world: World, rng: Random) -> None:
    """Somebody sets a limit to what the next order would reach, or to one unit beside it."""
    premises, account = world.premises, rng.choice(world.premises.accounts)
    item = premises.an_item(rng, rng.choice(premises.symbols), (account,))
    quotes, door = quotes_for(world, rng, [item]), rng.choice(world.settings.doors)
    name, scope = rng.choice(tuple(AIMED)), rng.choice(scopes_of(world.facts, account, door.name, item.strategy))
    reached = _reached(world, item, door, account, quotes, scope, name)
    if reached is not None and scope.kind in WHERE.get(name, FOUR):
        value = max(1, reached + rng.choice((-1, 0, 0, 1)))
        world.feed(ev.LimitRequested("me", "x", scope, name, value))
    world.signal(door.name, (item,), quotes, 0, world.arrives())


def _reached(
    world: World,
    item: Item,
    door: DoorSettings,
    account: AccountId,
    quotes: tuple[Quote, ...],
    scope: Scope,
    name: str,
) -> int | None:
    """Return the figure that an order would bring a limit to; None: nothing of it would be counted there."""
    facts, seq = world.facts, world.engine.state.signal_seq + 1
    asked = world.asked(door, item, account, quotes[0] if quotes else None, seq, world.now_ns, world.arrival + 1)
    kept = dict(facts.limits)
    facts.limits[scope, name] = 1, True
    refusals = judge(facts, asked).denials
    facts.limits = kept
    found = [each for each in refusals if each.reason is AIMED[name] and each.figures[-1] == words_of(scope)]
    if not found or found[0].figures[0] == "?":
        return None
    text = found[0].figures[0].replace(",", "")
    return round(float(text.removesuffix("%")) * YUAN) if "." in text or "%" in text else int(text)


def _accounts(world: World, rng: Random) -> tuple[str, ...]:
    known = world.premises.accounts
    if rng.random() < 0.25:
        return (rng.choice(("*", "@all")),)
    if rng.random() < 0.02:
        return ("11031199",)
    return tuple(rng.sample(known, rng.randint(1, len(known))))


# The broker


def row(world: World, rng: Random) -> None:
    orders = [each for each in world.facts.orders if each.live and each.account in world.facts.connected]
    if not orders:
        return
    order = rng.choice(orders)
    filled, left = order.filled, order.quantity - order.filled
    if order.answered and order.status is not OrderStatus.UNKNOWN:
        status = rng.choice((OrderStatus.CANCELED, OrderStatus.PENDING_CANCEL, OrderStatus.CANCELED))
        if left > 100 and rng.random() < 0.3:
            filled += 100  # Traded, and no fill has shown it yet.
    else:
        status = rng.choice((OrderStatus.NEW, OrderStatus.NEW, OrderStatus.NEW, OrderStatus.REJECTED))
    _report(world, order, status, filled)


def _report(world: World, order: Placed, status: OrderStatus, filled: int) -> None:
    told = _row_of(order, status, filled)
    world.feed(ev.OrderReported(order.account, world.sessions[order.account], told))


def _row_of(order: Placed, status: OrderStatus, filled: int) -> ev.OrderRow:
    number = number_of(order)
    return ev.OrderRow(
        "" if order.foreign else order.name,
        number,
        f"H{number}",
        order.symbol,
        order.side,
        Quantity(order.quantity),
        Price(order.price),
        Quantity(filled),
        status,
        ordered_ns=order.at_ns,
    )


def number_of(order: Placed) -> str:
    """Return the broker's number of an order; it follows from ours."""
    return order.name.rpartition("~")[2] if order.foreign else f"b{order.name}"


def fill(world: World, rng: Random) -> None:
    orders = [
        each
        for each in world.facts.orders
        if each.left > 0
        and each.answered
        and each.account in world.facts.connected
        and each.status is not OrderStatus.EXPIRED_UNRESOLVED
    ]
    if not orders:
        return
    order = rng.choice(orders)
    if order.side is Side.SELL and order.left > world.facts.held(order.account, order.symbol).quantity:
        return  # More than is held: another harness's matter.
    quantity = rng.choice((order.left, order.left, min(100, order.left)))
    world.feed(ev.FillReported(order.account, world.sessions[order.account], _fill_of(world, rng, order, quantity)))


def _fill_of(world: World, rng: Random, order: Placed, quantity: int) -> ev.FillRow:
    world.number += 1
    number = number_of(order)
    better = rng.choice((0, 0, 100)) * (-1 if order.side is Side.BUY else 1)
    return ev.FillRow(
        f"f{world.number}",
        "" if order.foreign else order.name,
        number,
        f"H{number}",
        order.symbol,
        order.side,
        Price(order.price + better),
        Quantity(quantity),
        world.facts.day,
        world.now_ns,
    )


def trouble(world: World, rng: Random) -> None:
    orders = [each for each in world.facts.orders if not each.foreign]
    if not orders:
        return
    order = rng.choice(orders)
    name = ClientOrderId(order.name)
    choices: list[ev.Event] = [
        ev.SubmitRefused(order.account, name, "拒"),
        ev.SubmitUncertain(order.account, name, "-1"),
        ev.SubmitUncertain(order.account, name, "-1"),
        ev.SubmitsWithheld((name,), "halt"),
        ev.CancelRefused(order.account, name, "撤单失败"),
    ]
    world.feed(rng.choice(choices))


def foreign(world: World, rng: Random) -> None:
    """Somebody orders by hand."""
    connected = sorted(world.facts.connected)
    if not connected:
        return
    account, symbol = AccountId(rng.choice(connected)), rng.choice(world.premises.symbols)
    side = rng.choice((Side.BUY, Side.SELL)) if world.facts.free(account, symbol) >= 700 else Side.BUY
    _report(world, _by_hand(world, rng, account, side), OrderStatus.NEW, 0)


def _by_hand(world: World, rng: Random, account: AccountId, side: Side) -> Placed:
    world.number += 1
    price = BASE + rng.choice((-300, 300))
    name = f"~{account}~x{world.number}"
    symbol = rng.choice(world.premises.symbols)
    return Placed(name, account, symbol, side, 700, price, world.now_ns, foreign=True)


def link(world: World, rng: Random) -> None:
    account = rng.choice(world.premises.accounts)
    for other in world.premises.accounts:
        if other not in world.facts.connected and rng.random() < 0.8:
            connect(world, rng, other)
    if account in world.facts.connected and rng.random() < 0.3:
        world.feed(ev.LinkChanged(account, world.sessions[account], LinkState.DOWN))
    else:
        connect(world, rng, account)


def connect(world: World, rng: Random, account: AccountId) -> None:
    """Open a session; most of the time its list comes at once."""
    world.sessions[account] = world.sessions.get(account, 0) + 1
    world.feed(ev.LinkChanged(account, world.sessions[account], LinkState.CONNECTED))
    if rng.random() < 0.95:
        lists(world, rng, account)
    if rng.random() < 0.9 and world.facts.closed(account):
        world.feed(ev.MorningChecked(account, (), "", ""))


def lists(world: World, rng: Random, account: AccountId | None = None) -> None:
    """The broker tells everything that it knows of an account."""
    if account is None:
        if not world.facts.connected:
            return
        account = AccountId(rng.choice(sorted(world.facts.connected)))
    facts, rows = world.facts, []
    fills = [fill for number, fill in world.fills if number == account and fill.day == facts.day]
    opens = not facts.openings[account].ready
    if opens and not facts.openings[account].positions:
        cash, positions = _first_figures(world, rng, account)
    else:
        cash, held = facts.cash(account), facts.positions(account)
        positions = [_position(account, symbol, *each) for symbol, each in held.items()]
    if opens and rng.random() < 0.2:
        order = _by_hand(world, rng, account, Side.BUY)
        rows.append(_row_of(order, OrderStatus.FILLED, order.quantity))
        fills.append(_fill_of(world, rng, order, order.quantity))
        world.fills.append((account, fills[-1]))
    for order in facts.orders:
        if order.account == account and (order.answered or (order.live and rng.random() < 0.5)):
            status = order.status if order.answered and order.status is not OrderStatus.UNKNOWN else OrderStatus.NEW
            if status is OrderStatus.NOT_SENT or (status is OrderStatus.NEW and order.filled):
                continue
            rows.append(_row_of(order, status, order.filled))
    session, now_ns, assets = world.sessions[account], world.now_ns, world.premises.assets_told
    world.feed(
        ev.BrokerListed(
            account,
            session,
            now_ns,
            True,
            True,
            Money(cash),
            tuple(positions),
            tuple(rows),
            tuple(fills),
            total_assets=Money(assets),
        )
    )


def _first_figures(world: World, rng: Random, account: AccountId) -> tuple[int, list[Position]]:
    held = [(symbol, *rng.choice(((1000, 1000), (1000, 600), (0, 0)))) for symbol in world.premises.symbols]
    positions = [
        _position(account, symbol, quantity, sellable, quantity * BASE)
        for symbol, quantity, sellable in held
        if quantity
    ]
    return world.premises.cash, positions


def _position(account: AccountId, symbol: str, quantity: int, sellable: int, cost: int) -> Position:
    return Position(
        account=account,
        symbol=symbol,  # type: ignore[arg-type]
        quantity=Quantity(quantity),
        sellable_quantity=Quantity(sellable),
        cost=Money(cost),
    )


# People


def person(world: World, rng: Random) -> None:
    account = rng.choice((None, *world.premises.accounts))
    choices: list[ev.Event] = [
        ev.HaltRequested("me", "x", account, TradingState.HALTED, rng.random() < 0.3, world.arrives()),
        ev.HaltRequested("me", "x", account, TradingState.REDUCING, False, world.arrives()),
        *[ev.ResumeRequested("me", "x", each) for each in (None, None, account)],
    ]
    world.feed(rng.choice(choices))
    if rng.random() < 0.6:
        resume(world, rng)


def morning(world: World, rng: Random) -> None:
    """An account is checked, and found red more often than not; somebody may accept that."""
    account = rng.choice(world.premises.accounts)
    red = tuple(rng.sample(RED_ITEMS, rng.choice((0, 1, 1, 2))))
    world.feed(ev.MorningChecked(account, red, "红", "red"))
    for other in world.premises.accounts:
        if rng.random() < 0.4 and world.facts.closed(other):
            world.feed(ev.MorningAccepted("me", "x", other))


def resume(world: World, rng: Random) -> None:
    """What is halted goes on, more often than not."""
    for number, state in list(world.facts.states.items()):
        if state is not TradingState.ACTIVE and rng.random() < 0.7:
            world.feed(ev.ResumeRequested("me", "x", number))


def cancel(world: World, rng: Random) -> None:
    _cancel(world, rng)


def _cancel(world: World, rng: Random) -> None:
    account = rng.choice(world.premises.accounts)
    symbol = rng.choice((EVERY_SYMBOL, *world.premises.symbols))
    side = rng.choice(tuple(SideScope))
    if rng.random() < 0.3:
        world.feed(ev.CancelRequested("me", "x", account, symbol, side, "", world.arrives()))
    else:
        world.cancel(rng.choice(world.premises.doors), Item(Verb.CANCEL, symbol, (account,), side=side))


def limit(world: World, rng: Random) -> None:
    """A person changes a limit for today, or takes it away, or confirms what was set before a restart."""
    scope, name, value = world.premises.a_set_limit(rng)
    if rng.random() < 0.1:
        world.feed(ev.LimitsConfirmed("me", "x"))
    else:
        world.feed(ev.LimitRequested("me", "x", scope, name, value * (rng.random() < 0.8)))


# Time


def wait(world: World, rng: Random) -> None:
    world.now_ns += rng.choice(MOVES_NS)


def marks(world: World, rng: Random) -> None:
    """Prices move, now and then past a loss that somebody has just put a bound to."""
    if rng.random() < 0.4:
        scope = rng.choice((TOTAL, Scope(ScopeKind.ACCOUNT, rng.choice(world.premises.accounts))))
        name = rng.choice(("loss_reducing", "loss_halting"))
        world.feed(ev.LimitRequested("me", "x", scope, name, a_limit(rng, name, world.premises.cash)))
    moves = (-3000, -1000, -500, 0, 500)
    found = [ev.Mark(symbol, Price(BASE + rng.choice(moves)), Price(BASE)) for symbol in world.premises.symbols]
    world.feed(ev.PositionsMarked(tuple(found)))


def clock(world: World, rng: Random) -> None:
    """The clock steps; what that does to turns that were given by the old one is another harness's matter."""
    if world.premises.rates:
        return
    world.feed(ev.ClockStepped(rng.choice((-5, 5)) * SECOND_NS))
    for account in sorted(world.facts.connected):
        if rng.random() < 0.7:
            lists(world, rng, account)


def restart(world: World, rng: Random) -> None:
    """A new process, now and then with another limit in its file; the accounts connect again."""
    if rng.random() < 0.3:
        _edit(world, rng)
    world.restart(rng)
    for account in world.premises.accounts:
        if rng.random() < 0.9:
            connect(world, rng, account)
    if rng.random() < 0.4:
        resume(world, rng)
        marks(world, rng)


def _edit(world: World, rng: Random) -> None:
    scope, name, value = world.premises.a_set_limit(rng)
    value *= rng.random() < 0.8
    settings = world.settings

    def changed(here: Scope, limits: object) -> object:
        return replace(limits, **{name: value}) if here == scope else limits  # type: ignore[type-var]

    world.settings = replace(
        settings,
        limits=changed(Scope(ScopeKind.TOTAL), settings.limits),
        accounts=tuple(
            replace(each, limits=changed(Scope(ScopeKind.ACCOUNT, each.account), each.limits))
            for each in settings.accounts
        ),
        doors=tuple(
            replace(each, limits=changed(Scope(ScopeKind.DOOR, each.name), each.limits)) for each in settings.doors
        ),
        strategies=tuple(
            replace(each, limits=changed(Scope(ScopeKind.STRATEGY, each.name), each.limits))
            for each in settings.strategies
        ),
    )


def journal(world: World, rng: Random) -> None:
    """A commit fails: nothing is sent until a new process has begun."""
    facts, kept = copy.deepcopy(world.facts), list(world.records)
    world.feed(ev.JournalFailed("磁盘已满"), recorded=False)
    send(world, rng)
    world.facts, world.records = facts, kept
    world.restart(rng, from_records=True)
    for account in world.premises.accounts:
        connect(world, rng, account)


def day(world: World, rng: Random) -> None:
    """A new day opens, with nothing left that nobody knows the end of."""
    facts = world.facts
    if facts.queue or any((each.live and not each.answered) or each.unresolved or each.left for each in facts.orders):
        return
    world.now_ns += 24 * 3600 * SECOND_NS
    world.feed(ev.DayBegan(facts.day + dt.timedelta(days=1)))
    for account in world.premises.accounts:
        if account in facts.connected and rng.random() < 0.9:
            lists(world, rng, account)


Act = Callable[[World, Random], None]
ACTS: Final[tuple[Act, ...]] = (
    *[send] * 16,
    *[send_again] * 2,
    *[aim] * 4,
    *[row] * 6,
    *[fill] * 6,
    *[trouble] * 2,
    *[wait] * 6,
    *[limit] * 2,
    *[marks] * 3,
    *[cancel] * 2,
    foreign,
    person,
    morning,
    resume,
    link,
    lists,
    restart,
    clock,
)
SELDOM: Final[tuple[Act, ...]] = (journal, day)
