"""The exchange's rule book as data: every row of every subject, the general ones before the particular ones."""

from __future__ import annotations

from typing import Final

from qmt_trading.market.rows import classes, fees, limits, listings, orders
from qmt_trading.model.rule_row import RuleRow

ROWS: Final[tuple[RuleRow, ...]] = (*classes.ROWS, *orders.ROWS, *limits.ROWS, *listings.ROWS, *fees.ROWS)
