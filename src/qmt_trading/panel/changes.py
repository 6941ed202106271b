"""From one view to the next: what browsers have to be told, found by what is no longer the same object."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from qmt_trading.codec import view_json
from qmt_trading.codec.view_json import Plain
from qmt_trading.model.view import View
from qmt_trading.panel.deltas import ROWS_MAX, Delta, Key, Row, row_of
from qmt_trading.panel.shown import Shown, account_rows, counts, risk_rows, status_row

SLOW_NS: Final = 400_000_000
"""How often money is told at most: people read no faster."""
RISK_NS: Final = 1_000_000_000


class Changes:
    """Remembers what was told last and finds what is new; for one thread."""

    def __init__(self) -> None:
        self._view: View | None = None
        self._money_view: View | None = None
        """By which accounts and positions were told."""
        self._risk_view: View | None = None
        self._money_ns = self._risk_ns = 0
        self._told: dict[str, dict[Key, Plain]] = {"accounts": {}, "positions": {}}
        self._whole: dict[str, object] = {}
        self._prices: dict[str, str] = {}
        self._states: object = None

    def since_last(self, shown: Shown, equity: Iterable[tuple[str, int, str]], now_ns: int) -> Delta | None:
        """Return what is new in ``shown`` since the last call; None: nothing. The first call tells nothing.

        Args:
            equity: points that were not told yet, each with its account; empty for all together.
            now_ns: of a steady clock, for the pace.
        """
        before, view = self._view, shown.view
        self._view = view
        at_ms = shown.now_ns // 1_000_000
        if view is None:
            return Delta(at_ms=at_ms, is_gap=True) if before is not None else self._without_journal(shown, at_ms)
        if before is None or _is_another_day(before, view):
            self._remember(shown, now_ns)
            return Delta(at_ms=at_ms, is_gap=True)
        keyed, added = _of_the_journal(before, view)
        whole: dict[str, Row] = {}
        self._whole_table(whole, "counts", counts(view))
        states = _states(shown)
        at_once, self._states = states != self._states, states
        self._money(keyed, shown, now_ns, at_once=at_once)
        if view.timed != before.timed or view.timed_done != before.timed_done:
            whole["timed"] = row_of(view_json.timed_rows(view))
        self._status(whole, shown, now_ns, at_once=at_once)
        self._whole_table(whole, "doors", shown.engine.doors)
        prices = {key: price for key, price in shown.engine.prices.items() if self._prices.get(key) != price}
        self._prices |= prices
        points = tuple(row_of((at, text), account) for account, at, text in equity)
        if points:
            added["equity"] = points
        if not (keyed or added or whole or prices):
            return None
        return Delta(at_ms=at_ms, whole=whole, keyed=keyed, added=added, prices=prices)

    def _without_journal(self, shown: Shown, at_ms: int) -> Delta | None:
        whole: dict[str, Row] = {}
        self._status_row(whole, shown)
        return Delta(at_ms=at_ms, whole=whole) if whole else None

    def _remember(self, shown: Shown, now_ns: int) -> None:
        """Take all of ``shown`` as told: whoever hears of the gap asks for it."""
        assert shown.view is not None
        self._money({}, shown, now_ns, at_once=True)
        self._status({}, shown, now_ns, at_once=True)
        self._states = _states(shown)
        self._whole_table({}, "counts", counts(shown.view))
        self._whole_table({}, "doors", shown.engine.doors)
        self._prices = dict(shown.engine.prices)

    def _money(self, keyed: dict[str, dict[Key, Row]], shown: Shown, now_ns: int, *, at_once: bool) -> None:
        view = shown.view
        if not at_once and (view is self._money_view or now_ns - self._money_ns < SLOW_NS):
            return
        assert view is not None
        self._money_view, self._money_ns = view, now_ns
        profits = view_json.profits_of(view)
        self._keyed_table(keyed, "accounts", account_rows(shown, profits), lambda row: row["account"])
        held = view_json.positions(view, profits=profits)
        self._keyed_table(keyed, "positions", held, lambda row: f"{row['account']} {row['symbol']}")

    def _status(self, whole: dict[str, Row], shown: Shown, now_ns: int, *, at_once: bool) -> None:
        """Tell status and limits once a second, and at once when somebody has stopped or released trading."""
        if not at_once and now_ns - self._risk_ns < RISK_NS:
            return
        self._risk_ns = now_ns
        self._status_row(whole, shown)
        if shown.view is not self._risk_view:
            self._risk_view = shown.view
            self._whole_table(whole, "risk", risk_rows(shown))

    def _status_row(self, whole: dict[str, Row], shown: Shown) -> None:
        row = status_row(shown)
        # Its instant and all ages are always new, and therefore no news.
        news = {**row, "at": None, "quote_age_s": None, "engine": (shown.engine.runs, shown.engine.trouble)}
        self._whole_table(whole, "status", row, news)

    def _whole_table(self, whole: dict[str, Row], table: str, told: object, news: object = None) -> None:
        """Tell the table whole where ``news``, or all of it, is not as it was."""
        compared = told if news is None else news
        if self._whole.get(table) != compared:
            self._whole[table] = compared
            whole[table] = row_of(told)

    def _keyed_table(
        self, keyed: dict[str, dict[Key, Row]], table: str, rows: list[Plain], key: Callable[[Plain], object]
    ) -> None:
        before = self._told[table]
        now: dict[Key, Plain] = {str(key(row)): row for row in rows}
        found = {name: row_of(row, str(row["account"])) for name, row in now.items() if before.get(name) != row}
        for name, row in before.items():
            if name not in now:
                gone = {"account": row["account"], "symbol": row.get("symbol"), "gone": True}
                found[name] = row_of(gone, str(row["account"]))
        self._told[table] = now
        if found:
            keyed[table] = found


def _is_another_day(before: View, view: View) -> bool:
    return (
        before.day != view.day
        or before.tag != view.tag
        or len(view.orders) < len(before.orders)
        or len(view.fills) < len(before.fills)
        or len(view.signals) < len(before.signals)
        or len(view.orders) - len(before.orders) > ROWS_MAX
    )


def _states(shown: Shown) -> object:
    """Return what is told at once when it changes: who may trade, and who is connected."""
    view = shown.view
    assert view is not None
    accounts = tuple((row.state, row.link, row.ready) for row in view.accounts)
    return view.trading_state, accounts, view.submits_closed, shown.engine.runs


def _of_the_journal(before: View, view: View) -> tuple[dict[str, dict[Key, Row]], dict[str, tuple[Row, ...]]]:
    keyed: dict[str, dict[Key, Row]] = {}
    added: dict[str, tuple[Row, ...]] = {}
    if view is before:
        return keyed, added
    orders: dict[Key, Row] = {
        row.client_order_id: row_of(view_json.order(row), row.account)
        for row in view.orders.changed_since(before.orders)
    }
    if orders:
        keyed["orders"] = orders
    signals: dict[Key, Row] = {
        row.seq: row_of(view_json.signal(row)) for row in view.signals.changed_since(before.signals)
    }
    if signals:
        keyed["signals"] = signals
    fills = tuple(row_of(view_json.fill(row), row.account) for row in view.fills.changed_since(before.fills))
    if fills:
        added["fills"] = fills
    if view.alerts != before.alerts:
        known = set(map(id, before.alerts))
        new = [row for row in view.alerts if id(row) not in known]
        alerts = tuple(row_of(view_json.alert(row), row.alert.account or "") for row in new)
        if alerts:
            added["alerts"] = alerts
    return keyed, added
