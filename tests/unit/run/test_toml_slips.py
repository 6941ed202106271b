"""Every slip of somebody new to TOML is answered in one sentence that says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.run.config_parts import GOOD, refusal, with_lines

from qmt_trading.run.toml_slips import slip_in


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mode = “paper”", "「“」是中文引号"),
        ("mode = ‘paper’", "中文引号"),
        ('mode ＝ "paper"', "请改成英文的 ="),
        ("accounts = ［1］", "请改成英文的 ["),
        ('allow = ["buy"，"sell"]', "请改成英文的 ,"),
        ("mode = paper", '写成 "paper"'),
        ("action = 买入", '写成 "买入"'),
        ("[limits", "少了 ]"),
        ("limits]", "少了 ["),
        ('allow = ["buy"', "少了 ]"),
        ('mode = "paper', "少了结尾的引号"),
        ("mode = 'paper", "少了结尾的引号"),
        ("mode =", "没有写值"),
        ('mode: "paper"', "写成 mode = …"),
    ],
)
def test_a_slip_is_answered_with_what_to_write(tmp_path: Path, line: str, expected: str) -> None:
    told = slip_in(line)
    assert told is not None
    assert expected in told[0]
    assert told[1].isascii() or told[1] != told[0]
    assert expected in refusal(tmp_path, with_lines({1: line}))


@pytest.mark.parametrize(
    "line",
    ["", "# “注”：［］", 'text = "“引”，［］"', "a = true", "a = 1", "[limits] # 注", "[[doors]]", 'a = ["x", "y"]'],
)
def test_what_is_right_is_no_slip(line: str) -> None:
    assert slip_in(line) is None


def test_a_line_without_a_key_leaves_no_gap(tmp_path: Path) -> None:
    assert "第 1 行：" in refusal(tmp_path, with_lines({1: "％％％"}))


def test_only_what_exists_is_offered(tmp_path: Path) -> None:
    told = refusal(tmp_path, with_lines({1: 'mode = "papr"'}))
    assert "应是其中之一：paper、shadow、live" in told
    assert "replay" not in told
    told = refusal(tmp_path, GOOD.replace('kind = "simulated"', 'kind = "simulatd"'))
    assert "simulated" in told
