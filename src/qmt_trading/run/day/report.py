"""One trading day in figures: profit, orders, fills, cancels, denials, the slowest steps, fees; from a view alone."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from qmt_trading.market.profit import day_profits
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money
from qmt_trading.model.order import Fill, Order
from qmt_trading.model.reasons import NOTHING_TO_DO, REGISTERED, Denial
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import AccountRow, View
from qmt_trading.model.words import Importance, Mode, OrderStatus, SignalStatus

UNKNOWN = (OrderStatus.UNKNOWN, OrderStatus.EXPIRED_UNRESOLVED)
ALERTS_MAX = 50
"""Critical notices that the page repeats; of others there is the number."""


class AccountDay(Struct, frozen=True, kw_only=True):
    """What one account did."""

    account: AccountId
    name: str
    profit: Money | None
    """Of positions and fills, fees included; None: no price is known of anything held or traded."""
    unpriced: tuple[Symbol, ...]
    """Held or traded, without a known price: in no profit."""
    realised: Money
    """What sells have earned against the cost of what was sold."""
    orders: int
    """Ours."""
    foreign_orders: int
    fills: int
    """Ours and foreign."""
    bought: Money
    sold: Money
    canceled: int
    rejected: int
    not_sent: int
    unknown: int
    fees: Money
    """As the broker told them, estimated by the account's schedule where it did not."""
    available_cash: Money
    frozen_cash: Money
    market_value: Money


class Slow(Struct, frozen=True, kw_only=True):
    """The longest of one kind of step."""

    step: str
    took_ns: int
    seq: int
    """The signal's; 0: none."""
    client_order_id: str


class DayReport(Struct, frozen=True, kw_only=True):
    """All of one trading day."""

    day: dt.date
    mode: Mode
    version: str
    until_ns: int
    """The clock of the last record."""
    signals: int
    duplicates: int
    malformed: int
    denials: tuple[tuple[str, int], ...]
    """Reasons and how often, the most frequent first."""
    accounts: tuple[AccountDay, ...]
    slowest: tuple[Slow, ...]
    unknown: tuple[str, ...]
    """Orders whose outcome nobody knows."""
    critical: tuple[str, ...]
    """The newest critical notices, at most 50 and as far as the view still has them."""
    turn: int
    seal: str
    """The journal's head at the end of the report: nothing before it can be changed unseen."""


def report_of(view: View, *, day: dt.date, version: str, head: tuple[int, bytes]) -> DayReport:
    """Return the figures of ``view``, which is of ``day``."""
    critical = [row for row in view.alerts if row.alert.importance is Importance.CRITICAL]
    return DayReport(
        day=day,
        mode=view.mode,
        version=version,
        until_ns=view.at_ns,
        signals=len(view.signals),
        duplicates=sum(row.receipt.status is SignalStatus.DUPLICATE for row in view.signals),
        malformed=view.malformed,
        denials=tuple(Counter(each.reason.value for each in _denials(view)).most_common()),
        accounts=tuple(_account(view, row) for row in view.accounts),
        slowest=tuple(_slowest(view)),
        unknown=tuple(
            f"{row.account} {row.symbol} {row.side.value} {row.quantity} {row.client_order_id}"
            for row in view.orders
            if row.status in UNKNOWN
        ),
        critical=tuple(row.alert.chinese for row in critical[-ALERTS_MAX:]),
        turn=head[0],
        seal=head[1].hex(),
    )


def _account(view: View, row: AccountRow) -> AccountDay:
    number = row.account
    orders = [each for each in view.orders if each.account == number]
    fills = [each for each in view.fills if each.account == number]
    held = [each for each in view.positions if each.account == number]
    profits = {symbol: profit for (account, symbol), profit in day_profits(view).items() if account == number}
    touched = {each.symbol for each in held if each.quantity} | row.day_flows.keys()
    unpriced = tuple(sorted(touched - profits.keys()))
    return AccountDay(
        account=number,
        name=row.name,
        profit=Money(sum(profits.values())) if profits or not touched else None,
        unpriced=unpriced,
        realised=Money(sum(each.realised for each in held)),
        orders=sum(not each.foreign for each in orders),
        foreign_orders=sum(each.foreign for each in orders),
        fills=len(fills),
        bought=_worth(each for each in fills if each.side.value == "buy"),
        sold=_worth(each for each in fills if each.side.value == "sell"),
        canceled=_count(orders, OrderStatus.CANCELED),
        rejected=_count(orders, OrderStatus.REJECTED),
        not_sent=_count(orders, OrderStatus.NOT_SENT),
        unknown=_count(orders, *UNKNOWN),
        fees=Money(sum(each.fee for each in fills)),
        available_cash=row.available_cash,
        frozen_cash=row.frozen_cash,
        market_value=row.market_value,
    )


def _worth(fills: Iterable[Fill]) -> Money:
    return Money(sum(each.price * each.quantity for each in fills))


def _count(orders: Iterable[Order], *statuses: OrderStatus) -> int:
    return sum(each.status in statuses for each in orders)


def _denials(view: View) -> Iterator[Denial]:
    """Yield every refusal of the day; what was registered, or was so already, is none."""
    for row in view.signals:
        receipt = row.receipt
        if receipt.status is SignalStatus.DUPLICATE:
            continue
        lines = [line.denial for line in receipt.orders] + [line.denial for line in receipt.cancels]
        yield from filter(_is_refusal, [receipt.denial, *lines])
    for done in view.timed_done:
        lines = [line.denial for line in done.orders] + [line.denial for line in done.cancels]
        yield from filter(_is_refusal, lines)


def _is_refusal(denial: Denial | None) -> bool:
    return denial is not None and denial.reason not in REGISTERED and denial.reason not in NOTHING_TO_DO


def _slowest(view: View) -> Iterator[Slow]:
    """Yield the slowest decision, hand-over and answer of the day, each with its order and signal."""
    decided = [(row.decided_ns - row.received_ns, row.seq, "") for row in view.signals if row.received_ns]
    committed, handed, answered = [], [], []
    for each in view.orders:
        key = each.signal_seq, each.client_order_id
        if each.foreign or not each.handed_over_ns:
            continue
        committed.append((each.committed_ns - each.created_ns, *key))
        handed.append((each.handed_over_ns - each.committed_ns, *key))
        if each.answered_ns:
            answered.append((each.answered_ns - each.handed_over_ns, *key))
    steps = (("收到→判断", decided), ("判断→落盘", committed), ("落盘→发出", handed), ("发出→柜台应答", answered))
    for step, spans in steps:
        if spans:
            took_ns, seq, name = max(spans)
            yield Slow(step=step, took_ns=max(took_ns, 0), seq=seq, client_order_id=name)
