"""The limits of ``[limits]``, of an account, a door and a strategy: which there are, and what holds unwritten."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import asdict, replace

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.symbols import normalise
from qmt_trading.engine.usage import RATE_MAX
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limit_names import LIMIT_NAMES, LimitUnit, text_of
from qmt_trading.model.limits import NO_LIMITS, Limits, ScopeKind, Window
from qmt_trading.model.numbers import PERCENT_UNIT, UNIT, Money, Quantity, from_decimal
from qmt_trading.model.settings import StrategySettings
from qmt_trading.run.config_reader import Table
from qmt_trading.run.config_session import time_ns_of

MONEY: Final = frozenset(limit for limit, name in LIMIT_NAMES.items() if name.unit is LimitUnit.MONEY)
SHARES: Final = frozenset(limit for limit, name in LIMIT_NAMES.items() if name.unit is LimitUnit.SHARE)
COUNTS: Final = {
    "order_quantity_max": 10**10,
    "working_orders_max": 10**6,
    "orders_per_signal_max": 1000,
    "orders_per_second_max": RATE_MAX,
    "orders_per_minute_max": RATE_MAX,
    "orders_per_day_max": 10**7,
    "messages_per_second_max": RATE_MAX,
    "messages_per_day_max": 10**7,
    "unknown_orders_max": 10**6,
}
"""Limits that are whole numbers, and the largest that may be written."""
_ONLY_ACCOUNT: Final = frozenset(
    {"position_share_max", "messages_per_second_max", "messages_per_day_max", "cash_reserve", "cancel_share_warn"}
)
_NOT_OF: Final = {
    ScopeKind.TOTAL: _ONLY_ACCOUNT,
    ScopeKind.ACCOUNT: frozenset[str](),
    ScopeKind.DOOR: _ONLY_ACCOUNT | {"position_value_max", "unknown_orders_max", "loss_reducing", "loss_halting"},
    ScopeKind.STRATEGY: _ONLY_ACCOUNT | {"unknown_orders_max", "loss_reducing", "loss_halting"},
}
"""Limits that a scope does not have: nothing is counted there that they could be held against."""
DEFAULTS: Final = Limits(
    order_value_max=Money(100_000 * UNIT),
    deviation_max=2 * PERCENT_UNIT,
    working_orders_max=200,
    orders_per_signal_max=50,
    orders_per_second_max=10,
    orders_per_day_max=2_000,
    messages_per_second_max=250,
    messages_per_day_max=10_000,
    unknown_orders_max=5,
    loss_reducing=3 * PERCENT_UNIT,
    loss_halting=5 * PERCENT_UNIT,
    cancel_share_warn=50 * PERCENT_UNIT,
    risk_warning_denied=True,
)
"""Of every account that does not say otherwise; far below the 300 a second and 20,000 a day of high-frequency trade."""
TOTAL_DEFAULTS: Final = Limits(orders_per_signal_max=1000)
_NONE: Final = ("none", "无")
_PERCENT: Final = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)\s*%")
_WINDOW: Final = re.compile(r"\s*([\d:]+)\s*[-–]\s*([\d:]+)\s*")


def has_limit(kind: ScopeKind, limit: str) -> bool:
    """Tell whether scopes of ``kind`` have ``limit`` at all."""
    return limit not in _NOT_OF[kind]


def read_limits(table: Table, kind: ScopeKind, fallback: Limits) -> Limits:
    """Take the limits out of ``table``; what is not written is as in ``fallback``, and ``"none"`` takes one away.

    Raises:
        ConfigurationError: with file, line, key and what would be right.
    """
    found: dict[str, object] = {}
    for name, value in asdict(NO_LIMITS).items():
        if type(value) is int and table.has(name) and has_limit(kind, name):
            found[name] = _figure(table, name, getattr(fallback, name))
    if table.has("risk_warning"):
        found["risk_warning_denied"] = table.word("risk_warning", {"deny": True, "pass": False}, True)
    if table.has("windows"):
        found["windows"] = tuple(_window(table, each) for each in table.texts("windows"))
    for name in ("symbols_allowed", "symbols_denied"):
        if table.has(name):
            found[name] = tuple(_symbol(table, name, each) for each in table.texts(name))
    table.know(*(name for name in asdict(NO_LIMITS) if has_limit(kind, name)), "risk_warning")
    return replace(fallback, **found)


def read_strategies(tables: list[Table]) -> tuple[StrategySettings, ...]:
    """Return ``[[strategies]]``, each with its limits."""
    found: dict[str, StrategySettings] = {}
    for table in tables:
        name = table.text("name")
        if name in found:
            table.wrong("name", f"策略写了两次：{name}", f"strategy {name} stands twice")
        found[name] = StrategySettings(name=name, limits=read_limits(table, ScopeKind.STRATEGY, NO_LIMITS))
        table.close()
    return tuple(found.values())


def value_of(limit: str, written: str) -> int | None:
    """Return a limit as a person types it: yuan, a count, or per cent; 0 for none; None: it is no such figure."""
    text = written.strip()
    if text in _NONE:
        return 0
    if limit in SHARES:
        found = _PERCENT.fullmatch(text)
        return from_decimal(found[1]) or None if found is not None else None
    if limit in MONEY:
        try:
            amount = from_decimal(text.replace(",", ""))
        except ValueError:
            return None
        return amount if amount > 0 else None
    is_count = text.isascii() and text.isdigit() and len(text) <= 12
    return int(text) if is_count and 0 < int(text) <= COUNTS[limit] else None


def shape_of(limit: str, *, quoted: bool = True) -> tuple[str, str]:
    """Return how ``limit`` is written, in Chinese and English; ``quoted``: in a file."""
    if limit in SHARES and not quoted:
        return "百分数，例如 2%", "per cent, such as 2%"
    if limit in SHARES:
        return '百分数（加引号），例如 "2%"', 'per cent in quotes, such as "2%"'
    if limit in MONEY:
        return "大于 0 的金额（元）", "an amount in yuan, more than 0"
    return f"1 到 {COUNTS[limit]} 的整数", f"a whole number from 1 to {COUNTS[limit]}"


def _figure(table: Table, name: str, default: int) -> Money | Quantity | int:
    value = table.take(name)
    written = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    found = value_of(name, written)
    if found is None:
        chinese, english = shape_of(name)
        held = text_of(name, default)
        table.wrong(
            name,
            f'应是{chinese}；不要这条限额写 "none"；去掉这个设置即为 {held}',
            f'should be {english}; "none" for no limit; without the key it is {held}',
        )
    return found


def _window(table: Table, written: str) -> Window:
    found = _WINDOW.fullmatch(written)
    begins_ns = time_ns_of(found[1]) if found is not None else None
    ends_ns = time_ns_of(found[2]) if found is not None else None
    if begins_ns is None or ends_ns is None or ends_ns <= begins_ns:
        table.wrong(
            "windows",
            f'「{written}」应写作 "09:30-11:30"，后面的时间较晚',
            f'{written} is written "09:30-11:30", the later time last',
        )
    return Window(begins_ns, ends_ns)


def _symbol(table: Table, name: str, written: str) -> Symbol:
    try:
        return normalise(written)
    except MalformedError as error:
        table.malformed(name, error)
