"""What a sweep tries: values and ranges of a strategy's parameters, as a grid or as draws from it."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import math
import random
import typing
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from msgspec import Struct

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.research.declaration import near_to
from qmt_trading.research.strategy import Strategy

TRIALS_MAX: Final = 1_000_000
"""More than this is a slip of the pen; nothing that a person waits for has so many."""
_RANGE_PARTS: Final = 3

Parameters = dict[str, Any]


class Axis(Struct, frozen=True, kw_only=True):
    """One parameter and what it may be."""

    name: str
    values: tuple[Any, ...] = ()
    """In the order in which they were written; empty: anything from ``low`` to ``high``, which only draws can take."""
    low: float = 0.0
    high: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there are no single values to count."""
        return not self.values


class Space(Struct, frozen=True, kw_only=True):
    """All the axes, in the order in which they were written."""

    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        """How many combinations there are; 0: they cannot be counted."""
        return math.prod(len(axis.values) for axis in self.axes)

    @property
    def varied(self) -> tuple[Axis, ...]:
        """Those that are more than one value."""
        return tuple(axis for axis in self.axes if len(axis.values) != 1)


def space_of(kind: type[Strategy], written: Sequence[str]) -> Space:
    """Return what ``name=values`` say: ``fast=5:50:5`` (with its end), ``slow=20,60,120``, ``quantity=1000``.

    ``fast=5:50`` without a step is every whole number from 5 to 50; where the parameter is a fraction it is anything
    between, which only draws can take.

    Raises:
        ConfigurationError: a parameter that the strategy does not have, a value of a wrong type, a malformed or an
            empty range, a parameter that stands twice, or none at all; the text names the parameter.
    """
    form = kind.Parameters
    if not dataclasses.is_dataclass(form):
        raise ConfigurationError(f"{kind.__name__}.Parameters 不是 dataclass / is no dataclass")
    types = typing.get_type_hints(form)
    known = [each.name for each in dataclasses.fields(form)]
    axes: list[Axis] = []
    for each in written:
        name, equals, values = (part.strip() for part in each.partition("="))
        if not equals or not name.isidentifier():
            raise ConfigurationError(f"参数写成 名=值，例如 fast=5:50:5 或 slow=20,60，不是 {each} / name=values")
        if name not in known:
            hint, perhaps = near_to(name, known)
            raise ConfigurationError(
                f"{kind.__name__} 没有参数 {name}{hint}它有：{'、'.join(known) or '没有参数'} / "
                f"no such parameter{perhaps}"
            )
        if any(axis.name == name for axis in axes):
            raise ConfigurationError(f"参数 {name} 写了两次 / parameter {name} stands twice")
        axes.append(_axis(name, values, types[name]))
    if not axes:
        raise ConfigurationError(
            f"没有要扫描的参数；{kind.__name__} 有：{'、'.join(known) or '没有参数'} / no parameter to sweep"
        )
    return Space(axes=tuple(axes))


def grid(space: Space) -> list[Parameters]:
    """Return every combination, the last axis moving first.

    Raises:
        ConfigurationError: an axis without single values, or more than ``TRIALS_MAX`` combinations.
    """
    for axis in space.axes:
        if axis.is_open:
            raise ConfigurationError(
                f"参数 {axis.name}：网格要步长，写成 起:止:步长；没有步长的只能随机抽（--random 次数）/ "
                f"parameter {axis.name}: a grid needs a step, start:end:step"
            )
    if space.size > TRIALS_MAX:
        raise ConfigurationError(f"{space.size:,} 种组合，超过 {TRIALS_MAX:,}；用 --random 抽 / too many combinations")
    names = [axis.name for axis in space.axes]
    rows = itertools.product(*(axis.values for axis in space.axes))
    return [dict(zip(names, row, strict=True)) for row in rows]


