"""What the report of programme trading should say, by going through the records again for every figure, slowly.

It takes from the numbers of its journals whose an order is: ``b`` stands before ours, anything else is foreign.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from qmt_trading.codec.journal_record import Record
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus, Side
from qmt_trading.run.compliance import LATE_TURNS

Timed = tuple[int, Record]
Placed = tuple[int, out.SubmitOrder, int]
"""When it left, the order, the last price (0: none)."""


def model(turns: Sequence[Sequence[Record]], day: dt.date, account: AccountId) -> dict[str, object]:
    """Return the figures of one account by their names in ``Figures``."""
    records, tail = _of_day(turns, day)
    submits = [
        (at, record) for at, record in records if isinstance(record, out.SubmitOrder) and record.account == account
    ]
    rows = [(at, row) for at, row in _rows(records, account)]
    called: dict[str, int] = {
        name: at
        for _, event in [*records, *tail]
        if isinstance(event, ev.SubmitsHandedOver)
        for name, at in event.calls
    }
    placed: list[Placed] = []
    for at, submit in submits:
        name = submit.client_order_id
        seen = any(row.broker_order_id == f"b{name}" for _, row in rows)
        if name in called or seen or not _unsent([*records, *tail], name):
            placed.append((called.get(name, at), submit, _last(records, submit)))
    placed.sort(key=lambda each: each[0])
    cancels = [
        at
        for at, each in records
        if isinstance(each, out.CancelOrder) and each.account == account and each.attempt and not each.not_before_ns
    ]
    foreign = {row.broker_order_id: at for at, row in reversed(rows) if not row.broker_order_id.startswith("b")}
    canceled_at = {row.broker_order_id: at for at, row in reversed(rows) if row.status is OrderStatus.CANCELED}
    ours_cancel = {
        each.broker_order_id: at
        for at, each in reversed(records)
        if isinstance(each, out.CancelOrder) and each.attempt and not each.not_before_ns
    }
    names = {f"b{submit.client_order_id}" for _, submit, _ in placed} | set(foreign)
    others = [at for number, at in canceled_at.items() if number in names and number not in ours_cancel]
    ours = [at for at, _, _ in placed] + cancels
    whole = ours + list(foreign.values()) + others
    lives = [
        ours_cancel.get(number, canceled_at[number]) - at
        for at, submit, _ in placed
        if (number := f"b{submit.client_order_id}") in canceled_at
    ]
    fills = _fills(records, account, day)
    lasts: dict[str, int] = {submit.client_order_id: _last(records, submit) for _, submit in submits}
    seconds = [at // SECOND_NS for at in ours]
    return {
        "orders": len(placed),
        "unrecorded": sum(submit.client_order_id not in called for _, submit, _ in placed),
        "cancels": len(cancels),
        "foreign_orders": len(foreign),
        "foreign_cancels": len(others),
        "second": _most(ours),
        "second_whole": _most(whole),
        "seconds_fast": sum(seconds.count(second) >= 3 for second in set(seconds)),
        "canceled": len(lives),
        "canceled_1s": sum(life <= SECOND_NS for life in lives),
        "canceled_5s": sum(life <= 5 * SECOND_NS for life in lives),
        "orders_through": sum(last > 0 and _through(submit.side, submit.price, last) for _, submit, last in placed),
        "orders_unquoted": sum(last == 0 for _, _, last in placed),
        "fills": len(fills),
        "fills_through": sum(
            lasts.get(row.client_order_id, 0) > 0 and _through(row.side, row.price, lasts[row.client_order_id])
            for _, row, _ in fills
        ),
        "fills_unquoted": sum(lasts.get(row.client_order_id, 0) == 0 for _, row, _ in fills),
        **_runs(placed),
        "value_minute": _value(fills, 60),
        "value_five": _value(fills, 300),
        "share_five": _share(fills),
    }


def _of_day(turns: Sequence[Sequence[Record]], day: dt.date) -> tuple[list[Timed], list[Timed]]:
    """Return the records of ``day`` with their clocks, and what follows of hand-overs until a process begins.

    Of the turns behind the day no more count than the report promises to read.
    """
    found: list[Timed] = []
    tail: list[Timed] = []
    at, current, ended = 0, None, 0
    for number, records in enumerate(turns):
        if ended and number - ended > LATE_TURNS:
            break
        for record in records:
            if isinstance(record, ev.At):
                at = record.now_ns
            elif isinstance(record, ev.DayBegan):
                current = record.day
            if current == day:
                found.append((at, record))
            elif current is not None and current > day:
                ended = ended or number
                if isinstance(record, ev.EngineStarted):
                    return found, tail
                if not isinstance(record, out.OrderEnded):
                    tail.append((at, record))
    return found, tail


def _rows(records: Sequence[Timed], account: AccountId) -> list[tuple[int, ev.OrderRow]]:
    found: list[tuple[int, ev.OrderRow]] = []
    for at, record in records:
        if isinstance(record, ev.OrderReported) and record.account == account:
            found.append((at, record.row))
        elif isinstance(record, ev.BrokerListed) and record.account == account:
            found += [(at, row) for row in record.rows]
    return found


def _unsent(records: Sequence[Timed], name: str) -> bool:
    for _, record in records:
        if isinstance(record, ev.SubmitRefused) and record.client_order_id == name:
            return True
        if isinstance(record, ev.SubmitsWithheld) and name in record.client_order_ids:
            return True
        if isinstance(record, out.OrderEnded) and (record.client_order_id, record.status) == (
            name,
            OrderStatus.NOT_SENT,
        ):
            return True
    return False


def _last(records: Sequence[Timed], submit: out.SubmitOrder) -> int:
    """Return the last price in the newest message before ``submit``, 0 where it has none."""
    last = 0
    for _, record in records:
        if isinstance(record, ev.SignalReceived):
            last = next((quote.last for quote in record.quotes if quote.symbol == submit.symbol), 0)
        elif record is submit:
            return last
    raise AssertionError(submit)


def _fills(records: Sequence[Timed], account: AccountId, day: dt.date) -> list[tuple[int, ev.FillRow, int]]:
    """Return each fill once: when it was made, its row, the market's five minutes known then."""
    found: dict[tuple[str, str], tuple[int, ev.FillRow, int]] = {}
    for index, (at, record) in enumerate(records):
        rows: tuple[ev.FillRow, ...] = ()
        if isinstance(record, ev.FillReported) and record.account == account:
            rows = (record.row,)
        elif isinstance(record, ev.BrokerListed) and record.account == account:
            rows = record.fills
        for row in rows:
            if row.day == day:
                made = (row.filled_ns or at, row, _market(records[:index], row.symbol, at))
                found.setdefault((row.broker_order_id, row.fill_id), made)
    return sorted(found.values(), key=lambda each: each[0])


