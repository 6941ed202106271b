"""A lively day for the panel: a journal with many orders that goes on changing, and a control door beside it.

python -m benchmarks.panel_market FOLDER ORDERS UPDATES_A_SECOND [steady | orders | signals]

``steady``: no order comes to be, what there are get other words of the counter. ``orders``: nothing but orders, a tenth
of them new and a tenth ending, so that each event has an instant that a page is told. ``signals``: each order comes of
a signal of its own, and half of those that have ended were filled; else all of them are foreign.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, Bench

from qmt_trading.codec import control as wire
from qmt_trading.codec import view_json
from qmt_trading.codec.journal_record import GENESIS, encode_turn, seal
from qmt_trading.codec.signal import parse
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import Money, Price, Quantity, to_text
from qmt_trading.model.order import ClientOrderId, Position
from qmt_trading.model.reconciliation import OnForeign
from qmt_trading.model.signal import Signal
from qmt_trading.model.words import OrderStatus, Side
from qmt_trading.ports import StoredTurn
from qmt_trading.run.control_door import ControlDoor, control_address

HELD: Final = tuple(Symbol(f"{600000 + number}.SH") for number in range(8))
_LIVE: Final = 40
_TICK: Final = 100
_TURN: Final = 50


class Market(Bench):
    """An engine whose turns are committed, and whose broker never rests."""

    holding = Quantity(2000)
    """Of each symbol."""

    def __init__(self, folder: Path, orders: int, *, kind: str = "") -> None:
        self.kind = kind
        self.journal = SqliteJournal(folder / "journal.sqlite")
        self.number, self.seal = 0, GENESIS
        self.luck = random.Random(7)
        self.prices = {symbol: 100_000 + 1_000 * place for place, symbol in enumerate(HELD)}
        self.live: list[ev.OrderRow] = []
        self.placed = 0
        super().__init__(ready=False)
        self.now_ns = time.time_ns()
        accounts = tuple(
            replace(each, foreign=OnForeign.IGNORE, limits=Limits(order_value_max=Money(10**15)))
            for each in self.settings.accounts
        )
        settings = replace(self.settings, accounts=accounts, submits_per_minute_max=10**9)
        self.feed(ev.EngineStarted("bench", settings))
        self.feed(ev.DayBegan(day_of(self.now_ns)))
        self.connect()
        for first in range(0, orders, _TURN):
            self.fill_up(min(_TURN, orders - first))
        self.shown = self.engine.view()

    def feed(self, event: ev.Event) -> list[out.Output]:
        event = self.numbered(event)
        made = super().feed(event)
        self.commit([ev.At(self.now_ns), event, *made])
        self.outputs.clear()
        return made

    def commit(self, records: list[ev.At | ev.Event | out.Output]) -> None:
        """Write one turn."""
        payload = encode_turn(records)
        number = self.number + 1
        turn = StoredTurn(number, payload, seal(self.seal, number, payload))
        self.journal.append(turn)
        self.number, self.seal = number, turn.seal

    def fill_up(self, count: int) -> None:
        """Commit ``count`` orders in one turn; all but the first few of the day have ended."""
        records: list[ev.At | ev.Event | out.Output] = [ev.At(self.now_ns)]
        for _ in range(count):
            row = self.order_row(OrderStatus.CANCELED if self.placed >= _LIVE else OrderStatus.NEW)
            if row.status is OrderStatus.NEW:
                self.live.append(row)
            event = ev.OrderReported(ACCOUNT, self.session, row)
            records += [event, *self.engine.handle(event, self.now_ns)]
        self.commit(records)

    def place(self) -> None:
        """Let one new order come to be."""
        row = self.order_row(OrderStatus.NEW)
        self.live.append(row)
        self.report(row)

    def end(self) -> None:
        """Let the oldest order that works end."""
        self.report(replace(self.live.pop(0), status=OrderStatus.CANCELED))

    def listed(self, *rows: ev.OrderRow, account: object = ACCOUNT, **_: object) -> list[out.Output]:
        held = tuple(
            Position(account=account, symbol=symbol, quantity=self.holding, sellable_quantity=self.holding)  # type: ignore[arg-type]
            for symbol in HELD
        )
        return self.feed(
            ev.BrokerListed(account, self.session, self.now_ns, True, True, Money(10**15), held, rows, ())  # type: ignore[arg-type]
        )

    def order_row(self, status: OrderStatus) -> ev.OrderRow:
        self.placed += 1
        symbol = self.luck.choice(HELD)
        return ev.OrderRow(
            client_order_id=ClientOrderId(""),
            broker_order_id=str(self.placed),
            venue_order_id=f"H{self.placed}",
            symbol=symbol,
            side=self.luck.choice((Side.BUY, Side.SELL)),
            quantity=Quantity(100),
            price=Price(self.prices[symbol]),
            filled_quantity=Quantity(0),
            status=status,
            ordered_ns=self.now_ns,
        )

    def step(self) -> None:
        """Let one thing happen: half of them are orders, as many new as ended; the rest are prices."""
        self.now_ns = time.time_ns()
        if self.number % 20 == 0:
            self.shown = self.engine.view()  # Looked at by the threads of the control door.
        if self.kind == "orders" or self.luck.random() < 0.5:
            if self.kind == "steady" or (self.kind == "orders" and self.luck.random() < 0.8):
                self.report(replace(self.luck.choice(self.live), text=str(self.number)))
            elif len(self.live) <= _LIVE:
                self.place()
            else:
                self.end()
        else:
            symbol = self.luck.choice(HELD)
            self.prices[symbol] += self.luck.randint(-100, 100)
            self.feed(ev.PositionsMarked((ev.Mark(symbol, Price(self.prices[symbol]), Price(100_000)),)))

    def answer(self, line: bytes) -> bytes:
        """Answer the control door as the engine's own does, as far as the panel asks."""
        request = wire.decode_request(line)
        match request:
            case wire.Quotes():
                known = [Symbol(symbol) for symbol in request.symbols if symbol in self.prices]
                return wire.encode_answer([{"quote": msgspec.to_builtins(self.price_of(symbol))} for symbol in known])
            case wire.Read(table="doors"):
                return wire.encode_answer([])
            case wire.Read():
                return wire.encode_answer(view_json.rows_of(self.shown, request.table, request.limit))
            case _:
                return wire.encode_failure("没有 / not here")

    def price_of(self, symbol: Symbol) -> Quote:
        last = Price(self.prices[symbol])
        rule = rule_for(symbol)
        bids, asks = (Price(last - 100),), (Price(last + 100),)
        up, down = Price(110_000), Price(90_000)
        return Quote(symbol, last, Price(100_000), up, down, bids, asks, time.time_ns(), rule, name="浦发银行")


