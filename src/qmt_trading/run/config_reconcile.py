"""``[reconcile]``: how often the broker is asked, and how far cash may differ; and each account's own policy."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Final, NamedTuple

from msgspec.structs import replace

from qmt_trading.model.numbers import SECOND_NS, UNIT, Money
from qmt_trading.model.reconciliation import OnDifference, OnForeign
from qmt_trading.model.settings import AccountSettings
from qmt_trading.run.config_reader import Table

EVERY_NS: Final = 60 * SECOND_NS
"""Of accounts at a real counter, where nothing is written."""
EVERY_MIN_NS: Final = 10 * SECOND_NS
"""A counter's list takes seconds, and positions lag as long."""
OFF: Final = "off"
TOLERANCE: Final = Money(5 * UNIT)
_ON_DIFFERENCE: Final = {each.value: each for each in OnDifference}
_ON_FOREIGN: Final = {each.value: each for each in OnForeign}


class Reconcile(NamedTuple):
    """What ``[reconcile]`` says."""

    every_ns: int | None
    """0: never by itself; None: not written, so that the kind of terminal decides."""
    cash_tolerance: Money

    def given_to(self, accounts: Iterable[AccountSettings], *, clients: Set[str]) -> list[AccountSettings]:
        """Return ``accounts`` with their interval; ``clients`` names the terminals with a real counter behind."""
        return [replace(each, reconcile_every_ns=self._every(each.terminal in clients)) for each in accounts]

    def _every(self, is_real: bool) -> int:
        if self.every_ns is not None:
            return self.every_ns
        return EVERY_NS if is_real else 0


def read_reconcile(table: Table) -> Reconcile:
    """Return what is written, and what holds where nothing is.

    Raises:
        ConfigurationError: with file, line and what would be right.
    """
    every_ns = _every_ns(table)
    tolerance = table.money("cash_tolerance", TOLERANCE)
    table.close()
    return Reconcile(every_ns, tolerance)


def _every_ns(table: Table) -> int | None:
    if not table.has("every"):
        table.know("every")
        return None
    if table.is_word("every", OFF):
        return 0
    every_ns = table.span_ns("every", EVERY_NS)
    if every_ns < EVERY_MIN_NS:
        table.wrong("every", f'至少 "10s"；不定时核对写 "{OFF}"', f'at least "10s"; "{OFF}" for never by itself')
    return every_ns


class Policy(NamedTuple):
    """What one account does with differences and foreign orders."""

    on_difference: OnDifference
    foreign: OnForeign


def read_policy(table: Table) -> Policy:
    """Return the two keys of an account's table; the rest of it is left for others."""
    return Policy(
        table.word("on_difference", _ON_DIFFERENCE, OnDifference.ABSORB),
        table.word("foreign", _ON_FOREIGN, OnForeign.ABSORB),
    )
