"""What a sweep tries: values and ranges by the parameters' own types, grids, draws, and each mistake by its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.research.strategy import Strategy
from qmt_trading.research.sweep_space import draws, grid, space_of
from tests.research.sweeps import written


class Many(Strategy):
    @dataclass
    class Parameters:
        fast: int = 5
        share: float = 0.5
        hold: bool = True
        side: str = "long"
        stop: float | None = None


def values_of(*words: str) -> dict[str, tuple[object, ...]]:
    return {axis.name: axis.values for axis in space_of(Many, words).axes}


def test_a_range_holds_its_end_where_a_step_reaches_it() -> None:
    assert values_of("fast=5:20:5") == {"fast": (5, 10, 15, 20)}
    assert values_of("fast=5:19:5") == {"fast": (5, 10, 15)}
    assert values_of("fast=5:7") == {"fast": (5, 6, 7)}
    assert values_of("fast=5:5:1") == {"fast": (5,)}


def test_a_range_of_fractions_adds_up_by_decimals() -> None:
    assert values_of("share=0.1:0.5:0.1") == {"share": (0.1, 0.2, 0.3, 0.4, 0.5)}


def test_values_are_of_the_parameters_own_types() -> None:
    found = values_of("fast=3,5", "share=1,0.5", "hold=true,false", "side=long,short", "stop=null,0.05")
    assert found == {
        "fast": (3, 5),
        "share": (1.0, 0.5),
        "hold": (True, False),
        "side": ("long", "short"),
        "stop": (None, 0.05),
    }
    assert isinstance(found["share"][0], float)


def test_a_text_may_look_like_a_number_or_a_range() -> None:
    assert values_of("side=12,a:b") == {"side": ("12", "a:b")}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "没有要扫描的参数；Many 有：fast、share、hold、side、stop"),
        (("fast",), "名=值"),
        (("fats=5",), "Many 没有参数 fats，是不是 fast？它有：fast"),
        (("fast=5", "fast=6"), "参数 fast 写了两次"),
        (("fast=5,5",), "参数 fast：5 写了两次"),
        (("fast=many",), "参数 fast 要 int，不是 many"),
        (("fast=5.5",), "参数 fast 要 int，不是 5.5"),
        (("hold=5",), "参数 hold 要 bool，不是 5"),
        (("share=NaN",), "参数 share 要 float，不是 NaN"),
        (("fast=",), "参数 fast 没有值"),
        (("fast=5,,6",), "参数 fast 没有值"),
        (("fast=5:x:1",), "参数 fast 的范围写成 起:止:步长"),
        (("fast=5:9:1:1",), "参数 fast 的范围写成 起:止:步长"),
        (("fast=5:inf:1",), "参数 fast 的范围写成 起:止:步长"),
        (("fast=5:9:0.5",), "参数 fast 是整数"),
        (("fast=9:5:1",), "参数 fast 的范围是空的"),
        (("fast=5:9:0",), "参数 fast 的步长要大于 0"),
        (("fast=5:9:-1",), "参数 fast 的步长要大于 0"),
        (("fast=0:100000000",), "参数 fast 有 100,000,001 个值"),
        (("share=0.5:0.5",), "参数 share 的范围只有一个值"),
        (("hold=true:false",), "参数 hold 要 bool"),
    ],
)
def test_each_mistake_names_its_parameter(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        space_of(Many, words)
    assert told in str(caught.value)


def test_types_that_are_written_as_texts_are_types(tmp_path: Path) -> None:
    file = tmp_path / "later.py"
    source = "from __future__ import annotations\n" + written(tmp_path).source
    file.write_text(source, encoding="utf-8")
    from qmt_trading.research.strategy_file import strategy_file

    assert space_of(strategy_file(str(file)).load(), ["fast=2:4"]).axes[0].values == (2, 3, 4)


def test_a_grid_is_every_combination_the_last_moving_first() -> None:
    space = space_of(Many, ["fast=1,2", "side=long,short"])
    assert space.size == 4
    assert grid(space) == [
        {"fast": 1, "side": "long"},
        {"fast": 1, "side": "short"},
        {"fast": 2, "side": "long"},
        {"fast": 2, "side": "short"},
    ]


def test_a_grid_needs_steps_and_an_end() -> None:
    with pytest.raises(ConfigurationError, match="参数 share：网格要步长"):
        grid(space_of(Many, ["fast=1,2", "share=0.1:0.9"]))
    with pytest.raises(ConfigurationError, match="1,002,001 种组合"):
        grid(space_of(Many, ["fast=0:1000", "share=0:1000:1"]))


def test_draws_are_different_from_each_other_and_the_same_for_the_same_seed() -> None:
    space = space_of(Many, ["fast=1:100", "share=0.1:0.9"])
    first, again, other = draws(space, 50, 7), draws(space, 50, 7), draws(space, 50, 8)
    assert first == again
    assert first != other
    assert len({(each["fast"], each["share"]) for each in first}) == 50
    assert all(1 <= each["fast"] <= 100 and 0.1 <= each["share"] < 0.9 for each in first)


def test_draws_of_everything_are_the_grid_in_another_order() -> None:
    space = space_of(Many, ["fast=1:6", "hold=true,false"])
    drawn = draws(space, 12, 1)
    assert sorted(map(str, drawn)) == sorted(map(str, grid(space)))
    with pytest.raises(ConfigurationError, match="一共只有 12 种组合，抽不出 13 种"):
        draws(space, 13, 1)
    with pytest.raises(ConfigurationError, match="随机次数"):
        draws(space, 0, 1)


def test_draws_are_those_of_every_release() -> None:
    drawn = draws(space_of(Many, ["fast=1:100"]), 5, 2024)
    assert [each["fast"] for each in drawn] == [48, 73, 31, 89, 42]
