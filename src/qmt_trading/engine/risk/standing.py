"""How every limit stands, from a view: counted as the gate and the brakes count."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.engine.gauges import ADJUSTABLE
from qmt_trading.engine.risk.cancel_share import ORDERS_MIN
from qmt_trading.engine.usage import MINUTE_NS, Usage
from qmt_trading.market.profit import day_profits
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import NO_LIMITS, Scope, ScopeKind
from qmt_trading.model.numbers import MILLION, SECOND_NS, Money
from qmt_trading.model.signal import AccountId
from qmt_trading.model.standing import LimitSource, LimitStanding, ScopeStanding
from qmt_trading.model.usage import LimitImage, ScopeImage, UsageImage
from qmt_trading.model.view import AccountRow, View


class _Figures(Struct, frozen=True):
    """What one scope has used."""

    usage: UsageImage
    now_ns: int
    largest: tuple[int, Symbol]
    """The largest position, as the limit of a position counts it."""
    unknown: int | None
    profit: Money | None
    assets: Money | None


def standings(view: View, now_ns: int) -> list[ScopeStanding]:
    """Return every scope that has limits or has used something: the total, accounts, doors, strategies.

    Args:
        now_ns: what is counted within a second or a minute is counted up to here.
    """
    usages = {each.scope: each for each in view.usages}
    images = {each.scope: each for each in view.limits}
    for scope in sorted(scope for scope, usage in usages.items() if scope not in images and _is_used(usage)):
        images[scope] = ScopeImage(scope, NO_LIMITS, NO_LIMITS, ())
    profits: dict[AccountId, int] = {}
    for (account, _), profit in day_profits(view).items():
        profits[account] = profits.get(account, 0) + profit
    found = []
    for scope, image in sorted(images.items(), key=lambda each: _RANK[each[0].kind]):
        usage = usages.get(scope) or Usage(scope).image()
        if image.holds == image.written == NO_LIMITS and not image.set_today and not _is_used(usage):
            continue
        figures = _figures(view, usage, profits, max(now_ns, view.at_ns))
        found.append(
            ScopeStanding(
                usage=usage,
                title=next((row.name for row in view.accounts if scope == _scope_of(row)), ""),
                limits=tuple(_limits(image, figures)),
                rest=image.holds,
                unknown=figures.unknown,
                profit=figures.profit,
                assets=figures.assets,
            )
        )
    return found


_RANK = {kind: rank for rank, kind in enumerate(ScopeKind)}


def _scope_of(row: AccountRow) -> Scope:
    return Scope(ScopeKind.ACCOUNT, row.account)


def _is_used(usage: UsageImage) -> bool:
    return bool(usage.orders or usage.cancels or usage.bought or usage.sold or usage.working)


def _limits(image: ScopeImage, figures: _Figures) -> Iterator[LimitStanding]:
    asked = {each.limit: each for each in image.set_today}
    for limit in ADJUSTABLE:
        value, written, told = getattr(image.holds, limit), getattr(image.written, limit), asked.get(limit)
        if not (value or written or told):
            continue
        found = LimitStanding(
            limit=limit,
            value=value,
            written=written,
            used=_used(limit, figures),
            symbol=figures.largest[1] if limit in ("position_value_max", "position_share_max") else "",
        )
        yield found if told is None else _as_asked(found, told)


def _as_asked(found: LimitStanding, told: LimitImage) -> LimitStanding:
    source = LimitSource.SET if found.value == told.value else LimitSource.TIGHTER
    return replace(found, source=source, asked=told.value, told=told.told)


def _used(limit: str, figures: _Figures) -> int | None:
    """Return what is used of ``limit``, in its unit."""
    usage, now_ns = figures.usage, figures.now_ns
    match limit:
        case "position_value_max":
            return figures.largest[0]
        case "position_share_max":
            return figures.largest[0] * MILLION // figures.assets if figures.assets else None
        case "buy_value_per_day_max":
            return usage.bought
        case "turnover_per_day_max":
            return usage.bought + usage.sold
        case "working_orders_max":
            return usage.working
        case "orders_per_second_max":
            return _within(usage.turns, SECOND_NS, now_ns)
        case "orders_per_minute_max":
            return _within(usage.turns, MINUTE_NS, now_ns)
        case "orders_per_day_max":
            return usage.orders
        case "messages_per_second_max":
            return _within(usage.messages, SECOND_NS, now_ns)
        case "messages_per_day_max":
            return usage.orders + usage.cancels
        case "unknown_orders_max":
            return figures.unknown
        case "loss_reducing" | "loss_halting":
            known = figures.assets and figures.profit is not None
            return max(0, -(figures.profit or 0)) * MILLION // figures.assets if known and figures.assets else None
        case "cancel_share_warn":
            return usage.canceled * MILLION // usage.orders if usage.orders >= ORDERS_MIN else None
        case _:
            return None  # Held against each order, or each signal, alone.


def _within(instants: Sequence[int], window_ns: int, now_ns: int) -> int:
    """Count what left within the window that ends now; turns that have not come yet have used nothing."""
    return bisect_right(instants, now_ns) - bisect_right(instants, now_ns - window_ns)


def _figures(view: View, usage: UsageImage, profits: dict[AccountId, int], now_ns: int) -> _Figures:
    scope = usage.scope
    rows = [row for row in view.accounts if scope.kind is ScopeKind.TOTAL or scope == _scope_of(row)]
    counted = scope.kind in (ScopeKind.TOTAL, ScopeKind.ACCOUNT)
    known = [profits[row.account] for row in rows if row.account in profits]
    worth = _worth_of_strategy(view, scope.name) if scope.kind is ScopeKind.STRATEGY else _worth(view, rows)
    return _Figures(
        usage=usage,
        now_ns=now_ns,
        largest=max(((money, symbol) for symbol, money in worth.items()), default=(0, Symbol(""))),
        unknown=sum(row.unknown_orders for row in rows) if counted else None,
        profit=Money(sum(known)) if known else None,
        assets=Money(sum(row.morning_assets for row in rows)) if counted else None,
    )


def _worth(view: View, rows: list[AccountRow]) -> dict[Symbol, int]:
    """Return what these accounts hold and are buying, by symbol; at cost what has no known price."""
    worth: dict[Symbol, int] = {}
    numbers = {row.account for row in rows}
    for held in view.positions:
        if held.account in numbers:
            price = _price(view, held.symbol)
            worth[held.symbol] = worth.get(held.symbol, 0) + (held.quantity * price if price else held.cost)
    for row in rows:
        for symbol, frozen in row.open_buys.items():
            worth[symbol] = worth.get(symbol, 0) + frozen
    return worth


def _worth_of_strategy(view: View, strategy: str) -> dict[Symbol, int]:
    worth: dict[Symbol, int] = {}
    for (_, owner, symbol), shares in view.holdings.items():
        if owner == strategy:
            worth[symbol] = worth.get(symbol, 0) + shares * _price(view, symbol)
    for (owner, symbol), frozen in view.open_buys.items():
        if owner == strategy:
            worth[symbol] = worth.get(symbol, 0) + frozen
    return worth


def _price(view: View, symbol: Symbol) -> int:
    return view.prices.get(symbol, 0) or view.references.get(symbol, 0)