def _market(records: Sequence[Timed], symbol: Symbol, now_ns: int) -> int:
    for at, record in reversed(records):
        if isinstance(record, ev.SignalReceived):
            for quote in record.quotes:
                if quote.symbol == symbol and quote.recent_value >= 0:
                    return quote.recent_value if now_ns - at <= 300 * SECOND_NS else -1
    return -1


def _most(instants: Sequence[int]) -> int:
    return max((sum(begin <= each < begin + SECOND_NS for each in instants) for begin in instants), default=0)


def _through(side: Side, price: int, last: int) -> bool:
    return price * 100 >= last * 101 if side is Side.BUY else price * 100 <= last * 99


def _runs(placed: Sequence[Placed]) -> dict[str, int]:
    longest, count = 0, 0
    for key in {(submit.symbol, submit.side) for _, submit, _ in placed}:
        orders = [(at, submit.price) for at, submit, _ in placed if (submit.symbol, submit.side) == key]
        sign = 1 if key[1] is Side.BUY else -1
        pieces: list[list[int]] = []
        for index, (at, price) in enumerate(orders):
            goes_on = index and sign * (price - orders[index - 1][1]) > 0 and at - orders[index - 1][0] < 60 * SECOND_NS
            if goes_on:
                pieces[-1].append(at)
            else:
                pieces.append([at])
        for piece in pieces:
            lengths = [
                sum(begin <= at < begin + 60 * SECOND_NS for at in piece[first:]) for first, begin in enumerate(piece)
            ]
            longest = max(longest, *lengths)
            count += max(lengths) >= 3
    return {"run_longest": longest, "runs": count}


def _value(fills: Sequence[tuple[int, ev.FillRow, int]], seconds: int) -> int:
    sums = [
        sum(
            row.price * row.quantity
            for at, row, _ in fills
            if row.symbol == last.symbol and end - seconds * SECOND_NS < at <= end
        )
        for end, last, _ in fills
    ]
    return max(sums, default=0)


def _share(fills: Sequence[tuple[int, ev.FillRow, int]]) -> int:
    shares = [-1]
    for index, (end, last, market) in enumerate(fills):
        if market > 0:
            own = [
                row.price * row.quantity
                for at, row, _ in fills[: index + 1]
                if row.symbol == last.symbol and end - 300 * SECOND_NS < at
            ]
            shares.append(sum(own) * 1_000_000 // market)
    return max(shares)
