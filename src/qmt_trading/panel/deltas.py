"""What changed, as rows that are encoded once: merged so that the last value wins, and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

ROWS_MAX: Final = 2_000
"""Rows in one frame; a reader so far behind is better off asking afresh."""

_encode: Final = msgspec.json.Encoder().encode

Key = str | int


class Row(Struct, frozen=True, array_like=True, gc=False):
    """One row as JSON, and the account that it concerns; empty: everybody's."""

    json: bytes
    account: str = ""


def row_of(plain: object, account: str = "") -> Row:
    """Return ``plain`` encoded."""
    return Row(_encode(plain), account)


class Delta(Struct, frozen=True, kw_only=True):
    """What changed at one instant."""

    at_ms: int
    whole: Mapping[str, Row] = {}
    """Tables that are told whole: status, counts, timed, risk, doors."""
    keyed: Mapping[str, Mapping[Key, Row]] = {}
    """Rows that replace an earlier one of the same key: orders, signals, accounts, positions."""
    added: Mapping[str, tuple[Row, ...]] = {}
    """Rows that are new: fills, alerts, points of the equity."""
    prices: Mapping[str, str] = {}
    """Last prices by symbol."""
    is_gap: bool = False
    """What went before is worth nothing any more: another day, or a journal read afresh."""

    @property
    def rows(self) -> int:
        """Count what it holds."""
        return (
            len(self.whole) + len(self.prices) + sum(map(len, self.keyed.values())) + sum(map(len, self.added.values()))
        )


def merge(deltas: Iterable[Delta]) -> Delta:
    """Return ``deltas``, the oldest first, as one: last value wins, what is new is kept in order."""
    at_ms, is_gap = 0, False
    whole: dict[str, Row] = {}
    keyed: dict[str, dict[Key, Row]] = {}
    added: dict[str, list[Row]] = {}
    prices: dict[str, str] = {}
    for delta in deltas:
        at_ms, is_gap = delta.at_ms, is_gap or delta.is_gap
        whole.update(delta.whole)
        prices.update(delta.prices)
        for table, rows in delta.keyed.items():
            keyed.setdefault(table, {}).update(rows)
        for table, new in delta.added.items():
            added.setdefault(table, []).extend(new)
    return Delta(
        at_ms=at_ms,
        whole=whole,
        keyed=keyed,
        added={table: tuple(new) for table, new in added.items()},
        prices=prices,
        is_gap=is_gap,
    )


def encode(delta: Delta, account: str = "") -> str:
    """Return the body of the frame that tells ``delta``, from ``"at"`` to its last brace; of one account, if named.

    The same for everybody who watches the same: only the frame's number, which goes before it, is each reader's own.
    """
    told: dict[str, object] = {"at": delta.at_ms}
    for table, row in delta.whole.items():
        told[table] = Raw(row.json)
    for table, keyed in delta.keyed.items():
        told[table] = [Raw(row.json) for row in keyed.values() if _concerns(row, account)]
    for table, rows in delta.added.items():
        told[table] = [Raw(row.json) for row in rows if _is_of(row, account, table)]
    if delta.prices:
        told["prices"] = delta.prices
    return _encode({key: value for key, value in told.items() if value != []}).decode("utf-8")[1:]


def _concerns(row: Row, account: str) -> bool:
    return not account or not row.account or row.account == account


def _is_of(row: Row, account: str, table: str) -> bool:
    """Equity is a curve of one account, or of all together; all else concerns everybody who has not chosen."""
    return row.account == account if table == "equity" else _concerns(row, account)
