"""Every reason as one sentence in Chinese and one in English: the rule, the figures, what to do."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.instrument import EVERY_SYMBOL
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
        {"index": "指数", "subscription": "新股申购", "b_share": "B 股", "unknown": "未知品种"},
    ),
    Reason.ACCOUNT_NOT_READY: (1, {"down": "连接断开", "reconciling": "资金持仓核对中"}),
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
        "已停止（仅可撤单）：恢复用 qmt resume；单独停止的账户用 qmt resume --account 账号",
        "halted, cancels only; `qmt resume` releases it, `qmt resume --account` one account",
    ),
    Reason.REDUCING_ONLY: ("只卖不买：该账户已转为减仓状态", "reducing: this account sells and does not buy"),
    Reason.JOURNAL_CLOSED: (
        "日志不可写，本进程不再下单：请检查磁盘后重启",
        "the journal cannot be written; check the disk and restart",
    ),
    Reason.DOOR_FORBIDS: (
        "该通道（{0}）只允许：{1}；要放开，请改 qmt.toml 中该 [[doors]] 的 allow = […] 后重启",
        "door {0} allows only: {1}; its allow = […] in qmt.toml says so",
    ),
    Reason.DOOR_ACCOUNT_FORBIDDEN: ("该通道（{0}）不允许账号 {1}", "door {0} does not serve account {1}"),
    Reason.DOOR_VALUE_EXCEEDED: (
        "超出该通道单笔上限：{0} > {1}；上限是 qmt.toml 里该 [[doors]] 的 order_value_max",
        "over the door's largest order: {0} > {1}; its order_value_max in qmt.toml says so",
    ),
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
        "单笔超限：{0} > {1}；上限是 qmt.toml 里 [limits] 或该账户的 order_value_max",
        "order too large: {0} > {1}; order_value_max under [limits], or of the account, in qmt.toml says so",
    ),
    Reason.ORDERS_PER_SIGNAL_EXCEEDED: (
        "每信号委托笔数已满：{0}/{1}",
        "one signal makes no more orders: {0} of {1}",
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
    Reason.CLOCK_UNSETTLED: ("系统时钟跳变，核对完成前暂停下单", "the clock stepped: orders wait for a reconciliation"),
}
_SELLABLE_TODAY: Final = ("可卖不足：要卖 {0}，可卖 {1}", "not enough to sell: {0} wanted, {1} free")
_GROUP_UNKNOWN: Final = ("分组未配置：{0}", "group not configured: {0}")


def sentence(denial: Denial) -> tuple[str, str]:
    """Return why, in Chinese and in English."""
    chinese, english = _SENTENCES[denial.reason]
    if denial.reason is Reason.ACCOUNT_UNKNOWN and denial.figures[0].startswith("@"):
        chinese, english = _GROUP_UNKNOWN
    if denial.reason is Reason.SELLABLE_EXCEEDED and denial.figures[2] == "0":
        chinese, english = _SELLABLE_TODAY
    figures = ["所有股票" if figure == EVERY_SYMBOL else figure for figure in denial.figures]
    if denial.reason in _FIGURES:
        index, words = _FIGURES[denial.reason]
        figures[index] = "、".join(words.get(word, word) for word in figures[index].split(","))
    return chinese.format(*figures), english.format(*denial.figures)
