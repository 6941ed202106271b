"""One day of a shadow journal: what would have been done, and what others did in the same accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.codec.journal_record import GENESIS, Record, decode_turn, seal
from qmt_trading.codec.sentences import sentence
from qmt_trading.engine.engine import Engine
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import ConfigurationError, JournalBrokenError
from qmt_trading.model.instant import at_time
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.order import Order
from qmt_trading.model.reasons import REGISTERED, Denial
from qmt_trading.model.receipt import CancelLine, OrderLine
from qmt_trading.model.signal import AccountId, Item
from qmt_trading.model.words import TERMINAL, Mode, OrderStatus, Verb
from qmt_trading.ports import JournalReader
from qmt_trading.run.config_doors import CONTROL_DOOR
from qmt_trading.run.shadow_compare import Comparison, Deed, Outcome, What

PROGRESS_EVERY: Final = 1000
OPEN_NS: Final = (9 * 60 + 15) * 60 * SECOND_NS
"""When the first orders and cancels of a day are taken."""
LAST_NS: Final = (14 * 60 + 50) * 60 * SECOND_NS
"""A journal without a record from here on did not watch a day to its end."""
CLOSE_NS: Final = 15 * 3600 * SECOND_NS
"""After it a counter clears away what has not filled: nobody's cancel."""
_DAY_MARK: Final = b'["day","'
_MEANT: Final = {Verb.CANCEL: (What.CANCEL,), Verb.BARE: (What.CANCEL, What.ORDER)}


class NoSuchDayError(Exception):
    """The journal holds no record of that trading day."""

    def __init__(self, days: Sequence[dt.date]) -> None:
        super().__init__()
        self.days = days
        """Those that it holds, in order."""


class ShadowDay(Struct, frozen=True, kw_only=True):
    """What one day's records tell."""

    day: dt.date
    ours: tuple[Deed, ...]
    """In the order of deciding, what we refused included."""
    theirs: tuple[Deed, ...]
    ended: dict[str, int]
    """Their orders that ended otherwise than by a cancel, and when."""
    watched: tuple[tuple[AccountId, int], ...]
    """From when on each account was seen: its first complete list of the day."""
    before: int
    """Orders and cancels of theirs from before that: they are not compared."""
    starts: int
    """Processes that watched: what happened between two of them was decided by nobody."""
    until_ns: int
    """The clock of the day's last record."""
    closed: bool
    """Trading of that day is over, and it was watched to its end."""
    always_open: bool
    """The hours of trading were left out of account."""
    trades: bool
    """Some door may buy or sell; where none may, others' orders are no business of the comparison."""
    unseen: tuple[AccountId, ...]
    """Configured accounts that were not watched from before the opening on."""

    def only(self, what: What) -> ShadowDay:
        """Return the day with its orders, or its cancels, alone."""
        ours = tuple(deed for deed in self.ours if deed.what is what)
        return replace(self, ours=ours, theirs=tuple(deed for deed in self.theirs if deed.what is what))

    def lacks(self, found: Comparison) -> str:
        """Return why a day without a difference shows too little to count; empty: it counts."""
        if found.differences:
            return f"差异 {found.differences}"
        if not found.count(Outcome.MATCHED):
            return "没有一笔对上，什么都没有证明"
        if self.always_open:
            return "[session] always_open = true，不是真实的交易时段"
        if not self.closed:
            return "当天还没有收盘，或没有观察到收盘"
        if self.unseen:
            return f"9:15 之前没有开始观察：{'、'.join(self.unseen)}"
        return ""


def read_day(
    reader: JournalReader,
    day: dt.date | None,
    *,
    now_ns: int,
    progress: Callable[[int], None] | None = None,
) -> ShadowDay:
    """Return what the journal tells of ``day``, of its last one where none is named; seals are checked on the way.

    Args:
        now_ns: the clock of whoever asks: a day may be over without a record that says so.

    Raises:
        ConfigurationError: the journal is not one of shadow mode.
        JournalBrokenError: a turn is missing or is not what was written.
        NoSuchDayError: no such day in this journal.
    """
    if day is None:
        day = _last_day(reader)
    facts: _Facts | None = None
    days: list[dt.date] = []
    at_ns = 0
    for payload in _checked(reader, progress):
        in_day = bool(days) and days[-1] == day
        if not in_day and _DAY_MARK not in payload:
            if facts is not None:
                break
            continue
        for record in decode_turn(payload):
            if isinstance(record, ev.At):
                at_ns = record.now_ns
            elif isinstance(record, out.DayOpened):
                days.append(record.day)
                facts = _Facts(record, at_ns) if record.day == day else facts
            if facts is not None and days[-1] == day:
                facts.take(record)
    if facts is None or day is None:
        raise NoSuchDayError(days)
    return facts.told(now_ns)


def _last_day(reader: JournalReader) -> dt.date | None:
    number = reader.last_day_opened()
    for turn in reader.turns(number) if number else ():
        for record in decode_turn(turn.payload):
            if isinstance(record, ev.DayBegan):
                return record.day
        break
    return None


def _checked(reader: JournalReader, progress: Callable[[int], None] | None) -> Iterator[bytes]:
    """Yield the payload of every turn, each checked against its seal."""
    number, head = 0, GENESIS
    for turn in reader.turns(1):
        if turn.number != number + 1:
            raise JournalBrokenError(f"日志缺少第 {number + 1} 轮 / turn {number + 1} is missing")
        if seal(head, turn.number, turn.payload) != turn.seal:
            raise JournalBrokenError(f"日志第 {turn.number} 轮被改动 / turn {turn.number} was changed")
        number, head = turn.number, turn.seal
        if progress is not None and number % PROGRESS_EVERY == 0:
            progress(number)
        yield turn.payload


