"""What a careless gate denies for the wrong reason: a reverse repo, a subscription, an odd lot, the whole of a holding.

With the limits that hold where nothing is written, through whole messages and a whole engine.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.market import repo
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import UNIT, Money, Price, Quantity
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.words import OrderStatus, Side, SignalStatus, TradingState
from qmt_trading.run.config_limits import DEFAULTS, TOTAL_DEFAULTS
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.unit.engine.limited import limited, reasons, why
from tests.unit.engine.parts import position

REPO, SZ_REPO = Symbol("204001.SH"), Symbol("131810.SZ")
NEW_SHARE, NEW_BOND, BJ_SHARE, SZ_BOND = map(Symbol, ("787001.SH", "754001.SH", "889001.BJ", "072001.SZ"))
STAR, BOND = Symbol("688001.SH"), Symbol("123153.SZ")
RATE, ISSUE = Price(18_500), Price(391_100)


class Default(Bench):
    """A bench with everybody's limits and a hundred thousand yuan."""

    def __init__(self, limits: Limits = DEFAULTS) -> None:
        super().__init__()
        self.settings = replace(self.settings, self_cross_denied=True)
        limited(self, limits, total=TOTAL_DEFAULTS)
        self.account = self.engine.state.accounts[ACCOUNT]
        self.account.cash = Money(100_000 * UNIT)
        self.count = 0

    def of(self, symbol: Symbol, price: int, *, limits: bool = False) -> Quote:
        """Return a quote of ``symbol`` at ``price``, without a book and without limits of the day."""
        none = Price(0)
        shape = {"last": Price(price), "previous_close": Price(price), "bids": (), "asks": (), "rule": rule_for(symbol)}
        band = {"limit_up": Price(price * 11 // 10), "limit_down": Price(price * 9 // 10)}
        return replace(
            self.quote(**shape, **(band if limits else {"limit_up": none, "limit_down": none})), symbol=symbol
        )

    def say(self, text: str, quote: Quote) -> Receipt:
        self.count += 1
        return self.signal(f"{text} #r/{self.count}", quote=quote)

    def holds(self, symbol: Symbol, quantity: int, sellable: int | None = None) -> None:
        self.account.positions[symbol] = position(quantity, sellable, symbol=symbol)

    def last(self) -> out.SubmitOrder:
        return self.made(out.SubmitOrder)[-1]


# Reverse repos


@pytest.mark.parametrize("symbol", [REPO, SZ_REPO])
def test_a_reverse_repo_is_sold_without_a_holding_and_freezes_what_it_lends(symbol: Symbol) -> None:
    bench = Default()
    receipt = bench.say(f"sell {symbol} 500@1.85:{ACCOUNT}", bench.of(symbol, RATE))
    assert reasons(receipt) == [None]
    assert bench.last().side is Side.SELL
    assert bench.account.reserved == 500 * 100 * UNIT + repo.commission(symbol, Quantity(500))
    assert not bench.account.positions.get(symbol), "nothing is held, and nothing is frozen of it"


def test_a_repo_as_large_as_the_cash_is_no_order_too_large() -> None:
    """99,000 yuan are near the default limit of an order; what a repo stands for is a rate, and no price."""
    bench = Default(replace(DEFAULTS, order_value_max=Money(1_000 * UNIT), position_value_max=Money(UNIT)))
    assert reasons(bench.say(f"sell {REPO} 990@1.85:{ACCOUNT}", bench.of(REPO, RATE))) == [None]


def test_a_rate_far_from_the_last_one_is_no_slip() -> None:
    bench = Default()
    assert reasons(bench.say(f"sell {REPO} 100@0.50:{ACCOUNT}", bench.of(REPO, RATE))) == [None]


def test_a_repo_beyond_the_cash_or_out_of_lots_is_denied_for_that() -> None:
    bench = Default()
    denial = why(bench.say(f"sell {REPO} 1000@1.85:{ACCOUNT}", bench.of(REPO, RATE)))
    assert denial == Denial(Reason.CASH_EXCEEDED, ("100,001.00", "100,000.00")), "the commission does not fit"
    assert reasons(bench.say(f"sell {REPO} 15@1.85:{ACCOUNT}", bench.of(REPO, RATE))) == [Reason.LOT_INVALID]
    assert reasons(bench.say(f"sell {REPO} 100@1.853:{ACCOUNT}", bench.of(REPO, RATE))) == [Reason.TICK_INVALID]


def test_money_that_another_order_has_claimed_or_that_is_to_stay_is_not_lent() -> None:
    bench = Default(replace(DEFAULTS, cash_reserve=Money(10_000 * UNIT)))
    assert reasons(bench.say(f"sell {REPO} 600@1.85:{ACCOUNT}", bench.of(REPO, RATE))) == [None]
    assert reasons(bench.say(f"sell {REPO} 300@1.85:{ACCOUNT}", bench.of(REPO, RATE))) == [Reason.CASH_EXCEEDED]
    assert reasons(bench.say(f"sell {REPO} 290@1.85:{ACCOUNT}", bench.of(REPO, RATE))) == [None]


def test_a_repo_is_not_bought() -> None:
    bench = Default()
    denial = why(bench.say(f"buy {REPO} 10@1.85:{ACCOUNT}", bench.of(REPO, RATE)))
    assert denial == Denial(Reason.SYMBOL_NOT_TRADABLE, (REPO, "repo_sell_only"))


def test_an_account_that_may_only_sell_lends_and_repos_do_not_cross() -> None:
    bench = Default()
    bench.feed(ev.HaltRequested("me", "x", ACCOUNT, TradingState.REDUCING))
    for _ in range(2):
        assert reasons(bench.say(f"sell {REPO} 100@1.85:{ACCOUNT}", bench.of(REPO, RATE))) == [None]


def test_what_was_lent_is_gone_from_the_cash_and_no_share_was_sold() -> None:
    bench = Default()
    bench.say(f"sell {REPO} 100@1.85:{ACCOUNT}", bench.of(REPO, RATE))
    name = bench.last().client_order_id
    shape = {"symbol": REPO, "side": Side.SELL, "price": RATE}
    bench.report(replace(bench.row(name), **shape))
    bench.filled(replace(bench.fill(name, 100), **shape))
    assert bench.order(name).status is OrderStatus.FILLED
    assert bench.account.cash == 90_000 * UNIT - repo.commission(REPO, Quantity(100))
    assert bench.account.reserved == 0
    assert "OVERSOLD" not in bench.alerts()


# Subscriptions


@pytest.mark.parametrize(
    ("symbol", "quantity"), [(NEW_SHARE, 500), (BJ_SHARE, 100), (NEW_BOND, 10), (SZ_BOND, 10), (NEW_SHARE, 10_000)]
)
def test_new_shares_are_asked_for_without_money_whatever_they_would_cost(symbol: Symbol, quantity: int) -> None:
    bench = Default()
    bench.account.cash = Money(0)
    receipt = bench.say(f"buy {symbol} {quantity}@39.11:{ACCOUNT}", bench.of(symbol, ISSUE))
    assert reasons(receipt) == [None]
    assert bench.last().reserved == bench.account.reserved == 0


def test_a_new_share_has_no_last_price_and_that_is_no_slip() -> None:
    bench = Default()
    never = replace(bench.of(NEW_SHARE, ISSUE), last=Price(0), previous_close=Price(0))
    assert reasons(bench.say(f"buy {NEW_SHARE} 500@39.11:{ACCOUNT}", never)) == [None]


def test_a_subscription_out_of_lots_is_denied_for_that_and_one_cannot_be_sold() -> None:
    bench = Default()
    quote = bench.of(NEW_SHARE, ISSUE)
    assert reasons(bench.say(f"buy {NEW_SHARE} 300@39.11:{ACCOUNT}", quote)) == [Reason.LOT_INVALID]
    denial = why(bench.say(f"sell {NEW_SHARE} 500@39.11:{ACCOUNT}", quote))
    assert denial == Denial(Reason.SYMBOL_NOT_TRADABLE, (NEW_SHARE, "subscription_buy_only"))


def test_what_was_asked_for_or_lent_uses_up_no_money_of_the_day() -> None:
    """A whole quota of new shares is worth a hundred times what is allotted of it: it holds no buy back."""
    worth = Money(100 * 105_000)
    bench = Default(replace(DEFAULTS, buy_value_per_day_max=worth, turnover_per_day_max=worth))
    assert reasons(bench.say(f"buy {NEW_SHARE} 10000@39.11:{ACCOUNT}", bench.of(NEW_SHARE, ISSUE))) == [None]
    assert reasons(bench.say(f"sell {REPO} 800@1.85:{ACCOUNT}", bench.of(REPO, RATE))) == [None]
    assert reasons(bench.say(f"buy {STOCK} 100@10.50:{ACCOUNT}", bench.quote())) == [None]
    usage = bench.engine.state.gauges.of_account(ACCOUNT)
    assert (usage.bought, usage.sold, usage.orders) == (worth, 0, 3)


# Odd lots and whole holdings


@pytest.mark.parametrize(
    ("symbol", "price", "held", "sold", "expected"),
    [
        (STOCK, 105_000, 250, 50, None),
        (STOCK, 105_000, 250, 150, None),
        (STOCK, 105_000, 250, 250, None),
        (STOCK, 105_000, 250, 30, Reason.LOT_INVALID),
        (STOCK, 105_000, 250, 251, Reason.LOT_INVALID),
        (STAR, 500_000, 150, 150, None),
        (STAR, 500_000, 1445, 333, None),
        (STAR, 500_000, 150, 149, Reason.LOT_INVALID),
        (BOND, 1_200_000, 15, 15, None),
        (BOND, 1_200_000, 15, 5, None),
    ],
)
def test_the_odd_rest_of_a_holding_is_sold(
    symbol: Symbol, price: int, held: int, sold: int, expected: Reason | None
) -> None:
    bench = Default()
    bench.holds(symbol, held)
    text = f"sell {symbol} {sold}@{price / 10_000:.2f}:{ACCOUNT}"
    assert reasons(bench.say(text, bench.of(symbol, price, limits=True))) == [expected]


@pytest.mark.parametrize("held", [1, 57, 100, 1_234, 9_000])
def test_a_whole_holding_is_cleared_with_its_odd_lot(held: int) -> None:
    bench = Default()
    bench.holds(STOCK, held)
    receipt = bench.say(f"清仓 {STOCK}@10.50:{ACCOUNT}", bench.quote())
    assert [(line.denial, line.quantity) for line in receipt.orders] == [(None, held)]


def test_what_was_bought_today_stays_and_the_rest_is_cleared() -> None:
    bench = Default()
    bench.holds(STOCK, 1_250, sellable=850)
    receipt = bench.say(f"清仓 {STOCK}@10.50:{ACCOUNT}", bench.quote())
    assert [(line.denial, line.quantity) for line in receipt.orders] == [(None, 850)]


def test_to_clear_what_is_not_held_is_done_already() -> None:
    bench = Default()
    bench.holds(STOCK, 0)
    receipt = bench.say(f"清仓 {STOCK}@10.50:{ACCOUNT}", bench.quote())
    assert receipt.status is SignalStatus.ACCEPTED
    assert reasons(receipt) == [Reason.TARGET_REACHED]


def test_a_loss_that_leaves_only_selling_lets_a_holding_be_cleared() -> None:
    bench = Default()
    bench.feed(ev.HaltRequested("me", "x", ACCOUNT, TradingState.REDUCING))
    bench.holds(STOCK, 1_234)
    assert reasons(bench.say(f"清仓 {STOCK}@10.50:{ACCOUNT}", bench.quote())) == [None]


def test_a_holding_larger_than_one_order_may_be_worth_is_denied_for_that_alone() -> None:
    bench = Default()
    bench.holds(STOCK, 20_050)
    assert reasons(bench.say(f"清仓 {STOCK}@10.50:{ACCOUNT}", bench.quote())) == [Reason.ORDER_VALUE_EXCEEDED]
