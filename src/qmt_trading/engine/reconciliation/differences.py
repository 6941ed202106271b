"""Differences: where positions and cash are not the broker's, since when, and whether a lag may explain it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from qmt_trading.engine.state import Account, State
from qmt_trading.model.events import BrokerListed
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money
from qmt_trading.model.order import Position
from qmt_trading.model.reconciliation import CASH, LAG_NS, Difference


def differences(state: State, account: Account, theirs: BrokerListed) -> dict[Symbol, Difference]:
    """Return what differs now, after the list's rows and fills were applied; ``CASH`` stands for the money.

    A figure that differed before keeps since when it does. Figures that stay the same from list to list, while nothing
    of theirs moves, become a proof; any change, of either side, begins it anew.
    """
    return {each.symbol: each for each in _found(state, account, theirs)}


def _found(state: State, account: Account, theirs: BrokerListed) -> Iterator[Difference]:
    listed = {held.symbol: held for held in theirs.positions if held.quantity}
    ours = {symbol: held for symbol, held in account.positions.items() if held.quantity}
    for symbol in sorted(listed.keys() | ours.keys()):
        found = _of_position(symbol, ours.get(symbol), listed.get(symbol), state.now_ns)
        if found.ours != found.theirs:
            yield _aged(account, found, theirs, is_still=is_still(state, account, symbol, theirs.asked_ns))
    cash = Difference(symbol=CASH, ours=account.cash, theirs=theirs.cash, since_ns=state.now_ns)
    if cash.ours != cash.theirs and abs(cash.ours - cash.theirs) > cash_tolerance(state, account):
        yield _aged(account, cash, theirs, is_still=is_still(state, account, CASH, theirs.asked_ns))


def _of_position(symbol: Symbol, ours: Position | None, theirs: Position | None, now_ns: int) -> Difference:
    """Return the shares of both sides, or what of them may be sold where they are as many."""
    held, told = (each.quantity if each is not None else 0 for each in (ours, theirs))
    is_sellable = held == told
    if is_sellable:
        held, told = (each.sellable_quantity if each is not None else 0 for each in (ours, theirs))
    return Difference(symbol=symbol, ours=held, theirs=told, since_ns=now_ns, position=theirs, is_sellable=is_sellable)


def _aged(account: Account, found: Difference, theirs: BrokerListed, *, is_still: bool) -> Difference:
    before = account.differences.get(found.symbol)
    if before is None:
        return replace(found, still_ns=theirs.asked_ns, agreed_ns=theirs.asked_ns) if is_still else found
    found = replace(found, since_ns=before.since_ns)
    if (before.ours, before.theirs, before.is_sellable) == (found.ours, found.theirs, found.is_sellable):
        found = replace(
            found,
            told_ns=before.told_ns,
            ignored_ns=before.ignored_ns,
            ignored_by=before.ignored_by,
            ignored_why=before.ignored_why,
        )
        if is_still and before.still_ns:
            agreed_ns = max(before.agreed_ns, theirs.asked_ns)
            return replace(found, still_ns=before.still_ns, agreed_ns=agreed_ns)
    return replace(found, still_ns=theirs.asked_ns, agreed_ns=theirs.asked_ns) if is_still else found


def is_still(state: State, account: Account, symbol: Symbol, asked_ns: int) -> bool:
    """Tell whether a list asked for at ``asked_ns`` may be held against our figure of ``symbol``.

    It may not while an order of it may fill, while a traded volume awaits its fill, nor within ``LAG_NS`` of a fill.
    For ``CASH`` every symbol counts.
    """
    if symbol == CASH:
        if account.live or account.gaps or account.orphans:
            return False
        return asked_ns >= max(account.moved.values(), default=0) + LAG_NS
    if asked_ns < account.moved.get(symbol, 0) + LAG_NS:
        return False
    if any(state.order(key).symbol == symbol for key in (*account.live, *account.gaps)):
        return False
    return not any(state.fills[index].symbol == symbol for index in account.orphans)


def cash_tolerance(state: State, account: Account) -> Money:
    """Return by how much cash may differ for fees alone: so much for each fill of today, and a little more."""
    settings = state.settings
    assert settings is not None
    number = account.settings.account
    fills = sum(fill.account == number for fill in state.fills)
    return Money(settings.cash_tolerance * fills + settings.cash_tolerance_base)


def begin_anew(state: State, account: Account) -> None:
    """Let no list from before now prove anything: the instants of before and after cannot be compared."""
    before_ns = state.now_ns - SECOND_NS  # The clock that lists are stamped with may be so far behind.
    account.listed = replace(account.listed, asked_ns=min(account.listed.asked_ns, before_ns))
    account.questioned_ns = min(account.questioned_ns, state.now_ns)
    account.moved = dict.fromkeys(account.moved, state.now_ns)
    account.differences = {
        symbol: replace(each, since_ns=min(each.since_ns, state.now_ns), still_ns=0, agreed_ns=0, told_ns=0)
        for symbol, each in account.differences.items()
    }
