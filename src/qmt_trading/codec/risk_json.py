"""How limits stand, as rows of plain values for people and programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qmt_trading.codec.view_json import Plain
from qmt_trading.model.instant import to_clock_text, to_hour_text, to_iso_text
from qmt_trading.model.limit_names import (
    LIMIT_NAMES,
    SCOPE_NAMES,
    LimitUnit,
    chinese_text_of,
    figure_text,
    scope_chinese,
)
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import MILLION, PERCENT_UNIT, ratio_half_up, to_percent_text, to_text
from qmt_trading.model.standing import NEAR, LimitSource, LimitStanding, ScopeStanding
from qmt_trading.model.usage import LimitStep

SOURCE_TEXT: Final = {LimitSource.FILE: "配置", LimitSource.SET: "今天设", LimitSource.TIGHTER: "取较严"}
_HUNDREDTH: Final = PERCENT_UNIT // 100
_SHOWN: Final = 3
"""Symbols of a list that are named."""
_LOSS_TEXT: Final = {1: "当日亏损：只卖不买", 2: "当日亏损：已停止"}


def scope_rows(standings: Sequence[ScopeStanding]) -> list[Plain]:
    """Return one row a scope, each with its limits."""
    return [_scope(each) for each in standings]


def summary(standings: Sequence[ScopeStanding]) -> Plain:
    """Return which limits are nearly used up, and which brakes have tripped today."""
    near = [(scope, each) for scope in standings for each in scope.limits if (each.fullness or 0) >= NEAR]
    return {
        "limits_near": [{"scope": _name(scope), **_limit(each)} for scope, each in near],
        "brakes_tripped": [text for scope in standings for text in _tripped(scope)],
    }


def _name(standing: ScopeStanding) -> str:
    return " ".join(filter(None, (scope_chinese(standing.usage.scope), standing.title)))


def _tripped(standing: ScopeStanding) -> list[str]:
    usage, name = standing.usage, _name(standing)
    found = [f"{name} {_LOSS_TEXT[usage.loss_step]}"] if usage.loss_step else []
    return [*found, f"{name} 撤单率偏高"] if usage.warned else found


def _scope(standing: ScopeStanding) -> Plain:
    usage, profit, assets = standing.usage, standing.profit, standing.assets
    share = ratio_half_up(profit * MILLION, assets) if profit is not None and assets else None
    return {
        "scope": usage.scope.kind.value,
        "name": usage.scope.name,
        "title": standing.title,
        "scope_text": _name(standing),
        "scope_kind_text": SCOPE_NAMES[usage.scope.kind],
        "orders": usage.orders,
        "cancels": usage.cancels,
        "canceled_orders": usage.canceled,
        "bought": to_text(usage.bought),
        "sold": to_text(usage.sold),
        "working_orders": usage.working,
        "unknown_orders": standing.unknown,
        "day_profit": to_text(profit) if profit is not None else None,
        "day_profit_share": to_percent_text(_looked_at(share)) if share is not None else None,
        "brakes_tripped": _tripped(standing),
        "limits": [_limit(each) for each in standing.limits] + _lists(standing.rest),
    }


def _limit(standing: LimitStanding) -> Plain:
    limit, name, fullness = standing.limit, LIMIT_NAMES[standing.limit], standing.fullness
    used = standing.used
    return {
        "limit": limit,
        "limit_text": name.chinese,
        "limit_text_en": name.english,
        "value": _plain(limit, standing.value) if standing.value else None,
        "value_text": chinese_text_of(limit, standing.value),
        "used": _plain(limit, used) if used is not None else None,
        "used_text": _used_text(standing),
        "symbol": standing.symbol or None,
        "fullness_percent": fullness // PERCENT_UNIT if fullness is not None else None,
        "written": _plain(limit, standing.written) if standing.written else None,
        "source": standing.source.value,
        "source_text": SOURCE_TEXT[standing.source],
        **_asked(standing),
    }


def step_row(step: LimitStep) -> Plain:
    """Return one change of a limit: from what to what, by whom and why."""
    limit, name, told = step.limit, LIMIT_NAMES[step.limit], step.told
    return {
        "scope": step.scope.kind.value,
        "name": step.scope.name,
        "scope_text": scope_chinese(step.scope),
        "limit": limit,
        "limit_text": name.chinese,
        "limit_text_en": name.english,
        "before": _plain(limit, step.before) if step.before else None,
        "before_text": chinese_text_of(limit, step.before),
        "asked": _plain(limit, step.value) if step.value else None,
        "asked_text": chinese_text_of(limit, step.value),
        "asked_who": told.who,
        "asked_why": told.why,
        "asked_at": to_iso_text(told.at_ns),
    }


def _used_text(standing: LimitStanding) -> str | None:
    if standing.used is None:
        return None
    is_share = LIMIT_NAMES[standing.limit].unit is LimitUnit.SHARE
    return figure_text(standing.limit, _looked_at(standing.used) if is_share else standing.used)


def _looked_at(share: int) -> int:
    """Return ``share`` to a hundredth of a per cent: more is nothing to look at."""
    return ratio_half_up(share, _HUNDREDTH) * _HUNDREDTH


def _plain(limit: str, value: int) -> object:
    match LIMIT_NAMES[limit].unit:
        case LimitUnit.MONEY:
            return to_text(value)
        case LimitUnit.SHARE:
            return to_percent_text(value)
        case LimitUnit.COUNT:
            return value


def _asked(standing: LimitStanding) -> Plain:
    """Return who has set it today, to what, why and when; nothing for a limit of the file."""
    if standing.source is LimitSource.FILE:
        return {}
    told = standing.told
    return {
        "asked": _plain(standing.limit, standing.asked) if standing.asked else None,
        "asked_who": told.who,
        "asked_why": told.why,
        "asked_at": to_iso_text(told.at_ns) if told.at_ns else None,
        "asked_text": _asked_text(standing),
    }


def _asked_text(standing: LimitStanding) -> str:
    """Return who set it to what, and what it would be without."""
    limit, told = standing.limit, standing.told
    who = f"{told.who} {to_clock_text(told.at_ns)[:5]}" + (f"：{told.why}" if told.why else "")
    asked, written = (chinese_text_of(limit, value) for value in (standing.asked, standing.written))
    waits = "，现在取较严的，待 qmt risk confirm" if standing.source is LimitSource.TIGHTER else ""
    return f"设为 {asked}（{who}），配置 {written}{waits}"


def _lists(limits: Limits) -> list[Plain]:
    """Return what is no figure: hours, lists of symbols, stocks under a risk warning."""
    rows = []
    if limits.risk_warning_denied:
        rows.append(_word("risk_warning", "ST、退市整理股", "stocks under a risk warning", "禁止买入"))
    if limits.windows:
        told = "、".join(f"{to_hour_text(each.begins_ns)}–{to_hour_text(each.ends_ns)}" for each in limits.windows)
        rows.append(_word("windows", "允许时段", "permitted hours", told))
    for key, chinese, english in (
        ("symbols_allowed", "白名单", "symbols permitted"),
        ("symbols_denied", "黑名单", "symbols denied"),
    ):
        symbols = getattr(limits, key)
        if symbols:
            more = f" 等 {len(symbols)} 只" if len(symbols) > _SHOWN else ""
            rows.append(_word(key, chinese, english, "、".join(symbols[:_SHOWN]) + more))
    return rows


def _word(limit: str, chinese: str, english: str, text: str) -> Plain:
    return {
        "limit": limit,
        "limit_text": chinese,
        "limit_text_en": english,
        "value": text,
        "value_text": text,
        "used": None,
        "used_text": None,
        "symbol": None,
        "fullness_percent": None,
        "written": text,
        "source": LimitSource.FILE.value,
        "source_text": SOURCE_TEXT[LimitSource.FILE],
    }
