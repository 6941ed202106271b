"""A broker's list on its way: parts are gathered as they come and become one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from qmt_trading.brokers.linked.translate import Row, Translate
from qmt_trading.link.messages import Listed, Part
from qmt_trading.model.errors import QmtError
from qmt_trading.model.events import BrokerListed
from qmt_trading.model.numbers import Money
from qmt_trading.model.signal import AccountId

ROW_ERRORS = (QmtError, ValueError, KeyError, TypeError)
"""What a translation may raise: the row cannot be read."""
_Made = TypeVar("_Made")


class Gathered:
    """The parts of one list that was asked for at ``asked_ns``, wall clock."""

    def __init__(self, account: AccountId, asked_ns: int) -> None:
        self.account = account
        self._asked_ns = asked_ns
        self._rows: dict[str, list[Row]] = {"order": [], "fill": [], "position": [], "asset": []}
        self.unreadable: list[str] = []
        """What could not be read, in words, once the report is made."""
        self.doubts: list[tuple[str, str]] = []
        """What a person must look at, in Chinese and English, once the report is made."""

    def add(self, part: Part) -> None:
        self._rows[part.kind] += part.rows

    def report(self, listed: Listed, session: int, translate: Translate) -> BrokerListed:
        """Return the report. A list with a row that cannot be read, or without an asset, is not complete."""
        rows = self._read(self._rows["order"], translate.order_row)
        fills = self._read(self._rows["fill"], translate.fill_row)
        try:
            positions = translate.positions(self._rows["position"], self.account, rows)
        except ROW_ERRORS as error:
            self.unreadable.append(str(error))
            positions = ()
        doubts = self._read(self._rows["order"], translate.doubt) if rows else []
        self.doubts += doubts
        money = self._read(self._rows["asset"][-1:], lambda row: translate.asset(row, self.account))
        cash, frozen, total = money[0] if money else (Money(0), Money(0), Money(0))
        # Nothing was told of positions, and the money does not say that there are none: they are missing.
        holds_more = "position" in listed.none and total != cash + frozen
        return BrokerListed(
            account=self.account,
            session=session,
            asked_ns=self._asked_ns,
            complete=listed.complete and bool(money) and not self.unreadable and not holds_more,
            alive=listed.alive,
            cash=Money(cash + frozen),
            positions=positions,
            rows=tuple(rows),
            fills=tuple(fills),
            total_assets=total,
            is_doubtful=bool(listed.none),
        )

    def _read(self, rows: Sequence[Row], translate: Callable[[Row], _Made | None]) -> list[_Made]:
        made = []
        for row in rows:
            try:
                value = translate(row)
            except ROW_ERRORS as error:
                self.unreadable.append(str(error))
            else:
                if value is not None:
                    made.append(value)
        return made
