"""Whatever happens, the view is never behind the counters, and limits stand as the gate and the brakes count them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.engine.gauges import ADJUSTABLE, Gauge
from qmt_trading.engine.risk.candidate import Candidate, Market
from qmt_trading.engine.risk.daily_loss import day_profit
from qmt_trading.engine.risk.scope import held_worth
from qmt_trading.engine.risk.standing import standings
from qmt_trading.engine.state import State
from qmt_trading.engine.usage import Usage
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.limits import NO_LIMITS, Limits, Scope, ScopeKind
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.settings import StrategySettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.standing import ScopeStanding
from qmt_trading.model.usage import UsageImage
from qmt_trading.model.words import InstrumentKind, Side
from tests.engine_bench import ACCOUNT, STOCK
from tests.engine_life import Life

WIDE = Limits(
    position_value_max=Money(10**15),
    working_orders_max=10**6,
    orders_per_second_max=1000,
    orders_per_day_max=10**6,
    unknown_orders_max=10**6,
    buy_value_per_day_max=Money(10**15),
)
"""Nothing is refused for them."""


class Shown(Life):
    """A life whose view is compared with its state after every event."""

    looked = 0

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.settings = replace(
            self.settings,
            limits=WIDE,
            accounts=tuple(replace(each, limits=WIDE) for each in self.settings.accounts),
            strategies=(StrategySettings(name="grid", limits=Limits(position_value_max=Money(10**15))),),
        )
        self.feed(ev.EngineStarted("test", self.settings))
        self.session += 1
        self.connect()

    def step(self) -> None:
        super().step()
        if self.rng.random() < 0.1:
            last, previous = self.rng.randrange(94_000, 114_000), self.rng.choice((0, 104_000))
            self.feed(ev.PositionsMarked((ev.Mark(STOCK, Price(last), Price(previous)),)))
        if self.rng.random() < 0.1:
            self.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} strategy=grid")
        if self.rng.random() < 0.1:
            scope = self.rng.choice((Scope(ScopeKind.ACCOUNT, ACCOUNT), Scope(ScopeKind.DOOR, "door")))
            self.feed(ev.LimitRequested("me", "", scope, "orders_per_day_max", self.rng.randrange(10**6)))

    def feed(self, event: ev.Event) -> list[out.Output]:
        made = super().feed(event)
        view, state = self.engine.view(), self.engine.state
        for image in view.usages:
            assert image == fresh(state.gauges.usages[image.scope])
        for each in view.limits:
            assert each.holds == state.gauges.limits(each.scope)
            assert each.written == state.gauges.written(each.scope)
        assert sum(len(each.set_today) for each in view.limits) == len(state.gauges.set_today)
        for standing in standings(view, self.now_ns):
            self.looked += 1
            compare(state, standing)
        return made


def fresh(usage: Usage) -> UsageImage:
    """Return the figures of ``usage`` as they are, whatever it remembers of its last image."""
    figures = {name: getattr(usage, name) for name in UsageImage.__struct_fields__}
    return UsageImage(**{**figures, "turns": tuple(usage.turns), "messages": tuple(usage.messages)})


def compare(state: State, standing: ScopeStanding) -> None:
    scope = standing.usage.scope
    used = {each.limit: each.used for each in standing.limits}
    accounts = [
        each for number, each in state.accounts.items() if scope.kind is ScopeKind.TOTAL or scope.name == number
    ]
    if scope.kind in (ScopeKind.TOTAL, ScopeKind.ACCOUNT):
        assert standing.unknown == sum(len(account.unresolved) for account in accounts)
        assert (standing.profit or 0) == sum(day_profit(state, account) for account in accounts)
        assert standing.usage.working == sum(len(account.live) for account in accounts)
    if state.prices.get(STOCK) and "position_value_max" in used:
        assert used["position_value_max"] == largest(state, scope)
    assert {each.limit for each in standing.limits} <= set(ADJUSTABLE)


def largest(state: State, scope: Scope) -> int:
    """Return what the gate would count for a buy of nothing: the one stock of these lives is all that is held."""
    price = state.prices[STOCK]
    rule = rule_for(STOCK)
    assert rule is not None
    quote = Quote(STOCK, price, price, Price(0), Price(0), (), (), 0, rule)
    market = Market(quote, InstrumentKind.STOCK, price, True, True, False, True, False, 0)
    nothing = Candidate(Symbol(STOCK), Side.BUY, Quantity(0), price, Money(0), Money(0))
    account = state.account(AccountId(scope.name or ACCOUNT)) if scope.kind is not ScopeKind.STRATEGY else None
    gauge = Gauge(scope, NO_LIMITS, state.gauges.usage(scope))
    return held_worth(state, account or state.account(ACCOUNT), nothing, market, gauge)


@pytest.mark.parametrize("seed", range(40))
def test_the_view_is_never_behind_and_counts_as_the_gate_does(seed: int) -> None:
    life = Shown(seed)
    for _ in range(60):
        life.step()
    assert life.looked > 100


def test_these_lives_trade_with_a_strategy_and_lose_and_leave_orders_unknown() -> None:
    lives = [Shown(seed) for seed in range(10)]
    for life in lives:
        for _ in range(60):
            life.step()
    assert any(any(life.engine.state.holdings.values()) for life in lives)
    assert any(account.unresolved for life in lives for account in life.engine.state.accounts.values())
    assert any(account.day_flows for life in lives for account in life.engine.state.accounts.values())
