"""Doors that read files: what is said of them exactly is taken, and anything else stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.run.config_parts import GOOD, refusal, written

from qmt_trading.intake.folder import FolderDoor
from qmt_trading.intake.tail import TailDoor
from qmt_trading.run.config import load
from qmt_trading.run.doors import make_door

FOLDER = '[[doors]]\nkind = "folder"\npath = "入单"\n'
TAIL = '[[doors]]\nkind = "tail"\npath = "预警.txt"\naccounts = ["一号"]\n'
ACTIONS = '[doors.actions]\n"放量突破" = "买入 1手 @对手 ttl=3s"\n"跌破 止损" = "sell 全部"\n快撤 = "撤单"\n'.replace(
    "快撤 =", '"快撤" ='
)


def test_a_folder_door_says_where_for_whom_and_which_names(tmp_path: Path) -> None:
    text = GOOD + FOLDER + 'accounts = ["一号"]\npattern = "plan_*.json"\nttl = "30s"\nlabel = "plans"\n'
    configuration = load(written(tmp_path, text))
    door = configuration.doors[-1]
    assert (door.name, door.kind, door.address) == ("plans", "folder", str(tmp_path / "入单"))
    assert (door.accounts, door.ttl_ns) == (("11031122",), 30_000_000_000)
    assert door.file is not None
    assert door.file.pattern == "plan_*.json"
    assert isinstance(make_door(door, now_ns=lambda: 0), FolderDoor)
    assert load(written(tmp_path, GOOD + FOLDER)).doors[-1].accounts == ()


def test_a_tail_door_says_what_each_condition_does(tmp_path: Path) -> None:
    text = GOOD + TAIL + 'once_per = "line"\nstocks_only = true\nencoding = "gbk"\n' + ACTIONS
    configuration = load(written(tmp_path, text))
    door = configuration.doors[-1]
    assert door.file is not None
    assert dict(door.file.actions) == {
        "放量突破": "买入 1手 @对手 ttl=3s",
        "跌破 止损": "sell 全部",
        "快撤": "撤单",
    }
    assert (door.file.every_line, door.file.stocks_only, door.file.encoding) == (True, True, "gbk")
    assert isinstance(make_door(door, now_ns=lambda: 0), TailDoor)


def place(text: str, line: str) -> str:
    """Return how the last place of ``line`` in ``text`` is named."""
    lines = text.split("\n")
    return f"第 {len(lines) - lines[::-1].index(line)} 行"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("patern = 'x'", "是不是 pattern？"),
        ("pattern = '../*.csv'", "文件名的样子"),
        ("pattern = ''", "非空"),
        ('mode = "connect"', "没有这个设置"),
        ('heartbeat = "3s"', "心跳"),
        ('encoding = "gbk"', "没有这个设置"),
        ("accounts = []", "列表是空的"),
        ('accounts = ["无此"]', "没有这个账户"),
    ],
)
def test_what_a_folder_door_does_not_know_stops_the_start(tmp_path: Path, line: str, expected: str) -> None:
    text = f"{GOOD}{FOLDER}{line}\n"
    told = refusal(tmp_path, text)
    assert place(text, line) in told
    assert expected in told


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("buy 1手 @对手:一号", "代码和账户由通道给出"),
        ("buy 1手 #x", "代码和账户由通道给出"),
        ("buy 1手;sell 1手", "代码和账户由通道给出"),
        ("buy 半仓", "卖出"),
        ("buy 5万", "股还是元"),
        ("buy 1手 @10元", "价格"),
        ("抄底 1手", "抄底"),
        ("1手", "1手"),
        ("target 100", "买入、卖出或撤单"),
        ("撤单 100", "撤单"),
        ("buy 600036.SH 1手", "例如"),
        ("buy 1手 ttl=3", "例如"),
        ("买入", ""),
    ],
)
def test_an_action_is_one_that_a_message_could_have(tmp_path: Path, action: str, expected: str) -> None:
    text = f'{GOOD}{TAIL}[doors.actions]\n"放量 突破" = "{action}"\n'
    if not expected:
        load(written(tmp_path, text))  # The size may be the door's.
        return
    told = refusal(tmp_path, text)
    assert place(text, f'"放量 突破" = "{action}"') in told
    assert expected in told


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        (TAIL, "[[doors]]", "[doors.actions]"),
        (TAIL + "[doors.actions]\n", "[doors.actions]", "[doors.actions]"),
        (TAIL.replace('accounts = ["一号"]\n', "") + ACTIONS, "[[doors]]", "预警里没有账户"),
        (TAIL + 'allow = ["sell", "cancel"]\n' + ACTIONS, "[doors.actions]", "「放量突破」要买入"),
        (TAIL + 'once_per = "hour"\n' + ACTIONS, 'once_per = "hour"', "day、line"),
        (TAIL + 'encoding = "latin"\n' + ACTIONS, 'encoding = "latin"', "auto、gbk、utf-8"),
        (TAIL + 'pattern = "x"\n' + ACTIONS, 'pattern = "x"', "没有这个设置"),
        (TAIL + '[doors.actions]\n" 前有空格" = "撤单"\n', '" 前有空格" = "撤单"', "空格"),
        (TAIL + '[doors.actions]\n"x" = 7\n', '"x" = 7', "文字"),
        (FOLDER + FOLDER, 'path = "入单"', "同一个地址"),
    ],
)
def test_what_a_tail_door_does_not_say_stops_the_start(tmp_path: Path, text: str, line: str, expected: str) -> None:
    told = refusal(tmp_path, GOOD + text)
    assert place(GOOD + text, line) in told
    assert expected in told
