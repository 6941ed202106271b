"""Lies told before an honest exchange: what terminals and links have done to people, by name, switchable and seeded."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.market.seeded import mix, number_of
from qmt_trading.model.errors import NotSentError, OutcomeUnknownError
from qmt_trading.model.events import (
    BrokerListed,
    CancelRefused,
    FillReported,
    FillRow,
    LinkChanged,
    OrderReported,
    OrderRow,
    Report,
    SubmitUncertain,
)
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Money
from qmt_trading.model.outputs import CancelOrder, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, OrderStatus


class Lie(StrEnum):
    """What can go wrong between an exchange and us, beside each the accident that it reproduces."""

    LATE = "late"
    """A report comes up to two seconds later, behind newer ones, perhaps in the next session (A16)."""
    DOUBLED = "doubled"
    REORDERED = "reordered"
    LOST = "lost"
    """A report never comes; a query shows what it would have told."""
    REPLAY = "replay"
    """After a reconnect the whole day is told again (A10)."""
    MINUS_ONE = "minus_one"
    """The submit is answered -1 although the order lives (A1, A3, A8)."""
    SUBMIT_RAISES = "submit_raises"
    """The submit raises although the order lives (A1)."""
    HELD = "held"
    """The submit waits in a queue and is executed later, or refused after its deadline (A2)."""
    VANISHED = "vanished"
    """The submit succeeds and never reaches the counter (A4)."""
    CANCEL_REFUSED_FALSELY = "cancel_refused_falsely"
    """The cancel is refused although it cancelled (A7)."""
    CANCEL_ACCEPTED_FALSELY = "cancel_accepted_falsely"
    """The cancel succeeds and nothing is cancelled (A7)."""
    EMPTY_LIST = "empty_list"
    """A query answers with an empty list on a dead link (A15)."""
    CUT_REMARK = "cut_remark"
    """The remark comes back shorter (A6)."""
    REWRITTEN_REMARK = "rewritten_remark"
    """The remark comes back as somebody else's text (A6)."""
    DISCONNECT = "disconnect"
    """The link breaks at any step."""
    OLD_SESSION = "old_session"
    """After a reconnect an error of the old session is told about a live order (A16)."""


EVERY_LIE: Final = frozenset(Lie)


class Step(StrEnum):
    """Where the link can break."""

    BEFORE_SUBMIT = "before_submit"
    AFTER_SUBMIT = "after_submit"
    BEFORE_CANCEL = "before_cancel"
    AFTER_CANCEL = "after_cancel"
    BEFORE_QUERY = "before_query"
    AFTER_QUERY = "after_query"
    BEFORE_REPORT = "before_report"
    AFTER_REPORT = "after_report"


class _Held(Struct, frozen=True):
    due_ns: int
    order: SubmitOrder


class _Late(Struct, frozen=True):
    due_ns: int
    report: Report


_STEPS: Final = {step: number for number, step in enumerate(Step)}
_NUMBERS: Final = {lie: number for number, lie in enumerate(Lie)}
_NO_LIES: Final[frozenset[Lie]] = frozenset()


