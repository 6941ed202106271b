"""``[compliance]``: what was reported through the broker before programme trading, of all accounts or single ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from qmt_trading import __version__
from qmt_trading.model.settings import (
    HIGH_FREQUENCY_PER_DAY,
    HIGH_FREQUENCY_PER_SECOND,
    AccountSettings,
    Compliance,
)
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Mode
from qmt_trading.run.config_reader import Table

SOFTWARE: Final = f"qmt-trading-system {__version__}"
"""The name of this software in a report, where the configuration gives none."""
_RATE_MAX: Final = 10**9


class Registrations(NamedTuple):
    """What the configuration says of reports."""

    common: Compliance | None
    """Of every account without words of its own; None: there is no ``[compliance]``."""
    single: tuple[tuple[Table, str, Compliance], ...] = ()
    """Table, account as written, and what holds for it."""

    def given_to(self, accounts: Sequence[AccountSettings], known: Mapping[str, AccountId]) -> list[AccountSettings]:
        """Return ``accounts`` with what was reported of each; ``known`` leads from a number or a name to the account.

        Raises:
            ConfigurationError: an account that is not known, or that stands twice.
        """
        found: dict[AccountId, Compliance] = {}
        for table, written, compliance in self.single:
            number = known.get(written)
            if number is None:
                table.wrong("account", f"没有这个账户：{written}", f"there is no such account: {written}")
            if number in found:
                table.wrong("account", f"账户写了两次：{written}", f"account {written} stands twice")
            found[number] = compliance
        return [replace(each, compliance=found.get(each.account, self.common)) for each in accounts]


def read_compliance(root: Table) -> Registrations:
    """Return what ``[compliance]`` says; what holds for single accounts stands in ``[[compliance.accounts]]``.

    Raises:
        ConfigurationError: with file, line and what would be right.
    """
    if not root.has("compliance"):
        root.take("compliance")  # A near miss of the word is told of it.
        return Registrations(None)
    table = root.table("compliance")
    tables = table.tables("accounts")
    common = _compliance(table, None)
    single = tuple((each, each.identity("account"), _compliance(each, common)) for each in tables)
    return Registrations(common, single)


def require_registration(root: Table, mode: Mode, registrations: Registrations, *, simulated: bool) -> None:
    """Refuse to trade a broker's accounts by programme while no report of it is written.

    Raises:
        ConfigurationError: live with money (not only ``simulated`` terminals), and there is no ``[compliance]``.
    """
    if mode is Mode.LIVE and registrations.common is None and not simulated:
        root.wrong(
            "mode",
            "未填写程序化交易报备 [compliance]：首次程序化交易之前经券商报告，再写 registered = 报告日期"
            "（qmt compliance 说明报什么）",
            "live needs [compliance]: report through the broker before the first programme trade, then write "
            "registered = date of the report (qmt compliance says what is reported)",
        )


def is_high_frequency(compliance: Compliance) -> bool:
    """Tell whether the declared rates are those of high-frequency trading, of which more has to be reported."""
    return compliance.per_second_max >= HIGH_FREQUENCY_PER_SECOND or compliance.per_day_max >= HIGH_FREQUENCY_PER_DAY


def _compliance(table: Table, common: Compliance | None) -> Compliance:
    """Return the values of one table; what it leaves out is as in ``common``."""
    registered = _day(table, common)
    base = common or Compliance(registered=registered, software=SOFTWARE)
    found = Compliance(
        registered=registered,
        software=table.text("software", base.software),
        strategy=table.text("strategy", base.strategy),
        per_second_max=table.number("declared_per_second", base.per_second_max, least=1, most=_RATE_MAX),
        per_day_max=table.number("declared_per_day", base.per_day_max, least=1, most=_RATE_MAX),
    )
    if 0 < found.per_day_max < found.per_second_max:
        table.wrong(
            "declared_per_day",
            f"小于每秒的 {found.per_second_max}：一日不会少于其中一秒",
            f"is less than declared_per_second, {found.per_second_max}",
        )
    table.close()
    return found


def _day(table: Table, common: Compliance | None) -> dt.date:
    value = table.take("registered")
    if value is None and common is not None:
        return common.registered
    if value is None:
        table.wrong(
            "registered",
            "缺少经券商报告的日期，例如 registered = 2026-05-20",
            "the date of the report is missing, such as registered = 2026-05-20",
        )
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        table.wrong("registered", "日期写作 2026-05-20，不加引号", "a date such as 2026-05-20, without quotes")
    return value
