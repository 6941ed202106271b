"""The JSON form: every field, exact decimals, and refusals by name and place."""

from __future__ import annotations

import json

import pytest

from qmt_trading.codec.signal import parse
from qmt_trading.model.instrument import EVERY_SYMBOL
from qmt_trading.model.signal import Malformed, PriceKind, Signal, SizeKind
from qmt_trading.model.words import SideScope, SignalForm, Verb

ORDER = {"action": "buy", "symbol": "600000.SH", "accounts": ["a01"], "quantity": 100}
CANCEL = {"action": "cancel", "symbol": "600000.SH", "accounts": ["a01"]}
OLD = {
    "type": "trade_signal",
    "symbol": "600000.SH",
    "accounts": ["account_101"],
    "signal": "EXECUTE",
    "timestamp": 1234567890,
}
PORTFOLIO = {
    "action": "portfolio",
    "strategy": "grid",
    "accounts": ["a01"],
    "positions": [{"symbol": "600000.SH", "quantity": 1000}, {"symbol": "000001.SZ", "quantity": 0}],
    "close_others": True,
}


def read(document: object) -> Signal:
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    (result,) = parse(text.encode("utf-8"))
    assert isinstance(result, Signal), result
    return result


def refused(document: object) -> Malformed:
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    (result,) = parse(text.encode("utf-8"))
    assert isinstance(result, Malformed), result
    return result


def test_an_order_means_what_its_text_means() -> None:
    (text,) = parse(b"buy 600000.SH 1000@10.50:a01,a02#ladder/17")
    assert isinstance(text, Signal)
    signal = read(ORDER | {"quantity": 1000, "price": 10.5, "accounts": ["a01", "a02"], "id": "ladder/17"})
    assert signal.form is SignalForm.JSON
    assert (signal.items, signal.id, signal.sender, signal.content) == (text.items, text.id, text.sender, text.content)


def test_every_field_is_read() -> None:
    signal = read(
        {
            "id": "17",
            "action": "sell",
            "symbol": "SSE:600000",
            "accounts": ["@组", "a01", "a01"],
            "percent": "12.5",
            "price_type": "涨停-0.02",
            "not_before": 1767575700000,
            "ttl_ms": 3000,
            "cancel_after_ms": 30000,
            "strategy": "网格",
            "note": "半仓",
            "sent_at": "2026-01-05T09:15:00.250+08:00",
        }
    )
    (item,) = signal.items
    assert (item.verb, item.symbol, item.accounts) == (Verb.SELL, "600000.SH", ("@组", "a01"))
    assert item.size is not None
    assert (item.size.kind, item.size.amount, item.size.text) == (SizeKind.PERCENT, 125_000, "12.5%")
    assert item.price is not None
    assert (item.price.kind, item.price.offset_money) == (PriceKind.LIMIT_UP, -200)
    assert item.not_before_ns == 1_767_575_700_000_000_000
    assert (item.ttl_ns, item.cancel_after_ns) == (3_000_000_000, 30_000_000_000)
    assert (signal.id, signal.sender, signal.note) == ("17", "网格", "半仓")
    assert signal.sent_ns == 1_767_575_700_250_000_000


@pytest.mark.parametrize(
    ("written", "expected_ns"),
    [
        ("2026-01-05T09:15:00+08:00", 1_767_575_700_000_000_000),
        ("2026-01-05T01:15:00Z", 1_767_575_700_000_000_000),
        ("2026-01-04t20:15:00.000000001-05:00", 1_767_575_700_000_000_001),
        (1767575700123, 1_767_575_700_123_000_000),
    ],
)
def test_times_are_rfc_3339_with_an_offset_or_epoch_milliseconds(written: object, expected_ns: int) -> None:
    assert read(ORDER | {"expires_at": written}).items[0].expires_ns == expected_ns


def test_sent_at_is_no_part_of_the_content_and_a_note_is() -> None:
    first = read(ORDER | {"id": "1", "sent_at": 1767575700000})
    assert read(ORDER | {"id": "1", "sent_at": 1767575700001}).content == first.content
    assert read(ORDER | {"id": "1", "note": "x"}).content != first.content
    assert read(ORDER | {"id": "1", "quantity": 200}).content != first.content


@pytest.mark.parametrize(
    ("price", "expected"), [("10.5", 105_000), ('"10.5000"', 105_000), ("0.0001", 1), ("9999999", 99_999_990_000)]
)
def test_prices_are_read_from_their_digits(price: str, expected: int) -> None:
    found = read(json.dumps(ORDER).replace("}", f', "price": {price}}}')).items[0].price
    assert found is not None
    assert found.price == expected


