"""Runs one peer over one workload and prints what it took: from arrays to the result, in CPU seconds.

Stands alone, for each peer lives in an environment of its own: ``python backtest_peers.py ARRAYS PEER WORKLOAD ROWS``.
The same decisions as ``backtest_workloads.py``, in each peer's own terms.
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from typing import Any

import numpy as np

FAST, SLOW, QUANTITY, RATE, MINIMUM, CASH_W1, CASH_W2 = 10, 50, 1000, 0.00025, 5.0, 1e6, 1e8
PAIRS = [(fast, slow) for fast in range(5, 45, 2) for slow in range(50, 250, 10)]
COLUMNS = ("open", "high", "low", "close", "volume")
Taken = tuple[float, int, float]
"""CPU seconds, fills, equity."""


class Clock:
    """CPU seconds since the arrays were in hand."""

    def __init__(self) -> None:
        self.begun = time.process_time()

    def taken(self) -> float:
        return time.process_time() - self.begun


def mean(values: Any, count: int) -> Any:
    sums = np.cumsum(np.rint(values * 100))
    made = np.full(len(values), np.nan)
    made[count - 1 :] = np.concatenate((sums[count - 1 : count], sums[count:] - sums[:-count])) / (100.0 * count)
    return made


def vnpy_w1(arrays: Any) -> Taken:
    from vnpy.trader.constant import Exchange, Interval
    from vnpy.trader.object import BarData
    from vnpy_ctastrategy import CtaTemplate
    from vnpy_ctastrategy.backtesting import BacktestingEngine

    class Lean(CtaTemplate):  # type: ignore[misc, unused-ignore]
        def on_init(self) -> None:
            self.last: Any = deque(maxlen=SLOW + 1)
            self.fast = self.slow = self.seen = 0

        def on_start(self) -> None: ...

        def on_stop(self) -> None: ...

        def on_bar(self, bar: Any) -> None:
            last, close = self.last, round(bar.close_price * 100)
            last.append(close)
            self.fast += close
            self.slow += close
            self.seen += 1
            if self.seen > FAST:
                self.fast -= last[-1 - FAST]
            if self.seen < SLOW:
                return
            if self.seen > SLOW:
                self.slow -= last[0]
            above, below = self.fast * SLOW, self.slow * FAST
            if self.pos == 0:
                if above > below:
                    self.buy(bar.close_price * 1.05, QUANTITY)
            elif above < below:
                self.sell(bar.close_price * 0.95, QUANTITY)

    clock = Clock()
    at = (arrays["ts"] // 1000).astype("datetime64[us]").tolist()
    bars = [
        BarData(
            gateway_name="BT",
            symbol="600000",
            exchange=Exchange.SSE,
            datetime=when,
            interval=Interval.MINUTE,
            volume=volume,
            open_price=opens,
            high_price=high,
            low_price=low,
            close_price=close,
        )
        for when, opens, high, low, close, volume in zip(at, *(arrays[each].tolist() for each in COLUMNS), strict=True)
    ]
    engine = BacktestingEngine()
    engine.output = lambda _text: None
    engine.set_parameters(
        vt_symbol="600000.SSE",
        interval=Interval.MINUTE,
        start=bars[0].datetime,
        end=bars[-1].datetime,
        rate=RATE,
        slippage=0,
        size=1,
        pricetick=0.01,
        capital=CASH_W1,
    )
    engine.add_strategy(Lean, {})
    engine.history_data = bars
    engine.run_backtesting()
    taken = clock.taken()
    return taken, engine.trade_count, CASH_W1 + float(engine.calculate_result()["net_pnl"].sum())


def nautilus_w1(arrays: Any) -> Taken:
    from decimal import Decimal

    import pandas as pd
    from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
    from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
    from nautilus_trader.model.currencies import CNY
    from nautilus_trader.model.data import BarType
    from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
    from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
    from nautilus_trader.model.instruments import Equity
    from nautilus_trader.model.objects import Money, Price, Quantity
    from nautilus_trader.persistence.wranglers import BarDataWrangler
    from nautilus_trader.trading.strategy import Strategy

    venue = Venue("SSE")
    instrument = Equity(
        instrument_id=InstrumentId(Symbol("600000"), venue),
        raw_symbol=Symbol("600000"),
        currency=CNY,
        price_precision=2,
        price_increment=Price.from_str("0.01"),
        lot_size=Quantity.from_int(100),
        ts_event=0,
        ts_init=0,
        maker_fee=Decimal(str(RATE)),
        taker_fee=Decimal(str(RATE)),
    )
    kind = BarType.from_str("600000.SSE-1-MINUTE-LAST-EXTERNAL")

    class Lean(Strategy):  # type: ignore[misc, unused-ignore]
        def on_start(self) -> None:
            self.last: Any = deque(maxlen=SLOW + 1)
            self.fast = self.slow = self.seen = 0
            self.held = False
            self.quantity = instrument.make_qty(QUANTITY)
            self.subscribe_bars(kind)

        def go(self, side: Any) -> None:
            self.submit_order(
                self.order_factory.market(instrument_id=instrument.id, order_side=side, quantity=self.quantity)
            )

        def on_bar(self, bar: Any) -> None:
            last, close = self.last, round(float(bar.close) * 100)
            last.append(close)
            self.fast += close
            self.slow += close
            self.seen += 1
            if self.seen > FAST:
                self.fast -= last[-1 - FAST]
            if self.seen < SLOW:
                return
            if self.seen > SLOW:
                self.slow -= last[0]
            above, below = self.fast * SLOW, self.slow * FAST
            if not self.held:
                if above > below:
                    self.go(OrderSide.BUY)
                    self.held = True
            elif above < below:
                self.go(OrderSide.SELL)
                self.held = False

    clock = Clock()
    frame = pd.DataFrame({each: arrays[each] for each in COLUMNS}, index=pd.to_datetime(arrays["ts"], utc=True))
    bars = BarDataWrangler(kind, instrument).process(frame)
    engine = BacktestEngine(
        BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), risk_engine=RiskEngineConfig(bypass=True))
    )
    engine.add_venue(
        venue=venue,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=CNY,
        starting_balances=[Money(CASH_W1, CNY)],
    )
    engine.add_instrument(instrument)
    engine.add_data(bars)
    engine.add_strategy(Lean(StrategyConfig()))
    engine.run()
    taken = clock.taken()
    filled = len(engine.cache.orders_closed())
    return taken, filled, float(engine.portfolio.account(venue).balance_total(CNY))


def raptorbt(arrays: Any, pairs: list[tuple[int, int]]) -> Taken:
    import raptorbt as rb

    clock = Clock()
    given = [np.ascontiguousarray(arrays[each]) for each in ("ts", *COLUMNS)]
    close = given[4]
    config = rb.BacktestConfig(initial_capital=CASH_W1, fees=RATE, slippage=0.0, fill_timing="next_bar_open")
    means = {each: rb.sma(close, each) for each in {each for pair in pairs for each in pair}}
    fills = 0
    if len(pairs) == 1:
        fast, slow = means[pairs[0][0]], means[pairs[0][1]]
        found = rb.run_single_backtest(*given, fast > slow + 1e-9, fast < slow - 1e-9, 1, 1.0, "A", config)
        return clock.taken(), 2 * found.metrics.total_trades, 0.0
    for first in range(0, len(pairs), 40):
        items = [
            rb.BatchSingleItem(f"{a}-{b}", means[a] > means[b] + 1e-9, means[a] < means[b] - 1e-9, 1, 1.0, "A")
            for a, b in pairs[first : first + 40]
        ]
        fills += sum(2 * each.metrics.total_trades for _, each in rb.batch_single_backtest(*given, items, config))
    return clock.taken(), fills, 0.0


def vectorbt(arrays: Any, pairs: list[tuple[int, int]]) -> Taken:
    import pandas as pd
    import vectorbt as vbt

    def later(mask: Any) -> Any:
        return np.concatenate((np.zeros(1, bool), mask[:-1]))

    def once() -> tuple[int, float]:
        close = pd.Series(arrays["close"], pd.to_datetime(arrays["ts"]))
        means = {each: mean(arrays["close"], each) for each in {each for pair in pairs for each in pair}}
        fills, equity = 0, 0.0
        for first in range(0, len(pairs), 20):
            part = pairs[first : first + 20]
            entries = np.column_stack([later(means[a] > means[b]) for a, b in part])
            exits = np.column_stack([later(means[a] < means[b]) for a, b in part])
            found = vbt.Portfolio.from_signals(
                close,
                entries,
                exits,
                price=arrays["open"][:, None],
                size=QUANTITY,
                fees=RATE,
                init_cash=CASH_W1,
                freq="1min",
            )
            fills += int(np.sum(found.orders.count()))
            equity += float(np.sum(found.final_value()))
        return fills, equity

    whole, pairs = pairs, pairs[:20]
    once()  # Warm: the first call compiles.
    pairs = whole
    clock = Clock()
    fills, equity = once()
    return clock.taken(), fills, equity


def vectorbt_w2(arrays: Any) -> Taken:
    import pandas as pd
    import vectorbt as vbt

    close = arrays["close"]
    days = len(close)

    def once() -> tuple[int, float]:
        weights = np.full(close.shape, np.nan)
        for day in range(20, days - 1, 5):
            top = np.argsort(-(close[day] / close[day - 20]), kind="stable")[:50]
            weights[day + 1] = 0
            weights[day + 1, top] = 0.95 / 50
        found = vbt.Portfolio.from_orders(
            pd.DataFrame(close, pd.to_datetime(arrays["days"])),
            size=weights,
            size_type="targetpercent",
            price=arrays["open"],
            val_price=np.vstack((close[:1], close[:-1])),
            fees=RATE,
            init_cash=CASH_W2,
            cash_sharing=True,
            group_by=True,
            call_seq="auto",
            size_granularity=100,
            freq="1D",
        )
        return int(np.sum(found.orders.count())), float(found.final_value())

    once()
    clock = Clock()
    fills, equity = once()
    return clock.taken(), fills, equity


def bt_w2(arrays: Any) -> Taken:
    import bt
    import pandas as pd

    class Top(bt.Algo):  # type: ignore[misc, unused-ignore]
        def __call__(self, target: Any) -> bool:
            known = target.universe
            day = len(known) - 2
            if day < 20 or day % 5:
                return False
            rise = (known.iloc[-1] / known.iloc[-21]).to_numpy()
            target.temp["weights"] = {known.columns[each]: 0.95 / 50 for each in np.argsort(-rise)[:50]}
            return True

    clock = Clock()
    names = [f"s{number}" for number in range(arrays["close"].shape[1])]
    frame = pd.DataFrame(arrays["close"], pd.to_datetime(arrays["days"]), names)
    made = bt.Backtest(
        bt.Strategy("top", [Top(), bt.algos.Rebalance()]),
        frame,
        initial_capital=CASH_W2,
        commissions=lambda quantity, price: max(abs(quantity) * price * RATE, MINIMUM) if quantity else 0,
        integer_positions=True,
        progress_bar=False,
    )
    made.run()
    taken = clock.taken()
    return taken, len(made.strategy.get_transactions()), float(made.strategy.value)


def bare_w1(arrays: Any) -> Taken:
    """The floor of every callback: a loop over closes that calls the plain user code and does nothing with orders."""
    last: Any = deque(maxlen=SLOW + 1)
    fast = slow = seen = fills = 0
    held = False

    def on_bar(price: float) -> None:
        nonlocal fast, slow, seen, fills, held
        close = round(price * 100)
        last.append(close)
        fast += close
        slow += close
        seen += 1
        if seen > FAST:
            fast -= last[-1 - FAST]
        if seen < SLOW:
            return
        if seen > SLOW:
            slow -= last[0]
        above, below = fast * SLOW, slow * FAST
        if (not held and above > below) or (held and above < below):
            held = not held
            fills += 1

    clock = Clock()
    for price in arrays["close"].tolist():
        on_bar(price)
    return clock.taken(), fills, 0.0


PEERS: dict[tuple[str, str], Any] = {
    ("vnpy", "w1"): vnpy_w1,
    ("nautilus", "w1"): nautilus_w1,
    ("raptorbt", "w1"): lambda arrays: raptorbt(arrays, [(FAST, SLOW)]),
    ("raptorbt", "w3"): lambda arrays: raptorbt(arrays, PAIRS),
    ("vectorbt", "w1"): lambda arrays: vectorbt(arrays, [(FAST, SLOW)]),
    ("vectorbt", "w2"): vectorbt_w2,
    ("vectorbt", "w3"): lambda arrays: vectorbt(arrays, PAIRS),
    ("bt", "w2"): bt_w2,
    ("bare", "w1"): bare_w1,
}


def main() -> None:
    path, peer, workload, rows = sys.argv[1:]
    with np.load(path) as stored:
        arrays = {name: stored[name][: int(rows)] for name in stored.files}
    taken, fills, equity = PEERS[peer, workload](arrays)
    print(json.dumps({"bars": int(arrays["close"].size), "cpu_s": taken, "fills": fills, "equity": round(equity, 2)}))


if __name__ == "__main__":
    main()
