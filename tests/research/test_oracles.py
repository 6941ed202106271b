"""Every mode gives the figures that many engines agree on, to the cent.

The whole of each workload: ``python -m tests.research.test_oracles``.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from benchmarks import backtest_workloads as work

from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.limits import Limits
from qmt_trading.research import target
from qmt_trading.research.backtest import Gate, run
from qmt_trading.research.result import Result
from qmt_trading.research.strategy import Strategy

EVENT_MODES = {"bars": work.Lean, "columns": work.Declared, "wake": work.Woken}


def w1(strategy: type[Strategy], rows: int, *, taxed: bool = False, gate: Gate = "legal") -> Result:
    return run(
        strategy,
        work.w1_bars(rows),
        cash=work.CASH_W1,
        costs=work.fees(taxed=taxed),
        rules=STANDARD if taxed else work.SAME_DAY,
        gate=gate,
        limits=Limits(),
    )


def w1_target(rows: int, *, taxed: bool = False) -> Result:
    bars = work.w1_bars(rows)
    rules = STANDARD if taxed else work.SAME_DAY
    return target.run("cross", bars, work.w1_target(bars), cash=work.CASH_W1, costs=work.fees(taxed=taxed), rules=rules)


def w2(days: int, *, gate: Gate = "legal") -> Result:
    return run(
        work.Top,
        work.w2_dates(days),
        cash=work.CASH_W2,
        costs=work.FEES,
        rules=work.SAME_DAY,
        gate=gate,
        limits=Limits(),
    )


def agrees(result: Result, oracle: tuple[int, str]) -> None:
    fills, equity = oracle
    assert len(result.fills) == fills
    assert abs(Decimal(result.final_equity) / 10_000 - Decimal(equity)) <= Decimal("0.0050")


@pytest.mark.parametrize(("mode", "strategy"), EVENT_MODES.items())
@pytest.mark.parametrize("rows", [10_000, 30_000])
def test_each_event_mode_gives_the_oracle_of_one_stock(mode: str, strategy: type[Strategy], rows: int) -> None:
    result = w1(strategy, rows)
    assert result.mode == mode
    agrees(result, work.ORACLES_W1[rows])


@pytest.mark.parametrize("rows", [10_000, 100_000])
def test_the_target_column_gives_the_oracle_of_one_stock(rows: int) -> None:
    agrees(w1_target(rows), work.ORACLES_W1[rows])


@pytest.mark.parametrize("days", [40, 120])
def test_dates_give_the_oracle_of_a_thousand_stocks(days: int) -> None:
    result = w2(days)
    assert result.mode == "dates"
    agrees(result, work.ORACLES_W2[days])


@pytest.mark.parametrize("strategy", EVENT_MODES.values())
def test_the_whole_gate_without_limits_changes_nothing(strategy: type[Strategy]) -> None:
    plain, gated = w1(strategy, 5_000, taxed=True), w1(strategy, 5_000, taxed=True, gate="full")
    assert gated.equity.tolist() == plain.equity.tolist()
    assert gated.fills.at_ns.tolist() == plain.fills.at_ns.tolist()


def test_the_event_modes_agree_fill_by_fill_with_t_plus_1_and_stamp_duty() -> None:
    one, *others = (w1(strategy, 20_000, taxed=True) for strategy in EVENT_MODES.values())
    assert len(one.fills) > 100
    for other in others:
        for name in ("at_ns", "side", "quantity", "price", "fee", "stamp_tax", "profit"):
            assert getattr(other.fills, name).tolist() == getattr(one.fills, name).tolist(), name
        assert other.equity.tolist() == one.equity.tolist()


def test_the_target_column_fills_like_the_event_modes_where_nothing_is_decided_anew() -> None:
    event, column = w1(work.Woken, 20_000), w1_target(20_000)
    for name in ("at_ns", "side", "quantity", "price", "fee", "commission", "profit"):
        assert getattr(column.fills, name).tolist() == getattr(event.fills, name).tolist(), name
    assert column.equity.tolist() == event.equity.tolist()


def whole() -> None:
    """Check all of every workload."""
    for rows in (200_000, 1_000_000):
        for strategy in EVENT_MODES.values():
            agrees(w1(strategy, rows), work.ORACLES_W1[rows])
        agrees(w1_target(rows), work.ORACLES_W1[rows])
    for strategy in EVENT_MODES.values():
        agrees(w1(strategy, 1_000_000, taxed=True), work.ORACLE_W1_TAXED)
    agrees(w1_target(1_000_000, taxed=True), work.ORACLE_W1_TARGET_TAXED)
    for days in (250, 2_500):
        agrees(w2(days), work.ORACLES_W2[days])
    agrees(w2(250, gate="full"), work.ORACLES_W2[250])
    print("w1, w1 with T+1, w2: every mode to the cent")


if __name__ == "__main__":
    whole()
