"""Ways of trading and sizes of account, and the limits that ``qmt init`` writes for them."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict, replace

from qmt_trading.model.limits import NO_LIMITS, Limits
from qmt_trading.model.numbers import PERCENT_UNIT, UNIT, Money, Quantity
from qmt_trading.run.config_limits import DEFAULTS

VERB_WORDS: Final = {"buy": "买入", "sell": "卖出", "cancel": "撤单"}


class Profile(Struct, frozen=True, kw_only=True):
    """What the upstream's doors may do, and what a bare signal does there."""

    name: str
    english: str
    allow: tuple[str, ...]
    bare: str
    door_ttl: str = ""
    """Of the doors; empty: as everywhere."""
    door_price: str = ""
    """Of an order through the doors that names no price; empty: as everywhere."""
    limits: Limits = NO_LIMITS
    """Where they are tighter than those of the account's size."""
    about: str
    """One line for the person who chooses."""
    advice: tuple[str, ...] = ()
    """What to know of the limits with this way of trading: comments above them."""


class AccountSize(Struct, frozen=True, kw_only=True):
    """Default limits of an account that holds at least ``yuan``."""

    name: str
    yuan: int
    limits: Limits


PROFILES: Final = (
    Profile(
        name="只撤单",
        english="cancel-only",
        allow=("cancel",),
        bare="cancel",
        about="通道只能撤单，和原版程序做的一样",
        advice=("通道不能买卖：下面的上限管的是你自己敲的 qmt send。撤单不受任何上限约束。",),
    ),
    Profile(
        name="打板",
        english="limit-up",
        allow=("buy", "cancel"),
        bare="cancel",
        door_price="limit_up",
        about="通道能买能撤不能卖；裸信号是撤单（炸板撤单），排板写 买入 …，不写价格就是涨停价",
        advice=(
            "价格写「涨停」的不查偏离；写数字的仍查，所以写错一位会被拦下。",
            "连续竞价里还有交易所的价格笼子：离涨停还远时挂涨停价会被拦（PRICE_CAGE），集合竞价和封板后不会。",
        ),
    ),
    Profile(
        name="网格T0",
        english="grid",
        allow=("buy", "sell", "cancel"),
        bare="deny",
        about="通道能买能卖能撤；没有动作的信号一律拒绝",
        advice=(
            "买卖价格交叉的网格会被「会自成交」拦下（self_cross）：先撤反向的再挂。",
            "一次挂很多格：超过每秒委托的排队发出；格数多于未成交笔数的，请调大 working_orders_max。",
        ),
    ),
    Profile(
        name="聚宽跟单",
        english="joinquant",
        allow=("buy", "sell", "cancel"),
        bare="deny",
        door_ttl="120s",
        about="通道能买能卖能撤；信号从网上来得慢，有效期 120 秒",
        advice=("一条信号里有一篮子股票时，把 orders_per_signal_max 调到篮子的只数。",),
    ),
    Profile(
        name="保守",
        english="careful",
        allow=("buy", "sell", "cancel"),
        bare="deny",
        limits=Limits(
            order_value_max=Money(10_000 * UNIT),
            order_quantity_max=Quantity(100),
            orders_per_signal_max=1,
            orders_per_second_max=1,
            orders_per_day_max=10,
            working_orders_max=10,
        ),
        about="试单（上线八步的第 7 级）：每笔至多 100 股、1 万元，每天至多 10 笔",
        advice=(
            "试单（第 7 级）：每笔至多 100 股、1 万元，每天至多 10 笔。再做两件事：",
            "去掉下面 symbols_allowed 行首的 #，写上你要试的 5 只；信号里的价格写数字，例如 100@10.50（限价）。",
            "科创板买入至少 200 股，这一档买不了。走到第 8 级时用 qmt init --profile 另写一份。",
        ),
    ),
)

SIZES: Final = (
    AccountSize(
        name="10万",
        yuan=100_000,
        limits=replace(
            DEFAULTS,
            order_value_max=Money(20_000 * UNIT),
            deviation_max=2 * PERCENT_UNIT,
            orders_per_signal_max=1,
            position_share_max=30 * PERCENT_UNIT,
            cash_reserve=Money(500 * UNIT),
            buy_value_per_day_max=Money(100_000 * UNIT),
            loss_reducing=3 * PERCENT_UNIT,
            loss_halting=5 * PERCENT_UNIT,
            orders_per_second_max=3,
            orders_per_day_max=200,
            working_orders_max=20,
            cancel_share_warn=60 * PERCENT_UNIT,
        ),
    ),
    AccountSize(
        name="100万",
        yuan=1_000_000,
        limits=replace(
            DEFAULTS,
            order_value_max=Money(100_000 * UNIT),
            deviation_max=2 * PERCENT_UNIT,
            recent_value_share_max=5 * PERCENT_UNIT,
            orders_per_signal_max=2,
            position_share_max=20 * PERCENT_UNIT,
            cash_reserve=Money(5_000 * UNIT),
            buy_value_per_day_max=Money(1_500_000 * UNIT),
            loss_reducing=2 * PERCENT_UNIT,
            loss_halting=4 * PERCENT_UNIT,
            orders_per_second_max=5,
            orders_per_day_max=800,
            working_orders_max=50,
            cancel_share_warn=50 * PERCENT_UNIT,
        ),
    ),
    AccountSize(
        name="1000万",
        yuan=10_000_000,
        limits=replace(
            DEFAULTS,
            order_value_max=Money(500_000 * UNIT),
            deviation_max=3 * PERCENT_UNIT // 2,
            recent_value_share_max=3 * PERCENT_UNIT,
            orders_per_signal_max=5,
            position_share_max=10 * PERCENT_UNIT,
            cash_reserve=Money(50_000 * UNIT),
            buy_value_per_day_max=Money(10_000_000 * UNIT),
            loss_reducing=3 * PERCENT_UNIT // 2,
            loss_halting=3 * PERCENT_UNIT,
            orders_per_second_max=10,
            orders_per_day_max=2_000,
            working_orders_max=200,
            cancel_share_warn=40 * PERCENT_UNIT,
        ),
    ),
)
"""What is recommended for an account; in between the tighter of two holds."""
TTL: Final = "3s"
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


def limits_of(profile: Profile | None, size: AccountSize) -> Limits:
    """Return the limits of an account of ``size``, or those of ``profile`` where they are tighter."""
    if profile is None:
        return size.limits
    tighter = {
        name: min(own, getattr(size.limits, name) or own)
        for name, own in asdict(profile.limits).items()
        if type(own) is int and own
    }
    return replace(size.limits, **tighter)
