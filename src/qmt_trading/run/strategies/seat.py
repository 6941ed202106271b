"""What carries a strategy's wishes to a running engine, and tells it what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from qmt_trading.client import NoReceiptError, NotSentError, Receipt
from qmt_trading.codec.sentences import sentence
from qmt_trading.market.instruments import rule_for
from qmt_trading.model.instant import time_of_day_ns
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, to_text
from qmt_trading.model.order import Order
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.signal import AccountId, SizeKind
from qmt_trading.model.timed import Timed
from qmt_trading.model.view import View
from qmt_trading.model.words import TERMINAL, OrderStatus, Side, Verb
from qmt_trading.research.wish import check_unit, whole, whole_target

OPENS_AT: Final = "09:30:00"
BUYS_AT: Final = "09:30:30"
"""When what is bought for what is sold at the opening leaves: the engine keeps it on disk over night."""
BUYS_WAIT_NS: Final = 60 * SECOND_NS
"""How long what is to be bought waits for what is sold for it."""
CLOSING_AUCTION: Final = "14:57:01"
NOT_SENT: Final = "NOT_SENT"
DROPPED: Final = "DROPPED"
"""Of an instruction that waited and was cancelled, or whose time passed."""
_CLOSING_NS: Final = (14 * 3600 + 57 * 60) * SECOND_NS


class Counter(Protocol):
    """The engine, as a strategy's process reaches it. Each call waits for the answer."""

    def send(self, text: str, name: str) -> Receipt:
        """Bring a signal with the id ``name`` through the strategy's door.

        Raises:
            NotSentError: nothing has left.
            NoReceiptError: it may have arrived.
        """
        ...

    def cancel(self, order_id: str) -> None:
        """Ask for the cancel of one order, or of an instruction that waits; what has ended stays as it is."""
        ...


class SeatOrder(Struct, eq=False):
    """One wish of the strategy, from its decision to its end; it may have become several orders."""

    number: int
    place: int
    symbol: Symbol
    side: int
    """+1 buy, -1 sell; 0: a target that the engine has not answered yet."""
    quantity: int
    limit: int
    made_ns: int
    name: str
    """The id of its signal."""
    seq: int = 0
    """Of its signal, once the engine has answered; 0: it has not."""
    status: OrderStatus = OrderStatus.PENDING_NEW
    denied: bool = False
    """It never became an order."""
    sent: bool = False
    filled: int = 0
    value: int = 0
    ended_ns: int = 0
    reason: str = ""
    """The engine's code of why it was refused, or what the counter said of its end."""
    text: str = ""
    """The sentence of ``reason``, for people."""
    ids: tuple[str, ...] = ()
    """Of the orders that it has become."""

    @property
    def leaves(self) -> int:
        return self.quantity - self.filled


class News(NamedTuple):
    """Something that the strategy is to be told: a fill, or an end."""

    is_fill: bool
    order: SeatOrder


