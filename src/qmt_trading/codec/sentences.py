"""Every reason as one sentence in Chinese and one in English: the rule, the figures, what to do."""

from __future__ import annotations

import re
from typing import Final

from qmt_trading.model.instrument import EVERY_SYMBOL
from qmt_trading.model.limit_names import SCOPE_NAMES
from qmt_trading.model.reasons import Denial, Reason

_FIGURES: Final[dict[Reason, tuple[int, dict[str, str]]]] = {
    Reason.DOOR_FORBIDS: (1, {"buy": "买入", "sell": "卖出", "cancel": "撤单", "": "（无）"}),
    Reason.LOT_INVALID: (
        0,
        {
            "main": "主板",
            "sme": "中小板",
            "star": "科创板",
            "chinext": "创业板",
            "bse": "北交所",
            "fund": "基金",
            "etf": "ETF",
            "lof": "LOF",
            "reit": "REITs",
            "convertible": "可转债",
            "bond": "债券",
            "repo": "逆回购",
            "subscription": "申购",
        },
    ),
    Reason.SYMBOL_NOT_TRADABLE: (
        1,
        {
            "index": "指数",
            "b_share": "B 股以外币交易，本系统不做",
            "repo_sell_only": "逆回购只能卖出（借出资金）",
            "subscription_buy_only": "新股申购只能买入",
            "unknown": "未知品种",
        },
    ),
    Reason.PRICE_CAGE: (2, {"buy": "买入最高", "sell": "卖出最低"}),
    Reason.ACCOUNT_NOT_READY: (1, {"down": "连接断开", "reconciling": "资金持仓核对中"}),
    Reason.MORNING_RED: (
        0,
        {
            "unchecked": "今天还没有检查过",
            "terminal": "终端或账号",
            "session": "会话是昨夜的",
            "list": "委托持仓核对",
            "figures": "资金持仓读不到",
            "unknown": "待核实委托",
            "unresolved": "昨日未核实委托",
            "calendar": "交易日历",
            "details": "合约规则差异",
            "quotes": "行情",
            "clock": "时钟",
            "disk": "磁盘",
            "journal": "日志",
            "registration": "程序化交易报备",
            "capability": "终端能力",
            "halted": "已停止",
            "limits": "限额未确认",
            "today": "今日事项",
        },
    ),
    Reason.NOT_SUPPORTED: (
        0,
        {
            "target": "target 调到",
            "clear": "清仓",
            "portfolio": "portfolio 组合",
            "at": "at= 定时",
            "not_before": "not_before 定时",
            "cancel_after": "cancel_after= 定时撤单",
        },
    ),
}
"""Which figure is made of words of ours, and how people say them in Chinese."""

