"""The judge: a plain, slow model of the risk gate, written from ``docs/risk.md`` and from nothing else.

Each rule is asked, also where an earlier one has refused already; what refuses comes back in the page's order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from qmt_trading.model.instant import time_of_day_ns, to_clock_text
from qmt_trading.model.instrument import EVERY_SYMBOL, Quote, Symbol, TradingRule
from qmt_trading.model.limits import Scope
from qmt_trading.model.numbers import MILLION, to_money_text, to_text
from qmt_trading.model.reasons import Reason
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, Item, PriceKind, PriceSpec, Size, SizeKind
from qmt_trading.model.words import InstrumentKind, OpeningPause, Side, SideScope, TradingState, Verb
from tests.gate.facts import UNRESOLVED, Facts, Taken
from tests.gate.limits import Asking, Refusal, limit_of, limit_refusals, limits_of, over, scopes_of, words_of
from tests.gate.rates import Turn, turn_of

NS = 1_000_000_000
MINUTE_NS = 60 * NS
_NINE = 9 * 60 * MINUTE_NS
TRADED = (
    InstrumentKind.STOCK,
    InstrumentKind.FUND,
    InstrumentKind.CONVERTIBLE,
    InstrumentKind.BOND,
    InstrumentKind.REPO,
)
ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED


class Asked(NamedTuple):
    """One item of a message for one account, at the instant at which the engine decides it."""

    now_ns: int
    item: Item
    verb: Verb
    account: AccountId
    door: DoorSettings
    quote: Quote | None
    seq: int
    arrival: int
    deadline_ns: int
    ttl_ns: int
    has_id: bool
    place: Taken | None = None
    """What it was counted as when it was put to wait for its turn; it comes out of the queue now."""
    waited: bool = False
    """It comes out now, from having waited for its turn or for the market to open."""


class Answer(NamedTuple):
    """Nothing refuses: it passes, at once or at its turn. Else the first of ``refusals`` is what the gate says."""

    refusals: list[Refusal]
    """In the page's order; with those that are at the edge of refusing."""
    side: Side | None = None
    quantity: int = 0
    price: int = 0
    parts: tuple[int, ...] = ()
    turn: Turn | None = None
    """Later than now: it is put into the queue."""
    held_until_ns: int = 0
    """When the market opens for an order of the pause before; 0: it is open."""
    deadline_ns: int = 0
    needed: int = 0
    key: str = ""

    @property
    def denials(self) -> list[Refusal]:
        return [each for each in self.refusals if not each.at_edge]


def judge(facts: Facts, asked: Asked) -> Answer:
    """Return what the gate must say."""
    side, size = _SIDES.get(asked.verb), asked.item.size or asked.door.default_size
    settings = next((each for each in facts.settings.accounts if each.account == asked.account), None)
    if side is None:
        if settings is None:
            return Answer([Refusal(Reason.ACCOUNT_UNKNOWN, (asked.account,))])
        step = _step(facts, asked)
        if isinstance(step, Refusal):
            return Answer([step])
        side, size = step[0], Size(SizeKind.SHARES, step[1], text=f"→{_wanted(asked)}")
    refusals = list(_item_refusals(asked, side))
    if refusals:
        return Answer(refusals, side)
    if settings is None:
        return Answer([Refusal(Reason.ACCOUNT_UNKNOWN, (asked.account,))], side)
    assert asked.quote is not None
    assert asked.quote.rule is not None
    spec = asked.item.price or asked.door.default_price or facts.settings.default_price
    key = _repeat_key(asked, side, size, spec)
    refusals = list(_may_it_act(facts, settings, asked, side, key))
    made = _order(facts, asked, side, size, spec, asked.quote.rule)
    if isinstance(made, Refusal):
        return Answer([*refusals, made], side)
    price, quantity = made
    parts = _parts(quantity, asked.quote.rule)
    asking = Asking(asked.now_ns, asked.account, asked.door.name, asked.item.strategy, asked.seq, side, asked.quote)
    asking = asking._replace(price=price, quantity=quantity, parts=parts, spec=spec, waited=asked.waited)
    needed = asking.needed(facts)
    refusals += _legality(facts, asking, needed)
    refusals += limit_refusals(facts, asking, needed)
    answer = Answer(refusals, side, quantity, price, parts, needed=needed, key=key)
    if answer.denials:
        return answer
    open_ns = _held_until_ns(facts.settings, asked.now_ns)
    answer = answer._replace(held_until_ns=open_ns, deadline_ns=asked.deadline_ns)
    if open_ns:  # It lives as long as its ttl, counted from there.
        answer = answer._replace(deadline_ns=open_ns + asked.ttl_ns)
    turn = turn_of(facts, asking._replace(now_ns=max(asked.now_ns, open_ns)))
    if turn.at_ns > answer.deadline_ns:
        wait = f"{(turn.at_ns - asked.now_ns) / NS:.1f}"
        named = [(str(each.limit), wait, words_of(each.scope)) for each in turn.rates]
        too_fast = [Refusal(Reason.ORDER_RATE_EXCEEDED, figures, any_of="rate") for figures in named]
        return answer._replace(refusals=too_fast)
    return answer._replace(turn=turn)


