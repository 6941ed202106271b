"""Units of prices, quantities and money in files: named by a heading, a vendor or a person, never guessed."""

from __future__ import annotations

from typing import Final, NamedTuple

PRICE: Final = {"元": 10_000, "yuan": 10_000, "分": 100, "fen": 100, "厘": 10, "万分之一元": 1, "1e-4": 1}
"""Ten-thousandths of a yuan in one."""
QUANTITY: Final = {"股": 1, "份": 1, "张": 1, "shares": 1, "手": 0, "lots": 0, "万股": 10_000}
"""Shares in one; 0: as many as the symbol's lot (100, bonds 10)."""
TURNOVER: Final = {
    "元": 10_000,
    "yuan": 10_000,
    "千元": 10_000_000,
    "kyuan": 10_000_000,
    "万元": 100_000_000,
    "wanyuan": 100_000_000,
    "亿元": 1_000_000_000_000,
}
TABLES: Final = {"price": PRICE, "quantity": QUANTITY, "turnover": TURNOVER}


class Convention(NamedTuple):
    """How a vendor writes figures."""

    quantity: str
    turnover: str
    stamp: str = "end"
    """A minute's bar carries its ``end`` or its ``start``."""


VENDORS: Final = {
    "通达信": {"": Convention("股", "元")},
    "聚宽": {"": Convention("股", "元")},
    "tushare": {"1d": Convention("手", "千元"), "": Convention("股", "元")},
    "akshare": {"": Convention("手", "元")},
    "rqdata": {"": Convention("股", "元")},
    "baostock": {"": Convention("股", "元")},
    "qmt": {"": Convention("手", "元")},
}
"""As their manuals have it; what a file's own money and prices say is checked against it all the same."""
ALIASES: Final = {"tdx": "通达信", "joinquant": "聚宽", "jq": "聚宽", "ricequant": "rqdata", "米筐": "rqdata"}


def convention(vendor: str, frequency: str) -> Convention | None:
    """Return how ``vendor`` writes figures of ``frequency``; None: not known."""
    known = VENDORS.get(ALIASES.get(vendor.lower(), vendor.lower()))
    return None if known is None else known.get(frequency, known[""])


class Unit(NamedTuple):
    """One unit, and who says so."""

    name: str
    chinese: str
    """Where it comes from."""


class Units(NamedTuple):
    """The units of one file."""

    price: Unit
    quantity: Unit
    turnover: Unit

    def text(self) -> str:
        """Return them in words, with where each comes from."""
        words = (("价格", self.price), ("成交量", self.quantity), ("成交额", self.turnover))
        return "，".join(f"{name}：{unit.name}（{unit.chinese}）" for name, unit in words if unit.name)
