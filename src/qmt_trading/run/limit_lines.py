"""The limits as lines of ``qmt.toml``: how people call each, what it is about, and its value as the file has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import UNIT, to_percent_text
from qmt_trading.run.config_limits import MONEY, SHARES


class LimitWords(NamedTuple):
    """What people call a limit, and the one thing that they should know of it."""

    name: str
    about: str


_GROUPS: Final[tuple[tuple[str, Mapping[str, LimitWords]], ...]] = (
    (
        "一笔委托",
        {
            "order_value_max": LimitWords("单笔金额", "委托价 × 数量"),
            "order_quantity_max": LimitWords("单笔数量", "100 就是每笔最多一手"),
            "deviation_max": LimitWords("偏离最新价", "买高、卖低才算；写「涨停」「跌停」的不查"),
            "recent_value_share_max": LimitWords("占近 5 分钟成交额", "单笔金额 ÷ 它，行情给出时才查"),
            "orders_per_signal_max": LimitWords("每信号委托笔数", "每个账户各数各的；组合、计划文件要调大"),
        },
    ),
    (
        "持仓与资金",
        {
            "position_share_max": LimitWords("单票占比", "占早盘总资产，含未成交的买单"),
            "position_value_max": LimitWords("单票市值", "同上，按元"),
            "cash_reserve": LimitWords("保留资金", "买入不动用这一部分"),
            "buy_value_per_day_max": LimitWords("当日买入额", "已成交 + 未成交"),
            "turnover_per_day_max": LimitWords("当日成交额", "买入 + 卖出"),
        },
    ),
    (
        "当日亏损：占早盘总资产，只算持仓和成交，转账、新股缴款不算",
        {
            "loss_reducing": LimitWords("当日亏损（只卖不买）", "达到就只卖不买"),
            "loss_halting": LimitWords("当日亏损（停止）", "达到就停止，仅可撤单；要大于上一行"),
        },
    ),
    (
        "快慢与笔数",
        {
            "orders_per_second_max": LimitWords("每秒委托笔数", "快了不拦，排队到点发出"),
            "orders_per_minute_max": LimitWords("每分钟委托笔数", "同上"),
            "orders_per_day_max": LimitWords("当日委托笔数", "含手工单等外部委托"),
            "messages_per_second_max": LimitWords("每秒委托加撤单", "只限委托，撤单另按每秒 150 笔发出"),
            "messages_per_day_max": LimitWords("当日委托加撤单", "只限委托；交易所的高频标准是 20,000"),
            "working_orders_max": LimitWords("未成交笔数", "含待核实、待撤和外部委托"),
            "unknown_orders_max": LimitWords("待核实笔数", "达到就先核实，再下单"),
            "cancel_share_warn": LimitWords("撤单率（只告警）", "委托满 50 笔以后才算"),
        },
    ),
)
WORDS: Final[Mapping[str, LimitWords]] = {key: words for _, group in _GROUPS for key, words in group.items()}
"""Of every limit that is a figure, in the order of the file."""


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
    name, about = WORDS[limit]
    unit = "（元）" if limit in MONEY else "（股）" if limit == "order_quantity_max" else ""
    return f"{name}{unit}：{about}"


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