_SIDES = {Verb.BUY: Side.BUY, Verb.SELL: Side.SELL}


def _item_refusals(asked: Asked, side: Side) -> Iterator[Refusal]:
    """Yield why nobody may trade this here."""
    verb, symbol = Verb(side.value), asked.item.symbol
    if verb not in asked.door.allow:
        yield Refusal(Reason.DOOR_FORBIDS, (asked.door.name, ",".join(asked.door.allow)))
    if asked.quote is None or asked.quote.rule is None:
        yield Refusal(Reason.SYMBOL_UNKNOWN, (symbol,))
    elif asked.quote.rule.kind not in TRADED:
        yield Refusal(Reason.SYMBOL_NOT_TRADABLE, (symbol, asked.quote.rule.kind.value))


# Rows 1 to 19


def _may_it_act(facts: Facts, settings: AccountSettings, asked: Asked, side: Side, key: str) -> Iterator[Refusal]:
    number, symbol, now_ns, quote = asked.account, asked.item.symbol, asked.now_ns, asked.quote
    engine = facts.settings
    assert quote is not None
    if facts.journal_closed:
        yield Refusal(Reason.JOURNAL_CLOSED)
    if engine.calendar_until is not None and facts.day > engine.calendar_until:
        yield Refusal(Reason.CALENDAR_ENDED, (engine.calendar_until.isoformat(),))
    for state in (facts.state(None), facts.state(number)):
        if state is HALTED:
            yield Refusal(Reason.TRADING_HALTED)
        if state is REDUCING and side is Side.BUY:
            yield Refusal(Reason.REDUCING_ONLY)
    if asked.door.accounts and number not in asked.door.accounts:
        yield Refusal(Reason.DOOR_ACCOUNT_FORBIDDEN, (asked.door.name, number))
    if number not in facts.connected:
        yield Refusal(Reason.ACCOUNT_NOT_READY, (number, "down"))
    elif not facts.openings[number].ready:
        yield Refusal(Reason.ACCOUNT_NOT_READY, (number, "reconciling"))
    if side is Side.BUY and facts.closed(number):
        yield Refusal(Reason.MORNING_RED, (",".join(facts.closed(number)),))
    if number in facts.unsettled:
        yield Refusal(Reason.CLOCK_UNSETTLED)
    late = f"{(now_ns - asked.deadline_ns) / NS:.1f}"
    yield from over(Reason.SIGNAL_STALE, now_ns, asked.deadline_ns, late)
    if not engine.always_open and not _takes_orders(engine, now_ns):
        yield Refusal(Reason.OUT_OF_SESSION, (to_clock_text(now_ns),))
    scopes = scopes_of(facts, number, asked.door.name, asked.item.strategy)
    for scope in scopes:
        windows = limits_of(facts, scope).windows
        time_ns = time_of_day_ns(now_ns)
        inside = any(each.begins_ns <= time_ns < each.ends_ns for each in windows)
        at_edge = any(time_ns == each.begins_ns for each in windows)
        if windows and (at_edge or not inside):
            yield Refusal(Reason.OUT_OF_WINDOW, (to_clock_text(now_ns), words_of(scope)), at_edge=at_edge)
    for scope in scopes:
        limits = limits_of(facts, scope)
        if symbol in limits.symbols_denied or (limits.symbols_allowed and symbol not in limits.symbols_allowed):
            yield Refusal(Reason.SYMBOL_DENIED, (symbol, words_of(scope)))
    if quote.suspended:
        yield Refusal(Reason.SUSPENDED, (symbol,))
    for scope in scopes:
        if side is Side.BUY and quote.risk_warning and limits_of(facts, scope).risk_warning_denied:
            yield Refusal(Reason.RISK_WARNING, (symbol, words_of(scope)))
    yield from _what_stands_against_it(facts, settings, asked, side, key, scopes)


