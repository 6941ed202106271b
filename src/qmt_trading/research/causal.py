"""Finds indicators that look ahead: what they say of a day must be the same when nothing after it is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.research import indicators
from qmt_trading.research.indicators import Indicator
from qmt_trading.research.strategy import LookAheadError, ParameterError

ROWS_MIN: Final = 6
"""Fewer rows are not cut."""
_NEAR: Final = 1e-6
"""Sums in another order differ by less; what looks ahead differs by more."""
Column = npt.NDArray[Any]


class _Cut(Mapping[str, Column]):
    """The columns up to a row, taken when an indicator asks."""

    def __init__(self, columns: Mapping[str, Column], rows: int) -> None:
        self._columns = columns
        self._rows = rows

    def __getitem__(self, name: str) -> Column:
        return self._columns[name][: self._rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def check_causal(
    strategy: str, name: str, indicator: Indicator, columns: Mapping[str, Column], made: Column, symbol: str
) -> None:
    """Make ``indicator`` of parts of history once more, and compare them with what it ``made`` of the whole.

    Those that come with this program are tested to look back alone, and are not asked again.

    Raises:
        LookAheadError: it says something else of a row when it does not know what comes.
        ParameterError: it cannot be made of less.
    """
    if type(indicator).__module__ == indicators.__name__ or len(made) < ROWS_MIN:
        return
    for rows in (len(made) * 2 // 3, len(made) - 1):
        _compare(f"{strategy}.indicators[{name!r}]", indicator, columns, made[:rows], symbol)


def _compare(called: str, indicator: Indicator, columns: Mapping[str, Column], made: Column, symbol: str) -> None:
    try:
        early = np.asarray(indicator.column(_Cut(columns, len(made))), np.float64)
    except Exception as cause:
        raise ParameterError(
            f"{called}：历史短一些就算不出来（{cause!r}）；不够的行应是 NaN / "
            "it cannot be made of less history; rows without enough are NaN"
        ) from cause
    whole = np.asarray(made, np.float64)
    if early.shape != whole.shape:
        raise ParameterError(f"{called} 应每行一个值 / one value a row: {early.shape}, not {whole.shape}")
    same = np.isclose(early, whole, rtol=_NEAR, atol=0.0, equal_nan=True)
    if not same.all():
        row = int(np.argmin(same))
        raise LookAheadError(
            f"{called} 用到了未来：{symbol} 第 {row + 1} 行，知道以后的数据时是 {whole[row]:.10g}，"
            f"不知道时是 {early[row]:.10g} / it looks ahead: another value where what comes is not known"
        )
