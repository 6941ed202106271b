"""The fastest mode: a column of target positions, traded by one loop over plain integers that numba may compile.

Lots, the day's limits, cash, T+1, the volume cap and fees hold, by the same scalar functions of market/ as everywhere;
there is no order, no gate and no callback. **The column is whatever its maker says**: nothing here keeps it from
looking ahead, so reports name the mode.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from qmt_trading.market import execution, fees, lots
from qmt_trading.market.execution import available, bar_price, reachable
from qmt_trading.market.fees import parts
from qmt_trading.market.limits import price_limits
from qmt_trading.market.rulebook import STANDARD, RuleBook
from qmt_trading.model.numbers import MILLION, UNIT, Price
from qmt_trading.model.settings import FeeRounding, FeeSchedule
from qmt_trading.model.words import Side
from qmt_trading.research.books import closes_on, equity_of, fills_of, source_of
from qmt_trading.research.columns import Bars, ColumnsError, Integers
from qmt_trading.research.costs import FINE, FillModel, costs_words, rates
from qmt_trading.research.rebound import rebound
from qmt_trading.research.result import Orders, Result
from qmt_trading.research.terms import DeskError
from qmt_trading.research.warned import warnings_of

_LEDGER: Final = 8
"""Columns of the ledger: row, signed quantity, price, fee, commission, duty, transfer fee, day."""


def walk(
    target: Any,
    changes: Any,
    day_of: Any,
    opens: Any,
    highs: Any,
    lows: Any,
    traded: Any,
    days: Any,
    cash: int,
    share_millionths: int,
    scale: int,
    touch: bool,
    ledger: Any,
) -> tuple[int, int, int]:
    """Trade ``target`` from the bar after each of its changes on, until it is reached; return fills, cash, position.

    Returns -1 fills when the ledger is too short.

    Args:
        target: shares wanted, decided at the close of each row.
        changes: rows whose target differs from the row before.
        days: a row a day of limit up, limit down, buy minimum, buy step, sell step, lot, T+0, and the seven rates of a
            buy and of a sell.
        ledger: gets a row a fill.
    """
    rows, room = len(opens), len(ledger)
    held, free, today, count, carry = 0, 0, -1, 0, 0
    for number in range(len(changes)):
        wanted = target[changes[number]]
        row = changes[number] + 1
        stop = changes[number + 1] if number + 1 < len(changes) else rows - 1
        while row <= stop and held != wanted:
            day = day_of[row]
            if day != today:
                today, free = day, held
            step = reachable(wanted, held, free, days[day, 2], days[day, 3], days[day, 4])
            at, up, down = opens[row], days[day, 0], days[day, 1]
            price = 0
            if step:
                price = bar_price(step > 0, 0, at, highs[row], lows[row], up, down, touch)
            if price:
                most = abs(step)
                if share_millionths:
                    most = traded[row] * share_millionths // MILLION
                quantity = available(abs(step), most, days[day, 5])
                if quantity:
                    if count == room:
                        return -1, cash, held
                    first = 7 if step > 0 else 14
                    value = price * quantity
                    commission, duty, transfer = parts(
                        value * scale,
                        quantity * UNIT * scale,
                        days[day, first],
                        days[day, first + 1],
                        days[day, first + 2],
                        days[day, first + 3],
                        days[day, first + 4],
                        days[day, first + 5],
                        days[day, first + 6],
                    )
                    owed = commission + duty + transfer
                    if step < 0 or value - (-owed // scale) <= cash:
                        carry += owed
                        fee = carry // scale
                        carry -= fee * scale
                        if step > 0:
                            cash -= value + fee
                            held += quantity
                            if days[day, 6]:
                                free += quantity
                        else:
                            cash += value - fee
                            held -= quantity
                            free -= quantity
                        ledger[count, 0] = row
                        ledger[count, 1] = quantity if step > 0 else -quantity
                        ledger[count, 2] = price
                        ledger[count, 3] = fee
                        ledger[count, 4] = commission // scale
                        ledger[count, 5] = duty // scale
                        ledger[count, 6] = transfer // scale
                        ledger[count, 7] = day
                        count += 1
            row += 1
    return count, cash, held


Walk = Callable[..., tuple[int, int, int]]


@lru_cache(maxsize=1)
def compiled() -> Walk | None:
    """Return ``walk`` compiled by numba, with the functions of market/ that it calls; None: numba is not installed."""
    try:
        import numba
    except ImportError:
        return None
    whole = numba.njit(lots.whole_lots)
    found = {
        "bar_price": numba.njit(execution.bar_price),
        "available": numba.njit(execution.available),
        "reachable": numba.njit(rebound(execution.reachable, {"whole_lots": whole})),
        "parts": numba.njit(fees.parts),
    }
    made: Walk = numba.njit(rebound(walk, found))
    return made


class Ledger(Struct, frozen=True, eq=False):
    """What one walk came to."""

    rows: npt.NDArray[np.int64]
    cash: int
    position: int


class Prepared:
    """One symbol's history with its rules by the day, for as many walks as wanted."""

    def __init__(
        self,
        bars: Bars,
        *,
        costs: FeeSchedule | None = None,
        fills: FillModel | None = None,
        rules: RuleBook = STANDARD,
        use_numba: bool | None = None,
    ) -> None:
        """Look up what holds on each day.

        Args:
            use_numba: None: where it is installed.

        Raises:
            DeskError: a day on which the rule book does not know the symbol, or a fill model that this mode has not.
        """
        self.bars = bars
        self.costs = costs or FeeSchedule()
        self.model = fills or FillModel()
        model = self.model
        if model.at != "open" or model.slippage_ticks or model.slippage_millionths or model.slippage_spread_millionths:
            raise DeskError("a target column is traded at the next open, without slippage")
        self._scale = FINE if self.costs.fee_rounding is FeeRounding.NONE else 1
        self._days = _days(bars, self.costs, rules)
        lengths = np.diff(bars.day_ends, prepend=0)
        self._day_of = np.repeat(np.arange(len(bars.days)), lengths)
        walker = compiled() if use_numba is None or use_numba else None
        if use_numba and walker is None:
            raise DeskError("numba is not installed: pip install 'qmt-trading-system[fast]'")
        self.is_compiled = walker is not None
        self._walk: Walk = walker or walk
        self._columns: tuple[Any, ...] = (self._day_of, bars.open, bars.high, bars.low, bars.quantity, self._days)
        if walker is None:  # A view hands out Python's own numbers, several times as fast as numpy does.
            self._columns = tuple(_plain(each) for each in self._columns)

    def walk(self, target: npt.ArrayLike, cash: int) -> Ledger:
        """Trade one column of targets.

        Raises:
            ColumnsError: it has another length than the history, or a negative target.
        """
        wanted = np.ascontiguousarray(target, np.int64)
        if wanted.shape != (len(self.bars),):
            raise ColumnsError(f"the target has the shape {wanted.shape}, the history has {len(self.bars)} rows")
        moves = wanted[1:] != wanted[:-1]
        changes = np.nonzero(moves)[0] + 1
        if wanted[0]:
            changes = np.concatenate(([0], changes))
        if len(changes) and wanted[changes].min() < 0:
            raise ColumnsError(f"row {changes[np.argmin(wanted[changes])]}: a negative target; nothing is sold short")
        room = min(len(self.bars), 8 * len(changes) + 1024)
        while True:
            ledger = np.empty((room, _LEDGER), np.int64)
            given: tuple[Any, ...] = (wanted, changes)
            if not self.is_compiled:
                given = (_plain(wanted), changes.tolist())
            count, money, held = self._walk(
                *given,
                *self._columns,
                cash,
                self.model.volume_share_millionths,
                self._scale,
                self.model.touch,
                ledger,
            )
            if count < 0:  # Many small fills: once more with room for one a bar.
                room = len(self.bars)
                continue
            return Ledger(ledger[:count], int(money), int(held))


