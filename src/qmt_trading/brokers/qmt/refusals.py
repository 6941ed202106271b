"""What the words of a refusal mean, as far as they tell; for advice to a person, never for a decision."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from qmt_trading.model.enumeration import direct


@direct
class Refusal(StrEnum):
    """Why something was refused, by its text."""

    TOO_FAST = "too_fast"
    TOO_MANY_SUBSCRIPTIONS = "too_many_subscriptions"
    NOT_CONNECTED = "not_connected"
    NOT_LOGGED_IN = "not_logged_in"
    INITIALISING = "initialising"
    TIMED_OUT = "timed_out"
    NO_ACCOUNT = "no_account"
    NOT_PERMITTED = "not_permitted"
    NO_CASH = "no_cash"
    NO_SHARES = "no_shares"
    PRICE = "price"
    QUANTITY = "quantity"
    HOURS = "hours"
    SUSPENDED = "suspended"
    GONE = "gone"
    """Of a cancel: the order is filled, canceled or not to be found."""
    BAD_REQUEST = "bad_request"
    UNTOLD = "untold"


_MARKS: Final = (
    (Refusal.TOO_MANY_SUBSCRIPTIONS, ("订阅超过上限", "订阅数量")),
    (Refusal.TOO_FAST, ("请求超速", "请求过快", "频率", "过于频繁", "流控", "too fast", "too frequent")),
    (Refusal.NOT_LOGGED_IN, ("未登录", "没有登录", "重新登录", "not logged in", "not login")),
    (
        Refusal.NOT_CONNECTED,
        ("未建立连接", "未连接", "连接断开", "断开连接", "通讯中断", "not connected", "disconnected"),
    ),
    (Refusal.INITIALISING, ("初始化", "initializ", "initialis")),
    (Refusal.TIMED_OUT, ("超时", "time out", "timeout", "timed out")),
    (Refusal.NO_ACCOUNT, ("未找到账号", "账号不存在", "无此账号", "资金账号错", "no such account")),
    (Refusal.NO_CASH, ("资金不足", "可用资金", "资金余额不足", "可用不足", "insufficient fund", "insufficient cash")),
    (
        Refusal.NO_SHARES,
        (
            "证券可用",
            "股份不足",
            "持仓不足",
            "股票余额不足",
            "可用股份",
            "余券不足",
            "证券余额",
            "可卖",
            "insufficient position",
        ),
    ),
    (Refusal.NOT_PERMITTED, ("权限", "未开通", "未签署", "适当性", "不允许交易", "not permitted", "permission")),
    (Refusal.SUSPENDED, ("停牌", "暂停交易", "suspended")),
    (Refusal.HOURS, ("非交易时间", "交易时间", "不在交易", "闭市", "已收盘", "未开市", "休市", "时间不允许")),
    (
        Refusal.PRICE,
        ("涨跌停", "涨停价", "跌停价", "价格超", "委托价格", "价格笼子", "申报价格", "价位", "价格非法", "最小价差"),
    ),
    (Refusal.QUANTITY, ("委托数量", "申报数量", "数量非法", "整数倍", "单笔", "手数", "委托股数")),
    (
        Refusal.GONE,
        ("已成交", "已撤", "不可撤", "不能撤", "无可撤", "委托不存在", "找不到委托", "未找到委托", "状态不"),
    ),
    (Refusal.BAD_REQUEST, ("无效的请求参数", "参数", "未找到处理函数", "invalid parameter", "bad parameter")),
)
"""The first that is found holds: 可用资金不足 before anything about a quantity. Source: texts in the client's binaries
(the first of their rows), counters' texts as users have published them; none is promised by anybody."""

ADVICE: Final = {
    Refusal.TOO_FAST: ("客户端或柜台嫌请求太快：调低每秒委托笔数", "too many requests: lower the order rate"),
    Refusal.TOO_MANY_SUBSCRIPTIONS: (
        "行情订阅超过上限：改订全市场",
        "too many quote subscriptions: take whole markets",
    ),
    Refusal.NOT_CONNECTED: (
        "客户端没有连上柜台：看客户端右下角的连接状态",
        "the client is not connected to its counter",
    ),
    Refusal.NOT_LOGGED_IN: ("账号没有登录：在客户端里登录", "the account is not logged in: log in at the client"),
    Refusal.INITIALISING: ("客户端还在初始化：等它完成", "the client is still initialising: wait"),
    Refusal.TIMED_OUT: (
        "没有等到答复，结果未知：以委托列表为准",
        "no answer in time: the order list tells what became of it",
    ),
    Refusal.NO_ACCOUNT: ("客户端里没有这个账号：核对账号与登录", "the client does not know this account"),
    Refusal.NOT_PERMITTED: ("账户没有这项权限：向券商开通", "the account lacks this permission: ask the broker"),
    Refusal.NO_CASH: ("资金不足：核对可用资金和别的程序的委托", "not enough cash: look for orders of other programs"),
    Refusal.NO_SHARES: (
        "可卖数量不足：核对持仓、T+1 和别的委托",
        "not enough shares to sell: look at T+1 and other orders",
    ),
    Refusal.PRICE: ("价格不被接受：核对涨跌停、价格笼子和最小价差", "the price is not accepted: limits, cage or tick"),
    Refusal.QUANTITY: ("数量不被接受：核对一手股数和单笔上限", "the quantity is not accepted: lot or order maximum"),
    Refusal.HOURS: ("现在不收这种委托", "not taken at this hour"),
    Refusal.SUSPENDED: ("停牌", "suspended"),
    Refusal.GONE: (
        "委托已经结束或柜台找不到它：以委托列表为准",
        "the order has ended or is not found: see the order list",
    ),
    Refusal.BAD_REQUEST: (
        "终端认为请求不合法：请把日志发给开发者",
        "the terminal calls the request invalid: report it",
    ),
    Refusal.UNTOLD: ("柜台没有说出能识别的原因", "the counter gives no reason that is known"),
}


def refusal(words: str) -> Refusal:
    """Return what ``words`` of a counter or a client mean; UNTOLD where nothing in them is known.

    Whether an order exists is never concluded from it: a text that says "timed out" may belong to an order that lives.
    """
    low = words.lower()
    for meaning, marks in _MARKS:
        if any(mark in low for mark in marks):
            return meaning
    return Refusal.UNTOLD
