"""Runs a strategy over history and returns what came of it."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

from qmt_trading.market.corporate_actions import Fractions
from qmt_trading.market.rulebook import STANDARD, RuleBook
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.limits import Limits
from qmt_trading.model.listing import Listing
from qmt_trading.model.settings import AccountSettings, FeeSchedule
from qmt_trading.research.bars import BarLoop
from qmt_trading.research.books import result_of, source_of, source_of_dates
from qmt_trading.research.called import check_frequency
from qmt_trading.research.columns import Bars, ColumnsError, CrossSection, cross_section
from qmt_trading.research.costs import FillModel
from qmt_trading.research.date_desk import DateDesk
from qmt_trading.research.dates import DateLoop
from qmt_trading.research.desk import Desk
from qmt_trading.research.dividends import DividendTax
from qmt_trading.research.ex_references import dates_with_references, with_references
from qmt_trading.research.faults import made as made_of
from qmt_trading.research.faults import naming
from qmt_trading.research.ledger import ACCOUNT
from qmt_trading.research.result import Result
from qmt_trading.research.strategy import ParameterError, Strategy
from qmt_trading.research.wake import WakeLoop
from qmt_trading.research.warned import ended, warnings_of

Gate = Literal["legal", "full"]


def run(
    strategy: Strategy | type[Strategy],
    data: Bars | Mapping[str, Bars] | CrossSection,
    *,
    cash: int,
    costs: FeeSchedule | None = None,
    fills: FillModel | None = None,
    benchmark: Bars | None = None,
    rules: RuleBook = STANDARD,
    gate: Gate = "legal",
    limits: Limits | None = None,
    listings: Mapping[str, Listing] | None = None,
    actions: Sequence[CorporateAction] = (),
    fractions: Fractions = Fractions.DROPPED,
    holdings: Mapping[str, int] | None = None,
    dividend_tax: DividendTax = DividendTax.PERSONAL,
) -> Result:
    """Run ``strategy`` over ``data`` and return what came of it.

    Args:
        cash: in ten-thousandths of a yuan.
        gate: ``legal`` judges by the exchange's rules, cash and shares; ``full`` by every rule of the live gate.
        limits: of the account, for the full gate; None: those that an account has by default.
        listings: facts of instruments that their codes do not tell.
        actions: corporate actions; with prices that are not adjusted they change what is held on their ex-day.
        fractions: what becomes of parts of a share.
        holdings: shares that the account begins with, as they are on the first day, and bought on it to the tax.
        dividend_tax: whose account it is; it counts where ``actions`` are given.

    Raises:
        ParameterError: the strategy's declarations do not fit.
        ColumnsError: the data does not.
        StrategyError: the strategy raised; the text names where.
    """
    with _seldom_collected():
        return _run(
            strategy,
            data,
            cash=cash,
            costs=costs,
            fills=fills,
            benchmark=benchmark,
            rules=rules,
            gate=gate,
            limits=limits,
            listings=listings,
            actions=actions,
            fractions=fractions,
            holdings=holdings,
            dividend_tax=dividend_tax,
        )


def _run(
    strategy: Strategy | type[Strategy],
    data: Bars | Mapping[str, Bars] | CrossSection,
    *,
    cash: int,
    costs: FeeSchedule | None,
    fills: FillModel | None,
    benchmark: Bars | None,
    rules: RuleBook,
    gate: Gate,
    limits: Limits | None,
    listings: Mapping[str, Listing] | None,
    actions: Sequence[CorporateAction],
    fractions: Fractions,
    holdings: Mapping[str, int] | None,
    dividend_tax: DividendTax,
) -> Result:
    begun = time.process_time()
    made = strategy if isinstance(strategy, Strategy) else made_of(strategy, {})
    schedule, model = costs or FeeSchedule(), fills or FillModel()
    calls_dates = type(made).on_bars is not Strategy.on_bars
    if calls_dates and not isinstance(data, CrossSection):
        data = cross_section({data.symbol: data} if isinstance(data, Bars) else data)
    bars = [] if isinstance(data, CrossSection) else [data] if isinstance(data, Bars) else list(data.values())
    if not isinstance(data, CrossSection) and not bars:
        raise ColumnsError("没有行情：一只代码也没有 / no history: there is no symbol")
    if isinstance(data, CrossSection) and not calls_dates:
        raise ParameterError(f"{made.name} 没有 on_bars，横截面数据要它 / no on_bars, which a cross-section is for")
    found = data.frequency if isinstance(data, CrossSection) else bars[0].frequency
    check_frequency(made, found)
    adjusted = [data.adjusted] if isinstance(data, CrossSection) else [each.adjusted for each in bars]
    is_adjusted = any(each != "none" for each in adjusted)
    if is_adjusted and actions:
        raise ColumnsError("复权价里已经有除权除息：--adjust 和 --actions 只写一个 / give one or the other")
    if actions and isinstance(data, CrossSection):
        data = dates_with_references(data, actions, rules)
    elif actions:
        bars = [with_references(each, actions, rules) for each in bars]
    kind = DateDesk if isinstance(data, CrossSection) else Desk
    desk = kind(
        data.symbols if isinstance(data, CrossSection) else [each.symbol for each in bars],
        cash=cash,
        fees=schedule,
        fills=model,
        rules=rules,
        listings=listings,
        actions=actions,
        fractions=fractions,
        holdings=holdings,
        limits=None if gate == "legal" else limits or AccountSettings(account=ACCOUNT).limits,
        is_adjusted=is_adjusted,
        dividend_tax=dividend_tax,
    )
    loop: DateLoop | BarLoop
    if isinstance(data, CrossSection):
        assert isinstance(desk, DateDesk)
        mode, loop = "dates", DateLoop(made, data, desk, model)
    elif made.wake is not None:
        mode, loop = "wake", WakeLoop(made, bars, desk, model)
    else:
        mode, loop = "columns" if made.indicators else "bars", BarLoop(made, bars, desk, model)
    with naming(made, loop.where):
        loop.run()
    history = loop.data if isinstance(loop, DateLoop) else bars
    return result_of(
        desk,
        made,
        mode=mode,
        days=loop.data.days if isinstance(loop, DateLoop) else loop.stream.days,
        closes=loop.data.close if isinstance(loop, DateLoop) else loop.stream.closes(),
        data=source_of_dates(loop.data) if isinstance(loop, DateLoop) else source_of(bars),
        cash=cash,
        costs=schedule,
        model=model,
        benchmark=benchmark,
        gate=gate,
        cpu_s=time.process_time() - begun,
        tax=dividend_tax if actions else None,
        warnings=(*warnings_of(history, actions, rules), *ended(history, desk.quantities)),
    )


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Let the collector of cycles look less often: a run makes rows by the hundred thousand, and no cycles."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], 100_000), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
