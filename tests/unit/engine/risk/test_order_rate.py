"""Rule: orders leave at no more than a rate; those that come faster wait for their turn, while their time lasts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.engine.gauges import Gauge
from qmt_trading.engine.risk.order_rate import Turn, check_turn, turn_of
from qmt_trading.engine.usage import MINUTE_NS, Usage
from qmt_trading.model.limits import TOTAL, Limits, Scope, ScopeKind
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reasons import Denial, Reason
from tests.engine_bench import ACCOUNT

NOW_NS = 1000 * SECOND_NS
MINE = Scope(ScopeKind.ACCOUNT, ACCOUNT)


def gauge(limits: Limits, *instants: int, scope: Scope = TOTAL, messages: tuple[int, ...] = ()) -> Gauge:
    """Return a scope whose orders left, or are to leave, at ``instants`` from now."""
    usage = Usage(scope)
    usage.turns.extend(sorted(NOW_NS + each for each in instants))
    usage.messages.extend(sorted(NOW_NS + each for each in messages))
    return Gauge(scope, limits, usage)


def test_the_last_one_of_a_second_goes_at_once_and_the_next_when_the_first_is_a_second_old() -> None:
    two = Limits(orders_per_second_max=2)
    assert turn_of([gauge(two, -5)], NOW_NS, 1) == Turn(NOW_NS)
    assert turn_of([gauge(two, -5, -3)], NOW_NS, 1) == Turn(NOW_NS + SECOND_NS - 5, 2, "total")
    assert turn_of([gauge(two, -SECOND_NS, -3)], NOW_NS, 1) == Turn(NOW_NS), "exactly a second apart is apart"
    assert turn_of([gauge(two, 1 - SECOND_NS, -3)], NOW_NS, 1) == Turn(NOW_NS + 1, 2, "total")


def test_more_at_once_than_a_window_takes_never_leave() -> None:
    assert turn_of([gauge(Limits(orders_per_second_max=2))], NOW_NS, 3).at_ns == 0
    assert turn_of([gauge(Limits(messages_per_second_max=2), scope=MINE)], NOW_NS, 3).at_ns == 0


def test_the_strictest_of_all_scopes_holds_and_is_named() -> None:
    second = gauge(Limits(orders_per_second_max=1), -1)
    minute = gauge(Limits(orders_per_minute_max=1), -1, scope=MINE)
    expected = Turn(NOW_NS + MINUTE_NS - 1, 1, f"account {ACCOUNT}")
    assert turn_of([second, minute], NOW_NS, 1) == turn_of([minute, second], NOW_NS, 1) == expected


def test_a_turn_that_one_scope_puts_off_into_the_crowd_of_another_is_put_off_again() -> None:
    first = gauge(Limits(orders_per_second_max=1), -1)
    crowded = gauge(Limits(orders_per_second_max=1), SECOND_NS, scope=MINE)
    turn = turn_of([first, crowded], NOW_NS, 1)
    assert turn == Turn(NOW_NS + 2 * SECOND_NS, 1, f"account {ACCOUNT}")


def test_messages_count_what_has_left() -> None:
    limits = Limits(messages_per_second_max=2)
    busy = gauge(limits, messages=(-7, -3), scope=MINE)
    assert turn_of([busy], NOW_NS, 1) == Turn(NOW_NS + SECOND_NS - 7, 2, f"account {ACCOUNT}")
    assert turn_of([gauge(limits, -7, -3, scope=MINE)], NOW_NS, 1) == Turn(NOW_NS)


@given(
    first=st.lists(st.integers(-3 * SECOND_NS, 3 * SECOND_NS), max_size=6),
    second=st.lists(st.integers(-3 * SECOND_NS, 3 * SECOND_NS), max_size=6),
    limits=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    count=st.integers(1, 3),
)
def test_whatever_stands_there_a_turn_fits_in_every_scope(
    first: list[int], second: list[int], limits: tuple[int, int], count: int
) -> None:
    gauges = [
        gauge(Limits(orders_per_second_max=limits[0]), *first),
        gauge(Limits(orders_per_second_max=limits[1]), *second, scope=MINE),
    ]
    turn = turn_of(gauges, NOW_NS, count)
    if count > min(limits):
        assert turn.at_ns == 0
        return
    assert turn.at_ns >= NOW_NS
    for each in gauges:
        assert turn_of([each], turn.at_ns, count) == Turn(turn.at_ns)


def test_a_turn_at_the_deadline_is_in_time_and_one_after_it_is_not() -> None:
    turn = Turn(NOW_NS + SECOND_NS // 2, 10, "total")
    assert check_turn(turn, now_ns=NOW_NS, deadline_ns=turn.at_ns + 1) is None
    assert check_turn(turn, now_ns=NOW_NS, deadline_ns=turn.at_ns) is None
    denial = check_turn(turn, now_ns=NOW_NS, deadline_ns=turn.at_ns - 1)
    assert denial == Denial(Reason.ORDER_RATE_EXCEEDED, ("10", "0.5", "total"))


def test_a_turn_that_never_comes_is_said_to_be_never() -> None:
    denial = check_turn(Turn(0, 2, "total"), now_ns=NOW_NS, deadline_ns=NOW_NS + 10**15)
    assert denial == Denial(Reason.ORDER_RATE_EXCEEDED, ("2", "∞", "total"))
