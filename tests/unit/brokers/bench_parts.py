"""An exchange on a bench: quotes set by hand, one account, short words for orders."""

from __future__ import annotations

from typing import Final

from qmt_trading.brokers.simulated.book import Book
from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.brokers.simulated.matching import Liquidity
from qmt_trading.brokers.simulated.records import AccountOpening
from qmt_trading.market.instruments import rule_for
from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import Money, Price, Quantity, from_decimal
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import CancelOrder, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side

NOW_NS: Final = 1_795_000_000_000_000_000
STEP: Final = 100_000_000
DAY: Final = 86_400 * 10**9
ACCOUNT: Final = AccountId("11031122")
PUFA: Final = Symbol("600000.SH")
BOND: Final = Symbol("123153.SZ")
DEEP: Final = Liquidity(level_lots_max=1)


class Quotes:
    """A feed that says what it is told; without a book on a side, that side is empty."""

    def __init__(self) -> None:
        self.quotes: dict[Symbol, Quote] = {}
        self.put(PUFA, "10.49", "10.50")
        self.put(BOND, "120.000", "120.010", close="118")

    def put(self, symbol: Symbol, bid: str, ask: str, *, close: str = "10.40", up: str = "", down: str = "") -> None:
        rule = rule_for(symbol)
        assert rule is not None
        bids = tuple(Price(from_decimal(bid) - level * rule.tick) for level in range(5)) if bid else ()
        asks = tuple(Price(from_decimal(ask) + level * rule.tick) for level in range(5)) if ask else ()
        reference = from_decimal(close)
        self.quotes[symbol] = Quote(
            symbol,
            Price(from_decimal(bid or ask)),
            Price(reference),
            Price(from_decimal(up) if up else reference * 11 // 10),
            Price(from_decimal(down) if down else reference * 9 // 10),
            bids,
            asks,
            NOW_NS,
            rule,
        )

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        return self.quotes.get(symbol)


def opening(cash_yuan: int = 100_000, held: int = 1000) -> AccountOpening:
    holdings = ((PUFA, Quantity(held)),) if held else ()
    return AccountOpening(account=ACCOUNT, cash=Money(cash_yuan * 10_000), holdings=holdings)


def make(
    quotes: Quotes,
    *,
    cash_yuan: int = 100_000,
    held: int = 1000,
    session: Session = ALWAYS_OPEN,
    liquidity: Liquidity | None = None,
    book: Book | None = None,
    now_ns: int = NOW_NS,
    seed: int = 1,
) -> Exchange:
    exchange = Exchange(
        [opening(cash_yuan, held)], quotes, now_ns=now_ns, session=session, seed=seed, liquidity=liquidity, book=book
    )
    exchange.connect(ACCOUNT, now_ns)
    return exchange


def order(
    number: str,
    side: Side = Side.BUY,
    quantity: int = 100,
    price: str = "10.50",
    *,
    symbol: Symbol = PUFA,
    account: AccountId = ACCOUNT,
    deadline_ns: int = NOW_NS + 10 * DAY,
) -> SubmitOrder:
    return SubmitOrder(
        ClientOrderId(number),
        account,
        symbol,
        side,
        Quantity(quantity),
        Price(from_decimal(price)),
        1,
        deadline_ns,
        Money(0),
    )


def cancel(number: str = "", *, broker: str = "", venue: str = "", attempt: int = 1) -> CancelOrder:
    return CancelOrder(ACCOUNT, ClientOrderId(number), broker, venue, PUFA, attempt, 1)
