"""The tables that a view answers with: those that are rows already, and how limits stand, worked out when asked."""

from __future__ import annotations

from qmt_trading.codec import latency_json, risk_json, view_json
from qmt_trading.engine.risk.standing import standings
from qmt_trading.model.view import View


def rows_of(view: View, table: str, limit: int, *, now_ns: int, running: bool = True) -> list[view_json.Plain]:
    """Return the newest ``limit`` rows of ``table``.

    Args:
        now_ns: rates are told as of here.
        running: False: the view was read from the journal of an engine that has ended.

    Raises:
        KeyError: no such table.
    """
    if table == "risk":
        return risk_json.scope_rows(standings(view, now_ns))
    rows = view_json.rows_of(view, table, limit, running=running)
    if table == "status":
        rows[0] |= risk_json.summary(standings(view, now_ns))
        rows[0]["latency"] = latency_json.hops(view)
    return rows
