"""Turns what a strategy raises into an error that says where: strategy, method, bar time, symbol, its own lines."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

from qmt_trading.model.instant import to_iso_text
from qmt_trading.research.strategy import Strategy, StrategyError


@contextmanager
def naming(strategy: Strategy, where: Callable[[], tuple[int, str]]) -> Iterator[None]:
    """Let an exception that came out of a method of ``strategy`` end the run as a StrategyError; others pass.

    Args:
        where: returns the instant of the bar at hand, 0 before the first, and its symbol.
    """
    try:
        yield
    except Exception as cause:  # Whatever a strategy raises ends its run with its name on it.
        own = _own_part(strategy, cause.__traceback__)
        if own is None:
            raise
        method, part = own
        at_ns, symbol = where()
        when = to_iso_text(at_ns) if at_ns else "before the first bar / 第一根 K 线之前"
        lines = "".join(traceback.format_exception(type(cause), cause, part))
        raise StrategyError(f"{strategy.name}.{method} at {when}, {symbol}: {cause!r}\n{lines}") from cause


def _own_part(strategy: Strategy, found: TracebackType | None) -> tuple[str, TracebackType] | None:
    """Return the strategy's outermost method on the way and the traceback from there on."""
    while found is not None:
        if _is_of(strategy, found.tb_frame):
            return found.tb_frame.f_code.co_name, found
        found = found.tb_next
    return None


def _is_of(strategy: Strategy, frame: FrameType) -> bool:
    return frame.f_locals.get("self") is strategy
