"""Items that buy, sell or move a holding become orders or denials, account by account."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from qmt_trading.engine.gauges import Judged
from qmt_trading.engine.ids import client_order_id
from qmt_trading.engine.market_now import market_of
from qmt_trading.engine.plan import Plan
from qmt_trading.engine.risk import gate
from qmt_trading.engine.risk.candidate import Counted, Instruction
from qmt_trading.engine.risk.door_permission import check_door_verb
from qmt_trading.engine.risk.order_rate import Turn, check_turn, turn_of
from qmt_trading.engine.risk.orders_per_signal import check_orders_per_signal
from qmt_trading.engine.risk.tradable_symbol import check_tradable_symbol
from qmt_trading.engine.source import Source
from qmt_trading.engine.splitting import split
from qmt_trading.engine.state import Account, State, due_text
from qmt_trading.engine.targets import holding_of, step_of, wanted_of, working_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import ScopeKind
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.outputs import InstructionQueued, Output, SubmitOrder
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.receipt import OrderLine
from qmt_trading.model.reconciliation import OnDifference
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId, Item, Size, SizeKind
from qmt_trading.model.timed import Chase, Timed, without_time
from qmt_trading.model.words import Side, Verb

SIDES = {Verb.BUY: Side.BUY, Verb.SELL: Side.SELL}
_VERBS = {side: verb for verb, side in SIDES.items()}
Waiting = tuple[Verb, Item]
_NOTHING = Size(SizeKind.SHARES, 0, text="0")


class Orders:
    """The orders of one message, or of one instruction that waited: each sees what the one before has claimed."""

    def __init__(self, state: State, source: Source, emit: Callable[[Output], None]) -> None:
        assert state.settings is not None
        self._state = state
        self._settings: EngineSettings = state.settings
        self._source = source
        self._emit = emit
        self.lines: list[OrderLine] = []
        self.accepted = 0
        self.reached = 0
        """Targets that need no order: as good as one that was accepted."""
        self.waiting = 0
        """Orders that were put to wait: they are on record."""
        self._made = 0
        """Orders that left or wait, over all accounts."""
        self._by_account: dict[AccountId, int] = {}

    def make(self, item: Item, verb: Verb, accounts: Iterable[str]) -> None:
        """Decide ``item`` for ``accounts``, numbers or words as written; what comes of it stands in ``lines``."""
        side = SIDES.get(verb)
        if side is not None:
            self._trade(item, side, accounts)
        elif verb is Verb.PORTFOLIO:
            for number in accounts:
                self._portfolio(item, AccountId(number))
        else:
            size = _NOTHING if verb is Verb.CLEAR or item.size is None else item.size
            for number in accounts:
                self._move(item, item.symbol, size, AccountId(number), only_sell=verb is Verb.CLEAR)

    def deny(self, item: Item, side: Side | None, accounts: Iterable[str], denial: Denial) -> None:
        """Refuse ``item`` for all of ``accounts``."""
        for number in accounts:
            self._refuse(number, item.symbol, denial, side)

    # Buys and sells

    def _trade(self, item: Item, side: Side, accounts: Iterable[str]) -> None:
        denial = self._item_denial(item.symbol, side)
        if denial is not None:
            self.deny(item, side, accounts, denial)
            return
        plan = self._plan(item, side, item.size or self._source.door.default_size)
        for number in accounts:
            self._order(plan, AccountId(number), (_VERBS[side], item))

    def _item_denial(self, symbol: Symbol, side: Side) -> Denial | None:
        """Return why nobody may trade ``symbol`` on ``side`` here."""
        return check_door_verb(self._source.door, _VERBS[side]) or self._untradable(symbol, side)

    def _untradable(self, symbol: Symbol, side: Side | None) -> Denial | None:
        quote = self._source.quotes.get(symbol)
        # What a code is costs a look into the rule book, which no order pays that has a quote.
        is_told = quote is not None and quote.rule is not None
        return check_tradable_symbol(symbol, quote, side, None if is_told else self._state.kind(symbol))

    def _plan(self, item: Item, side: Side, size: Size | None) -> Plan:
        source = self._source
        quote = source.quotes[item.symbol]
        assert quote.rule is not None
        spec = item.price or source.door.default_price or self._settings.default_price
        return Plan(
            item,
            side,
            market_of(self._state, self._settings, quote, quote.rule, spec),
            quote.rule,
            size=size,
            price_spec=spec,
            arrival=source.arrival,
            deadline_ns=source.deadline_ns(item, source.begin_ns),
            has_id=source.has_id,
        )

    def _order(self, plan: Plan, number: AccountId, waiting: Waiting) -> None:
        """Send what ``plan`` asks of one account, in several orders where the exchange's largest is smaller.

        Args:
            waiting: verb and item as they wait, should they have to.
        """
        state, settings, door = self._state, self._settings, self._source.door
        account = state.accounts.get(number)
        if account is None or number not in state.names:
            self._refuse(number, plan.item.symbol, Denial(Reason.ACCOUNT_UNKNOWN, (number,)), plan.side)
            return
        item, market = plan.item, plan.market
        judged = state.gauges.judged(number, door.name, item.strategy)
        instruction = plan.common or plan.instruction(number)
        candidate = gate.admit(state, settings, door, account, instruction, market, judged) or plan.candidate(
            state, settings, account
        )
        if isinstance(candidate, Denial):
            self._refuse(number, item.symbol, candidate, plan.side)
            return
        quantity = candidate.quantity
        parts = (quantity,) if quantity <= plan.rule.quantity_max else split(quantity, plan.rule)
        made = self._by_account.get(number, 0) + len(parts) - 1
        by_signal = self._made + len(parts) - 1
        counted = Counted(len(parts), by_signal, made)
        denial = gate.judge(state, settings, account, candidate, market, counted, judged)
        if denial is not None:
            self._refuse(number, item.symbol, denial, plan.side)
            return
        if market.held_until_ns or judged.has_rates:
            denial = self._wait(plan, number, instruction, candidate.quantity, len(parts), judged, waiting)
            if denial is not None:
                if denial.reason is not Reason.ORDER_RATE_EXCEEDED and denial.reason is not Reason.SIGNAL_STALE:
                    self._count(number, len(parts))
                self.lines.append(OrderLine(number, item.symbol, plan.side, quantity, candidate.price, "", denial))
                return
        assert state.bound is not None
        for quantity in parts:
            needed = candidate.needed if len(parts) == 1 else plan.needed(state, account, candidate.price, quantity)
            name = client_order_id(state.bound.tag, state.order_seq + 1)
            self._emit(
                SubmitOrder(
                    name,
                    number,
                    item.symbol,
                    plan.side,
                    quantity,
                    candidate.price,
                    self._source.seq,
                    instruction.deadline_ns,
                    needed,
                    item.strategy,
                    instruction.bare,
                    instruction.duplicate_key,
                    0 if item.cancel_after_ns is None else state.now_ns + item.cancel_after_ns,
                    self._chase(plan) if item.chase else None,
                    account.session,
                    self._source.quotes[item.symbol].last,
                )
            )
            self.lines.append(OrderLine(number, item.symbol, plan.side, quantity, candidate.price, name))
        self.accepted += len(parts)
        self._count(number, len(parts))

    def _count(self, number: AccountId, count: int) -> None:
        self._made += count
        self._by_account[number] = self._by_account.get(number, 0) + count

    def claim(self, item: Item, number: AccountId) -> Denial | None:
        """Count an instruction of the message that is put to wait for its own time, unless it is one too many."""
        by_account = self._by_account.get(number, 0)
        for gauge in self._state.gauges.judged(number, self._source.door.name, item.strategy).gauges:
            limit = gauge.limits.orders_per_signal_max
            made = by_account if gauge.scope.kind is ScopeKind.ACCOUNT else self._made
            denial = check_orders_per_signal(made, limit, scope=gauge.text) if limit else None
            if denial is not None:
                return denial
        self._count(number, 1)
        return None

    def _wait(
        self,
        plan: Plan,
        number: AccountId,
        instruction: Instruction,
        quantity: Quantity,
        count: int,
        judged: Judged,
        waiting: Waiting,
    ) -> Denial | None:
        """Put an order that could be sent to wait: for the market to open, or for its turn; None: it goes now.

        What waits is the instruction, to be judged anew when its time has come.
        """
        now_ns, open_ns = self._state.now_ns, plan.market.held_until_ns
        turn = turn_of(judged.gauges, max(now_ns, open_ns), count) if judged.has_rates else Turn(max(now_ns, open_ns))
        if turn.at_ns == now_ns:
            return None
        deadline_ns = self._source.end_ns(plan.item, open_ns) if open_ns else instruction.deadline_ns
        denial = check_turn(turn, now_ns=now_ns, deadline_ns=deadline_ns)
        if denial is not None:
            return denial
        verb, item = waiting
        if verb in _VERBS.values():  # What was worked out holds: a target counts what waits, and people were told.
            text = item.size.text if item.size is not None else ""
            item = replace(item, size=Size(SizeKind.SHARES, quantity, text=text))
        source = self._source
        self._emit(
            InstructionQueued(
                Timed(
                    seq=source.seq,
                    number=self._state.timed_numbers.get(source.seq, 0) + 1,
                    door=source.door.name,
                    verb=verb,
                    item=without_time(item),
                    accounts=(number,),
                    due_ns=turn.at_ns,
                    deadline_ns=deadline_ns,
                    arrival=source.arrival,
                    received_ns=source.received_ns,
                    has_id=True,  # It is no repeat of itself; others are known by ``duplicate_key``.
                    paced=turn.at_ns != open_ns,
                    orders=count,
                    duplicate_key=instruction.duplicate_key,
                )
            )
        )
        self.waiting += 1
        if turn.at_ns == open_ns:
            return Denial(Reason.WAITS, (due_text(self._state, open_ns),))
        return Denial(Reason.PACED, (str(turn.count_max), due_text(self._state, turn.at_ns), turn.scope))

    def _chase(self, plan: Plan) -> Chase:
        item = plan.item
        assert item.cancel_after_ns is not None
        until_ns = self._source.end_ns(item, self._state.now_ns + item.cancel_after_ns)
        followed = replace(item, verb=_VERBS[plan.side], at_ns=None, not_before_ns=None)
        return Chase(replace(followed, chase=item.chase - 1), self._source.door.name, until_ns)

    # Targets

    def _move(self, item: Item, symbol: Symbol, size: Size, number: AccountId, *, only_sell: bool = False) -> None:
        """Order what leads one account from what it holds and works for to what it should hold."""
        state = self._state
        account = state.accounts.get(number)
        if account is None or number not in state.names:
            self._refuse(number, symbol, Denial(Reason.ACCOUNT_UNKNOWN, (number,)))
            return
        step = self._step(account, item, symbol, size, only_sell=only_sell)
        if isinstance(step, Denial):
            self.reached += step.reason is Reason.TARGET_REACHED
            self._refuse(number, symbol, step)
            return
        side, quantity = step
        denial = self._item_denial(symbol, side)
        if denial is not None:
            self._refuse(number, symbol, denial, side)
            return
        shares = Size(SizeKind.SHARES, quantity, text=f"→{size.text}")
        verb = Verb.CLEAR if only_sell else Verb.TARGET
        target = replace(item, verb=verb, symbol=symbol, size=size, holdings=(), close_others=False)
        self._order(self._plan(replace(item, symbol=symbol), side, shares), number, (verb, target))

    def _step(
        self, account: Account, item: Item, symbol: Symbol, size: Size, *, only_sell: bool = False
    ) -> tuple[Side, Quantity] | Denial:
        state = self._state
        quote = self._source.quotes.get(symbol)
        unknown = self._untradable(symbol, None)
        if unknown is not None or quote is None or quote.rule is None:
            return unknown or Denial(Reason.SYMBOL_UNKNOWN, (symbol,))
        if not account.ready or account.listed_session != account.session or _is_in_doubt(account, symbol):
            return Denial(Reason.ACCOUNT_NOT_READY, (account.settings.account, "reconciling"))
        age_ns = state.now_ns - quote.quoted_ns
        if size.kind is not SizeKind.SHARES and age_ns > self._settings.quote_age_max_ns:
            return Denial(Reason.QUOTE_STALE, (f"{age_ns / 1e9:.1f}",))
        wanted = wanted_of(state, account, size, quote.last)
        if isinstance(wanted, Denial):
            return wanted
        step = step_of(state, account, quote.rule, item.strategy, symbol, wanted, only_sell=only_sell)
        if step is None:
            held = holding_of(state, account, item.strategy, symbol)
            buys, _ = working_of(state, account, item.strategy, symbol)
            if buys and held + buys > wanted:
                return Denial(Reason.TARGET_WORKING, (symbol, str(buys)))
            return Denial(Reason.TARGET_REACHED, (symbol, str(wanted), str(held)))
        return step

    def _portfolio(self, item: Item, number: AccountId) -> None:
        """Move a strategy's whole holding: what is sold first, as it makes room for what is bought."""
        wanted = dict(item.holdings)
        if item.close_others:
            for (account, strategy, symbol), held in self._state.holdings.items():
                if account == number and strategy == item.strategy and held:
                    wanted.setdefault(symbol, 0)
        account_known = self._state.accounts.get(number)
        buys: list[tuple[Symbol, Size]] = []
        for symbol, quantity in wanted.items():
            size = Size(SizeKind.SHARES, quantity, text=str(quantity))
            step = self._step(account_known, item, symbol, size) if account_known is not None else None
            if isinstance(step, tuple) and step[0] is Side.BUY:
                buys.append((symbol, size))
            else:
                self._move(item, symbol, size, number, only_sell=not quantity)
        for symbol, size in buys:
            self._move(item, symbol, size, number)

    def _refuse(self, number: str, symbol: Symbol, denial: Denial, side: Side | None = None) -> None:
        self.lines.append(OrderLine(number, symbol, side, Quantity(0), Price(0), "", denial))


def _is_in_doubt(account: Account, symbol: Symbol) -> bool:
    """Tell whether the broker holds another quantity of ``symbol``, so that no step to a target can be measured.

    Where a person has judged that ours holds, it can.
    """
    found = account.differences.get(symbol)
    if found is None or not found.still_ns or found.ignored_ns:
        return False
    return account.settings.on_difference is not OnDifference.IGNORE
