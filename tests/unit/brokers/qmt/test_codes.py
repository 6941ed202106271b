"""The terminal's numbers against the vendor's own constants."""

from __future__ import annotations

import pytest

from qmt_trading.brokers.qmt import codes
from qmt_trading.brokers.qmt.codes import PriceType
from qmt_trading.model.words import OrderStatus, Side
from tests.xtquant_wheel import constants


def numbers(prefix: str) -> dict[str, int | str]:
    return {name: value for name, value in constants().items() if name.startswith(prefix)}


def test_every_order_state_of_the_vendor_is_listed_and_no_other() -> None:
    states = {
        "ORDER_UNREPORTED": OrderStatus.PENDING_NEW,
        "ORDER_WAIT_REPORTING": OrderStatus.PENDING_NEW,
        "ORDER_REPORTED": OrderStatus.NEW,
        "ORDER_REPORTED_CANCEL": OrderStatus.PENDING_CANCEL,
        "ORDER_PARTSUCC_CANCEL": OrderStatus.PENDING_CANCEL,
        "ORDER_PART_CANCEL": OrderStatus.CANCELED,
        "ORDER_CANCELED": OrderStatus.CANCELED,
        "ORDER_PART_SUCC": OrderStatus.PARTIALLY_FILLED,
        "ORDER_SUCCEEDED": OrderStatus.FILLED,
        "ORDER_JUNK": OrderStatus.REJECTED,
        "ORDER_UNKNOWN": OrderStatus.UNKNOWN,
    }
    vendors = numbers("ORDER_")
    assert vendors.keys() == states.keys()
    assert {vendors[name]: status for name, status in states.items()} == {
        number: state.status for number, state in codes.ORDER_STATES.items()
    }


def test_each_of_our_states_leads_back_to_the_terminals_numbers() -> None:
    assert codes.NUMBERS_OF_STATUS[OrderStatus.CANCELED] == (53, 54)
    for number, state in codes.ORDER_STATES.items():
        assert number in codes.NUMBERS_OF_STATUS[state.status]


def test_every_account_state_of_the_vendor_is_listed_and_only_one_is_ready() -> None:
    vendors = numbers("ACCOUNT_STATUS")
    assert set(vendors.values()) == codes.ACCOUNT_STATES.keys()
    assert [number for number, state in codes.ACCOUNT_STATES.items() if state.ready] == [vendors["ACCOUNT_STATUS_OK"]]


@pytest.mark.parametrize("number", [None, 10, -2, 255])
def test_an_account_state_that_is_not_known_is_not_ready_and_says_so(number: int | None) -> None:
    state = codes.account_status(number)
    assert not state.ready
    assert (str(number) in state.chinese) is (number is not None)


def test_buys_and_sells_are_the_vendors_and_everything_else_has_a_name() -> None:
    vendors = constants()
    assert {vendors["STOCK_BUY"]: Side.BUY, vendors["STOCK_SELL"]: Side.SELL} == codes.SIDES
    assert {vendors["CREDIT_BUY"], vendors["CREDIT_SELL"]} == codes.SIDES.keys()
    others = {
        value for name, value in vendors.items() if name.startswith(("CREDIT_", "ETF_")) and name != "CREDIT_ACCOUNT"
    }
    assert others - codes.SIDES.keys() == codes.OTHER_ORDER_TYPES.keys()


def test_markets_are_the_vendors_and_lead_back() -> None:
    vendors = constants()
    told = {
        vendors["MARKET_SHANGHAI"]: vendors["SH_MARKET"],
        vendors["MARKET_SHENZHEN"]: vendors["SZ_MARKET"],
        vendors["MARKET_BEIJING"]: vendors["MARKET_ENUM_BEIJING"],
    }
    assert told == codes.MARKETS
    assert {codes.VENUES[number]: number for number in codes.VENUES} == codes.MARKETS


def test_the_price_types_that_are_sent_are_the_vendors() -> None:
    vendors = constants()
    for table in codes.PRICE_TYPES_SENT.values():
        assert table[PriceType.LIMIT] == vendors["FIX_PRICE"]
        assert table[PriceType.LATEST] == vendors["LATEST_PRICE"]
        assert table[PriceType.PEER_BEST] == vendors["MARKET_PEER_PRICE_FIRST"]
        assert table[PriceType.OWN_BEST] == vendors["MARKET_MINE_PRICE_FIRST"]
    for venue in ("SH", "BJ"):
        assert codes.PRICE_TYPES_SENT[venue][PriceType.FIVE_THEN_CANCEL] == vendors["MARKET_SH_CONVERT_5_CANCEL"]
        assert codes.PRICE_TYPES_SENT[venue][PriceType.FIVE_THEN_LIMIT] == vendors["MARKET_SH_CONVERT_5_LIMIT"]
    shenzhen = codes.PRICE_TYPES_SENT["SZ"]
    assert shenzhen[PriceType.FIVE_THEN_CANCEL] == vendors["MARKET_SZ_CONVERT_5_CANCEL"]
    assert shenzhen[PriceType.IMMEDIATE_OR_CANCEL] == vendors["MARKET_SZ_INSTBUSI_RESTCANCEL"]
    assert shenzhen[PriceType.FILL_OR_KILL] == vendors["MARKET_SZ_FULL_OR_CANCEL"]
    market_types = set(numbers("MARKET_SH_C").values()) | set(numbers("MARKET_SZ_").values())
    sent = {number for table in codes.PRICE_TYPES_SENT.values() for number in table.values()}
    assert market_types <= sent


@pytest.mark.parametrize("venue", ["SH", "SZ", "BJ"])
def test_a_price_type_is_the_same_there_and_back(venue: str) -> None:
    for kind, number in codes.PRICE_TYPES_SENT[venue].items():
        assert codes.price_type_sent(number, venue) is kind
        assert kind in codes.PRICE_TYPE_WORDS
        told = codes.price_type_told(codes.comes_back_as(kind))
        assert told is (PriceType.LIMIT if kind is PriceType.LATEST else kind)


def test_what_is_seen_coming_back_is_what_the_table_says() -> None:
    assert codes.comes_back_as(PriceType.LIMIT) == 50
    assert codes.comes_back_as(PriceType.FIVE_THEN_CANCEL) == 88
    assert set(codes.PRICE_TYPES_TOLD) == {49, 50, 51, 84, 85, 86, 87, 88, 89}
    assert codes.price_type_told(11) is PriceType.LIMIT
    assert codes.price_type_told(5) is PriceType.LATEST
    assert codes.price_type_told(90) is None


@pytest.mark.parametrize(("number", "venue"), [(46, "SH"), (43, "SZ"), (48, "BJ"), (0, "SH"), (11, "HK")])
def test_a_number_that_a_venue_does_not_have_is_no_price_type(number: int, venue: str) -> None:
    assert codes.price_type_sent(number, venue) is None
