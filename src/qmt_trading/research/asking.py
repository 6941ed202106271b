"""The engine's gate as a backtest asks it: loaded when a run first does, for it is half an engine and most never do."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial

if TYPE_CHECKING:
    from qmt_trading.engine.risk.candidate import Candidate, Market


class Judge(Protocol):
    """``judge_legality`` of the gate."""

    def __call__(
        self, rule: TradingRule, market: Market, candidate: Candidate, held: Position | None
    ) -> Denial | None: ...


class Asked(NamedTuple):
    """What is asked, and with what."""

    candidate: type[Candidate]
    market: type[Market]
    judge: Judge


@lru_cache(maxsize=1)
def gate() -> Asked:
    """Return the gate's function and the kinds of what it is shown."""
    from qmt_trading.engine.risk.candidate import Candidate, Market
    from qmt_trading.engine.risk.gate import judge_legality

    return Asked(Candidate, Market, judge_legality)
