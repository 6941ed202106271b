"""What a host's list becomes: complete only where it can be believed."""

from __future__ import annotations

import pytest

from qmt_trading.brokers.linked.lists import Gathered
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
    made = report(total=100, none=("order", "position"))
    assert (made.complete, made.is_doubtful, made.cash) == (True, True, 100)


def test_a_list_with_every_kind_is_a_proof_whatever_the_account_is_worth() -> None:
    made = report(total=5000, none=())
    assert (made.complete, made.is_doubtful) == (True, False)
