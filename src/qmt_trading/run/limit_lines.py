"""The limits as lines of ``qmt.toml``: how people call each, what it is about, and its value as the file has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qmt_trading.model.limit_names import LIMIT_NAMES
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import UNIT, to_percent_text
from qmt_trading.run.config_limits import MONEY, SHARES

_GROUPS: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (
    (
        "一笔委托",
        {
            "order_value_max": "委托价 × 数量",
            "order_quantity_max": "100 就是每笔最多一手",
            "deviation_max": "买高、卖低才算；写「涨停」「跌停」的不查",
            "recent_value_share_max": "单笔金额 ÷ 它，行情给出时才查",
            "orders_per_signal_max": "每个账户各数各的；组合、计划文件要调大",
        },
    ),
    (
        "持仓与资金",
        {
            "position_share_max": "占早盘总资产，含未成交的买单",
            "position_value_max": "同上，按元",
            "cash_reserve": "买入不动用这一部分",
            "buy_value_per_day_max": "已成交 + 未成交",
            "turnover_per_day_max": "买入 + 卖出",
        },
    ),
    (
        "当日亏损：占早盘总资产，只算持仓和成交，转账、新股缴款不算",
        {
            "loss_reducing": "达到就只卖不买",
            "loss_halting": "达到就停止，仅可撤单；要大于上一行",
        },
    ),
    (
        "快慢与笔数",
        {
            "orders_per_second_max": "快了不拦，排队到点发出",
            "orders_per_minute_max": "同上",
            "orders_per_day_max": "含手工单等外部委托",
            "messages_per_second_max": "只限委托，撤单另按每秒 150 笔发出",
            "messages_per_day_max": "只限委托；交易所的高频标准是 20,000",
            "working_orders_max": "含待核实、待撤和外部委托",
            "unknown_orders_max": "达到就先核实，再下单",
            "cancel_share_warn": "委托满 50 笔以后才算，不拦",
        },
    ),
)
"""The limits that are figures in the order of the file, and the one thing that people should know of each."""
ABOUT: Final[Mapping[str, str]] = {limit: about for _, group in _GROUPS for limit, about in group.items()}


def written(limit: str, value: int) -> str:
    """Return a limit as it stands in the file; money in whole yuan."""
    if not value:
        return '"none"'
    if limit in SHARES:
        return f'"{to_percent_text(value)}"'
    if limit in MONEY:
        assert value % UNIT == 0, (limit, value)
        return str(value // UNIT)
    return str(value)


def comment_of(limit: str) -> str:
    """Return what stands behind a limit in the file: its name, its unit, and what to know of it."""
    unit = "（元）" if limit in MONEY else "（股）" if limit == "order_quantity_max" else ""
    return f"{LIMIT_NAMES[limit].chinese}{unit}：{ABOUT[limit]}"


def lines_of(limits: Limits) -> str:
    """Return ``limits`` as the lines below ``[limits]``, a comment beside each; what is not limited says so."""
    groups = []
    for title, group in _GROUPS:
        lines = [f"{key} = {written(key, getattr(limits, key))} # {comment_of(key)}" for key in group]
        groups.append("\n".join([f"# {title}", *lines]))
    risk_warning = "deny" if limits.risk_warning_denied else "pass"
    return "\n".join(
        [*groups, f'risk_warning = "{risk_warning}" # ST、*ST、退市整理股：deny 不买，pass 可买；卖出不拦']
    )
