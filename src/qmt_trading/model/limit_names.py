"""What each limit is called, and how its figure is written: the one table for commands, alerts and pages."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from qmt_trading.model.limits import Scope, ScopeKind
from qmt_trading.model.numbers import to_money_text, to_percent_text


class LimitUnit(StrEnum):
    """What a limit counts: ten-thousandths of a yuan, millionths, or whole things."""

    MONEY = "money"
    SHARE = "share"
    COUNT = "count"


class LimitName(NamedTuple):
    """One limit in Chinese and English, and its unit."""

    chinese: str
    english: str
    unit: LimitUnit


LIMIT_NAMES: Final = {
    "order_value_max": LimitName("单笔金额", "value of an order", LimitUnit.MONEY),
    "order_quantity_max": LimitName("单笔数量", "shares of an order", LimitUnit.COUNT),
    "deviation_max": LimitName("偏离最新价", "distance from the last price", LimitUnit.SHARE),
    "position_value_max": LimitName("单票市值", "value of a position", LimitUnit.MONEY),
    "position_share_max": LimitName("单票占比", "position's share of the assets", LimitUnit.SHARE),
    "buy_value_per_day_max": LimitName("当日买入额", "bought in the day", LimitUnit.MONEY),
    "turnover_per_day_max": LimitName("当日成交额", "traded in the day", LimitUnit.MONEY),
    "recent_value_share_max": LimitName("占近 5 分钟成交额", "share of five minutes' trade", LimitUnit.SHARE),
    "working_orders_max": LimitName("未成交笔数", "working orders", LimitUnit.COUNT),
    "orders_per_signal_max": LimitName("每信号委托笔数", "orders of a signal", LimitUnit.COUNT),
    "orders_per_second_max": LimitName("每秒委托笔数", "orders within a second", LimitUnit.COUNT),
    "orders_per_minute_max": LimitName("每分钟委托笔数", "orders within a minute", LimitUnit.COUNT),
    "orders_per_day_max": LimitName("当日委托笔数", "orders in the day", LimitUnit.COUNT),
    "messages_per_second_max": LimitName("每秒委托加撤单", "orders and cancels within a second", LimitUnit.COUNT),
    "messages_per_day_max": LimitName("当日委托加撤单", "orders and cancels in the day", LimitUnit.COUNT),
    "unknown_orders_max": LimitName("待核实笔数", "unknown orders", LimitUnit.COUNT),
    "cash_reserve": LimitName("保留资金", "cash kept back", LimitUnit.MONEY),
    "loss_reducing": LimitName("当日亏损转只卖", "day's loss that reduces", LimitUnit.SHARE),
    "loss_halting": LimitName("当日亏损停止", "day's loss that halts", LimitUnit.SHARE),
    "cancel_share_warn": LimitName("撤单率告警", "share of cancels, only told", LimitUnit.SHARE),
}
SCOPE_NAMES: Final = {
    ScopeKind.TOTAL: "合计",
    ScopeKind.ACCOUNT: "账户",
    ScopeKind.DOOR: "通道",
    ScopeKind.STRATEGY: "策略",
}
NO_LIMIT: Final = ("不限", "none")


def limit_called(written: str) -> str | None:
    """Return the limit that a person means by its key or by its Chinese name; None: there is no such limit."""
    if written in LIMIT_NAMES:
        return written
    return next((limit for limit, name in LIMIT_NAMES.items() if name.chinese == written), None)


def text_of(limit: str, value: int) -> str:
    """Return a limit's figure as people read it; 0 is ``none``, as it is typed."""
    return figure_text(limit, value) if value else NO_LIMIT[1]


def chinese_text_of(limit: str, value: int) -> str:
    """Return a limit's figure as people read it; 0 is 不限."""
    return figure_text(limit, value) if value else NO_LIMIT[0]


def figure_text(limit: str, value: int) -> str:
    """Return a figure in the unit of ``limit``, 0 as the figure that it is."""
    match LIMIT_NAMES[limit].unit:
        case LimitUnit.MONEY:
            return to_money_text(value)
        case LimitUnit.SHARE:
            return to_percent_text(value)
        case LimitUnit.COUNT:
            return str(value)


def scope_chinese(scope: Scope) -> str:
    """Return a scope as people read it: 合计, 账户 11031122."""
    return f"{SCOPE_NAMES[scope.kind]} {scope.name}".rstrip()
