"""Taking a snapshot of the state, and making a state of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from qmt_trading.engine.bookkeeping import key_of
from qmt_trading.engine.cancel_mark import CancelMark
from qmt_trading.engine.state import Account, State
from qmt_trading.engine.usage import MINUTE_NS, Usage
from qmt_trading.model.instant import at_time
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import CancelMarked
from qmt_trading.model.signal import AccountId
from qmt_trading.model.snapshot import AccountImage, Image, Snapshot
from qmt_trading.model.usage import UsageImage


def capture(state: State) -> Snapshot:
    """Return ``state`` as it is now; costs its small parts and the chunks touched since the last view."""
    assert state.bound is not None
    assert state.settings is not None
    image = Image(
        now_ns=state.now_ns,
        bound=state.bound,
        version=state.version,
        settings=state.settings,
        day=state.day,
        opened_ns=state.opened_ns,
        trading_state=state.trading_state,
        told=state.told,
        clock_unsettled=tuple(sorted(state.clock_unsettled)),
        accounts=tuple(_image(state, account) for account in state.accounts.values()),
        ids=dict(state.ids),
        recent=dict(state.recent),
        bare_counts=tuple((number, symbol, count) for (number, symbol), count in state.bare_counts.items()),
        prices=dict(state.prices),
        alerts=tuple(state.alerts),
        signal_seq=state.signal_seq,
        order_seq=state.order_seq,
        arrival=state.arrival,
        minute=state.minute,
        wanted_in_minute=state.wanted_in_minute,
        references=dict(state.references),
        usages=tuple(_usage_images(state)),
        limits=tuple(state.gauges.set_today.values()),
        malformed=state.malformed,
        timed=tuple(state.timed.values()),
        timed_done=tuple(state.timed_done),
        chasing=tuple(state.chasing.items()),
        holdings=tuple((*key, held) for key, held in state.holdings.items()),
        day_before=state.day_before,
        actions=tuple(state.actions.values()),
        alert_seq=state.alert_seq,
        limit_steps=state.gauges.steps,
    )
    return Snapshot(image, state.orders.rows(), state.fills.rows(), state.signals.rows())


def _image(state: State, account: Account) -> AccountImage:
    number, row_of = account.settings.account, state.order_index.__getitem__
    return AccountImage(
        settings=account.settings,
        state=account.state,
        told=account.told,
        link=account.link,
        session=account.session,
        ready=account.ready,
        cash=account.cash,
        positions=tuple(account.positions.values()),
        marks=tuple((_marked(number, mark), mark.listed) for mark in account.marks.values()),
        orphans=tuple(account.orphans),
        differences=tuple(account.differences.values()),
        asking_ns=account.asking_ns,
        ask_again=account.ask_again,
        live=tuple(map(row_of, account.live)),
        unresolved=tuple(map(row_of, account.unresolved)),
        to_cancel=tuple(map(row_of, account.to_cancel)),
        gaps=tuple(map(row_of, account.gaps)),
        cancels_free_ns=account.cancels_free_ns,
        listed_session=account.listed_session,
        morning_assets=account.morning_assets,
        day_flows=tuple((symbol, *flow) for symbol, flow in account.day_flows.items()),
        morning=account.morning,
        link_told=account.link_told,
        listed=account.listed,
        moved=tuple(account.moved.items()),
        questioned_ns=account.questioned_ns,
    )


def _usage_images(state: State) -> Iterator[UsageImage]:
    """Yield what was used, by scope; a scope that was only looked at has no part in the state."""
    kept_ns = state.now_ns - MINUTE_NS
    for scope, usage in sorted(state.gauges.usages.items()):
        image = replace(
            usage.image(),
            turns=tuple(each for each in usage.turns if each > kept_ns),
            messages=tuple(each for each in usage.messages if each > kept_ns),
        )
        if image != Usage(scope).image():
            yield image


def _marked(account: AccountId, mark: CancelMark) -> CancelMarked:
    return CancelMarked(account, mark.symbol, mark.side, mark.seq, mark.received_ns, mark.arrival)


def restore(snapshot: Snapshot) -> State:
    """Return the state that ``snapshot`` was taken of."""
    image = snapshot.image
    state = State()
    state.now_ns = image.now_ns
    state.bound = image.bound
    state.version = image.version
    state.accounts = {each.settings.account: Account(each.settings) for each in image.accounts}
    state.configure(image.settings)
    state.day, state.opened_ns = image.day, image.opened_ns
    state.day_begins_ns = at_time(image.day, 0) if image.day is not None else 0
    state.trading_state, state.told = image.trading_state, image.told
    state.clock_unsettled = set(image.clock_unsettled)
    for each in image.accounts:
        account = state.account(each.settings.account)
        account.state, account.link, account.session = each.state, each.link, each.session
        account.told = each.told
        account.ready, account.cash = each.ready, each.cash
        account.marks = {(mark.symbol, mark.side): CancelMark(mark, listed=listed) for mark, listed in each.marks}
        account.asking_ns, account.ask_again = each.asking_ns, each.ask_again
        account.orphans = list(each.orphans)
        account.differences = {difference.symbol: difference for difference in each.differences}
        account.listed, account.questioned_ns = each.listed, each.questioned_ns
        account.moved, account.cancels_free_ns = dict(each.moved), each.cancels_free_ns
        account.listed_session, account.morning_assets = each.listed_session, each.morning_assets
        account.morning, account.link_told = each.morning, each.link_told
        account.day_flows = {symbol: (shares, money) for symbol, shares, money in each.day_flows}
    for order in snapshot.orders:
        state.put_order(order)
    for each in image.accounts:
        account = state.account(each.settings.account)
        account.positions = {held.symbol: held for held in each.positions}
        account.live, account.unresolved = _keys(state, each.live), _keys(state, each.unresolved)
        account.to_cancel, account.gaps = _keys(state, each.to_cancel), _keys(state, each.gaps)
    for fill in snapshot.fills:
        state.fills.append(fill)
        state.fill_keys.add(key_of(fill))
    for row in snapshot.signals:
        state.signal_index[row.seq] = state.signals.append(row)
    state.ids = dict(image.ids)
    state.recent = dict(image.recent)
    state.bare_counts = {(number, symbol): count for number, symbol, count in image.bare_counts}
    state.prices = dict(image.prices)
    state.alerts, state.alert_seq = list(image.alerts), image.alert_seq
    state.signal_seq, state.order_seq, state.arrival = image.signal_seq, image.order_seq, image.arrival
    state.minute, state.wanted_in_minute = image.minute, image.wanted_in_minute
    state.references = dict(image.references)
    state.gauges.restore(image.limits, image.limit_steps)
    for usage in state.gauges.usages.values():
        usage.restore(Usage(usage.scope).image())  # What putting the orders back has counted.
    for used in image.usages:
        state.gauges.usage(used.scope).restore(used)
    state.malformed = image.malformed
    for waiting in image.timed:
        state.add_timed(waiting)
    state.timed_done, state.chasing = list(image.timed_done), dict(image.chasing)
    for done in state.timed_done:
        seq, number = done.timed.seq, done.timed.number
        state.timed_numbers[seq] = max(state.timed_numbers.get(seq, 0), number)
    state.holdings = {(number, strategy, symbol): held for number, strategy, symbol, held in image.holdings}
    state.day_before = image.day_before
    state.actions = {(action.ex_day, action.symbol): action for action in image.actions}
    return state


def _keys(state: State, rows: tuple[int, ...]) -> dict[ClientOrderId, None]:
    return dict.fromkeys(state.orders[row].client_order_id for row in rows)
