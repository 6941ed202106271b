"""Limits at the control door: what a person asks for, checked against what there is, and what is answered."""

from __future__ import annotations

from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import Plain
from qmt_trading.engine.gauges import is_looser
from qmt_trading.model.events import LimitRequested
from qmt_trading.model.limit_names import LIMIT_NAMES, SCOPE_NAMES, chinese_text_of, limit_called, scope_chinese
from qmt_trading.model.limits import NO_LIMITS, TOTAL, Limits, Scope, ScopeKind
from qmt_trading.model.usage import LimitImage
from qmt_trading.model.view import View
from qmt_trading.run.config_limits import has_limit, shape_of, value_of


def limit_event(view: View, request: wire.SetLimit) -> LimitRequested:
    """Return what ``request`` asks of the engine.

    Raises:
        ControlError: there is no such scope, limit or figure, or a limit is widened without a reason.
    """
    scope = _scope(view, request)
    limit = limit_called(request.limit.strip())
    if limit is None or not has_limit(scope.kind, limit):
        raise wire.ControlError(_no_such_limit(request.limit, scope.kind))
    value = value_of(limit, request.value)
    if value is None:
        chinese, english = shape_of(limit, quoted=False)
        raise wire.ControlError(
            f"{LIMIT_NAMES[limit].chinese}（{limit}）应是{chinese}；不要这条限额写 none / should be {english}, or none"
        )
    now = getattr(holding(view, scope), limit)
    if is_looser(limit, value, now) and not request.why.strip():
        raise wire.ControlError(
            f"放宽限额要写明原因（--why）：{chinese_text_of(limit, now)} → {chinese_text_of(limit, value)} / "
            "a limit is not widened without a reason: --why"
        )
    return LimitRequested(request.who, request.why, scope, limit, value)


def holding(view: View, scope: Scope) -> Limits:
    """Return the limits of ``scope`` that hold, as of ``view``."""
    return next((each.holds for each in view.limits if each.scope == scope), NO_LIMITS)


def waiting(view: View) -> list[LimitImage]:
    """Return what people had set before the last start and nobody has confirmed."""
    return [each for image in view.limits for each in image.set_today if not each.confirmed]


def set_row(view: View, event: LimitRequested, *, durable: bool) -> Plain:
    """Return the answer to a limit that is set; ``view`` is of before."""
    before = getattr(holding(view, event.scope), event.limit)
    return {
        **_row("limit", event.scope, event.limit, event.value),
        "before_text": chinese_text_of(event.limit, before),
        "durable": durable,
    }


def confirmed_row(each: LimitImage, *, durable: bool) -> Plain:
    """Return the answer of one limit that is confirmed."""
    return {**_row("confirmed", each.scope, each.limit, each.value), "durable": durable}


def _row(done: str, scope: Scope, limit: str, value: int) -> Plain:
    return {
        "done": done,
        "scope": scope.kind.value,
        "name": scope.name,
        "scope_text": scope_chinese(scope),
        "limit": limit,
        "limit_text": LIMIT_NAMES[limit].chinese,
        "value_text": chinese_text_of(limit, value),
    }


def _scope(view: View, request: wire.SetLimit) -> Scope:
    kind, name = request.scope, request.name.strip()
    if kind is ScopeKind.TOTAL:
        if name:
            raise wire.ControlError("合计没有名字：请去掉 name / the total has no name")
        return TOTAL
    if kind is ScopeKind.ACCOUNT:
        name = next((row.account for row in view.accounts if name in (row.account, row.name)), name)
    scope = Scope(kind, name)
    known = {each.scope for each in view.limits} | {each.scope for each in view.usages}
    if scope not in known:
        names = "、".join(sorted(each.name for each in known if each.kind is kind)) or "无"
        raise wire.ControlError(f"没有这个{SCOPE_NAMES[kind]}：{name}；已有：{names} / no such {kind.value}")
    return scope


def _no_such_limit(written: str, kind: ScopeKind) -> str:
    names = "、".join(f"{limit} {name.chinese}" for limit, name in LIMIT_NAMES.items() if has_limit(kind, limit))
    return f"{SCOPE_NAMES[kind]}没有这条限额：{written}；可设：{names} / no such limit of this {kind.value}"
