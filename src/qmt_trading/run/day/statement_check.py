"""A broker's statement against our own fills of the same day: what differs in shares, money and fees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money
from qmt_trading.model.order import Fill
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side
from qmt_trading.run.day.statement import Trade


class Totals(NamedTuple):
    """All trades of one symbol and side."""

    quantity: int = 0
    value: Money = Money(0)
    fees: Money = Money(0)


NONE = Totals()


class Compared(NamedTuple):
    """One symbol and side of one account, by us and by the broker."""

    account: AccountId
    symbol: Symbol
    side: Side
    ours: Totals
    theirs: Totals

    @property
    def same_trades(self) -> bool:
        return (self.ours.quantity, self.ours.value) == (self.theirs.quantity, self.theirs.value)

    @property
    def fees_more(self) -> Money:
        """What the broker took beyond what we reckoned; negative: less."""
        return Money(self.theirs.fees - self.ours.fees)


class UnplacedError(ValueError):
    """Rows of a statement belong to no account, or nobody can tell to which."""

    def __init__(self, written: str) -> None:
        super().__init__(written)
        self.written = written
        """As the statement names it; empty: it names none."""


def compare(
    fills: Iterable[Fill],
    trades: Iterable[Trade],
    day: dt.date,
    account_of: dict[str, AccountId],
    accounts: frozenset[AccountId] | None = None,
) -> list[Compared]:
    """Return both sides of every account, symbol and side of ``day``, in order; a statement's other days do not count.

    Args:
        account_of: which account a statement's own word means; ``""`` for rows that name none.
        accounts: whose fills of ours must be in the statement; None: those of every account that a word means.

    Raises:
        UnplacedError: a row of the day whose account is not among them.
    """
    ours: dict[tuple[AccountId, Symbol, Side], Totals] = {}
    theirs: dict[tuple[AccountId, Symbol, Side], Totals] = {}
    for trade in trades:
        if trade.day != day:
            continue
        account = account_of.get(trade.account)
        if account is None:
            raise UnplacedError(trade.account)
        _add(theirs, (account, trade.symbol, trade.side), trade.quantity, trade.value, trade.fees)
    told = set(account_of.values()) if accounts is None else accounts
    for fill in fills:
        if fill.day == day and fill.account in told:
            _add(ours, (fill.account, fill.symbol, fill.side), fill.quantity, fill.price * fill.quantity, fill.fee)
    return list(_paired(ours, theirs))


def _add(
    into: dict[tuple[AccountId, Symbol, Side], Totals],
    key: tuple[AccountId, Symbol, Side],
    quantity: int,
    value: int,
    fees: int,
) -> None:
    before = into.get(key, NONE)
    into[key] = Totals(before.quantity + quantity, Money(before.value + value), Money(before.fees + fees))


def _paired(
    ours: dict[tuple[AccountId, Symbol, Side], Totals], theirs: dict[tuple[AccountId, Symbol, Side], Totals]
) -> Iterator[Compared]:
    for key in sorted(ours.keys() | theirs.keys()):
        yield Compared(*key, ours.get(key, NONE), theirs.get(key, NONE))
