"""What the values of a row are: their names, units, and how they read in both languages."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from qmt_trading.model.numbers import PERCENT_UNIT, to_text
from qmt_trading.model.rule_row import RuleName, RuleRow


class Unit(Enum):
    """How a value is written."""

    PERCENT = "percent"
    """In millionths; people read per cent."""
    YUAN = "yuan"
    """In ten-thousandths; people read yuan."""
    NUMBER = "number"
    FLAG = "flag"


class Figure(NamedTuple):
    """One value of a row."""

    key: str
    """In rule files and in JSON."""
    unit: Unit
    chinese: str
    english: str


FIGURES: Final[dict[RuleName, tuple[Figure, ...]]] = {
    RuleName.CLASS: (),
    RuleName.TRAIT: (),
    RuleName.LISTED: (Figure("issue_price", Unit.YUAN, "发行价", "issue price"),),
    RuleName.TICK: (Figure("tick", Unit.YUAN, "", ""),),
    RuleName.LOTS: (
        Figure("lot", Unit.NUMBER, "一手", "lot"),
        Figure("buy_minimum", Unit.NUMBER, "最少买", "least buy"),
        Figure("buy_step", Unit.NUMBER, "买入递增", "buy step"),
        Figure("sell_step", Unit.NUMBER, "卖出递增", "sell step"),
    ),
    RuleName.CAP: (
        Figure("limit_order", Unit.NUMBER, "限价", "limit"),
        Figure("market_order", Unit.NUMBER, "市价", "market"),
    ),
    RuleName.LIMIT: (Figure("percent", Unit.PERCENT, "", ""),),
    RuleName.LIMIT_ROUNDING: (Figure("inward", Unit.FLAG, "向内取整", "inward"),),
    RuleName.BAND: (
        Figure("up_percent", Unit.PERCENT, "高", "up"),
        Figure("down_percent", Unit.PERCENT, "低", "down"),
    ),
    RuleName.OPENING_BAND: (
        Figure("up_percent", Unit.PERCENT, "高", "up"),
        Figure("down_percent", Unit.PERCENT, "低", "down"),
    ),
    RuleName.CAGE: (
        Figure("percent", Unit.PERCENT, "", ""),
        Figure("ticks", Unit.NUMBER, "至少单位", "ticks at least"),
    ),
    RuleName.PARKING: (Figure("percent", Unit.PERCENT, "", ""),),
    RuleName.SAME_DAY: (Figure("same_day", Unit.FLAG, "当日可卖", "same day"),),
    RuleName.DAY_BUY_MAX: (Figure("quantity", Unit.NUMBER, "", ""),),
    RuleName.STAMP_DUTY: (
        Figure("buy_percent", Unit.PERCENT, "买", "buy"),
        Figure("sell_percent", Unit.PERCENT, "卖", "sell"),
    ),
    RuleName.TRANSFER_FEE: (
        Figure("percent", Unit.PERCENT, "成交额", "of value"),
        Figure("par_percent", Unit.PERCENT, "面值", "of par"),
        Figure("minimum", Unit.YUAN, "最低", "minimum"),
    ),
    RuleName.COMMISSION: (
        Figure("percent_max", Unit.PERCENT, "最高", "at most"),
        Figure("minimum", Unit.YUAN, "最低", "minimum"),
    ),
}
"""Of every rule, what its values are, in their order."""


def figure_text(figure: Figure, value: int) -> str:
    """Return one value as people read it: ``10%``, ``0.01``, ``1,000,000``."""
    match figure.unit:
        case Unit.PERCENT:
            whole, rest = divmod(value, PERCENT_UNIT)
            return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + "%"
        case Unit.YUAN:
            return to_text(value)
        case Unit.NUMBER:
            return f"{value:,}"
        case Unit.FLAG:
            return "是 yes" if value else "否 no"


def figures_of(row: RuleRow) -> dict[str, int | str | bool]:
    """Return the values of ``row`` by their names, for programs: decimals as text, so that nothing is rounded."""
    told: dict[str, int | str | bool] = {}
    for figure, value in zip(FIGURES[row.name], row.values, strict=True):
        match figure.unit:
            case Unit.PERCENT:
                told[figure.key] = figure_text(figure, value).removesuffix("%")
            case Unit.YUAN:
                told[figure.key] = to_text(value)
            case Unit.NUMBER:
                told[figure.key] = value
            case Unit.FLAG:
                told[figure.key] = bool(value)
    return told