@pytest.mark.parametrize(
    ("name", "value", "kind", "amount"),
    [
        ("target_quantity", 0, SizeKind.SHARES, 0),
        ("target_value", "50000.5", SizeKind.MONEY, 500_005_000),
        ("target_percent", 10, SizeKind.PERCENT, 100_000),
    ],
)
def test_targets_may_be_nothing(name: str, value: object, kind: SizeKind, amount: int) -> None:
    (item,) = read({"action": "target", "symbol": "600000.SH", "accounts": ["a"], name: value}).items
    assert item.size is not None
    assert (item.verb, item.size.kind, item.size.amount) == (Verb.TARGET, kind, amount)


def test_a_cancel_names_its_side_and_may_concern_every_symbol() -> None:
    (item,) = read(CANCEL | {"symbol": "*", "side": "sell"}).items
    assert (item.verb, item.symbol, item.side) == (Verb.CANCEL, EVERY_SYMBOL, SideScope.SELL)


def test_a_list_is_a_basket_with_one_id() -> None:
    signal = read([ORDER | {"id": "b/1"}, ORDER | {"symbol": "600036.SH"}])
    assert [item.symbol for item in signal.items] == ["600000.SH", "600036.SH"]
    assert signal.id == "b/1"
    assert refused([ORDER | {"id": "b/1"}, ORDER | {"symbol": "600036.SH", "id": "b/2"}]).code == "field_differs"


def test_a_portfolio_lists_what_the_strategy_shall_hold() -> None:
    (item,) = read(PORTFOLIO).items
    assert (item.verb, item.strategy, item.close_others) == (Verb.PORTFOLIO, "grid", True)
    assert item.holdings == (("600000.SH", 1000), ("000001.SZ", 0))


def test_the_old_form_means_what_the_bare_form_means() -> None:
    (bare,) = parse(b"600000.SH:account_101")
    assert isinstance(bare, Signal)
    signal = read(OLD)
    assert signal.form is SignalForm.TRADE_SIGNAL
    assert signal.items == bare.items
    assert signal.sent_ns is None


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (OLD | {"signal": "BUY"}, "field_value"),
        (OLD | {"type": "other"}, "field_value"),
        (OLD | {"quantity": 1}, "field_not_for"),
        ({name: OLD[name] for name in OLD if name != "timestamp"}, "field_missing"),
        (OLD | {"timestamp": "now"}, "field_type"),
        ({"symbol": "600000.SH", "accounts": ["a"]}, "field_missing"),
        ({"action": "hold", "symbol": "600000.SH", "accounts": ["a"]}, "field_value"),
        (ORDER | {"qty": 1}, "field_unknown"),
        (ORDER | {"quantity": 100.5}, "field_value"),
        (ORDER | {"quantity": 100.0}, "field_value"),
        (ORDER | {"quantity": "100"}, "field_type"),
        (ORDER | {"quantity": True}, "field_type"),
        (ORDER | {"quantity": None}, "field_type"),
        (ORDER | {"quantity": -100}, "field_value"),
        (ORDER | {"quantity": 0}, "field_value"),
        (ORDER | {"value": 5000}, "field_conflict"),
        (ORDER | {"target_quantity": 5000}, "field_not_for"),
        (ORDER | {"side": "buy"}, "field_not_for"),
        (ORDER | {"price": 10.12345}, "field_value"),
        (ORDER | {"price": 0}, "price_zero"),
        (ORDER | {"price": -1}, "field_value"),
        (ORDER | {"price": [1]}, "field_type"),
        (ORDER | {"price": 10, "price_type": "latest"}, "field_conflict"),
        (ORDER | {"price_type": "10.50"}, "field_value"),
        (ORDER | {"price_type": "market"}, "price"),
        (ORDER | {"accounts": []}, "field_value"),
        (ORDER | {"accounts": "a01"}, "field_type"),
        (ORDER | {"accounts": [11031122]}, "field_type"),
        (ORDER | {"accounts": ["a 1"]}, "account_space"),
        (ORDER | {"symbol": 600000}, "field_type"),
        (ORDER | {"symbol": "600000"}, "market_missing"),
        (ORDER | {"symbol": "６０００００.SH"}, "symbol"),
        (ORDER | {"symbol": "*"}, "symbol_every"),
        (ORDER | {"id": ""}, "id"),
        (ORDER | {"id": 17}, "field_type"),
        (ORDER | {"sent_at": "2026-01-05T09:15:00"}, "field_value"),
        (ORDER | {"sent_at": "2026-02-30T09:15:00Z"}, "field_value"),
        (ORDER | {"sent_at": 1767575700}, "field_value"),
        (ORDER | {"ttl_ms": 0}, "field_value"),
        (ORDER | {"ttl_ms": 1, "expires_at": 1767575700000}, "field_conflict"),
        (ORDER | {"strategy": "a b"}, "field_value"),
        (ORDER | {"note": "\ud800"}, "field_value"),
        (ORDER | {"note": "x" * 501}, "field_value"),
        (CANCEL | {"quantity": 100}, "field_not_for"),
        (CANCEL | {"price": 10}, "field_not_for"),
        (CANCEL | {"side": "both"}, "field_value"),
        ({"action": "target", "symbol": "600000.SH", "accounts": ["a"]}, "field_missing"),
        ({"action": "target", "symbol": "600000.SH", "accounts": ["a"], "target_percent": 101}, "size_percent"),
        (PORTFOLIO | {"strategy": ""}, "field_value"),
        (PORTFOLIO | {"close_others": 1}, "field_type"),
        (PORTFOLIO | {"positions": [{"symbol": "600000.SH"}]}, "field_missing"),
        (PORTFOLIO | {"positions": [3]}, "json_not_object"),
        ({name: PORTFOLIO[name] for name in PORTFOLIO if name != "close_others"}, "field_missing"),
        ([PORTFOLIO, ORDER], "portfolio_alone"),
        ([ORDER, ORDER], "twice"),
        ([ORDER, CANCEL], "mixed"),
        ([], "json_empty"),
        ([1], "json_not_object"),
        ({"sell": [], "buy": [{"name": "x", "amount": 1, "code": "511380.SH"}]}, "plan_file"),
    ],
)
def test_what_does_not_fit_is_refused(document: object, code: str) -> None:
    text = json.dumps(document)
    result = refused(text)
    assert result.code == code
    assert 0 <= result.position < len(text)


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ('{"action":"buy","action":"sell"}', "field_twice", 16),
        ('[{"action":"buy","qty":{"a":1,"a":2}}]', "field_twice", 30),
        ('{"action":"buy","quantity":NaN}', "json_number", 27),
        ('{"note":"NaN","quantity":-Infinity}', "json_number", 25),
        ('{"action":"buy"', "json", 15),
        ("{'action':'buy'}", "json", 1),
        ('{"action":"buy"}{"action":"buy"}', "json_glued", 16),
        ('{"action":"买","symbol":1}', "field_value", 1),
        ('{"note":"备注","action":"buy","symbol":1,"accounts":["a"]}', "field_type", 32),
        ('[{"action":"cancel","symbol":"600000.SH","accounts":["a"]},{"action":"cancel","symbol":"x"}]', "symbol", 78),
        ('{"action":"buy","symbol":"600000.SH","accounts":["a",1],"quantity":1}', "field_type", 53),
    ],
)
def test_the_place_is_the_byte_where_the_field_begins(text: str, code: str, position: int) -> None:
    result = refused(text)
    assert (result.code, result.position) == (code, position)


