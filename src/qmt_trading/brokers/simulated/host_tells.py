"""The exchange's reports as a host's lines in the dialect ``plain``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, assert_never

from qmt_trading.brokers.simulated.host_end import HostEnd
from qmt_trading.brokers.simulated.host_lane import Lane
from qmt_trading.brokers.simulated.plain import asset_row, row_of
from qmt_trading.model.events import (
    BrokerListed,
    CancelRefused,
    FillReported,
    LinkChanged,
    OrderReported,
    Report,
    SubmitRefused,
    SubmitsHandedOver,
    SubmitUncertain,
)
from qmt_trading.model.numbers import Money
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState

_ROWS_MAX: Final = 200
_PART_BYTES: Final = 60_000


class Telling:
    """Tells what the exchange reports. One thread at a time."""

    def __init__(self, lane: Lane, end: HostEnd) -> None:
        self._lane = lane
        self._end = end
        self._asked: dict[AccountId, tuple[str, int]] = {}
        """The last question about each account, and when its call began."""

    def asked(self, account: AccountId, question: str, began_us: int) -> None:
        self._asked[account] = question, began_us

    def tell(self, reports: Sequence[Report], now_us: int) -> None:
        """Put ``reports`` into the lane, in order."""
        for report in reports:
            match report:
                case OrderReported():
                    self._row(report.account, report.session, "order", row_of(report.row))
                case FillReported():
                    self._row(report.account, report.session, "fill", row_of(report.row))
                case CancelRefused():
                    said = {"order_id": "", "order_remark": report.client_order_id, "error_msg": report.text}
                    self._row(report.account, 0, "cancel_error", said)
                case SubmitRefused():
                    self._end.staged(report.client_order_id, "refused", why="bad", text=report.text)
                case SubmitUncertain():
                    self._end.staged(report.client_order_id, "unknown", text=report.text)
                case LinkChanged():
                    self._account(report)
                case BrokerListed():
                    self._listed(report, now_us)
                case SubmitsHandedOver():
                    pass
                case _:
                    assert_never(report)

    def _row(self, account: AccountId, session: int, kind: str, row: Mapping[str, object]) -> None:
        remark = str(row.get("client_order_id", ""))
        self._lane.put(
            {
                "t": "row",
                "account": account,
                "session": session,
                "kind": kind,
                "row": row,
                "coid": remark if self._end.knows(remark) else None,
            }
        )

    def _account(self, report: LinkChanged) -> None:
        ready = report.state is LinkState.CONNECTED
        if ready:
            self._end.ready.add(report.account)
        else:
            self._end.ready.discard(report.account)
        self._lane.put(
            {
                "t": "account",
                "account": report.account,
                "state": "ready" if ready else "down",
                "status": 0 if ready else -1,
                "text": report.text,
                "session": report.session,
            }
        )

    def _listed(self, report: BrokerListed, now_us: int) -> None:
        question, began_us = self._asked.get(report.account, ("", now_us))
        money = asset_row(cash=report.cash, frozen=Money(0), total=report.total_assets)
        common = {"q": question, "account": report.account, "session": report.session}
        for kind, rows in (
            ("order", [row_of(row) for row in report.rows]),
            ("fill", [row_of(row) for row in report.fills]),
            ("position", [row_of(row) for row in report.positions]),
            ("asset", [money]),
        ):
            for part in _parts(rows):
                self._lane.put({"t": "rows", **common, "kind": kind, "rows": part})
        ended = {"complete": report.complete, "alive": report.alive, "failed": [], "us": now_us - began_us}
        self._lane.put({"t": "listed", **common, **ended})


def _parts(rows: Sequence[Mapping[str, object]]) -> Iterator[list[Mapping[str, object]]]:
    """Yield ``rows`` in parts that fit into a line each."""
    part: list[Mapping[str, object]] = []
    size = 0
    for row in rows:
        length = len(json.dumps(row)) + 2
        if part and (len(part) >= _ROWS_MAX or size + length > _PART_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    if part:
        yield part