_SENTENCES: Final[dict[Reason, tuple[str, str]]] = {
    Reason.TRADING_HALTED: (
        "已停止（仅可撤单）：恢复用 qmt resume --why 原因；单独停止的账户用 qmt resume --account 账号 --why 原因",
        "halted, cancels only; `qmt resume --why` releases it, `qmt resume --account … --why` one account",
    ),
    Reason.REDUCING_ONLY: (
        "只卖不买：现在不能买入；恢复用 qmt resume --why 原因，单个账户加 --account 账号",
        "selling only: nothing is bought; `qmt resume --why` releases it, with `--account` one account",
    ),
    Reason.JOURNAL_CLOSED: (
        "日志不可写，本进程不再下单：请检查磁盘后重启",
        "the journal cannot be written; check the disk and restart",
    ),
    Reason.DOOR_FORBIDS: (
        "该通道（{0}）只允许：{1}；要放开，请改 qmt.toml 中该 [[doors]] 的 allow = […] 后重启",
        "door {0} allows only: {1}; its allow = […] in qmt.toml says so",
    ),
    Reason.DOOR_ACCOUNT_FORBIDDEN: ("该通道（{0}）不允许账号 {1}", "door {0} does not serve account {1}"),
    Reason.ACCOUNT_UNKNOWN: ("账号未配置：{0}", "account not configured: {0}"),
    Reason.ACCOUNT_NOT_READY: ("账号未就绪：{0}（状态：{1}）", "account not ready: {0} ({1})"),
    Reason.BARE_UNSET: (
        "裸信号未设动作：请设 [signals.bare] action",
        "bare signals have no action here: set [signals.bare] action",
    ),
    Reason.BARE_DENIED: ("该通道（{0}）拒绝裸信号", "door {0} refuses bare signals"),
    Reason.BARE_PER_DAY: (
        "裸信号今日已执行 {0}/{1} 次：确要再下请写明买卖并带编号",
        "the bare signal already acted {0} of {1} times today; name the verb and an id to act again",
    ),
    Reason.SYMBOL_UNKNOWN: ("代码不存在或没有行情：{0}", "unknown symbol, or no quote: {0}"),
    Reason.SYMBOL_NOT_TRADABLE: ("不支持的品种：{0}（{1}）", "not a kind this system trades: {0} ({1})"),
    Reason.SYMBOL_FROZEN: (
        "有待核实委托 {0}，该股同方向暂停下单：请向柜台核实",
        "order {0} is unknown: this symbol and side are closed until it is settled",
    ),
    Reason.SIZE_MISSING: ("没有数量：请写明数量，例如 buy {0} 100", "no size: write one, such as buy {0} 100"),
    Reason.SIZE_ZERO: ("不足一手：{0} 只够 {1} 股，至少 {2}", "less than one lot: {0} makes {1}, at least {2}"),
    Reason.SIZE_SELL_ONLY: (
        "{0} 只能用于卖出：买入请写股数、金额或百分比",
        "{0} is for selling only: buy shares, money or a percentage",
    ),
    Reason.LOT_INVALID: (
        "数量不合规：{0} 委托 {1}，买入至少 {2}、每 {3} 递增；卖出零股须一次卖完",
        "quantity breaks the lot rule of {0}: {1}; buy at least {2} in steps of {3}, odd lots are sold whole",
    ),
    Reason.QUANTITY_EXCEEDED: ("超出单笔最大数量：{0} > {1}", "over the exchange's largest order: {0} > {1}"),
    Reason.TICK_INVALID: ("价格 {0} 不是最小变动 {1} 的整数倍", "price {0} is not a multiple of the tick {1}"),
    Reason.PRICE_MISSING: ("没有可用价格：{0}（该档为空或没有涨跌停价）", "no price for {0}: that side is empty"),
    Reason.PRICE_ABOVE_LIMIT: ("价格超涨停：{0} > {1}", "above the upper limit: {0} > {1}"),
    Reason.PRICE_BELOW_LIMIT: ("价格低于跌停：{0} < {1}", "below the lower limit: {0} < {1}"),
    Reason.CASH_EXCEEDED: ("资金不足：需 {0}，可用 {1}", "not enough cash: needs {0}, available {1}"),
    Reason.SELLABLE_EXCEEDED: (
        "可卖不足：要卖 {0}，可卖 {1}（另有 {2} 次日可卖）",
        "not enough to sell: {0} wanted, {1} free ({2} more tomorrow)",
    ),
    Reason.ORDER_VALUE_EXCEEDED: (
        "单笔超限：{0} > {1}（上限在 {2} 的 order_value_max）",
        "order too large: {0} > {1} (order_value_max of {2})",
    ),
    Reason.ORDERS_PER_SIGNAL_EXCEEDED: (
        "每信号委托笔数已满：{0}/{1}（{2} 的 orders_per_signal_max）",
        "one signal makes no more orders: {0} of {1} (orders_per_signal_max of {2})",
    ),
    Reason.AMPLIFICATION: (
        "一分钟内委托已达 {0}/{1} 笔，已自动停止",
        "{0} of {1} orders within a minute: trading has halted by itself",
    ),
    Reason.DUPLICATE_SUSPECTED: (
        "疑似重复：相同指令刚执行过（{0} 秒内不再执行）；确要再下请带编号 #…",
        "looks like a repeat (for another {0} s); give it an id #… to act again",
    ),
    Reason.SIGNAL_STALE: ("信号过期：迟了 {0} 秒", "stale: {0} s past its deadline"),
    Reason.SIGNAL_FROM_FUTURE: (
        "信号时间在未来 {0} 秒：请校准发送方时钟",
        "sent {0} s in the future: set the sender's clock",
    ),
    Reason.QUOTE_STALE: ("行情已 {0} 秒未更新，市价类委托暂停", "the quote is {0} s old: word prices wait"),
    Reason.ID_REUSED: ("编号 {0} 已被信号 {1} 用于不同内容", "id {0} was used by signal {1} for other content"),
    Reason.CANCEL_PRICED: ("撤单不带价格：请去掉 @ 后的价格", "a cancel takes no price"),
    Reason.NOT_SUPPORTED: ("尚未支持：{0}", "not built yet: {0}"),
    Reason.NOTHING_TO_CANCEL: (
        "无可撤委托：{0} 在 {1} 没有未成交单",
        "nothing to cancel: no working order of {0} in {1}",
    ),
    Reason.NO_CANCEL_PHASE: (
        "{0}–{1} 不可撤单，已登记，开放后立即补撤",
        "no cancels are taken from {0} to {1}: registered, and sent when they are again",
    ),
    Reason.CANCEL_PACED: ("每秒最多撤 {0} 笔，已排队，{1} 发出", "at most {0} cancels a second: it leaves at {1}"),
    Reason.CANCEL_OPTION: ("撤单不带 cancel_after 和 chase", "a cancel takes neither cancel_after nor chase"),
    Reason.WAITS: ("已登记，{0} 执行", "on record, carried out at {0}"),
    Reason.WAITING_DROPPED: (
        "已取消等待中的定时指令 {0}（原定 {1} 执行）",
        "dropped instruction {0}, which waited for {1}",
    ),
    Reason.AT_PASSED: (
        "at={0} 已过（现在 {1}）：请写今天稍后的时间，收盘后再写则为下一交易日",
        "at={0} has passed (it is {1}); name a later time, or send it after the close for the next trading day",
    ),
    Reason.AT_TOO_FAR: ("时间太远：最多 {0} 天以后", "too far ahead: at most {0} days"),
    Reason.TARGET_REACHED: (
        "{0} 无需调仓：目标 {1}，现有 {2}（含在途；不足一手不动，今日买入次日可卖）",
        "nothing to do for {0}: target {1}, held {2}, with what is under way, whole lots and what may be sold today",
    ),
    Reason.TARGET_WORKING: (
        "{0} 有未成交的买单 {1}，不能先卖：请先撤买，再调仓",
        "{0} has open buys of {1}: cancel them first, then move the holding",
    ),
    Reason.CANCELED_BY_LATER: ("已被其后的撤单（信号 {0}）取消", "dropped by the later cancel of signal {0}"),
    Reason.MIXED_VERBS: (
        "一条消息里不能既撤单又买卖：请分成两条",
        "cancels and orders do not go in one message: send two",
    ),
    Reason.SAME_TWICE: ("同一账户同一方向的 {0} 写了两次：{1}", "{0} stands twice for account {1}"),
    Reason.TOO_MANY_ORDERS: ("展开后委托过多：{0} > {1}", "too many orders once written out: {0} > {1}"),
    Reason.CALENDAR_ENDED: (
        "交易日历只到 {0}，之后不下单（撤单照常）：请用 qmt calendar import 导入新一年",
        "the calendar ends on {0}: no orders after it, cancels go on; `qmt calendar import` adds a year",
    ),
    Reason.OUT_OF_SESSION: (
        "非交易时段（现在 {0}）：请在交易日 9:15–15:00 发，或加 at=09:30:00",
        "the exchange takes no orders now ({0}): send it from 9:15 to 15:00 of a trading day, or add at=09:30:00",
    ),
    Reason.OUT_OF_WINDOW: (
        "不在允许的时段（现在 {0}，{1} 的 windows）",
        "outside the hours permitted to {1} (windows; it is {0})",
    ),
    Reason.SYMBOL_DENIED: (
        "{0} 不许交易：{1} 的黑白名单（symbols_denied、symbols_allowed）",
        "{0} is not traded: symbols_denied or symbols_allowed of {1}",
    ),
    Reason.SUSPENDED: ("停牌，不能委托：{0}", "{0} is suspended"),
    Reason.RISK_WARNING: (
        "{0} 是 ST 或退市整理股，不许买入（{1} 的 risk_warning）",
        "{0} is under a risk warning and not bought (risk_warning of {1})",
    ),
    Reason.UNKNOWN_ORDERS: (
        "待核实委托已有 {0} 笔（上限 {1}，{2}），暂停下单：请先向柜台核实",
        "{0} orders are unknown, {1} are permitted ({2}): settle them first",
    ),
    Reason.PRICE_CAGE: (
        "超出价格笼子：{0}，{2} {1}",
        "outside the price cage: {0}, the bound of a {2} is {1}",
    ),
    Reason.DAY_BUY_EXCEEDED: (
        "风险警示股每日买入上限：将达 {0} 股 > {1} 股",
        "more than may be bought in a day under a risk warning: {0} > {1} shares",
    ),
    Reason.SELF_CROSS: (
        "会自成交：本人账户 {0} 有反向委托 {1}",
        "it would trade with an own order: account {0} at {1}",
    ),
    Reason.ORDER_QUANTITY_EXCEEDED: (
        "单笔数量超限：{0} > {1}（{2} 的 order_quantity_max）",
        "too many shares in one order: {0} > {1} (order_quantity_max of {2})",
    ),
    Reason.PRICE_DEVIATES: (
        "偏离最新价：{0} 对 {1}，超过 {2}（{3} 的 deviation_max；涨停、跌停价请写「涨停」「跌停」）",
        "too far from the last price: {0} against {1}, more than {2} (deviation_max of {3})",
    ),
    Reason.POSITION_VALUE_EXCEEDED: (
        "单票超限：持仓将达 {0} > {1}（{2} 的 position_value_max）",
        "the position would be worth {0} > {1} (position_value_max of {2})",
    ),
    Reason.POSITION_SHARE_EXCEEDED: (
        "单票超限：持仓将达 {0} > {1}（{2} 的 position_share_max，按早盘总资产）",
        "the position would be {0} of the morning's assets > {1} (position_share_max of {2})",
    ),
    Reason.BUY_VALUE_EXCEEDED: (
        "当日买入超限：将达 {0} > {1}（{2} 的 buy_value_per_day_max）",
        "bought today: {0} > {1} (buy_value_per_day_max of {2})",
    ),
    Reason.TURNOVER_EXCEEDED: (
        "当日成交额超限：将达 {0} > {1}（{2} 的 turnover_per_day_max）",
        "traded today: {0} > {1} (turnover_per_day_max of {2})",
    ),
    Reason.RECENT_VALUE_EXCEEDED: (
        "占近 5 分钟成交额过多：{0}，市场 {1}，上限 {2}（{3} 的 recent_value_share_max）",
        "too large for the market: {0} of {1} in five minutes, {2} permitted (recent_value_share_max of {3})",
    ),
    Reason.WORKING_ORDERS_EXCEEDED: (
        "未成交笔数超限：将达 {0} > {1}（{2} 的 working_orders_max）",
        "too many working orders: {0} > {1} (working_orders_max of {2})",
    ),
    Reason.ORDERS_PER_DAY_EXCEEDED: (
        "今日委托笔数超限：将达 {0} > {1}（{2} 的 orders_per_day_max）",
        "too many orders today: {0} > {1} (orders_per_day_max of {2})",
    ),
    Reason.MESSAGES_PER_DAY_EXCEEDED: (
        "今日委托加撤单超限：将达 {0} > {1}（{2} 的 messages_per_day_max）",
        "too many orders and cancels today: {0} > {1} (messages_per_day_max of {2})",
    ),
    Reason.ORDER_RATE_EXCEEDED: (
        "委托过快：上限 {0} 笔，排队还要 {1} 秒，有效期内轮不到（{2}）",
        "too fast: {0} permitted, its turn would come in {1} s, past its deadline ({2})",
    ),
    Reason.PACED: (
        "委托过快（上限 {0} 笔，{2}）：已排队，{1} 发出",
        "faster than permitted ({0}, {2}): it waits for its turn at {1}",
    ),
    Reason.MORNING_RED: (
        "检查未通过，该账户暂停买入：{0}；看 qmt morning，处理后自动重查，或 qmt morning --accept 账号 --why 原因",
        "the account's check is red, nothing is bought: {0}; see `qmt morning`, or accept it with --accept and --why",
    ),
    Reason.CLOCK_UNSETTLED: ("系统时钟跳变，核对完成前暂停下单", "the clock stepped: orders wait for a reconciliation"),
}
_SCOPED: Final = frozenset(
    {
        Reason.ORDER_VALUE_EXCEEDED,
        Reason.ORDERS_PER_SIGNAL_EXCEEDED,
        Reason.OUT_OF_WINDOW,
        Reason.SYMBOL_DENIED,
        Reason.RISK_WARNING,
        Reason.UNKNOWN_ORDERS,
        Reason.ORDER_QUANTITY_EXCEEDED,
        Reason.PRICE_DEVIATES,
        Reason.POSITION_VALUE_EXCEEDED,
        Reason.POSITION_SHARE_EXCEEDED,
        Reason.BUY_VALUE_EXCEEDED,
        Reason.TURNOVER_EXCEEDED,
        Reason.RECENT_VALUE_EXCEEDED,
        Reason.WORKING_ORDERS_EXCEEDED,
        Reason.ORDERS_PER_DAY_EXCEEDED,
        Reason.MESSAGES_PER_DAY_EXCEEDED,
        Reason.ORDER_RATE_EXCEEDED,
        Reason.PACED,
    }
)
"""Reasons whose last figure names a scope."""
_SELLABLE_TODAY: Final = ("可卖不足：要卖 {0}，可卖 {1}", "not enough to sell: {0} wanted, {1} free")
_NOTHING_TO_SELL: Final = (
    "没有可卖的持仓：要卖 {0}，可卖 0 股（没有持仓，或今天才买、已在卖单里）",
    "nothing to sell: {0} wanted, 0 shares free (none held, bought today, or offered already)",
)
_GROUP_UNKNOWN: Final = ("分组未配置：{0}", "group not configured: {0}")


