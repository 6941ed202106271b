"""Rule: no order trades with an own one, in whatever account it works."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.engine.risk.self_cross import check_self_cross
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.order import Order
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import OrderStatus, Side
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.limited import reasons, why
from tests.unit.engine.parts import order


def sell(price: int, account: str = ACCOUNT) -> Order:
    return order(side=Side.SELL, price=Price(price), account=account)


@pytest.mark.parametrize(("price", "crosses"), [(104_900, False), (105_000, True), (105_100, True)])
def test_a_buy_crosses_from_the_price_of_an_own_sell_on(price: int, crosses: bool) -> None:
    denial = check_self_cross(Price(price), Side.BUY, [sell(105_000)])
    assert denial == (Denial(Reason.SELF_CROSS, (ACCOUNT, "10.50")) if crosses else None)


@pytest.mark.parametrize(("price", "crosses"), [(105_100, False), (105_000, True), (104_900, True)])
def test_a_sell_crosses_from_the_price_of_an_own_buy_on(price: int, crosses: bool) -> None:
    denial = check_self_cross(Price(price), Side.SELL, [order(price=Price(105_000))])
    assert denial == (Denial(Reason.SELF_CROSS, (ACCOUNT, "10.50")) if crosses else None)


def test_orders_of_one_side_never_cross() -> None:
    assert check_self_cross(Price(200_000), Side.BUY, [order(price=Price(1))]) is None
    assert check_self_cross(Price(1), Side.SELL, [sell(200_000)]) is None


def test_the_nearest_is_named_and_of_several_the_smallest_account() -> None:
    sells = [sell(105_000, OTHER), sell(104_000, OTHER), sell(104_000), sell(106_000)]
    assert check_self_cross(Price(110_000), Side.BUY, sells) == Denial(Reason.SELF_CROSS, (ACCOUNT, "10.40"))
    buys = [order(price=Price(104_000)), order(price=Price(105_000), account=OTHER)]
    assert check_self_cross(Price(100_000), Side.SELL, buys) == Denial(Reason.SELF_CROSS, (OTHER, "10.50"))


class Crossing(Bench):
    """A bench that denies them, with a sell of 200 at 10.50 working in the other account."""

    def __init__(self) -> None:
        super().__init__()
        self.feed(ev.EngineStarted("test", replace(self.settings, self_cross_denied=True)))
        self.session += 1
        self.connect()
        (line,) = self.signal(f"sell {STOCK} 200@10.50:{OTHER} #s/1").orders
        self.name = line.client_order_id
        self.count = 0

    def tell(self, status: OrderStatus, filled: int = 0) -> None:
        row = self.row(
            self.name, status, side=Side.SELL, quantity=Quantity(200), filled_quantity=Quantity(filled), number="9"
        )
        self.feed(ev.OrderReported(OTHER, self.session, row))

    def crosses(self) -> bool:
        self.count += 1
        receipt = self.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #b/{self.count}")
        (line,) = receipt.orders
        if line.denial is None:
            self.report(self.row(line.client_order_id, OrderStatus.CANCELED, number=f"b{self.count}"))
            return False
        assert reasons(receipt) == [Reason.SELF_CROSS]
        return True


def test_an_order_crosses_until_it_has_ended() -> None:
    bench = Crossing()
    assert bench.crosses(), "before the counter has answered"
    for status, filled in (
        (OrderStatus.NEW, 0),
        (OrderStatus.PARTIALLY_FILLED, 100),
        (OrderStatus.PENDING_CANCEL, 100),
    ):
        bench.tell(status, filled)
        assert bench.crosses(), status
    bench.tell(OrderStatus.CANCELED, 100)
    assert not bench.crosses()


def test_an_unknown_order_crosses_and_one_that_never_left_does_not() -> None:
    bench = Crossing()
    bench.feed(ev.SubmitUncertain(OTHER, bench.order(bench.name).client_order_id, "-1"))
    assert bench.order(bench.name).status is OrderStatus.UNKNOWN
    assert bench.crosses()
    bench.feed(ev.SubmitRefused(OTHER, bench.order(bench.name).client_order_id, "拒"))
    assert not bench.crosses()


def test_what_was_typed_by_hand_crosses_too() -> None:
    bench = Crossing()
    bench.tell(OrderStatus.CANCELED)
    bench.report(bench.row("", number="500", side=Side.SELL, price=Price(104_000)))
    denial = why(bench.signal(f"buy {STOCK} 100@10.45:{OTHER} #b/1"))
    assert denial == Denial(Reason.SELF_CROSS, (ACCOUNT, "10.40"))


def test_nobody_is_held_back_who_has_not_asked_for_it() -> None:
    bench = Bench()
    bench.signal(f"sell {STOCK} 200@10.50:{OTHER} #s/1")
    assert reasons(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #b/1")) == [None]