def run(
    name: str,
    bars: Bars,
    target: npt.ArrayLike,
    *,
    cash: int,
    costs: FeeSchedule | None = None,
    fills: FillModel | None = None,
    benchmark: Bars | None = None,
    rules: RuleBook = STANDARD,
    use_numba: bool | None = None,
    parameters: dict[str, Any] | None = None,
) -> Result:
    """Trade one column of targets and return what came of it; arguments as in ``backtest.run`` and ``Prepared``."""
    begun = time.process_time()
    prepared = Prepared(bars, costs=costs, fills=fills, rules=rules, use_numba=use_numba)
    rows = prepared.walk(target, cash).rows
    at_ns, side = bars.at_ns[rows[:, 0]], np.sign(rows[:, 1])
    quantity = np.abs(rows[:, 1])
    number = np.arange(len(rows))
    table = np.column_stack(
        (at_ns, np.zeros_like(number), side, quantity, rows[:, 2:7], number, _profits(rows), rows[:, 7])
    )
    made = fills_of(table)
    closes = closes_on(bars, bars.days)[:, None]
    money, value, _ = equity_of(made, (), closes, cash)
    filled = np.full(len(rows), 4, np.int8)  # FILLED
    return Result(
        mode="target",
        strategy=name,
        parameters=parameters or {},
        symbols=(bars.symbol,),
        days=bars.days,
        equity=money + value,
        cash=money,
        market_value=value,
        fills=made,
        orders=Orders(
            made_ns=at_ns,
            ended_ns=at_ns,
            symbol=made.symbol,
            side=made.side,
            quantity=quantity,
            limit_price=np.zeros_like(number),
            status=filled,
            filled_quantity=quantity,
            reason=np.zeros(len(rows), np.int16),
        ),
        blocked={},
        initial_cash=cash,
        costs=costs_words(prepared.costs),
        fill_model=prepared.model.words(),
        data=source_of([bars]),
        gate="lots, limits, cash, T+1",
        benchmark=None if benchmark is None else closes_on(benchmark, bars.days),
        benchmark_name="" if benchmark is None else benchmark.symbol,
        last_prices=closes[-1],
        warnings=(
            *prepared.model.warnings(),
            *warnings_of([bars], (), rules),
            (
                "目标列模式：没有委托和风控，只有手数、涨跌停、资金和 T+1；目标列由用户给出，系统查不出其中的未来函数",
                "target column: no orders, no gate but lots, limits, cash, T+1; nobody checks whether it looks ahead",
            ),
        ),
        elapsed_cpu_s=time.process_time() - begun,
    )


