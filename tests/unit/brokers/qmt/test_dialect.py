"""The dialect ``xt`` for a link: what is not ours is left out, what cannot be read is an error."""

from __future__ import annotations

import pytest

from qmt_trading.brokers.linked.lists import Gathered
from qmt_trading.brokers.linked.translate import Translate
from qmt_trading.brokers.qmt.dialect import XtTranslate
from qmt_trading.brokers.qmt.fields import RowError
from qmt_trading.link.messages import Listed, Part
from qmt_trading.model.numbers import Money
from qmt_trading.model.signal import AccountId
from tests.unit.brokers.qmt.rows import ACCOUNT, fill, funds, held, order

XT: Translate = XtTranslate()


def test_rows_of_other_business_are_left_out_without_a_gap_or_a_doubt() -> None:
    assert XT.order_row(order(order_type=27, order_status=99)) is None
    assert XT.doubt(order(order_type=27, order_status=99)) is None
    assert XT.fill_row(fill(stock_code="10004567.SHO")) is None


def test_rows_of_ours_are_read() -> None:
    row = XT.order_row(order())
    assert row is not None
    assert row.broker_order_id == "1074266113"
    got = XT.fill_row(fill())
    assert got is not None
    assert got.fill_id == "F77"
    (position,) = XT.positions([held()], ACCOUNT, [])
    assert position.quantity == 1000
    assert XT.asset(funds(), ACCOUNT) == (Money(700_000_100), Money(52_500_000), Money(857_500_100))
    assert XT.complaint({"error_msg": "资金不足"}).text == "资金不足"


def test_a_row_that_cannot_be_read_is_an_error_and_an_unlisted_state_a_doubt() -> None:
    with pytest.raises(RowError):
        XT.order_row(order(price=-1))
    doubt = XT.doubt(order(order_status=99))
    assert doubt is not None
    assert doubt[0].startswith("终端给出未识别的委托状态 99")
    assert XT.doubt(order()) is None


@pytest.mark.parametrize(("kind", "row"), [("order", order(account_id="999")), ("fill", fill(account_id="999"))])
def test_a_row_of_another_account_is_left_out_and_leaves_a_gap(kind: str, row: dict[str, object]) -> None:
    gathered = Gathered(AccountId(ACCOUNT), 1)
    gathered.add(Part("q1", ACCOUNT, kind, [row]))
    gathered.add(Part("q1", ACCOUNT, "asset", [funds()]))
    report = gathered.report(Listed("q1", ACCOUNT, complete=True, alive=True), 1, XtTranslate())
    assert (report.rows, report.fills) == ((), ())
    assert not report.complete
