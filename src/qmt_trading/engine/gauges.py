"""Each scope's limits beside what it has used of them: the limits that hold now, and who they concern."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import asdict, replace

from qmt_trading.engine.usage import Usage
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import NO_LIMITS, TOTAL, Limits, Scope, ScopeKind
from qmt_trading.model.numbers import Money
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.told import StateTold
from qmt_trading.model.usage import LimitImage, LimitStep, ScopeImage

RESERVES: Final = frozenset({"cash_reserve"})
"""Limits that are tighter when they are larger."""
ADJUSTABLE: Final = tuple(name for name, value in asdict(NO_LIMITS).items() if type(value) is int)
"""Limits that a person may set at run time."""
STEPS_MAX: Final = 1_000
"""Changes of limits that are remembered of a day."""
_ENDLESS: Final = 1 << 62
"""Stands for a limit that does not exist, where figures are compared in haste."""

_Who = tuple[AccountId, str, str]
"""Account, door and strategy."""


class Gauge:
    """One scope as the gate sees it."""

    __slots__ = (
        "buy_max",
        "limits",
        "messages_max",
        "orders_max",
        "scope",
        "signal_max",
        "text",
        "turnover_max",
        "usage",
        "working_max",
    )

    def __init__(self, scope: Scope, limits: Limits, usage: Usage) -> None:
        self.scope = scope
        self.limits = limits
        self.usage = usage
        self.text = scope_text(scope)
        self.buy_max = limits.buy_value_per_day_max or _ENDLESS
        """As in ``limits``, but for those that do not exist; so the five below."""
        self.turnover_max = limits.turnover_per_day_max or _ENDLESS
        self.working_max = limits.working_orders_max or _ENDLESS
        self.orders_max = limits.orders_per_day_max or _ENDLESS
        self.messages_max = limits.messages_per_day_max or _ENDLESS
        self.signal_max = limits.orders_per_signal_max or _ENDLESS


class Judged:
    """The scopes with limits that an order is judged by, and what can be said of all of them at once."""

    __slots__ = (
        "_allowed",
        "_denied",
        "_windows",
        "cash_reserve",
        "deviation_max",
        "gauges",
        "has_lists",
        "has_rates",
        "has_total_unknown",
        "of_positions",
        "quantity_max",
        "recent_share_max",
        "value_max",
    )

    def __init__(self, gauges: tuple[Gauge, ...], cash_reserve: Money) -> None:
        limits = [gauge.limits for gauge in gauges]
        self.gauges = gauges
        """Total, account, door, strategy, in this order."""
        self.cash_reserve = cash_reserve
        """Of the account."""
        self.value_max = _least(each.order_value_max for each in limits)
        self.quantity_max = _least(each.order_quantity_max for each in limits)
        self.deviation_max = _least(each.deviation_max for each in limits)
        self.recent_share_max = _least(each.recent_value_share_max for each in limits)
        """The strictest of them; a limit that nobody has is endless."""
        self.of_positions = tuple(
            gauge for gauge in gauges if gauge.limits.position_value_max or gauge.limits.position_share_max
        )
        self.has_rates = any(
            each.orders_per_second_max or each.orders_per_minute_max or each.messages_per_second_max for each in limits
        )
        self.has_total_unknown = any(
            gauge.limits.unknown_orders_max for gauge in gauges if gauge.scope.kind is ScopeKind.TOTAL
        )
        self.has_lists = any(each.windows or each.symbols_allowed or each.symbols_denied for each in limits)
        self._windows = tuple(each.windows for each in limits if each.windows)
        self._denied = frozenset(symbol for each in limits for symbol in each.symbols_denied)
        self._allowed = tuple(frozenset(each.symbols_allowed) for each in limits if each.symbols_allowed)

    def permits(self, symbol: Symbol, time_ns: int) -> bool:
        """Tell whether no scope's windows or lists keep ``symbol`` from being ordered ``time_ns`` after midnight."""
        for windows in self._windows:
            for window in windows:
                if window.begins_ns <= time_ns < window.ends_ns:
                    break
            else:
                return False
        for allowed in self._allowed:
            if symbol not in allowed:
                return False
        return symbol not in self._denied


def _least(values: Iterable[int]) -> int:
    return min(filter(None, values), default=_ENDLESS)


