"""What a seed stands for: settings, quotes, messages; figures so round that limits are hit exactly, or by one unit."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Quote, Symbol, TradingRule
from qmt_trading.model.limits import NO_LIMITS, TOTAL, Limits, Scope, ScopeKind, Window
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.settings import (
    AccountSettings,
    DoorSettings,
    EngineSettings,
    FeeSchedule,
    StrategySettings,
)
from qmt_trading.model.signal import AccountId, Item, PriceKind, PriceSpec, Size, SizeKind
from qmt_trading.model.words import BareAction, Mode, OpeningPause, Verb
from tests.gate.facts import rule_of

DAY: Final = dt.date(2026, 11, 24)
YUAN: Final = 10_000
BASE: Final = 10 * YUAN
ACCOUNTS: Final = tuple(AccountId(f"1103112{number}") for number in range(2, 6))
STRATEGIES: Final = ("grid", "dip", "stray")
"""The last is never configured."""
SYMBOLS: Final = tuple(map(Symbol, ("600000.SH", "000001.SZ", "688001.SH", "300001.SZ", "510300.SH", "113050.SH")))
FREE: Final = FeeSchedule(
    commission_millionths=0, commission_minimum=Money(0), stamp_duty_millionths=0, transfer_millionths=0
)
USUAL: Final = FeeSchedule(stamp_duty_millionths=500, transfer_millionths=10)
LATEST: Final = PriceSpec(PriceKind.LATEST, text="latest")
VERBS: Final = (Verb.BUY, Verb.SELL, Verb.CANCEL)
HOUR_NS: Final = 3600 * SECOND_NS
EDGES_OF_THE_DAY: Final = tuple(
    (hour * 60 + minute) * 60 * SECOND_NS
    for hour, minute in ((9, 15), (9, 25), (9, 30), (10, 0), (11, 30), (13, 0), (14, 57), (15, 0))
)


def thousands(rng: Random, most: int) -> int:
    """Return a whole number of thousands of yuan, which orders can reach exactly, or one unit beside it."""
    return rng.randint(1, most) * 1000 * YUAN + rng.choice((-1, 0, 0, 1))


def small(rng: Random, most: int) -> int:
    return rng.randint(1, most)


def a_limit(rng: Random, name: str, cash: int) -> int:
    """Return a figure for one limit that a run has a fair chance to hit."""
    match name:
        case "order_value_max":
            return thousands(rng, 6)
        case "order_quantity_max":
            return rng.randint(1, 5) * 100 + rng.choice((-1, 0, 0, 1))
        case "deviation_max":
            return rng.choice((10_000, 20_000)) + rng.choice((-1, 0, 0, 1))
        case "position_value_max":
            return 10_000 * YUAN + thousands(rng, 6)
        case "position_share_max":
            return rng.randint(11, 16) * 10_000 + rng.choice((-1, 0, 0, 1))
        case "buy_value_per_day_max" | "turnover_per_day_max":
            return thousands(rng, 8)
        case "recent_value_share_max":
            return rng.randint(1, 5) * 10_000 + rng.choice((-1, 0, 0, 1))
        case "cash_reserve":
            return max(1, cash - thousands(rng, 12))
        case "loss_reducing" | "loss_halting":
            return rng.choice((2_000, 5_000, 10_000, 20_000)) + rng.choice((-1, 0, 0, 1))
        case "orders_per_second_max" | "messages_per_second_max" | "unknown_orders_max":
            return small(rng, 3)
        case "orders_per_signal_max":
            return small(rng, 4)
        case "working_orders_max" | "orders_per_minute_max":
            return small(rng, 6)
        case _:
            return small(rng, 10)


NUMERIC: Final = (
    "order_value_max",
    "order_quantity_max",
    "deviation_max",
    "position_value_max",
    "position_share_max",
    "buy_value_per_day_max",
    "turnover_per_day_max",
    "recent_value_share_max",
    "working_orders_max",
    "orders_per_signal_max",
    "orders_per_second_max",
    "orders_per_minute_max",
    "orders_per_day_max",
    "messages_per_second_max",
    "messages_per_day_max",
    "unknown_orders_max",
    "cash_reserve",
    "loss_reducing",
    "loss_halting",
)
RATES: Final = ("orders_per_second_max", "orders_per_minute_max", "messages_per_second_max")
FOUR: Final = tuple(ScopeKind)
WHERE: Final = {
    "messages_per_second_max": (ScopeKind.ACCOUNT,),
    "messages_per_day_max": (ScopeKind.ACCOUNT,),
    "cash_reserve": (ScopeKind.ACCOUNT,),
    "position_value_max": (ScopeKind.TOTAL, ScopeKind.ACCOUNT, ScopeKind.STRATEGY),
    "position_share_max": (ScopeKind.ACCOUNT, ScopeKind.STRATEGY),
    "unknown_orders_max": (ScopeKind.TOTAL, ScopeKind.ACCOUNT),
    "loss_reducing": (ScopeKind.TOTAL, ScopeKind.ACCOUNT),
    "loss_halting": (ScopeKind.TOTAL, ScopeKind.ACCOUNT),
}
"""Where a limit means something, when that is not everywhere."""
LISTS: Final = ("risk_warning_denied", "windows", "symbols_allowed", "symbols_denied")


class Premises:
    """What holds for the whole of one run."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        rng = Random(f"premises {seed}")
        self.symbols = tuple(rng.sample(SYMBOLS, rng.choice((1, 2, 2, 3))))
        self.cash = rng.choice((1_000_000, 1_000_000, 20_000, 5_000)) * YUAN
        self.always_open = rng.random() < 0.7
        time_ns = rng.choice(EDGES_OF_THE_DAY) - rng.choice((0, 1, SECOND_NS, 60 * SECOND_NS))
        self.start_ns = at_time(DAY, 10 * HOUR_NS if self.always_open else time_ns)
        self.rates = rng.random() < 0.35
        """Whether orders may have to wait for their turn; then none is split."""
        self.assets_told = rng.choice((0, 100_000, 100_000, 1_000_000)) * YUAN
        self.accounts = ACCOUNTS[: rng.choice((1, 2, 2, 3, 4))]
        self.doors = tuple(f"door{number}" for number in range(1, rng.randint(1, 3) + 1))
        self.strategies = STRATEGIES[: rng.randint(0, 3)]
        self.settings = self._settings(rng)
        self.rules = {symbol: self._rule(rng, symbol) for symbol in self.symbols}

    def scopes(self) -> list[Scope]:
        accounts = [Scope(ScopeKind.ACCOUNT, each) for each in self.accounts]
        doors = [Scope(ScopeKind.DOOR, each) for each in self.doors]
        strategies = [Scope(ScopeKind.STRATEGY, each) for each in self.strategies[:2]]
        return [TOTAL, *accounts, *doors, *strategies]

    def a_set_limit(self, rng: Random) -> tuple[Scope, str, int]:
        """Return one numeric limit of one scope where it means something."""
        scope = rng.choice(self.scopes())
        left_out = () if self.rates else RATES
        names = [each for each in NUMERIC if scope.kind in WHERE.get(each, FOUR) and each not in left_out]
        name = rng.choice(names)
        return scope, name, a_limit(rng, name, self.cash)

    def _settings(self, rng: Random) -> EngineSettings:
        limits: dict[Scope, dict[str, Any]] = {scope: {} for scope in self.scopes()}
        for _ in range(rng.choice((0, 1, 1, 2, 3, 4, 6, 10))):
            scope, name, value = self.a_set_limit(rng)
            limits[scope][name] = value
        if self.rates:
            scope, name = rng.choice(self.scopes()), rng.choice(RATES)
            if scope.kind in WHERE.get(name, FOUR):
                limits[scope][name] = a_limit(rng, name, self.cash)
        if rng.random() < 0.25:
            scope, name = rng.choice(self.scopes()), rng.choice(LISTS)
            limits[scope][name] = self._list(rng, name)
        found = {scope: replace(NO_LIMITS, **values) for scope, values in limits.items()}
        fees = rng.choice((FREE, USUAL))
        return EngineSettings(
            mode=Mode.PAPER,
            accounts=tuple(
                AccountSettings(
                    account=each,
                    groups=("all",),
                    limits=found[Scope(ScopeKind.ACCOUNT, each)],
                    fees=fees,
                    bare_per_day_max=rng.choice((1, 1, 2)),
                    morning_check=Random(f"morning {self.seed} {each}").random() < 0.3,
                )
                for each in self.accounts
            ),
            doors=tuple(self._door(rng, each, found[Scope(ScopeKind.DOOR, each)]) for each in self.doors),
            strategies=tuple(
                StrategySettings(name=each, limits=found[Scope(ScopeKind.STRATEGY, each)])
                for each in self.strategies[:2]
            ),
            limits=found[TOTAL],
            default_price=LATEST,
            self_cross_denied=rng.random() < 0.3,
            submits_per_minute_max=rng.choice((600, 600, 600, 8, 5)),
            always_open=self.always_open,
            opening_pause=rng.choice(tuple(OpeningPause)),
            calendar_until=rng.choice((None, None, None, DAY)),
        )

    def _door(self, rng: Random, name: str, limits: Limits) -> DoorSettings:
        return DoorSettings(
            name=name,
            allow=(Verb.SELL, Verb.CANCEL) if rng.random() < 0.05 else VERBS,
            accounts=self.accounts[:1] if rng.random() < 0.1 else (),
            limits=limits,
            bare=rng.choice((BareAction.BUY, BareAction.SELL)),
            default_size=Size(SizeKind.LOTS, 1, text="1手"),
            ttl_ns=rng.choice((3, 10, 120)) * SECOND_NS,
        )

    def _list(self, rng: Random, name: str) -> Any:
        if name == "risk_warning_denied":
            return True
        if name == "windows":
            time_ns = (self.start_ns - at_time(DAY, 0)) + rng.choice((-60, 0, 1, 60)) * SECOND_NS
            return (Window(0, HOUR_NS), Window(time_ns, time_ns + rng.choice((1, 60, 600)) * SECOND_NS))
        return (rng.choice(self.symbols),)

    def _rule(self, rng: Random, symbol: Symbol) -> TradingRule:
        rule = rule_of(symbol, DAY)
        caged = rng.random() < 0.3
        rule = replace(rule, cage_millionths=20_000 * caged, cage_ticks=rng.choice((0, 10)))
        if rng.random() < 0.2 and not self.rates and rule.board != "star":
            rule = replace(rule, quantity_max=Quantity(rule.lot * rng.choice((2, 3, 4))))
        return rule

    def a_quote(self, rng: Random, symbol: Symbol, now_ns: int) -> Quote:
        """Return the market at one instant; most of the time an ordinary one."""
        rule: TradingRule | None = self.rules[symbol]
        assert rule is not None
        figures: dict[str, Any] = {
            "last": BASE,
            "previous_close": BASE,
            "limit_up": 11 * YUAN,
            "limit_down": 9 * YUAN,
            "bids": (BASE - 100, BASE - 200),
            "asks": (BASE, BASE + 100),
            "quoted_ns": now_ns - rng.choice((0, 0, 0, 3 * SECOND_NS, 3 * SECOND_NS + 1)),
            "recent_value": rng.choice((-1, -1, 0, 100_000 * YUAN, 100_000 * YUAN)),
        }
        odd = rng.random()
        if odd < 0.1:
            figures |= rng.choice(
                (
                    {"last": 0},
                    {"last": 0, "previous_close": 0},
                    {"asks": ()},
                    {"bids": (), "last": 9 * YUAN},
                    {"asks": (), "bids": ()},
                    {"limit_up": 0, "limit_down": 0},
                    {"limit_up": 0, "limit_down": 0, "band_up": 10_5000, "band_down": 9_5000},
                    {"suspended": True},
                )
            )
        elif odd < 0.2:
            figures["last"] = BASE + rng.choice((-2000, -1000, 1000, 2000))
        if rng.random() < 0.15:
            figures["risk_warning"] = True
            day_buy_max = Quantity(rng.choice((0, 300, 500, 900)))
            rule = replace(rule, day_buy_max=day_buy_max)
        if rng.random() < 0.01:
            rule = rng.choice((None, rule_of(Symbol("000001.SH"), DAY)))
        return Quote(symbol=symbol, rule=rule, **figures)

    # Messages

    def an_item(self, rng: Random, symbol: Symbol, accounts: tuple[str, ...]) -> Item:
        """Return one instruction."""
        verb = rng.choice((*[Verb.BUY] * 8, *[Verb.SELL] * 5, Verb.CLEAR, Verb.TARGET, Verb.BARE))
        return Item(
            verb,
            symbol,
            accounts,
            size=None if verb in (Verb.BARE, Verb.CLEAR) else self._size(rng, verb, symbol),
            price=None if verb is Verb.BARE else self._price(rng),
            ttl_ns=rng.choice((None, None, None, None, None, None, 0, SECOND_NS)),
            strategy=rng.choice(("", *self.strategies)),
        )

    def _size(self, rng: Random, verb: Verb, symbol: Symbol) -> Size:
        lot = self.rules[symbol].lot
        odd = rng.random()
        if verb is Verb.TARGET or odd < 0.8:
            shares = lot * rng.randint(1, 6) * (1 if lot == 100 else 10)
            if rng.random() < 0.05 and verb is not Verb.TARGET:
                split = self.rules[symbol].quantity_max < 10_000
                shares = self.rules[symbol].quantity_max * 50 + lot if split else shares + rng.choice((-1, 1, 50))
            return Size(SizeKind.SHARES, shares, text=str(shares))
        if odd < 0.85:
            lots = rng.randint(1, 5)
            return Size(SizeKind.LOTS, lots, text=f"{lots}手")
        if odd < 0.9:
            yuan = rng.choice((500, 1_000, 2_999, 3_000, 5_000))
            return Size(SizeKind.MONEY, yuan * YUAN, text=f"{yuan}元")
        if odd < 0.94:
            return Size(SizeKind.ALL, text="全部")
        if odd < 0.97:
            return Size(SizeKind.FRACTION, 1, 2, text="半仓")
        return Size(SizeKind.PERCENT, rng.choice((100_000, 333_333, 500_000)), text="%")

    def _price(self, rng: Random) -> PriceSpec:
        if rng.random() < 0.85:
            off = rng.choice((0, 0, 0, 0, -1000, 1000, -2000, 2000, 2100, -2100, 500, -500, -10_000, 10_000))
            off += rng.choice((50, -100, 100)) if rng.random() < 0.05 else 0
            price = Price(BASE + off)
            return PriceSpec(PriceKind.LIMIT, price, text=str(price))
        kind = rng.choice(
            (PriceKind.LATEST, PriceKind.LIMIT_UP, PriceKind.LIMIT_DOWN, PriceKind.OPPOSITE, PriceKind.OWN)
        )
        return PriceSpec(kind, text=kind.value)