def _what_stands_against_it(
    facts: Facts, settings: AccountSettings, asked: Asked, side: Side, key: str, scopes: list[Scope]
) -> Iterator[Refusal]:
    """Rows 14 to 19: cancels, unknowns and repeats."""
    number, symbol, now_ns = asked.account, asked.item.symbol, asked.now_ns
    for mark in facts.marks:
        covers = mark.symbol in (symbol, EVERY_SYMBOL) and mark.side in (SideScope.ALL, SideScope(side.value))
        if mark.account == number and covers and mark.arrival > asked.arrival and not asked.waited:
            yield Refusal(Reason.CANCELED_BY_LATER, (str(mark.seq),), any_of="seq")
    for order in facts.orders:
        if (order.account, order.symbol, order.side) == (number, symbol, side) and order.status in UNRESOLVED:
            yield Refusal(Reason.SYMBOL_FROZEN, (order.name,), any_of="order")
    for scope in scopes[:2]:
        most = limit_of(facts, scope, "unknown_orders_max")
        unknown = [each for each in facts.orders if each.unresolved and scope.name in ("", each.account)]
        if most:  # Reached is too many, already.
            figures = str(len(unknown)), str(most), words_of(scope)
            yield from over(Reason.UNKNOWN_ORDERS, len(unknown) + 1, most, *figures)
    for order in facts.orders:
        if key and order.repeat_key == key and order.deadline_ns >= now_ns:
            yield Refusal(Reason.DUPLICATE_SUSPECTED, (f"{(order.deadline_ns - now_ns) / NS:.1f}",), any_of="repeat")
    for known, until_ns in facts.repeats:
        if key and known == key and until_ns >= now_ns:
            yield Refusal(Reason.DUPLICATE_SUSPECTED, (f"{(until_ns - now_ns) / NS:.1f}",), any_of="repeat")
    if asked.item.verb is Verb.BARE:
        done = sum(each.bare and (each.account, each.symbol) == (number, symbol) for each in facts.orders)
        most = settings.bare_per_day_max
        yield from over(Reason.BARE_PER_DAY, done + 1, most, str(done), str(most))
    minute = sum(at_ns // (60 * NS) == now_ns // (60 * NS) for at_ns in facts.wanted)
    most = facts.settings.submits_per_minute_max
    yield from over(Reason.AMPLIFICATION, minute + 1, most, str(minute), str(most))


def _repeat_key(asked: Asked, side: Side, size: Size | None, spec: PriceSpec) -> str:
    """Return what a repeat of a message without an id looks like; empty: it has one."""
    if asked.has_id:
        return ""
    written = size.text if size is not None else ""
    return f"{asked.account}|{asked.item.symbol}|{side.value}|{written}|{spec.text}"


def _takes_orders(engine: EngineSettings, now_ns: int) -> bool:
    time_ns = time_of_day_ns(now_ns)
    if _is_pause(now_ns) and engine.opening_pause is OpeningPause.DENY:
        return False
    return _NINE + 15 * MINUTE_NS <= time_ns < 15 * 60 * MINUTE_NS


def _is_pause(now_ns: int) -> bool:
    return _NINE + 25 * MINUTE_NS <= time_of_day_ns(now_ns) < _NINE + 30 * MINUTE_NS


def _held_until_ns(engine: EngineSettings, now_ns: int) -> int:
    """Return when an order of the pause before the opening may leave; 0: it is not held."""
    if engine.always_open or engine.opening_pause is not OpeningPause.HOLD or not _is_pause(now_ns):
        return 0
    return now_ns - time_of_day_ns(now_ns) + _NINE + 30 * MINUTE_NS


# From what is asked to an order


def _wanted(asked: Asked) -> str:
    if asked.verb is Verb.CLEAR or asked.item.size is None:
        return "0"
    return asked.item.size.text


def _step(facts: Facts, asked: Asked) -> tuple[Side, int] | Refusal:
    """Return what a target of shares, or a clear, leads to."""
    number, symbol, strategy, quote = asked.account, asked.item.symbol, asked.item.strategy, asked.quote
    if quote is None or quote.rule is None:
        return Refusal(Reason.SYMBOL_UNKNOWN, (symbol,))
    if quote.rule.kind not in TRADED:
        return Refusal(Reason.SYMBOL_NOT_TRADABLE, (symbol, quote.rule.kind.value))
    if not facts.openings[number].ready or number not in facts.listed:
        return Refusal(Reason.ACCOUNT_NOT_READY, (number, "reconciling"))
    clear = asked.verb is Verb.CLEAR
    wanted = 0 if clear or asked.item.size is None else asked.item.size.amount
    held = facts.owned(strategy, number, symbol) if strategy else facts.held(number, symbol).quantity
    buys = facts.working(number, symbol, Side.BUY, strategy) + facts.queued(
        number, symbol, Side.BUY, strategy, asked.now_ns
    )
    sells = facts.working(number, symbol, Side.SELL, strategy) + facts.queued(
        number, symbol, Side.SELL, strategy, asked.now_ns
    )
    missing = wanted - held - buys + sells
    if missing > 0:
        quantity = _whole_lots(quote.rule, missing, Side.BUY)
        if quantity and not clear:
            return Side.BUY, quantity
    else:
        free = facts.free(number, symbol)
        quantity = min(max(0, held - sells - wanted), free)
        quantity = quantity if quantity == free else _whole_lots(quote.rule, quantity, Side.SELL)
        if quantity:
            return Side.SELL, quantity
    if buys and held + buys > wanted:
        return Refusal(Reason.TARGET_WORKING, (symbol, str(buys)))
    return Refusal(Reason.TARGET_REACHED, (symbol, str(wanted), str(held)))


def _order(
    facts: Facts, asked: Asked, side: Side, size: Size | None, spec: PriceSpec, rule: TradingRule
) -> tuple[int, int] | Refusal:
    """Return price and quantity, or why there is no such order."""
    if size is None:
        return Refusal(Reason.SIZE_MISSING, (asked.item.symbol,))
    price = _price(facts, asked, side, spec)
    if isinstance(price, Refusal):
        return price
    if side is Side.BUY and size.kind in (SizeKind.ALL, SizeKind.FRACTION):
        return Refusal(Reason.SIZE_SELL_ONLY, (size.text or size.kind.value,))
    if size.kind is SizeKind.SHARES:
        return price, size.amount
    if size.kind is SizeKind.LOTS:
        return price, size.amount * rule.lot
    free = facts.free(asked.account, asked.item.symbol)
    if size.kind is SizeKind.MONEY:
        wanted = size.amount // price
    elif size.kind is SizeKind.ALL:
        wanted = free
    elif size.kind is SizeKind.FRACTION:
        wanted = free * size.amount // size.denominator
    elif side is Side.SELL:
        wanted = free * size.amount // MILLION
    else:
        wanted = facts.total_assets(asked.account) * size.amount // MILLION // price
    if side is Side.SELL and wanted == free > 0:
        return price, wanted
    quantity = _whole_lots(rule, wanted, side)
    if side is Side.SELL and free <= 0 and size.kind is not SizeKind.MONEY:
        return Refusal(Reason.SIZE_ZERO, (size.text or size.kind.value, str(wanted), str(rule.buy_minimum), "0"))
    if not quantity:
        return Refusal(Reason.SIZE_ZERO, (size.text or size.kind.value, str(wanted), str(rule.buy_minimum)))
    return price, quantity


def _price(facts: Facts, asked: Asked, side: Side, spec: PriceSpec) -> int | Refusal:
    quote = asked.quote
    assert quote is not None
    if spec.kind is PriceKind.LIMIT:
        return spec.price
    of_the_day = spec.kind in (PriceKind.LIMIT_UP, PriceKind.LIMIT_DOWN)
    age_ns = asked.now_ns - quote.quoted_ns
    if age_ns > facts.settings.quote_age_max_ns and not of_the_day:
        return Refusal(Reason.QUOTE_STALE, (f"{age_ns / NS:.1f}",))
    bid, ask = (quote.bids or (0,))[0], (quote.asks or (0,))[0]
    found = {
        PriceKind.LATEST: quote.last,
        PriceKind.LIMIT_UP: quote.limit_up,
        PriceKind.LIMIT_DOWN: quote.limit_down,
        PriceKind.OPPOSITE: ask if side is Side.BUY else bid,
        PriceKind.OWN: bid if side is Side.BUY else ask,
    }[spec.kind]
    return found or Refusal(Reason.PRICE_MISSING, (spec.text or spec.kind.value,))


def _whole_lots(rule: TradingRule, quantity: int, side: Side) -> int:
    """Return the largest regular quantity up to ``quantity``; 0: there is none."""
    step = rule.buy_step if side is Side.BUY else rule.sell_step
    regular = range(rule.buy_minimum, quantity + 1, step)
    return regular[-1] if regular else 0


def _parts(quantity: int, rule: TradingRule) -> tuple[int, ...]:
    """Return ``quantity`` in orders that the exchange takes, for lots that fill its largest exactly.

    More than fifty are no order that anybody means: it stays whole.
    """
    if quantity > 50 * rule.quantity_max:
        return (quantity,)
    parts: list[int] = []
    while quantity > rule.quantity_max:
        parts.append(int(rule.quantity_max))
        quantity -= rule.quantity_max
    return (*parts, quantity)


# Rows 20 to 27


def _legality(facts: Facts, asking: Asking, needed: int) -> Iterator[Refusal]:
    price, side, quote, number = asking.price, asking.side, asking.quote, asking.account
    rule, symbol = quote.rule, quote.symbol
    assert rule is not None
    if price % rule.tick:
        yield Refusal(Reason.TICK_INVALID, (to_text(price), to_text(rule.tick)))
    has_limit = bool(quote.limit_up or quote.limit_down)
    up, down = (quote.limit_up, quote.limit_down) if has_limit else (quote.band_up, quote.band_down)
    if up:
        yield from over(Reason.PRICE_ABOVE_LIMIT, price, up, to_text(price), to_text(up))
    if down:
        yield from over(Reason.PRICE_BELOW_LIMIT, -price, -down, to_text(price), to_text(down))
    bound, sign = _cage(facts, asking, rule), 1 if side is Side.BUY else -1
    if bound:
        yield from over(Reason.PRICE_CAGE, sign * price, sign * bound, to_text(price), to_text(bound), side.value)
    held, free = facts.held(number, symbol), facts.free(number, symbol)
    for part in asking.parts:
        most = rule.quantity_max
        yield from over(Reason.QUANTITY_EXCEEDED, part, most, str(part), str(most))
        if not _is_regular(rule, part, side, free):
            lots = rule.board, str(part), str(rule.buy_minimum), str(rule.buy_step)
            yield Refusal(Reason.LOT_INVALID, lots)
    if side is Side.BUY and rule.day_buy_max:
        bought = asking.quantity + sum(
            each.filled + each.left
            for each in facts.orders
            if (each.account, each.symbol, each.side) == (number, symbol, Side.BUY)
        )
        most = rule.day_buy_max
        yield from over(Reason.DAY_BUY_EXCEEDED, bought, most, str(bought), str(most))
    if side is Side.BUY:
        room = max(0, facts.available(number) - limit_of(facts, asking.scopes(facts)[1], "cash_reserve"))
        yield from over(Reason.CASH_EXCEEDED, needed, room, to_money_text(needed), to_money_text(room))
    elif rule.kind is not InstrumentKind.REPO:
        figures = str(asking.quantity), str(free), str(max(0, held.quantity - held.sellable))
        yield from over(Reason.SELLABLE_EXCEEDED, asking.quantity, free, *figures)
    if facts.settings.self_cross_denied:
        yield from _crossing(facts, symbol, side, price)


def _is_regular(rule: TradingRule, quantity: int, side: Side, free: int) -> bool:
    if side is Side.BUY:
        return quantity >= rule.buy_minimum and (quantity - rule.buy_minimum) % rule.buy_step == 0
    if quantity <= 0:
        return False
    whole = quantity >= rule.buy_minimum and quantity % rule.sell_step == 0
    odd_rest = rule.sell_step > 1 and quantity % rule.sell_step == free % rule.sell_step
    return whole or odd_rest or quantity == free


def _crossing(facts: Facts, symbol: Symbol, side: Side, price: int) -> Iterator[Refusal]:
    """Yield the own orders that this one would trade with, at the price that is reached first."""
    others = [each for each in facts.orders if each.symbol == symbol and each.side is not side and each.live]
    if not others:
        return
    best = min(each.price for each in others) if side is Side.BUY else max(each.price for each in others)
    if price >= best if side is Side.BUY else price <= best:
        for each in others:
            if each.price == best:
                yield Refusal(Reason.SELF_CROSS, (each.account, to_text(best)), any_of="other")


def _cage(facts: Facts, asking: Asking, rule: TradingRule) -> int:
    """Return the last price inside the cage; 0: there is none."""
    if not rule.cage_millionths or not asking.caged(facts):
        return 0
    quote, buy = asking.quote, asking.side is Side.BUY
    bid, ask = (quote.bids or (0,))[0], (quote.asks or (0,))[0]
    near, far = (ask, bid) if buy else (bid, ask)
    base = near or far or quote.last or quote.previous_close
    if not base:
        return 0
    share = base * (MILLION + (rule.cage_millionths if buy else -rule.cage_millionths))
    unit = rule.tick * MILLION
    edge = (2 * share + unit) // (2 * unit) * rule.tick
    ticks = rule.cage_ticks * rule.tick
    return max(edge, base + ticks) if buy else min(edge, base - ticks)
