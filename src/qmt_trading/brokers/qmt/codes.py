"""The terminal's numbers and what they mean: states, sides, markets and price types, with the words a trader knows."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from qmt_trading.model.enumeration import direct
from qmt_trading.model.words import OrderStatus, Side


class OrderState(NamedTuple):
    """One of the terminal's order states."""

    status: OrderStatus
    chinese: str
    english: str


ORDER_STATES: Final = {
    48: OrderState(OrderStatus.PENDING_NEW, "未报", "not reported"),
    49: OrderState(OrderStatus.PENDING_NEW, "待报", "waiting to be reported"),
    50: OrderState(OrderStatus.NEW, "已报", "reported"),
    51: OrderState(OrderStatus.PENDING_CANCEL, "已报待撤", "reported, cancel pending"),
    52: OrderState(OrderStatus.PENDING_CANCEL, "部成待撤", "partly filled, cancel pending"),
    53: OrderState(OrderStatus.CANCELED, "部撤", "partly filled, the rest canceled"),
    54: OrderState(OrderStatus.CANCELED, "已撤", "canceled"),
    55: OrderState(OrderStatus.PARTIALLY_FILLED, "部成", "partly filled"),
    56: OrderState(OrderStatus.FILLED, "已成", "filled"),
    57: OrderState(OrderStatus.REJECTED, "废单", "rejected"),
    255: OrderState(OrderStatus.UNKNOWN, "未知", "unknown"),
}
"""Source: xtconstant.py of xtquant 250807. What tells 52 from 51 and 53 from 54 is the quantity that was filled."""

NUMBERS_OF_STATUS: Final = {
    status: tuple(number for number, state in ORDER_STATES.items() if state.status is status)
    for status in dict.fromkeys(state.status for state in ORDER_STATES.values())
}
"""The terminal's numbers of each of our states that it knows."""


class AccountState(NamedTuple):
    """What the terminal says of an account's login at the counter."""

    ready: bool
    """Whether orders may go and lists may be believed."""
    chinese: str
    english: str


ACCOUNT_STATES: Final = {
    -1: AccountState(False, "账号无效", "invalid account"),
    0: AccountState(True, "正常", "ready"),
    1: AccountState(False, "连接柜台中", "connecting"),
    2: AccountState(False, "登录柜台中", "logging in"),
    3: AccountState(False, "登录失败", "login failed"),
    4: AccountState(False, "初始化中", "initialising"),
    5: AccountState(False, "数据刷新校正中，数字暂不可信", "figures are being corrected"),
    6: AccountState(False, "收盘后", "after the close"),
    7: AccountState(False, "穿透副链接断开", "secondary link down"),
    8: AccountState(False, "系统停用（密码错误超限）", "disabled by the counter: too many wrong passwords"),
    9: AccountState(False, "用户停用", "disabled by the user"),
}


def account_status(number: int | None) -> AccountState:
    """Return what an account's status number means; what is not known is not ready."""
    if number is None:
        return AccountState(False, "终端没有给出账号状态", "the terminal does not tell the account's state")
    known = ACCOUNT_STATES.get(number)
    if known is not None:
        return known
    return AccountState(False, f"未识别的账号状态 {number}", f"unlisted account state {number}")


SIDES: Final = {23: Side.BUY, 24: Side.SELL}
"""Of plain stock orders; a margin account's collateral orders carry the same numbers."""
ORDER_TYPES: Final = {side: number for number, side in SIDES.items()}

OTHER_ORDER_TYPES: Final = {
    27: ("融资买入", "margin buy"),
    28: ("融券卖出", "short sell"),
    29: ("买券还券", "buy securities to return them"),
    30: ("直接还券", "return of securities"),
    31: ("卖券还款", "sell securities to repay"),
    32: ("直接还款", "repayment"),
    40: ("专项融资买入", "special margin buy"),
    41: ("专项融券卖出", "special short sell"),
    42: ("专项买券还券", "special buy to return"),
    43: ("专项直接还券", "special return of securities"),
    44: ("专项卖券还款", "special sell to repay"),
    45: ("专项直接还款", "special repayment"),
    134: ("ETF 申购", "ETF creation"),
    135: ("ETF 赎回", "ETF redemption"),
}
"""Business that this system never does, by name."""

MARKETS: Final = {"SH": 0, "SZ": 1, "BJ": 70}
"""The terminal's market numbers, of cancels by contract number."""
VENUES: Final = {number: venue for venue, number in MARKETS.items()}


