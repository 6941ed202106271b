"""An engine ready to trade, and short words for feeding it."""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from msgspec.structs import replace

from qmt_trading.codec.signal import parse
from qmt_trading.engine.engine import Engine
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId, Order, Position
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec, Signal, Size, SizeKind
from qmt_trading.model.words import BareAction, LinkState, Mode, OrderStatus, Side

Made = TypeVar("Made")

ACCOUNT, OTHER = AccountId("11031122"), AccountId("11031123")
STOCK = Symbol("600000.SH")
DAY = dt.date(2026, 11, 24)
START_NS = 1_795_485_600 * SECOND_NS
"""2026-11-24 10:00 in Shanghai."""


class Bench:
    """One engine with two accounts of a million yuan and 2,000 shares each."""

    def __init__(
        self, *, bare: BareAction = BareAction.BUY, per_minute: int = 600, ready: bool = True, mode: Mode = Mode.PAPER
    ) -> None:
        self.engine = Engine()
        self.now_ns = START_NS
        self.arrival = 0
        self.outputs: list[out.Output] = []
        self.session = 1
        self.settings = EngineSettings(
            mode=mode,
            accounts=(AccountSettings(account=ACCOUNT), AccountSettings(account=OTHER)),
            doors=(
                DoorSettings(name="door", bare=bare, default_size=Size(SizeKind.LOTS, 1, text="1手")),
                DoorSettings(name="bare", bare=bare),
            ),
            default_price=PriceSpec(PriceKind.LATEST, text="latest"),
            submits_per_minute_max=per_minute,
        )
        bound = ev.JournalBound(1, mode, "BENCH", (ACCOUNT, OTHER))
        for event in (bound, ev.EngineStarted("test", self.settings), ev.DayBegan(DAY)):
            self.feed(event)
        if ready:
            self.connect()

    def feed(self, event: ev.Event) -> list[out.Output]:
        """Handle one event and return what follows."""
        made = self.engine.handle(self.numbered(event), self.now_ns)
        self.outputs += made
        return made

    def connect(self, *rows: ev.OrderRow, fills: tuple[ev.FillRow, ...] = ()) -> None:
        """Open a session of each account and give its first list."""
        for account in (ACCOUNT, OTHER):
            self.feed(ev.LinkChanged(account, self.session, LinkState.CONNECTED))
            self.listed(*(rows if account == ACCOUNT else ()), account=account, fills=fills)

    def listed(
        self,
        *rows: ev.OrderRow,
        account: AccountId = ACCOUNT,
        alive: bool = True,
        fills: tuple[ev.FillRow, ...] = (),
        session: int | None = None,
        is_doubtful: bool = False,
    ) -> list[out.Output]:
        """Give the broker's list."""
        held = Position(account=account, symbol=STOCK, quantity=Quantity(2000), sellable_quantity=Quantity(2000))
        number = self.session if session is None else session
        return self.feed(
            ev.BrokerListed(
                account,
                number,
                self.now_ns,
                True,
                alive,
                Money(10**10),
                (held,),
                rows,
                fills,
                is_doubtful=is_doubtful,
            )
        )

    def quote(self, **changes: object) -> Quote:
        figures: dict[str, object] = {
            "last": 105_000,
            "previous_close": 104_000,
            "limit_up": 114_400,
            "limit_down": 93_600,
            "bids": (104_900,),
            "asks": (105_000,),
            "quoted_ns": self.now_ns,
            "rule": rule_for(STOCK),
        }
        return Quote(symbol=STOCK, **{**figures, **changes})  # type: ignore[arg-type]

    def signal(
        self,
        text: str,
        *,
        door: str = "door",
        received_ns: int | None = None,
        quote: Quote | None = None,
        arrival: int | None = None,
    ) -> Receipt:
        """Send one message and return its receipt; ``arrival`` is that of one which came earlier than it is decided."""
        (parsed,) = parse(text.encode())
        assert isinstance(parsed, Signal), parsed
        seq = self.engine.state.signal_seq + 1
        at_ns = self.now_ns if received_ns is None else received_ns
        number = self.arrives() if arrival is None else arrival
        made = self.feed(ev.SignalReceived(seq, door, at_ns, text, parsed, (quote or self.quote(),), None, number))
        return [output for output in made if isinstance(output, out.SignalAnswered)][-1].receipt

    def numbered(self, event: ev.Event) -> ev.Event:
        """Return a person's request as one that comes in now, anything else as it is."""
        if isinstance(event, ev.CancelRequested | ev.HaltRequested) and not event.arrival:
            return replace(event, arrival=self.arrives())
        return event

    def arrives(self) -> int:
        """Return the number of something that comes in now."""
        self.arrival += 1
        return self.arrival

    def buy(self, quantity: int = 100, *, name: str = "") -> ClientOrderId:
        """Place one accepted buy and return its id."""
        receipt = self.signal(f"buy {STOCK} {quantity}@10.50:{ACCOUNT}" + (f" #{name}" if name else ""))
        (line,) = receipt.orders
        assert line.denial is None, line
        return ClientOrderId(line.client_order_id)

    def row(
        self, name: str, status: OrderStatus = OrderStatus.NEW, *, number: str = "77", **changes: object
    ) -> ev.OrderRow:
        figures: dict[str, object] = {
            "client_order_id": name,
            "broker_order_id": number,
            "venue_order_id": f"H{number}",
            "symbol": STOCK,
            "side": Side.BUY,
            "quantity": 100,
            "price": 105_000,
            "filled_quantity": 0,
            "status": status,
            "ordered_ns": self.now_ns,
        }
        return ev.OrderRow(**{**figures, **changes})  # type: ignore[arg-type]

    def fill(self, name: str, quantity: int = 100, *, number: str = "77", fill_id: str = "f1") -> ev.FillRow:
        return ev.FillRow(
            fill_id, name, number, f"H{number}", STOCK, Side.BUY, Price(105_000), Quantity(quantity), DAY, self.now_ns
        )

    def report(self, row: ev.OrderRow, *, session: int | None = None) -> list[out.Output]:
        return self.feed(ev.OrderReported(ACCOUNT, self.session if session is None else session, row))

    def filled(self, row: ev.FillRow) -> list[out.Output]:
        return self.feed(ev.FillReported(ACCOUNT, self.session, row))

    def later(self, seconds: float) -> list[out.Output]:
        """Let time pass, and the deadlines that fall into it."""
        self.now_ns += int(seconds * SECOND_NS)
        return self.feed(ev.DeadlineReached())

    def order(self, name: str) -> Order:
        return self.engine.state.order(ClientOrderId(name))

    def held(self, account: AccountId = ACCOUNT) -> int:
        held = self.engine.state.accounts[account].positions.get(STOCK)
        return held.quantity if held is not None else 0

    def made(self, kind: type[Made]) -> list[Made]:
        """Return everything of one kind that was put out so far."""
        return [output for output in self.outputs if isinstance(output, kind)]

    def alerts(self) -> list[str]:
        return [alert.code for alert in self.made(out.Alert)]