_SCOPES: Final[dict[str, str]] = {kind.value: text for kind, text in SCOPE_NAMES.items()}


def _scope(figure: str) -> str:
    """Return a scope as people read it: ``total``, ``account 11031122`` … with the first word in Chinese."""
    kind, _, name = figure.partition(" ")
    return f"{_SCOPES[kind]} {name}".rstrip() if kind in _SCOPES else figure


def title(reason: Reason) -> str:
    """Return the beginning of a reason's Chinese sentence, as a name for it where no figures are known."""
    return re.sub(r"\{\d\}", "…", _SENTENCES[reason][0].partition("：")[0])


def sentence(denial: Denial) -> tuple[str, str]:
    """Return why, in Chinese and in English."""
    chinese, english = _SENTENCES[denial.reason]
    if denial.reason is Reason.ACCOUNT_UNKNOWN and denial.figures[0].startswith("@"):
        chinese, english = _GROUP_UNKNOWN
    if denial.reason is Reason.SIZE_ZERO and denial.figures[3:] == ("0",):
        chinese, english = _NOTHING_TO_SELL
    if denial.reason is Reason.SELLABLE_EXCEEDED and denial.figures[2] == "0":
        chinese, english = _SELLABLE_TODAY
    figures = ["所有股票" if figure == EVERY_SYMBOL else figure for figure in denial.figures]
    if denial.reason in _FIGURES:
        index, words = _FIGURES[denial.reason]
        figures[index] = "、".join(words.get(word, word) for word in figures[index].split(","))
    if denial.reason in _SCOPED:
        figures[-1] = _scope(figures[-1])
    return chinese.format(*figures), english.format(*denial.figures)
