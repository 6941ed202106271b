"""A view with one account, and a feed that knows what it is told: what the day's watch looks at in its tests."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, DAY, Bench
from tests.loop_bench import HandClock

from qmt_trading.market.no_cancel import STANDARD
from qmt_trading.market.sessions import Session
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.morning import LinkTold
from qmt_trading.model.numbers import SECOND_NS, Money
from qmt_trading.model.view import AccountRow, View
from qmt_trading.model.words import LinkState
from qmt_trading.run.day.gather import Gather
from qmt_trading.run.day.night import USUAL, Night
from qmt_trading.run.day.outside import NOTHING, Outside
from qmt_trading.run.day.watch import DayWatch, Notice

MINUTE_NS = 60 * SECOND_NS


def at(clock: str, day: dt.date = DAY) -> int:
    """Return the instant of a time of day such as ``9:15`` in Shanghai."""
    hours, minutes = clock.split(":")
    return at_time(day, (int(hours) * 60 + int(minutes)) * MINUTE_NS)


class Feed:
    """Quotes by symbol."""

    def __init__(self) -> None:
        self.quotes: dict[Symbol, Quote] = {}

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        del now_ns
        return self.quotes.get(symbol)


class Stage:
    """A watch of one account, whose clock, link, terminal and quotes a test sets."""

    def __init__(self, folder: Path, now: str = "10:00", day: dt.date = DAY) -> None:
        self.clock = HandClock()
        self.clock.steady = at(now, day)
        self.feed = Feed()
        self.outside: Outside = NOTHING
        self.closed = ""
        self.told: list[Notice] = []
        self.lines: list[str] = []
        self.reports: list[dt.date] = []
        self.view: View = replace(Bench(ready=False).engine.view(), positions=())
        self.view = replace(self.view, accounts=self.view.accounts[:1], day=day)
        self.session = Session()
        bench = Bench(ready=False)
        self.gather = Gather(
            view=lambda: self.view,
            clock=self.clock,
            session=self.session,
            settings=bench.settings,
            feed=self.feed,
            folder=folder,
            journal_closed=lambda: self.closed,
            night=Night(*USUAL),
            outside_of=lambda account: self.outside,
        )
        self.watch = DayWatch(
            view=lambda: self.view,
            clock=self.clock,
            session=self.session,
            gather=self.gather,
            checked=frozenset({ACCOUNT}),
            no_cancel=STANDARD,
            report=self.told.append,
            say=self._say,
            write_report=self.reports.append,
        )

    def _say(self, level: str, event: str, text: str, **fields: object) -> None:
        del fields
        self.lines.append(f"{level} {event} {text}")

    @property
    def row(self) -> AccountRow:
        return self.view.accounts[0]

    def change(self, **fields: object) -> None:
        """Change the account's row."""
        self.view = replace(self.view, accounts=(replace(self.row, **fields),))

    def connect(self, session: int = 1, *, listed: bool = True) -> None:
        self.change(
            link=LinkState.CONNECTED,
            session=session,
            listed_session=session if listed else 0,
            ready=listed,
            link_told=LinkTold(self.clock.now_ns()),
            available_cash=Money(10_000),
        )

    def disconnect(self, text: str = "") -> None:
        self.change(link=LinkState.DOWN, link_told=LinkTold(self.clock.now_ns(), text))

    def go(self, now: str, day: dt.date = DAY) -> None:
        """Let it become ``now``, and look."""
        self.clock.steady = at(now, day)
        self.watch.look()

    def later(self, seconds: float) -> None:
        self.clock.steady += int(seconds * SECOND_NS)
        self.watch.look()
