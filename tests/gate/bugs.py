"""Bugs on purpose: each makes the gate judge otherwise than its page says, and the runs must find it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, NamedTuple
from unittest import mock

from qmt_trading.engine import brakes, fold_day, gauges, orders, state
from qmt_trading.engine.gauges import Gauge, Gauges, Judged
from qmt_trading.engine.risk import daily_loss, gate, order_rate, quick, scope
from qmt_trading.engine.usage import Usage
from qmt_trading.model.limits import TOTAL
from qmt_trading.model.numbers import Money
from qmt_trading.model.words import Side
from tests.gate.run_one import run_one
from tests.gate.world import DifferenceError

RUNS_MAX: Final = 4000


class Bug(NamedTuple):
    """A name, and what plants it until its context ends."""

    name: str
    plant: Callable[[], Any]


def _instead(module: Any, name: str, wrong: Callable[..., Any], called: str) -> Bug:
    return Bug(called, lambda: mock.patch.object(module, name, wrong))


def _off(module: ModuleType, name: str) -> Bug:
    """A rule is never asked."""
    return _instead(module, name, lambda *_, **__: None, f"{name} off")


def _shifted(module: ModuleType, name: str, by: int, called: str) -> Bug:
    """A rule sees its first figure one unit beside what it is."""
    right = getattr(module, name)
    return _instead(module, name, lambda figure, *rest, **named: right(figure + by, *rest, **named), f"{name} {called}")


OF_INSTRUCTIONS: Final = (
    "check_calendar",
    "check_trading_state",
    "check_door_account",
    "check_account_ready",
    "check_morning",
    "_check_clock",
    "check_staleness",
    "check_session",
    "check_window",
    "check_symbol",
    "check_suspended",
    "check_risk_warning",
    "check_cancel_mark",
    "check_frozen_pair",
    "check_unknown_orders",
    "check_duplicate",
    "check_bare_per_day",
    "check_amplification",
    "check_tick",
    "check_price_limit",
    "check_cage",
    "check_lot",
    "check_day_buy",
    "check_cash",
    "check_sellable",
    "check_self_cross",
)
OF_SCOPES: Final = (
    "check_order_value",
    "check_order_quantity",
    "check_deviation",
    "check_position_value",
    "check_position_share",
    "check_buy_value",
    "check_turnover",
    "check_recent_value",
    "check_working",
    "check_orders_per_day",
    "check_messages_per_day",
    "check_orders_per_signal",
)
OF_RATIOS: Final = ("check_position_share", "check_recent_value")
"""Where the smallest step of a limit is worth more than one unit: up to a yuan, with the assets of these runs."""


def _scopes_without_the_total() -> Any:
    right = gauges._scopes
    return mock.patch.object(gauges, "_scopes", lambda *who: [each for each in right(*who) if each != TOTAL])


def _door_of_everybody() -> Any:
    """A door's counters are those of everybody."""
    right = Gauges.usage
    return mock.patch.object(
        Gauges, "usage", lambda self, scope: right(self, TOTAL if scope.kind.value == "door" else scope)
    )


def _account_of_everybody() -> Any:
    right = Gauges.usage
    return mock.patch.object(
        Gauges, "usage", lambda self, scope: right(self, TOTAL if scope.kind.value == "account" else scope)
    )


def _snapshot_without(*names: str) -> Callable[[], Any]:
    """Counters are lost where the state comes from a snapshot."""

    def plant() -> Any:
        right = Usage.restore

        def forgetful(self: Usage, image: Any) -> None:
            right(self, image)
            for name in names:
                setattr(self, name, type(getattr(self, name))())

        return mock.patch.object(Usage, "restore", forgetful)

    return plant


def _restart_opens_a_day() -> Any:
    """A new process counts from nought."""
    right = Gauges.distrust

    def forgetful(self: Gauges) -> None:
        right(self)
        for each in self.usages.values():
            each.open_day()

    return mock.patch.object(Gauges, "distrust", forgetful)


def _file_wins() -> Any:
    """After a restart what a person set is forgotten."""
    return mock.patch.object(Gauges, "distrust", lambda self: (self.set_today.clear(), self._settle()))


def _limits_of_yesterday() -> Any:
    """What a person set outlives the day."""
    right = fold_day.fold_opened

    def kept(state: Any, record: Any) -> None:
        before = dict(state.gauges.set_today)
        right(state, record)
        state.gauges.set_today |= before
        state.gauges._settle()

    return mock.patch.object(fold_day, "fold_opened", kept)


