"""Receipts in a trader's words, and no waiting for an answer that never comes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from qmt_trading.cli.sending import answers_of, as_typed, details, headline, known_accounts
from qmt_trading.run.config import load
from tests.running import a_configuration


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("  \n ", 0), ("<HeartBeat>", 0), ("buy", 1), ("600000.SH:a", 1), ("<000001.SZ#a><000002.SZ#b>", 2)],
)
def test_how_many_receipts_a_text_gets(text: str, count: int) -> None:
    assert answers_of(text) == count


ORDER = {
    "account": "11031122",
    "symbol": "600000.SH",
    "side": "buy",
    "quantity": 100,
    "price": "10.47",
    "status": "accepted",
    "client_order_id": "8MZ1",
}
DENIED = {"account": "11031199", "symbol": "600000.SH", "side": "buy", "status": "denied", "text": "账号未配置"}


def test_an_accepted_message_of_which_a_part_was_denied_says_so_in_its_heading() -> None:
    receipt: dict[str, object] = {"status": "accepted", "seq": 3, "id": "a/1", "orders": [ORDER, DENIED]}
    assert headline(receipt) == "已受理（1 ✓ 1 ✗）  信号 3  #a/1"
    assert headline({**receipt, "orders": [ORDER]}) == "已受理  信号 3  #a/1"


def test_order_lines_are_in_a_traders_words() -> None:
    assert details({"status": "accepted", "orders": [ORDER, DENIED]}) == [
        "✓ 11031122 600000.SH 买入 100 股 @10.47，本地编号 8MZ1",
        "✗ 11031199 600000.SH 买入：账号未配置",
    ]


def test_in_shadow_mode_nothing_is_ticked_off_as_sent() -> None:
    would = "观察模式：本应买入 100 股 @ 10.47"
    receipt: dict[str, object] = {
        "status": "accepted",
        "mode": "shadow",
        "text": "观察模式：只看不下，没有发出",
        "orders": [{**ORDER, "text": would}, DENIED],
        "cancels": [{**ORDER, "broker_order_id": "71", "text": "观察模式：本应撤 1 笔"}],
    }
    assert headline(receipt) == "已受理（2 ✓ 1 ✗）（观察，未发出）"
    assert details(receipt) == [
        "观察模式：只看不下，没有发出",
        f"○ 11031122 600000.SH 买入 100 股 @10.47：{would}，本地编号 8MZ1",
        "✗ 11031199 600000.SH 买入：账号未配置",
        "○ 11031122 600000.SH 撤单，委托 71：观察模式：本应撤 1 笔",
    ]


@pytest.mark.parametrize(
    ("symbol", "unit"),
    [
        ("688981.SH", "股"),
        ("510300.SH", "份"),
        ("123153.SZ", "张"),
        ("019666.SH", "张"),
        ("204001.SH", "张"),
        ("787001.SH", "股"),
        ("999999.SH", "股"),
    ],
)
def test_a_quantity_is_counted_in_the_unit_of_its_kind(symbol: str, unit: str) -> None:
    (line,) = details({"status": "accepted", "orders": [{**ORDER, "symbol": symbol}]})
    assert f"{symbol} 买入 100 {unit} @10.47" in line


def test_a_cancel_that_found_nothing_is_no_error() -> None:
    receipt: dict[str, object] = {
        "status": "accepted",
        "orders": [],
        "cancels": [{"account": "1", "symbol": "600000.SH", "status": "nothing", "text": "无可撤委托"}],
        "durable": False,
    }
    assert headline(receipt) == "已受理（无需动作）"
    assert details(receipt)[0] == "· 1 600000.SH 无可撤委托"
    assert "未落盘" in details(receipt)[1]


def test_a_malformed_message_has_neither_number_nor_gap() -> None:
    receipt: dict[str, object] = {
        "status": "malformed",
        "seq": None,
        "id": "",
        "text": "缺代码",
        "text_en": "no symbol",
    }
    assert headline(receipt) == "格式错误"
    assert details(receipt) == ["缺代码", "no symbol"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: arguments are bytes there")
@pytest.mark.parametrize("text", ["买入 600000.SH 100:一号", "buy 600000.SH 5000元:11031122", "cancel 600000.SH:a"])
def test_an_argument_typed_in_gbk_is_the_text_that_was_typed(text: str) -> None:
    assert as_typed(os.fsdecode(text.encode("gbk"))) == as_typed(text) == text


def test_half_a_character_in_an_argument_is_marked() -> None:
    assert as_typed("a\ud800").encode("utf-8").startswith(b"a")


def test_a_refused_line_has_our_english_beside_it_and_a_star_is_every_stock() -> None:
    denied = {**DENIED, "text_en": "account not configured"}
    cancel = {"account": "1", "symbol": "*", "status": "denied", "text": "不行", "text_en": "no"}
    receipt: dict[str, object] = {"status": "denied", "orders": [denied], "cancels": [cancel]}
    assert details(receipt) == [
        "✗ 11031199 600000.SH 买入：账号未配置 / account not configured",
        "✗ 1 所有股票 撤单：不行 / no",
    ]
    assert not any("/" in line for line in details(receipt, english=False))


def test_an_unknown_account_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    configuration = load(a_configuration(tmp_path))
    receipt: dict[str, object] = {"status": "denied", "orders": [{**DENIED, "reason": "ACCOUNT_UNKNOWN"}]}
    assert known_accounts(configuration, [receipt]) == "  已配置：11031122、11031123 / these are configured"
    assert known_accounts(configuration, [{"status": "denied", "orders": [DENIED]}]) == ""
