"""One truth: the same signals through a replay and through the paper engine give the same orders and fills.

Ids aside: accounts, symbols, sides, quantities, prices, instants, states, fees, and what each sender was told.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import pytest

from qmt_trading.model.numbers import SECOND_NS, UNIT, Money
from qmt_trading.model.words import Side
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import LEVELS, Bars
from qmt_trading.research.costs import FillModel
from qmt_trading.research.strategy import Strategy
from qmt_trading.run.config import load
from qmt_trading.run.replay.fates import Fates
from qmt_trading.run.replay.messages import read_lines
from qmt_trading.run.replay.replay import replay
from qmt_trading.run.replay.setup import configured_setup
from tests.replay.paper import run_paper
from tests.replay.parts import CASH, clock_of, instant, minutes, replayed
from tests.running import DUPLEX

DAYS: Final = (dt.date(2024, 1, 3), dt.date(2024, 1, 4), dt.date(2024, 1, 5))
CLOCKS: Final = (
    *(f"09:{minute:02d}:00" for minute in range(31, 60)),
    *(f"13:{minute:02d}:00" for minute in range(1, 11)),
    *(f"14:{minute:02d}:00" for minute in range(51, 58)),
    "15:00:00",
)
SYMBOLS: Final = {"600000.SH": (10.0, 0.002), "300750.SZ": (180.0, 0.006)}
"""The first price, and how far it wanders in a minute."""
SLIPS: Final = FillModel(slippage_ticks=1)


def history(seed: int) -> dict[str, Bars]:
    """Return three days of both symbols: they wander, and on one day one of them goes to its limit and stays there."""
    rng = np.random.default_rng(seed)
    found: dict[str, Bars] = {}
    for symbol, (price, step) in SYMBOLS.items():
        days: list[Bars] = []
        last = price
        for day in DAYS:
            before, rows = last, []
            jumps = symbol == "600000.SH" and day == DAYS[1]
            for number, clock in enumerate(CLOCKS):
                begin = last
                last = round(last * (1 + rng.normal(0, step)), 2)
                high, low = max(begin, last) * (1 + rng.random() * 0.001), min(begin, last) * (1 - rng.random() * 0.001)
                shares = int(rng.integers(1, 60)) * 100
                if jumps and number >= 20:
                    up = round(before * 1.1 + 1e-9, 2)
                    begin = high = low = last = up
                if clock == "15:00:00":
                    begin = high = low = last  # The auction has one price.
                rows.append((clock, round(begin, 2), round(high, 2), round(low, 2), round(last, 2), shares))
            days.append(minutes(rows, symbol=symbol, day=day, before=before))
        found[symbol] = joined(symbol, days)
    return found


def joined(symbol: str, days: list[Bars]) -> Bars:
    names = ("at_ns", "open", "high", "low", "close", "quantity", "previous_close")
    columns: dict[str, Any] = {name: np.concatenate([getattr(each, name) for each in days]) for name in names}
    return Bars.of(symbol, frequency="1m", **columns)


def signals(seed: int, count: int) -> str:
    """Return messages of every kind at instants of every kind, a line each."""
    rng = Random(seed)
    lines: list[tuple[int, str]] = []
    for number in range(count):
        day, clock = rng.choice(DAYS), rng.choice(CLOCKS)
        at_ns = instant(clock, day) - rng.choice((0, 0, 1_000_000, 500_000_000, 7_250_000_000, 30_000_000_000))
        if rng.random() < 0.15:
            at_ns = instant(rng.choice(("09:16:00", "09:21:30", "09:26:00", "11:45:00", "14:58:30")), day)
        lines.append((at_ns, message(rng, number)))
    lines.sort(key=lambda each: each[0])
    return "".join(f"{iso(at_ns)} {text}\n" for at_ns, text in lines)


def iso(at_ns: int) -> str:
    day = next(each for each in DAYS if instant("00:00:00", each) <= at_ns < instant("23:59:59", each))
    return f"{day} {clock_of(at_ns)}"


def message(rng: Random, number: int) -> str:
    symbol = rng.choice(tuple(SYMBOLS))
    accounts = rng.choice(("11031122", "11031123", "11031122,11031123", "*"))
    price = rng.choice(("", "@最新", "@对手", "@本方", "@涨停-30跳", "@跌停+40跳", "@最新+5跳", "@最新-0.5%"))
    name = rng.choice(("", "", f" #m/{number}", f" #m/{max(0, number - rng.randint(0, 3))}"))
    option = rng.choice(
        ("", "", "", " cancel_after=20s", " cancel_after=90s chase=2", " ttl=2s", " at=09:40:00", " at=13:05:30")
    )
    size = rng.choice(("100", "300", "2000", "1手", "3万元", "5%"))
    kind = rng.random()
    if kind < 0.35:
        return f"buy {symbol} {size}{price}:{accounts}{option}{name}"
    if kind < 0.6:
        sold = rng.choice(("100", "全部", "半仓", "1/3", "50"))
        return f"sell {symbol} {sold}{price}:{accounts}{option}{name}"
    if kind < 0.7:
        return f"{symbol}:{accounts}{name}"
    if kind < 0.78:
        return f"{rng.choice(('撤买', '撤卖', '撤', 'cancel'))} {symbol}:{accounts}{name}"
    if kind < 0.88:
        return f"调到 {symbol} {rng.choice(('0', '500', '1200', '2万元'))}:{accounts}{name}"
    if kind < 0.94:
        return (
            f'{{"action":"buy","symbol":"{symbol}","accounts":["11031122"],"quantity":{rng.choice((100, 150))},'
            f'"price_type":"latest","id":"j/{number}","cancel_after_ms":40000}}'
        )
    return rng.choice((f"buy {symbol} 100", f"<{symbol}#11031122>", "nonsense", f"sell {symbol}:11031123"))


def configuration(folder: Path, losses: tuple[str, str] = ("none", "none")) -> Path:
    where = f"name = '\\\\.\\pipe\\qmt-test-{time.time_ns()}'" if sys.platform == "win32" else 'path = "signals.sock"'
    accounts = "".join(
        f'[[terminals.accounts]]\naccount = "{number}"\ncash = {cash}\npositions = {{ "300750.SZ" = {held} }}\n'
        for number, cash, held in (("11031122", 300_000, 700), ("11031123", 60_000_000, 200_000))
    )
    path = folder / "qmt.toml"
    path.write_text(
        'mode = "paper"\n[signals.bare]\naction = "cancel"\n[limits]\n'
        f'loss_reducing = "{losses[0]}"\nloss_halting = "{losses[1]}"\n'
        f'[[doors]]\nkind = "{DUPLEX}"\n{where}\n[[terminals]]\nname = "paper"\nkind = "simulated"\n{accounts}',
        encoding="utf-8",
    )
    return path


def orders_of(fates: Fates) -> list[tuple[object, ...]]:
    """Return every order but for its ids, in the order in which they were made."""
    return [
        (
            each.account,
            each.symbol,
            each.side,
            each.quantity,
            each.price,
            clock_of(each.made_ns),
            each.status,
            clock_of(each.ended_ns),
            tuple((clock_of(row.filled_ns), row.price, row.quantity, row.fee, row.day) for row in each.fills),
        )
        for each in fates.orders.values()
    ]


def told(fates: Fates) -> list[tuple[object, ...]]:
    """Return what each sender was told, and what came of it later, but for ids."""
    return [
        (
            fate.message.place,
            [(answer.status, answer.reason, answer.text) for answer in fate.answers],
            [(line.account, line.symbol, line.side, line.quantity, line.price, line.denial) for line in fate.orders],
            [(line.account, line.symbol, line.denial) for line in fate.cancels],
        )
        for fate in fates.messages
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_replay_and_the_paper_engine_make_the_same_orders_and_fills(seed: int, tmp_path: Path) -> None:
    fast = compared(seed, tmp_path)
    made = list(fast.orders.values())
    assert len(made) > 40
    assert sum(bool(each.fills) for each in made) > 20
    assert {each.status.value for each in made} >= {"FILLED", "CANCELED", "EXPIRED"}
    assert sum(line.denial is not None for fate in fast.messages for line in fate.orders) > 10


def as_days(bars: Bars) -> Bars:
    """Return minutes as one bar a day."""
    starts, ends = bars.day_start, bars.day_ends - 1
    return Bars.of(
        bars.symbol,
        frequency="1d",
        at_ns=bars.at_ns[ends].copy(),
        open=bars.open[starts].copy(),
        high=np.maximum.reduceat(bars.high, starts),
        low=np.minimum.reduceat(bars.low, starts),
        close=bars.close[ends].copy(),
        quantity=np.add.reduceat(bars.quantity, starts),
        previous_close=bars.previous_close,
    )


def as_snapshots(bars: Bars) -> Bars:
    """Return each minute as three snapshots with books around their price, empty where a limit seals a side."""
    rng = np.random.default_rng(len(bars.symbol))
    at_ns = np.concatenate([bars.at_ns - back * SECOND_NS for back in (40, 20, 0)])
    order = np.argsort(at_ns, kind="stable")
    last = np.concatenate([bars.open, bars.low, bars.close])[order]
    steps = np.arange(LEVELS) * 100
    up = np.repeat(np.rint(bars.previous_close * 1.1 / 100) * 100, np.diff(bars.day_ends, prepend=0))
    is_sealed = last >= np.repeat(up, 3)[: len(last)]
    asks = np.where(is_sealed[:, None], 0, last[:, None] + 100 + steps)
    whole = dict.fromkeys(("open", "high", "low", "close"), last)
    return Bars.of(
        bars.symbol,
        frequency="tick",
        at_ns=at_ns[order],
        quantity=rng.integers(1, 30, len(last)) * 100,
        previous_close=bars.previous_close,
        bids=last[:, None] - steps,
        asks=asks,
        bid_quantities=rng.integers(1, 9, asks.shape) * 100,
        ask_quantities=rng.integers(1, 9, asks.shape) * 100,
        **whole,
    )


@pytest.mark.parametrize("made", [as_days, as_snapshots])
def test_days_and_snapshots_lead_both_to_the_same(made: Callable[[Bars], Bars], tmp_path: Path) -> None:
    fast = compared(6, tmp_path, made=made)
    orders = list(fast.orders.values())
    assert len(orders) > 20
    assert sum(bool(each.fills) for each in orders) > 3


def test_the_loss_of_the_day_stops_both_at_the_same_instant(tmp_path: Path) -> None:
    fast = compared(3, tmp_path, ("1%", "2%"))
    assert {(changed.account, changed.why) for _, changed in fast.halts} == {
        ("11031122", "DAILY_LOSS"),
        ("11031123", "DAILY_LOSS"),
    }


def compared(
    seed: int,
    folder: Path,
    losses: tuple[str, str] = ("none", "none"),
    made: Callable[[Bars], Bars] = lambda bars: bars,
) -> Fates:
    """Run the same messages through both, and return what came of them, which is the same."""
    given = load(configuration(folder, losses))
    bars = {symbol: made(each) for symbol, each in history(seed).items()}
    messages = read_lines(signals(seed, 120).encode()).messages
    setup = configured_setup(given, "", Money(0), SLIPS)
    fast = replay(messages, bars, setup).fates
    slow = run_paper(messages, setup, bars, given)
    assert told(fast) == told(slow)
    assert orders_of(fast) == orders_of(slow)
    assert fast.halts == slow.halts
    return fast


class AtItsClose(Strategy):
    """Orders at the close of the bars that it is given."""

    fields = ("close",)
    acts: dict[int, list[tuple[int, int, int]]] = {}  # noqa: RUF012 - given by the test, to the class

    def on_bar(self, bar: Any) -> None:
        for side, quantity, limit in self.acts.get(bar.index, ()):
            (self.buy if side > 0 else self.sell)(quantity, limit=limit)


@pytest.mark.parametrize("seed", range(10))
def test_signals_fill_as_a_strategy_does_that_decides_the_same(seed: int) -> None:
    rng = Random(seed)
    bars = history(seed)["600000.SH"]
    acts: dict[int, list[tuple[int, int, int]]] = {}
    lines: list[str] = []
    for row in sorted(rng.sample(range(len(bars) - 1), 40)):
        clock = clock_of(int(bars.at_ns[row]))
        if clock == "15:00:00" or clock >= "14:57:00":
            continue  # Live nobody takes an order after the close; a strategy's waits for the next day.
        side, quantity = rng.choice((1, -1)), rng.choice((100, 400, 900))
        limit = int(bars.close[row]) + rng.randint(-3, 5) * 100
        acts[row] = [(side, quantity, limit)]
        words = "buy" if side > 0 else "sell"
        day = DAYS[int(np.searchsorted(bars.day_start, row, "right")) - 1]
        lines.append(f"{day} {clock} {words} 600000.SH {quantity}@{limit / UNIT:.2f}:backtest\n")
    AtItsClose.acts = acts
    plenty = dataclasses.replace(bars, quantity=bars.quantity * 100)  # So that no order is in another's way.
    by_strategy = run(AtItsClose, plenty, cash=CASH, fills=SLIPS).fills
    found = replayed("".join(lines), plenty, SLIPS)
    rows = [row for order in found.fates.orders.values() for row in order.fills]
    # By the day: a strategy is told at a bar's end of what a replay fills at its beginning.
    by_signals = sorted((row.day, row.side is Side.BUY, row.quantity, row.price, row.fee) for row in rows)
    assert by_signals == sorted(
        (DAYS[day], side > 0, quantity, price, fee)
        for day, side, quantity, price, fee in zip(
            by_strategy.day.tolist(),
            by_strategy.side.tolist(),
            by_strategy.quantity.tolist(),
            by_strategy.price.tolist(),
            by_strategy.fee.tolist(),
            strict=True,
        )
    )
    assert len(by_signals) > 5
