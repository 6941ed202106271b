"""The gate: the rules in their order. ``admit`` judges an instruction, ``judge_legality`` and ``judge`` its order.

Rules that hang on something rare (an unknown order, a mark) or on a limit that somebody has set are asked only where it
exists: the condition stands here. docs/risk.md has the same order.
"""

from __future__ import annotations

from qmt_trading.engine.gauges import Judged
from qmt_trading.engine.risk.account_ready import check_account_ready
from qmt_trading.engine.risk.bare_per_day import check_bare_per_day
from qmt_trading.engine.risk.cage import check_cage
from qmt_trading.engine.risk.cancel_mark import check_cancel_mark
from qmt_trading.engine.risk.candidate import Candidate, Counted, Instruction, Market
from qmt_trading.engine.risk.cash import check_cash
from qmt_trading.engine.risk.counts import check_unknown_orders
from qmt_trading.engine.risk.door_permission import check_door_account
from qmt_trading.engine.risk.duplicate import check_duplicate
from qmt_trading.engine.risk.frozen_pair import check_frozen_pair
from qmt_trading.engine.risk.hours import check_calendar, check_session, check_window
from qmt_trading.engine.risk.lot import check_lot
from qmt_trading.engine.risk.morning_red import check_morning
from qmt_trading.engine.risk.orders_per_signal import check_amplification
from qmt_trading.engine.risk.price_limit import check_price_limit, check_tick
from qmt_trading.engine.risk.quick import breaks_none
from qmt_trading.engine.risk.risk_warning import check_day_buy, check_risk_warning, check_suspended
from qmt_trading.engine.risk.scope import check_scope
from qmt_trading.engine.risk.self_cross import check_self_cross
from qmt_trading.engine.risk.sellable import check_sellable
from qmt_trading.engine.risk.staleness import check_staleness
from qmt_trading.engine.risk.symbol_lists import check_symbol
from qmt_trading.engine.risk.trading_state import check_trading_state
from qmt_trading.engine.state import Account, State
from qmt_trading.engine.transitions import LIVE
from qmt_trading.market.cage import cage_bound
from qmt_trading.model.instant import time_of_day_ns
from qmt_trading.model.instrument import Quote, TradingRule
from qmt_trading.model.limits import ScopeKind
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import InstrumentKind, LinkState, Side, TradingState


def admit(
    state: State,
    settings: EngineSettings,
    door: DoorSettings,
    account: Account,
    instruction: Instruction,
    market: Market,
    judged: Judged,
) -> Denial | None:
    """Return why ``instruction`` may not be carried out at all, or None."""
    side = instruction.side
    own = account.settings
    return (
        (Denial(Reason.JOURNAL_CLOSED) if state.submits_closed else None)
        or (check_calendar(state.day, settings.calendar_until) if settings.calendar_until is not None else None)
        or (None if state.trading_state is TradingState.ACTIVE else check_trading_state(state.trading_state, side))
        or (None if account.state is TradingState.ACTIVE else check_trading_state(account.state, side))
        or (check_door_account(door, own.account) if door.accounts else None)
        or (
            None
            if account.ready and account.link is LinkState.CONNECTED
            else check_account_ready(own.account, account.link, account.ready)
        )
        or (check_morning(account.morning.closed, side) if account.morning.closed else None)
        or (_check_clock(own.account, state) if state.clock_unsettled else None)
        or (check_staleness(instruction.deadline_ns, state.now_ns) if state.now_ns > instruction.deadline_ns else None)
        or (None if market.takes_orders else check_session(False, state.now_ns))
        or (
            None
            if not market.is_special
            and (not judged.has_lists or judged.permits(instruction.symbol, time_of_day_ns(state.now_ns)))
            else _check_lists(state, instruction, market.quote, judged)
        )
        or (_check_marks(account, instruction) if account.marks else None)
        or (
            _check_unresolved(state, account, instruction, judged)
            if account.unresolved or (judged.has_total_unknown and state.unresolved)
            else None
        )
        or (_check_duplicate(state, instruction) if instruction.duplicate_key else None)
        or (_check_bare(state, own, instruction) if instruction.bare else None)
        or (_check_minute(state, settings) if state.wanted_in_minute >= settings.submits_per_minute_max else None)
    )


def judge_legality(rule: TradingRule, market: Market, candidate: Candidate, held: Position | None) -> Denial | None:
    """Return why no exchange would take ``candidate``, or None; for a buy the same whoever buys."""
    price, side, quote = candidate.price, candidate.side, market.quote
    return (
        check_tick(price, rule)
        or check_price_limit(price, quote)
        or (_check_cage(rule, quote, price, side) if market.caged and rule.cage_millionths else None)
        or check_lot(rule, side, candidate.quantity, held)
    )


