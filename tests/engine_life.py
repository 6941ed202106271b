"""A random life of one engine: people, senders, links and a broker that tells things twice, late and in any order."""

from __future__ import annotations

import datetime as dt
from random import Random

from msgspec.structs import replace

from qmt_trading.codec import state_snapshot
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Quantity
from qmt_trading.model.order import ClientOrderId, Order
from qmt_trading.model.words import TERMINAL, LinkState, OrderStatus, TradingState
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK, Bench

Record = ev.At | ev.Event | out.Output


def image(engine: Engine) -> bytes:
    """Return the engine's whole state as bytes."""
    return b"\n".join(state_snapshot.encode_parts(capture(engine.state)))


class Life(Bench):
    """A bench that keeps its journal and acts by itself."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.journal: list[list[Record]] = []
        self.events: list[tuple[int, ev.Event]] = []
        self.day = DAY
        self.number = 0
        self.told: list[ev.Event] = []
        """Reports of the broker so far: any of them may come again."""
        self.promised: dict[tuple[str, str], int] = {}
        """(order, number) → shares that the broker has filled."""
        self.early: int | None = None
        """The arrival of a message that the ones after it overtake."""
        super().__init__()

    def feed(self, event: ev.Event) -> list[out.Output]:
        event = self.numbered(event)
        made = super().feed(event)
        self.journal.append([ev.At(self.now_ns), event, *made])
        self.events.append((self.now_ns, event))
        return made

    def step(self) -> None:
        """Do one thing."""
        rng = self.rng
        self.now_ns += rng.choice((0, 0, 1, 50, 900, 4_000)) * MILLISECOND_NS
        acts = (
            *[self.act_signal] * 6,
            *[self.act_row] * 7,
            *[self.act_fill] * 5,
            *[self.act_again] * 2,
            self.act_trouble,
            self.act_foreign,
            self.act_person,
            *[self.act_deadline] * 3,
            self.act_link,
            self.act_list,
        )
        rng.choice(acts)()
        if rng.random() < 0.01:
            self.act_day()
        if rng.random() < 0.01:
            self.act_start()

    def act_signal(self) -> None:
        rng = self.rng
        self.number += 1
        who = rng.choice((ACCOUNT, OTHER, f"{ACCOUNT},{OTHER}", "*", "nobody"))
        quantity = rng.choice((100, 200, 500, 1900, 150))
        text = rng.choice(
            (
                f"buy {STOCK} {quantity}@10.50:{who} #s/{self.number}",
                f"buy {STOCK} {quantity}@10.40:{who}",
                f"sell {STOCK} {quantity}@10.50:{who} #s/{self.number}",
                f"sell {STOCK} 全部@10.50:{who}",
                f"cancel {STOCK}:{who}",
                f"{STOCK}:{who}",
                f"buy {STOCK} {quantity}@10.50:{who} #s/{rng.randint(1, self.number)}",
            )
        )
        late_ns = rng.choice((0, 0, 0, 2 * SECOND_NS))
        overtaken = self.arrives() if self.early is None else self.early
        self.early = self.arrives() if rng.random() < 0.2 else None
        self.signal(text, received_ns=self.now_ns - late_ns, arrival=overtaken)

    def _orders(self) -> list[Order]:
        return [order for order in self.engine.state.orders if not order.foreign]

    def act_row(self) -> None:
        orders = self._orders()
        if not orders:
            return
        order = self.rng.choice(orders)
        number = order.broker_order_id or f"b{order.client_order_id[-6:]}"
        filled = self.promised.get((order.client_order_id, number), order.filled_quantity)
        if filled >= order.quantity:
            status = OrderStatus.FILLED
        else:
            told = (OrderStatus.NEW, OrderStatus.PENDING_CANCEL, OrderStatus.CANCELED, OrderStatus.REJECTED)
            status = self.rng.choice(told)
            if filled:
                status = self.rng.choice((OrderStatus.PARTIALLY_FILLED, OrderStatus.CANCELED))
        row = self.row(
            self.rng.choice((order.client_order_id, order.client_order_id, "", order.client_order_id[:8])),
            status,
            number=number,
            side=order.side,
            quantity=order.quantity,
            price=order.price,
            filled_quantity=Quantity(filled),
        )
        self._tell(ev.OrderReported(order.account, self._session(order), row))

    def _session(self, order: Order) -> int:
        return self.engine.state.accounts[order.account].session

    def _tell(self, report: ev.OrderReported | ev.FillReported) -> None:
        self.told.append(report)
        self.feed(report)

    def act_fill(self) -> None:
        orders = [order for order in self._orders() if order.status not in TERMINAL or self.rng.random() < 0.1]
        if not orders:
            return
        order = self.rng.choice(orders)
        number = order.broker_order_id or f"b{order.client_order_id[-6:]}"
        done = max(self.promised.get((order.client_order_id, number), 0), order.filled_quantity)
        if done >= order.quantity:
            return
        quantity = min(100 * self.rng.randint(1, 5), order.quantity - done)
        self.promised[order.client_order_id, number] = done + quantity
        self.number += 1
        remark = self.rng.choice((order.client_order_id, order.client_order_id, ""))  # Without it: an orphan at first.
        row = replace(
            self.fill(remark, quantity, number=number, fill_id=f"f{self.number}"),
            side=order.side,
            price=order.price,
            day=self.day,
        )
        self._tell(ev.FillReported(order.account, self._session(order), row))

    def act_again(self) -> None:
        if self.told:
            self.feed(self.rng.choice(self.told))

    def act_trouble(self) -> None:
        orders = self._orders()
        if not orders:
            return
        order = self.rng.choice(orders)
        name = order.client_order_id
        self.feed(
            self.rng.choice(
                (
                    ev.SubmitRefused(order.account, name, "拒"),
                    ev.SubmitUncertain(order.account, name, "-1"),
                    ev.SubmitsWithheld((name,), "halt"),
                    ev.SubmitsHandedOver(self.now_ns, ((name, self.now_ns),)),
                    ev.CancelRefused(order.account, name, "撤单失败"),
                )
            )
        )

    def act_foreign(self) -> None:
        self.number += 1
        row = self.row("", number=f"x{self.number}", quantity=Quantity(300), price=self.rng.choice((104_900, 105_000)))
        self._tell(ev.OrderReported(ACCOUNT, self.engine.state.accounts[ACCOUNT].session, row))

    def act_person(self) -> None:
        rng = self.rng
        orders = self._orders()
        name = rng.choice(orders).client_order_id if orders else ClientOrderId("none")
        self.feed(
            rng.choice(
                (
                    ev.HaltRequested("me", "x", rng.choice((None, ACCOUNT)), TradingState.HALTED, rng.random() < 0.5),
                    ev.HaltRequested("me", "x", ACCOUNT, TradingState.REDUCING),
                    ev.ResumeRequested("me", "x", ACCOUNT),
                    ev.ResumeRequested("me", "x"),
                    ev.ResumeRequested("me", "x", OTHER),
                    ev.CancelRequested("me", "x", order_id=name),
                    ev.ResolveRequested("me", "x", name, rng.choice((OrderStatus.NOT_SENT, OrderStatus.UNKNOWN))),
                    ev.ClockStepped(5 * SECOND_NS),
                    ev.MalformedReceived("door", self.now_ns, "?", "TEXT", 0, 0),
                )
            )
        )

    def act_deadline(self) -> None:
        due_ns = self.engine.next_due_ns()
        if due_ns:
            self.now_ns = max(self.now_ns, due_ns)
            self.feed(ev.DeadlineReached())

    def act_link(self) -> None:
        if self.rng.random() < 0.4:
            self.feed(ev.LinkChanged(ACCOUNT, self.session, LinkState.DOWN, "断"))
        self.session += 1
        self.connect()

    def act_list(self) -> None:
        self.listed(account=self.rng.choice((ACCOUNT, OTHER)), alive=self.rng.random() < 0.8)

    def act_day(self) -> None:
        self.day += dt.timedelta(days=1)
        self.now_ns += 24 * 3600 * SECOND_NS
        self.promised.clear()
        self.feed(ev.DayBegan(self.day))
        self.session += 1
        self.connect()

    def act_start(self) -> None:
        settings = self.settings
        if self.rng.random() < 0.5:
            settings = replace(settings, accounts=settings.accounts[self.rng.randint(0, 1) :][:1])
        self.feed(ev.EngineStarted("test", settings))
        self.session += 1
        self.connect()
        if self.rng.random() < 0.7:
            self.feed(ev.ResumeRequested("me", "x"))