def draws(space: Space, count: int, seed: int) -> list[Parameters]:
    """Return ``count`` different combinations, each as likely as any other; the same for the same seed everywhere.

    Raises:
        ConfigurationError: fewer than one, or more than there are.
    """
    if not 1 <= count <= TRIALS_MAX:
        raise ConfigurationError(f"随机次数是 1 到 {TRIALS_MAX:,}，不是 {count} / the number of draws")
    if space.size and count > space.size:
        raise ConfigurationError(
            f"一共只有 {space.size} 种组合，抽不出 {count} 种；去掉 --random 就全部算 / "
            f"there are only {space.size} combinations"
        )
    # Only random() of the standard library promises the same numbers in every release.
    luck = random.Random(seed)
    found: dict[tuple[Any, ...], Parameters] = {}
    while len(found) < count:
        row = tuple(_drawn(axis, luck.random()) for axis in space.axes)
        found.setdefault(row, dict(zip((axis.name for axis in space.axes), row, strict=True)))
    return list(found.values())


def _drawn(axis: Axis, share: float) -> Any:
    if axis.is_open:
        return axis.low + share * (axis.high - axis.low)
    return axis.values[int(share * len(axis.values))]


def _axis(name: str, written: str, kind: Any) -> Axis:
    if ":" in written and _is_number(kind):
        return _range(name, written, kind)
    values: list[Any] = []
    for each in written.split(","):
        value = _value(name, each.strip(), kind)
        if value in values:
            raise ConfigurationError(f"参数 {name}：{each.strip()} 写了两次 / stands twice")
        values.append(value)
    return Axis(name=name, values=tuple(values))


def _is_number(kind: Any) -> bool:
    return any(each in (int, float) for each in (kind, *typing.get_args(kind)))


def _value(name: str, written: str, kind: Any) -> Any:
    """Return one value as the parameter's type wants it."""
    if not written:
        raise ConfigurationError(f"参数 {name} 没有值，写成 {name}=5,10 / parameter {name}: a value is missing")
    tried: list[Any] = [written]
    with contextlib.suppress(ValueError):  # What is no number and no word of JSON is a text.
        tried.insert(0, json.loads(written, parse_constant=_no_constant))
    for each in tried:
        try:
            return msgspec.convert(each, kind)
        except (msgspec.ValidationError, TypeError):
            continue
    raise ConfigurationError(
        f"参数 {name} 要 {getattr(kind, '__name__', kind)}，不是 {written} / parameter {name}: a value of a wrong type"
    )


def _no_constant(word: str) -> Any:
    raise ValueError(word)


def _range(name: str, written: str, kind: Any) -> Axis:
    """Return ``start:end`` or ``start:end:step``, the end among them where a step reaches it."""
    shape = f"参数 {name} 的范围写成 起:止:步长，例如 {name}=5:50:5，不是 {written}"
    parts = written.split(":")
    try:
        numbers = [Decimal(part.strip()) for part in parts]
    except InvalidOperation as error:
        raise ConfigurationError(f"{shape} / parameter {name}: start:end:step") from error
    if len(numbers) > _RANGE_PARTS or not all(each.is_finite() for each in numbers):
        raise ConfigurationError(f"{shape} / parameter {name}: start:end:step")
    is_whole = int in (kind, *typing.get_args(kind))
    if is_whole and any(each != int(each) for each in numbers):
        raise ConfigurationError(f"参数 {name} 是整数，不能有小数：{written} / parameter {name}: whole numbers only")
    low, high = numbers[0], numbers[1]
    if high < low:
        raise ConfigurationError(f"参数 {name} 的范围是空的，起点大于终点：{written} / {name}: an empty range")
    if len(numbers) < _RANGE_PARTS and not is_whole:
        if high == low:
            raise ConfigurationError(f"参数 {name} 的范围只有一个值：{written} / {name}: a range of one value")
        return Axis(name=name, low=float(low), high=float(high))
    step = numbers[2] if len(numbers) == _RANGE_PARTS else Decimal(1)
    if step <= 0:
        raise ConfigurationError(f"参数 {name} 的步长要大于 0：{written} / parameter {name}: the step must be above 0")
    count = int((high - low) / step) + 1
    if count > TRIALS_MAX:
        raise ConfigurationError(f"参数 {name} 有 {count:,} 个值，太多了 / parameter {name}: too many values")
    # By decimals: 0.1 + 0.1 + 0.1 is 0.3 and nothing beside it.
    values = tuple(low + step * place for place in range(count))
    return Axis(name=name, values=tuple(int(each) if is_whole else float(each) for each in values))
