"""Ways of trading and sizes of account, and the limits that ``qmt init`` writes for them: only such as are enforced."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

VERB_WORDS: Final = {"buy": "买入", "sell": "卖出", "cancel": "撤单"}


class Profile(Struct, frozen=True, kw_only=True):
    """What the upstream's doors may do, and what a bare signal does there."""

    name: str
    english: str
    allow: tuple[str, ...]
    bare: str
    door_ttl: str = ""
    """Of the doors; empty: as everywhere."""
    order_value_max: int = 0
    """In yuan, where it is lower than that of the account's size; 0: no bound of its own."""
    orders_per_signal_max: int = 0
    about: str
    """One line for the person who chooses."""


class AccountSize(Struct, frozen=True, kw_only=True):
    """Default limits of an account that holds at least ``yuan``."""

    name: str
    yuan: int
    order_value_max: int
    orders_per_signal_max: int


PROFILES: Final = (
    Profile(
        name="只撤单",
        english="cancel-only",
        allow=("cancel",),
        bare="cancel",
        about="通道只能撤单，和原版程序做的一样",
    ),
    Profile(
        name="打板",
        english="limit-up",
        allow=("buy", "cancel"),
        bare="cancel",
        about="通道能买能撤不能卖；裸信号是撤单（炸板撤单），排板请写明 买入 … @涨停",
    ),
    Profile(
        name="网格T0",
        english="grid",
        allow=("buy", "sell", "cancel"),
        bare="deny",
        about="通道能买能卖能撤；没有动作的信号一律拒绝",
    ),
    Profile(
        name="聚宽跟单",
        english="joinquant",
        allow=("buy", "sell", "cancel"),
        bare="deny",
        door_ttl="120s",
        about="通道能买能卖能撤；信号从网上来得慢，有效期 120 秒",
    ),
    Profile(
        name="保守",
        english="careful",
        allow=("buy", "sell", "cancel"),
        bare="deny",
        order_value_max=10_000,
        orders_per_signal_max=1,
        about="试单：单笔不超过 1 万元，每信号每账户一笔",
    ),
)
SIZES: Final = (
    AccountSize(name="10万", yuan=100_000, order_value_max=20_000, orders_per_signal_max=1),
    AccountSize(name="100万", yuan=1_000_000, order_value_max=100_000, orders_per_signal_max=2),
    AccountSize(name="1000万", yuan=10_000_000, order_value_max=500_000, orders_per_signal_max=5),
)
TTL: Final = "3s"
MISSING: Final = (
    "单票占总资产",
    "当日买入额",
    "当日亏损（只卖不买、停止）",
    "每秒与每日委托数",
    "未成交笔数",
    "偏离最新价",
    "单笔占近 5 分钟成交额",
    "现金保留",
    "撤单率告警",
)
"""Default limits that the program does not have yet: they are named and not written."""
_SUFFIX: Final = re.compile(r"\s*(万元|万|元|w|W)?\s*$")
_UNITS: Final = {"万元": 10_000, "万": 10_000, "w": 10_000, "W": 10_000, "元": 1, None: 1}


def profile_of(written: str) -> Profile | None:
    """Return the profile that is called ``written`` in either language; None: none is."""
    word = written.strip().casefold()
    return next((each for each in PROFILES if word in (each.name.casefold(), each.english)), None)


def yuan_of(written: str) -> int | None:
    """Return the assets of an account, written ``10万`` or ``100000``; None: that is no amount from 1 yuan to 10^11."""
    text = written.strip().replace(",", "").replace("，", "")
    unit = _SUFFIX.search(text)
    digits = text[: unit.start()] if unit is not None else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        return None
    yuan = int(digits) * _UNITS[unit[1] if unit is not None else None]
    return yuan if 0 < yuan <= 10**11 else None


def size_for(yuan: int) -> AccountSize:
    """Return the size whose limits an account with ``yuan`` gets: the largest that it reaches, else the smallest."""
    return next((each for each in reversed(SIZES) if yuan >= each.yuan), SIZES[0])


def order_value_max(profile: Profile, size: AccountSize) -> int:
    """Return the largest order in yuan."""
    return min(filter(None, (profile.order_value_max, size.order_value_max)))


def orders_per_signal_max(profile: Profile, size: AccountSize) -> int:
    return min(filter(None, (profile.orders_per_signal_max, size.orders_per_signal_max)))
