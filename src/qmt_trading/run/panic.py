"""Cancels everything that an account has at its counter, without an engine and without a journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from msgspec import Struct

from qmt_trading.link.messages import Pushed
from qmt_trading.market.no_cancel import phase_of
from qmt_trading.model.instant import at_time, day_of, time_of_day_ns, to_hour_text
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.settings import NoCancelPhase
from qmt_trading.run.host_talk import HostGoneError, HostTalk, HostUselessError, Listing
from qmt_trading.run.terminal_orders import CANCELED, CANCELS_PENDING, OrderBook, TerminalOrder

PROOFS: Final = 2
"""So many complete lists of a living link, one after another, show that nothing works."""
HOSTS_MAX: Final = 4
ARM_WAIT_S: Final = 3.0
CANCELS_AT_ONCE: Final = 30
"""Between two looks at what is pushed, a fifth of a second: below the rate of high-frequency trading."""


class Pace(Struct, frozen=True, kw_only=True):
    """How long things take; seconds."""

    ready: float = 30.0
    """A client that has just been started needs a while to log its accounts in."""
    listing: float = 8.0
    effort: float = 30.0
    """How long cancels are repeated."""
    after_phase: float = 20.0
    """The same from the end of a time without cancels on."""
    between_lists: float = 0.5
    between_lists_waiting: float = 3.0
    """While the exchange takes no cancels."""
    retries: tuple[float, ...] = (1.0, 2.0, 4.0)
    """The pause before each repeat of a cancel, the last one for all that follow."""


class Say(Protocol):
    def __call__(self, chinese: str, /) -> None:
        """Tell the person something, at once."""
        ...


class Left(Struct, frozen=True):
    """An order that may still work, and why it was not cancelled, as far as anybody has said."""

    order: TerminalOrder
    why: str


class Outcome(Struct, frozen=True, kw_only=True):
    """How it ended."""

    cancelled: tuple[TerminalOrder, ...]
    ended: tuple[TerminalOrder, ...]
    """Ended otherwise in the meantime: filled, or refused by the counter."""
    left: tuple[Left, ...]
    proven: bool
    """The counter's own lists, complete and over a living link, show that nothing works."""
    wait_until_ns: int = 0
    """When the exchange takes cancels of what is left again; 0: it does now."""

    @property
    def clean(self) -> bool:
        return self.proven and not self.left


class _Tried(Struct):
    """What was done about one order."""

    count: int = 0
    at_ms: int = 0
    cid: str = ""
    why: str = ""
    host: int = 0


