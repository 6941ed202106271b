"""Turns what a strategy raises into an error that says where: strategy, method, bar time, symbol, its own lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final

import qmt_trading
from qmt_trading.model.errors import QmtError
from qmt_trading.model.instant import to_iso_text
from qmt_trading.research.declaration import DeclarationError
from qmt_trading.research.strategy import ParameterError, Strategy, StrategyError

_PACKAGE: Final = qmt_trading.__path__[0]


@contextmanager
def naming(strategy: Strategy, where: Callable[[], tuple[int, str]]) -> Iterator[None]:
    """Let an exception that came out of a method of ``strategy`` end the run as a StrategyError; others pass.

    Args:
        where: returns the instant of the bar at hand, 0 before the first, and its symbol.
    """
    try:
        yield
    except Exception as cause:  # Whatever a strategy raises ends its run with its name on it.
        own = _own_part(cause.__traceback__, lambda frame: frame.f_locals.get("self") is strategy)
        if own is None:
            raise
        method, part = own
        at_ns, symbol = where()
        when = to_iso_text(at_ns) if at_ns else "第一根 K 线之前 before the first bar"
        told = f"{strategy.name}.{method} at {when}, {symbol}: {_said(cause)}\n{_lines(cause, part)}"
        raise StrategyError(told) from cause


def made(kind: type[Strategy], parameters: Mapping[str, Any]) -> Strategy:
    """Return a strategy of ``kind`` with ``parameters``.

    Raises:
        ParameterError: one that it does not have, or of a wrong type.
        StrategyError: it cannot be made with these, or its own lines raised; the text names the parameters.
    """
    try:
        return kind(**parameters)
    except ParameterError:
        raise
    except Exception as cause:  # Whatever its declarations raise has the parameters on it.
        own = _own_part(cause.__traceback__, lambda frame: _is_of(kind, frame))
        if own is None and not isinstance(cause, DeclarationError):
            raise
        given = "".join(f" {name}={value}" for name, value in parameters.items())
        method = f".{own[0]}" if own is not None else ""
        is_told = isinstance(cause, QmtError)  # Its text says what to mend, and needs no lines.
        lines = "" if own is None or is_told else f"\n{_lines(cause, own[1])}"
        raise StrategyError(f"{kind.__name__}{method}{given}: {_said(cause)}{lines}") from cause


def _said(cause: Exception) -> str:
    return str(cause) if isinstance(cause, QmtError) else repr(cause)


def _lines(cause: Exception, part: TracebackType) -> str:
    """Return the traceback from ``part`` on, without what this program did for the strategy's last line."""
    import traceback  # Only where something was raised: it takes longer to import than a short run.

    told = traceback.TracebackException(type(cause), cause, part)
    kept = list(told.stack)
    while len(kept) > 1 and kept[-1].filename.startswith(_PACKAGE):
        kept.pop()
    told.stack = traceback.StackSummary.from_list(kept)
    return "".join(told.format(chain=not isinstance(cause, QmtError)))


def _own_part(found: TracebackType | None, is_own: Callable[[FrameType], bool]) -> tuple[str, TracebackType] | None:
    """Return the strategy's outermost method on the way and the traceback from there on."""
    while found is not None:
        if is_own(found.tb_frame):
            return found.tb_frame.f_code.co_name, found
        found = found.tb_next
    return None


def _is_of(kind: type[Strategy], frame: FrameType) -> bool:
    """Tell whether ``frame`` is a method that ``kind`` itself has written: what it inherits from here is not."""
    return isinstance(frame.f_locals.get("self"), kind) and not frame.f_code.co_filename.startswith(_PACKAGE)
