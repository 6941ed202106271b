"""Rule: orders leave at no more than a rate; those that come faster wait for their turn, while their time lasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qmt_trading.engine.gauges import Gauge
from qmt_trading.engine.usage import MINUTE_NS, first_free_ns
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reasons import Denial, Reason


class Turn(NamedTuple):
    """When orders may leave: now, later, or not in time."""

    at_ns: int
    """0: never."""
    count_max: int = 0
    """The limit that put them off last."""
    scope: str = ""


def turn_of(gauges: Sequence[Gauge], now_ns: int, count: int) -> Turn:
    """Return the first instant from ``now_ns`` on at which ``count`` orders may leave by the rates of every scope.

    Of messages only those that have left count: what cancels will leave later cannot be known.
    """
    turn = Turn(now_ns)
    if _is_free(gauges, now_ns, count):
        return turn
    for gauge in gauges:
        limits, usage = gauge.limits, gauge.usage
        if limits.messages_per_second_max:
            turn = _later(turn, gauge, usage.messages, limits.messages_per_second_max, SECOND_NS, count)
    settled = -1
    while turn.at_ns and turn.at_ns != settled:
        settled = turn.at_ns
        for gauge in gauges:
            limits, turns = gauge.limits, gauge.usage.turns
            if limits.orders_per_second_max:
                turn = _later(turn, gauge, turns, limits.orders_per_second_max, SECOND_NS, count)
            if limits.orders_per_minute_max:
                turn = _later(turn, gauge, turns, limits.orders_per_minute_max, MINUTE_NS, count)
    return turn


def _is_free(gauges: Sequence[Gauge], now_ns: int, count: int) -> bool:
    """Tell that nobody waits and no window is full: what is so nearly always, in one look."""
    for gauge in gauges:
        limits, usage = gauge.limits, gauge.usage
        turns, messages = usage.turns, usage.messages
        if turns and turns[-1] > now_ns:
            return False
        kept = limits.orders_per_second_max + 1 - count
        if limits.orders_per_second_max and (kept <= 0 or (len(turns) >= kept and turns[-kept] + SECOND_NS > now_ns)):
            return False
        kept = limits.orders_per_minute_max + 1 - count
        if limits.orders_per_minute_max and (kept <= 0 or (len(turns) >= kept and turns[-kept] + MINUTE_NS > now_ns)):
            return False
        kept = limits.messages_per_second_max + 1 - count
        if limits.messages_per_second_max and (
            kept <= 0 or (len(messages) >= kept and messages[-kept] + SECOND_NS > now_ns)
        ):
            return False
    return True


def _later(turn: Turn, gauge: Gauge, instants: Sequence[int], count_max: int, window_ns: int, count: int) -> Turn:
    if not turn.at_ns:
        return turn
    at_ns = first_free_ns(instants, count_max, window_ns, turn.at_ns, count)
    return turn if at_ns == turn.at_ns else Turn(at_ns, count_max, gauge.text)


def check_turn(turn: Turn, *, now_ns: int, deadline_ns: int) -> Denial | None:
    """Return a denial when the turn comes after the deadline, or never; the deadline's own instant passes."""
    if turn.at_ns and turn.at_ns <= deadline_ns:
        return None
    if not turn.count_max and turn.at_ns:  # No rate, but the market opens too late.
        return Denial(Reason.SIGNAL_STALE, (f"{(turn.at_ns - deadline_ns) / 1e9:.1f}",))
    wait = f"{(turn.at_ns - now_ns) / 1e9:.1f}" if turn.at_ns else "∞"
    return Denial(Reason.ORDER_RATE_EXCEEDED, (str(turn.count_max), wait, turn.scope))
