"""Reasons: complete, and in a trader's words."""

from __future__ import annotations

import re

import pytest

from qmt_trading.codec import sentences as module
from qmt_trading.codec.sentences import sentence
from qmt_trading.model.reasons import Denial, Reason


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_both_sentences_with_the_same_figures(reason: Reason) -> None:
    chinese, english = module._SENTENCES[reason]
    needed = [int(number) for number in re.findall(r"\{(\d)\}", chinese + english)]
    figures = tuple(f"f{number}" for number in range(max(needed, default=-1) + 1))
    told = sentence(Denial(reason, figures))
    assert told[0] != told[1]
    assert not re.search(r"[{}]", told[0] + told[1].replace("allow = […]", ""))


def test_a_door_names_its_verbs_in_chinese_and_what_to_change() -> None:
    chinese, english = sentence(Denial(Reason.DOOR_FORBIDS, ("monitor", "buy,cancel")))
    assert "只允许：买入、撤单" in chinese
    assert "[[doors]]" in chinese
    assert "buy,cancel" in english
    assert "（无）" in sentence(Denial(Reason.DOOR_FORBIDS, ("monitor", "")))[0]


def test_boards_are_named_in_chinese() -> None:
    chinese, english = sentence(Denial(Reason.LOT_INVALID, ("star", "100", "200", "1")))
    assert chinese.startswith("数量不合规：科创板 委托 100")
    assert "star" in english


def test_an_unknown_group_is_called_a_group() -> None:
    assert sentence(Denial(Reason.ACCOUNT_UNKNOWN, ("@没有",)))[0] == "分组未配置：@没有"
    assert sentence(Denial(Reason.ACCOUNT_UNKNOWN, ("11031199",)))[0] == "账号未配置：11031199"


def test_what_is_not_built_yet_is_named_as_it_is_written() -> None:
    assert sentence(Denial(Reason.NOT_SUPPORTED, ("target",)))[0] == "尚未支持：target 调到"


def test_a_stop_names_the_release_of_one_account_too() -> None:
    chinese, english = sentence(Denial(Reason.TRADING_HALTED))
    assert "qmt resume --account 账号 --why 原因" in chinese
    assert "qmt resume --account … --why" in english


def test_a_limit_names_its_key() -> None:
    for scope in ("account 1", "door d"):
        told = sentence(Denial(Reason.ORDER_VALUE_EXCEEDED, ("2", "1", scope)))
        assert all("order_value_max" in text for text in told)


def test_nothing_stands_where_nothing_more_is_sellable_tomorrow_and_a_star_is_every_stock() -> None:
    assert sentence(Denial(Reason.SELLABLE_EXCEEDED, ("300", "200", "0")))[0] == "可卖不足：要卖 300，可卖 200"
    assert "另有 100" in sentence(Denial(Reason.SELLABLE_EXCEEDED, ("300", "200", "100")))[0]
    assert "所有股票 在 a01" in sentence(Denial(Reason.NOTHING_TO_CANCEL, ("*", "a01")))[0]
