"""A terminal's rows become rows of the model, or a named error that shows the row."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from qmt_trading.brokers.qmt import translate
from qmt_trading.brokers.qmt.codes import ORDER_STATES
from qmt_trading.brokers.qmt.fields import OtherBusinessError, Row, RowError
from qmt_trading.model.errors import NotSentError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity, to_text
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus, Side
from tests.unit.brokers.qmt.rows import ACCOUNT, TIME_S, fill, funds, held, order


def test_an_order_is_read_with_all_its_numbers() -> None:
    row = translate.order_row(order(traded_volume=200, order_status=55, status_msg=" 部成 "))
    assert (row.client_order_id, row.broker_order_id, row.venue_order_id) == ("QMT0100000001", "1074266113", "A1000123")
    assert (row.symbol, row.side, row.quantity, row.price) == ("600000.SH", Side.BUY, 500, 105_000)
    assert (row.filled_quantity, row.status, row.text) == (200, OrderStatus.PARTIALLY_FILLED, "部成")
    assert row.ordered_ns == TIME_S * SECOND_NS


@pytest.mark.parametrize("number", ORDER_STATES)
def test_every_listed_state_is_the_tables(number: int) -> None:
    row = order(order_status=number)
    assert translate.order_row(row).status is ORDER_STATES[number].status
    assert translate.unlisted(row) is None


@pytest.mark.parametrize("number", [0, 47, 58, 86, 254, 256, -1])
def test_an_unlisted_state_leaves_the_order_unknown_and_is_to_be_told(number: int) -> None:
    row = order(order_status=number)
    assert translate.order_row(row).status is OrderStatus.UNKNOWN
    told = translate.unlisted(row)
    assert told is not None
    assert told.number == number
    assert f"{number}（600000.SH 委托号 1074266113）" in told.chinese


@pytest.mark.parametrize(("number", "sysid"), [(0, ""), (-1, "0"), (0, " \0"), (None, None), ("0", "000")])
def test_what_is_no_number_is_none(number: object, sysid: object) -> None:
    row = translate.order_row(order(order_id=number, order_sysid=sysid))
    assert (row.broker_order_id, row.venue_order_id) == ("", "")


@pytest.mark.parametrize("remark", ["QMT0100000001\0\0\0", " QMT0100000001 ", "QMT0100000001\0rest of a buffer"])
def test_a_remark_ends_at_a_nul_and_has_no_blanks_around_it(remark: str) -> None:
    assert translate.order_row(order(order_remark=remark)).client_order_id == "QMT0100000001"


def test_what_an_older_terminal_lacks_is_empty() -> None:
    row = order()
    for name in ("order_remark", "status_msg", "order_time", "traded_volume", "order_sysid", "price_type"):
        del row[name]
    told = translate.order_row(row)
    assert (told.client_order_id, told.text, told.ordered_ns, told.filled_quantity) == ("", "", 0, 0)


def test_a_text_that_was_badly_decoded_can_still_be_kept() -> None:
    told = translate.order_row(order(status_msg="废单\ud800" + "长" * 900))
    assert told.text.startswith("废单?长")
    assert len(told.text) == 500
    assert msgspec.json.decode(msgspec.json.encode(told), type=type(told)) == told


@pytest.mark.parametrize("kind", [88, 49, 42, 5])
def test_the_price_of_a_market_order_is_none(kind: int) -> None:
    assert translate.order_row(order(price_type=kind, price=0.0)).price == 0


@pytest.mark.parametrize(
    ("told", "units"),
    [
        (10.5, 105_000),
        (10.499999999, 105_000),
        (11.370000000000001, 113_700),
        (11.120000000000001, 111_200),
        (0.001, 10),
        (1.4449999, 14_450),
        (10, 100_000),
        (1_000_000.0, 10_000_000_000),
    ],
)
def test_a_price_is_rounded_to_the_ten_thousandth(told: float, units: int) -> None:
    assert translate.order_row(order(price=told)).price == units


NO_PRICES = [math.nan, math.inf, -math.inf, 1.7976931348623157e308, -0.01, 1_000_000.01, None, "10.5", True, [10.5]]


@pytest.mark.parametrize("told", NO_PRICES)
def test_what_is_no_price_is_an_error_that_shows_the_row(told: object) -> None:
    with pytest.raises(RowError, match=r"price.*'stock_code': '600000\.SH'") as caught:
        translate.order_row(order(price=told))
    assert not isinstance(caught.value, OtherBusinessError)
    with pytest.raises(RowError, match="traded_price"):
        translate.fill_row(fill(traded_price=told))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"order_volume": 0}, "order_volume"),
        ({"order_volume": -100}, "order_volume"),
        ({"order_volume": 100.5}, "order_volume"),
        ({"order_volume": 10**13}, "order_volume"),
        ({"order_volume": None}, "缺少 order_volume"),
        ({"traded_volume": 501}, "成交 501 股多于委托 500 股"),
        ({"order_status": None}, "缺少 order_status"),
        ({"order_status": "50"}, "order_status"),
        ({"order_time": 93_000}, "order_time"),
        ({"order_time": "09:30:00"}, "order_time"),
        ({"stock_code": "600000"}, "600000"),
        ({"stock_code": ""}, "证券代码"),
    ],
)
def test_an_order_that_cannot_be_is_named(changed: Row, named: str) -> None:
    with pytest.raises(RowError, match=named) as caught:
        translate.order_row(order(**changed))
    assert not isinstance(caught.value, OtherBusinessError)


def test_a_whole_float_is_a_quantity() -> None:
    assert translate.order_row(order(order_volume=500.0)).quantity == 500


def test_an_instant_may_come_in_milliseconds() -> None:
    assert translate.order_row(order(order_time=TIME_S * 1000 + 7)).ordered_ns == TIME_S * SECOND_NS + 7_000_000


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"order_type": 27}, "融资买入"),
        ({"order_type": 28}, "融券卖出"),
        ({"order_type": 134}, "ETF 申购"),
        ({"order_type": 99}, "委托类型 99"),
        ({"stock_code": "10004567.SHO"}, "10004567.SHO"),
        ({"stock_code": "00700.HGT"}, "00700.HGT"),
    ],
)
def test_business_that_is_not_ours_is_refused_by_its_name(changed: Row, name: str) -> None:
    with pytest.raises(OtherBusinessError, match=name):
        translate.order_row(order(**changed))
    with pytest.raises(OtherBusinessError, match=name):
        translate.fill_row(fill(**changed))


def test_a_fill_is_read_and_its_day_is_shanghais() -> None:
    row = translate.fill_row(fill())
    assert (row.fill_id, row.client_order_id, row.broker_order_id) == ("F77", "QMT0100000001", "1074266113")
    assert (row.side, row.price, row.quantity, row.fee) == (Side.SELL, 104_900, 300, None)
    assert row.day == dt.date(2025, 11, 26)
    late = translate.fill_row(fill(traded_time=TIME_S + 15 * 3600))  # 00:30 of the next day in Shanghai, UTC not yet.
    assert late.day == dt.date(2025, 11, 27)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"traded_id": ""}, "成交编号"),
        ({"traded_price": 0.0}, "成交价为 0"),
        ({"traded_volume": -100}, "traded_volume"),
        ({"traded_time": 0}, "traded_time"),
        ({"traded_time": None}, "缺少 traded_time"),
    ],
)
def test_a_fill_that_cannot_be_is_named(changed: Row, named: str) -> None:
    with pytest.raises(RowError, match=named):
        translate.fill_row(fill(**changed))


def test_an_execution_of_nothing_is_none() -> None:
    with pytest.raises(OtherBusinessError, match="没有成交"):
        translate.fill_row(fill(traded_volume=0, traded_price=0.0, traded_id=""))


@pytest.mark.parametrize("code", ["SHRQ88.SH", "10004567.SHO", "00700.HK", "60000.SH"])
def test_what_is_held_under_another_code_is_no_position_of_ours(code: str) -> None:
    assert translate.position(held(stock_code=code), ACCOUNT) is None


@pytest.mark.parametrize("code", ["600000", "", "600000.SH.", "浦发银行"])
def test_a_holding_without_a_code_is_an_error(code: str) -> None:
    with pytest.raises(RowError, match="证券代码"):
        translate.position(held(stock_code=code), ACCOUNT)


def test_what_is_sold_out_is_no_position() -> None:
    assert translate.position(held(volume=0, can_use_volume=0, avg_price=math.nan), ACCOUNT) is None


def test_a_position_has_its_cost_and_what_may_be_sold() -> None:
    got = translate.position(held(), ACCOUNT)
    assert got is not None
    assert (got.quantity, got.sellable_quantity, got.frozen_quantity, got.cost) == (1000, 300, 0, 100_123_000)


@pytest.mark.parametrize(
    ("frozen", "selling", "sellable"), [(500, 0, 300), (500, 400, 700), (500, 900, 800), (0, 5, 300)]
)
def test_what_working_sells_freeze_may_be_sold_and_what_a_pledge_freezes_may_not(
    frozen: int, selling: int, sellable: int
) -> None:
    sells = [translate.order_row(order(order_type=24, order_volume=selling))] if selling else []
    ended = translate.order_row(order(order_type=24, order_volume=1000, order_status=54))
    bought = translate.order_row(order(order_volume=1000))
    (got,) = translate.positions([held(frozen_volume=frozen), held(volume=0)], ACCOUNT, [*sells, ended, bought])
    assert got.sellable_quantity == sellable


def test_more_is_never_sellable_than_is_held() -> None:
    got = translate.position(held(volume=100), ACCOUNT)
    assert got is not None
    assert got.sellable_quantity == 100


def test_a_cost_price_may_be_below_zero_and_either_name_will_do() -> None:
    got = translate.position(held(avg_price=-1.25), ACCOUNT)
    assert got is not None
    assert got.cost == -12_500_000
    other = translate.position(held(avg_price=math.nan), ACCOUNT)
    assert other is not None
    assert other.cost == 100_000_000
    with pytest.raises(RowError, match="avg_price"):
        translate.position(held(avg_price=math.nan, open_price=1.7976931348623157e308), ACCOUNT)


def test_rows_of_another_account_are_refused() -> None:
    with pytest.raises(RowError, match="属于账号 11031122"):
        translate.position(held(), AccountId("11031123"))
    with pytest.raises(RowError, match="属于账号 11031122"):
        translate.asset(funds(), AccountId("11031123"))


def test_money_is_read_to_the_ten_thousandth() -> None:
    assert translate.asset(funds(), ACCOUNT) == (700_000_100, 52_500_000, 857_500_100)
    assert translate.asset({"cash": -3.0}) == (-30_000, 0, 0)


@pytest.mark.parametrize("cash", [math.nan, 1.7976931348623157e308, None, "1"])
def test_money_that_is_none_is_an_error(cash: object) -> None:
    with pytest.raises(RowError, match="cash"):
        translate.asset(funds(cash=cash))


def test_a_complaint_carries_the_counters_words_and_its_number() -> None:
    told = translate.complaint({"order_id": 7, "error_id": 260200, "error_msg": "可用资金不足", "order_remark": "X"})
    assert told == ("X", "7", "", "[260200] 可用资金不足")
    assert translate.complaint({}).text == "柜台未说明原因"


def test_an_order_goes_out_as_a_limit_order() -> None:
    assert translate.submit_fields(submit()) == {
        "account": "11031122",
        "symbol": "600000.SH",
        "side": "buy",
        "kind": "limit",
        "price": "10.50",
        "quantity": 500,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"price": Price(0)},
        {"price": Price(10_000_000_001)},
        {"quantity": Quantity(0)},
        {"symbol": Symbol("00700.HK")},
        {"client_order_id": ClientOrderId("")},
        {"client_order_id": ClientOrderId("Q" * 23)},
        {"client_order_id": ClientOrderId("单号")},
    ],
)
def test_what_the_terminal_cannot_carry_is_not_sent(changed: dict[str, object]) -> None:
    with pytest.raises(NotSentError):
        translate.submit_fields(replace(submit(), **changed))


def submit(price: int = 105_000, quantity: int = 500, side: Side = Side.BUY) -> SubmitOrder:
    return SubmitOrder(
        ClientOrderId("QMT0100000001"),
        ACCOUNT,
        Symbol("600000.SH"),
        side,
        Quantity(quantity),
        Price(price),
        1,
        TIME_S * SECOND_NS,
        Money(0),
    )


@given(
    price=st.integers(1, 10_000_000_000),
    quantity=st.integers(1, 10**12),
    side=st.sampled_from(Side),
    status=st.sampled_from(sorted(ORDER_STATES)),
)
def test_an_order_that_goes_out_comes_back_the_same(price: int, quantity: int, side: Side, status: int) -> None:
    sent = translate.submit_fields(submit(price, quantity, side))
    back = translate.order_row(
        order(
            stock_code=sent["symbol"],
            order_type=23 if sent["side"] == "buy" else 24,
            order_volume=sent["quantity"],
            price=float(str(sent["price"])),
            order_status=status,
        )
    )
    assert (back.symbol, back.side, back.quantity, back.price) == ("600000.SH", side, quantity, price)
    assert back.client_order_id == "QMT0100000001"
    assert to_text(back.price) == sent["price"]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from([0, 1, 23, 24, 50, 255, TIME_S, 10.5, "600000.SH", "0", "\0", "11031122", 1.7976931348623157e308]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
READERS: list[tuple[Callable[..., dict[str, object]], Callable[[Row], object]]] = [
    (order, translate.order_row),
    (order, translate.unlisted),
    (fill, translate.fill_row),
    (held, lambda row: translate.position(row, ACCOUNT, working_sells=100)),
    (held, lambda row: translate.positions([row], ACCOUNT, [])),
    (funds, lambda row: translate.asset(row, ACCOUNT)),
    (fill, translate.complaint),
]


@given(st.sampled_from(READERS), st.data())
def test_no_row_raises_anything_but_the_named_error_and_what_is_read_can_be_kept(
    reader: tuple[Callable[..., dict[str, object]], Callable[[Row], object]], data: st.DataObject
) -> None:
    make, read = reader
    row = make()
    for name in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=4, unique=True)):
        row[name] = data.draw(VALUES)
    for name in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=2, unique=True)):
        del row[name]
    try:
        got = read(row)
    except RowError as error:
        str(error).encode("utf-8", "surrogatepass")
        return
    msgspec.json.encode(got)
    for name in ("price", "quantity", "filled_quantity", "sellable_quantity"):
        assert getattr(got, name, 0) >= 0


def test_one_symbol_in_two_rows_is_no_list_of_holdings() -> None:
    rows = [held(frozen_volume=100), held(volume=200, can_use_volume=0, frozen_volume=100)]
    working = translate.order_row(order(order_type=24, order_volume=100, order_status=50))
    with pytest.raises(RowError, match=r"两行.*股东账号.*two rows.*restart the terminal"):
        translate.positions(rows, ACCOUNT, [working])
    assert len(translate.positions([rows[0], held(volume=0)], ACCOUNT, [working])) == 1