class Panic:
    """One account's orders, seen and cancelled through hosts of its own. It can send nothing but cancels."""

    def __init__(
        self,
        account: str,
        open_talk: Callable[[], HostTalk],
        say: Say,
        *,
        phases: Sequence[NoCancelPhase],
        now_ns: Callable[[], int] = time.time_ns,
        pace: Pace | None = None,
    ) -> None:
        """Prepare; ``open_talk`` starts a host each time it is called."""
        self._account = account
        self._open_talk = open_talk
        self._say = say
        self._phases = phases
        self._now_ns = now_ns
        self._pace = Pace() if pace is None else pace
        self._talk: HostTalk | None = None
        self._hosts = 0
        self._book = OrderBook()
        self._pushed = 0
        self._tried: dict[str, _Tried] = {}
        self._names: dict[str, str] = {}
        self._met: dict[str, TerminalOrder] = {}
        """Orders that worked when they were first seen."""
        self._proven = False
        self._is_over = False
        """No host can be had before a person does something."""
        self._clean_lists = 0
        """So many proven lists in a row have shown that nothing works."""
        self._told: set[str] = set()

    # Seeing.

    def look(self) -> tuple[TerminalOrder, ...]:
        """Return the orders that work, as far as the terminal tells; ``proven`` says whether that is all of them."""
        for _ in range(PROOFS):
            self._list()
            if not self._proven or self._book.working:
                break
        return self._book.working

    @property
    def proven(self) -> bool:
        """Tell whether the last list was complete and its link alive."""
        return self._proven

    def close(self) -> None:
        """Let the host go."""
        if self._talk is not None:
            self._talk.stop()
            self._talk = None

    # Cancelling.

    def cancel_all(self, *, wait: bool) -> Outcome:
        """Cancel what works until nothing does, or the time is over.

        Args:
            wait: where the exchange takes no cancels now, go on when it does again.
        """
        try:
            self._go_on(wait=wait)
        except KeyboardInterrupt:
            self._say("! 已中止，下面是此刻的情况 / stopped by hand")
        return self._outcome()

    def _go_on(self, *, wait: bool) -> None:
        until = time.monotonic() + self._pace.effort
        next_list = time.monotonic() + self._pace.between_lists
        while self._clean_lists < PROOFS and time.monotonic() < until and not self._is_over:
            self._try_all()  # By what was seen last: a list may take long, a cancel must not wait for it.
            self._hear(0.2)
            resumes_ns = self._resumes_ns() if wait else 0
            if resumes_ns:
                left_s = (resumes_ns - self._now_ns()) / 1e9
                hour = to_hour_text(time_of_day_ns(resumes_ns))
                self._once(f"交易所此刻不收撤单，等到 {hour} 再撤（Ctrl-C 放弃）/ waiting for the exchange")
                until = max(until, time.monotonic() + left_s + self._pace.after_phase)
            if time.monotonic() >= next_list:
                self._list()
                pace = self._pace
                next_list = time.monotonic() + (pace.between_lists_waiting if resumes_ns else pace.between_lists)

    def _outcome(self) -> Outcome:
        orders = {order.key: order for order in self._book.orders}
        met = [orders[key] for key in self._met if key in orders]
        return Outcome(
            cancelled=tuple(order for order in met if order.status in CANCELED),
            ended=tuple(order for order in met if not order.works and order.status not in CANCELED),
            left=tuple(Left(order, self._why(order)) for order in met if order.works),
            proven=self._clean_lists >= PROOFS if not self._book.working else self._proven,
            wait_until_ns=self._resumes_ns(),
        )

    def _why(self, order: TerminalOrder) -> str:
        if not order.broker_id and not order.venue_id:
            return "柜台没有给出委托编号或合同编号，只能在客户端里手工撤 / it has no number to cancel it by"
        tried = self._tried.get(order.key)
        if phase := self._phase(order):
            return f"{to_hour_text(phase.begins_ns)}–{to_hour_text(phase.ends_ns)} 不可撤单 / no cancels now"
        if tried is None or not tried.count:
            return "没有发出撤单 / no cancel was sent"
        return tried.why or f"撤了 {tried.count} 次，柜台没有答复 / {tried.count} cancels, no answer"

    def _try_all(self) -> None:
        sent = 0
        for order in self._book.working:
            tried = self._tried.setdefault(order.key, _Tried())
            pause = self._pace.retries[min(tried.count, len(self._pace.retries)) - 1] if tried.count else 0.0
            if order.status in CANCELS_PENDING:
                pause = max(pause, self._pace.retries[-1])
            if not order.broker_id and not order.venue_id:
                continue
            if tried.count and self._phase(order) is not None:
                continue  # Once, in case our hours are wrong; again when the exchange takes cancels.
            talk = self._talk
            if talk is None or (tried.host == self._hosts and talk.ms - tried.at_ms < pause * 1000):
                continue
            if sent >= CANCELS_AT_ONCE:
                return
            sent += 1
            try:
                if talk.level != "cancel" and not talk.arm("cancel", ARM_WAIT_S):
                    return  # A host that has dropped to none, or is slow, is asked again with the next look.
                tried.cid = talk.cancel(broker_id=order.broker_id, venue_id=order.venue_id, symbol=order.symbol)
            except HostGoneError as error:
                self._lose(error)
                return
            tried.count, tried.at_ms, tried.host = tried.count + 1, talk.ms, self._hosts

    def _phase(self, order: TerminalOrder) -> NoCancelPhase | None:
        now_ns = self._now_ns()
        return phase_of(self._phases, Symbol(order.symbol), day_of(now_ns), now_ns)

    def _resumes_ns(self) -> int:
        """Return when the first of the working orders can be cancelled again; 0: one can be now, or none works."""
        day = day_of(self._now_ns())
        ends = [0 if phase is None else at_time(day, phase.ends_ns) for phase in map(self._phase, self._book.working)]
        return min(ends, default=0)

    # The host.

    def _list(self) -> None:
        """Ask for a list and take what comes of it."""
        talk = self._standing()
        if talk is None:
            self._doubt()
            return
        try:
            listing = talk.listing(self._pace.listing)
        except HostGoneError as error:
            self._lose(error)
            return
        self._hear(0)
        self._complain(talk)
        if listing.proves:
            self._book.forget_unnumbered()
        self._take(listing.orders)
        self._proven = listing.proves
        self._clean_lists = self._clean_lists + 1 if listing.proves and not self._book.working else 0
        if not listing.proves:
            self._once(f"查询没有证实：{_doubt(listing)} / the list is not proven")
        if not listing.answered and talk.hung:
            self._lose(HostGoneError(talk.hung))

    def _standing(self) -> HostTalk | None:
        """Return a host whose account can be worked with, or the one there is; None: none can be had."""
        if self._talk is None:
            if self._hosts >= HOSTS_MAX:
                time.sleep(0.2)
                return None
            self._hosts += 1
            self._pushed = 0
            talk = self._open_talk()
            try:
                talk.start()
                self._talk = talk
                if not self._wait_ready(talk, self._pace.ready if self._hosts == 1 else self._pace.listing):
                    self._once(
                        f"账户没有就绪：{_state_text(talk)}；仍然试 / the account is not ready; trying all the same"
                    )
                if not talk.arm("cancel"):
                    self._once("宿主没有答应撤单授权 / the host did not agree to be armed")
            except HostGoneError as error:
                self._complain(talk)
                self._lose(error)
        return self._talk

    def _wait_ready(self, talk: HostTalk, wait_s: float) -> bool:
        """Wait for the account, and tell what stands in its way as soon as it is known."""
        until = time.monotonic() + wait_s
        while not talk.wait_ready(0.3):
            self._complain(talk)
            if time.monotonic() > until:
                return False
        return True

    def _doubt(self) -> None:
        self._proven, self._clean_lists = False, 0

    def _lose(self, why: HostGoneError) -> None:
        self._doubt()
        self._is_over = isinstance(why, HostUselessError)
        if self._talk is not None:
            self._complain(self._talk)
            self._talk.kill()
            self._talk = None
        if self._is_over:
            self._hosts = HOSTS_MAX
            self._once(str(why))
        elif self._hosts < HOSTS_MAX:
            self._say(f"! 宿主不可用（{why}），换一个再来 / the host is gone; starting another")
        else:
            self._once(f"宿主一再失败（{why}）/ hosts fail again and again")

    def _complain(self, talk: HostTalk) -> None:
        for trouble in talk.troubles:
            self._once(f"{trouble.text} / {trouble.english}")

    def _hear(self, wait_s: float) -> None:
        """Listen, and take what was pushed: rows, and why cancels were refused."""
        talk = self._talk
        if talk is None:
            time.sleep(wait_s)
            return
        try:
            talk.listen(wait_s)
        except HostGoneError as error:
            self._lose(error)
            return
        for _, pushed in talk.pushed[self._pushed :]:
            if pushed.kind == "order":
                self._take([pushed.row])
            elif pushed.kind == "cancel_error":
                self._blame(pushed)
        self._pushed = len(talk.pushed)
        said = {stage.cid: stage for _, stage in talk.cancel_stages}
        for tried in self._tried.values():
            stage = said.get(tried.cid) if tried.host == self._hosts else None
            if stage is not None and stage.st != "sent":
                tried.why = (
                    f"柜台：{stage.text}" if stage.why == "terminal" else f"宿主：{stage.why} {stage.text}".strip()
                )

    def _take(self, rows: Iterable[object]) -> None:
        self._book.take(row for row in rows if isinstance(row, dict))
        for order in self._book.working:
            self._met.setdefault(order.key, order)

    def _blame(self, pushed: Pushed) -> None:
        """Note the counter's own words at the order that they are about."""
        row = pushed.row
        text, numbers = str(row.get("error_msg") or ""), {str(row.get("order_id")), str(row.get("order_sysid"))}
        for order in self._book.working:
            if text and numbers & ({order.broker_id, order.venue_id} - {""}):
                self._tried.setdefault(order.key, _Tried()).why = f"柜台：{text}"

    def _once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._say(f"! {text}")


def _doubt(listing: Listing) -> str:
    if not listing.answered:
        return "宿主没有在时限内答完"
    failed = f"（{'、'.join(listing.failed)} 失败）" if listing.failed else ""
    return f"清单不完整{failed}" if not listing.complete else "终端没有应答生命探测"


def _state_text(talk: HostTalk) -> str:
    return "没有消息" if talk.state is None else talk.state.text or f"状态 {talk.state.status}"
