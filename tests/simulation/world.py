"""One seeded world: what may happen in it, step by step, to the sender, the process, the venue and the people."""

from __future__ import annotations

import datetime as dt
from typing import Final

from msgspec.structs import replace

from qmt_trading.codec import state_snapshot
from qmt_trading.model import events as ev
from qmt_trading.model import instant
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from qmt_trading.model.outputs import Output
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import SideScope, TradingState
from qmt_trading.ports import StoredSnapshot
from qmt_trading.run.inbox import Arrival, Ask
from tests.simulation.invariants import check_state
from tests.simulation.sender import Message, Way, compose
from tests.simulation.stage import ACCOUNTS, FEWER, SETTINGS, SMALLER, Stage
from tests.simulation.venue import SYMBOLS

CLOCK_STEPS_S: Final = (-3600, -90, -2, 2, 90, 90, 90, 3600, 3600)

__all__ = ["ACCOUNTS", "SETTINGS", "World"]


class World(Stage):
    """The stage, and all that may happen on it; every ``act_…`` is one thing."""

    # The process

    def act_turn(self) -> None:
        """Carry one batch; an idle turn, which seldom shows anything, is mostly left out."""
        if self.loop is None or not (self.loop.has_work() or self.rng.random() < 0.3):
            return
        self.turns += 1
        if self.turn():
            assert self.engine is not None
            check_state(self.engine.state)

    def act_control(self) -> None:
        if self.loop is not None and self.inbox is not None and self.inbox.control:
            self.venue.now_ns = self.now_ns
            self.loop.control_turn()

    def act_light(self) -> None:
        if self.loop is not None and not self.fuse.burns:
            self.fuse.light(self.rng.randint(0, 15))

    def act_start(self) -> None:
        """Start a process where there is none, or where the journal takes nothing, now and then configured anew."""
        if self.loop is not None and self.loop.closed and self.rng.random() < 0.5:
            self.kill()
        if self.loop is None:
            if self.habits.wild:
                chance = self.rng.random()
                accounts = SMALLER if chance < 0.15 else FEWER if chance < 0.25 else None
                self.settings = self.base if accounts is None else replace(self.base, accounts=accounts)
            self.ledger.judged["starts with another configuration"] += self.settings is not self.base
            self.start()
            self.warm_up()

    def warm_up(self) -> None:
        """Mostly let a new session's first lists come before anything else: without them nothing is sent."""
        if self.rng.random() < 0.75:
            for _ in range(3):
                self.act_turn()
                while self.venue.commands:
                    self.act_venue()
                while self.venue.reports:
                    self.act_report()
            self.act_turn()

    def act_snapshot(self) -> None:
        if self.loop is not None and self.journal is not None:
            taken = self.loop.capture()
            if taken is not None:
                number, seal, snapshot = taken
                payload = b"\n".join(state_snapshot.encode_parts(snapshot))
                self.journal.save_snapshot(StoredSnapshot(number, seal, payload))

    def act_disk(self) -> None:
        if self.journal is not None and self.rng.random() < 0.1:
            self.journal.fail_next = True

    def _during_commit(self) -> None:
        """Let time pass and the control thread act while the loop's thread waits for the disk."""
        rng = self.rng
        if not self.meddles or self.loop is None:
            return
        if self.habits.wild and rng.random() < 0.12:
            self.now_ns += rng.choice((400, 1_500, 3_000, 11_000)) * MILLISECOND_NS
        if rng.random() < 0.3:
            chance = rng.random()
            if chance < 0.15:
                self._halt(None)
                if chance < 0.12:
                    self._resume(None)
            elif chance < 0.4:
                self.act_cancel()
            self.loop.control_turn()

    # The sender

    def act_send(self) -> None:
        rng = self.rng
        for _ in range(rng.choice((2, 2, 3) if self.habits.twins else (1, 1, 2, 3))):
            if self.messages and rng.random() < 0.25:
                self._deliver(rng.choice(self.messages))
            else:
                before = self.messages[-1] if self.messages else None
                message = compose(rng, len(self.messages) + 1, self.habits, before, self.now_ns)
                self.messages.append(message)
                self._deliver(message)

    def act_file(self) -> None:
        """Drop a file of several messages into the folder now and then, and let its door go on."""
        rng = self.rng
        if rng.random() < 0.5:
            file: list[Message] = []
            for _ in range(rng.randint(1, 3)):
                message = compose(rng, len(self.messages) + 1, self.habits, None, self.now_ns)
                self.messages.append(message)
                if message.key:
                    file.append(message)
            self.files.append(file)
        self.work_files()

    def work_files(self) -> bool:
        """Send the next message of each file that is not done, and tell whether there was one.

        A file's messages go one by one, each when the one before is answered; a process that finds a file begins with
        what has had no receipt. What the last process died of is thus said again, under its own id.
        """
        if self.inbox is None:
            return False
        did = False
        for file in self.files:
            message = next((each for each in file if not each.receipts), None)
            if message is not None and self._in_flight.get(message.key) is not self.inbox:
                self._in_flight[message.key] = self.inbox
                self._deliver(message)
                self.ledger.judged["rows of files"] += 1
                did = True
        return did

    def _deliver(self, message: Message) -> None:
        inbox = self.inbox
        if inbox is None or (not message.key and message.sends):
            return
        message.sends += 1
        way = Way(self.fuse, message, self.ledger)
        waiting = len(inbox.control)
        inbox.message("door", message.payload, self.now_ns, way)
        lane = inbox.control if len(inbox.control) > waiting else inbox.signals
        arrival = lane[-1]
        assert isinstance(arrival, Arrival)
        way.position = self.ledger.arrive(arrival.number, self.now_ns, message)

    # People

    def act_halt(self) -> None:
        self._halt(AccountId("a01") if self.rng.random() < 0.5 else None)

    def _halt(self, account: AccountId | None) -> None:
        rng = self.rng
        state = TradingState.REDUCING if rng.random() < 0.3 else TradingState.HALTED
        request = ev.HaltRequested("test", "seeded", account, state, cancel_open=rng.random() < 0.5)
        position = self._ask(request)
        self.ledger.judged["halts"] += position > 0

    def act_resume(self) -> None:
        if self.engine is not None:
            state = self.engine.state
            if state.trading_state is not TradingState.ACTIVE:
                self._resume(None)
            for number, account in state.accounts.items():
                if account.state is not TradingState.ACTIVE:
                    self._resume(number)

    def _resume(self, account: AccountId | None) -> None:
        self.ledger.resume(account or "", self._ask(ev.ResumeRequested("test", "seeded", account)))

    def act_cancel(self) -> None:
        """Let a person cancel one order, or all of a reach."""
        rng = self.rng
        if self.engine is None:
            return
        live = [key for account in self.engine.state.accounts.values() for key in account.live]
        if live and rng.random() < 0.3:
            order = self.engine.state.order(rng.choice(live))
            name = order.broker_order_id or order.venue_order_id or order.client_order_id
            self._ask(ev.CancelRequested("test", "seeded", order_id=name))
            return
        account = rng.choice((None, AccountId("a01"), AccountId("a02")))
        symbol = rng.choice((None, *SYMBOLS))
        side = rng.choice((SideScope.ALL, SideScope.BUY, SideScope.SELL))
        self._ask(ev.CancelRequested("test", "seeded", account, symbol, side))  # type: ignore[arg-type]

    def _ask(self, request: ev.Request) -> int:
        """Put ``request`` on the control lane; return its place in the run, 0 where nobody can take it."""
        inbox, ledger = self.inbox, self.ledger
        if inbox is None:
            return 0

        def answer(outputs: list[Output], on_disk: bool) -> None:
            if on_disk:
                ledger.confirm(position)
                if isinstance(request, ev.HaltRequested):
                    ledger.confirm_halt(request.account or "", position)

        inbox.ask(request, answer)
        asked = inbox.control[-1]
        assert isinstance(asked, Ask)
        position = ledger.arrive(asked.arrival, self.now_ns)
        return position

    # The venue and the link

    def act_venue(self) -> None:
        self.venue.now_ns = self.now_ns
        self.venue.step()

    def act_report(self) -> None:
        if self.inbox is not None:
            report = self.venue.take_report()
            if report is not None:
                self.inbox.report(report)

    def act_flow(self) -> None:
        """Let several commands and reports arrive."""
        venue = self.venue
        for _ in range(self.rng.randint(2, 8)):
            self.act_venue()
            if venue.reports:
                self.act_report()
                self.act_report()
            elif not venue.commands:
                return

    def act_fill(self) -> None:
        self.venue.now_ns = self.now_ns
        self.venue.fill_something()

    def act_foreign(self) -> None:
        self.venue.now_ns = self.now_ns
        self.venue.foreign(self.rng.choice(ACCOUNTS))

    def act_phase(self) -> None:
        """Begin or end a phase in which the exchange takes no cancels."""
        self.venue.no_cancel = not self.venue.no_cancel and self.rng.random() < 0.5

    def act_break(self) -> None:
        told = "untold_break" not in self.lies
        self.venue.disconnect(told=told)
        if self.rng.random() < 0.5:
            self.act_foreign()

    def act_connect(self) -> None:
        if self.loop is not None and not self.venue.connected:
            self.venue.connect()
            self.warm_up()

    # Time

    def act_time(self) -> None:
        self.now_ns += self.rng.choice((1, 20, 400, 2_000, 12_000, 31_000)) * MILLISECOND_NS

    def act_clock(self) -> None:
        """Step the wall clock."""
        if self.ledger.steps < self.habits.steps_max:
            self.ledger.steps += 1
            step_ns = self.rng.choice(CLOCK_STEPS_S) * SECOND_NS
            self.now_ns += step_ns
            self.offset_ns += step_ns

    def act_day(self) -> None:
        if self.rng.random() < 0.7:
            return
        if self.rng.random() < 0.2:
            self.act_halt()  # For the night.
            self.act_control()
            self.act_turn()
        day = instant.day_of(self.now_ns) + dt.timedelta(days=1)
        self.now_ns = instant.at_time(day, 9 * 3600 * SECOND_NS)
        self.venue.open_day(day)
        if self.messages and self.rng.random() < 0.7:
            self._deliver(self.rng.choice(self.messages))  # It may come before the day is opened on disk.
