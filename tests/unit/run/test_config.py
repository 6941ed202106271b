"""A configuration that cannot be used says where, what, and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.run.config_parts import GOOD, KIND, WHERE, refusal, with_lines, written

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.numbers import Money
from qmt_trading.model.words import BareAction, Verb
from qmt_trading.run.config import load
from qmt_trading.run.init_template import Choice, template


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_good_file_is_read_in_every_encoding_that_editors_leave(tmp_path: Path, encoding: str) -> None:
    configuration = load(written(tmp_path, GOOD, encoding))
    (account,) = configuration.engine.accounts
    assert (account.account, account.name) == ("11031122", "一号")
    (opening,) = configuration.terminals[0].accounts
    assert (opening.cash, opening.holdings) == (Money(12_345_000), (("600000.SH", 300),))
    door, control = configuration.engine.doors
    assert (door.allow, door.bare) == ((Verb.CANCEL,), BareAction.CANCEL)
    assert control.name == "control"
    assert configuration.folder == (tmp_path / "data").resolve()


@pytest.mark.parametrize(
    ("line", "bad", "expected"),
    [
        (1, 'mode = "papr"', "paper"),
        (3, 'always_open = "yes"', "true 或 false"),
        (3, "alwaysopen = true", "是不是 always_open"),
        (5, 'action = "hold"', "撤单"),
        (9, 'allow = ["short"]', "short"),
        (9, 'accounts = ["nobody"]', "没有这个账户：nobody"),
        (9, 'ttl = "soon"', "3s"),
        (12, 'kind = "qmt"', "观察，只看不下"),
        (14, "account = 007", "加引号"),
        (16, "cash = -5", "小于 0"),
        (16, 'cash = "much"', "金额"),
        (16, "cash = 1.23456", "4 位小数"),
        (17, 'positions = { "600000" = 300 }', "600000"),
        (17, 'positions = { "600000.SH" = -1 }', "正整数"),
        (17, 'colour = "red"', "没有这个设置"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_would_be_right(
    tmp_path: Path, line: int, bad: str, expected: str
) -> None:
    text = refusal(tmp_path, with_lines({line: bad}))
    assert expected in text
    assert f"第 {line} 行" in text, text


def test_a_missing_key_is_named_with_the_line_of_its_table(tmp_path: Path) -> None:
    text = refusal(tmp_path, GOOD.replace('action = "撤单"', 'action = "buy"'))
    assert "第 4 行 signals.bare.size" in text
    assert "须写数量" in text


def test_two_doors_at_one_address_are_refused_with_the_line_of_the_second(tmp_path: Path) -> None:
    again = f'[[doors]]\nkind = "{KIND}"\n{WHERE}\nlabel = "again"\n'
    text = refusal(tmp_path, GOOD + again)
    assert "同一个地址" in text
    assert "第 20 行" in text, text


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="qmt init"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize("bare", ["buy", "cancel", "deny", "sell"])
def test_what_init_writes_can_be_loaded(tmp_path: Path, bare: str) -> None:
    configuration = load(written(tmp_path, template(Choice(bare=bare))))
    assert [each.account for each in configuration.engine.accounts] == ["11031122", "11031123", "11031124"]
    assert all(door.bare.value == bare for door in configuration.engine.doors)
    assert configuration.always_open


def test_the_comments_of_what_init_writes_stand_in_one_column() -> None:
    for bare in ("buy", "deny"):
        lines = [
            line for line in template(Choice(bare=bare)).splitlines() if "  # " in line and not line.startswith("#")
        ]
        codes = [line.partition("  # ")[0] + "  " for line in lines]
        columns = {sum(1 if letter.isascii() else 2 for letter in code) for code in codes}
        assert columns == {36}
        assert len(lines) > 15


def test_what_init_writes_warns_of_the_bare_signals_first_meaning() -> None:
    assert "原版程序收到它是「撤单」" in template()
