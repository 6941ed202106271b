"""Ticks as a terminal's host sends them, and a feed that takes them, for tests."""

from __future__ import annotations

import datetime as dt
from typing import Final

from qmt_trading.feeds.qmt import QmtFeed
from qmt_trading.market.sessions import Session
from qmt_trading.model.detail import Detail
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, Price, Quantity

DAY: Final = dt.date(2026, 11, 26)
"""A Thursday that trades."""
PUFA: Final = Symbol("600000.SH")
SECOND: Final = SECOND_NS


def at(hour: int, minute: int = 0, second: float = 0, day: dt.date = DAY) -> int:
    return at_time(day, (hour * 3600 + minute * 60) * SECOND_NS + round(second * SECOND_NS))


def tick(now_ns: int, last: object = 10.5, **changed: object) -> dict[str, object]:
    """Return a tick that the exchange made half a second before ``now_ns``."""
    return {
        "time": now_ns // 1_000_000 - 500,
        "lastPrice": last,
        "open": 10.4,
        "high": 10.6,
        "low": 10.3,
        "lastClose": 10.0,
        "amount": 862_127_800.0,
        "volume": 758_613,
        "pvolume": 75_861_284,
        "stockStatus": 3,
        "openInt": 13,
        "askPrice": [10.51, 10.52, 10.530000000000001, 10.54, 10.55],
        "bidPrice": [10.5, 10.49, 10.48, 10.47, 10.46],
        "askVol": [10_929, 12_401, 6_671, 4_555, 6_708],
        "bidVol": [2_429, 7_127, 7_146, 9_111, 12_189],
        **changed,
    }


DETAIL: Final = Detail(
    symbol=PUFA,
    name="浦发银行",
    tick=Price(100),
    limit_up=Price(110_000),
    limit_down=Price(90_000),
    previous_close=Price(100_000),
    trading_day=DAY,
    listed=dt.date(1999, 11, 10),
    quantity_max=Quantity(1_000_000),
    quantity_min=Quantity(100),
)


class Asked:
    """Counts how often all quotes were asked for anew."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def make(begun_ns: int = at(9, 0), *, asked: Asked | None = None) -> QmtFeed:
    return QmtFeed(Session(), begun_ns=begun_ns, subscribe_again=asked or Asked())


def quote_of(feed: QmtFeed, now_ns: int, symbol: Symbol = PUFA) -> Quote:
    quote = feed.quote(symbol, now_ns)
    assert quote is not None
    return quote
