"""A visit to a counter: a host, a person, and far-away orders one at a time, each cancelled and seen to have ended."""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from msgspec import Struct

from qmt_trading.link.frames import BadFrameError
from qmt_trading.link.messages import Detail, Detailed, Quotes, Row, Stage
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.errors import QmtError
from qmt_trading.model.instant import day_of, to_clock_text
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price, Quantity, notional, to_money_text, to_text
from qmt_trading.run.acceptance.far_price import QUANTITY, VALUE_MAX, FarPrice, Refusal, far_price
from qmt_trading.run.acceptance.ours import Ours
from qmt_trading.run.acceptance.report import LINES_MAX, Note, masked_line
from qmt_trading.run.config_terminals import QmtTerminal
from qmt_trading.run.host_talk import HostGoneError, HostTalk, Listing, Said
from qmt_trading.run.terminal_orders import TerminalOrder, order_of

FAR_S_MAX: Final = 180.0
"""How old a look at the market may be when an order leaves."""
CANCEL_S: Final = 30.0
LIST_S: Final = 12.0
QUOTE_S: Final = 10.0


class CannotError(QmtError):
    """This check cannot be done now; the text says why and what to do. Nothing is left at the counter by it."""


class StopError(QmtError):
    """Something is at the counter that could not be cleared away: no further check. The text says what to do."""


class Person(Protocol):
    """Who sits before the terminal."""

    def say(self, text: str) -> None: ...

    def ask(self, text: str) -> str:
        """Return what is typed as an answer, without blanks around it; empty: nothing but Enter.

        Raises:
            EOFError: nobody is there.
        """
        ...


class Patience(Struct, frozen=True, kw_only=True):
    """How long is waited for what only people and counters do; seconds."""

    ready: float = 60.0
    answer: float = 10.0
    """For an order's row."""
    back: float = 300.0
    """For a client that a person starts again."""
    hands: float = 120.0
    """For what a person does while we watch."""
    frozen: float = 60.0
    """How long the client stays frozen."""
    unanswered: float = 8.0
    """For a list that a frozen client does not answer."""
    settle: float = 60.0
    """Between the two lists that show that an order is not there."""
    quiet: float = 5.0
    """How long is listened for what may still come."""
    night: float = 60.0
    """Between two looks at night."""
    probe: float = 15.0
    """How long a query may hang that has been given a shorter timeout."""


class Placed(Struct, frozen=True, kw_only=True):
    """One order of ours, and what was seen of it in the first seconds."""

    coid: str
    at_ms: int
    stage: Stage | None
    stage_ms: int
    rows: tuple[tuple[int, TerminalOrder], ...]
    """What was pushed, with the milliseconds since it was handed over."""
    errors: tuple[tuple[int, str], ...]
    """``order_error`` rows: their texts."""

    @property
    def order(self) -> TerminalOrder | None:
        return self.rows[-1][1] if self.rows else None

    @property
    def path(self) -> str:
        """The states seen, in their order."""
        return "→".join(str(order.status) for _, order in self.rows) or "无"


