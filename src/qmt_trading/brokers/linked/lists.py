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
        self._sessions: set[int] = set()
        self.unreadable: list[str] = []
        """What could not be read, in words, once the report is made."""
        self.doubts: list[tuple[str, str]] = []
        """What a person must look at, in Chinese and English, once the report is made."""

    def add(self, part: Part) -> None:
        """Take one part; parts of two sessions of the host are never one complete list."""
        self._sessions.add(part.session)
        self._rows[part.kind] += part.rows

    def miss(self, text: str) -> None:
        """Note that a part may have been lost: what is not in this list proves nothing."""
        self.unreadable.append(text)

    def report(self, listed: Listed, session: int, translate: Translate) -> BrokerListed:
        """Return the report. A list with a row that cannot be read, or without an asset, is not complete."""
        if self._sessions - {listed.session}:
            self.unreadable.append(f"各部分来自不同的连接 / parts of several sessions: {sorted(self._sessions)}")
        for kind in ("order", "fill"):
            self._rows[kind] = [row for row in self._rows[kind] if self._is_own(row, translate)]
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
        # Nothing was told of a kind, and what was told of the others does not say that there is none: it is missing.
        # Fills that are missing would be counted a second time when they come, as the holdings contain them.
        moved = any(map(translate.has_traded_today, self._rows["position"]))
        is_missing = (
            ("position" in listed.none and total != cash + frozen)
            or ("fill" in listed.none and moved)
            or (not fills and any(row.filled_quantity for row in rows))
            or ("order" in listed.none and (moved or bool(frozen) or bool(fills)))
        )
        return BrokerListed(
            account=self.account,
            session=session,
            asked_ns=self._asked_ns,
            complete=listed.complete and bool(money) and not self.unreadable and not is_missing,
            alive=listed.alive,
            cash=Money(cash + frozen),
            positions=positions,
            rows=tuple(rows),
            fills=tuple(fills),
            total_assets=total,
            is_doubtful=bool(listed.none),
        )

    def _is_own(self, row: Row, translate: Translate) -> bool:
        """Tell whether a row is not another account's, whose fills would move our cash."""
        named = translate.account_of(row)
        if named and named != self.account:
            self.unreadable.append(f"账号 {self.account} 的列表里有账号 {named} 的行 / a row of another account")
            return False
        return True

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
