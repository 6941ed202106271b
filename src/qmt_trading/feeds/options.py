"""What a person says about the files that are read."""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """What a person says about files. Empty: as the files say it."""

    frequency: str = "1d"
    columns: dict[str, str] = {}  # noqa: RUF012 - never changed
    """Field to heading."""
    symbol: str = ""
    encoding: str = ""
    vendor: str = ""
    price_unit: str = ""
    quantity_unit: str = ""
    turnover_unit: str = ""
    zone: str = "Asia/Shanghai"
    """Or ``UTC``; holds for times that name none."""
    stamp: str = ""
    """``end`` or ``start``: what a minute's time is."""
    totals: str = ""
    """``total`` or ``each``: whether a tick's quantity is that of the day so far."""