def _days(bars: Bars, schedule: FeeSchedule, rules: RuleBook) -> Integers:
    """Return what holds on each day, as ``walk`` reads it."""
    made = np.empty((len(bars.days), 21), np.int64)
    up, down = bars.limit_up, bars.limit_down
    known: tuple[Any, ...] | None = None
    rows: list[tuple[int, ...]] = []
    is_new = rules.known(bars.symbol) is not None
    for day, date in enumerate(bars.days.tolist()):
        era = rules.era(date)
        if known is None or known[0] != era or is_new:
            rule = rules.rule(bars.symbol, date)
            if rule is None:
                raise DeskError(f"{bars.symbol}: the rule book does not know it on {date.isoformat()}")
            charges = rules.fees(bars.symbol, date)
            of_day: tuple[int, ...] = (
                rule.buy_minimum,
                rule.buy_step,
                rule.sell_step,
                rule.lot,
                int(rule.same_day_sell),
            )
            of_day += (*rates(charges, Side.BUY, schedule), *rates(charges, Side.SELL, schedule))
            known = era, rule, of_day
        _, rule, of_day = known
        bounds = (0, 0)
        if up is None or down is None:
            bounds = price_limits(rule, Price(bars.previous_close.item(day)))
        rows.append((*bounds, *of_day))
    made[:] = rows
    if up is not None and down is not None:
        made[:, 0], made[:, 1] = up, down
    return made


def _plain(column: Any) -> Any:
    return memoryview(column)


def _profits(rows: Integers) -> Integers:
    """Return what each sell earned after fees, against the cost of what was sold."""
    made, held, cost = [], 0, 0
    for signed, price, fee in rows[:, 1:4].tolist():
        if signed > 0:
            held, cost = held + signed, cost + signed * price + fee
            made.append(0)
        else:
            gone = cost * -signed // held
            made.append(-signed * price - fee - gone)
            held, cost = held + signed, cost - gone
    return np.asarray(made, np.int64)