class Seat:
    """A strategy's place at the engine. Used by one thread.

    What it holds is what its own fills have left it with, in one account: what others hold there is none of its
    business, and neither are their older shares: what it bought today it does not sell today (T+1), as in a backtest,
    though the account might. Cash and equity are the account's.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        account: AccountId,
        strategy: str,
        counter: Counter,
        *,
        now_ns: Callable[[], int],
        names: Iterable[str],
        price: str = "对手",
        is_over: Callable[[int], bool] = lambda now_ns: False,
        overnight: bool = False,
    ) -> None:
        """Take the seat.

        Args:
            names: ids for signals, none of which was ever used before.
            price: what an order without a limit is priced by, as in a signal.
            is_over: tells whether what is decided at an instant is for the next trading day: it leaves at its opening.
            overnight: all that it decides does, so that all that is held may be sold (daily bars, as in a backtest).
        """
        self.symbols: Sequence[str] = tuple(symbols)
        self.quantities: list[int] = [0] * len(self.symbols)
        self.orders: list[SeatOrder] = []
        self._open: dict[str, SeatOrder] = {}
        """By the id of its signal."""
        self._account = account
        self._strategy = strategy
        self._counter = counter
        self._now_ns = now_ns
        self._names = iter(names)
        self._price = price
        self._is_over = is_over
        self._overnight = overnight
        self._view: View | None = None
        self._quotes: dict[str, Quote] = {}
        self._later: list[tuple[int, int]] = []
        """Targets that wait for the sells before them: place, quantity."""
        self._later_ns = 0
        self._news: list[News] = []
        self._bought: dict[int, int] = {}
        """What its own buys of today have brought, by place; as far as it was asked for since the last ``see``."""
        self._left: tuple[list[Order], list[Timed]] | None = None
        """As ``left``, as it was asked for since the last ``see``."""

    # What a strategy asks.

    def submit(self, place: int, side: int, quantity: int, limit: int = 0, *, closing: bool = False) -> SeatOrder:
        """Send an order; what became of it shows in what is returned, and in ``on_fill`` and ``on_order``.

        Raises:
            DeskError: as in a backtest: no shares, no whole numbers, or a limit in yuan where units are meant.
        """
        symbol = self.symbols[place]
        quantity, limit = whole(symbol, quantity, limit)
        check_unit(symbol, limit, self.limits(place)[1])
        verb = "buy" if side > 0 else "sell"
        price = to_text(limit) if limit else self._price
        at = self._at(OPENS_AT)
        if closing:
            price = to_text(limit) if limit else "涨停" if side > 0 else "跌停"  # The auction has one price for all.
            at = CLOSING_AUCTION if at or time_of_day_ns(self._now_ns()) < _CLOSING_NS else ""
        tomorrow = self._overnight or bool(self._at(OPENS_AT))
        free = quantity if side > 0 else self._free(place, tomorrow=tomorrow)
        order = self._made(place, side, quantity, limit)
        if quantity > free:
            locked = 0 if tomorrow else min(self._locked(place), self.quantities[place])
            self._deny(order, *_told_of(Denial(Reason.SELLABLE_EXCEEDED, (f"{quantity}", f"{free}", f"{locked}"))))
            return order
        self._send(order, f"{verb} {order.symbol} {quantity}@{price}", at)
        return order

    def cancel(self, order: SeatOrder) -> None:
        """Ask for the cancel of what is left of ``order``."""
        if order.name not in self._open:
            return
        if order.ids:
            for each in order.ids:
                self._counter.cancel(each)
        elif order.seq:
            self._counter.cancel(f"{order.seq}.1")

    def target(self, place: int, quantity: int) -> SeatOrder | None:
        """Let the engine order what leads from what the strategy holds and works for to ``quantity``.

        Raises:
            DeskError: no whole number of shares, or below 0.
        """
        quantity = whole_target(self.symbols[place], quantity)
        at = self._at(OPENS_AT)
        if not at:  # What it bought today stays: the engine would sell older shares of others in its place.
            quantity = max(quantity, min(self._locked(place), self.quantities[place]))
        return self._target(place, quantity, at)

    def _at(self, opening: str) -> str:
        """Return ``opening`` where the day is over, else nothing: at once."""
        return opening if self._is_over(self._now_ns()) else ""

    def _target(self, place: int, quantity: int, at: str) -> SeatOrder | None:
        order = self._made(place, 0, quantity, 0)
        self._send(order, f"target {order.symbol} {quantity}@{self._price}", at)
        return order if order.name in self._open or order.denied else None

    def targets(self, quantities: npt.NDArray[np.int64]) -> None:
        """Let the engine order what leads to ``quantities``: sells now, and buys once those have ended."""
        held = self.quantities
        wanted = [int(each) for each in quantities]
        sells = [(place, each) for place, each in enumerate(wanted) if each < held[place]]
        buys = [(place, each) for place, each in enumerate(wanted) if each > held[place]]
        for place, each in sells:
            self.target(place, each)
        at = self._at(BUYS_AT if sells else OPENS_AT)
        if at:  # The engine keeps them on disk over night, whatever becomes of this process.
            for place, each in buys:
                self._target(place, each, at)
            return
        self._later, self._later_ns = buys, self._now_ns() + BUYS_WAIT_NS
        self._send_later()

    def sellable(self, place: int) -> int:
        """Return what of the own holding may be sold today and is not offered yet."""
        own = self._free(place, tomorrow=self._overnight)
        if self._overnight or self._view is None:
            return own
        symbol = self.symbols[place]
        for row in self._view.positions:
            if row.account == self._account and row.symbol == symbol:
                return max(0, min(own, row.sellable_quantity - row.frozen_quantity))
        return 0

    def limits(self, place: int) -> tuple[int, int]:
        """Return the upper and the lower limit of today; 0: there is none, or no quote yet."""
        quote = self._quotes.get(self.symbols[place])
        return (0, 0) if quote is None else (int(quote.limit_up), int(quote.limit_down))

    def free_cash(self) -> int:
        """Return the account's free cash."""
        row = self._row()
        return 0 if row is None else int(row.available_cash)

    def equity(self) -> int:
        """Return the account's total assets."""
        row = self._row()
        return 0 if row is None else int(row.available_cash + row.frozen_cash + row.market_value)

    # What the process tells it.

    def quote(self, quote: Quote) -> None:
        """Take a quote."""
        self._quotes[quote.symbol] = quote

    def see(self, view: View) -> list[News]:
        """Take what the engine says now, and return what the strategy has not been told yet, in order."""
        self._view = view
        self._bought, self._left = {}, None
        for place, symbol in enumerate(self.symbols):
            self.quantities[place] = view.holdings.get((self._account, self._strategy, Symbol(symbol)), 0)
        if self._open:
            self._follow(view)
        self._send_later()
        news, self._news = self._news, []
        return news

    def left(self) -> tuple[list[Order], list[Timed]]:
        """Return what works or waits under the strategy's name and was sent by a process before this one."""
        if self._left is None:
            self._left = self._found_left(self._view)
        return self._left

    def _found_left(self, view: View | None) -> tuple[list[Order], list[Timed]]:
        if view is None:
            return [], []
        own = {each.seq for each in self._open.values()}
        orders = [
            row
            for row in view.orders
            if row.strategy == self._strategy
            and row.account == self._account
            and row.status not in TERMINAL
            and row.signal_seq not in own
        ]
        timed = [
            each
            for each in view.timed
            if each.item.strategy == self._strategy and self._account in each.accounts and each.seq not in own
        ]
        return orders, timed

    @property
    def working(self) -> int:
        """How many wishes have not ended."""
        return len(self._open)

    # Inside.

    def _free(self, place: int, *, tomorrow: bool) -> int:
        """Return what of the own holding may be sold, today or on the next day, and is not offered yet."""
        symbol = self.symbols[place]
        offered = sum(each.leaves for each in self._open.values() if each.place == place and each.side < 0)
        orders, timed = self.left()
        offered += sum(
            row.quantity - row.filled_quantity for row in orders if row.symbol == symbol and row.side is Side.SELL
        )
        offered += sum(
            each.item.size.amount
            for each in timed
            if each.item.symbol == symbol
            and each.verb is Verb.SELL
            and each.item.size is not None
            and each.item.size.kind is SizeKind.SHARES
        )
        return max(0, self.quantities[place] - offered - (0 if tomorrow else self._locked(place)))

    def _locked(self, place: int) -> int:
        """Return what the strategy has bought today, and so sells on the next day at the soonest; T+0: nothing."""
        symbol = Symbol(self.symbols[place])
        quote = self._quotes.get(symbol)
        rule = (quote.rule if quote is not None else None) or rule_for(symbol)
        if self._view is None or (rule is not None and rule.same_day_sell):
            return 0
        if place not in self._bought:
            self._bought[place] = sum(
                row.filled_quantity
                for row in self._view.orders
                if row.symbol == symbol
                and row.side is Side.BUY
                and row.account == self._account
                and row.strategy == self._strategy
            )
        return self._bought[place]

    def _row(self) -> Any:
        view = self._view
        return None if view is None else next((row for row in view.accounts if row.account == self._account), None)

    def _made(self, place: int, side: int, quantity: int, limit: int) -> SeatOrder:
        symbol = Symbol(self.symbols[place])
        order = SeatOrder(
            len(self.orders), place, symbol, side, quantity, limit, self._now_ns(), f"{next(self._names)}"
        )
        self.orders.append(order)
        return order

    def _send(self, order: SeatOrder, text: str, at: str) -> None:
        timed = f" at={at}" if at else ""
        self._open[order.name] = order
        try:
            receipt = self._counter.send(
                f"{text}:{self._account}{timed} strategy={self._strategy} #{order.name}", order.name
            )
        except NotSentError as error:
            self._deny(order, NOT_SENT, str(error))
            return
        except NoReceiptError:
            order.status = OrderStatus.UNKNOWN  # The engine's own table of signals says later what became of it.
            return
        self._answered(order, receipt)

    def _answered(self, order: SeatOrder, receipt: Receipt) -> None:
        order.seq = receipt.seq or 0
        lines = receipt.orders
        refused = [line for line in lines if line.status == "denied"]
        if not lines or len(refused) == len(lines):
            why = refused[0] if refused else receipt
            self._deny(order, why.reason or receipt.status, why.text)
            return
        if all(line.status == "nothing" for line in lines):
            order.ended_ns, order.quantity = self._now_ns(), 0
            del self._open[order.name]
            return
        placed = [line for line in lines if line.client_order_id]
        if order.side == 0 and placed:
            order.side = 1 if placed[0].side == Side.BUY.value else -1
            order.quantity = sum(line.quantity for line in placed)
        order.ids = tuple(line.client_order_id for line in placed)

    def _deny(self, order: SeatOrder, reason: str, text: str = "") -> None:
        order.denied, order.reason, order.text, order.status = True, reason, text, OrderStatus.NOT_SENT
        order.ended_ns = self._now_ns()
        self._open.pop(order.name, None)
        self._news.append(News(is_fill=False, order=order))

    def _follow(self, view: View) -> None:
        """Let the wishes follow the orders that they have become."""
        waiting = [each for each in self._open.values() if not each.seq]
        if waiting:
            self._find_signals(view, {each.name: each for each in waiting})
        by_seq = {each.seq: each for each in self._open.values() if each.seq}
        rows: dict[int, list[Order]] = {}
        for row in view.orders:
            if row.signal_seq in by_seq and row.account == self._account:
                rows.setdefault(row.signal_seq, []).append(row)
        waits = {each.seq for each in view.timed}
        done = {each.timed.seq: each for each in view.timed_done}
        for seq, order in by_seq.items():
            found = rows.get(seq, [])
            if found:
                self._moved(order, found, is_whole=seq not in waits)
            elif seq not in waits and seq in done:
                lines = done[seq].orders
                denial = next((line.denial for line in lines if line.denial is not None), None)
                self._deny(order, *(_told_of(denial) if denial is not None else (DROPPED, "")))

    def _find_signals(self, view: View, waiting: dict[str, SeatOrder]) -> None:
        for row in view.signals:
            order = waiting.get(row.id)
            if order is not None:
                order.seq = row.seq
                if not any(line.client_order_id for line in row.receipt.orders) and not any(
                    each.seq == row.seq for each in view.timed
                ):
                    lines = row.receipt.orders
                    denial = row.receipt.denial or next((line.denial for line in lines if line.denial), None)
                    self._deny(order, *(_told_of(denial) if denial is not None else (NOT_SENT, "")))

    def _moved(self, order: SeatOrder, rows: list[Order], *, is_whole: bool) -> None:
        order.side = 1 if rows[0].side is Side.BUY else -1
        if is_whole:
            order.quantity = sum(row.quantity for row in rows)  # Of a target, and where a part of it was refused.
        order.ids = tuple(row.client_order_id for row in rows)
        order.sent = True
        filled = sum(row.filled_quantity for row in rows)
        if filled > order.filled:
            order.filled, order.value = filled, sum(row.filled_value for row in rows)
            self._news.append(News(is_fill=True, order=order))
        if not is_whole or any(row.status not in TERMINAL for row in rows):
            order.status = next(row.status for row in rows if row.status not in TERMINAL) if is_whole else order.status
            return
        last = max(rows, key=lambda row: row.ended_ns)
        order.status, order.ended_ns = last.status, last.ended_ns or self._now_ns()
        order.reason = last.text or order.reason
        del self._open[order.name]
        if order.leaves:
            self._news.append(News(is_fill=False, order=order))

    def _send_later(self) -> None:
        """Send the buys that wait for sells, once none of those works any more or they have waited long enough."""
        if not self._later:
            return
        sells = any(each.side <= 0 and not each.ended_ns for each in self._open.values())
        if sells and self._now_ns() < self._later_ns:
            return
        later, self._later = self._later, []
        for place, quantity in later:
            self.target(place, quantity)


def _told_of(denial: Denial) -> tuple[str, str]:
    """Return the code of a denial and its sentence."""
    return denial.reason.value, sentence(denial)[0]
