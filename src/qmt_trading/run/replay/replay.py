"""The replay: recorded messages through the engine as it runs live, over the market of a history.

The loop, the inbox, the gate, the order table, the cancel road and the simulated exchange are those of the paper
engine; only time is another: it goes from one instant at which something can happen to the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from qmt_trading import __version__
from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.brokers.simulated.records import AccountOpening
from qmt_trading.codec.journal_record import GENESIS, Record
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.ids import ALPHABET, TAG_LENGTH
from qmt_trading.journal.memory import MemoryJournal
from qmt_trading.market.corporate_actions import adjusted_quantity, cash_of
from qmt_trading.market.rulebook import book_of
from qmt_trading.market.sessions import Session
from qmt_trading.model import events as ev
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.ports import Closing, StoredTurn
from qmt_trading.research.columns import Bars
from qmt_trading.research.costs import FillModel
from qmt_trading.research.ex_references import with_references
from qmt_trading.run.ex_days import ExDays
from qmt_trading.run.inbox import Inbox
from qmt_trading.run.loop import Loop
from qmt_trading.run.replay.counter import ReplayClock, ReplayCounter
from qmt_trading.run.replay.fates import Fates, MessageFate
from qmt_trading.run.replay.feed import HistoryFeed
from qmt_trading.run.replay.history import CLOSE_NS, History
from qmt_trading.run.replay.market import BarMarket
from qmt_trading.run.replay.messages import Message
from qmt_trading.run.replay.snapshots import SnapshotMarket
from qmt_trading.run.replay.watch import prices_matter

JOURNAL_FORMAT: Final = 1
_MINUTE_NS: Final = 60 * SECOND_NS
_VISITS: Final = (0, CLOSE_NS, CLOSE_NS + _MINUTE_NS, CLOSE_NS + 31 * _MINUTE_NS)
"""Instants of each day at which it is looked, after midnight: a day begins, trading ends."""


class Setup(Struct, frozen=True, kw_only=True):
    """What a replay runs with: everything that a paper engine has from its configuration."""

    settings: EngineSettings
    openings: tuple[AccountOpening, ...]
    door: str
    """Through which messages come that do not name another."""
    session: Session
    fills: FillModel = FillModel()
    actions: tuple[CorporateAction, ...] = ()
    """Corporate actions; history is not adjusted."""


class Evening(Struct, frozen=True, gc=False):
    """What an account had at the end of a day."""

    day: dt.date
    listed: ev.BrokerListed


class Morning(Struct, frozen=True, gc=False):
    """What a corporate action gave an account before a day began."""

    day: dt.date
    symbol: Symbol
    shares: int
    cash: Money


class Replayed(Struct, frozen=True, kw_only=True):
    """What a replay came to."""

    setup: Setup
    histories: dict[Symbol, History]
    days: tuple[dt.date, ...]
    evenings: dict[AccountId, list[Evening]]
    mornings: dict[AccountId, list[Morning]]
    fates: Fates
    reasons: dict[str, str]
    """By client order id: why it, or the rest of it, did not execute."""


def replay(
    messages: Sequence[Message],
    bars: Mapping[str, Bars],
    setup: Setup,
    observe: Callable[[Sequence[Record]], None] = lambda records: None,
) -> Replayed:
    """Run ``messages``, in order of time, over all days of ``bars``; those of other days are left out.

    Args:
        observe: is told the records of each turn, as the journal of a live engine would hold them.

    Raises:
        ConfigurationError: history has a day that the calendar does not have.
        ColumnsError: history is adjusted, or has no levels where it is snapshots.
    """
    return _Replay(messages, bars, setup, observe).run()


class _ForgetfulJournal(MemoryJournal):
    """Knows the ids of earlier days, and keeps nothing else of what it is given."""

    def append(self, turn: StoredTurn, *, closing: Closing | None = None) -> None:
        super().append(turn._replace(payload=b""), closing=closing)


class _Replay:
    def __init__(
        self,
        messages: Sequence[Message],
        bars: Mapping[str, Bars],
        setup: Setup,
        observe: Callable[[Sequence[Record]], None],
    ) -> None:
        self._setup = setup
        self._observer = observe
        rules = book_of(setup.settings.rules)
        referred = {symbol: with_references(each, setup.actions, rules) for symbol, each in bars.items()}
        self._histories = histories_of(referred, setup.settings)
        self._days = tuple(sorted({day.date for each in self._histories.values() for day in each.days}))
        self._check_days()
        self._fates = Fates()
        self._fates.messages = [MessageFate(each) for each in messages]
        days = frozenset(self._days)
        self._waiting = [each for each in self._fates.messages if setup.session.trading_day(each.message.at_ns) in days]
        self._next_message = 0
        self._visits = [at_time(day, time_ns) for day in self._days for time_ns in _VISITS]
        self._next_visit = 0
        feed, self._market = market_of(self._histories, setup.fills, setup.session)
        start_ns = min([self._visits[0], *(each.message.at_ns for each in self._waiting[:1])])
        self._clock = ReplayClock(start_ns)
        self._exchange = Exchange(
            setup.openings,
            feed,
            now_ns=start_ns,
            session=setup.session,
            rules=rules,
            actions=lambda: setup.actions,
            market=self._market,
        )
        self._counter = ReplayCounter(self._exchange, self._clock)
        self._engine = Engine()
        self._inbox = Inbox(
            self._clock,
            bare={door.name: door.bare for door in setup.settings.doors},
            infer_market=frozenset(door.name for door in setup.settings.doors if door.infer_market),
        )
        self._loop = Loop(
            engine=self._engine,
            inbox=self._inbox,
            journal=_ForgetfulJournal(),
            broker_of={each.account: self._counter for each in setup.openings}.get,
            feed=feed,
            clock=self._clock,
            trading_day=setup.session.trading_day,
            day_after=setup.session.day_after,
            actions_told=ExDays(lambda: setup.actions).told,
            head=(0, GENESIS),
            observe=self._observe,
        )
        self._inbox.on_control = self._loop.decide_control
        self._day = setup.session.trading_day(start_ns)
        self._evenings: dict[AccountId, list[Evening]] = {each.account: [] for each in setup.openings}
        self._mornings: dict[AccountId, list[Morning]] = {each.account: [] for each in setup.openings}
        self._watches_prices = prices_matter(setup.settings, messages)

    def run(self) -> Replayed:
        settings, accounts = self._setup.settings, tuple(each.account for each in self._setup.openings)
        bound = ev.JournalBound(JOURNAL_FORMAT, settings.mode, ALPHABET[0] * TAG_LENGTH, accounts)
        self._loop.begin(bound, __version__, settings)
        self._counter.start(self._inbox.report)
        self._settle()
        while instant := self._next_ns():
            self._visit(instant)
        self._close_day()
        self._fates.finish()
        return Replayed(
            setup=self._setup,
            histories=self._histories,
            days=self._days,
            evenings=self._evenings,
            mornings=self._mornings,
            fates=self._fates,
            reasons=self._market.reasons,
        )

    def _observe(self, records: Sequence[Record]) -> None:
        self._fates.observe(records)
        self._observer(records)

    def _visit(self, now_ns: int) -> None:
        """Let everything happen that happens at one instant: the market, then each message and what it orders."""
        day = self._setup.session.trading_day(now_ns)
        if day != self._day:
            self._close_day()
        self._clock.at_ns = now_ns
        self._counter.advance()
        if day != self._day:
            self._open_day(day)
        self._settle()
        while self._next_message < len(self._waiting) and self._waiting[self._next_message].message.at_ns <= now_ns:
            fate = self._waiting[self._next_message]
            self._next_message += 1
            fate.was_replayed = True
            message = fate.message
            self._inbox.message(message.door or self._setup.door, message.payload, message.at_ns, fate)
            self._settle()

    def _settle(self) -> None:
        """Let the loop carry all that has arrived, the exchange what it hands over, and the loop what comes of it."""
        while self._loop.turn(last=True):
            self._counter.advance()

    def _next_ns(self) -> int:
        """Return the next instant at which something can happen; 0: history has ended."""
        now_ns = self._clock.at_ns
        while self._next_visit < len(self._visits) and self._visits[self._next_visit] <= now_ns:
            self._next_visit += 1
        coming = [self._waiting[self._next_message].message.at_ns] if self._next_message < len(self._waiting) else []
        found = min([*self._visits[self._next_visit : self._next_visit + 1], *coming], default=0)
        if not found:
            return 0
        due_ns = self._engine.next_due_ns()
        if due_ns > now_ns:
            found = min(found, due_ns)
        for symbol in self._exchange.working_symbols:
            trade_ns = self._market.next_ns(symbol, now_ns)
            if trade_ns:
                found = min(found, trade_ns)
        if self._watches_prices:
            found = min(found, self._next_mark_ns(now_ns, found))
            second_ns = found - found % SECOND_NS
            if second_ns > now_ns:
                return second_ns  # Prices are looked at once a second: at each whole one, so that none is overslept.
        return found

    def _next_mark_ns(self, now_ns: int, found: int) -> int:
        """Return when the price of something that is held moves next; a price that has just come is a second old."""
        held = {
            symbol
            for account in self._engine.state.accounts.values()
            for symbol, position in account.positions.items()
            if position.quantity or symbol in account.day_flows
        }
        for symbol in held:
            trade_ns = self._market.next_ns(symbol, now_ns - SECOND_NS)
            if trade_ns:
                found = min(found, trade_ns if trade_ns > now_ns else trade_ns + SECOND_NS)
        return found

    def _close_day(self) -> None:
        """Write down what every account has at the end of a day."""
        now_ns = self._clock.at_ns
        for account, evenings in self._evenings.items():
            listed = self._exchange.listing(account, asked_ns=now_ns, now_ns=now_ns)
            evenings.append(Evening(self._day, listed))

    def _open_day(self, day: dt.date) -> None:
        """Write down what a day has brought before anything was traded."""
        now_ns, before, self._day = self._clock.at_ns, self._day, day
        come = [each for each in self._setup.actions if before < each.ex_day <= day]
        if not come:
            return
        for account, evenings in self._evenings.items():
            listed = evenings[-1].listed
            held = {each.symbol: each.quantity for each in listed.positions if each.quantity}
            cash = int(listed.cash)
            for action in sorted(come, key=lambda each: each.ex_day):
                if action.symbol in held:
                    after, paid = adjusted_quantity(held[action.symbol], action), cash_of(held[action.symbol], action)
                    self._mornings[account].append(Morning(day, action.symbol, after - held[action.symbol], paid))
                    held[action.symbol], cash = after, cash + paid
            now = self._exchange.listing(account, asked_ns=now_ns, now_ns=now_ns)
            assert now.cash == cash, (account, day)
            assert {each.symbol: each.quantity for each in now.positions} == held, (account, day)

    def _check_days(self) -> None:
        if not self._days:
            raise ConfigurationError("没有一天行情 / history has no day")
        calendar = self._setup.session.calendar
        for day in self._days:
            if calendar.next_from(day) != day:
                raise ConfigurationError(
                    f"行情里有 {day}，日历上那天不开市：数据有误，或用 qmt calendar import 补日历 / "
                    f"history has {day}, on which the calendar knows no trading: wrong data, or extend the calendar"
                )


def histories_of(bars: Mapping[str, Bars], settings: EngineSettings) -> dict[Symbol, History]:
    """Return ``bars`` as a replay goes through them, by the rules of ``settings``.

    Raises:
        ColumnsError: they are adjusted, or snapshots without levels.
    """
    rules = book_of(settings.rules)
    return {Symbol(symbol): History(each, rules) for symbol, each in bars.items()}


def market_of(
    histories: Mapping[Symbol, History], fills: FillModel, session: Session
) -> tuple[HistoryFeed, BarMarket | SnapshotMarket]:
    """Return what is known of ``histories`` at each instant, and what orders execute against."""
    feed = HistoryFeed(histories)
    if any(each.is_ticks for each in histories.values()):
        return feed, SnapshotMarket(histories, fills, session)
    return feed, BarMarket(histories, fills, session)
