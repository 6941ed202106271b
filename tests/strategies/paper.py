"""The paper engine over bars: its real loop and exchange, in the time of history, and a strategy's seat at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.brokers.simulated.matching import Liquidity
from qmt_trading.brokers.simulated.records import AccountOpening
from qmt_trading.client import Receipt
from qmt_trading.market.instruments import rule_for
from qmt_trading.market.limits import price_limits
from qmt_trading.market.sessions import Session
from qmt_trading.model import events as ev
from qmt_trading.model.errors import NotSentError
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import MILLISECOND_NS, Money, Price, Quantity
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import PriceKind, PriceSpec
from qmt_trading.model.view import View
from qmt_trading.model.words import Mode, Verb
from qmt_trading.ports import SubmitError
from qmt_trading.run.strategies.seat import Seat
from tests.engine_bench import ACCOUNT, OTHER
from tests.loop_bench import LoopBench

NAME = "parity"
SETTINGS = EngineSettings(
    mode=Mode.PAPER,
    accounts=(AccountSettings(account=ACCOUNT), AccountSettings(account=OTHER)),
    doors=(DoorSettings(name="door", allow=(Verb.BUY, Verb.SELL, Verb.CANCEL, Verb.TARGET)),),
    default_price=PriceSpec(PriceKind.OPPOSITE, text="opposite"),
    always_open=False,
)
PLENTY = Liquidity(level_lots_max=1 << 40)
"""So much that no order ever finds too little: what a level offers is drawn by lot."""


class BarQuotes:
    """The market at one moment of each symbol's bar."""

    def __init__(self) -> None:
        self.now: dict[Symbol, Quote] = {}

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        """Return what the symbol stands at, as if it were quoted just now."""
        found = self.now.get(symbol)
        return None if found is None else replace(found, quoted_ns=now_ns)

    def stand(self, symbol: str, last: int, previous_close: int, *, bid: int, ask: int) -> None:
        """Let the symbol stand at ``last``; a side of 0 is empty."""
        rule = rule_for(Symbol(symbol))
        assert rule is not None
        up, down = price_limits(rule, Price(previous_close))
        self.now[Symbol(symbol)] = Quote(
            Symbol(symbol), Price(last), Price(previous_close), Price(up), Price(down),
            (Price(bid),) if bid else (), (Price(ask),) if ask else (), 0, rule,
        )  # fmt: skip


class Paper(LoopBench):
    """One engine and one exchange; time is what the test says."""

    def __init__(
        self, begins_ns: int, cash: int, session: Session, holdings: Mapping[Symbol, Quantity] | None = None
    ) -> None:
        self.market = BarQuotes()
        super().__init__(settings=SETTINGS, begins_ns=begins_ns, session=session)
        self.exchange = Exchange(
            [
                AccountOpening(account=each, cash=Money(cash), holdings=tuple((holdings or {}).items()))
                for each in (ACCOUNT, OTHER)
            ],
            self.market,
            now_ns=begins_ns,
            session=session,
            liquidity=PLENTY,
        )
        self.broker = Direct(self)  # type: ignore[assignment]

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        return self.market.quote(symbol, now_ns)

    def begin_session(self) -> None:
        """Connect both accounts, and let the engine ask for its lists."""
        for account in (ACCOUNT, OTHER):
            for report in self.exchange.connect(account, self.clock.now_ns()):
                self.inbox.report(report)
        self.settle()

    def at(self, now_ns: int) -> None:
        """Let it become ``now_ns``: the exchange meets the market, and the engine hears of it."""
        self.clock.steady = max(self.clock.steady, now_ns)
        for report in self.exchange.advance(self.clock.now_ns()):
            self.inbox.report(report)
        self.settle()

    def settle(self) -> None:
        """Turn until nothing happens any more."""
        self.rest()
        self.loop.turn(last=True)


class Direct:
    """The Broker port straight into the exchange."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper

    def start(self, deliver: object) -> None: ...

    def submit(self, orders: Sequence[SubmitOrder]) -> Sequence[tuple[SubmitOrder, SubmitError]]:
        failed: list[tuple[SubmitOrder, SubmitError]] = []
        for order in orders:
            try:
                self._tell(self._paper.exchange.submit(order, self._paper.clock.now_ns()))
            except NotSentError as error:
                failed.append((order, error))
        self._tell(self._paper.exchange.advance(self._paper.clock.now_ns()))  # As its thread does after each batch.
        return failed

    def cancel(self, order: CancelOrder) -> None:
        self._tell(self._paper.exchange.cancel(order, self._paper.clock.now_ns()))

    def query(self, query: QueryBroker) -> None:
        now_ns = self._paper.clock.now_ns()
        self._tell([self._paper.exchange.listing(query.account, asked_ns=now_ns, now_ns=now_ns)])

    def stop(self) -> None: ...

    def _tell(self, reports: Sequence[ev.Report]) -> None:
        for report in reports:
            self._paper.inbox.report(report)


class PaperCounter:
    """The Counter port: a strategy's messages into the engine, each answered before it returns."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self.texts: list[str] = []

    def send(self, text: str, name: str) -> Receipt:
        """Bring it through the door."""
        self.texts.append(text)
        way = self._paper.send(text)
        self._paper.settle()
        (answer,) = way.receipts
        return msgspec.convert(answer, Receipt)

    def cancel(self, order_id: str) -> None:
        """Ask for it as the control door does."""
        self._paper.inbox.ask(ev.CancelRequested("strategy", "", order_id=order_id))
        self._paper.settle()


def seat_of(paper: Paper, symbols: Sequence[str], *, overnight: bool) -> Seat:
    """Return a seat for a strategy called NAME."""
    return Seat(
        symbols,
        ACCOUNT,
        NAME,
        PaperCounter(paper),
        now_ns=paper.clock.now_ns,
        names=(f"parity/{number}" for number in range(1, 1 << 30)),
        is_over=lambda now_ns: paper.session is not None and paper.session.day_after(now_ns) is not None,
        overnight=overnight,
    )


def view_of(paper: Paper) -> View:
    """Return what the engine says now."""
    paper.clock.steady += MILLISECOND_NS
    paper.loop.turn(last=True)
    return paper.engine.view()