def _second_of_the_clock() -> Any:
    """Rates count by seconds of the clock, not in whichever second one looks."""

    def natural(instants: Any, count_max: int, window_ns: int, now_ns: int, count: int = 1) -> int:
        same = [each for each in instants if each // window_ns == now_ns // window_ns]
        return now_ns if len(same) + count <= count_max else (now_ns // window_ns + 1) * window_ns

    return mock.patch.object(order_rate, "first_free_ns", natural)


def _never_too_fast() -> Any:
    return mock.patch.object(orders, "turn_of", lambda gauges, now_ns, count: order_rate.Turn(now_ns))


def _late_turns_kept() -> Any:
    """A turn behind the deadline is given all the same."""
    return mock.patch.object(orders, "check_turn", lambda turn, **_: None)


def _exposure(wrong: Callable[[Any], int]) -> Callable[[], Any]:
    def plant() -> Any:
        return mock.patch.object(state, "exposure", lambda order: Money(wrong(order)))

    return plant


def _loss_without_money() -> Any:
    """The day's loss leaves out what was paid and got."""
    right = daily_loss.day_profit

    def wrong(state: Any, account: Any) -> Any:
        flows = account.day_flows
        account.day_flows = {symbol: (net, 0) for symbol, (net, _) in flows.items()}
        try:
            return right(state, account)
        finally:
            account.day_flows = flows

    return mock.patch.object(brakes, "day_profit", wrong)


def _loss_again_and_again() -> Any:
    """A step of the day's loss is taken each time that somebody looks."""
    right = brakes._look

    def forgetful(used: Usage, *rest: Any) -> None:
        used.loss_step = 0
        right(used, *rest)

    return mock.patch.object(brakes, "_look", forgetful)


def _brake_never() -> Any:
    """A loop upstream stops by itself, or not at all."""
    return mock.patch.object(brakes, "amplification", lambda state, emit: None)


def _sells_are_free_of_limits() -> Any:
    right = scope.check_scope

    def wrong(state: Any, account: Any, candidate: Any, *rest: Any) -> Any:
        return None if candidate.side is Side.SELL else right(state, account, candidate, *rest)

    return mock.patch.object(gate, "check_scope", wrong)


def _first_scope_only() -> Any:
    """The first scope with limits answers for all."""
    right: Any = gate.judge

    def wrong(*args: Any) -> Any:
        *rest, judged = args
        return right(*rest, Judged(judged.gauges[:1], judged.cash_reserve))

    return mock.patch.object(gate, "judge", wrong)


def _last_scope_first() -> Any:
    right: Any = gate.judge

    def wrong(*args: Any) -> Any:
        *rest, judged = args
        return right(*rest, Judged(judged.gauges[::-1], judged.cash_reserve))

    return mock.patch.object(gate, "judge", wrong)


def _no_reserve() -> Any:
    """Cash that is to stay is spent."""
    right: Any = gate.judge

    def wrong(*args: Any) -> Any:
        *rest, judged = args
        return right(*rest, Judged(judged.gauges, Money(0)))

    return mock.patch.object(gate, "judge", wrong)


def _in_haste(field: str) -> Callable[[], Any]:
    """Return a bug that leaves one limit out of the look that spares the rules."""

    def make() -> Any:
        right: Any = quick.breaks_none

        def wrong(*args: Any) -> Any:
            *rest, judged = args
            blind = Judged(judged.gauges, judged.cash_reserve)
            if hasattr(blind, field):
                setattr(blind, field, () if field == "of_positions" else 1 << 62)
                return right(*rest, blind)
            blind.gauges = tuple(Gauge(each.scope, each.limits, each.usage) for each in judged.gauges)
            for each in blind.gauges:
                setattr(each, field, 1 << 62)
            return right(*rest, blind)

        return mock.patch.object(gate, "breaks_none", wrong)

    return make


HASTE: Final = (
    *("value_max", "quantity_max", "deviation_max", "recent_share_max", "of_positions"),
    *("buy_max", "turnover_max", "working_max", "orders_max", "messages_max", "signal_max"),
)

BUGS: Final = (
    *[Bug(f"in haste: {field} is overlooked", _in_haste(field)) for field in HASTE],
    *[_off(gate, name) for name in OF_INSTRUCTIONS],
    *[_off(scope, name) for name in OF_SCOPES],
    *[_shifted(scope, name, 1, "refuses its limit") for name in OF_SCOPES if name != "check_deviation"],
    *[
        _shifted(scope, name, -10_000 if name in OF_RATIOS else -1, "passes one more")
        for name in OF_SCOPES
        if name != "check_deviation"
    ],
    *[
        _shifted(gate, name, by, called)
        for name in ("check_day_buy", "check_cash", "check_sellable", "check_bare_per_day", "check_unknown_orders")
        for by, called in ((1, "refuses its limit"), (-1, "passes one more"))
    ],
    Bug("no limits of the total", _scopes_without_the_total),
    Bug("a door counts for everybody", _door_of_everybody),
    Bug("an account counts for everybody", _account_of_everybody),
    Bug("orders lost in a snapshot", _snapshot_without("orders")),
    Bug("money lost in a snapshot", _snapshot_without("bought", "sold")),
    Bug("turns lost in a snapshot", _snapshot_without("turns")),
    Bug("cancels lost in a snapshot", _snapshot_without("cancels", "messages")),
    Bug("steps of the loss lost in a snapshot", _snapshot_without("loss_step")),
    Bug("a new process counts from nought", _restart_opens_a_day),
    Bug("the file wins over a person", _file_wins),
    Bug("limits of yesterday", _limits_of_yesterday),
    Bug("seconds of the clock", _second_of_the_clock),
    Bug("never too fast", _never_too_fast),
    Bug("turns behind the deadline", _late_turns_kept),
    Bug("what still works counts for nothing", _exposure(lambda order: order.filled_value)),
    Bug("what was cancelled counts", _exposure(lambda order: order.price * order.quantity)),
    Bug("a loss without money", _loss_without_money),
    Bug("a loss again and again", _loss_again_and_again),
    Bug("no brake against loops", _brake_never),
    Bug("sells are free of limits", _sells_are_free_of_limits),
    Bug("the first scope only", _first_scope_only),
    Bug("the last scope first", _last_scope_first),
    Bug("no reserve", _no_reserve),
)


def runs_to_find(bug: Bug, first: int = 0) -> int:
    """Return how many runs, from seed ``first`` on, it takes to find ``bug``; 0 when RUNS_MAX do not find it."""
    with bug.plant():
        for seed in range(first, first + RUNS_MAX):
            try:
                run_one(seed)
            except DifferenceError:  # Only the judge counts: a bug that breaks the program proves nothing of him.
                return seed - first + 1
    return 0
