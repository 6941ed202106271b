"""The condition of an account: starting, connected, ready, degraded, down, or resting for the night."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import LinkState
from qmt_trading.run.day.outside import NOTHING, FeedState, Outside

STARTING_NS: Final = 60 * SECOND_NS
"""So long after its start an engine without a link is only starting."""
LISTING_NS: Final = 60 * SECOND_NS
"""So long a new session may take to tell what the account holds."""


class Condition(StrEnum):
    """What a person should think of an account's way to its broker."""

    STARTING = "starting"
    CONNECTED = "connected"
    """The link is up; what the account holds is being compared."""
    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"
    NIGHT = "night"
    """Down, as expected at this time."""


CONDITION_TEXT: Final = {
    Condition.STARTING: "启动中",
    Condition.CONNECTED: "核对中",
    Condition.READY: "已连接",
    Condition.DEGRADED: "异常",
    Condition.DOWN: "断开",
    Condition.NIGHT: "夜间休市",
}


class Seen(Struct, frozen=True, kw_only=True):
    """What the condition follows from."""

    link: LinkState
    listed: bool
    """A complete list of this session was taken, with cash and positions."""
    link_age_ns: int
    """How long the link has been as it is."""
    running_ns: int
    """How long this engine has been running."""
    night: bool
    trading: bool
    """The market is matching or about to: a feed that is silent now is an alarm, in breaks and at night it is not."""
    link_text: str = ""
    difference: str = ""
    unknown_orders: int = 0
    outside: Outside = NOTHING


class Standing(NamedTuple):
    """A condition with its sentence."""

    condition: Condition
    chinese: str
    english: str


def condition_of(seen: Seen) -> Standing:
    """Return the condition of an account; where several things are wrong, the one that matters most is told."""
    if seen.link is not LinkState.CONNECTED:
        return _without_link(seen)
    if not seen.listed:
        age_s = seen.link_age_ns // SECOND_NS
        if seen.link_age_ns <= LISTING_NS:
            return Standing(Condition.CONNECTED, "已连接，正在核对委托、成交、资金、持仓", "connected, being compared")
        return Standing(
            Condition.DEGRADED,
            f"连上 {age_s} 秒仍没有核对完：看客户端是否卡住，必要时重启客户端",
            f"connected for {age_s} s and still not compared: is the terminal stuck?",
        )
    return _trouble(seen) or Standing(Condition.READY, "已连接，已核对", "connected and compared")


def _without_link(seen: Seen) -> Standing:
    why = seen.outside.account_text or seen.link_text
    if seen.night:
        return Standing(
            Condition.NIGHT, "券商下线属正常，开盘前自动重连", "resting for the night; it connects by itself"
        )
    told, english = (f"（{why}）", f" ({why})") if why else ("", "")
    if seen.running_ns <= STARTING_NS:
        return Standing(Condition.STARTING, f"正在连接终端{told}", f"connecting to the terminal{english}")
    return Standing(
        Condition.DOWN,
        f"断开 {_age(seen.link_age_ns)}{told}：请登录客户端并勾选极简模式",
        f"down{english}: log in to the terminal",
    )


def _trouble(seen: Seen) -> Standing | None:
    outside = seen.outside
    if outside.account_text:
        return _degraded(f"账号：{outside.account_text}", f"account: {outside.account_text}")
    if seen.trading and outside.feed in (FeedState.SILENT, FeedState.DOWN):
        word, english = ("没有更新", "silent") if outside.feed is FeedState.SILENT else ("断开", "down")
        told = f"：{outside.feed_text}" if outside.feed_text else ""
        return _degraded(f"行情{word}{told}", f"quotes are {english}{told.replace('：', ': ')}")
    if seen.difference:
        return _degraded(f"持仓与柜台不一致（本地≠柜台）：{seen.difference}", f"positions differ: {seen.difference}")
    if seen.unknown_orders:
        count = seen.unknown_orders
        return _degraded(f"{count} 笔委托待核实（不会重发）", f"the outcome of {count} orders is unknown")
    return None


def _degraded(chinese: str, english: str) -> Standing:
    return Standing(Condition.DEGRADED, chinese, english)


def _age(age_ns: int) -> str:
    seconds = age_ns // SECOND_NS
    return f"{seconds} 秒" if seconds < 120 else f"{seconds // 60} 分钟"
