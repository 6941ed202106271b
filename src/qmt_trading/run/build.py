"""The application: everything built from a configuration, started in order, watched, and stopped in order."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TextIO

import msgspec

from qmt_trading import __version__
from qmt_trading.brokers.simulated.chaos import Lie
from qmt_trading.codec.journal_record import Record
from qmt_trading.engine.ids import ALPHABET, TAG_LENGTH
from qmt_trading.feeds.recorded import RecordedFeed
from qmt_trading.feeds.synthetic import SyntheticFeed
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.market.rulebook import book_of
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import ConfigurationError, DoorError, LockedError
from qmt_trading.model.instant import day_of
from qmt_trading.model.morning import CheckItem
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.view import AccountRow, View
from qmt_trading.model.words import LinkState, TradingState
from qmt_trading.ports import Broker, MarketFeed, SignalSource
from qmt_trading.run.actions_file import ActionsFile
from qmt_trading.run.capabilities import current_cards, with_capabilities
from qmt_trading.run.clients import Clients
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.config import Configuration
from qmt_trading.run.config_terminals import Terminal
from qmt_trading.run.control import Control
from qmt_trading.run.control_door import ControlDoor, control_address
from qmt_trading.run.day.making import make_day_watch
from qmt_trading.run.door_watch import DoorWatch, Watched
from qmt_trading.run.doors import make_door
from qmt_trading.run.ex_days import ExDays, Source
from qmt_trading.run.figures import Figures
from qmt_trading.run.halt_flag import HaltFlag
from qmt_trading.run.housekeeping import Housekeeping
from qmt_trading.run.inbox import Inbox
from qmt_trading.run.locks import Lock, account_lock, folder_lock
from qmt_trading.run.loop import Loop
from qmt_trading.run.narrator import Narrator
from qmt_trading.run.pulse import Pulse
from qmt_trading.run.reading import journal_path
from qmt_trading.run.recovery import Recovered, recover
from qmt_trading.run.starts import StartLog, set_aside
from qmt_trading.run.terminals import Exchanges

JOURNAL_FORMAT: Final = 1
CONTROL_WAIT_S: Final = 0.025
"""How often the flag file is looked for, at least."""
STOP_WAIT_S: Final = 5.0
READY_WAIT_NS: Final = 3 * SECOND_NS
DRAIN_NS: Final = SECOND_NS // 2


class Application:
    """One engine over one data folder. Build, ``start``, ``wait``, ``stop``."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        safe: bool = False,
        console: TextIO | None = None,
        chaos: frozenset[Lie] = frozenset(),
    ) -> None:
        """Take locks, read the journal and build every part; nothing trades yet.

        Args:
            chaos: what the embedded exchange lies about, for the curious; on paper only.

        Raises:
            ConfigurationError: the folder belongs to another mode.
            JournalError: the journal cannot be used.
            LockedError: another engine holds the folder or an account.
        """
        self._configuration = configuration
        self._chaos = chaos
        self._clock = SystemClock()
        self._asked_to_stop = threading.Event()
        self._stopping = threading.Event()
        """The threads end."""
        self._failure = ""
        self._threads: list[threading.Thread] = []
        self._locks: list[Lock] = []
        folder = configuration.folder
        folder.mkdir(parents=True, exist_ok=True)
        self._take_locks()
        try:
            self._journal = SqliteJournal(journal_path(folder))
            self._narrator = Narrator(configuration, self._clock, console=console)
            self._starts = StartLog(folder)
            recovered = recover(self._journal, progress=self._narrator.folding)
            self._check_binding(recovered)
            self._flag = HaltFlag(folder)
            self._safe = self._why_safe(asked=safe)
            self._session = configuration.session()
            self._rules = book_of(configuration.engine.rules)
            self._cards = current_cards(folder, configuration.terminals, today=day_of(self._clock.now_ns()))
            settings = with_capabilities(configuration.engine, self._cards)
            self._settings = settings
            self._inbox = Inbox(
                self._clock,
                bare={door.name: door.bare for door in settings.doors},
                infer_market=frozenset(door.name for door in settings.doors if door.infer_market),
                pause=time.sleep,
                arrivals=recovered.engine.state.arrival,
            )
            self._pulse = Pulse(self._clock)
            self._inbox.came_ns = self._pulse.received_ns
            self._clients = Clients(
                [each for each in configuration.terminals if each.is_client],
                settings,
                self._cards,
                self._clock,
                self._session,
                self._rules,
                folder=folder,
                report=self._inbox.report,
                ask=self._inbox.ask,
                say=self._narrator.say,
                sessions_before={
                    number: account.session for number, account in recovered.engine.state.accounts.items()
                },
            )
            self._feed = self._make_feed()
            path = configuration.corporate_actions
            self._actions: Source = ActionsFile(path) if path is not None else tuple
            exchanges = Exchanges(folder, self._feed, self._clock, self._session, self._rules, self._actions, chaos)
            self._brokers: dict[str, Broker] = {
                each.name: self._clients.brokers.get(each.name) or exchanges.broker(each)
                for each in configuration.terminals
            }
            self._broker_of = {
                account.account: self._brokers[account.terminal] for account in configuration.engine.accounts
            }
            self._loop = Loop(
                engine=recovered.engine,
                inbox=self._inbox,
                journal=self._journal,
                broker_of=self._broker_of.get,
                feed=self._feed,
                clock=self._clock,
                trading_day=self._session.trading_day,
                day_after=self._session.day_after,
                actions_told=ExDays(self._actions).told,
                settings_of=self._settings_of,
                head=(recovered.number, recovered.seal),
                observe=self._observe,
                heed=self._heed,
            )
            self._bound = recovered.engine.state.bound
            self._control = Control(
                self._loop,
                self._inbox,
                self._clock,
                stop=self.ask_to_stop,
                config=configuration.digest,
                chaos=sorted(self._chaos),
                feed=self._feed,
            )
            self._control_door = ControlDoor(control_address(folder), self._control.answer)
            self._doors: list[SignalSource] = [
                make_door(door, now_ns=self._clock.now_ns) for door in configuration.doors
            ]
            self._control.doors = self._doors
            watched: list[Watched] = [*self._doors, self._control_door]
            self._watch = DoorWatch(watched, self._session, self._clock, self._inbox.report)
            self._day = make_day_watch(
                configuration,
                self._loop,
                self._clock,
                self._session,
                self._feed,
                actions=self._actions if path is not None else None,
                report=self._inbox.report,
                say=self._narrator.say,
                outside_of=self._clients.outside,
            )
            self._control.day = self._day
            self._figures = Figures(
                folder,
                self._inbox,
                connections=lambda: [each.connections for each in self._clients.conditions()],
                clock_ahead_ns=self._clients.clock_ahead_ns,
            )
            self._control.figures = self._figures
            self._housekeeping = Housekeeping(
                self._loop,
                self._journal,
                self._clock,
                head=self._narrator.head,
                trouble=self._narrator.trouble,
                watch=self._look,
                end=self._day.close,
            )
        except BaseException:
            self._release_locks()
            raise

    @property
    def view(self) -> View:
        """The newest published view."""
        return self._loop.view

    @property
    def failure(self) -> str:
        """Why the application stopped by itself; empty: it did not."""
        return self._failure

    @property
    def doors(self) -> Sequence[SignalSource]:
        return self._doors

    def start(self) -> None:
        """Begin: put the start on record, connect to the brokers, then open the doors.

        Raises:
            DoorError: a door cannot be opened; everything is stopped again.
        """
        configuration = self._configuration
        unclean = self._starts.last_was_unclean
        self._starts.begin(self._clock.now_ns())
        bound = self._bound or ev.JournalBound(
            JOURNAL_FORMAT,
            configuration.engine.mode,
            "".join(secrets.choice(ALPHABET) for _ in range(TAG_LENGTH)),
            tuple(account.account for account in configuration.engine.accounts),
        )
        self._narrator.starting(safe=bool(self._safe), chaos=sorted(self._chaos))
        self._loop.begin(bound, __version__, self._settings, safe=self._safe)
        self._run("loop", self._run_loop)
        self._run("control", self._run_control)
        self._run("pulse", lambda: self._pulse.run(self._stopping))
        self._inbox.on_control = self._decide_control
        self._inbox.on_ask = self._note_request
        self._run("housekeeping", lambda: self._housekeeping.run(self._stopping))
        if self._clients.brokers:
            self._run("quotes", lambda: self._clients.run(self._stopping, lambda: self._loop.view))
        if self._loop.view.trading_state is TradingState.HALTED:
            self._clients.halt("start")
        for broker in self._brokers.values():
            broker.start(self._inbox.report)
        try:
            self._control_door.open()
            self._wait_for_brokers()
            for door in self._doors:
                door.open(self._inbox)
        except DoorError:
            self.stop()
            raise
        self._narrator.started(self._doors, self._loop.view, unclean=unclean)

    def _drain(self) -> None:
        """Let the loop answer what has arrived before the doors, and the way back, are shut; not for long."""
        until_ns = self._clock.steady_ns() + DRAIN_NS
        while self._loop.has_work() and not self._stopping.is_set() and self._clock.steady_ns() < until_ns:
            time.sleep(0.005)

    def _wait_for_brokers(self) -> None:
        """Keep the doors shut until every account can trade, so that nobody's first message is denied; not for long."""
        until_ns = self._clock.steady_ns() + READY_WAIT_NS
        while self._clock.steady_ns() < until_ns and not self._stopping.is_set():
            rows = self._loop.view.accounts
            if rows and all(_can_trade(row) for row in rows):
                return
            time.sleep(0.005)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the application is to stop; return whether it is."""
        return self._asked_to_stop.wait(timeout_s)

    def ask_to_stop(self) -> None:
        """Make ``wait`` return; from any thread."""
        self._asked_to_stop.set()

    def stop(self) -> None:
        """Close the doors, finish what is under way, and let go of everything. Orders at the broker stay there."""
        self._asked_to_stop.set()
        self._drain()
        for door in self._doors:
            door.close()
        self._stopping.set()
        self._inbox.loop_wake.set()
        self._inbox.control_wake.set()
        for broker in self._brokers.values():
            broker.stop()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(STOP_WAIT_S)
        self._control_door.close()
        if any(thread.is_alive() for thread in self._threads if thread is not threading.current_thread()):
            # A commit hangs: its thread owns the loop and the journal, and the process ends around both.
            self._failure = self._failure or "一个线程未能按时停止（磁盘无响应？）"
            self._narrator.stopped(self._loop.head, self._failure)
            return
        if not self._failure:
            while self._loop.turn(last=True):
                pass
            self._housekeeping.snapshot()
            self._starts.end()
        self._journal.close()
        self._narrator.stopped(self._loop.head, self._failure)
        self._release_locks()

    # Threads

    def _run(self, name: str, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the top of a thread: what falls out of it stops the engine.
                self._fail(name, error)

        thread = threading.Thread(target=guarded, name=f"qmt-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _fail(self, name: str, error: Exception) -> None:
        self._failure = self._failure or f"{name}: {type(error).__name__}: {error}"
        self._set_aside(error)
        self._narrator.failure(name, error)
        self._stopping.set()
        self._asked_to_stop.set()

    def _decide_control(self) -> None:
        """Decide a cancel or a halt on the thread that brought it."""
        try:
            self._loop.decide_control()
        except Exception as error:  # noqa: BLE001 - a fault of the engine stops it, and not a door's thread.
            self._fail("control", error)

    def _set_aside(self, error: Exception) -> None:
        """Keep the event that the engine died of: it is not on record, and people should see it."""
        event = self._loop.deciding_on
        if event is not None:
            why = f"{type(error).__name__}: {error}"
            set_aside(self._configuration.folder, msgspec.json.encode(event), why, self._clock.now_ns())

    def _run_loop(self) -> None:
        loop, inbox, stopping = self._loop, self._inbox, self._stopping
        while not stopping.is_set():
            if not loop.turn():
                inbox.loop_wake.wait(loop.idle_wait_ns() / 1e9, lambda: loop.has_work() or stopping.is_set())

    def _run_control(self) -> None:
        loop, inbox, stopping, flag = self._loop, self._inbox, self._stopping, self._flag
        while not stopping.is_set():
            flag.tell_risen(lambda: inbox.ask(ev.HaltRequested("file", f"数据文件夹里有 {flag.path.name} 文件")))
            if not loop.control_turn():
                inbox.control_wake.wait(CONTROL_WAIT_S, lambda: bool(inbox.control) or stopping.is_set())

    def _observe(self, records: Sequence[Record]) -> None:
        self._narrator.records(records)
        for record in records:
            if not isinstance(record, out.TradingStateChanged):
                continue
            if record.account is not None:
                if record.state is TradingState.ACTIVE:
                    self._clients.arm_again(record.account)
            elif record.state is TradingState.HALTED:
                self._clients.halt(record.why)
            else:
                self._clients.resume()
                self._flag.take_down()

    def _note_request(self, request: ev.Request) -> None:
        """Act on a request at once, before it is decided."""
        if isinstance(request, ev.ResumeRequested) and request.account is None:
            self._flag.offer()
        elif isinstance(request, ev.HaltRequested) and request.account is None:
            if request.state is TradingState.HALTED:
                self._clients.halt(request.why)

    def _heed(self, request: ev.Request, on_disk: bool) -> None:
        if isinstance(request, ev.HaltRequested) and not on_disk:
            self._flag.put_up(f"{request.who}: {request.why}")  # The journal will not remember it.

    def _look(self) -> None:
        self._watch.look()
        self._day.look()
        self._figures.look(self._loop.view.day)

    # Building

    def _settings_of(self, day: dt.date) -> EngineSettings | None:
        """Look at the capability cards again: a client may have been updated overnight. None: all is as it was."""
        cards = current_cards(self._configuration.folder, self._configuration.terminals, today=day)
        settings = with_capabilities(self._configuration.engine, cards)
        if settings == self._settings:
            return None
        self._settings = settings
        self._clients.cards = cards
        return settings

    def _why_safe(self, *, asked: bool) -> str:
        """Return why this start must be for cancelling only; empty: it need not be."""
        if asked:
            return "qmt run --safe"
        if self._flag.is_up():
            return f"数据文件夹里有 {self._flag.path.name} 文件"
        return self._starts.why_safe(self._clock.now_ns())

    def _take_locks(self) -> None:
        try:
            self._locks.append(folder_lock(self._configuration.folder))
            for terminal in self._configuration.terminals:
                for account in terminal.accounts:
                    self._locks.append(account_lock(self._lock_scope(terminal), account.account))
        except LockedError:
            self._release_locks()
            raise

    def _lock_scope(self, terminal: Terminal) -> str:
        """An embedded exchange lives in this folder alone; accounts of a shared one are locked machine-wide.

        What the terminal is called here says nothing: another folder may call the same counter something else.
        """
        if terminal.qmt is not None:
            return str(terminal.qmt.path.resolve())
        if terminal.fullqmt is not None:
            return terminal.fullqmt.address
        if not terminal.address:
            return str(Path(self._configuration.folder).resolve())
        return terminal.address if terminal.address.startswith("tcp:") else str(Path(terminal.address).resolve())

    def _release_locks(self) -> None:
        for lock in self._locks:
            lock.release()
        self._locks.clear()

    def _check_binding(self, recovered: Recovered) -> None:
        bound = recovered.engine.state.bound
        mode = self._configuration.engine.mode
        if bound is not None and bound.mode is not mode:
            raise ConfigurationError(
                f"数据文件夹属于「{bound.mode.value}」模式，不能用于「{mode.value}」：请换一个文件夹 / "
                f"the data folder belongs to {bound.mode.value} mode, use another one for {mode.value}"
            )

    def _make_feed(self) -> MarketFeed:
        if self._clients.brokers:
            return self._clients.feed
        recording = self._configuration.recording
        if recording is None:
            return SyntheticFeed(self._configuration.terminals[0].seed, self._rules)
        return RecordedFeed(recording, begin_ns=self._clock.now_ns(), rules=self._rules)


def _can_trade(row: AccountRow) -> bool:
    is_checked = CheckItem.UNCHECKED not in row.morning.closed
    return row.ready and row.link is LinkState.CONNECTED and is_checked
