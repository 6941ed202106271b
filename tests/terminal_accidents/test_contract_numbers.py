"""Contract numbers are of one exchange: Shanghai and Shenzhen give the same one to two orders of an account (A6)."""

from __future__ import annotations

from qmt_trading.model.words import OrderStatus
from tests.terminal.engine import Desk
from tests.terminal_accidents.conftest import ACCOUNT, OTHER

SHANGHAI, SHENZHEN = "600059.SH", "000059.SZ"


def test_the_phones_order_in_shenzhen_ends_none_of_ours_in_shanghai_and_each_is_cancelled(at: Desk) -> None:
    at.quote(SHANGHAI, SHENZHEN)
    receipt = at.accepted(f"buy {SHANGHAI} 100@10.00:{ACCOUNT} #contracts/1")
    at.reaches(receipt, OrderStatus.NEW)
    (row,) = at.market.placed(stock_code=SHANGHAI)
    phone = at.market.by_hand(ACCOUNT, SHENZHEN, phone=True, quantity=9000)
    assert at.shows(phone).status is OrderStatus.NEW
    assert row["order_sysid"] == phone["order_sysid"]
    at.market.move(phone, 54)
    at.wait(lambda: at.shows(phone).status is OrderStatus.CANCELED)
    assert at.ours(receipt).status is OrderStatus.NEW
    cancel = at.send(f"撤单 {SHANGHAI}:{ACCOUNT}")
    assert [line.symbol for line in cancel.cancels] == [SHANGHAI]
    at.reaches(receipt, OrderStatus.CANCELED)
    assert row["order_status"] in (53, 54)


def test_a_cancel_of_everything_reaches_the_phones_orders_of_both_exchanges_by_one_number(at: Desk) -> None:
    at.quote(SHANGHAI, SHENZHEN)
    both = [at.market.by_hand(OTHER, symbol, phone=True) for symbol in (SHANGHAI, SHENZHEN)]
    for row, twin in zip(both, reversed(both), strict=True):
        row["order_sysid"] = max(row["order_sysid"], twin["order_sysid"])
        at.market.move(row, 50)
        assert at.shows(row).status is OrderStatus.NEW
    assert both[0]["order_sysid"] == both[1]["order_sysid"]
    at.send(f"全撤 :{OTHER}")
    at.wait(lambda: {row["order_status"] for row in both} <= {53, 54})
