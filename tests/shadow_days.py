"""A trading day of shadow mode beside another program, told by hand."""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model.instant import at_time
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.words import LinkState, Mode, OrderStatus, Side
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK
from tests.loop_bench import SETTINGS, LoopBench

SHADOW = replace(SETTINGS, mode=Mode.SHADOW)
HOURS = replace(SHADOW, always_open=False)


def clock(day: dt.date, written: str) -> int:
    """Return the instant of ``10:05:00.4`` on ``day``."""
    hours, minutes, seconds = written.split(":")
    return at_time(day, (int(hours) * 60 + int(minutes)) * 60 * SECOND_NS + int(float(seconds) * 1e9))


class ShadowBench:
    """A loop in shadow mode, from nine o'clock on, and the other program's orders in its first account."""

    def __init__(self, day: dt.date = DAY, *, begins: str = "9:00:00", bench: LoopBench | None = None) -> None:
        self.day = day
        begins_ns = clock(day, begins)
        self.bench = bench or LoopBench(settings=HOURS, begins_ns=begins_ns)
        self.rows: dict[str, ev.OrderRow] = {}

    def connect(self) -> None:
        """Open a session of each account; its first list holds what was placed before."""
        held = Quantity(2000)
        for account in (ACCOUNT, OTHER):
            session = self.session(account) + 1
            position = Position(account=account, symbol=STOCK, quantity=held, sellable_quantity=held)
            rows = tuple(self.rows.values()) if account == ACCOUNT else ()
            self.bench.inbox.report(ev.LinkChanged(account, session, LinkState.CONNECTED))
            figures = self.bench.clock.now_ns(), True, True, Money(10**10), (position,)
            self.bench.inbox.report(ev.BrokerListed(account, session, *figures, rows, ()))
        self.bench.rest()

    def session(self, account: str) -> int:
        """Return the number of the account's session."""
        return next(each.session for number, each in self.bench.engine.state.accounts.items() if number == account)

    def at(self, written: str) -> ShadowBench:
        """Let the clock go on to that time."""
        until_ns = clock(self.day, written)
        assert until_ns >= self.bench.clock.steady
        while self.bench.clock.steady < until_ns:
            wait_ns = max(self.bench.loop.idle_wait_ns(), MILLISECOND_NS)
            self.bench.clock.steady = min(until_ns, self.bench.clock.steady + wait_ns)
            self.bench.rest()
        return self

    def jump(self, written: str) -> ShadowBench:
        """Go to that time at once, with nothing due in between that matters."""
        self.bench.clock.steady = clock(self.day, written)
        self.bench.rest()
        return self

    def say(self, text: str) -> None:
        self.bench.send(text)
        self.bench.rest()

    def other(
        self,
        number: str,
        status: OrderStatus = OrderStatus.NEW,
        *,
        quantity: int = 500,
        price: int = 105_000,
        placed: str = "",
        told: bool = True,
    ) -> None:
        """Have the terminal tell of an order of the other program; what it is keeps from one telling to the next."""
        ordered_ns = clock(self.day, placed) if placed else self.bench.clock.now_ns() // SECOND_NS * SECOND_NS
        figures = Quantity(quantity), Price(price), Quantity(0)
        new = ev.OrderRow("", number, f"H{number}", STOCK, Side.BUY, *figures, status, "", ordered_ns)
        before = self.rows.get(number, new)
        filled = before.quantity if status is OrderStatus.FILLED else Quantity(0)
        self.rows[number] = replace(before, status=status, filled_quantity=filled)
        if told:
            self.bench.inbox.report(ev.OrderReported(ACCOUNT, self.session(ACCOUNT), self.rows[number]))
            self.bench.rest()


def a_good_day(bench: ShadowBench) -> ShadowBench:
    """Play a day on which the other program cancels and buys exactly as shadow mode would have."""
    for number in ("70", "71", "72"):
        bench.other(number, placed="8:30:00", told=False)
    bench.connect()
    bench.jump("10:05:00").say(f"cancel {STOCK}:{ACCOUNT} #{bench.day}/1")
    for number in ("70", "71", "72"):
        bench.jump("10:05:00.4").other(number, OrderStatus.CANCELED)
    bench.jump("10:06:00").say(f"buy {STOCK} 500@10.50:{ACCOUNT} #{bench.day}/2")
    bench.jump("10:06:01").other("73")
    return bench


def end(bench: ShadowBench) -> ShadowBench:
    """Close the day: what did not fill is cleared away by the counter."""
    bench.jump("15:00:05")
    if "73" in bench.rows:
        bench.other("73", OrderStatus.CANCELED)
    else:
        bench.bench.inbox.report(ev.LinkChanged(ACCOUNT, bench.session(ACCOUNT), LinkState.DOWN))
        bench.bench.rest()
    return bench
