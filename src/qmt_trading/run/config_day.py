"""``[day]`` and ``[morning]``: the night, the check, the report and the machine that stays awake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from qmt_trading.model.settings import AccountSettings
from qmt_trading.run.config_reader import Table
from qmt_trading.run.config_session import hours_of
from qmt_trading.run.day.night import USUAL, Night


class DaySettings(NamedTuple):
    """What is done around a trading day."""

    night: Night | None
    """None: a link that is down is an alarm at any hour."""
    check: bool | None
    """Of every account; None: of those behind a QMT terminal."""
    report: bool
    """The day's report is written after the close."""
    awake: bool
    """The machine is kept from sleeping outside the night."""

    def given_to(self, accounts: Sequence[AccountSettings], *, checked: frozenset[str]) -> list[AccountSettings]:
        """Return ``accounts``, each with whether it is checked; ``checked``: the terminals that are by themselves."""
        return [
            replace(each, morning_check=each.terminal in checked if self.check is None else self.check)
            for each in accounts
        ]


DEFAULT: Final = DaySettings(None, None, report=False, awake=False)


def read_day(root: Table, *, is_real: bool) -> DaySettings:
    """Return what the two tables say; ``is_real``: a QMT terminal is among the terminals, which decides the defaults.

    Raises:
        ConfigurationError: with file, line and what would be right.
    """
    morning, day = root.table("morning"), root.table("day")
    check = morning.flag("check", False) if morning.has("check") else None
    morning.know("check")
    morning.close()
    night = _night(day, is_real=is_real)
    report = day.flag("report", is_real)
    awake = day.flag("awake", is_real)
    day.close()
    return DaySettings(night, check, report, awake)


def _night(table: Table, *, is_real: bool) -> Night | None:
    if not table.has("night"):
        table.know("night")
        return Night(*USUAL) if is_real else None
    written = table.text("night")
    if written == "none":
        return None
    hours = hours_of(written)
    if hours is None:
        table.wrong("night", '写作 "16:00-08:30"，没有夜间写 "none"', 'is written "16:00-08:30", or "none"')
    return Night(*hours)
