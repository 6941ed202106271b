"""The whole live gate in a backtest: the engine's own state, day by day, asked before every order that leaves.

What needs a clock between two bars is not here: rates that pace orders, and the brakes that watch a loss through the
day. Everything that ``gate.admit`` and ``gate.judge`` deny is denied here by the same functions.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from msgspec.structs import replace

from qmt_trading.engine.risk import gate
from qmt_trading.engine.risk.candidate import Candidate, Counted, Instruction, Market
from qmt_trading.engine.state import Account, State
from qmt_trading.engine.transitions import TERMINAL
from qmt_trading.market.phases import Phase, span_at
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId, Order
from qmt_trading.model.reasons import Denial
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import PriceKind, PriceSpec
from qmt_trading.model.words import LinkState, Mode, OrderStatus, Side, Verb

DOOR: Final = "strategy"
_AUCTION_NS: Final = (9 * 60 + 20) * 60 * SECOND_NS
"""When what was decided on the day before is sent."""
_ALL: Final = (Verb.BUY, Verb.SELL, Verb.CANCEL, Verb.TARGET, Verb.CLEAR, Verb.PORTFOLIO)


class Gated:
    """The engine's state of one account on one day after the other."""

    def __init__(self, settings: AccountSettings) -> None:
        self.account = account = Account(settings)
        account.ready, account.link = True, LinkState.CONNECTED
        door = DoorSettings(name=DOOR, allow=_ALL)
        self._settings = EngineSettings(
            mode=Mode.REPLAY,
            accounts=(account.settings,),
            doors=(door,),
            default_price=PriceSpec(PriceKind.OPPOSITE),
            always_open=False,
            submits_per_minute_max=1 << 30,  # A loop upstream shows in minutes; here a minute is a bar.
        )
        self._door = door
        self._state = State()

    def open_day(self, date: dt.date) -> None:
        """Begin a day: what counts by the day begins anew."""
        account, state = self.account, State()
        state.accounts[account.settings.account] = account
        state.configure(self._settings)
        state.day, state.day_begins_ns = date, at_time(date, 0)
        account.live.clear()
        self._state = state

    def denial(
        self,
        number: int,
        candidate: Candidate,
        rule: TradingRule,
        market: Market,
        made_ns: int,
        reference: int,
        *,
        at_limit: bool,
    ) -> Denial | None:
        """Return why the live gate does not let ``candidate`` leave, or None; its legality is judged elsewhere.

        Args:
            made_ns: when it was decided; on an earlier day: it leaves with the opening auction.
            reference: the last price before.
            at_limit: it has no limit of its own.
        """
        state, account = self._state, self.account
        state.now_ns = made_ns if made_ns >= state.day_begins_ns else state.day_begins_ns + _AUCTION_NS
        symbol = candidate.symbol
        span = span_at(symbol, rule.kind, rule.board, self._day, max(0, state.now_ns - state.day_begins_ns - 1))
        quote = replace(market.quote, last=Price(reference), quoted_ns=state.now_ns)
        met = replace(
            market,
            quote=quote,
            reference=Price(reference),
            takes_orders=span.takes_orders or span.phase is Phase.PAUSE,
            continuous=span.phase is Phase.CONTINUOUS,
            at_limit=at_limit,
            is_special=quote.risk_warning,
        )
        judged = state.gauges.judged(account.settings.account, DOOR, "")
        instruction = Instruction(symbol, candidate.side, False, number, state.now_ns + 10 * SECOND_NS, "")
        return gate.admit(state, self._settings, self._door, account, instruction, met, judged) or gate.judge(
            state, self._settings, account, candidate, met, Counted(1, 0, 0), judged
        )

    @property
    def _day(self) -> dt.date:
        assert self._state.day is not None
        return self._state.day

    def sent(self, number: int, symbol: Symbol, side: Side, quantity: int, price: int) -> None:
        """Enter an order into the engine's table; what it freezes is kept by the desk."""
        state = self._state
        state.add_order(
            Order(
                client_order_id=ClientOrderId(str(number)),
                account=self.account.settings.account,
                symbol=symbol,
                side=side,
                quantity=Quantity(quantity),
                price=Price(price),
                status=OrderStatus.PENDING_NEW,
                created_ns=state.now_ns,
                updated_ns=state.now_ns,
                door=DOOR,
            )
        )

    def moved(self, number: int, status: OrderStatus, filled: int, value: int, at_ns: int) -> None:
        """Let the engine's row of an order, and what counts by it, follow a fill or an end."""
        state = self._state
        order = state.find_order(str(number))
        if order is None:
            return
        state.now_ns = at_ns
        state.prices[order.symbol] = Price(value // filled) if filled else order.price
        state.put_order(
            replace(
                order,
                status=status,
                filled_quantity=Quantity(filled),
                filled_value=Money(value),
                answered_ns=at_ns,
                updated_ns=at_ns,
                ended_ns=at_ns if status in TERMINAL else 0,
            )
        )