class _Facts:
    """The day so far: an engine that folds its records, and what the final state does not say."""

    def __init__(self, opened: out.DayOpened, at_ns: int) -> None:
        if opened.bound.mode is not Mode.SHADOW:
            mode = opened.bound.mode.value
            raise ConfigurationError(f"这不是观察模式的日志（{mode}） / the journal is of {mode} mode, not of shadow")
        self._day = opened.day
        self._engine = Engine()
        self._engine.fold(ev.At(at_ns))
        self._signal: ev.SignalReceived | None = None
        self._deeds: list[Deed] = []
        """Cancels and refusals, in order."""
        self._watched: dict[AccountId, int] = {}
        self._starts = 1

    def take(self, record: Record) -> None:
        """Fold one record of the day, and note what it decides."""
        state = self._engine.state
        if isinstance(record, ev.BrokerListed) and record.complete and record.alive:
            self._watched.setdefault(record.account, state.now_ns)
        self._engine.fold(record)
        match record:
            case ev.EngineStarted():
                self._starts += 1
            case ev.SignalReceived():
                self._signal = record
            case out.SignalAnswered():
                self._answered(record)
            case out.InstructionDone():
                self._lines(record.orders, record.cancels, record.seq)
            case out.CancelOrder() if record.attempt and not record.not_before_ns:
                self._cancel(record)
            case _:
                pass

    def _cancel(self, record: out.CancelOrder) -> None:
        order = self._engine.state.order(record.client_order_id)
        if order.foreign:
            deed = _deed(What.CANCEL, self._engine.state.now_ns, order)
            self._deeds.append(replace(deed, seq=max(order.cancel_seq, 0)))

    def _answered(self, record: out.SignalAnswered) -> None:
        receipt = record.receipt
        if receipt.seq != record.seq:
            return  # A repeat: it was told with the first one.
        self._lines(receipt.orders, receipt.cancels, record.seq)
        if receipt.denial is not None and self._signal is not None:
            for item in self._signal.signal.items:
                self._refused_whole(item, receipt.denial, record.seq)

    def _lines(self, orders: Sequence[OrderLine], cancels: Sequence[CancelLine], seq: int) -> None:
        for order in orders:
            self._refused(What.ORDER, order, order.denial, seq)
        for cancel in cancels:
            self._refused(What.CANCEL, cancel, cancel.denial, seq)

    def _refused(self, what: What, line: OrderLine | CancelLine, denial: Denial | None, seq: int) -> None:
        if denial is None or denial.reason in REGISTERED:
            return
        side = line.side if isinstance(line, OrderLine) else None
        self._deeds.append(
            Deed(
                what=what,
                at_ns=self._engine.state.now_ns,
                account=AccountId(line.account),
                symbol=line.symbol,
                side=side,
                seq=seq,
                refused=sentence(denial)[0],
            )
        )

    def _refused_whole(self, item: Item, denial: Denial, seq: int) -> None:
        names = self._engine.state.names
        for what in _MEANT.get(item.verb, (What.ORDER,)):
            for word in item.accounts:
                for account in names.get(word, (AccountId(word),)):
                    self._refused(what, CancelLine(account=account, symbol=item.symbol), denial, seq)

    def told(self, now_ns: int) -> ShadowDay:
        """Return what the day comes to."""
        state = self._engine.state
        settings = state.settings
        assert settings is not None
        close_ns = at_time(self._day, CLOSE_NS)
        until_ns = state.now_ns
        ours = self._deeds.copy()
        theirs: list[Deed] = []
        ended: dict[str, int] = {}
        before = 0
        for order in state.orders:
            if not order.foreign:
                refused = "" if order.observed else order.text or "没有发出"
                ours.append(replace(_deed(What.ORDER, order.created_ns, order), refused=refused))
                continue
            watched_ns = self._watched.get(order.account, until_ns + 1)
            if order.created_ns >= watched_ns - SECOND_NS:  # The counter's clock shows whole seconds.
                theirs.append(_deed(What.ORDER, order.created_ns, order))
            else:
                before += 1
            end_ns = order.ended_ns or order.answered_ns
            if order.status is OrderStatus.CANCELED:
                if end_ns <= watched_ns:
                    before += 1
                elif settings.always_open or end_ns < close_ns:
                    theirs.append(_deed(What.CANCEL, end_ns, order))
            elif order.status in TERMINAL:
                ended[order.client_order_id] = end_ns
        return ShadowDay(
            day=self._day,
            ours=tuple(sorted(ours, key=lambda deed: deed.at_ns)),
            theirs=tuple(theirs),
            ended=ended,
            watched=tuple(self._watched.items()),
            before=before,
            starts=self._starts,
            until_ns=until_ns,
            closed=now_ns >= close_ns and until_ns >= at_time(self._day, LAST_NS),
            always_open=settings.always_open,
            trades=any(
                verb is not Verb.CANCEL for door in settings.doors if door.name != CONTROL_DOOR for verb in door.allow
            ),
            unseen=tuple(
                each.account
                for each in settings.accounts
                if self._watched.get(each.account, until_ns) > at_time(self._day, OPEN_NS)
            ),
        )


def _deed(what: What, at_ns: int, order: Order) -> Deed:
    return Deed(
        what=what,
        at_ns=at_ns,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        price=order.price,
        order=order.client_order_id,
        number=order.broker_order_id or order.venue_order_id,
        seq=order.signal_seq,
    )
