"""What one item asks of every account it names: worked out once where accounts do not differ, else for each."""

from __future__ import annotations

from qmt_trading.engine.bookkeeping import reserve_of, total_assets
from qmt_trading.engine.prices import resolve_price
from qmt_trading.engine.risk.candidate import Candidate, Instruction, Market
from qmt_trading.engine.risk.gate import judge_legality
from qmt_trading.engine.sizing import size_order
from qmt_trading.engine.splitting import split
from qmt_trading.engine.state import Account, State
from qmt_trading.market import repo
from qmt_trading.market.lots import round_down_to_lot
from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.numbers import Money, Price, Quantity, notional, quantity_for
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import EngineSettings, FeeSchedule
from qmt_trading.model.signal import AccountId, Item, PriceSpec, Size, SizeKind
from qmt_trading.model.words import InstrumentKind, Side, Verb

_SAME_FOR_ALL = frozenset({SizeKind.SHARES, SizeKind.LOTS, SizeKind.MONEY})
"""Sizes of a buy that hang on nothing an account has."""


class Plan:
    """One buy or sell, before and after its size; lives as long as the decision about its message."""

    def __init__(
        self,
        item: Item,
        side: Side,
        market: Market,
        rule: TradingRule,
        *,
        size: Size | None,
        price_spec: PriceSpec,
        arrival: int,
        deadline_ns: int,
        has_id: bool,
    ) -> None:
        self.item = item
        self.side = side
        self.market = market
        self._quote = market.quote
        self.rule = rule
        self._size = size
        self._price_spec = price_spec
        self._instruction = Instruction(item.symbol, side, item.verb is Verb.BARE, arrival, deadline_ns, "")
        self.common: Instruction | None = self._instruction if has_id else None
        """What is asked of every account alike; None: each has an instruction of its own."""
        self._price: Price | Denial | None = None
        self._shared = side is Side.BUY and size is not None and size.kind in _SAME_FOR_ALL
        self._fees: FeeSchedule | None = None
        self._candidate: Candidate | Denial | None = None

    def instruction(self, number: AccountId) -> Instruction:
        """Return what is asked of one account by a message without an id: a repeat is known by its words."""
        plain = self._instruction
        size_text = self._size.text if self._size is not None else ""
        key = f"{number}|{plain.symbol}|{self.side.value}|{size_text}|{self._price_spec.text}"
        return Instruction(plain.symbol, plain.side, plain.bare, plain.arrival, plain.deadline_ns, key)

    def candidate(self, state: State, settings: EngineSettings, account: Account) -> Candidate | Denial:
        """Return the legal order that this becomes for ``account``, or why it becomes none.

        Accounts that share a fee schedule share the order of a buy whose size hangs on nothing of theirs.
        """
        fees = account.settings.fees
        if self._shared and self._candidate is not None and fees is self._fees:
            return self._candidate
        made = self._make(state, settings, account)
        self._fees, self._candidate = fees, made
        return made

    def _make(self, state: State, settings: EngineSettings, account: Account) -> Candidate | Denial:
        symbol, side, size, rule = self.item.symbol, self.side, self._size, self.rule
        if size is None:
            return Denial(Reason.SIZE_MISSING, (symbol,))
        price = self._price
        if price is None:
            price = self._price = self._resolve(state, settings)
        if isinstance(price, Denial):
            return price
        held = account.positions.get(symbol)
        sellable, unit = _free(held), price
        if rule.kind is InstrumentKind.REPO:
            sellable, unit = self._lendable(state, account), Price(repo.FACE)
        assets = Money(0) if self._shared else total_assets(state, account)
        quantity = size_order(size, side, unit, rule, sellable=sellable, total_assets=assets)
        if isinstance(quantity, Denial):
            return quantity
        worth = notional(price, quantity) if self.market.is_priced else Money(0)
        if quantity <= rule.quantity_max:
            candidate = Candidate(symbol, side, quantity, price, worth, self.needed(state, account, price, quantity))
            return judge_legality(rule, self.market, candidate, held) or candidate
        needed = 0
        for part in split(quantity, rule):
            own = self.needed(state, account, price, part)
            denial = judge_legality(rule, self.market, Candidate(symbol, side, part, price, worth, own), held)
            if denial is not None:
                return denial
            needed += own
        return Candidate(symbol, side, quantity, price, worth, Money(needed))

    def _lendable(self, state: State, account: Account) -> Quantity:
        """Return how many 张 of a reverse repo the free cash makes, in whole lots, with their commission."""
        reserve = state.gauges.judged(account.settings.account, "", "").cash_reserve
        free = Money(max(0, account.cash - account.reserved - reserve))
        quantity = round_down_to_lot(self.rule, quantity_for(free, Price(repo.FACE)), Side.SELL)
        while quantity and self.needed(state, account, Price(repo.FACE), quantity) > free:
            quantity = Quantity(quantity - self.rule.sell_step)
        return quantity

    def needed(self, state: State, account: Account, price: Price, quantity: Quantity) -> Money:
        """Return the cash that one order freezes, with its fees."""
        return reserve_of(state, self.item.symbol, self.side, price, quantity, account.settings.fees)

    def _resolve(self, state: State, settings: EngineSettings) -> Price | Denial:
        price = resolve_price(
            self._price_spec,
            self.side,
            self._quote,
            self.rule,
            now_ns=state.now_ns,
            quote_age_max_ns=settings.quote_age_max_ns,
        )
        if isinstance(price, int) and price <= 0:
            return Denial(Reason.PRICE_MISSING, (self._price_spec.text,))
        return price


def _free(held: Position | None) -> Quantity:
    return Quantity(0) if held is None else Quantity(max(0, held.sellable_quantity - held.frozen_quantity))
