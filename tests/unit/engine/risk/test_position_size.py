"""Rule: what is held of one symbol, with what is being bought, stays within a value and a share of the assets."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.engine.risk.position_size import check_position_share, check_position_value
from qmt_trading.model.limits import NO_LIMITS, Limits
from qmt_trading.model.numbers import Money, Price
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import FeeSchedule
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.limited import limited, reasons

FREE = FeeSchedule(commission_millionths=0, commission_minimum=Money(0), stamp_duty_millionths=0, transfer_millionths=0)
HELD = 2000 * 105_000
"""What an account of the bench holds, at the last price."""
HUNDRED = 100 * 105_000


def test_the_value_itself_passes_and_one_fen_more_does_not() -> None:
    assert check_position_value(Money(9_900), Money(10_000), scope="total") is None
    assert check_position_value(Money(10_000), Money(10_000), scope="total") is None
    denial = check_position_value(Money(10_100), Money(10_000), scope="total")
    assert denial == Denial(Reason.POSITION_VALUE_EXCEEDED, ("1.01", "1.00", "total"))


def test_the_share_itself_passes_and_one_unit_more_does_not() -> None:
    third = 300_000
    assert check_position_share(Money(299_999), Money(1_000_000), third, scope="a") is None
    assert check_position_share(Money(300_000), Money(1_000_000), third, scope="a") is None
    denial = check_position_share(Money(300_001), Money(1_000_000), third, scope="a")
    assert denial == Denial(Reason.POSITION_SHARE_EXCEEDED, ("30.0001%", "30%", "a"))


@pytest.mark.parametrize("assets", [0, -1])
def test_of_assets_that_are_not_known_no_share_may_be_held(assets: int) -> None:
    denial = check_position_share(Money(1), Money(assets), 1_000_000, scope="a")
    assert denial == Denial(Reason.POSITION_SHARE_EXCEEDED, ("?", "100%", "a"))


def free(account: Limits = NO_LIMITS, **other: Limits) -> Bench:
    """Return a bench that pays no fees, so that figures are round."""
    bench = Bench()
    accounts = tuple(replace(each, fees=FREE) for each in bench.settings.accounts)
    bench.settings = replace(bench.settings, accounts=accounts)
    return limited(bench, account, **other)


BUY = f"buy {STOCK} 100@10.50:{ACCOUNT} #a/"


def test_what_is_held_counts_at_the_market_and_what_is_being_bought_at_what_it_freezes() -> None:
    bench = free(Limits(position_value_max=Money(HELD + 2 * HUNDRED)))
    assert reasons(bench.signal(BUY + "1")) == [None]
    assert reasons(bench.signal(BUY + "2")) == [None]
    assert reasons(bench.signal(BUY + "3")) == [Reason.POSITION_VALUE_EXCEEDED]
    assert reasons(bench.signal(f"sell {STOCK} 100@10.60:{ACCOUNT} #a/4")) == [None], "a sell makes it smaller"
    fallen = bench.quote(last=Price(99_700))
    assert reasons(bench.signal(BUY + "5", quote=fallen)) == [None]


def test_without_any_price_a_holding_is_worth_what_is_being_paid() -> None:
    limit = Limits(position_value_max=Money(HELD + HUNDRED))
    for last, close in ((0, 0), (0, 105_000), (105_000, 0)):
        bench = free(limit)
        quote = bench.quote(last=Price(last), previous_close=Price(close))
        assert reasons(bench.signal(BUY + "1", quote=quote)) == [None]
        assert reasons(bench.signal(BUY + "2", quote=quote)) == [Reason.POSITION_VALUE_EXCEEDED]


def test_fees_are_part_of_what_is_being_bought() -> None:
    limit = Limits(position_value_max=Money(HELD + HUNDRED))
    assert reasons(limited(Bench(), limit).signal(BUY + "1")) == [Reason.POSITION_VALUE_EXCEEDED]


def test_in_total_the_accounts_are_added() -> None:
    bench = free(total=Limits(position_value_max=Money(2 * HELD + 2 * HUNDRED)))
    assert reasons(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER} #a/1")) == [None, None]
    assert reasons(bench.signal(BUY + "2")) == [Reason.POSITION_VALUE_EXCEEDED]


def test_a_strategy_holds_what_it_bought_itself_in_whatever_account() -> None:
    bench = free(strategy=Limits(position_value_max=Money(2 * HUNDRED)))
    mine = f"buy {STOCK} 100@10.50:{ACCOUNT} strategy=grid #a/"
    (line,) = bench.signal(mine + "1").orders
    assert line.denial is None, "the account's own 2,000 shares are not the strategy's"
    bench.report(bench.row(line.client_order_id))
    bench.filled(bench.fill(line.client_order_id))
    assert reasons(bench.signal(f"buy {STOCK} 100@10.50:{OTHER} strategy=grid #a/2")) == [None]
    assert reasons(bench.signal(mine + "3")) == [Reason.POSITION_VALUE_EXCEEDED]
    assert reasons(bench.signal(BUY + "4")) == [None]


def test_a_share_is_one_of_the_mornings_assets_whatever_comes_or_goes_since() -> None:
    bench = free(Limits(position_share_max=500_000))
    account = bench.engine.state.accounts[ACCOUNT]
    morning = 2 * (HELD + HUNDRED)
    account.morning_assets = Money(morning)
    assert reasons(bench.signal(BUY + "1")) == [None]
    assert reasons(bench.signal(BUY + "2")) == [Reason.POSITION_SHARE_EXCEEDED]
    account.cash = Money(5 * account.cash)
    assert reasons(bench.signal(BUY + "3")) == [Reason.POSITION_SHARE_EXCEEDED]
