"""Figures for Prometheus, worked out from what is shown when they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from qmt_trading.codec.view_json import Plain
from qmt_trading.model.view import View
from qmt_trading.model.words import LinkState, OrderStatus, SignalStatus, TradingState
from qmt_trading.panel import shown
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.memory import resident_bytes

_Figures = list[tuple[tuple[str, ...], float]]


def registry_of(parts: DataParts) -> CollectorRegistry:
    """Return a registry of its own, with nothing in it but this system's figures."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(parts))
    return registry


class Figures(Collector):
    """Counts when it is asked, on the thread that asks."""

    def __init__(self, parts: DataParts) -> None:
        self._parts = parts
        self._counted: tuple[View | None, Counter[OrderStatus], Counter[SignalStatus]] = (None, Counter(), Counter())

    def describe(self) -> list[Metric]:
        """Describe nothing beforehand: collecting is cheap enough, and the names are this system's alone."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        now, hub = self._parts.board.shown, self._parts.hub
        yield _gauge("qmt_up", "1 while the engine answers", now.engine.runs)
        yield _gauge("qmt_panel_clients", "browsers on the stream", len(hub.readers))
        yield CounterMetricFamily("qmt_panel_gaps", "times a browser had to fetch afresh", value=hub.gaps)
        yield CounterMetricFamily("qmt_panel_dropped", "browsers dropped because they took nothing", value=hub.dropped)
        yield _gauge("qmt_panel_memory_bytes", "memory of the panel", resident_bytes() or 0)
        age = shown.newest_quote_age_s(now)
        if age is not None:
            yield _gauge("qmt_quote_age_seconds", "age of the newest quote", age)
        turns = now.engine.status.get("turns")
        if isinstance(turns, int):
            yield _gauge("qmt_journal_turns", "turns committed", turns)
        yield from _latencies(now.engine.status.get("latency"))
        if now.view is not None:
            yield from self._of_view(now.view)

    def _of_view(self, view: View) -> Iterator[Metric]:
        orders, signals = self._count(view)
        yield _labelled(
            "qmt_orders", "orders of the day by status", "status", [((s.value,), orders[s]) for s in OrderStatus]
        )
        yield _labelled(
            "qmt_signals",
            "signals of the day by decision",
            "decision",
            [((s.value,), signals[s]) for s in SignalStatus],
        )
        yield _gauge("qmt_fills", "fills of the day", len(view.fills))
        yield _gauge(
            "qmt_unknown_orders", "orders whose outcome is unknown", sum(r.unknown_orders for r in view.accounts)
        )
        yield _gauge("qmt_halted", "1 while trading is halted", view.trading_state is TradingState.HALTED)
        yield _gauge("qmt_submits_closed", "1 while no order may leave", bool(view.submits_closed))
        rows = view.accounts
        yield _labelled(
            "qmt_link_up",
            "1 while the account is connected",
            "account",
            [((row.account,), row.link is LinkState.CONNECTED) for row in rows],
        )
        yield _labelled(
            "qmt_account_halted",
            "1 while the account does not trade freely",
            "account",
            [((row.account,), row.state is not TradingState.ACTIVE) for row in rows],
        )
        yield _labelled(
            "qmt_working_orders", "orders that work", "account", [((row.account,), row.working_orders) for row in rows]
        )

    def _count(self, view: View) -> tuple[Counter[OrderStatus], Counter[SignalStatus]]:
        """Count by status, again only where the view is another."""
        if self._counted[0] is not view:
            orders = Counter(row.status for row in view.orders)
            self._counted = (view, orders, Counter(row.receipt.status for row in view.signals))
        return self._counted[1], self._counted[2]


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _labelled(name: str, text: str, label: str, figures: _Figures) -> Metric:
    found = GaugeMetricFamily(name, text, labels=[label])
    for labels, value in figures:
        found.add_metric(labels, float(value))
    return found


def _latencies(told: object) -> Iterator[Metric]:
    """Yield the milliseconds of each hop, where the engine tells them."""
    if not isinstance(told, dict):
        return
    found = GaugeMetricFamily(
        "qmt_latency_ms", "milliseconds of a hop over the last signals", labels=["hop", "quantile"]
    )
    for hop, figures in told.items():
        row: Plain = figures if isinstance(figures, dict) else {}
        for name, value in row.items():
            if isinstance(value, int | float) and name.startswith("p"):
                found.add_metric([str(hop), str(name)], float(value))
    yield found


CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
