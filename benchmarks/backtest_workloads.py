"""The workloads that backtests are measured and checked on, made from fixed seeds, and what each must come to.

One stock of a million minutes (w1), a thousand stocks of 2,500 days (w2), and 400 pairs of averages over the first
100,000 minutes (w3). Decided at a close, filled at the next open, 0.025 % and at least 5 yuan, no stamp duty, no T+1.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.numbers import UNIT
from qmt_trading.model.rule_row import RuleName, RuleRow
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.research.columns import Bars, CrossSection, to_units
from qmt_trading.research.conditions import Schedule, crosses
from qmt_trading.research.costs import referee
from qmt_trading.research.indicators import Sma
from qmt_trading.research.strategy import Strategy

Arrays = dict[str, npt.NDArray[Any]]
FAST: Final = 10
SLOW: Final = 50
QUANTITY: Final = 1000
CASH_W1: Final = 1_000_000 * UNIT
CASH_W2: Final = 100_000_000 * UNIT
FEES: Final = referee(250)
FEES_TAXED: Final = referee(250, stamp_duty_millionths=500)
SAME_DAY: Final = RuleBook((RuleRow(name=RuleName.SAME_DAY, values=(1,), source="the workloads' own terms"),))
"""The rule book without T+1."""
PAIRS: Final = tuple((fast, slow) for fast in range(5, 45, 2) for slow in range(50, 250, 10))
W3_ROWS: Final = 100_000

ORACLES_W1: Final = {
    10_000: (276, "998898.19"),
    30_000: (799, "992279.88"),
    50_000: (1_364, "981568.81"),
    100_000: (2_740, "960952.78"),
    200_000: (5_457, "931222.51"),
    1_000_000: (27_433, "655636.56"),
}
"""Rows → fills, equity in yuan. To the cent, half a cent either way."""
ORACLE_W1_TAXED: Final = (8_307, "800844.72")
"""All of w1 with T+1 and 0.05 % stamp duty."""
ORACLE_W1_TARGET_TAXED: Final = (8_307, "802373.96")
ORACLES_W2: Final = {
    40: (292, "93871245.01"),
    60: (591, "97019677.20"),
    120: (1_541, "94180089.69"),
    250: (3_553, "80640961.37"),
    2_500: (38_610, "49855975.84"),
}
ORACLE_W3: Final = (517_648, "393584433.59")


def business_days(count: int) -> npt.NDArray[np.datetime64]:
    days = np.arange(np.datetime64("2005-01-04"), np.datetime64("2005-01-04") + count * 2, dtype="datetime64[D]")
    return days[np.is_busday(days)][:count]


@lru_cache(maxsize=1)
def w1_arrays(rows: int = 1_000_000) -> Arrays:
    """Return prices in yuan, as peers take them."""
    luck = np.random.default_rng(20240607)
    steps = (luck.standard_normal(rows) * 0.0006).tolist()
    walk, last, keep = [], 0.0, 1 - 2e-5
    for step in steps:
        last = last * keep + step
        walk.append(last)
    close = np.round(50 * np.exp(np.asarray(walk)), 2)
    opens = np.round(np.concatenate(([50.0], close[:-1])) * (1 + luck.standard_normal(rows) * 0.0001), 2)
    high = np.round(np.maximum(opens, close) * (1 + np.abs(luck.standard_normal(rows)) * 0.0003), 2)
    low = np.round(np.minimum(opens, close) * (1 - np.abs(luck.standard_normal(rows)) * 0.0003), 2)
    volume = (np.exp(luck.normal(8, 1, rows)).astype(np.int64) + 1000) * 100.0
    count = -(-rows // 240)
    days = business_days(count).astype("datetime64[m]")
    minutes = np.concatenate((np.arange(571, 691), np.arange(781, 901))).astype("timedelta64[m]")
    at = (days[:, None] + minutes[None, :]).ravel()[:rows].astype("datetime64[ns]").astype(np.int64)
    return {"ts": at, "open": opens, "high": high, "low": low, "close": close, "volume": volume}


@lru_cache(maxsize=1)
def w2_arrays(symbols: int = 1_000, days: int = 2_500) -> Arrays:
    """Return prices in yuan, as peers take them."""
    luck = np.random.default_rng(7)
    market = luck.standard_normal(days) * 0.008
    walk = np.cumsum(market[:, None] + luck.standard_normal((days, symbols)) * 0.018 - 0.0001, axis=0)
    first = np.exp(luck.normal(3, 0.5, symbols))
    close = np.maximum(np.round(first * np.exp(walk), 2), 1.0)
    before = np.vstack((first[None], close[:-1]))
    opens = np.maximum(np.round(before * (1 + luck.standard_normal((days, symbols)) * 0.004), 2), 1.0)
    high = np.round(np.maximum(opens, close) * (1 + np.abs(luck.standard_normal((days, symbols))) * 0.004), 2)
    low = np.round(np.minimum(opens, close) * (1 - np.abs(luck.standard_normal((days, symbols))) * 0.004), 2)
    volume = (np.exp(luck.normal(10, 1, (days, symbols))).astype(np.int64) + 1e6) * 100.0
    return {"days": business_days(days), "open": opens, "high": high, "low": low, "close": close, "volume": volume}


def w1_bars(rows: int = 1_000_000) -> Bars:
    """Return the first ``rows`` of w1."""
    return bars_of({name: column[:rows] for name, column in w1_arrays().items()})


def bars_of(arrays: Arrays) -> Bars:
    """Return w1 as we take it, from the arrays that the peers take."""
    return Bars.of(
        "600000.SH",
        frequency="1m",
        at_ns=arrays["ts"] - 8 * 3600 * 1_000_000_000,
        open=to_units(arrays["open"]),
        high=to_units(arrays["high"]),
        low=to_units(arrays["low"]),
        close=to_units(arrays["close"]),
        quantity=arrays["volume"].astype(np.int64),
    )


def w2_dates(days: int = 2_500) -> CrossSection:
    """Return the first ``days`` of w2."""
    return dates_of({name: column[:days] for name, column in w2_arrays().items()})


def dates_of(arrays: Arrays) -> CrossSection:
    """Return w2 as we take it, from the arrays that the peers take."""
    return CrossSection.of_yuan(
        [f"{600000 + number}.SH" for number in range(1_000)],
        arrays["days"],
        open=arrays["open"],
        high=arrays["high"],
        low=arrays["low"],
        close=arrays["close"],
        quantity=arrays["volume"],
    )


def cross_target(fast: npt.NDArray[Any], slow: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return ``QUANTITY`` from where ``fast`` comes to lie above ``slow`` to where it comes to lie below, else 0."""
    made = np.multiply(fast > slow, QUANTITY, dtype=np.int64)
    for row in np.nonzero(fast == slow)[0].tolist():
        made[row] = made[row - 1]
    return made


