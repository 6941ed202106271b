"""What a host's list becomes: complete only where it can be believed."""

from __future__ import annotations

import pytest

from qmt_trading.brokers.linked.lists import Gathered
from qmt_trading.brokers.qmt.dialect import XtTranslate
from qmt_trading.brokers.simulated.plain import PlainTranslate, asset_row
from qmt_trading.link.messages import Listed, Part
from qmt_trading.model.events import BrokerListed
from qmt_trading.model.numbers import Money
from qmt_trading.model.signal import AccountId

ONE = AccountId("11031122")


def report(*, total: int, none: tuple[str, ...]) -> BrokerListed:
    gathered = Gathered(ONE, 5)
    row = asset_row(cash=Money(70), frozen=Money(30), total=Money(total))
    gathered.add(Part(q="q", account=ONE, session=1, kind="asset", rows=[row]))
    return gathered.report(Listed("q", ONE, 1, complete=True, alive=True, none=none), 7, PlainTranslate())


@pytest.mark.parametrize("total", [0, 99, 101])
def test_positions_that_nothing_was_told_of_are_missing_where_the_money_says_otherwise(total: int) -> None:
    made = report(total=total, none=("position",))
    assert (made.complete, made.is_doubtful) == (False, True)


def test_positions_that_nothing_was_told_of_are_none_where_all_there_is_is_cash() -> None:
    made = report(total=100, none=("fill", "position"))
    assert (made.complete, made.is_doubtful, made.cash) == (True, True, 100)


def xt_report(*, none: tuple[str, ...], frozen: float = 0.0, traded: int = 0, yesterday: int = 300) -> BrokerListed:
    gathered = Gathered(ONE, 5)
    order = {"stock_code": "600000.SH", "order_id": 7, "order_type": 23, "order_volume": 300, "price": 10.0}
    order |= {"order_status": 55 if traded else 50, "traded_volume": traded, "order_time": 1_795_485_600}
    held = {"stock_code": "600000.SH", "volume": 300, "can_use_volume": 300, "avg_price": 10.0}
    held |= {"yesterday_volume": yesterday}
    money = {"cash": 70.0, "frozen_cash": frozen, "total_asset": 3070.0}
    for kind, row in (("order", order), ("position", held), ("asset", money)):
        if kind not in none:
            gathered.add(Part(q="q", account=ONE, session=1, kind=kind, rows=[row]))
    return gathered.report(Listed("q", ONE, 1, complete=True, alive=True, none=none), 7, XtTranslate())


def test_fills_that_nothing_was_told_of_are_missing_where_an_order_or_a_holding_has_traded() -> None:
    """They would be counted a second time when they come: the holdings of the list contain them."""
    assert xt_report(none=("fill",)).complete
    assert not xt_report(none=("fill",), traded=100).complete
    assert not xt_report(none=("fill",), yesterday=200).complete
    assert not xt_report(none=(), traded=100, yesterday=200).complete  # An empty list in place of None is no better.


def test_orders_that_nothing_was_told_of_are_missing_where_money_is_frozen_or_a_holding_has_traded() -> None:
    assert xt_report(none=("order", "fill")).complete
    assert not xt_report(none=("order", "fill"), frozen=5.0).complete
    assert not xt_report(none=("order", "fill"), yesterday=400).complete


def test_a_list_with_every_kind_is_a_proof_whatever_the_account_is_worth() -> None:
    made = report(total=5000, none=())
    assert (made.complete, made.is_doubtful) == (True, False)


def test_parts_of_two_sessions_are_no_complete_list() -> None:
    gathered = Gathered(ONE, 5)
    row = asset_row(cash=Money(100), frozen=Money(0), total=Money(100))
    gathered.add(Part(q="q", account=ONE, session=1, kind="order", rows=[]))
    gathered.add(Part(q="q", account=ONE, session=2, kind="asset", rows=[row]))
    made = gathered.report(Listed("q", ONE, 2, complete=True, alive=True), 7, PlainTranslate())
    assert not made.complete
    assert "sessions" in gathered.unreadable[0]
