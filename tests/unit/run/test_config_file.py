"""The file itself: what editors leave behind, and what is no TOML, are named with their line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.run.config_parts import GOOD, refusal, with_lines, written

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.config import load


def test_a_path_in_double_quotes_is_told_to_use_single_ones(tmp_path: Path) -> None:
    for path in ("D:\\国金QMT\\users", "C:\\Users\\me", "D:\\table"):
        text = refusal(tmp_path, GOOD + f'\n[data]\nfolder = "{path}"\n')
        assert "路径请用单引号" in text
        assert "第 20 行" in text
        assert "folder" in text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_lines_are_counted_alike_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, with_lines({16: 'colour = "红"'}).replace("\n", "\r\n"), encoding)
    with pytest.raises(ConfigurationError, match=r"第 16 行 terminals\.accounts\.colour"):
        load(path)


@pytest.mark.parametrize("content", [b"\xff\xfem\x00o\x00", b'mode = "\xff"', GOOD.encode("utf-16")])
def test_what_is_no_text_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "qmt.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"UTF-8.*GBK"):
        load(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="无法读取"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        (3, "always_open = true\nalways_open = false"),
        (9, 'allow = ["buy"]\nallow = ["sell"]'),
        (17, 'positions = { "600000.SH" = 1, "600000.SH" = 2 }'),
    ],
)
def test_a_key_that_stands_twice_is_named(tmp_path: Path, line: int, bad: str) -> None:
    told = refusal(tmp_path, with_lines({line: bad}))
    assert f"第 {line + bad.count(chr(10))} 行 {bad.split(' ', maxsplit=1)[0]}" in told
    assert "写了两次" in told


def test_a_table_that_stands_twice_is_named(tmp_path: Path) -> None:
    told = refusal(tmp_path, GOOD + "[session]\n")
    assert "第 18 行" in told
    assert "写了两次" in told


@pytest.mark.parametrize(
    "bad", ['mode = "paper', "mode", "mode = ", "mode = paper", "mode = 09", "[mode", "= 3", "mode = 1 2"]
)
def test_what_is_no_toml_is_named_with_its_line(tmp_path: Path, bad: str) -> None:
    assert "第 1 行" in refusal(tmp_path, with_lines({1: bad}))


def test_the_end_of_the_file_is_its_last_line(tmp_path: Path) -> None:
    assert "第 18 行" in refusal(tmp_path, GOOD + "folder =\n\n\n".replace("\n\n\n", ""))


@pytest.mark.parametrize("value", ["[" * 20_000, "9" * 5_000, "0x" + "f" * 5_000, "{a=" * 5_000])
@pytest.mark.parametrize("line", [1, 14, 16])
def test_a_value_without_measure_is_refused_like_any_other(tmp_path: Path, line: int, value: str) -> None:
    key = {1: "mode", 14: "account", 16: "cash"}[line]
    refusal(tmp_path, with_lines({line: f"{key} = {value}"}))


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", 'mode = "paper"\n'])
def test_an_empty_file_is_told_what_is_missing(tmp_path: Path, text: str) -> None:
    refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        (1, "mode = 1"),
        (2, "[[session]]"),
        (2, "session = 3\n[x]"),
        (4, "[[signals.bare]]"),
        (5, "action = 1"),
        (7, "kind = 1"),
        (8, "path = 1\nname = 1"),
        (9, "allow = 'buy'"),
        (9, "allow = [1]"),
        (9, "allow = ['buy', 'buy']"),
        (9, "accounts = '11031122'"),
        (9, "accounts = [true]"),
        (9, "infer_market = 1"),
        (9, "cancel_side = 'both'"),
        (9, "default_price = 'market'"),
        (9, "default_price = 3"),
        (9, "default_size = true"),
        (9, "default_size = [1]"),
        (9, "ttl = '9'"),
        (11, "name = 1"),
        (11, "name = []"),
        (12, "kind = 'simulated'\nseed = -1"),
        (12, "kind = 'simulated'\nseed = 1.5"),
        (14, "account = []"),
        (14, "account = {}"),
        (15, "name = 1"),
        (15, "groups = 'a'"),
        (15, "groups = ['a', 'a']"),
        (15, "orders_per_signal_max = 0"),
        (15, "bare_per_day_max = 0"),
        (16, "cash = []"),
        (16, "cash = true"),
        (16, "cash = inf"),
        (16, "cash = 1e5"),
        (16, "cash = 10000000000000"),
        (16, "fees = 3"),
        (17, "positions = 3"),
        (17, '"odd\\nkey\\u001b" = 3'),
    ],
)
def test_a_wrong_type_stops_the_start_with_its_line(tmp_path: Path, line: int, bad: str) -> None:
    told = refusal(tmp_path, with_lines({line: bad}))
    places = [f"第 {line + extra} 行" for extra in range(bad.count("\n") + 1)]
    assert any(place in told for place in places), told