def judge(
    state: State,
    settings: EngineSettings,
    account: Account,
    candidate: Candidate,
    market: Market,
    counted: Counted,
    judged: Judged,
) -> Denial | None:
    """Return why ``candidate``, which is legal, may not be sent for ``account``, or None."""
    rule = market.quote.rule
    denial = _check_day_buy(state, account, candidate, market) if rule is not None and rule.day_buy_max else None
    denial = denial or judge_cover(account, candidate, market, judged)
    if denial is None and settings.self_cross_denied:
        working = (state.selling if candidate.side is Side.BUY else state.buying).get(candidate.symbol)
        if working:
            denial = check_self_cross(candidate.price, candidate.side, map(state.order, working))
    if denial is not None or breaks_none(state, account, candidate, market, counted, judged):
        return denial
    for gauge in judged.gauges:
        denial = denial or check_scope(state, account, candidate, market, counted, gauge)
    return denial


def _check_cage(rule: TradingRule, quote: Quote, price: Price, side: Side) -> Denial | None:
    nearest = quote.asks if side is Side.BUY else quote.bids
    if nearest and nearest[0] and (price <= nearest[0] if side is Side.BUY else price >= nearest[0]):
        return None  # Not beyond the other side: the cage begins there.
    bound = cage_bound(
        rule,
        side,
        best_bid=quote.bids[0] if quote.bids else Price(0),
        best_ask=quote.asks[0] if quote.asks else Price(0),
        last=quote.last,
        previous_close=quote.previous_close,
    )
    return check_cage(price, side, bound)


def _check_day_buy(state: State, account: Account, candidate: Candidate, market: Market) -> Denial | None:
    """Judge what an investor may buy in a day of a stock under a risk warning."""
    rule, number = market.quote.rule, account.settings.account
    if rule is None or not rule.day_buy_max or candidate.side is not Side.BUY:
        return None
    bought = int(candidate.quantity)
    for order in state.orders:
        if order.account == number and order.symbol == candidate.symbol and order.side is Side.BUY:
            live = order.status in LIVE
            bought += order.quantity if live else max(order.filled_quantity, order.reported_quantity)
    return check_day_buy(Quantity(bought), rule.day_buy_max)


def judge_cover(account: Account, candidate: Candidate, market: Market, judged: Judged) -> Denial | None:
    """Judge what an order takes: cash, beyond what is to stay there, or shares."""
    denial: Denial | None = None
    if candidate.side is Side.SELL and market.kind is not InstrumentKind.REPO:
        denial = check_sellable(candidate.quantity, account.positions.get(candidate.symbol))
    if candidate.needed:
        free = account.cash - account.reserved - judged.cash_reserve
        denial = denial or check_cash(candidate.needed, Money(max(free, 0)))
    return denial


def _check_clock(number: AccountId, state: State) -> Denial | None:
    return Denial(Reason.CLOCK_UNSETTLED) if number in state.clock_unsettled else None


def _check_marks(account: Account, instruction: Instruction) -> Denial | None:
    marks = account.marks.values()
    return check_cancel_mark(marks, instruction.symbol, instruction.side, arrival=instruction.arrival)


def _check_unresolved(state: State, account: Account, instruction: Instruction, judged: Judged) -> Denial | None:
    denial: Denial | None = None
    if account.unresolved:
        denial = check_frozen_pair(map(state.order, account.unresolved), instruction.symbol, instruction.side)
    for gauge in judged.gauges:
        if denial is None and gauge.limits.unknown_orders_max:
            concerned = [account] if gauge.scope.kind is ScopeKind.ACCOUNT else state.accounts.values()
            count = sum(len(each.unresolved) for each in concerned)
            denial = check_unknown_orders(count, gauge.limits.unknown_orders_max, scope=gauge.text)
    return denial


def _check_duplicate(state: State, instruction: Instruction) -> Denial | None:
    return check_duplicate(state.recent.get(instruction.duplicate_key, 0), now_ns=state.now_ns)


def _check_bare(state: State, own: AccountSettings, instruction: Instruction) -> Denial | None:
    count = state.bare_counts.get((own.account, instruction.symbol), 0)
    return check_bare_per_day(count, count_max=own.bare_per_day_max)


def _check_minute(state: State, settings: EngineSettings) -> Denial | None:
    return check_amplification(wanted_this_minute(state), settings.submits_per_minute_max)


def wanted_this_minute(state: State) -> int:
    """Return how many orders were to be sent in the minute of the clock that is running."""
    return state.wanted_in_minute if state.now_ns // (60 * SECOND_NS) == state.minute else 0


def _check_lists(state: State, instruction: Instruction, quote: Quote, judged: Judged) -> Denial | None:
    """Judge hours, symbols, suspension and risk warnings, each over all scopes before the next."""
    denial: Denial | None = None
    for gauge in judged.gauges:
        if denial is None and gauge.limits.windows:
            denial = check_window(state.now_ns, gauge.limits.windows, scope=gauge.text)
    for gauge in judged.gauges:
        limits = gauge.limits
        if denial is None and (limits.symbols_allowed or limits.symbols_denied):
            denial = check_symbol(
                instruction.symbol, allowed=limits.symbols_allowed, denied=limits.symbols_denied, scope=gauge.text
            )
    if quote.suspended:
        denial = denial or check_suspended(quote)
    if quote.risk_warning:
        for gauge in judged.gauges:
            denied = gauge.limits.risk_warning_denied
            denial = denial or check_risk_warning(quote, instruction.side, denied=denied, scope=gauge.text)
    return denial
