"""The terminal and its native client, as the host calls them: every call may go wrong in every way."""

from __future__ import annotations

from collections import Counter as Sums
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from tests.faults.clockwork import Clockwork, Process
from tests.faults.counter import Counter

HANG_NS: Final = 60 * SECOND_NS


class Call(StrEnum):
    """The calls of the terminal."""

    ORDER = "order"
    CANCEL_BY_ID = "cancel by id"
    CANCEL_BY_SYSID = "cancel by contract number"
    ORDERS = "list of orders"
    FILLS = "list of fills"
    POSITIONS = "list of positions"
    ASSET = "asset"
    SUBSCRIBE = "subscribe"
    STATUS = "account status"
    CONNECT = "connect"


class Fault(StrEnum):
    """What may become of a call."""

    BEFORE = "times out before it has any effect"
    AFTER = "times out after it was accepted"
    RAISES = "raises an error"
    HANGS = "hangs 60 s, then has its effect"
    LATE = "is answered late"
    TWICE = "is answered twice"
    DISORDER = "is answered out of order"
    MINUS_ONE = "answers -1 though accepted"
    NOTHING = "reports success, and there is nothing"


class Reached(NamedTuple):
    """A submit that reached the terminal's call."""

    remark: str
    at_ns: int


class Terminal:
    """The terminal's process: it outlives hosts, may be restarted, and talks to the counter."""

    def __init__(self, clockwork: Clockwork, rng: Random) -> None:
        self.clockwork = clockwork
        self.rng = rng
        self.counter = Counter(self._push, lambda: clockwork.now_ns // SECOND_NS)
        self.life = 1
        self.running = True
        self.traders: list[Trader] = []
        self.planned: dict[Call, list[Fault]] = {}
        """What goes wrong next, of each call."""
        self.chance = 0.0
        """Of a call that goes wrong without being planned to."""
        self.poison = False
        """A session's last callbacks, when it dies, say that its orders are gone."""
        self.seen: Sums[tuple[Call, Fault]] = Sums()
        self.until_ns = 0
        """Until when something that was asked for or told may still come."""
        self.reached: list[Reached] = []
        self.wrongs: list[str] = []
        """What no host may ever ask for."""
        self._order_rows: dict[str, list[SimpleNamespace]] = {}

    def fault_of(self, call: Call) -> Fault | None:
        """Return what goes wrong with the call that is being made."""
        planned = self.planned.get(call)
        if planned:
            fault = planned.pop(0)
        elif self.rng.random() < self.chance:
            fault = self.rng.choice(list(Fault))
        else:
            return None
        self.seen[call, fault] += 1
        return fault

    def restart(self, *, told: bool) -> None:
        """Close and open the terminal: whoever was connected gets no answer ever, and mostly no word."""
        self.life += 1
        for trader in self.traders:
            if told and not trader.process.dead:
                trader.say("on_disconnected")
            trader.alive = False
            if self.poison and not trader.process.dead:
                self._say_gone(trader)
        self.traders.clear()

    def _say_gone(self, trader: Trader) -> None:
        """Let a dead session say, after another has begun, that its orders were cancelled: they were not (A16)."""
        for row in self.counter.working():
            gone = SimpleNamespace(**{**vars(row), "order_status": 54})
            self.later(20 * SECOND_NS, partial(trader.say, "on_stock_order", gone))

    def later(self, delay_ns: int, action: Callable[[], object]) -> None:
        """Let something happen that is under way."""
        self.until_ns = max(self.until_ns, self.clockwork.now_ns + delay_ns)
        self.clockwork.at(delay_ns, action)

    def trader(self, process: Process) -> Callable[[str, int], Trader]:
        return lambda folder, session: Trader(self, process)

    def _push(self, kind: str, row: SimpleNamespace) -> None:
        """Tell every session of a row, in order unless something else was wanted for that order."""
        callback = "on_stock_order" if kind == "order" else "on_stock_trade"
        for trader in list(self.traders):
            if trader.alive and not trader.process.dead and row.account_id in trader.subscribed:
                trader.push(callback, row)


class Trader:
    """One ``XtQuantTrader`` of a host's process; its callbacks come on the native code's own thread."""

    def __init__(self, terminal: Terminal, process: Process) -> None:
        self.terminal = terminal
        self.process = process
        self.alive = False
        self.subscribed: set[str] = set()
        self.cbs: dict[int, object] = {}
        self.queuing_order_seq: set[int] = set()
        self.loop = SimpleNamespace(close=lambda: None)
        self._callback: Any = None
        self._sequence = 0
        self._next_push_ns = 0
        self._manner: Fault | None = None
        """How rows of the order that was placed last are told."""
        self._manner_until_ns = 0

    # What the host calls, each on one of its threads.

    def register_callback(self, callback: Any) -> None:
        self._callback = callback

    def set_relaxed_response_order_enabled(self, enabled: bool) -> None:
        assert enabled

    def start(self) -> None: ...

    def stop(self) -> None:
        self.alive = False
        if self in self.terminal.traders:
            self.terminal.traders.remove(self)

    def unsubscribe(self, account: Any) -> int:
        self.subscribed.discard(account.account_id)
        return 0

    def connect(self) -> int:
        def effect() -> int:
            if not self.terminal.running:
                return -1
            self.alive = True
            self.terminal.traders.append(self)
            return 0

        return int(self._sync(Call.CONNECT, effect, refused=-1, empty=0, session=False))

    def subscribe(self, account: Any) -> int:
        def effect() -> int:
            self.subscribed.add(account.account_id)
            return 0

        return int(self._sync(Call.SUBSCRIBE, effect, refused=-1, empty=0))

    def query_account_status(self) -> list[Any] | None:
        def effect() -> list[Any]:
            return [SimpleNamespace(account_type=2, account_id=name, status=0) for name in sorted(self.subscribed)]

        found: list[Any] | None = self._sync(Call.STATUS, effect, refused=None, empty=[])
        return found

    def query_stock_asset(self, account: Any) -> Any:
        return self._sync(Call.ASSET, lambda: self._counter.asset(account.account_id), refused=None, empty=None)

    def query_stock_orders(self, account: Any) -> Any:
        return self._sync(Call.ORDERS, lambda: self._counter.of(account.account_id), refused=None, empty=[])

    def query_stock_trades(self, account: Any) -> Any:
        return self._sync(Call.FILLS, lambda: self._counter.fills_of(account.account_id), refused=None, empty=[])

    def query_stock_positions(self, account: Any) -> Any:
        return self._sync(Call.POSITIONS, lambda: self._counter.positions(account.account_id), refused=None, empty=[])

    def order_stock_async(
        self, account: Any, symbol: str, kind: int, quantity: int, price_type: int, price: float, _: str, remark: str
    ) -> int:
        assert price_type == 11
        terminal, life = self.terminal, self.terminal.life
        terminal.reached.append(Reached(remark, terminal.clockwork.now_ns))

        def effect(*, told: bool = True, number: int | None = None) -> None:
            if life != terminal.life or not terminal.running:
                return
            late, tail = self._late_ns(), []
            if self._manner is Fault.DISORDER:
                self._manner_until_ns = terminal.clockwork.now_ns + 4 * SECOND_NS
            row = self._counter.place(account.account_id, symbol, kind, quantity, price, remark)
            if told:
                tail.append(row.order_id if number is None else number)
            for found in tail:
                self._order_answer(sequence, found, remark, late)

        sequence = self._next_sequence()
        return self._async(Call.ORDER, sequence, effect, lambda: self._order_answer(sequence, 99, remark, 0))

    def cancel_order_stock_async(self, account: Any, order_id: int) -> int:
        if order_id <= 0:
            self.terminal.wrongs.append(f"cancel by id {order_id}")
        return self._cancel(Call.CANCEL_BY_ID, account.account_id, order_id, "", "")

    def cancel_order_stock_sysid_async(self, account: Any, market: str, sysid: str) -> int:
        return self._cancel(Call.CANCEL_BY_SYSID, account.account_id, 0, sysid, market)

    # How calls go.

    @property
    def _counter(self) -> Counter:
        return self.terminal.counter

    def _next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def _pause(self, delay_ns: int) -> None:
        self.process.pause(delay_ns)

    def _cancel(self, call: Call, account: str, order_id: int, sysid: str, market: str) -> int:
        sequence, terminal, life = self._next_sequence(), self.terminal, self.terminal.life

        def effect(*, told: bool = True, number: int | None = None) -> None:
            if life != terminal.life or not terminal.running:
                return
            row = self._counter.find(account, order_id, sysid, market)
            done = row is not None and self._counter.cancel(row)
            if told:
                answer(0 if done and number is None else -1)
            if not done:
                error = SimpleNamespace(account_id=account, order_id=order_id, order_sysid=sysid, error_id=-61)
                error.error_msg = "撤单失败"
                self.push("on_cancel_error", error)

        def answer(result: int) -> None:
            response = SimpleNamespace(account_id=account, cancel_result=result, order_id=order_id, seq=sequence)
            response.order_sysid, response.error_msg = sysid, "" if result == 0 else "撤单失败"
            self._respond("on_cancel_order_stock_async_response", response, self._late_ns())

        return self._async(call, sequence, effect, lambda: answer(0))

    def _order_answer(self, sequence: int, number: int, remark: str, delay_ns: int) -> None:
        response = SimpleNamespace(account_id="", order_id=number, strategy_name="", order_remark=remark)
        response.error_msg, response.seq = "", sequence
        self._respond("on_order_stock_async_response", response, delay_ns)

    def _async(self, call: Call, sequence: int, effect: Callable[..., None], pretend: Callable[[], None]) -> int:
        """Make a call that returns a number at once and is answered later."""
        terminal, rng = self.terminal, self.terminal.rng
        self._pause(rng.randrange(100_000, 2 * MILLISECOND_NS))
        fault = terminal.fault_of(call)
        if not self.alive:
            if rng.random() < 0.5:
                self._pause(HANG_NS)  # A dead session answers with nothing, or not at all.
            return -1
        if self._manner_until_ns <= terminal.clockwork.now_ns:
            self._manner = fault if fault in (Fault.LATE, Fault.TWICE, Fault.DISORDER) else None
            self._manner_until_ns = terminal.clockwork.now_ns + 2 * SECOND_NS
        match fault:
            case Fault.BEFORE:
                self._pause(HANG_NS)
                return -1
            case Fault.AFTER:
                effect()
                self._pause(HANG_NS)
            case Fault.RAISES:
                if rng.random() < 0.5:
                    effect(told=False)
                raise RuntimeError("the client is busy")
            case Fault.HANGS:
                terminal.later(HANG_NS, effect)  # The terminal has the request, whatever becomes of us.
                self._pause(HANG_NS)
            case Fault.MINUS_ONE:
                if rng.random() < 0.5:
                    effect(number=-1)
                else:
                    effect(told=False)
                    return -1
            case Fault.NOTHING:
                pretend()
            case _:
                effect()
        self._pause(rng.randrange(100_000, 2 * MILLISECOND_NS))
        return sequence

    def _sync(self, call: Call, effect: Callable[[], Any], *, refused: Any, empty: Any, session: bool = True) -> Any:
        """Make a call that waits for its answer."""
        terminal, rng = self.terminal, self.terminal.rng
        self._pause(rng.randrange(MILLISECOND_NS, 8 * MILLISECOND_NS))
        fault = terminal.fault_of(call)
        if session and not self.alive:
            if rng.random() < 0.3:
                self._pause(HANG_NS)
            return refused
        match fault:
            case Fault.BEFORE:
                self._pause(HANG_NS)
                return refused
            case Fault.AFTER:
                answer = effect()
                self._pause(HANG_NS)
                return answer
            case Fault.RAISES:
                raise RuntimeError("the client is busy")
            case Fault.HANGS:
                self._pause(HANG_NS)
                return effect() if self.alive or not session else refused
            case Fault.LATE:
                answer = effect()
                self._pause(rng.randrange(SECOND_NS, 4 * SECOND_NS))
                return answer
            case Fault.TWICE:
                effect()
                return effect()
            case Fault.DISORDER:
                answer = effect()
                return answer[::-1] if isinstance(answer, list) else answer
            case Fault.MINUS_ONE:
                effect()
                return refused
            case Fault.NOTHING:
                return empty
            case _:
                answer = effect()
                self._pause(rng.randrange(100_000, 5 * MILLISECOND_NS))
                return answer

    # What comes by itself.

    def _late_ns(self) -> int:
        rng = self.terminal.rng
        if self._manner is Fault.LATE:
            return rng.choice((1, 5, 20, 60)) * SECOND_NS
        return rng.randrange(MILLISECOND_NS, 20 * MILLISECOND_NS)

    def _respond(self, callback: str, response: SimpleNamespace, delay_ns: int) -> None:
        for _ in range(2 if self._manner is Fault.TWICE else 1):
            self.terminal.later(delay_ns, lambda: self.say_alive(callback, response))

    def push(self, callback: str, row: SimpleNamespace) -> None:
        """Let a row come, in the manner of the moment."""
        clockwork, rng = self.terminal.clockwork, self.terminal.rng
        manner = self._manner if clockwork.now_ns <= self._manner_until_ns else None
        delay_ns = rng.randrange(MILLISECOND_NS, 20 * MILLISECOND_NS)
        if manner is Fault.LATE:
            delay_ns += rng.choice((1, 5, 20, 60)) * SECOND_NS
        elif manner is Fault.DISORDER:
            delay_ns += rng.randrange(3 * SECOND_NS)
        else:
            self._next_push_ns = max(self._next_push_ns + 1, clockwork.now_ns + delay_ns)
            delay_ns = self._next_push_ns - clockwork.now_ns
        for _ in range(2 if manner is Fault.TWICE else 1):
            self.terminal.later(delay_ns, lambda: self.say_alive(callback, row))

    def say_alive(self, callback: str, row: SimpleNamespace) -> None:
        if self.alive:
            self.say(callback, row)

    def say(self, callback: str, *arguments: object) -> None:
        """Call back, alive or not, unless the process is gone."""
        if not self.process.dead and self._callback is not None:
            getattr(self._callback, callback)(*arguments)
