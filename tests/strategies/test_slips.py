"""Slips of a strategy's author: told in words before they cost money, the same in a backtest and on the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qmt_trading.client import Receipt
from qmt_trading.model.instrument import Symbol
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars
from qmt_trading.research.live import LiveRun
from qmt_trading.research.strategy import ParameterError, Strategy, StrategyError
from qmt_trading.research.strategy_file import strategy_file
from qmt_trading.research.terms import DeskError
from qmt_trading.run.strategies.seat import Seat
from tests.engine_bench import ACCOUNT
from tests.research.days import CASH, daily, flat
from tests.strategies.paper import NAME
from tests.strategies.test_bars import STOCK, bar, quote
from tests.strategies.test_live import Deaf, deaf

OTHER = Symbol("000001.SZ")


class InYuan(Strategy):
    fields = ("close",)
    quantity: Any = 100
    limit: Any = 10

    def on_bar(self, bar: Any) -> None:
        if bar.index:
            self.buy(self.quantity, limit=self.limit)


class Floating(InYuan):
    quantity, limit = 100.0, 10.50


class Nothing(InYuan):
    quantity, limit = 0, 0


@pytest.mark.parametrize(
    ("kind", "told"), [(InYuan, "10 是 0.001 元.*0.0001 元"), (Floating, "10.50 元写 105000"), (Nothing, "股数至少 1")]
)
def test_a_limit_in_yuan_is_told_with_the_unit_in_a_backtest_and_on_the_engine(kind: type[InYuan], told: str) -> None:
    with pytest.raises(StrategyError, match=told):
        run(kind(), daily(flat(10, 3)), cash=CASH)
    seat = deaf(Receipt("accepted"))
    seat.quote(quote("10:00:00", 100_000))
    live = LiveRun(kind(), [STOCK], "1m", seat)
    live.take([bar("10:01:00", 100_000)])
    with pytest.raises(StrategyError, match=told):
        live.take([bar("10:02:00", 100_000)])
    assert seat.orders == [], "nothing is sent"


def test_a_limit_that_is_only_low_is_left_to_the_gate() -> None:
    seat = deaf(Receipt("accepted"))
    seat.quote(quote("10:00:00", 100_000))
    assert seat.submit(0, 1, 100, 4_500).limit == 4_500, "a twentieth of the lower limit of 9.00"
    with pytest.raises(DeskError):
        seat.submit(0, 1, 100, 4_499)


@pytest.mark.parametrize("quantity", [100.5, -100, 1 << 53, float("nan")])
def test_a_target_is_whole_shares(quantity: Any) -> None:
    seat = deaf(Receipt("accepted"))
    with pytest.raises(DeskError, match=f"目标持仓是 {quantity}"):
        seat.target(0, quantity)
    assert seat.orders == []


class AcrossDates(Strategy):
    def on_bars(self, bars: Any) -> None:
        self.buy(100)


class AtStart(Strategy):
    fields = ("close",)

    def on_start(self) -> None:
        self.buy(100)


class ByTheClock(Strategy):
    fields = ("close",)
    timers = ("15:00",)

    def on_timer(self, at_ns: int) -> None:
        self.sell(self.position or 100)


@pytest.mark.parametrize("kind", [AcrossDates, AtStart, ByTheClock])
def test_where_no_symbol_is_at_hand_several_have_to_be_told_apart(kind: type[Strategy]) -> None:
    several: dict[str, Bars] = {symbol: daily(flat(10, 3), symbol=symbol) for symbol in (STOCK, OTHER)}
    with pytest.raises(StrategyError, match="2 个代码，要写明是哪一个"):
        run(kind(), several, cash=CASH)
    assert run(kind(), several[STOCK], cash=CASH).orders.made_ns.size > 0, "of one symbol it is plain which is meant"


@pytest.mark.parametrize("kind", [AtStart, ByTheClock])
def test_on_the_engine_too(kind: type[Strategy]) -> None:
    seat = Seat([STOCK, OTHER], ACCOUNT, NAME, Deaf(Receipt("accepted")), now_ns=lambda: 1, names=map(str, range(9)))
    live = LiveRun(kind(), [STOCK, OTHER], "1m", seat)
    if kind is ByTheClock:
        live.take([bar("10:01:00", 100_000)])
    with pytest.raises(StrategyError, match="2 个代码，要写明是哪一个"):
        live.start() if kind is AtStart else live.timer(1)


def test_what_a_fill_is_answered_with_is_of_its_own_symbol() -> None:
    class Answers(Strategy):
        fields = ("close",)

        def on_bar(self, bar: Any) -> None: ...

        def on_fill(self, fill: Any) -> None:
            self.sell(100)

    seat = Seat([STOCK, OTHER], ACCOUNT, NAME, Deaf(Receipt("accepted")), now_ns=lambda: 1, names=map(str, range(9)))
    live = LiveRun(Answers(), [STOCK, OTHER], "1m", seat)
    live.take([bar("10:01:00", 100_000), bar("10:01:00", 100_000, symbol=OTHER)])
    live.filled(seat.submit(0, 1, 100))
    assert [each.symbol for each in seat.orders] == [STOCK, STOCK], "and not of the symbol whose bar came last"


def test_an_init_of_its_own_is_told_where_it_does_not_lead_on() -> None:
    class Own(Strategy):
        fields = ("close",)

        def __init__(self) -> None:
            self.count = 0

        def on_bar(self, bar: Any) -> None: ...

    with pytest.raises(ParameterError, match="declare"):
        run(Own(), daily(flat(10, 3)), cash=CASH)


HEAD = "from qmt_trading.research.strategy import Strategy\n\n\nclass Mine(Strategy):\n    fields = ('close',)\n\n"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    def onbar(self, bar): ...\n", "写的是 onbar，是不是 on_bar？"),
        ("    def on_Bars(self, bar): ...\n", "写的是 on_Bars，是不是 on_bars？"),
        ("    def on_start(self): ...\n    def on_brs(self, bar): ...\n", "on_brs"),
        ("    def helper(self): ...\n", "写一个 on_bar"),
        ("    def __init__(self): ...\n    def on_bar(self, bar): ...\n", "declare"),
    ],
)
def test_a_strategy_that_nothing_would_call_is_refused(tmp_path: Path, body: str, told: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(HEAD + body, encoding="utf-8")
    with pytest.raises(ParameterError, match=told):
        strategy_file(str(path)).load()


@pytest.mark.parametrize(
    "body",
    [
        "    def on_start(self): ...\n",
        "    def on_bar(self, bar): ...\n    def onbars(self): ...\n",
        "    def __init__(self, **given): super().__init__(**given)\n    def on_tick(self, tick): ...\n",
    ],
)
def test_one_that_is_called_is_not(tmp_path: Path, body: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(HEAD + body, encoding="utf-8")
    assert strategy_file(str(path)).load().__name__ == "Mine"


def test_a_strategy_made_for_days_or_ticks_does_not_run_on_minutes() -> None:
    class Daily(Strategy):
        frequency = "1d"

        def on_bar(self, bar: Any) -> None: ...

    class Ticking(Strategy):
        def on_tick(self, tick: Any) -> None: ...

    for kind, told in ((Daily, "要用 1d 的数据，给的是 1m"), (Ticking, "只有 on_tick，1m 的数据")):
        with pytest.raises(ParameterError, match=told):
            LiveRun(kind(), [STOCK], "1m", deaf(Receipt("accepted")))