def w1_target(bars: Bars) -> npt.NDArray[np.int64]:
    columns = {"close": bars.close}
    return cross_target(Sma("close", FAST).column(columns), Sma("close", SLOW).column(columns))


class Lean(Strategy):
    """Every bar, with running sums of its own: the user's code that the peers run."""

    fields = ("close",)

    def on_start(self) -> None:
        self.last: deque[int] = deque(maxlen=SLOW + 1)
        self.fast = self.slow = self.seen = 0

    def on_bar(self, bar: Any) -> None:
        last, close = self.last, bar.close
        last.append(close)
        self.fast += close
        self.slow += close
        self.seen += 1
        if self.seen > FAST:
            self.fast -= last[-1 - FAST]
        if self.seen < SLOW:
            return
        if self.seen > SLOW:
            self.slow -= last[0]
        above, below = self.fast * SLOW, self.slow * FAST
        if self.position == 0:
            if above > below:
                self.buy(QUANTITY)
        elif above < below and self.sellable >= QUANTITY:
            self.sell(QUANTITY)


class Declared(Strategy):
    """Every bar, with declared indicators."""

    fields = ()

    def declare(self) -> None:
        self.indicators = {"fast": Sma("close", FAST), "slow": Sma("close", SLOW)}

    def on_bar(self, bar: Any) -> None:
        if self.position == 0:
            if bar.fast > bar.slow:
                self.buy(QUANTITY)
        elif bar.fast < bar.slow and self.sellable >= QUANTITY:
            self.sell(QUANTITY)


class Woken(Strategy):
    """Called where the averages cross."""

    fields = ()
    wake = crosses("fast", "slow")

    def declare(self) -> None:
        self.indicators = {"fast": Sma("close", FAST), "slow": Sma("close", SLOW)}

    def on_bar(self, bar: Any) -> None:
        if self.position == 0:
            if bar.fast > bar.slow:
                self.buy(QUANTITY)
        elif bar.fast < bar.slow:
            if self.sellable >= QUANTITY:
                self.sell(QUANTITY)
            else:
                self.wake_next_day()


class Top(Strategy):
    """Every fifth date the fifty that have risen most in twenty."""

    wake = Schedule(every_days=5, first=20)

    def on_bars(self, bars: Any) -> None:
        past = bars.history("close", 21)
        now = past[-1]
        top = np.argsort(-(now / past[0]), kind="stable")[:50]
        target = np.zeros(len(now), np.int64)
        target[top] = (0.95 * self.equity / 50 / now[top] / 100).astype(np.int64) * 100
        bars.target(target)


def fees(*, taxed: bool) -> FeeSchedule:
    return FEES_TAXED if taxed else FEES
