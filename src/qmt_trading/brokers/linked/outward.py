"""Commands to a host: at once or not at all, from any thread, whatever the host is doing."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Final

from qmt_trading.brokers.linked.accounts import Accounts
from qmt_trading.brokers.linked.carrier import Connection, Sent
from qmt_trading.brokers.linked.condition import Condition, Level, LinkPhase
from qmt_trading.brokers.linked.lists import Gathered
from qmt_trading.brokers.linked.memory import Memory
from qmt_trading.brokers.linked.translate import Translate
from qmt_trading.link.engine_end import FRESH_NS, EngineEnd
from qmt_trading.link.frames import BadFrameError
from qmt_trading.link.messages import Hello
from qmt_trading.model.errors import NotSentError, OutcomeUnknownError, QmtError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.ports import Clock, SubmitError

_LISTS_MAX: Final = 256
"""Lists that may be on their way; the oldest is given up."""
_FOREIGN: Final = "~"
"""How the engine's name of an order begins that is not ours."""


class Outward:
    """What is known of a host, and what is said to it.

    ``_lock`` guards all of it and is held for microseconds: nothing under it waits for a host.
    """

    def __init__(self, name: str, accounts: Accounts, clock: Clock, translate: Translate, level: Level) -> None:
        self.name = name
        self.level = level
        self._clock = clock
        self._translate = translate
        self._accounts = accounts
        self._lock = threading.Lock()
        self._end = EngineEnd()
        self._connection: Connection | None = None
        self._hello: Hello | None = None
        self._memory = Memory()
        self._lists: dict[str, Gathered] = {}
        self._questions = 0
        self._wanted: dict[str, object] | None = None
        self._halted = False
        self._halt_owed = ""
        """Why to halt, until the host has been told; empty: it has been, or there is no halt."""
        self._unwatched = ""
        """Why nobody looks at the host's beats any more; empty: somebody does."""
        self._connections = 0
        self._ending = ""
        self._phase = LinkPhase.CLOSED

    def submit(self, orders: Sequence[SubmitOrder]) -> Sequence[tuple[SubmitOrder, SubmitError]]:
        failed: list[tuple[SubmitOrder, SubmitError]] = []
        with self._lock:
            for order in orders:
                error = self._submit(order)
                if error is not None:
                    failed.append((order, error))
        return failed

    def cancel(self, order: CancelOrder) -> None:
        if self.level is Level.NONE:
            return
        with self._lock:
            self._questions += 1
            cid = f"c{self._questions}"
            self._memory.cancelling(cid, order)
            self._send(
                "cancel",
                {
                    "cid": cid,
                    "account": order.account,
                    "coid": "" if order.client_order_id.startswith(_FOREIGN) else order.client_order_id,
                    "broker_id": order.broker_order_id,
                    "venue_id": order.venue_order_id,
                    "symbol": order.symbol,
                },
            )

    def query(self, query: QueryBroker) -> None:
        with self._lock:
            self._ask_list(query.account)

    def halt(self, why: str) -> None:
        """Let the host drop what it has not yet handed to the terminal, and take no submit until ``resume``."""
        with self._lock:
            self._halted = True
            self._halt_owed = why[:200] or "halt"
            self._pay_halt()

    def resume(self) -> None:
        """Let the host take submits again, where the level allows it."""
        with self._lock:
            self._halted = False
            self._halt_owed = ""
            self._arm()

    def arm_again(self) -> None:
        """Let a host that stopped by itself take submits again, unless it is halted; a person has looked."""
        with self._lock:
            self._arm()

    def watch(self, symbols: Sequence[Symbol], markets: Sequence[str] = (), *, every_ms: int = 200) -> None:
        """Replace the whole set of quotes that are wanted; asked for again after each reconnection."""
        with self._lock:
            self._wanted = {"symbols": list(symbols), "markets": list(markets), "every": every_ms}
            self._send("watch", self._wanted)

    def ask_details(self, symbols: Sequence[Symbol]) -> str:
        """Ask for the instruments' details; return the question's id, empty when it could not be sent."""
        return self._question("details", {"symbols": list(symbols)})

    def download(self, symbols: Sequence[Symbol], period: str, begin: str, end: str) -> str:
        """Have history downloaded into the terminal's own store; return as ``ask_details`` does."""
        return self._question("download", {"symbols": list(symbols), "period": period, "begin": begin, "end": end})

    def bars(self, symbol: Symbol, period: str, begin: str, end: str) -> str:
        """Ask for bars out of the terminal's store; return as ``ask_details`` does."""
        return self._question("bars", {"symbol": symbol, "period": period, "begin": begin, "end": end})

    def condition(self) -> Condition:
        """Return how the link stands. From any thread; never waits for a host."""
        steady_ns = self._clock.steady_ns()
        with self._lock:
            end, hello = self._end, self._hello
            beat, connected = end.beat, end.connected
            age_ns = end.beat_age_ns(steady_ns) if connected else -1
            phase = self._phase
            if phase is LinkPhase.OPEN and age_ns > FRESH_NS:
                phase = LinkPhase.LATE
            return Condition(
                name=self.name,
                phase=phase,
                level=self.level,
                armed=end.level,
                observes=end.observes,
                accounts=tuple([(way.account, way.connected, way.text) for way in self._accounts]),
                beat_age_ms=age_ns // 1_000_000 if connected else -1,
                busy_ms=beat.busy // 1000 if beat is not None else 0,
                call=beat.call if beat is not None else "",
                hung=beat.hung if beat is not None else 0,
                unanswered=end.unanswered,
                connections=self._connections,
                kind=hello.kind if hello is not None else "",
                facts=hello.facts if hello is not None else {},
                text=self._ending,
            )

    # Under ``_lock``.

    def _submit(self, order: SubmitOrder) -> SubmitError | None:
        if self.level is not Level.TRADE:
            return NotSentError("本级别不允许下单，未报送 / this level sends no orders")
        if self._halted:
            return NotSentError("已急停，未报送 / halted")
        steady_ns = self._clock.steady_ns()
        obstacle = self._unwatched or self._end.obstacle(steady_ns)
        if obstacle:
            return NotSentError(obstacle)
        way = self._accounts.get(order.account)
        if way is None or not way.connected:
            return NotSentError("资金账号未连接 / the account is not connected")
        if order.session and order.session != way.session:
            return NotSentError("连接已换会话，未报送 / the account has a new session")
        ttl_us = (order.deadline_ns - self._clock.now_ns()) // 1000
        name = order.client_order_id
        try:
            fields = self._translate.submit_fields(order)
            line = self._end.submit(name, fields, ttl_us=ttl_us, steady_ns=steady_ns)
        except (QmtError, BadFrameError) as error:
            return NotSentError(f"委托无法写成柜台链路的一行：{error} / it cannot be said to the host")
        self._memory.submitted(order)
        sent = self._write(line)
        if sent is Sent.WHOLE:
            return None
        if sent is Sent.NOTHING:
            self._end.withdraw(name)
            return NotSentError("柜台宿主没有接收，未报送 / the host takes nothing")
        assert self._connection is not None
        self._connection.close("委托只写出一部分 / an order was written in part")
        return OutcomeUnknownError("委托可能已部分写出 / the order may have left in part")

    def _send(self, name: str, fields: Mapping[str, object]) -> bool:
        """Write a command that may be lost; return whether it will be written whole unless the link breaks."""
        if not self._end.connected:
            return False
        try:
            line = self._end.command(name, fields)
        except BadFrameError:
            return False
        return self._write(line) is not Sent.NOTHING

    def _write(self, line: bytes) -> Sent:
        return self._connection.send(line) if self._connection is not None else Sent.NOTHING

    def _pay_halt(self) -> None:
        """Tell a host of a halt that it could not yet be told of."""
        if self._halt_owed and self._send("halt", {"why": self._halt_owed}):
            self._halt_owed = ""

    def _arm(self) -> None:
        if self.level is Level.NONE:
            return
        level = Level.CANCEL if self._halted else self.level
        if not self._end.observes:
            self._send("arm", {"level": level.value})

    def _ask_list(self, account: AccountId) -> None:
        if self._accounts.get(account) is None:
            return
        self._questions += 1
        question = f"q{self._questions}"
        if self._send("list", {"q": question, "account": account}):
            self._lists[question] = Gathered(account, self._clock.now_ns())
            if len(self._lists) > _LISTS_MAX:
                del self._lists[next(iter(self._lists))]

    def _question(self, name: str, fields: Mapping[str, object]) -> str:
        with self._lock:
            self._questions += 1
            question = f"q{self._questions}"
            return question if self._send(name, {"q": question, **fields}) else ""
