"""Makes results of a replay: one for each account, as every backtest has them, and one for all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from qmt_trading.engine.positions import bought, sold
from qmt_trading.market.fees import parts, rates_of
from qmt_trading.market.rulebook import RuleBook, book_of
from qmt_trading.model.events import FillRow
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import UNIT, Money, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import NOTHING_TO_DO, REGISTERED, Reason
from qmt_trading.model.receipt import OrderLine
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus, Side
from qmt_trading.research.books import Entry, entries_of, fills_of, last_closes, source_of
from qmt_trading.research.columns import Bars
from qmt_trading.research.costs import costs_words
from qmt_trading.research.result import DENIED, REASONS, STATUSES, Fills, Orders, Result
from qmt_trading.research.stale import StalePrices
from qmt_trading.run.replay.fates import OrderFate
from qmt_trading.run.replay.replay import Morning, Replayed

Integers = npt.NDArray[np.int64]
_STATUS: Final[dict[str, int]] = {each: place for place, each in enumerate(STATUSES)}
_REASON: Final = {each: place for place, each in enumerate(REASONS)}
_DENIALS: Final = {
    Reason.LOT_INVALID: "LOT",
    Reason.SIZE_ZERO: "LOT",
    Reason.QUANTITY_EXCEEDED: "QUANTITY",
    Reason.CASH_EXCEEDED: "CASH",
    Reason.PRICE_ABOVE_LIMIT: "PRICE",
    Reason.PRICE_BELOW_LIMIT: "PRICE",
    Reason.TICK_INVALID: "PRICE",
    Reason.PRICE_CAGE: "PRICE",
    Reason.SUSPENDED: "SUSPENDED",
}
"""What a result calls a refusal of the gate; all others are ``LIMITS``."""
Row = tuple[int, int, int, int, int, int, int, int, int]
"""As in ``result.Orders``, in its order of columns."""


class _Books:
    """The books of one account, made again of what its counter told."""

    def __init__(self, replayed: Replayed, account: AccountId, places: dict[Symbol, int], rules: RuleBook) -> None:
        self._replayed = replayed
        self._account = account
        self._places = places
        self._rules = rules
        opening = next(each for each in replayed.setup.openings if each.account == account)
        self.schedule: FeeSchedule = opening.fees
        self.cash = int(opening.cash)
        self.entries: list[Entry] = []
        self.rows: list[int] = []
        self._positions: dict[Symbol, Position] = {}
        self._traded: dict[str, tuple[int, int]] = {}
        """By order, shares and value that have traded."""
        for symbol, quantity in opening.holdings:
            bars = replayed.histories[symbol].bars
            cost = quantity * bars.previous_close.item(0)
            self._positions[symbol] = self._position(symbol, quantity, cost)
            self.entries.append((0, places[symbol], quantity, 0, cost))

    def give(self, day: int, given: Morning) -> None:
        """Book what a corporate action brought."""
        held = self._positions[given.symbol]
        self._positions[given.symbol] = self._position(given.symbol, held.quantity + given.shares, held.cost)
        self.entries.append((day, self._places[given.symbol], given.shares, given.cash, 0))

    def fill(self, day: int, row: FillRow, number: int) -> None:
        """Book one fill, as a row of ``result.Fills``."""
        rule = self._rules.rule(row.symbol, row.day)
        assert rule is not None
        assert row.fee is not None
        charges = self._rules.fees(row.symbol, row.day)
        value, (before_quantity, before_value) = row.price * row.quantity, self._traded.get(row.client_order_id, (0, 0))
        quantity_after, value_after = before_quantity + row.quantity, before_value + value
        self._traded[row.client_order_id] = quantity_after, value_after
        rates = rates_of(charges, row.side, self.schedule)
        after = parts(value_after, quantity_after * UNIT, *rates)
        before = parts(before_value, before_quantity * UNIT, *rates) if before_value else (0, 0, 0)
        commission, duty, transfer = (now - then for now, then in zip(after, before, strict=True))
        held = self._positions.get(row.symbol) or self._position(row.symbol, 0, 0)
        profit = 0
        if row.side is Side.BUY:
            held = bought(held, row.quantity, Money(value + row.fee), same_day=rule.same_day_sell)
        else:
            after_sale = sold(held, row.quantity, Money(value - row.fee))
            profit, held = after_sale.realised - held.realised, after_sale
        self._positions[row.symbol] = held
        side = 1 if row.side is Side.BUY else -1
        place = self._places[row.symbol]
        self.rows += [row.filled_ns, place, side, row.quantity, row.price, row.fee]
        self.rows += [commission, duty, transfer, number, profit, day]

    def _position(self, symbol: Symbol, quantity: int, cost: int) -> Position:
        shares = Quantity(quantity)
        return Position(
            account=self._account, symbol=symbol, quantity=shares, sellable_quantity=shares, cost=Money(cost)
        )


def result_of(
    replayed: Replayed,
    account: AccountId,
    *,
    name: str,
    parameters: dict[str, Any],
    gate: str,
    benchmark: Bars | None = None,
    warnings: Sequence[tuple[str, str]] = (),
    cpu_s: float = 0.0,
) -> Result:
    """Return what the replay came to for ``account``."""
    histories = list(replayed.histories.values())
    places = {each.symbol: place for place, each in enumerate(histories)}
    days = np.asarray(replayed.days, "datetime64[D]")
    index = {day: place for place, day in enumerate(replayed.days)}
    closes = _ex_right(
        replayed,
        places,
        days,
        np.column_stack([last_closes(each.bars, days, each.bars.previous_close.item(0)) for each in histories]),
    )
    books = _Books(replayed, account, places, book_of(replayed.setup.settings.rules))
    orders, numbers = _orders(replayed, account, places)
    money, value = np.zeros(len(days), np.int64), np.zeros(len(days), np.int64)
    given = list(replayed.mornings[account])
    for evening in replayed.evenings[account]:
        day = index.get(evening.day)
        while given and given[0].day <= evening.day:
            morning = given.pop(0)
            books.give(index[morning.day], morning)
        if day is None:
            continue
        for row in evening.listed.fills:
            books.fill(day, row, numbers[row.client_order_id])
        money[day] = evening.listed.cash
        held = {places[each.symbol]: each.quantity for each in evening.listed.positions}
        value[day] = sum(quantity * int(closes[day, place]) for place, quantity in held.items())
    income = np.zeros(len(days), np.int64)
    for day, _, _, cash, _ in books.entries:
        income[day] += cash
    blocked = [REASONS[each[8]] for each in orders if each[8]]
    return Result(
        mode="signals",
        strategy=name,
        parameters=parameters,
        symbols=tuple(places),
        days=days,
        equity=money + value,
        cash=money,
        market_value=value,
        fills=fills_of(np.asarray(books.rows, np.int64)),
        orders=_columns(orders),
        blocked={reason: blocked.count(reason) for reason in sorted(set(blocked))},
        initial_cash=books.cash,
        costs=costs_words(books.schedule),
        fill_model=_fill_words(replayed),
        data=source_of([each.bars for each in histories]),
        gate=gate,
        benchmark=None if benchmark is None else last_closes(benchmark, days),
        benchmark_name="" if benchmark is None else benchmark.symbol,
        income=income if books.entries else None,
        entries=entries_of(books.entries) if books.entries else None,
        last_prices=closes[-1],
        warnings=(*replayed.setup.fills.warnings(), *warnings),
        elapsed_cpu_s=cpu_s,
    )


def together(results: Sequence[Result], warnings: Sequence[tuple[str, str]], parameters: dict[str, Any]) -> Result:
    """Return the accounts of one replay as if they were one."""
    first = results[0]
    offsets = np.cumsum([0, *(len(each.orders) for each in results)])
    fills = [
        {name: getattr(each.fills, name) for name in Fills.__struct_fields__}
        | {"order": each.fills.order + offsets[place]}
        for place, each in enumerate(results)
    ]
    order = np.argsort(np.concatenate([each["at_ns"] for each in fills]), kind="stable")
    merged = Fills(**{name: np.concatenate([each[name] for each in fills])[order] for name in Fills.__struct_fields__})
    orders = Orders(
        **{name: np.concatenate([getattr(each.orders, name) for each in results]) for name in Orders.__struct_fields__}
    )
    entries = [each.entries for each in results if each.entries is not None]
    reasons = {reason for each in results for reason in each.blocked}
    incomes = [each.income for each in results if each.income is not None]
    costs = dict.fromkeys(each.costs for each in results)
    return replace(
        first,
        costs=first.costs if len(costs) == 1 else "各账户不同 / those of each account",
        parameters=parameters,
        equity=np.sum([each.equity for each in results], axis=0),
        cash=np.sum([each.cash for each in results], axis=0),
        market_value=np.sum([each.market_value for each in results], axis=0),
        fills=merged,
        orders=orders,
        blocked={reason: sum(each.blocked.get(reason, 0) for each in results) for reason in sorted(reasons)},
        initial_cash=sum(each.initial_cash for each in results),
        income=np.sum(incomes, axis=0) if incomes else None,
        entries=type(entries[0])(
            **{name: np.concatenate([getattr(each, name) for each in entries]) for name in entries[0].__struct_fields__}
        )
        if entries
        else None,
        warnings=(*first.warnings, *warnings),
    )


def _orders(replayed: Replayed, account: AccountId, places: dict[Symbol, int]) -> tuple[list[Row], dict[str, int]]:
    """Return the orders of ``account``, refused ones among them, by time; and the row of each that was made."""
    found: list[tuple[int, int, OrderFate | OrderLine]] = []
    for fate in replayed.fates.messages:
        found += [(each.made_ns, len(found) + place, each) for place, each in enumerate(fate.made)]
        at_ns = fate.message.at_ns
        refused = [each for each in fate.orders if each.account == account and _is_refused(each, places)]
        found += [(at_ns, len(found) + place, each) for place, each in enumerate(refused)]
    found.sort(key=lambda each: each[:2])
    rows: list[Row] = []
    numbers: dict[str, int] = {}
    for at_ns, _, each in found:
        if each.account != account:
            continue
        if isinstance(each, OrderFate):
            numbers[each.client_order_id] = len(rows)
            rows.append(_made(each, places, replayed.reasons.get(each.client_order_id, "")))
        else:
            rows.append(_denied(each, at_ns, places))
    return rows, numbers


def _is_refused(line: OrderLine, places: dict[Symbol, int]) -> bool:
    denial = line.denial
    if denial is None or denial.reason in REGISTERED or denial.reason in NOTHING_TO_DO:
        return False
    return line.side is not None and line.symbol in places


def _made(order: OrderFate, places: dict[Symbol, int], missed: str) -> Row:
    filled = order.filled
    reason = missed if filled < order.quantity else ""
    if not reason and order.status is OrderStatus.CANCELED:
        reason = "CANCELED"
    side = 1 if order.side is Side.BUY else -1
    return (
        order.made_ns,
        order.ended_ns,
        places[order.symbol],
        side,
        order.quantity,
        order.price,
        _STATUS[order.status],
        filled,
        _REASON[reason],
    )


def _denied(line: OrderLine, at_ns: int, places: dict[Symbol, int]) -> Row:
    assert line.denial is not None
    reason = line.denial.reason
    word = _DENIALS.get(reason, "LIMITS")
    if reason is Reason.SELLABLE_EXCEEDED:
        word = "T_PLUS_1" if line.denial.figures[2] != "0" else "NOT_HELD"
    side = 1 if line.side is Side.BUY else -1
    place = places[line.symbol]
    return at_ns, at_ns, place, side, line.quantity, line.price, _STATUS[DENIED], 0, _REASON[word]


def _columns(rows: Sequence[Row]) -> Orders:
    table = np.asarray(rows, np.int64).reshape(-1, 9)
    kinds: dict[str, Any] = {"symbol": np.int32, "side": np.int8, "status": np.int8, "reason": np.int16}
    return Orders(
        **{
            name: table[:, place].astype(kinds.get(name, np.int64))
            for place, name in enumerate(Orders.__struct_fields__)
        }
    )


def _fill_words(replayed: Replayed) -> str:
    """Return where and how much of an order fills, Chinese and English."""
    fills = replayed.setup.fills
    if any(each.is_ticks for each in replayed.histories.values()):
        return replace(fills, at="ticks").words()
    _, _, rest = fills.words().partition(";")
    where = "报出后的下一个开盘价，在一根之内来的按它的收盘价"
    return f"{where} / the next open after it was sent or the close of the bar it came in;{rest}"


def _ex_right(
    replayed: Replayed, places: dict[Symbol, int], days: npt.NDArray[np.datetime64], closes: Integers
) -> Integers:
    """Return ``closes`` with the ex-right price of what has gone ex and not traded since."""
    if not replayed.setup.actions:
        return closes
    traded = [
        set(each.bars.days[np.add.reduceat(each.bars.quantity, each.bars.day_start) > 0].tolist())
        for each in replayed.histories.values()
    ]
    stale, rules = StalePrices(), book_of(replayed.setup.settings.rules)
    stale.trades_on = lambda place, day: days[day].item() in traded[place]
    for action in sorted(replayed.setup.actions, key=lambda each: each.ex_day):
        place, day = places.get(action.symbol), int(np.searchsorted(days, np.datetime64(action.ex_day, "D")))
        rule = rules.rule(action.symbol, action.ex_day)
        if place is not None and 0 < day < len(days) and rule is not None:
            stale.went_ex(place, day, action, closes[day - 1].copy, rule.tick)
    return stale.over(closes)
