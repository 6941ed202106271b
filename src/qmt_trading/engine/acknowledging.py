"""Alerts as people take note of them: numbered, kept until they are acknowledged, carried into the next day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from qmt_trading.engine.state import State
from qmt_trading.model.events import AcknowledgeRequested
from qmt_trading.model.outputs import Alert, AlertsAcknowledged, DayOpened, Output
from qmt_trading.model.view import AlertRow

ALERTS_KEPT: Final = 200

Emit = Callable[[Output], None]


def decide_acknowledged(state: State, event: AcknowledgeRequested, emit: Emit) -> None:
    """Acknowledge what is named and open still. A number that no alert has spoils the request: nothing is done."""
    if event.everything:
        found = tuple(row.id for row in state.alerts if row.is_open)
    else:
        named = set(event.alerts)
        known = [row for row in state.alerts if row.id in named]
        if len(known) < len(named):
            return
        found = tuple(row.id for row in known if not row.acknowledged_ns)
    if found:
        emit(AlertsAcknowledged(found, event.who, event.why))


def fold_alert(state: State, record: Alert) -> None:
    """Give the alert its number; of too many go first those that nobody need acknowledge, then the oldest."""
    state.alert_seq += 1
    state.alerts.append(AlertRow(state.now_ns, record, state.alert_seq))
    if len(state.alerts) > ALERTS_KEPT:
        del state.alerts[next((place for place, row in enumerate(state.alerts) if not row.is_open), 0)]


def fold_acknowledged(state: State, record: AlertsAcknowledged) -> None:
    """Note who has taken note of them, and when."""
    named = set(record.alerts)
    state.alerts = [
        replace(row, acknowledged_ns=state.now_ns, acknowledged_by=record.who, acknowledged_why=record.why)
        if row.id in named
        else row
        for row in state.alerts
    ]


def carried(state: State) -> tuple[tuple[int, int, Alert], ...]:
    """Return what the next day is to be told of today's alerts."""
    return tuple((row.id, row.at_ns, row.alert) for row in state.alerts if row.is_open)


def fold_carried(state: State, record: DayOpened) -> None:
    """Begin the day with the alerts that it takes over."""
    state.alert_seq = record.alert_seq
    state.alerts = [AlertRow(at_ns, alert, number) for number, at_ns, alert in record.alerts]
