"""What yearly figures are reckoned with: how many days a year has, and what money earns without risk."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

CHINA: Final = 244
"""Trading days a year: 238 to 245 from 2010 to 2025, mostly 243 or 244. Others take 252 (New York's) or 250."""


class Conventions(Struct, frozen=True, kw_only=True):
    """Every figure of a year goes by these; a report states them.

    Deviations are those of a sample (n − 1). A day's return is against the evening before, the first day's against the
    cash at the start. What is not defined (no spread, no loss, no benchmark) is None and never 0 or infinite.
    """

    days_a_year: int = CHINA
    risk_free: float = 0.02
    """Of a year. A day's is ``(1 + risk_free) ** (1 / days_a_year) − 1``."""
    tail: float = 0.05
    """The share of worst days that VaR and CVaR speak of: 0.05 is VaR 95."""

    def __post_init__(self) -> None:
        if self.days_a_year < 1 or not self.risk_free > -1 or not 0 < self.tail < 1:
            raise ValueError(f"no conventions: {self}")

    @property
    def daily_risk_free(self) -> float:
        return float((1 + self.risk_free) ** (1 / self.days_a_year)) - 1


STANDARD: Final = Conventions()