class LyingExchange:
    """An exchange behind a link that may lie. Without lies it passes everything through. One thread at a time.

    What a lie touches is decided by the seed and by how often it was asked, so a run with the same calls repeats.
    Every method returns the reports that have arrived by then, in the order in which they are to be delivered; reports
    that became due before an error was raised come with the next call.
    """

    def __init__(
        self,
        exchange: Exchange,
        lies: Collection[Lie] = _NO_LIES,
        *,
        seed: int = 1,
        chance_per_mille: int = 150,
        reconnect_ns: int = SECOND_NS,
    ) -> None:
        """Put a link before ``exchange``.

        Args:
            chance_per_mille: how often each lie is told where it could be; the link breaks at an eighth of that, as
                every order passes several steps.
            reconnect_ns: how long a broken link stays broken.
        """
        self.exchange = exchange
        self.lies = frozenset(lies)
        self._seed = seed
        self._chance = chance_per_mille
        self._reconnect_ns = reconnect_ns
        self._count = 0
        self._armed: set[Step] = set()
        self._connected: dict[AccountId, int] = {}
        self._reconnect_due_ns = 0
        self._held: list[_Held] = []
        self._late: list[_Late] = []
        self._outbox: list[Report] = []

    @property
    def is_pending(self) -> bool:
        """Whether time alone will bring something: a held submit, a late report, a reconnect."""
        return bool(self._held or self._late or self._outbox or self._reconnect_due_ns)

    def arm(self, step: Step) -> None:
        """Break the link the next time ``step`` is reached."""
        self._armed.add(step)

    def disconnect(self, now_ns: int) -> list[Report]:
        """Break the link of every account now; it comes back by itself in ``advance``."""
        self._break(now_ns)
        return self._take()

    def connect(self, accounts: Iterable[AccountId], now_ns: int) -> list[Report]:
        """Begin a new session of each account, as an engine does that starts."""
        self._outbox.clear()
        self._reconnect_due_ns = 0
        self._connected = {}
        for account in accounts:
            self._outbox += self.exchange.connect(account, now_ns)
            self._connected[account] = self.exchange.session_of(account)
        return self._take()

    def submit(self, order: SubmitOrder, now_ns: int) -> list[Report]:
        """Hand ``order`` over.

        Raises:
            NotSentError: the link is down; the exchange never sees it.
            OutcomeUnknownError: the exchange has seen it.
        """
        if self._breaks(Step.BEFORE_SUBMIT, now_ns) or self._reconnect_due_ns:
            raise NotSentError("交易连接已断开 / the link is down")
        if not self.lies:
            self._tell(self.exchange.submit(order, now_ns), now_ns)
            self._breaks(Step.AFTER_SUBMIT, now_ns)
            return self._take()
        if self._lie(Lie.VANISHED):
            return self._take()
        if self._lie(Lie.HELD):
            self._held.append(_Held(now_ns + self._delay_ns(), order))
            return self._take()
        if self._lie(Lie.SUBMIT_RAISES):
            self.exchange.submit(order, now_ns)
            raise OutcomeUnknownError("委托返回超时 / the call timed out")
        if self._lie(Lie.MINUS_ONE):
            hidden = self.exchange.submit(order, now_ns)
            self._outbox.append(SubmitUncertain(order.account, order.client_order_id, "-1"))
            if self._draw() & 1:
                self._late += [_Late(now_ns + self._delay_ns(), report) for report in hidden]
            return self._take()
        reports = self.exchange.submit(order, now_ns)
        if self._breaks(Step.AFTER_SUBMIT, now_ns):
            return self._take()
        self._tell(reports, now_ns)
        return self._take()

    def cancel(self, order: CancelOrder, now_ns: int) -> list[Report]:
        """Hand a cancel over; on a broken link it is gone."""
        if self._breaks(Step.BEFORE_CANCEL, now_ns) or self._reconnect_due_ns:
            return self._take()
        if self._lie(Lie.CANCEL_ACCEPTED_FALSELY):
            return self._take()
        reports = self.exchange.cancel(order, now_ns)
        if self._breaks(Step.AFTER_CANCEL, now_ns):
            return self._take()
        if self._lie(Lie.CANCEL_REFUSED_FALSELY):
            self._late += [_Late(now_ns + self._delay_ns(), report) for report in reports]
            reports = [CancelRefused(order.account, order.client_order_id, "撤单失败")]
        self._tell(reports, now_ns)
        return self._take()

    def query(self, account: AccountId, *, asked_ns: int, now_ns: int) -> list[Report]:
        """Answer with everything known of ``account``, once every earlier submit was executed or refused."""
        if self._breaks(Step.BEFORE_QUERY, now_ns) or self._reconnect_due_ns:
            return self._take()
        self._release_held(now_ns, everything=True)
        listed = self.exchange.listing(account, asked_ns=asked_ns, now_ns=now_ns)
        if self._breaks(Step.AFTER_QUERY, now_ns):
            return self._take()
        if self._lie(Lie.EMPTY_LIST):
            listed = replace(listed, alive=False, cash=Money(0), positions=(), rows=(), fills=())
        self._tell([listed], now_ns)
        return self._take()

    def advance(self, now_ns: int) -> list[Report]:
        """Let time pass: reconnect, execute what was held, match, and bring what is late."""
        if self._reconnect_due_ns and now_ns >= self._reconnect_due_ns:
            self._reconnect(now_ns)
        if self._held:
            self._release_held(now_ns, everything=False)
        self._tell(self.exchange.advance(now_ns), now_ns)
        if self._late and not self._reconnect_due_ns:
            due = [late for late in self._late if late.due_ns <= now_ns]
            self._late = [late for late in self._late if late.due_ns > now_ns]
            self._outbox += [self._disguised(late.report) for late in due]
        return self._take()

    # Telling.

    def _tell(self, reports: list[Report], now_ns: int) -> None:
        """Put ``reports`` on their way; on a broken link they are gone."""
        if not self.lies and not self._armed:
            if not self._reconnect_due_ns:
                self._outbox += reports
            return
        for report in reports:
            self._breaks(Step.BEFORE_REPORT, now_ns)
            if self._reconnect_due_ns:
                return
            if self._lie(Lie.LOST):
                continue
            if self._lie(Lie.LATE):
                self._late.append(_Late(now_ns + self._delay_ns(), report))
                if not self._lie(Lie.DOUBLED):
                    continue
            elif self._lie(Lie.DOUBLED):
                self._outbox.append(self._disguised(report))
            place = self._draw() % (len(self._outbox) + 1) if self._lie(Lie.REORDERED) else len(self._outbox)
            self._outbox.insert(place, self._disguised(report))
            self._breaks(Step.AFTER_REPORT, now_ns)

    def _take(self) -> list[Report]:
        taken, self._outbox = self._outbox, []
        return taken

    def _disguised(self, report: Report) -> Report:
        """Return ``report`` with the remarks that this terminal gives back."""
        if Lie.CUT_REMARK not in self.lies and Lie.REWRITTEN_REMARK not in self.lies:
            return report
        match report:
            case OrderReported():
                return replace(report, row=self._row(report.row))
            case FillReported():
                return replace(report, row=self._fill(report.row))
            case BrokerListed():
                rows = tuple(self._row(row) for row in report.rows)
                return replace(report, rows=rows, fills=tuple(self._fill(row) for row in report.fills))
            case _:
                return report

    def _row(self, row: OrderRow) -> OrderRow:
        remark = self._remark(row.client_order_id)
        return row if remark == row.client_order_id else replace(row, client_order_id=remark)

    def _fill(self, row: FillRow) -> FillRow:
        remark = self._remark(row.client_order_id)
        return row if remark == row.client_order_id else replace(row, client_order_id=remark)

    def _remark(self, remark: str) -> str:
        """Return what became of ``remark``: for one order always the same."""
        chance = mix(self._seed, number_of(remark)) if remark else 0
        if Lie.CUT_REMARK in self.lies and chance % 1000 < self._chance:
            return remark[: max(1, len(remark) - 1 - (chance >> 20) % 4)]
        if Lie.REWRITTEN_REMARK in self.lies and (chance >> 32) % 1000 < self._chance:
            return "" if chance & 1 else "网上交易"
        return remark

    # The link.

    def _breaks(self, step: Step, now_ns: int) -> bool:
        """Break the link here when that was armed or drawn."""
        if step in self._armed:
            self._armed.discard(step)
        elif Lie.DISCONNECT not in self.lies or mix(self._seed, self._tick(), _STEPS[step]) % 8000 >= self._chance:
            return False
        if not self._connected or self._reconnect_due_ns:
            return False
        self._break(now_ns)
        return True

    def _break(self, now_ns: int) -> None:
        for account, session in self._connected.items():
            self._outbox.append(LinkChanged(account, session, LinkState.DOWN, "交易连接断开"))
        self._reconnect_due_ns = max(now_ns + self._reconnect_ns, 1)

    def _reconnect(self, now_ns: int) -> None:
        self._reconnect_due_ns = 0
        for account, old in self._connected.items():
            self._outbox += self.exchange.connect(account, now_ns)
            self._connected[account] = self.exchange.session_of(account)
            if Lie.OLD_SESSION in self.lies:
                self._tell_old_error(account, old, now_ns)
            if self._lie(Lie.REPLAY):
                self._replay(account, now_ns)

    def _tell_old_error(self, account: AccountId, session: int, now_ns: int) -> None:
        rows = self.exchange.listing(account, asked_ns=now_ns, now_ns=now_ns).rows
        if rows:
            row = rows[self._draw() % len(rows)]
            false = replace(row, status=OrderStatus.REJECTED, text="旧会话的错误")
            self._outbox.append(self._disguised(OrderReported(account, session, false)))

    def _replay(self, account: AccountId, now_ns: int) -> None:
        listed = self.exchange.listing(account, asked_ns=now_ns, now_ns=now_ns)
        told: list[Report] = [OrderReported(account, listed.session, row) for row in listed.rows]
        told += [FillReported(account, listed.session, row) for row in listed.fills]
        self._outbox += map(self._disguised, told)

    def _release_held(self, now_ns: int, *, everything: bool) -> None:
        due = [held for held in self._held if everything or held.due_ns <= now_ns]
        self._held = [held for held in self._held if not everything and held.due_ns > now_ns]
        for held in due:
            self._tell(self.exchange.submit(held.order, now_ns), now_ns)

    # Chance.

    def _tick(self) -> int:
        self._count += 1
        return self._count

    def _draw(self) -> int:
        return mix(self._seed, self._tick(), 1_000)

    def _lie(self, lie: Lie) -> bool:
        return lie in self.lies and mix(self._seed, self._tick(), 100 + _NUMBERS[lie]) % 1000 < self._chance

    def _delay_ns(self) -> int:
        return MILLISECOND_NS * (50 + self._draw() % 1_950)
