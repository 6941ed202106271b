"""Receipts on the wire."""

from __future__ import annotations

import json
from typing import Any

from qmt_trading.codec.receipt_json import encode, encode_busy, encode_malformed, line_status
from qmt_trading.codec.signal import parse
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.reasons import NOTHING_TO_DO, REGISTERED, Denial, Reason
from qmt_trading.model.receipt import CancelLine, OrderLine, Receipt
from qmt_trading.model.signal import Malformed
from qmt_trading.model.words import Side, SignalStatus

SYMBOL = Symbol("600000.SH")


def lines(line: bytes) -> Any:
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return json.loads(line)


def test_an_accepted_and_a_denied_order_stand_side_by_side() -> None:
    denial = Denial(Reason.SELLABLE_EXCEEDED, ("1000", "600", "400"))
    receipt = Receipt(
        17,
        "ladder/17",
        SignalStatus.ACCEPTED,
        (
            OrderLine("11031122", SYMBOL, Side.SELL, Quantity(1000), Price(105_000), "ABCDE000000H"),
            OrderLine("11031123", SYMBOL, Side.SELL, Quantity(0), Price(0), "", denial),
        ),
    )
    assert lines(encode(receipt)) == {
        "seq": 17,
        "id": "ladder/17",
        "status": "accepted",
        "orders": [
            {
                "account": "11031122",
                "symbol": "600000.SH",
                "client_order_id": "ABCDE000000H",
                "status": "accepted",
                "side": "sell",
                "quantity": 1000,
                "price": "10.50",
            },
            {
                "account": "11031123",
                "symbol": "600000.SH",
                "status": "denied",
                "side": "sell",
                "reason": "SELLABLE_EXCEEDED",
                "text": "可卖不足：要卖 1000，可卖 600（另有 400 次日可卖）",
                "text_en": "not enough to sell: 1000 wanted, 600 free (400 more tomorrow)",
            },
        ],
    }


def test_cancels_carry_the_numbers_of_broker_and_venue_and_nothing_to_cancel_is_no_error() -> None:
    receipt = Receipt(
        3,
        "",
        SignalStatus.ACCEPTED,
        cancels=(
            CancelLine("a", SYMBOL, "ABCDE1", "1082", "S77"),
            CancelLine("b", SYMBOL, denial=Denial(Reason.NOTHING_TO_CANCEL, ("600000.SH", "b"))),
            CancelLine("c", SYMBOL, denial=Denial(Reason.ACCOUNT_UNKNOWN, ("c",))),
        ),
        durable=False,
    )
    found = lines(encode(receipt))
    assert found["durable"] is False
    assert found["orders"] == []
    assert found["cancels"][0] == {
        "account": "a",
        "symbol": "600000.SH",
        "client_order_id": "ABCDE1",
        "broker_order_id": "1082",
        "venue_order_id": "S77",
        "status": "accepted",
    }
    assert [line["status"] for line in found["cancels"]] == ["accepted", "nothing", "denied"]
    assert found["cancels"][1]["text"].startswith("无可撤委托")


def test_a_denied_message_says_why_as_a_whole() -> None:
    found = lines(encode(Receipt(4, "x", SignalStatus.DENIED, denial=Denial(Reason.ID_REUSED, ("x", "3")))))
    assert (found["status"], found["reason"]) == ("denied", "ID_REUSED")
    assert found["text"] == "编号 x 已被信号 3 用于不同内容"
    assert "id x" in found["text_en"]
    assert "durable" not in found


def test_a_name_with_any_character_stays_one_line_of_json() -> None:
    line = OrderLine('"\\\n组', SYMBOL, None, Quantity(0), Price(0), "", Denial(Reason.ACCOUNT_UNKNOWN, ('"\\\n组',)))
    found = lines(encode(Receipt(0, "", SignalStatus.DENIED, (line,))))
    assert found["seq"] is None
    assert found["orders"][0]["account"] == '"\\\n组'


def test_malformed_says_where_and_why() -> None:
    (result,) = parse("600000:张三".encode())
    assert isinstance(result, Malformed)
    assert lines(encode_malformed(result)) == {
        "seq": None,
        "id": "",
        "status": "malformed",
        "code": "market_missing",
        "position": 0,
        "item": 1,
        "text": "代码不存在或缺市场：600000 → 600000.SH？",
        "text_en": "no such symbol, or its market is missing: 600000, perhaps 600000.SH?",
    }


def test_busy_asks_to_send_again() -> None:
    found = lines(encode_busy())
    assert (found["seq"], found["id"], found["status"]) == (None, "", "busy")
    assert found["text"] == "繁忙，未接收，请重发"
    assert lines(encode_busy("x/1")) == {**found, "id": "x/1"}


def test_what_is_on_record_and_leaves_later_is_never_called_denied() -> None:
    """A sender that is told *denied* sends again, under another id: twice the order."""
    for reason in REGISTERED:
        assert line_status(Denial(reason)) in ("queued", "registered", "dropped")
    refused = set(Reason) - REGISTERED - NOTHING_TO_DO
    assert {line_status(Denial(reason)) for reason in refused} == {"denied"}
