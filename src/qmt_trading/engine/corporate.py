"""What the opening of an ex-day changes: positions, what strategies hold, and instructions that wait.

Prices need nothing: the opening of a day forgets those of the day before.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from qmt_trading.engine import corporate_alerts as alerts
from qmt_trading.engine.findings import Finding, FindingKind
from qmt_trading.engine.state import Account, State
from qmt_trading.market.corporate_actions import adjust, adjusted_price, adjusted_quantity
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.events import CorporateActionsTold
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.numbers import Quantity, to_text
from qmt_trading.model.order import Fill, Position
from qmt_trading.model.outputs import Alert
from qmt_trading.model.signal import AccountId, Item, PriceKind, SizeKind
from qmt_trading.model.timed import Timed
from qmt_trading.model.words import Side, Verb

_SIDES = {Verb.BUY: Side.BUY, Verb.SELL: Side.SELL, Verb.CLEAR: Side.SELL}
_COUNTED = (SizeKind.SHARES, SizeKind.LOTS)


def fold_actions(state: State, record: CorporateActionsTold) -> list[Finding]:
    """Adjust the day's opening figures by each action whose ex-day has come and that has not been applied yet.

    An ex-day on which no engine ran counts on the next day that is opened.
    """
    findings: list[Finding] = []
    for action in sorted(record.actions, key=lambda action: (action.ex_day, action.symbol)):
        key = action.ex_day, action.symbol
        if key not in state.actions and record.day == state.day and _has_come(state, action):
            state.actions[key] = action
            for account in state.accounts.values():
                findings += _adjust_account(state, account, action)
            for waiting in list(state.timed.values()):
                findings += _adjust_instruction(state, waiting, action)
    return findings


def complaints(state: State, record: CorporateActionsTold) -> list[Alert]:
    """Return what is wrong with what was told, after it was folded."""
    applied = [(state.actions.get((action.ex_day, action.symbol)), action) for action in record.actions]
    found = [alerts.changed(before, action) for before, action in applied if before is not None and before != action]
    return [alerts.unreadable(record.trouble), *found] if record.trouble else found


def take_over(state: State, account: Account, listed: Iterable[Position]) -> list[Finding]:
    """Take the broker's figures where an action of today has changed its position since the day's first list.

    That list is not adjusted by what becomes known after it: only the next one shows whether it was after the action.
    Any other difference is none of an action's and stays one. Nothing may be working.
    """
    findings: list[Finding] = []
    theirs = {each.symbol: each for each in listed} if state.actions else {}
    for action in state.actions.values():
        before, told = account.positions.get(action.symbol), theirs.get(action.symbol)
        if before is None or told is None or before.quantity == told.quantity:
            continue
        moved = sum(_signed(fill) for fill in state.fills if _is_of(fill, account.settings.account, action.symbol))
        if told.quantity == _adjusted(before.quantity, moved, action):
            after = account.positions[action.symbol] = replace(
                before, quantity=told.quantity, sellable_quantity=told.sellable_quantity, cost=told.cost
            )
            alert = alerts.taken_over(action, before, after)
            findings.append(Finding(FindingKind.ADJUSTED, before.account, None, alert=alert))
    return findings


def _has_come(state: State, action: CorporateAction) -> bool:
    assert state.day is not None
    if state.day_before is None:
        return action.ex_day == state.day
    return state.day_before < action.ex_day <= state.day


def _adjust_account(state: State, account: Account, action: CorporateAction) -> list[Finding]:
    number, symbol = account.settings.account, action.symbol
    before = after = None
    # What the broker has told today is after the action already, and what it will tell takes the place of this.
    if not account.ready:
        before, after = _adjust_position(account, action)
    strategies: list[tuple[str, int, int]] = []
    holds = before is not None
    for (holder, strategy, each), held in list(state.holdings.items()):
        if holder == number and each == symbol and held:
            adjusted = _adjusted_holding(state, number, strategy, held, action)
            state.holdings[number, strategy, symbol] = adjusted
            holds = True
            if adjusted != held:
                strategies.append((strategy, held, adjusted))
    if before == after:
        before = after = None
    if before is None and not strategies and not (holds and action.rights_shares):
        return []
    alert = alerts.adjusted(action, number, before, after, strategies)
    return [Finding(FindingKind.ADJUSTED, number, None, alert=alert)]


def _adjust_position(account: Account, action: CorporateAction) -> tuple[Position | None, Position | None]:
    held = account.positions.get(action.symbol)
    if held is None or not held.quantity:
        return None, None
    after = account.positions[action.symbol] = adjust(held, action)
    return held, after


def _adjusted_holding(state: State, account: AccountId, strategy: str, held: int, action: CorporateAction) -> int:
    """Return what ``strategy`` holds now: what it held at the opening is adjusted, what it has traded since is not."""
    return _adjusted(held, _traded_today(state, account, strategy, action.symbol), action)


def _adjusted(held: int, traded: int, action: CorporateAction) -> int:
    """Return what ``held`` is after ``action``, of which ``traded`` was bought after it, or sold where negative."""
    return max(0, adjusted_quantity(Quantity(max(0, held - traded)), action) + traded)


def _traded_today(state: State, account: AccountId, strategy: str, symbol: Symbol) -> int:
    """Return what a strategy has bought since the day was opened, less what it has sold."""
    traded = 0
    for fill in state.fills:
        if _is_of(fill, account, symbol):
            order = state.find_order(fill.client_order_id)
            if order is not None and order.strategy == strategy:
                traded += _signed(fill)
    return traded


def _is_of(fill: Fill, account: AccountId, symbol: Symbol) -> bool:
    return fill.account == account and fill.symbol == symbol


def _signed(fill: Fill) -> int:
    return fill.quantity if fill.side is Side.BUY else -fill.quantity


def _adjust_instruction(state: State, waiting: Timed, action: CorporateAction) -> list[Finding]:
    """Adjust the price of an instruction that was written before the ex-day; its quantity stays what was written.

    A price is about what the share is worth, and that has changed; a quantity is what its sender counted, and may have
    counted in advance. Either is told.
    """
    item = waiting.item
    if waiting.received_ns >= state.opened_ns or not _concerns(item, action.symbol):
        return []
    changed = _with_adjusted_price(item, waiting.verb, action, state.rule(action.symbol))
    if changed is not item:
        state.timed[waiting.seq, waiting.number] = replace(waiting, item=changed)
    is_counted = waiting.verb is Verb.PORTFOLIO or (item.size is not None and item.size.kind in _COUNTED)
    if changed is item and not (is_counted and action.shares_after != BASIS):
        return []
    alert = alerts.instruction(waiting, changed, action, is_counted=is_counted)
    return [Finding(FindingKind.ADJUSTED, waiting.accounts[0], None, alert=alert)]


def _concerns(item: Item, symbol: Symbol) -> bool:
    if item.verb is Verb.CANCEL:
        return False
    return item.symbol == symbol or any(each == symbol for each, _ in item.holdings)


def _with_adjusted_price(item: Item, verb: Verb, action: CorporateAction, rule: TradingRule | None) -> Item:
    spec = item.price
    if spec is None or spec.kind is not PriceKind.LIMIT or rule is None or item.symbol != action.symbol:
        return item
    price = adjusted_price(spec.price, action, rule.tick, _SIDES.get(verb))
    if price == spec.price:
        return item
    text = to_text(price) + spec.text.removeprefix(to_text(spec.price))
    return replace(item, price=replace(spec, price=price, text=text))