class Gauges:
    """All of them. Limits come from the configuration and, until the day ends, from people."""

    def __init__(self) -> None:
        self.usages: dict[Scope, Usage] = {}
        self.set_today: dict[tuple[Scope, str], LimitImage] = {}
        """What people have set since the day was opened."""
        self.steps: tuple[LimitStep, ...] = ()
        """Each change of a limit by a person since then, the newest last, at most ``STEPS_MAX``."""
        self._written: dict[Scope, Limits] = {}
        self._limits: dict[Scope, Limits] = {}
        self._counted: dict[_Who, tuple[Usage, ...]] = {}
        self._judged: dict[_Who, Judged] = {}
        self._images: tuple[ScopeImage, ...] | None = None

    def configure(self, settings: EngineSettings) -> None:
        """Take the limits of ``settings``; of what was set by people, the tighter holds until it is confirmed."""
        self._written = {TOTAL: settings.limits}
        self._written |= {Scope(ScopeKind.ACCOUNT, each.account): each.limits for each in settings.accounts}
        self._written |= {Scope(ScopeKind.DOOR, each.name): each.limits for each in settings.doors}
        self._written |= {Scope(ScopeKind.STRATEGY, each.name): each.limits for each in settings.strategies}
        self._settle()

    def distrust(self) -> None:
        """Let what people have set hold only where it is tighter than the configuration: a new process begins."""
        for key, each in self.set_today.items():
            self.set_today[key] = replace(each, confirmed=False)
        self._settle()

    def confirm(self) -> None:
        """Let what people have set hold as it is."""
        for key, each in self.set_today.items():
            self.set_today[key] = replace(each, confirmed=True)
        self._settle()

    def set(self, scope: Scope, limit: str, value: int, told: StateTold) -> None:
        """Set one limit until the day ends."""
        assert limit in ADJUSTABLE, limit
        before = getattr(self.limits(scope), limit)
        self.steps = (*self.steps, LimitStep(scope, limit, before, value, told))[-STEPS_MAX:]
        self.set_today[scope, limit] = LimitImage(scope, limit, value, True, told)
        self._settle()

    def restore(self, images: tuple[LimitImage, ...], steps: tuple[LimitStep, ...]) -> None:
        """Take what a snapshot holds."""
        self.steps = steps
        self.set_today = {(each.scope, each.limit): each for each in images}
        self._settle()

    def _settle(self) -> None:
        limits = dict(self._written)
        for (scope, limit), each in self.set_today.items():
            before = limits.get(scope, NO_LIMITS)
            value = each.value if each.confirmed else tighter(limit, each.value, getattr(before, limit))
            limits[scope] = replace(before, **{limit: value})
        self._limits = limits
        self._judged = {}
        self._images = None

    def limits(self, scope: Scope) -> Limits:
        """Return the limits of ``scope`` that hold now."""
        return self._limits.get(scope, NO_LIMITS)

    def images(self) -> tuple[ScopeImage, ...]:
        """Return the limits of every scope that was written or set, made anew only when one has changed."""
        if self._images is None:
            by_scope: dict[Scope, list[LimitImage]] = {}
            for (scope, _), each in self.set_today.items():
                by_scope.setdefault(scope, []).append(each)
            self._images = tuple(
                ScopeImage(scope, holds, self.written(scope), tuple(by_scope.get(scope, ())))
                for scope, holds in self._limits.items()
            )
        return self._images

    def written(self, scope: Scope) -> Limits:
        """Return the limits of ``scope`` as the configuration has them."""
        return self._written.get(scope, NO_LIMITS)

    def usage(self, scope: Scope) -> Usage:
        """Return the counters of ``scope``, all zero for one that nobody has used."""
        found = self.usages.get(scope)
        if found is None:
            found = self.usages[scope] = Usage(scope)
        return found

    def of_account(self, account: AccountId) -> Usage:
        return self.usage(Scope(ScopeKind.ACCOUNT, account))

    def counted(self, account: AccountId, door: str, strategy: str) -> tuple[Usage, ...]:
        """Return the counters that an order of these belongs to; a foreign one has neither door nor strategy."""
        key = account, door, strategy
        found = self._counted.get(key)
        if found is None:
            found = self._counted[key] = tuple(self.usage(scope) for scope in _scopes(account, door, strategy))
        return found

    def judged(self, account: AccountId, door: str, strategy: str) -> Judged:
        """Return the scopes with limits that an order of these is judged by."""
        key = account, door, strategy
        found = self._judged.get(key)
        if found is None:
            gauges = [
                Gauge(scope, self._limits[scope], self.usage(scope))
                for scope in _scopes(account, door, strategy)
                if self._limits.get(scope, NO_LIMITS) != NO_LIMITS
            ]
            reserve = self.limits(Scope(ScopeKind.ACCOUNT, account)).cash_reserve
            found = self._judged[key] = Judged(tuple(gauges), reserve)
        return found


def scope_text(scope: Scope) -> str:
    """Return a scope as figures name it: ``total``, ``account 11031122``, ``door monitor``."""
    return f"{scope.kind.value} {scope.name}".rstrip()


def _scopes(account: AccountId, door: str, strategy: str) -> list[Scope]:
    scopes = [TOTAL, Scope(ScopeKind.ACCOUNT, account)]
    if door:
        scopes.append(Scope(ScopeKind.DOOR, door))
    if strategy:
        scopes.append(Scope(ScopeKind.STRATEGY, strategy))
    return scopes


def tighter(limit: str, one: int, other: int) -> int:
    """Return the stricter of two values of one limit; 0 is the loosest."""
    if limit in RESERVES:
        return max(one, other)
    return min(filter(None, (one, other)), default=0)


def is_looser(limit: str, value: int, other: int) -> bool:
    """Tell whether ``value`` permits more than ``other``."""
    return value != other and tighter(limit, value, other) == other
