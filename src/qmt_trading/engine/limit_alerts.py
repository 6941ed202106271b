"""Notices to people about limits that were set at run time."""

from __future__ import annotations

from collections.abc import Sequence

from qmt_trading.engine.gauges import scope_text
from qmt_trading.model.events import LimitRequested, LimitsConfirmed
from qmt_trading.model.limit_names import LIMIT_NAMES, chinese_text_of, scope_chinese, text_of
from qmt_trading.model.limits import Scope, ScopeKind
from qmt_trading.model.outputs import Alert
from qmt_trading.model.signal import AccountId
from qmt_trading.model.usage import LimitImage
from qmt_trading.model.words import Importance


def loosened(event: LimitRequested, *, before: int, written: int) -> Alert:
    """Tell that a limit is wider than the configuration has it, until the day ends."""
    scope, limit = event.scope, event.limit
    was, now, file = (chinese_text_of(limit, value) for value in (before, event.value, written))
    was_en, now_en, file_en = (text_of(limit, value) for value in (before, event.value, written))
    return Alert(
        importance=Importance.WARNING,
        code="LIMIT_LOOSENED",
        chinese=f"限额放宽：{_chinese(scope, limit)} {was} → {now}（配置 {file}），今日有效；{event.who}：{event.why}",
        english=f"limit loosened for the day: {limit} of {scope_text(scope)} {was_en} → {now_en} (file: {file_en})",
        account=_account(scope),
    )


def confirmed(event: LimitsConfirmed, beyond: Sequence[LimitImage]) -> Alert:
    chinese = "；".join(
        f"{_chinese(each.scope, each.limit)} {chinese_text_of(each.limit, each.value)}" for each in beyond
    )
    english = "; ".join(
        f"{each.limit} of {scope_text(each.scope)} {text_of(each.limit, each.value)}" for each in beyond
    )
    return Alert(
        importance=Importance.WARNING,
        code="LIMITS_CONFIRMED",
        chinese=f"已确认今天放宽的限额：{chinese}；{event.who}：{event.why}",
        english=f"limits beyond the file are confirmed: {english}",
    )


def held(limits: Sequence[tuple[LimitImage, int]]) -> Alert:
    """Tell of limits that were set before this start; each stands with the value in which it holds now."""
    waits = any(each.value != value for each, value in limits)
    chinese = "；".join(_held_chinese(each, value) for each, value in limits)
    english = "; ".join(_held_english(each, value) for each, value in limits)
    return Alert(
        importance=Importance.WARNING if waits else Importance.INFORMATION,
        code="LIMITS_HELD",
        chinese=f"今天改过的限额：{chinese}" + ("。要按今天设的值：qmt risk confirm --why 原因" if waits else ""),
        english=f"limits set earlier today: {english}"
        + ("; `qmt risk confirm` lets them hold as set" if waits else ""),
    )


def _held_chinese(each: LimitImage, value: int) -> str:
    text = f"{_chinese(each.scope, each.limit)} {chinese_text_of(each.limit, value)}"
    return text if each.value == value else f"{text}（今天设 {chinese_text_of(each.limit, each.value)}，按配置取较严）"


def _held_english(each: LimitImage, value: int) -> str:
    text = f"{each.limit} of {scope_text(each.scope)} {text_of(each.limit, value)}"
    return text if each.value == value else f"{text} (set to {text_of(each.limit, each.value)}; the file is tighter)"


def _chinese(scope: Scope, limit: str) -> str:
    return f"{scope_chinese(scope)} {LIMIT_NAMES[limit].chinese}"


def _account(scope: Scope) -> AccountId | None:
    return AccountId(scope.name) if scope.kind is ScopeKind.ACCOUNT else None
