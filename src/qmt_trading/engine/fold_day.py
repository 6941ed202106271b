"""Folding the opening of a day: what outlives the day before, and nothing else."""

from __future__ import annotations

from qmt_trading.engine import acknowledging, bookkeeping
from qmt_trading.engine.cancel_mark import CancelMark
from qmt_trading.engine.gauges import Gauges
from qmt_trading.engine.state import State
from qmt_trading.engine.tables import Table
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import at_time
from qmt_trading.model.numbers import Money
from qmt_trading.model.told import StateTold
from qmt_trading.model.words import TradingState


def of_yesterday(trading_state: TradingState, now_ns: int) -> StateTold:
    """Return what is said of a trading state that a new day takes over."""
    active = trading_state is TradingState.ACTIVE
    return StateTold() if active else StateTold("day", "延续自前一交易日", now_ns)


def fold_opened(state: State, record: out.DayOpened) -> None:
    """Begin a day with what it carries, and with nothing else."""
    state.day, state.day_before, state.actions = record.day, record.day_before, {}
    state.opened_ns, state.day_begins_ns = state.now_ns, at_time(record.day, 0)
    state.bound = record.bound
    state.version = record.version
    state.accounts = {}
    state.orders, state.fills, state.signals = Table(), Table(), Table()
    state.order_index, state.current, state.by_broker, state.by_venue = {}, {}, {}, {}
    state.fill_keys, state.signal_index, state.ids = set(), {}, {}
    state.recent, state.bare_counts, state.due = {}, {}, []
    state.prices, state.malformed, state.minute, state.wanted_in_minute = {}, 0, 0, 0
    state.unresolved, state.open_buys = 0, {}
    state.references, state.buying, state.selling, state.gauges = {}, {}, {}, Gauges()
    state.clock_unsettled = set()  # Nothing is sent before the day's first complete list anyway.
    acknowledging.fold_carried(state, record)
    state.configure(record.settings)
    state.trading_state, state.told = record.trading_state, record.told
    state.signal_seq, state.order_seq, state.arrival = record.signal_seq, record.order_seq, record.arrival
    for number, account_state in record.account_states:
        account = state.account(number)
        account.state, account.told = account_state, of_yesterday(account_state, state.now_ns)
    for number, cash in record.cash:
        state.account(number).cash = Money(cash)
    for held in record.positions:
        state.account(held.account).positions[held.symbol] = held
    for number, session, link in record.sessions:
        account = state.account(number)
        account.session, account.link = session, link
    for number, told in record.links_told:
        state.account(number).link_told = told
    for order in record.unresolved:
        state.put_order(bookkeeping.reserve(state, order))
    for usage in state.gauges.usages.values():
        usage.open_day()  # What was traded of those, and that they were sent, was yesterday.
    state.timed, state.timed_done, state.timed_due, state.chasing = {}, [], [], {}
    state.timed_numbers = {}
    for waiting in record.timed:
        state.add_timed(waiting)
    state.holdings = {(number, strategy, symbol): held for number, strategy, symbol, held in record.holdings}
    for mark in record.marks:
        state.account(mark.account).marks[mark.symbol, mark.side] = CancelMark(mark)
