"""What each event and each output adds to the facts."""

from __future__ import annotations

from collections.abc import Sequence

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import Money
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, OrderStatus, Side
from tests.gate.facts import Facts, Held, Marked, Moved, Opening, Own, Placed, Taken, Told

_NOT_SENT = Told(OrderStatus.NOT_SENT, by_broker=False)
_UNKNOWN = Told(OrderStatus.UNKNOWN, by_broker=False)


def tell_event(facts: Facts, event: ev.Event) -> None:
    """Write down what ``event`` says."""
    match event:
        case ev.SignalReceived() | ev.InstructionDue():
            facts.prices += [(quote.symbol, quote.last) for quote in event.quotes if quote.last]
            facts.closes.update({quote.symbol: quote.previous_close for quote in event.quotes if quote.previous_close})
        case ev.PositionsMarked():
            facts.prices += [(mark.symbol, mark.last) for mark in event.marks if mark.last]
            facts.closes |= {mark.symbol: mark.previous_close for mark in event.marks}
        case ev.OrderReported():
            _row(facts, event.account, event.row)
        case ev.FillReported():
            _fill(facts, event.account, event.row, moves=True)
        case ev.BrokerListed():
            _listed(facts, event)
        case ev.SubmitRefused():
            _not_sent(facts, event.client_order_id)
        case ev.SubmitsWithheld():
            for name in event.client_order_ids:
                _not_sent(facts, name)
        case ev.LinkChanged():
            if event.state is LinkState.CONNECTED:  # A new session: nothing was listed in it.
                facts.listed.discard(event.account)
                facts.connected.add(event.account)
            else:
                facts.connected.discard(event.account)
        case ev.EngineStarted():
            _started(facts, event)
        case ev.ClockStepped():
            facts.unsettled = {each.account for each in facts.settings.accounts}
        case ev.JournalFailed():
            facts.journal_closed = True
        case ev.DayBegan():
            facts.new_day(event.day)
        case ev.ResumeRequested(account=None):
            facts.wanted = []  # A person has seen what there was.
        case ev.MorningChecked():
            facts.red[event.account] = list(event.red)
        case ev.MorningAccepted():
            facts.pardoned.setdefault(event.account, set()).update(facts.closed(event.account))
        case ev.LimitRequested():
            facts.limits[event.scope, event.limit] = event.value, True
        case ev.LimitsConfirmed():
            facts.limits = {key: (value, True) for key, (value, _) in facts.limits.items()}
        case _:
            pass


def tell_outputs(facts: Facts, outputs: Sequence[out.Output], now_ns: int) -> None:
    """Write down what the engine did that the gate does not decide."""
    for output in outputs:
        match output:
            case out.OrderEnded():
                facts.order(output.client_order_id).told.append(Told(output.status, by_broker=False))
            case out.CancelOrder():
                if output.attempt and not output.not_before_ns:
                    facts.cancels.append((now_ns, output.account))
            case out.CancelMarked():
                mark = Marked(output.account, output.symbol, output.side, output.signal_seq, output.arrival)
                facts.marks.append(mark)
            case out.TradingStateChanged():
                facts.states[output.account] = output.state
            case out.InstructionDropped():
                name = output.seq, output.number, output.account
                facts.queue = [each for each in facts.queue if each.name != name]
            case _:
                pass


def _find(facts: Facts, account: AccountId, name: str, number: str) -> Placed | None:
    return next((each for each in facts.orders if each.name in (name, f"~{account}~{number}")), None)


def _row(facts: Facts, account: AccountId, row: ev.OrderRow) -> None:
    order = _find(facts, account, row.client_order_id, row.broker_order_id)
    if order is None:
        order = Placed(
            f"~{account}~{row.broker_order_id}",
            account,
            row.symbol,
            row.side,
            row.quantity,
            row.price,
            row.ordered_ns,
            foreign=True,
        )
        facts.orders.append(order)
        facts.left.append(Taken(row.ordered_ns, account, "", "", 0))
    order.told.append(Told(row.status, row.filled_quantity))


def _fill(facts: Facts, account: AccountId, row: ev.FillRow, *, moves: bool) -> None:
    if row.fill_id in facts.fill_ids:
        return
    facts.fill_ids.add(row.fill_id)
    order = _find(facts, account, row.client_order_id, row.broker_order_id)
    assert order is not None, row
    worth = row.quantity * row.price
    fee = row.fee
    if fee is None:
        fee = Money(facts.added_cost(account, row.symbol, row.side, order.filled_worth, worth))
    order.told.append(Told(quantity=row.quantity, price=row.price, fee=fee))
    if order.strategy:
        signed = row.quantity if row.side is Side.BUY else -row.quantity
        facts.own.append(Own(order.strategy, account, row.symbol, signed))
    if moves:
        facts.moved.append(Moved(account, row.symbol, row.side, row.quantity, row.price, fee))
        facts.prices.append((row.symbol, row.price))


def _listed(facts: Facts, event: ev.BrokerListed) -> None:
    number = event.account
    opens = not facts.openings[number].ready
    if opens:
        held = {each.symbol: Held(each.quantity, each.sellable_quantity, each.cost) for each in event.positions}
        facts.openings[number] = Opening(event.cash, held, ready=True)
        facts.moved = [each for each in facts.moved if each.account != number]
    for row in event.rows:
        _row(facts, number, row)
    for fill in event.fills:
        _fill(facts, number, fill, moves=not opens)
    if opens:
        facts.openings[number].assets = event.total_assets or facts.total_assets(number)
    facts.listed.add(number)
    facts.unsettled.discard(number)


def _not_sent(facts: Facts, name: str) -> None:
    order = facts.order(name)
    if not order.answered and order.status in (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN):
        order.told.append(_NOT_SENT)


def _started(facts: Facts, event: ev.EngineStarted) -> None:
    facts.settings = event.settings
    facts.connected, facts.unsettled, facts.journal_closed = set(), set(), False
    facts.limits = {key: (value, False) for key, (value, _) in facts.limits.items()}
    facts.unchecked()
    for each in event.settings.accounts:
        facts.openings.setdefault(each.account, Opening(0, {}))
    for order in facts.orders:
        if order.status is OrderStatus.PENDING_NEW and not order.answered:
            order.told.append(_UNKNOWN)
