"""A lively day for the panel: a journal with many orders that goes on changing, and a control door beside it.

python -m benchmarks.panel_market FOLDER ORDERS UPDATES_A_SECOND [steady]
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
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId, Position
from qmt_trading.model.reconciliation import OnForeign
from qmt_trading.model.words import OrderStatus, Side
from qmt_trading.ports import StoredTurn
from qmt_trading.run.control_door import ControlDoor, control_address

HELD: Final = tuple(Symbol(f"{600000 + number}.SH") for number in range(8))
_LIVE: Final = 40
_TURN: Final = 50


class Market(Bench):
    """An engine whose turns are committed, and whose broker never rests."""

    def __init__(self, folder: Path, orders: int, *, steady: bool = False) -> None:
        self.steady = steady
        """No orders come to be: what there are get other words of the counter."""
        self.journal = SqliteJournal(folder / "journal.sqlite")
        self.number, self.seal = 0, GENESIS
        self.luck = random.Random(7)
        self.prices = {symbol: 100_000 + 1_000 * place for place, symbol in enumerate(HELD)}
        self.live: list[ev.OrderRow] = []
        self.placed = 0
        super().__init__(ready=False)
        self.now_ns = time.time_ns()
        accounts = tuple(replace(each, foreign=OnForeign.IGNORE) for each in self.settings.accounts)
        self.feed(ev.EngineStarted("bench", replace(self.settings, accounts=accounts)))
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

    def listed(self, *rows: ev.OrderRow, account: object = ACCOUNT, **_: object) -> list[out.Output]:
        held = tuple(
            Position(account=account, symbol=symbol, quantity=Quantity(2000), sellable_quantity=Quantity(2000))  # type: ignore[arg-type]
            for symbol in HELD
        )
        return self.feed(
            ev.BrokerListed(account, self.session, self.now_ns, True, True, Money(10**10), held, rows, ())  # type: ignore[arg-type]
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
        if self.luck.random() < 0.5:
            if self.steady:
                row = replace(self.luck.choice(self.live), text=str(self.number))
            elif len(self.live) <= _LIVE:
                row = self.order_row(OrderStatus.NEW)
                self.live.append(row)
            else:
                row = replace(self.live.pop(0), status=OrderStatus.CANCELED)
            self.report(row)
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


def main(folder: Path, orders: int, rate: int, steady: str = "") -> None:
    """Go on until somebody ends the process."""
    market = Market(folder, orders, steady=bool(steady))
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
