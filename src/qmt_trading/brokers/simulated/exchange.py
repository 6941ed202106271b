"""The simulated exchange: decides what happens to orders and tells it, without a clock, a thread or a lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from qmt_trading.brokers.simulated.book import Book, NoBook
from qmt_trading.brokers.simulated.ledger import Ledger, VenueAccount, VenueOrder
from qmt_trading.brokers.simulated.market import Execution, Market
from qmt_trading.brokers.simulated.matching import Liquidity, crosses, executions, is_queueing, queue_is_served
from qmt_trading.brokers.simulated.records import (
    AccountOpening,
    Connected,
    DayRolled,
    Ended,
    Given,
    Origin,
    Placed,
    Record,
    Traded,
    TurnedAway,
)
from qmt_trading.market import lots, repo
from qmt_trading.market.cage import cage_bound
from qmt_trading.market.fees import fee
from qmt_trading.market.phases import Phase
from qmt_trading.market.rulebook import STANDARD, RuleBook
from qmt_trading.market.seeded import mix
from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.market.synthetic import STEP_NS
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.events import (
    BrokerListed,
    CancelRefused,
    FillReported,
    LinkChanged,
    OrderReported,
    OrderRow,
    Report,
    SubmitRefused,
    SubmitUncertain,
)
from qmt_trading.model.instrument import Quote, Symbol, TradingRule
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity, notional, to_money_text, to_text
from qmt_trading.model.outputs import CancelOrder, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import InstrumentKind, LinkState, OrderStatus, Side
from qmt_trading.ports import MarketFeed

_BOOK_CLOSED: Final = "模拟交易所账本无法写入，暂停接受委托"
_OVER: Final = frozenset({Phase.CLOSED, Phase.AFTER_HOURS})


class Exchange:
    """An exchange with its counter. Used by one thread at a time.

    The same seed, quotes and calls at the same times give the same answers. What it answers stands in its book before
    it is returned. It does **not** know a repeated order from a new one: an order that arrives twice is executed twice,
    and counted, so that a test can judge who sent it.

    A book that cannot be written closes the exchange for submits and executions. Cancels and queries go on, and are
    written when there is room again: a full disk must not stop an emergency cancel (A32).

    Each symbol has the hours of its venue and kind on the day. In the auctions orders are taken and nothing is matched:
    what crosses executes when continuous trading begins, and what is left when it closes expires.
    """

    def __init__(
        self,
        accounts: Iterable[AccountOpening],
        quotes: MarketFeed,
        *,
        now_ns: int,
        session: Session = ALWAYS_OPEN,
        seed: int = 1,
        liquidity: Liquidity | None = None,
        book: Book | None = None,
        rules: RuleBook = STANDARD,
        actions: Callable[[], Sequence[CorporateAction]] = tuple,
        market: Market | None = None,
    ) -> None:
        """Open the exchange on what its book holds.

        Args:
            market: what orders execute against; None: the levels of ``quotes``, with ``liquidity`` and ``seed``.
            actions: returns what is known of ex-days, or raises ConfigurationError: a day then begins without. Asked
                when a day begins and at each start: what has become known since changes what began the day.

        Raises:
            ConfigurationError: the book is damaged.
        """
        self._quotes = quotes
        self._session = session
        self._seed = seed
        self._liquidity = liquidity or Liquidity()
        self._book = book or NoBook()
        self._actions = actions
        self._market = market
        self._ledger = Ledger(rules)
        self._records: list[Record] = []
        self._fresh: list[VenueOrder] = []
        self._step = -1
        openings = tuple(accounts)
        self._ledger.fees = {opening.account: opening.fees for opening in openings}
        for record in self._book.load():
            self._ledger.apply(record)
        for opening in openings:
            self.open_account(opening, now_ns)
        if self._ledger.day is None:
            self._decide(DayRolled(session.trading_day(now_ns)))
        self._keep()
        self._roll(now_ns)
        self._give()
        self._keep()

    # What tests and people may ask.

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        return tuple(self._ledger.accounts)

    @property
    def working(self) -> bool:
        """Whether any order may still execute."""
        return bool(self._ledger.working)

    @property
    def working_symbols(self) -> tuple[Symbol, ...]:
        """The symbols of which an order may still execute."""
        return tuple(self._ledger.working)

    @property
    def duplicates(self) -> int:
        """How many submits arrived under a client order id that had arrived before, over the life of the book."""
        return self._ledger.duplicates

    @property
    def executed(self) -> dict[str, int]:
        """How many orders each client order id became today, rejected ones included."""
        return dict(self._ledger.executed)

    @property
    def order_count(self) -> int:
        """How many orders stand in today's book, foreign and rejected ones included."""
        return len(self._ledger.by_serial)

    def session_of(self, account: AccountId) -> int:
        return self._ledger.accounts[account].session

    def open_account(self, opening: AccountOpening, now_ns: int) -> None:
        """Make an account that the exchange does not know, and take over the fees of one that it knows."""
        if opening.account not in self._ledger.accounts:
            quotes = (self._quotes.quote(symbol, now_ns) for symbol, _ in opening.holdings)
            prices = {quote.symbol: quote.previous_close for quote in quotes if quote is not None}
            self._decide(self._ledger.opened(opening, prices))
        self._ledger.accounts[opening.account].fees = opening.fees
        self._keep()

    # What happens.

    def connect(self, account: AccountId, now_ns: int) -> list[Report]:
        """Begin a session of ``account``, with a number greater than all before."""
        self._roll(now_ns)
        self._decide(Connected(account, max(self._ledger.session + 1, now_ns // SECOND_NS)))
        self._keep()
        return [LinkChanged(account, self.session_of(account), LinkState.CONNECTED)]

    def submit(self, order: SubmitOrder, now_ns: int) -> list[Report]:
        """Take an order, or refuse it for good: after its deadline, of another session, or for no account of ours."""
        self._roll(now_ns)
        account = self._ledger.accounts.get(order.account)
        if account is None:
            return [SubmitRefused(order.account, order.client_order_id, "资金账号不存在")]
        if not self._keep():
            return [SubmitRefused(order.account, order.client_order_id, _BOOK_CLOSED)]
        if order.session and order.session != account.session:
            self._decide(TurnedAway(order.client_order_id, order.account))
            self._keep()
            return [SubmitRefused(order.account, order.client_order_id, "连接已换会话，未报送")]
        if now_ns > order.deadline_ns:
            self._decide(TurnedAway(order.client_order_id, order.account))
            self._keep()
            return [SubmitRefused(order.account, order.client_order_id, "委托已过期，未报送")]
        reports = self._place(
            account, order.client_order_id, order.symbol, order.side, order.quantity, order.price, now_ns, Origin.ENGINE
        )
        if self._records:
            return [SubmitUncertain(order.account, order.client_order_id, _BOOK_CLOSED)]
        return reports

    def place_foreign(
        self,
        account: AccountId,
        symbol: Symbol,
        side: Side,
        quantity: Quantity,
        price: Price,
        now_ns: int,
        *,
        remark: str = "",
        origin: Origin = Origin.HAND,
    ) -> list[Report]:
        """Take an order that no engine sent: typed by hand, on the phone, or by another program with its own remark."""
        assert origin is not Origin.ENGINE
        self._roll(now_ns)
        return self._place(self._ledger.accounts[account], remark, symbol, side, quantity, price, now_ns, origin)

    def cancel(self, order: CancelOrder, now_ns: int) -> list[Report]:
        """Cancel by broker's number, else by contract number; never by anything else."""
        self._roll(now_ns)
        found = None
        if order.broker_order_id:
            found = self._ledger.by_broker.get((order.account, order.broker_order_id))
        elif order.venue_order_id:
            found = self._ledger.by_venue.get((order.account, order.symbol, order.venue_order_id))
        if found is None:
            return [CancelRefused(order.account, order.client_order_id, "撤单失败：委托不存在")]
        before = self._meet(found, self._market, now_ns) if self._market is not None else []
        if before:
            return before + self.cancel(order, now_ns)  # What history traded until now came first.
        if found.status not in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED):
            return [CancelRefused(order.account, order.client_order_id, "撤单失败：委托已成交、已撤或为废单")]
        if not self._session.span_at(found.symbol, now_ns).takes_cancels:
            return [CancelRefused(order.account, order.client_order_id, "撤单失败：当前时段不允许撤单")]
        self._decide(Ended(found.serial, OrderStatus.CANCELED))
        self._keep()
        return [self._told(found)]

    def advance(self, now_ns: int) -> list[Report]:
        """Let time pass up to ``now_ns``: a new day, the close, executions.

        Every working order meets the market once in each tenth of a second that is visited, a new one at once, too.
        """
        reports = self._roll(now_ns)
        if not self._ledger.working or not self._keep():
            return reports
        for order in self._to_be_matched(now_ns):
            phase = self._session.span_at(order.symbol, now_ns).phase
            if self._market is not None:
                reports += self._meet(order, self._market, now_ns)
                if phase in _OVER and order.leaves and self._market.is_over(order.symbol, now_ns):
                    reports.append(self._expire(order))
            elif phase is Phase.CONTINUOUS:
                quote = self._quotes.quote(order.symbol, now_ns)
                if quote is not None:
                    reports += self._match(order, quote, now_ns)
            elif phase in _OVER:
                reports.append(self._expire(order))
        self._keep()
        return reports

    def listing(self, account: AccountId, *, asked_ns: int, now_ns: int) -> BrokerListed:
        """Return everything known of ``account`` today."""
        self._roll(now_ns)
        owner = self._ledger.accounts[account]
        return BrokerListed(
            account=account,
            session=owner.session,
            asked_ns=asked_ns,
            complete=True,
            alive=True,
            cash=Money(owner.cash),
            positions=owner.positions(),
            rows=tuple([order.row() for order in owner.orders]),
            fills=tuple(owner.fills),
        )

    def close(self) -> None:
        self._book.close()

    # How it is done.

    def _decide(self, record: Record) -> None:
        self._ledger.apply(record)
        self._records.append(record)

    def _keep(self) -> bool:
        """Write what was decided, before anything of it is told; return False while the book cannot be written."""
        if self._records:
            try:
                self._book.write(self._records)
            except OSError:
                return False
            self._records = []
        return True

    def _roll(self, now_ns: int) -> list[Report]:
        """Begin a new trading day when it has come; a clock that goes back begins none."""
        day = self._session.trading_day(now_ns)
        assert self._ledger.day is not None
        if day <= self._ledger.day:
            return []
        left = [order for orders in self._ledger.working.values() for order in orders.values()]
        reports: list[Report] = [self._expire(order) for order in left]
        self._keep()
        self._decide(DayRolled(day, self._ledger.day))
        self._give()
        try:
            self._book.restart(self._ledger.summary())
        except OSError:
            return reports  # The old book goes on with the new day's record.
        self._records = []
        return reports

    def _give(self) -> None:
        """Let each ex-day since the day before change what is held, once; the first day of a book has none."""
        day, before = self._ledger.day, self._ledger.day_before
        if day is None or before is None:
            return
        try:
            known = self._actions()
        except ConfigurationError:
            return
        for action in sorted(known, key=lambda action: action.ex_day):
            if before < action.ex_day <= day and (action.ex_day, action.symbol) not in self._ledger.given:
                self._decide(Given(action))

    def _expire(self, order: VenueOrder) -> Report:
        self._decide(Ended(order.serial, OrderStatus.EXPIRED))
        return self._told(order)

    def _told(self, order: VenueOrder, row: OrderRow | None = None) -> OrderReported:
        return OrderReported(order.owner.number, order.owner.session, row or order.row())

    def _place(
        self,
        account: VenueAccount,
        remark: str,
        symbol: Symbol,
        side: Side,
        quantity: Quantity,
        price: Price,
        now_ns: int,
        origin: Origin,
    ) -> list[Report]:
        quote = self._quotes.quote(symbol, now_ns)
        text = self._rejection(account, quote, side, quantity, price, now_ns)
        serial = self._ledger.serial + 1
        self._decide(Placed(serial, remark, account.number, symbol, side, quantity, price, now_ns, origin, text))
        self._keep()
        order = self._ledger.by_serial[serial]
        if text:
            pending = OrderRow(
                remark,
                order.broker_order_id,
                "",
                symbol,
                side,
                quantity,
                price,
                Quantity(0),
                OrderStatus.PENDING_NEW,
                "",
                now_ns,
            )
            return [self._told(order, pending), self._told(order)]
        self._fresh.append(order)
        return [self._told(order)]

    def _rejection(
        self, account: VenueAccount, quote: Quote | None, side: Side, quantity: Quantity, price: Price, now_ns: int
    ) -> str:
        """Return why the counter does not take an order, in a counter's words; empty when it does."""
        if quote is None or quote.rule is None:
            return "证券代码不存在或不可交易"
        symbol, rule = quote.symbol, quote.rule
        span = self._session.span_at(symbol, now_ns)
        if not span.takes_orders:
            return "非交易时间，不允许委托"
        if quote.suspended:
            return "证券停牌，不允许委托"
        if price <= 0 or price % rule.tick:
            return f"委托价格 {to_text(price)} 不是最小变动单位的整数倍"
        if (quote.limit_up and price > quote.limit_up) or price < quote.limit_down:
            return f"价格超出涨跌停：{to_text(quote.limit_down)} 至 {to_text(quote.limit_up)}"
        if quote.band_up and not quote.band_down <= price <= quote.band_up:
            return f"价格超出首日有效申报范围：{to_text(quote.band_down)} 至 {to_text(quote.band_up)}"
        if span.phase is Phase.CONTINUOUS and (text := _outside_cage(rule, quote, side, price)):
            return text
        if rule.kind is InstrumentKind.REPO:
            return _lending_rejection(account, symbol, side, quantity, rule)
        if side is Side.BUY:
            if not lots.check_buy(rule, quantity):
                return f"委托数量 {quantity} 不符合交易单位"
            if rule.day_buy_max and (bought := _bought(account, symbol)) + quantity > rule.day_buy_max:
                return f"当日累计买入超过上限 {rule.day_buy_max}：已买入和在途 {bought}，本笔 {quantity}"
            worth = notional(price, quantity)
            assert self._ledger.day is not None
            charges = self._ledger.rules.fees(symbol, self._ledger.day)
            needed = worth + fee(charges, side, worth, quantity, account.fees)
            available = account.cash - account.frozen
            if needed > available:
                return f"资金不足：可用 {to_money_text(available)}，需 {to_money_text(needed)}"
            return ""
        sellable = account.sellable(symbol)
        if quantity > sellable:
            return f"可卖数量不足：可卖 {sellable}，委托 {quantity}"
        if not lots.check_sell(rule, quantity, Quantity(sellable)):
            return f"委托数量 {quantity} 不符合交易单位"
        return ""

    def _to_be_matched(self, now_ns: int) -> list[VenueOrder]:
        fresh, self._fresh = self._fresh, []
        step = now_ns // STEP_NS
        if step == self._step and self._market is None:
            return [order for order in fresh if order.status is OrderStatus.NEW]
        self._step = step
        return [order for orders in self._ledger.working.values() for order in orders.values()]

    def _match(self, order: VenueOrder, quote: Quote, now_ns: int) -> list[Report]:
        side, price = order.side, order.price
        luck = mix(self._seed, order.serial)
        if crosses(side, price, quote):
            assert quote.rule is not None
            order.looks += 1
            found = executions(
                side,
                price,
                order.leaves,
                quote,
                lot=quote.rule.lot,
                liquidity=self._liquidity,
                luck=luck + order.looks + order.fill_count,
                resting=order.resting,
            )
        elif is_queueing(side, price, quote) and queue_is_served(
            liquidity=self._liquidity, luck=luck, queued_ns=order.placed_ns, now_ns=now_ns
        ):
            found = [(price, order.leaves)]
        else:
            order.resting = True
            return []
        return self._execute(order, [Execution(each, quantity, now_ns) for each, quantity in found])

    def _meet(self, order: VenueOrder, market: Market, now_ns: int) -> list[Report]:
        """Let an order meet all that ``market`` has of it up to now."""
        if order.status not in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED):
            return []
        done = market.executions(order, now_ns)
        return self._execute(order, done) if done else []

    def _execute(self, order: VenueOrder, done: Iterable[Execution]) -> list[Report]:
        """Let ``order`` execute, once or several times, and tell it."""
        reports: list[Report] = []
        account = order.owner
        for price, quantity, at_ns in done:
            cost = order.fee_at(order.value + notional(price, quantity), order.filled + quantity) - order.fee
            fill_serial = self._ledger.fill_serial + 1
            self._decide(Traded(order.serial, fill_serial, price, quantity, Money(cost), at_ns))
            reports.append(FillReported(account.number, account.session, account.fills[-1]))
        reports.append(self._told(order))
        return reports


def _lending_rejection(account: VenueAccount, symbol: Symbol, side: Side, quantity: Quantity, rule: TradingRule) -> str:
    """Return why a reverse repo is not taken; empty when it is."""
    if side is Side.BUY:
        return "个人账户不能做正回购（买入）"
    if not lots.check_buy(rule, quantity):  # By the lots of a buy: there is no holding with an odd rest.
        return f"委托数量 {quantity} 不符合交易单位"
    needed, available = repo.lent(quantity) + repo.commission(symbol, quantity), account.cash - account.frozen
    if needed > available:
        return f"资金不足：可用 {to_money_text(available)}，需 {to_money_text(needed)}"
    return ""


def _bought(account: VenueAccount, symbol: Symbol) -> int:
    """Return what ``account`` has bought of ``symbol`` today, and what its working buys may still bring."""
    buys = [order for order in account.orders if order.symbol == symbol and order.side is Side.BUY]
    working = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)
    return sum(order.quantity if order.status in working else order.filled for order in buys)


def _outside_cage(rule: TradingRule, quote: Quote, side: Side, price: Price) -> str:
    """Return the exchange's words for a price beyond the cage of continuous trading; empty within it."""
    none = Price(0)
    bound = cage_bound(
        rule,
        side,
        best_bid=quote.bids[0] if quote.bids else none,
        best_ask=quote.asks[0] if quote.asks else none,
        last=quote.last,
        previous_close=quote.previous_close,
    )
    if not bound:
        return ""
    if side is Side.BUY and price > bound:
        return f"买入价格超出价格笼子：最高 {to_text(bound)}，委托 {to_text(price)}"
    if side is Side.SELL and price < bound:
        return f"卖出价格超出价格笼子：最低 {to_text(bound)}，委托 {to_text(price)}"
    return ""
