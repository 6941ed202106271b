"""How fast orders may leave, row 40 of ``docs/risk.md``: in whichever second or minute one looks."""

from __future__ import annotations

from typing import NamedTuple

from qmt_trading.model.limits import Scope, ScopeKind
from tests.gate.facts import Facts
from tests.gate.limits import Asking, belongs, limit_of

SECOND_NS = 1_000_000_000
WINDOWS = (
    ("orders_per_second_max", SECOND_NS),
    ("orders_per_minute_max", 60 * SECOND_NS),
    ("messages_per_second_max", SECOND_NS),
)


class Turn(NamedTuple):
    """When an order may leave, and the limits of which one may have made it wait."""

    at_ns: int
    rates: tuple[Rate, ...] = ()


class Rate(NamedTuple):
    """One limit and the instants that count for it."""

    limit: int
    window_ns: int
    scope: Scope
    instants: list[int]

    def has_room(self, at_ns: int, count: int) -> bool:
        """Tell whether ``count`` more at ``at_ns`` leave no window with too many in it."""
        ends = [at_ns, *(each for each in self.instants if at_ns <= each < at_ns + self.window_ns)]
        return all(
            sum(end - self.window_ns < each <= end for each in self.instants) + count <= self.limit for end in ends
        )


def turn_of(facts: Facts, asking: Asking) -> Turn:
    """Return the earliest instant from now on at which no limit is broken."""
    rates = list(_rates(facts, asking))
    count, now_ns = len(asking.parts), asking.now_ns
    if all(rate.has_room(now_ns, count) for rate in rates):
        return Turn(now_ns)
    ends = {each + rate.window_ns for rate in rates for each in rate.instants if each + rate.window_ns > now_ns}
    for at_ns in sorted(ends):
        if all(rate.has_room(at_ns, count) for rate in rates):
            return Turn(at_ns, tuple(rates))
    return Turn(1 << 62, tuple(rates))


def _rates(facts: Facts, asking: Asking) -> list[Rate]:
    rates: list[Rate] = []
    for scope in asking.scopes(facts):
        for name, window_ns in WINDOWS:
            of_messages = name.startswith("messages")
            limit = limit_of(facts, scope, name)
            if not limit or (of_messages and scope.kind is not ScopeKind.ACCOUNT):
                continue
            places = facts.left if of_messages else facts.places()  # What will be cancelled later nobody knows.
            instants = [each.at_ns for each in places if belongs(scope, each)]
            if of_messages:
                instants += [at_ns for at_ns, account in facts.cancels if account == scope.name]
            rates.append(Rate(limit, window_ns, scope, instants))
    return rates