@direct
class PriceType(StrEnum):
    """How an order's price is made; a row tells it in the counter's own numbers, which are not those that were sent."""

    LIMIT = "limit"
    LATEST = "latest"
    """The client makes a limit order of it, at its own last price."""
    FIVE_THEN_CANCEL = "five_then_cancel"
    FIVE_THEN_LIMIT = "five_then_limit"
    PEER_BEST = "peer_best"
    OWN_BEST = "own_best"
    IMMEDIATE_OR_CANCEL = "immediate_or_cancel"
    FILL_OR_KILL = "fill_or_kill"
    ANY = "any"
    BEST = "best"


PRICE_TYPE_WORDS: Final = {
    PriceType.LIMIT: ("限价", "limit"),
    PriceType.LATEST: ("最新价", "latest price"),
    PriceType.FIVE_THEN_CANCEL: ("最优五档即时成交剩余撤销", "five levels, the rest canceled"),
    PriceType.FIVE_THEN_LIMIT: ("最优五档即时成交剩余转限价", "five levels, the rest as a limit order"),
    PriceType.PEER_BEST: ("对手方最优价格", "best price of the other side"),
    PriceType.OWN_BEST: ("本方最优价格", "best price of the own side"),
    PriceType.IMMEDIATE_OR_CANCEL: ("即时成交剩余撤销", "immediate or cancel"),
    PriceType.FILL_OR_KILL: ("全额成交或撤销", "fill or kill"),
    PriceType.ANY: ("市价", "any price"),
    PriceType.BEST: ("最优价", "best price"),
}

_EVERYWHERE: Final = {PriceType.LIMIT: 11, PriceType.LATEST: 5}
_SHANGHAI: Final = {
    PriceType.FIVE_THEN_CANCEL: 42,
    PriceType.FIVE_THEN_LIMIT: 43,
    PriceType.PEER_BEST: 44,
    PriceType.OWN_BEST: 45,
}
_SHENZHEN: Final = {
    PriceType.PEER_BEST: 44,
    PriceType.OWN_BEST: 45,
    PriceType.IMMEDIATE_OR_CANCEL: 46,
    PriceType.FIVE_THEN_CANCEL: 47,
    PriceType.FILL_OR_KILL: 48,
}
PRICE_TYPES_SENT: Final = {
    "SH": {**_EVERYWHERE, **_SHANGHAI},
    "SZ": {**_EVERYWHERE, **_SHENZHEN},
    "BJ": {**_EVERYWHERE, **_SHANGHAI},
}
"""Venue → price type → the number to send. A venue that lacks a type would refuse it."""

PRICE_TYPES_TOLD: Final = {
    49: PriceType.ANY,
    50: PriceType.LIMIT,
    51: PriceType.BEST,
    84: PriceType.PEER_BEST,
    85: PriceType.FIVE_THEN_LIMIT,
    86: PriceType.OWN_BEST,
    87: PriceType.IMMEDIATE_OR_CANCEL,
    88: PriceType.FIVE_THEN_CANCEL,
    89: PriceType.FILL_OR_KILL,
}
"""The counter's number → price type, of rows. Source: the vendor's generated EBrokerPriceType; limit and five levels
seen coming back as 50 and 88."""
PRICE_NUMBERS_TOLD: Final = {kind: number for number, kind in PRICE_TYPES_TOLD.items()}


def price_type_sent(number: int, venue: str) -> PriceType | None:
    """Return what ``number`` means in an order to ``venue``; None: that venue has no such type."""
    for kind, sent in PRICE_TYPES_SENT.get(venue, {}).items():
        if sent == number:
            return kind
    return None


def price_type_told(number: int) -> PriceType | None:
    """Return what ``number`` means in an order's row; None: it is not listed.

    A few terminals are reported to echo what was sent for limit and latest: 11 and 5 are no number of the counter's.
    """
    if number == 11:
        return PriceType.LIMIT
    if number == 5:
        return PriceType.LATEST
    return PRICE_TYPES_TOLD.get(number)


def comes_back_as(sent: PriceType) -> int:
    """Return the counter's number in the row of an order sent as ``sent``: a latest price comes back as a limit."""
    return PRICE_NUMBERS_TOLD[PriceType.LIMIT if sent is PriceType.LATEST else sent]