class SignalMarket(Market):
    """One whose orders come of signals, one each, for one account."""

    holding = Quantity(10**8)

    def fill_up(self, count: int) -> None:
        """Commit a turn of ``count`` signals, and a turn of what the counter says of their orders."""
        rows, calls = self.signaled(count)
        reports: list[ev.Event] = [calls]
        for row in rows:
            reports.append(ev.OrderReported(ACCOUNT, self.session, row))
            if self.placed - count >= _LIVE:
                reports += self.ending(row)
            else:
                self.live.append(row)
        self.turn(reports)

    def place(self) -> None:
        rows, calls = self.signaled(1)
        self.live += rows
        self.turn([calls, *(ev.OrderReported(ACCOUNT, self.session, row) for row in rows)])

    def end(self) -> None:
        self.turn(self.ending(self.live.pop(0)))

    def signaled(self, count: int) -> tuple[list[ev.OrderRow], ev.SubmitsHandedOver]:
        """Commit ``count`` signals in one turn; return the counter's rows of their orders, and that these have left."""
        rows = [self.order_row(OrderStatus.NEW) for _ in range(count)]
        rows = [replace(row, price=Price(row.price // _TICK * _TICK)) for row in rows]
        first = self.engine.state.signal_seq + 1
        made = self.turn([self.signal_of(first + place, row) for place, row in enumerate(rows)])
        names = [each.client_order_id for each in made if isinstance(each, out.SubmitOrder)]
        assert len(names) == count, made[:3]
        named = [replace(row, client_order_id=name) for row, name in zip(rows, names, strict=True)]
        return named, ev.SubmitsHandedOver(self.now_ns, tuple((name, self.now_ns) for name in names))

    def signal_of(self, seq: int, row: ev.OrderRow) -> ev.SignalReceived:
        words = f"{row.side.value} {row.symbol} {row.quantity}@{to_text(row.price)}"
        text = f"{words}:{ACCOUNT} #monitor/{row.broker_order_id}"
        (parsed,) = parse(text.encode("utf-8"))
        assert isinstance(parsed, Signal), parsed
        quotes = (replace(self.price_of(row.symbol), name=""),)
        return ev.SignalReceived(seq, "door", self.now_ns, text, parsed, quotes, None, self.arrives())

    def ending(self, row: ev.OrderRow) -> list[ev.Event]:
        """Return what the counter says when an order is filled, or cancelled."""
        if self.luck.random() < 0.5:
            return [ev.OrderReported(ACCOUNT, self.session, replace(row, status=OrderStatus.CANCELED))]
        numbers = row.client_order_id, row.broker_order_id, row.venue_order_id
        fill = ev.FillRow(
            f"F{row.broker_order_id}",
            *numbers,
            row.symbol,
            row.side,
            row.price,
            row.quantity,
            day_of(self.now_ns),
            self.now_ns,
        )
        filled = replace(row, status=OrderStatus.FILLED, filled_quantity=row.quantity)
        return [ev.FillReported(ACCOUNT, self.session, fill), ev.OrderReported(ACCOUNT, self.session, filled)]

    def turn(self, events: list[ev.Event]) -> list[out.Output]:
        """Commit what happens in one turn, and return what follows from it."""
        records: list[ev.At | ev.Event | out.Output] = [ev.At(self.now_ns)]
        outputs: list[out.Output] = []
        for event in events:
            made = self.engine.handle(event, self.now_ns)
            records += [event, *made]
            outputs += made
        self.commit(records)
        return outputs


def main(folder: Path, orders: int, rate: int, kind: str = "") -> None:
    """Go on until somebody ends the process."""
    market = (SignalMarket if kind == "signals" else Market)(folder, orders, kind=kind)
    door = ControlDoor(control_address(folder), market.answer)
    door.open()
    print("ready", flush=True)
    due = time.perf_counter()
    while True:
        market.step()
        due += 1 / rate
        time.sleep(max(0.0, due - time.perf_counter()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:5])
