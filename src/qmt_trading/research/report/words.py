"""The words of a report for what stands as codes in a result."""

from __future__ import annotations

from typing import Final

from qmt_trading.research.report.texts import Pair

MODES: Final[dict[str, Pair]] = {
    "bars": ("逐根 K 线", "every bar"),
    "columns": ("逐根 K 线，声明指标", "every bar, declared indicators"),
    "wake": ("条件唤醒", "woken by condition"),
    "dates": ("逐日截面", "each date's cross-section"),
    "target": ("目标持仓列", "target column"),
    "signals": ("信号回放", "recorded signals"),
}
GATES: Final[dict[str, Pair]] = {
    "legal": ("交易规则全开，自设限额不开", "the exchange's rules; the trader's own limits off"),
    "lots, limits, cash, T+1": ("只有手数、涨跌停、资金和 T+1", "lots, price limits, cash and T+1 only"),
    "full": ("与实盘相同的全部风控", "every rule of the live gate"),
}
FREQUENCIES: Final[dict[str, Pair]] = {
    "1d": ("日线", "daily bars"),
    "1m": ("1 分钟线", "1-minute bars"),
    "tick": ("快照", "snapshots"),
}
ADJUSTED: Final[dict[str, Pair]] = {
    "none": ("不复权", "unadjusted"),
    "forward": ("前复权", "adjusted forward"),
    "backward": ("后复权", "adjusted backward"),
}
BLOCKED: Final[dict[str, tuple[Pair, Pair]]] = {
    "LIMIT_UP_MISSED": (
        ("涨停买不进", "Limit-up missed"),
        ("封在涨停，当日没有卖出的人", "sealed at limit-up: nobody sold"),
    ),
    "LIMIT_DOWN_MISSED": (
        ("跌停卖不出", "Limit-down missed"),
        ("封在跌停，当日没有买入的人", "sealed at limit-down: nobody bought"),
    ),
    "SUSPENDED": (("停牌", "Suspended"), ("当日不交易", "no trading that day")),
    "T_PLUS_1": (("T+1", "T+1"), ("当日买入的股份次日才可卖", "shares bought today can be sold from the next day on")),
    "LOT": (
        ("不足一手", "Less than a lot"),
        ("数量取整后为零，或不是整手", "rounded down to nothing, or no whole lot"),
    ),
    "CASH": (
        ("资金不足", "Not enough cash"),
        ("可用资金不够，委托被拒或缩减", "refused or cut to what the cash allowed"),
    ),
    "VOLUME_CAP": (
        ("超成交量上限", "Volume cap"),
        ("超出当根成交量所允许的份额，余量未成交", "more than the allowed share of what was traded"),
    ),
    "SEALED": (
        ("封板未打开", "Sealed"),
        ("价格封死，未打开也未穿过", "the price stood at its limit and never left it"),
    ),
    "PRICE": (
        ("价格不合规", "Price refused"),
        ("超出涨跌停、价格笼子或最小变动价位", "beyond limits or cage, or off the tick"),
    ),
    "NOT_REACHED": (("限价未到", "Limit not reached"), ("行情没有到达委托价", "the market did not come to the price")),
    "NO_BAR": (("没有行情", "No bar"), ("数据里再没有这一标的的行情", "history has no further bar of it")),
    "LIMITS": (("自设限额拦下", "The trader's limits"), ("自己的风控规则", "one's own rules of risk")),
    "CANCELED": (("策略撤单", "Cancelled"), ("策略自己撤回", "by the strategy")),
    "QUANTITY": (
        ("数量不合规", "Quantity refused"),
        ("不符合该板块的数量规则", "against the board's rule of quantities"),
    ),
    "NOT_HELD": (("没有持仓", "Not held"), ("要卖的没有持有", "more than is held")),
}
STATUS_WORDS: Final[dict[str, Pair]] = {
    "DENIED": ("已拦截", "denied"),
    "FILLED": ("已成", "filled"),
    "PARTIALLY_FILLED": ("部成", "partially filled"),
    "CANCELED": ("已撤", "cancelled"),
    "REJECTED": ("废单", "rejected"),
    "EXPIRED": ("收盘作废", "expired"),
    "NEW": ("已报", "new"),
    "PENDING_NEW": ("待报", "pending"),
}
