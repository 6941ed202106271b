"""People and limits: what they set, what they confirm, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable

from qmt_trading.engine import limit_alerts
from qmt_trading.engine.gauges import is_looser
from qmt_trading.engine.state import State
from qmt_trading.model.events import LimitRequested, LimitsConfirmed
from qmt_trading.model.instant import day_of
from qmt_trading.model.outputs import LimitSet, Output

Emit = Callable[[Output], None]


def decide_limit(state: State, event: LimitRequested, emit: Emit) -> None:
    """Set the limit until the day ends; beyond what the configuration permits it is told of."""
    gauges, scope, limit = state.gauges, event.scope, event.limit
    before, written = getattr(gauges.limits(scope), limit), getattr(gauges.written(scope), limit)
    emit(LimitSet(scope, limit, event.value, event.who, event.why))
    if is_looser(limit, event.value, written):
        emit(limit_alerts.loosened(event, before=before, written=written))


def decide_confirmed(state: State, event: LimitsConfirmed, emit: Emit) -> None:
    """Tell which limits go beyond the configuration, now that they hold as they were set."""
    gauges = state.gauges
    beyond = [
        each
        for each in gauges.set_today.values()
        if is_looser(each.limit, each.value, getattr(gauges.written(each.scope), each.limit))
    ]
    if beyond:
        emit(limit_alerts.confirmed(event, beyond))


def tell_held(state: State, emit: Emit) -> None:
    """Tell, at a start within the day, which limits people had set and in which value each holds now.

    What an earlier start of the day has told already, word for word, is not told again.
    """
    gauges = state.gauges
    if gauges.set_today:
        held = [(each, getattr(gauges.limits(each.scope), each.limit)) for each in gauges.set_today.values()]
        alert = limit_alerts.held(held)
        told = next((row for row in reversed(state.alerts) if row.alert.code == alert.code), None)
        if told is None or told.alert != alert or day_of(told.at_ns) != day_of(state.now_ns):
            emit(alert)