class Visit:
    """One account at one terminal, for the length of an acceptance."""

    def __init__(
        self,
        account: str,
        terminal: QmtTerminal | None,
        symbol: Symbol,
        person: Person,
        open_talk: Callable[[Callable[[Said], None], tuple[int, int] | None], HostTalk],
        *,
        book: RuleBook,
        may_order: Callable[[], str] = lambda: "",
        now_ns: Callable[[], int] = time.time_ns,
        patience: Patience | None = None,
        value_max: Money = VALUE_MAX,
        sessions: tuple[int, int] = (120, 139),
    ) -> None:
        """Prepare; ``may_order`` says why no order can be sent and cancelled at this hour, empty where it can.

        Args:
            terminal: None: a full client, whose strategy dials us.
        """
        self.account, self.terminal, self.symbol, self.person = account, terminal, symbol, person
        self.patience = Patience() if patience is None else patience
        self.sessions = sessions
        self.now_ns = now_ns
        self._open_talk, self._book, self._may_order, self._value_max = open_talk, book, may_order, value_max
        self._talk: HostTalk | None = None
        self._said: deque[Said] = deque(maxlen=LINES_MAX)
        self._notes: list[Note] = []
        self._ours = Ours()
        self._far_at, self._at_any_hour = 0.0, False
        self._tag = f"qa{to_clock_text(now_ns()).replace(':', '')[:6]}"
        self._count = 0
        self.xtquant = ""
        self.facts: dict[str, object] = {}

    @property
    def begin_again(self) -> str:
        """What a person does after the end of the client, as the end of a sentence."""
        if self.terminal is None:
            return "再启动、登录，让策略运行起来（没有自动运行的手工运行），然后按回车"
        return "再启动、以极简模式登录，登好后按回车"

    # What goes into the report.

    def note(self, text: str) -> None:
        """Put ``text`` on record and tell it to the person."""
        self._notes.append(Note(to_clock_text(self.now_ns()), text))
        self.person.say(f"  · {text}")

    def take_notes(self) -> tuple[tuple[Note, ...], tuple[dict[str, object], ...]]:
        """Return what was noted and said since the last time, masked."""
        ours = self._ours.marks
        kept = tuple(masked_line(said, self.account, ours) for said in self._said)
        notes, self._notes = tuple(self._notes), []
        self._said.clear()
        return notes, kept

    def _keep(self, said: Said) -> None:
        if said.line.get("t") not in ("beat", "quotes", "ack"):
            self._said.append(said)

    # The host.

    @property
    def talk(self) -> HostTalk:
        """The host; it is there between ``connect`` and ``disconnect``."""
        assert self._talk is not None
        return self._talk

    @property
    def connected(self) -> bool:
        return self._talk is not None and not self._talk.ending

    @property
    def session(self) -> tuple[str, int]:
        """The host's life and the account's session within it: another one with each connection to the client."""
        talk = self._talk
        if talk is None or talk.hello is None or talk.state is None:
            return "", 0
        return talk.hello.boot, talk.state.session

    def connect(self, *, wait_s: float | None = None, sessions: tuple[int, int] | None = None) -> bool:
        """See to it that a host stands and its account is ready; False: it is not within the wait.

        Raises:
            CannotError: no host can be had; the text says why.
        """
        try:
            if not self.connected:
                self.disconnect()
                self._talk = self._open_talk(self._keep, sessions)
                self._talk.start()
            ready = self.talk.wait_ready(self.patience.ready if wait_s is None else wait_s)
            if ready and self.talk.level != "trade":
                self.talk.arm("trade")
        except HostGoneError as error:
            why = [f"{trouble.text}" for trouble in self.talk.troubles]
            raise CannotError("；".join([*why, str(error)])) from error
        if (hello := self.talk.hello) is not None:
            self.xtquant = str(hello.facts.get("xtquant") or "")
            self.facts = {key: value for key, value in hello.facts.items() if key not in ("terminal", "bound")}
            self.facts |= {
                "host": hello.build,
                "kind": hello.kind,
                "caps": list(hello.caps),
                "limits": dict(hello.limits),
            }
        return ready

    def need(self) -> HostTalk:
        """Return a host whose account is ready.

        Raises:
            CannotError: it is not; the text says why.
        """
        if not self.connect():
            state = self.talk.state
            why = "；".join(trouble.text for trouble in self.talk.troubles)
            raise CannotError(f"账户没有就绪：{(state.text if state else '') or why or '没有消息'}")
        if self.talk.level != "trade":
            raise CannotError("宿主没有答应授权：它是以 --observe 启动的吗？")
        return self.talk

    def disconnect(self, *, kill: bool = False) -> int:
        """End the host, and return the milliseconds that took."""
        if self._talk is None:
            return 0
        began = self._talk.ms
        took = self._talk.stop() if not kill else 0
        if kill:
            self._talk.kill()
            took = self._talk.ms - began
        self._talk = None
        return took

    def listing(self, wait_s: float = LIST_S) -> Listing:
        """Return a list, proven or not.

        Raises:
            CannotError: the host has ended.
        """
        try:
            return self.talk.listing(wait_s)
        except HostGoneError as error:
            raise CannotError(f"宿主没有了：{error}") from error

    def listen(self, wait_s: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Listen to the host; one that ends is noted and not raised."""
        try:
            return self.talk.listen(wait_s, until)
        except HostGoneError as error:
            self.note(f"宿主没有了：{error}")
            return until()

    # Orders.

    def far(self, *, at_any_hour: bool = False) -> FarPrice:
        """Return a price at which an order cannot trade now.

        Args:
            at_any_hour: do not ask whether orders and cancels are taken now.

        Raises:
            CannotError: there is none, or orders cannot be sent and cancelled at this hour.
        """
        if not at_any_hour and (why := self._may_order()):
            raise CannotError(why)
        talk = self.need()
        listing = self.listing()
        if not listing.proves:
            raise CannotError("委托清单没有证实，不发委托")
        self._ours.note_others(map(order_of, listing.orders))
        detail, quote = self._detail(talk), self._quote(talk)
        found = far_price(self.symbol, detail, quote, self.now_ns(), self._book, value_max=self._value_max)
        if isinstance(found, Refusal):
            raise CannotError(f"不发委托：{found}")
        self._far_at, self._at_any_hour = time.monotonic(), at_any_hour
        return found

    def _detail(self, talk: HostTalk) -> Row | None:
        rows: dict[str, Row] = {}
        q = talk.ask("details", {"symbols": [self.symbol]})
        until = time.monotonic() + QUOTE_S
        while time.monotonic() < until:
            match self._take():
                case Detail() as detail if detail.q == q:
                    rows |= dict(detail.rows)
                case Detailed() as ended if ended.q == q:
                    break
                case _:
                    pass
        return rows.get(self.symbol)

    def _quote(self, talk: HostTalk) -> Row | None:
        """Return the next quote, asked for anew: what an earlier check has seen may be old."""
        talk.tell("watch", {"symbols": [self.symbol], "markets": [], "every": 0})
        until = time.monotonic() + QUOTE_S
        found: Row | None = None
        while found is None and time.monotonic() < until:
            match self._take():
                case Quotes() as quotes:
                    found = quotes.rows.get(self.symbol)
                case _:
                    pass
        talk.tell("watch", {"symbols": [], "markets": [], "every": 0})
        return found

    def _take(self) -> object:
        try:
            return self.talk.take(0.25)
        except HostGoneError as error:
            raise CannotError(f"宿主没有了：{error}") from error

    def new_coid(self, fill: str = "") -> str:
        """Return a remark of ours; never one in the engine's form."""
        self._count += 1
        return f"{self._tag}x{self._count}{fill}"

    def hand_over(
        self, far: FarPrice, *, quantity: Quantity = QUANTITY, price: Price | None = None, coid: str = ""
    ) -> str:
        """Hand one far-away buy to the host and return its coid; at most at limit-down, at most at the ceiling.

        Raises:
            CannotError: it cannot be handed over; nothing has left.
        """
        price = far.price if price is None else price
        worth = notional(price, quantity)
        if price > far.price:
            raise CannotError("价格高于跌停价，可能成交，不发")
        if worth > self._value_max + price:  # The odd lot of the check on refusals is one share more than a lot.
            raise CannotError(f"{to_money_text(worth)} 元超过上限")
        if time.monotonic() - self._far_at > FAR_S_MAX:
            raise CannotError("看价格以来已过了几分钟，不发委托：请重做这一项，快一点按回车")
        if not self._at_any_hour and (why := self._may_order()):
            raise CannotError(why)
        coid = coid or self.new_coid()
        self._ours.add(coid, far.symbol, quantity, price)
        fields = {"symbol": far.symbol, "side": "buy", "kind": "limit", "price": to_text(price), "quantity": quantity}
        try:
            self.talk.submit(coid, fields)
        except (BadFrameError, HostGoneError) as error:
            raise CannotError(f"没有交给宿主：{error}") from error
        return coid

    def watch(self, coid: str, wait_s: float, until: Callable[[Placed], bool], since_ms: int) -> Placed:
        """Listen for what comes of ``coid``, and return it when ``until`` holds or the wait is over."""
        self.listen(wait_s, lambda: until(self.seen_of(coid, since_ms)))
        return self.seen_of(coid, since_ms)

    def seen_of(self, coid: str, since_ms: int) -> Placed:
        """Return all that was said of ``coid`` by the host that stands."""
        stages = [(ms, stage) for ms, stage in self.talk.stages if stage.coid == coid]
        rows, errors = [], []
        for ms, pushed in self.talk.pushed:
            if pushed.kind == "order":
                order = order_of(pushed.row)
                if self._ours.take(order, pushed.coid) == coid:
                    rows.append((ms - since_ms, order))
            elif pushed.kind == "order_error" and coid in (pushed.coid, str(pushed.row.get("order_remark") or "")):
                errors.append((ms - since_ms, str(pushed.row.get("error_msg") or "")))
        last_ms, stage = stages[-1] if stages else (since_ms, None)
        return Placed(
            coid=coid,
            at_ms=since_ms,
            stage=stage,
            stage_ms=last_ms - since_ms,
            rows=tuple(rows),
            errors=tuple(errors),
        )

    def place(
        self, far: FarPrice, *, quantity: Quantity = QUANTITY, price: Price | None = None, coid: str = ""
    ) -> Placed:
        """Hand one order over and wait until the counter has it, or has refused it.

        Raises:
            CannotError: it cannot be handed over; nothing has left.
        """
        since = self.talk.ms
        coid = self.hand_over(far, quantity=quantity, price=price, coid=coid)
        return self.watch(coid, self.patience.answer, _is_settled, since)

    def row_of(self, coid: str, orders: Sequence[Row]) -> TerminalOrder | None:
        """Return the row in a list that is ``coid``."""
        found = [order for order in map(order_of, orders) if self._ours.take(order) == coid]
        return found[-1] if found else None

    def adopt(self, order: TerminalOrder) -> str:
        """Make an order of another client, which the person has placed for this check, one of ours to cancel."""
        coid = self.new_coid("p")
        self._ours.adopt(coid, order)
        return coid

    def note_absent(self, coid: str) -> None:
        """Take an order for gone that two proven lists, ``patience.settle`` apart, did not have."""
        self._ours.working.remove(coid)

    def clear(self) -> None:
        """Cancel what this visit has at the counter, and see in its lists that all of it has ended.

        An order that no list shows counts as gone only after two proven lists, ``patience.settle`` apart where its
        answer never came.

        Raises:
            StopError: something has not ended; the text says which order and what to do by hand.
        """
        until = time.monotonic() + CANCEL_S
        absent: dict[str, float] = {}
        tried: dict[str, float] = {}
        interrupted = False
        while self._ours.working:
            if time.monotonic() > until:
                raise StopError(self._left())
            try:
                until = max(until, self._clear_some(absent, tried))
            except HostGoneError:
                self.disconnect()
            except CannotError as error:
                raise StopError(f"{error}。{self._left()}") from error
            except KeyboardInterrupt:
                if interrupted:
                    raise StopError(self._left()) from None
                interrupted = True
                self.person.say("  正在撤单、确认，请稍等；再按一次 Ctrl-C 就放着不管")

    def _clear_some(self, absent: dict[str, float], tried: dict[str, float]) -> float:
        """Take one look, cancel what works, and forget what has ended; return until when to go on at least."""
        until = 0.0
        if not self.connect(wait_s=10.0):
            return until
        listing = self.talk.listing(LIST_S)
        for coid in list(self._ours.working):
            order = self.row_of(coid, listing.orders)
            if order is not None and not order.works:
                self._ours.working.remove(coid)
            elif order is not None:
                if time.monotonic() - tried.get(coid, -10.0) > 2.0:
                    tried[coid] = time.monotonic()
                    self.talk.cancel(broker_id=order.broker_id, venue_id=order.venue_id, symbol=order.symbol)
            elif listing.proves:
                first = absent.setdefault(coid, time.monotonic())
                wait_s = self._absence_s(coid)
                until = max(until, first + wait_s + CANCEL_S)
                if time.monotonic() - first >= wait_s:
                    self._ours.working.remove(coid)
        if self._ours.working:
            heard = len(self.talk.pushed)
            self.talk.listen(0.3, lambda: len(self.talk.pushed) > heard + 1)
        return until

    def _absence_s(self, coid: str) -> float:
        """Return how long an order is to be missing in the lists until it counts as not there."""
        seen = self.seen_of(coid, 0)
        if seen.stage is not None and seen.stage.st == "refused":
            return 0.0  # The host has said for good that it never reached the terminal.
        return self.patience.quiet if seen.errors else self.patience.settle

    def _left(self) -> str:
        told = []
        for coid in self._ours.working:
            order = self._ours.row(coid)
            number = "" if order is None else order.venue_id or order.broker_id
            told.append(f"{self.symbol} 买入 备注 {coid}" + (f" 合同编号 {number}" if number else "（没有看到它的行）"))
        return f"还没有确认了结：{'、'.join(told)}。请在客户端里查看并撤掉"

    @contextmanager
    def tidy(self) -> Iterator[None]:
        """Whatever happens inside, Ctrl-C included: what was placed is cancelled and seen to have ended."""
        try:
            yield
        finally:
            self.clear()

    def today(self) -> dt.date:
        return day_of(self.now_ns())


def _is_settled(placed: Placed) -> bool:
    """Tell whether the counter has taken or refused it, or the host has."""
    if placed.stage is not None and placed.stage.st == "refused":
        return True
    order = placed.order
    return order is not None and (order.status == 50 or not order.works)
