"""Limits for an engine that runs, and why it refused: short words for tests."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model.limits import NO_LIMITS, Limits
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.settings import EngineSettings, StrategySettings
from tests.engine_bench import Bench


def with_limits(
    settings: EngineSettings,
    account: Limits = NO_LIMITS,
    *,
    total: Limits = NO_LIMITS,
    door: Limits = NO_LIMITS,
    strategy: Limits | None = None,
) -> EngineSettings:
    """Return ``settings`` with these limits and no others: of each account, all together, each door, one strategy."""
    return replace(
        settings,
        accounts=tuple(replace(each, limits=account) for each in settings.accounts),
        doors=tuple(replace(each, limits=door) for each in settings.doors),
        strategies=() if strategy is None else (StrategySettings(name="grid", limits=strategy),),
        limits=total,
    )


def limited(bench: Bench, account: Limits = NO_LIMITS, **other: Limits | None) -> Bench:
    """Start the bench's engine again with these limits, open its sessions, and return it."""
    bench.settings = with_limits(bench.settings, account, **other)  # type: ignore[arg-type]
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.connect()
    return bench


def why(receipt: Receipt) -> Denial | None:
    """Return why the only order of a receipt was refused."""
    (line,) = receipt.orders
    return line.denial


def reasons(receipt: Receipt) -> list[Reason | None]:
    """Return why each order of a receipt was refused."""
    return [None if line.denial is None else line.denial.reason for line in receipt.orders]
