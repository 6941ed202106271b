"""Watches the trading day: conditions that change, checks that are due, the last minute for cancels, the report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from qmt_trading.market.sessions import Session
from qmt_trading.model.events import CancelsEnding, MorningChecked
from qmt_trading.model.instant import at_time, day_of, time_of_day_ns
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import NoCancelPhase
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import AccountRow, View
from qmt_trading.model.words import LinkState
from qmt_trading.ports import Clock
from qmt_trading.run.day.awake import Awake
from qmt_trading.run.day.checklist import Item, checklist, message_of, red_of
from qmt_trading.run.day.condition import CONDITION_TEXT, STARTING_NS, Condition, Standing, condition_of
from qmt_trading.run.day.gather import Gather

MINUTE_NS: Final = 60 * SECOND_NS
CHECK_FROM_NS: Final = (8 * 60 + 45) * MINUTE_NS
CHECK_UNTIL_NS: Final = (9 * 60 + 14) * MINUTE_NS
REPORT_FROM_NS: Final = (15 * 60 + 35) * MINUTE_NS
LOOK_AGAIN_NS: Final = 30 * SECOND_NS
"""How often a red account is looked at again, to be told of only when something has changed."""
NOON_NS: Final = 12 * 60 * MINUTE_NS
_LEVELS: Final = {Condition.DEGRADED: "warning", Condition.DOWN: "warning"}

Notice = MorningChecked | CancelsEnding


class Say(Protocol):
    """The log."""

    def __call__(self, level: str, event: str, text: str, **fields: object) -> None: ...


class _Checked:
    """When one account was checked for what, in this process."""

    __slots__ = ("day", "looked_ns", "morning", "red", "session")

    def __init__(self) -> None:
        self.day: dt.date | None = None
        self.session = 0
        self.morning: dt.date | None = None
        """The last day on which the check of 8:45 was made."""
        self.looked_ns = 0
        self.red: tuple[str, ...] | None = None
        """What the last told check found; None: none was told yet."""


class DayWatch:
    """``look`` is for one thread, which must live as long as the engine; what is read may be read by any."""

    def __init__(
        self,
        *,
        view: Callable[[], View],
        clock: Clock,
        session: Session,
        gather: Gather,
        checked: frozenset[AccountId],
        no_cancel: tuple[NoCancelPhase, ...],
        report: Callable[[Notice], None],
        say: Say,
        awake: Awake | None = None,
        write_report: Callable[[dt.date], None] | None = None,
    ) -> None:
        """Take the parts.

        Args:
            checked: the accounts that are checked.
            report: takes what goes on record.
            awake: None: the machine may sleep.
            write_report: writes the report of a day that is over; None: nobody wants one.
        """
        self._view = view
        self._clock = clock
        self._session = session
        self._gather = gather
        self._accounts = checked
        self._report = report
        self._say = say
        self._awake = awake
        self._write_report = write_report
        self._endings = sorted({phase.begins_ns for phase in no_cancel if phase.begins_ns > NOON_NS})
        self._told_ending_ns = 0
        self._checked: dict[AccountId, _Checked] = {}
        self._reported: dt.date | None = None
        self._began_ns = clock.steady_ns()
        self._conditions: Mapping[AccountId, Standing] = {}

    def condition(self, row: AccountRow) -> Standing:
        """Return the condition of one account as of now; from any thread."""
        return condition_of(self._gather.seen(row))

    def items(self, row: AccountRow) -> tuple[Item, ...]:
        """Go through the checklist of one account as of now; from any thread, and nothing is told of it."""
        return checklist(self._gather.facts(row))

    def look(self) -> None:
        """Do what is due."""
        view, now_ns = self._view(), self._clock.now_ns()
        self._tell_conditions(view)
        rests = self._gather.is_night(now_ns)
        for row in view.accounts:
            if row.account in self._accounts and not rests:  # What is due in the night is told when it ends.
                self._check(row, view.day, now_ns)
        if self._session.trading_day(now_ns) == day_of(now_ns) and not self._session.always_open:
            self._tell_endings(now_ns)
            self._write(now_ns)
        if self._awake is not None:
            told = self._awake.hold(not rests)
            if told:
                self._say("info", "awake", told)

    def close(self) -> None:
        """Let the machine sleep again; by the thread that has looked."""
        if self._awake is not None:
            self._awake.hold(False)

    def _tell_conditions(self, view: View) -> None:
        found = {row.account: self.condition(row) for row in view.accounts}
        for row in view.accounts:
            standing, before = found[row.account], self._conditions.get(row.account)
            if before is None or before.condition is not standing.condition:
                shown = row.name or f"…{row.account[-4:]}"
                text = f"账户 {shown} {CONDITION_TEXT[standing.condition]}：{standing.chinese}"
                level = _LEVELS.get(standing.condition, "info")
                self._say(level, "condition", text, condition=standing.condition.value)
        self._conditions = found

    def _check(self, row: AccountRow, of: dt.date | None, now_ns: int) -> None:
        known = self._checked.setdefault(row.account, _Checked())
        due, again = self._is_due(row, of, known, now_ns), self._looks_again(known, now_ns)
        if not due and not again:
            return
        items = self.items(row)
        known.looked_ns = now_ns
        red = red_of(items)
        if due or red != known.red:
            known.red = red
            chinese, english = message_of(items)
            self._report(MorningChecked(row.account, red, chinese, english))

    def _is_due(self, row: AccountRow, of: dt.date | None, known: _Checked, now_ns: int) -> bool:
        """Tell whether one message is due: at a start, a reconnection, the opening of a day, and before 9:15.

        ``of``: the day that the row is of; yesterday's row says nothing of today.
        """
        today, due = day_of(now_ns), False
        day = self._session.trading_day(now_ns)
        compared = row.ready and row.link is LinkState.CONNECTED and row.listed_session == row.session and of == day
        starting = self._clock.steady_ns() - self._began_ns <= STARTING_NS
        if compared and (known.day, known.session) != (day, row.session):
            known.day, known.session, due = day, row.session, True
        is_early = CHECK_FROM_NS <= time_of_day_ns(now_ns) < CHECK_UNTIL_NS
        if is_early and known.morning != today and day == today and (compared or not starting):
            known.morning, due = today, True
        if known.red is None and not starting:
            due = True  # It never came: that is worth a red message, too.
        return due

    @staticmethod
    def _looks_again(known: _Checked, now_ns: int) -> bool:
        return bool(known.red) and abs(now_ns - known.looked_ns) >= LOOK_AGAIN_NS

    def _tell_endings(self, now_ns: int) -> None:
        """Tell a minute ahead that cancels end; a process that began within that minute tells it, too."""
        for begins_ns in self._endings:
            at_ns = at_time(day_of(now_ns), begins_ns)
            if at_ns - MINUTE_NS <= now_ns < at_ns and self._told_ending_ns != at_ns:
                self._told_ending_ns = at_ns
                self._report(CancelsEnding(at_ns))

    def _write(self, now_ns: int) -> None:
        today = day_of(now_ns)
        if self._write_report is None or self._reported == today or time_of_day_ns(now_ns) < REPORT_FROM_NS:
            return
        self._reported = today
        self._write_report(today)
