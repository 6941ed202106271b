"""Accounts, names and groups in the configuration are words that a message can write, and each means one thing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.run.config_parts import GOOD, refusal, with_lines, written

from qmt_trading.run.config import load

NEXT = "[[terminals.accounts]]\n"
"""Its next line is line 19 of the file."""


@pytest.mark.parametrize(
    "word", ["@组", "*", "1103 1122 ", " a", "a ", "a, b:c", "a;b", "a#b", "a\\nb", "a\\u001b", "a" * 65]
)
@pytest.mark.parametrize(
    ("line", "key", "form"),
    [
        (14, "account", 'account = "{}"'),
        (15, "name", 'name = "{}"'),
        (15, "groups", 'groups = ["好", "{}"]'),
        (11, "name", 'name = "{}"'),
    ],
)
def test_a_word_that_no_message_can_write_is_refused(tmp_path: Path, line: int, key: str, form: str, word: str) -> None:
    text = refusal(tmp_path, with_lines({line: form.format(word)}))
    assert f"第 {line} 行 terminals.{'' if line == 11 else 'accounts.'}{key}" in text
    assert "只用字母、数字、. _ - 和汉字" in text


@pytest.mark.parametrize(
    "number", ["-5", "+5", "1.5", "0x1F", "0o17", "0b11", "1103_1199", "1e3", "true", "1979-05-27", "[1]"]
)
@pytest.mark.parametrize("form", ["account = {}", "groups = [{}]"])
def test_a_number_that_is_not_plain_digits_is_asked_for_in_quotes(tmp_path: Path, form: str, number: str) -> None:
    line = 14 if form.startswith("account") else 15
    text = refusal(tmp_path, with_lines({line: form.format(number)}))
    assert f"第 {line} 行" in text
    assert "引号" in text


def test_a_number_with_leading_zeros_is_asked_for_in_quotes(tmp_path: Path) -> None:
    assert "以 0 开头的账号请加引号" in refusal(tmp_path, with_lines({14: "account = 0071"}))
    assert "以 0 开头的账号请加引号" in refusal(tmp_path, with_lines({9: 'accounts = ["11031122", 0071]'}))
    configuration = load(written(tmp_path, with_lines({14: 'account = "0071"'})))
    assert configuration.engine.accounts[0].account == "0071"


def test_a_plain_number_beside_the_same_one_written_oddly_is_asked_for_in_quotes(tmp_path: Path) -> None:
    assert "引号" in refusal(tmp_path, with_lines({14: "account = 1000000", 16: "cash = 1_000_000"}))
    load(written(tmp_path, with_lines({14: 'account = "1000000"', 16: "cash = 1_000_000"})))
    load(written(tmp_path, with_lines({14: "account = 31 # not 0x1F", 15: "name = 'a-0x1F'"})))


@pytest.mark.parametrize("word", ["-a-", "a.b_c-d", "张三", "5", "_", "a" * 64])
def test_a_word_is_taken_as_it_stands(tmp_path: Path, word: str) -> None:
    text = with_lines(
        {11: f'name = "{word}"', 14: f'account = "x{word[1:]}"', 15: f'name = "{word}"\ngroups = ["g{word[1:]}"]'}
    )
    (account,) = load(written(tmp_path, text)).engine.accounts
    assert (account.terminal, account.account, account.name) == (word, f"x{word[1:]}", word)
    assert account.groups == (f"g{word[1:]}",)


def test_an_account_may_be_named_like_itself_and_groups_may_be_shared(tmp_path: Path) -> None:
    text = with_lines({15: 'name = "11031122"\ngroups = ["组"]'}) + NEXT + 'account = 2\ngroups = ["组", "别的"]\n'
    assert [each.groups for each in load(written(tmp_path, text)).engine.accounts] == [("组",), ("组", "别的")]


@pytest.mark.parametrize(
    ("more", "line", "key", "expected"),
    [
        ("account = 11031122", 19, "account", "11031122"),
        ('account = "一号"', 19, "account", "一号"),
        ('account = 2\nname = "一号"', 20, "name", "一号"),
        ("account = 2\nname = '11031122'", 20, "name", "11031122"),
        ('account = 2\ngroups = ["一号"]', 20, "groups", "一号"),
        ("account = 2\ngroups = [11031122]", 20, "groups", "11031122"),
        ("account = 2\ngroups = ['2']", 20, "groups", "2"),
        ("account = 2\nname = '二'\ngroups = ['二']", 21, "groups", "二"),
        ("account = 2\ngroups = ['组']\n[[terminals.accounts]]\naccount = 3\nname = '组'", 23, "name", "组"),
        ("account = 2\ngroups = ['4']\n[[terminals.accounts]]\naccount = 4", 22, "account", "4"),
        (
            '[[terminals]]\nname = "u"\nkind = "simulated"\n[[terminals.accounts]]\naccount = "11031122"',
            22,
            "account",
            "11031122",
        ),
    ],
)
def test_a_word_means_one_thing(tmp_path: Path, more: str, line: int, key: str, expected: str) -> None:
    text = refusal(tmp_path, GOOD + ("" if more.startswith("[[") else NEXT) + more + "\n")
    assert f"第 {line} 行 terminals.accounts.{key}：" in text
    assert expected in text


def test_an_account_in_an_inline_table_is_named_with_the_line_of_its_list(tmp_path: Path) -> None:
    head = GOOD.split("[[terminals.accounts]]", maxsplit=1)[0]
    assert "第 13 行 terminals.accounts.name" in refusal(
        tmp_path, head + 'accounts = [{ account = 2, name = "a b" }]\n'
    )


def test_two_terminals_never_share_the_file_of_their_exchange(tmp_path: Path) -> None:
    more = '[[terminals]]\nname = "T"\nkind = "simulated"\n[[terminals.accounts]]\naccount = 2\n'
    assert "第 19 行 terminals.name：终端重名" in refusal(tmp_path, GOOD + more)


def test_a_name_that_would_be_a_path_is_refused(tmp_path: Path) -> None:
    for name in ("../../x", "a/b", "a\\\\b", "C:x"):
        assert "第 11 行 terminals.name" in refusal(tmp_path, with_lines({11: f'name = "{name}"'}))
