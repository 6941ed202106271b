"""Runs a strategy over history and returns what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Literal

from qmt_trading.market.rulebook import STANDARD, RuleBook
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.research.bars import BarLoop
from qmt_trading.research.books import result_of, source_of
from qmt_trading.research.columns import Bars, ColumnsError
from qmt_trading.research.costs import FillModel
from qmt_trading.research.desk import Desk
from qmt_trading.research.faults import naming
from qmt_trading.research.result import Result
from qmt_trading.research.strategy import Strategy

Gate = Literal["legal", "full"]


def run(
    strategy: Strategy | type[Strategy],
    data: Bars | Mapping[str, Bars],
    *,
    cash: int,
    costs: FeeSchedule | None = None,
    fills: FillModel | None = None,
    benchmark: Bars | None = None,
    rules: RuleBook = STANDARD,
    gate: Gate = "legal",
) -> Result:
    """Run ``strategy`` over ``data`` and return what came of it.

    Args:
        cash: in ten-thousandths of a yuan.
        gate: ``legal`` judges by the exchange's rules, cash and shares; ``full`` by every rule of the live gate.

    Raises:
        ParameterError: the strategy's declarations do not fit.
        ColumnsError: the data does not.
        StrategyError: the strategy raised; the text names where.
    """
    begun = time.process_time()
    made = strategy if isinstance(strategy, Strategy) else strategy()
    schedule, model = costs or FeeSchedule(), fills or FillModel()
    bars = [data] if isinstance(data, Bars) else list(data.values())
    if not bars:
        raise ColumnsError("no symbol")
    desk = Desk(
        [each.symbol for each in bars],
        cash=cash,
        fees=schedule,
        fills=model,
        rules=rules,
        is_adjusted=any(each.adjusted != "none" for each in bars),
    )
    loop = BarLoop(made, bars, desk, model)
    with naming(made, loop.where):
        loop.run()
    return result_of(
        desk,
        made,
        mode="columns" if made.indicators else "bars",
        days=loop.stream.days,
        closes=loop.stream.closes(),
        data=source_of(bars),
        cash=cash,
        costs=schedule,
        model=model,
        benchmark=benchmark,
        gate=gate,
        cpu_s=time.process_time() - begun,
    )
