"""The Broker at the engine's end of a link: commands out at once or not at all, reports in, a hung host replaced."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from qmt_trading.brokers.linked.accounts import Accounts, AccountWay
from qmt_trading.brokers.linked.carrier import Carrier, Connection
from qmt_trading.brokers.linked.condition import Level, LinkPhase, Listeners
from qmt_trading.brokers.linked.outward import Outward
from qmt_trading.brokers.linked.reports import Reports
from qmt_trading.brokers.linked.talk import Talk
from qmt_trading.brokers.linked.translate import Translate
from qmt_trading.link import messages as told
from qmt_trading.link.frames import BadFrameError, parse
from qmt_trading.link.handshake import RefusedError, farewell
from qmt_trading.model.events import LinkChanged, Report, SubmitRefused
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState
from qmt_trading.ports import Clock

_LOOK_S: Final = 0.2
_RELIST_NS: Final = 10 * SECOND_NS
"""A list that something unread asks for is not asked for more often than this."""
_STOP_S: Final = 5.0


def _deaf(report: Report) -> None:
    """Take ``report`` before the start and after the stop."""


class LinkedBroker(Outward):
    """A Broker over a link.

    ``_inward`` makes what a host says, and what its death means, one story: it is held while reports are delivered, and
    a submit never waits for it. Who holds ``_lock`` never takes ``_inward``.
    """

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        accounts: Sequence[AccountId],
        clock: Clock,
        translate: Translate,
        level: Level,
        *,
        listeners: Listeners | None = None,
        sessions_before: Mapping[AccountId, int] | None = None,
        epoch: int | None = None,
        account_type: str = "STOCK",
    ) -> None:
        """Prepare a way to the terminal ``name``; nothing is started.

        Args:
            sessions_before: the highest session on the engine's record of each account; every new one is greater.
            epoch: greater than that of every engine before, for hosts that outlive engines; None: the wall's seconds.
        """
        super().__init__(name, Accounts(accounts, sessions_before or {}), clock, translate, level)
        self._carrier = carrier
        self._listeners = listeners or Listeners()
        self._epoch = clock.now_ns() // SECOND_NS if epoch is None else epoch
        self._types = [(str(account), account_type) for account in accounts]
        self._inward = threading.RLock()
        self._talks: dict[Connection, Talk] = {}
        self._superseded: list[str] = []
        self._reports = Reports(
            translate, self._accounts, self._memory, self.complained, self._listeners.doubt, self._list_anew
        )
        self._relisted_ns: dict[AccountId, int] = {}
        self._deliver: Callable[[Report], None] = _deaf
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    def start(self, deliver: Callable[[Report], None]) -> None:
        assert self._watcher is None
        self._deliver = deliver
        self._phase = LinkPhase.WAITING
        self._watcher = threading.Thread(target=self._watch, name=f"{self.name}-link", daemon=True)
        self._watcher.start()
        self._carrier.open(self, observe=self.level is Level.NONE)

    def stop(self) -> None:
        """Say goodbye and end the host. Repeating it is harmless."""
        self._stopping.set()
        with self._lock:
            self._write(farewell("stop"))
            self._connection = None
            self._end.end()
        self._carrier.close()
        if self._watcher is not None:
            self._watcher.join(_STOP_S)
        with self._inward:
            self._deliver = _deaf
            self._phase = LinkPhase.CLOSED

    # Connections; all under ``_inward``.

    def opened(self, connection: Connection) -> None:
        with self._inward:
            if self._stopping.is_set():
                connection.close("stop")
                return
            self._talks[connection] = Talk(connection.secret, secrets.token_hex(16), self._clock.steady_ns())

    def received(self, connection: Connection, data: bytes) -> None:
        with self._inward:
            talk = self._talks.get(connection)
            if talk is None or self._stopping.is_set():
                return
            try:
                for line in talk.lines.feed(data):
                    self._line(connection, talk, line)
                    if connection not in self._talks:
                        return
            except BadFrameError as error:
                self.complained("link_frame", f"柜台链路收到坏行，已断开：{error}", f"a bad line on the link: {error}")
                self._part(connection, f"坏行：{error} / bad_frame", "bad_frame")
            except RefusedError as error:
                chinese, english = (
                    f"柜台宿主的连接未被接受：{error.why}",
                    f"a host's connection was refused: {error.why}",
                )
                self.complained("host_refused", chinese, english)
                self._part(connection, f"{chinese} / {english}", error.why)
            else:
                if connection is self._connection:
                    with self._lock:
                        if ack := self._end.due_ack():
                            self._write(ack)

    def closed(self, connection: Connection, why: str, unsent: Sequence[bytes]) -> None:
        with self._inward:
            if connection in self._talks and not self._stopping.is_set():
                chinese, _, english = why.partition(" / ")
                self.complained("host_ended", f"柜台宿主已断开：{chinese}", f"the host has gone: {english or chinese}")
            self._lost(connection, why)
            for line in unsent:
                self._never_left(line)

    def logged(self, text: str) -> None:
        self._listeners.log(text)

    def complained(self, code: str, chinese: str, english: str) -> None:
        self._listeners.trouble(told.Trouble(code, chinese, english))

    def _line(self, connection: Connection, talk: Talk, line: bytes) -> None:
        message = parse(line)
        if connection is self._connection:
            with self._lock:
                what = self._end.take(message, self._clock.steady_ns())
            if what is not None:
                self._act(connection, what)
            return
        hello, answer = talk.handshake.take(told.read(message))
        if answer:
            connection.send(answer)
        if hello is not None:
            self._take_over(connection, hello)

    def _take_over(self, connection: Connection, hello: told.Hello) -> None:
        """Make ``connection`` the one that counts. A life of a host that was superseded does not come back."""
        if hello.dialect != self._translate.dialect:
            raise RefusedError("dialect")
        if hello.boot in self._superseded:
            raise RefusedError("superseded")
        if self._end.boot not in ("", hello.boot):
            self._superseded = [*self._superseded[-63:], self._end.boot]
        if self._connection is not None:
            self._part(self._connection, "有新的连接 / a newer connection took its place", "replaced")
        steady_ns = self._clock.steady_ns()
        with self._lock:
            begun = self._end.begin(hello, steady_ns)
            self._connection, self._hello = connection, hello
            self._connections += 1
            if not begun.same_boot:
                for way in self._accounts:
                    way.forget()
            self._write(self._end.welcome(epoch=self._epoch, accounts=self._types, replay_from=begun.replay_from))
            self._arm()
            if self._wanted is not None:
                self._send("watch", self._wanted)
            for name in begun.lost:
                self._questions += 1
                self._send("outcome", {"q": f"q{self._questions}", "coid": name, "fence": True})
            self._phase = LinkPhase.OPEN
        if hello.observe and self.level is not Level.NONE:
            self.complained(
                "host_observes", "柜台宿主以观察模式启动，不会报送", "the host was started to observe: it sends nothing"
            )
        self._changed()

    def _part(self, connection: Connection, why: str, said: str) -> None:
        """End ``connection`` from our side."""
        with self._lock:
            connection.send(farewell(said))
        self._lost(connection, why)
        connection.close(why)

    def _lost(self, connection: Connection, why: str) -> None:
        """Note the end of ``connection``, once; tell the engine where it was the one that counted."""
        self._talks.pop(connection, None)
        if connection is not self._connection:
            return
        with self._lock:
            self._connection = None
            self._end.end()
            self._lists.clear()
            self._memory.forget_cancels()
            self._ending = why
            self._phase = LinkPhase.WAITING
        if self._stopping.is_set():
            return
        for way in self._accounts:
            self._down(way, why)
        self._changed()

    def _down(self, way: AccountWay, text: str) -> None:
        with self._lock:
            was, way.connected, way.text = way.connected, False, text
        if was:
            self._deliver(LinkChanged(way.account, way.session, LinkState.DOWN, text))

    def _never_left(self, line: bytes) -> None:
        """Tell that a submit that waited to be written when the link broke was not."""
        message = parse(line)
        order = self._memory.order(str(message.get("coid"))) if message["t"] == "submit" else None
        if order is not None:
            with self._lock:
                self._end.withdraw(order.client_order_id)
            if not self._stopping.is_set():
                self._deliver(SubmitRefused(order.account, order.client_order_id, "连接中断，委托未写出"))

    def _watch(self) -> None:
        """Look for as long as the link is open. Unwatched, no submit leaves."""
        try:
            while not self._stopping.wait(_LOOK_S):
                self.look()
        except Exception as error:
            with self._lock:
                self._unwatched = f"柜台链路的看守已停止：{error} / the watch of the link has died"
            raise

    def look(self) -> None:
        """Look at the beats once; end what is silent or hung. The watch does it five times a second."""
        steady_ns = self._clock.steady_ns()
        with self._lock:
            connection = self._connection
            why = self._end.verdict(steady_ns)
            if connection is not None:
                connection.flush()
                self._pay_halt()
        if why and connection is not None:
            connection.close(why)  # First, as whoever delivers may wait for what this ends.
            with self._inward:
                self._lost(connection, why)
        late = [each for each, talk in list(self._talks.items()) if each is not connection and talk.late(steady_ns)]
        for each in late:
            each.close("没有按时握手 / no handshake in time")

    # What a host says; under ``_inward``.

    def _act(self, connection: Connection, what: told.Message) -> None:
        report: Report | None = None
        match what:
            case told.Pushed():
                report = self._reports.row(what)
            case told.Stage():
                report = self._reports.stage(what)
            case told.CancelStage():
                report = self._reports.cancel_stage(what)
            case told.Outcome():
                report = self._reports.outcome(what)
            case told.Part():
                gathered = self._lists.get(what.q)
                if gathered is not None and gathered.account == what.account:
                    gathered.add(what)
            case told.Listed():
                self._listed(what)
            case told.AccountState():
                self._account(what)
            case told.Quotes():
                self._listeners.quotes(what.rows, self._clock.now_ns())
            case told.Beat():
                with self._lock:
                    if ack := self._end.due_ack(now=True):
                        self._write(ack)
            case told.FeedState():
                self._listeners.feed(what)
            case told.Detail():
                self._listeners.detail(what.rows)
            case told.Detailed() | told.Progress() | told.Downloaded() | told.Bars() | told.Barred():
                self._listeners.answer(what)
            case told.Trouble():
                self._listeners.trouble(what)
            case told.Log():
                self._listeners.log(f"{what.level}: {what.text}")
            case told.Gap():
                self._torn("回报有缺口 / lines are lost")
                with self._lock:
                    for way in self._accounts:
                        self._ask_list(way.account)
            case told.Unread():
                self.complained(
                    "link_unread", f"柜台宿主的消息未能采用：{what.of} {what.why}", f"{what.of}: {what.why}"
                )
                self._torn(f"{what.of}: {what.why}")
                for way in self._accounts:
                    self._list_anew(way.account)
            case told.Nak():
                self.complained("link_nak", f"柜台宿主不认识命令 {what.of}：{what.why}", f"nak: {what.of} {what.why}")
            case told.Bye():
                if what.why == "old_engine":
                    self.complained(
                        "old_engine",
                        "策略见过更晚启动的引擎，不接受本引擎（本机时钟往回拨过？）：请在客户端里重新运行策略",
                        "the strategy has met a later engine: was the clock set back? Run the strategy anew",
                    )
                self._part(connection, f"柜台宿主告别：{what.why} / bye: {what.why}", "bye")
            case _:
                pass
        if report is not None:
            self._deliver(report)

    def _account(self, what: told.AccountState) -> None:
        way = self._accounts.get(what.account)
        if way is None:
            return
        if what.state == "down":
            self._down(way, what.text or "资金账号未就绪")
        else:
            self._carrier.came_up()
            now_s = self._clock.now_ns() // SECOND_NS
            with self._lock:
                session = way.connect(what.session, now_s)
                way.text = what.text
            self._deliver(LinkChanged(way.account, session, LinkState.CONNECTED))
        self._changed()

    def _listed(self, what: told.Listed) -> None:
        with self._lock:
            gathered = self._lists.pop(what.q, None)
        way = self._accounts.get(what.account)
        session = way.session_of(what.session) if way is not None else None
        if gathered is None or session is None or gathered.account != what.account:
            return
        report = gathered.report(what, session, self._translate)
        for row in report.rows:
            self._memory.seen(report.account, row)
        for text in gathered.unreadable[:3]:
            self.complained(
                "row_unreadable", f"柜台列表的一行无法读懂：{text}", f"a row of a list cannot be read: {text}"
            )
        for doubt in gathered.doubts[:3]:
            self._listeners.doubt(gathered.account, *doubt)
        self._deliver(report)
        if report.complete and report.alive:
            with self._lock:
                if self._end.level == "none":  # It had let go of its arms when it lost lines.
                    self._arm()

    def _torn(self, text: str) -> None:
        """Let no list that is on its way be complete: what was lost or not understood may be a part of any."""
        with self._lock:
            for gathered in self._lists.values():
                gathered.miss(text)

    def _list_anew(self, account: AccountId) -> None:
        """Ask for a list because something of this account was not understood or is gone."""
        steady_ns = self._clock.steady_ns()
        before_ns = self._relisted_ns.get(account)
        if before_ns is not None and steady_ns - before_ns < _RELIST_NS:
            return
        self._relisted_ns[account] = steady_ns
        with self._lock:
            self._ask_list(account)

    def _changed(self) -> None:
        self._listeners.state(self.condition())