def test_the_refused_name_is_told_with_the_name_that_was_meant() -> None:
    result = refused(ORDER | {"qty": 1})
    assert result.chinese == "没有字段 qty，是不是 quantity？"
    assert result.english == "unknown field qty, perhaps quantity?"


@pytest.mark.parametrize("text", ['{"action":"buy",}', '{"action":"buy" , }', '{"accounts":["a",]}'])
def test_a_comma_too_many_stands_at_the_comma_in_every_python(text: str) -> None:
    result = refused(text)
    assert result.chinese == "JSON 语法错误：右括号前多了一个逗号"
    assert text[result.position] == ","


def test_what_would_be_right_is_never_cut() -> None:
    assert refused(ORDER | {"sent_at": "now"}).chinese.endswith("或 13 位毫秒数")


def test_deep_nesting_and_endless_digits_are_answered() -> None:
    assert refused("[" * 60_000).code == "json_deep"
    assert refused('{"a":' * 12_000).code == "json_deep"
    assert refused(json.dumps(ORDER).replace("100", "9" * 60_000)).code == "field_value"
    assert refused(json.dumps(ORDER).replace("100", "1" + "0" * 5_000 + ".5e999999999")).code == "field_value"


def test_a_basket_has_at_most_256_items_and_1000_accounts() -> None:
    basket = [CANCEL | {"symbol": f"{600000 + number}.SH"} for number in range(257)]
    assert len(read(basket[:256]).items) == 256
    assert refused(basket).code == "too_many_items"
    accounts = [f"a{number}" for number in range(501)]
    assert refused([each | {"accounts": accounts} for each in basket[:2]]).code == "too_many_accounts"


def test_json_in_gbk_with_a_byte_order_mark_or_blanks_is_read() -> None:
    text = json.dumps(ORDER | {"note": "备注"}, ensure_ascii=False)
    expected = (read(text),)
    assert parse(text.encode("gb18030")) == expected
    assert parse(b"\xef\xbb\xbf \r\n" + text.encode() + b"\r\n\0") == expected
