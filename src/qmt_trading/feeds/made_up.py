"""Made-up history that behaves like A shares: limits, suspensions, a gap, an ex-right day, minutes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from qmt_trading.feeds.source_files import needs_polars
from qmt_trading.feeds.store import MADE_UP, Store
from qmt_trading.feeds.table import CLOSE_NS, Integers, Table
from qmt_trading.market.calendar import Calendar
from qmt_trading.market.corporate_actions import reference_price
from qmt_trading.market.limits import price_limits
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.market.seeded import mix, number_of
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.numbers import Money, Price, ratio_half_up

# fmt: off
SYMBOLS: Final = tuple(Symbol(symbol) for symbol in (
    "600000.SH", "600036.SH", "601318.SH", "600519.SH", "000001.SZ", "000651.SZ", "002415.SZ", "300750.SZ", "688981.SH",
    "510300.SH", "510500.SH", "159915.SZ", "518880.SH",
))
# fmt: on
"""Nine stocks of four boards and four funds. The names are real, every figure is made up."""
ACTIONS: Final = "actions.csv"
README: Final = "README.txt"
NOTICE: Final = (
    "这里的行情是编的（qmt data synthetic，种子 {seed}），代码是真的，数字没有一个是真的：只用来试用。\n"
    "These bars are made up (seed {seed}): real symbols, no real figure. For trying things out only.\n"
)
_MINUTE_NS: Final = 60_000_000_000
_MILLION: Final = 1_000_000
_STARTS: Final = (("600519.SH", 15_000_000), ("300750.SZ", 2_400_000), ("601318.SH", 520_000))
_OPENS, _IS_EATEN, _HOLDS = range(3)
"""What becomes of a sealed limit, in turn: it opens and closes again, much is sold into it, it stands untouched."""
_SEALED: Final = slice(161, 240)
_GIVES_WAY: Final = slice(190, 196)
_MINUTES: Final = (*range(571, 691), *range(781, 901))
_REGIME_DAYS: Final = 45
_BURST: Final = 3
"""Limit-ups that follow each other when a stock is sealed."""
BOARDS: Final = Symbol("002415.SZ")
"""The stock that is sure to close at its upper limit on some of the last days, of which there are minutes."""
_BOARDS_BEFORE_END: Final = frozenset({6, 10, 14, 18})


class Made(NamedTuple):
    """What was made."""

    symbols: tuple[Symbol, ...]
    days: int
    rows: int
    is_new: bool
    """Whether a figure differs from what was there."""
    replaced: tuple[str, ...]
    """The sources of what was there: with another seed or other days it is gone."""


class _Day(NamedTuple):
    open: int
    high: int
    low: int
    close: int
    reference: int
    quantity: int
    turnover: int
    suspended: bool
    limits: tuple[int, int]


def make_history(
    folder: Path,
    calendar: Calendar,
    *,
    seed: int = 1,
    first: dt.date = dt.date(2023, 1, 3),
    last: dt.date = dt.date(2024, 12, 31),
    minute_days: int = 20,
    minute_symbols: Sequence[Symbol] = (*SYMBOLS[:2], BOARDS),
    told: Callable[[Symbol], None] = lambda symbol: None,
) -> Made:
    """Write made-up daily bars of ``SYMBOLS``, minutes of the last days of some, and the actions behind them.

    The same seed and days give the same figures on every machine. What was made up in ``folder`` before goes: of two
    seeds one symbol's prices would jump.

    Raises:
        OSError: the folder cannot be written.
        ConfigurationError: polars is missing.
    """
    needs_polars()
    days = [day for day in _dates(first, last) if calendar.is_open(day)]
    assert days, (first, last)
    actions: list[CorporateAction] = []

    def tables() -> Iterator[Table]:
        for symbol in SYMBOLS:
            action = _action(symbol, days, seed)
            actions.extend([action] if action is not None else [])
            made = _daily(symbol, days, action, seed)
            yield _daily_table(symbol, made)
            if symbol in minute_symbols and minute_days:
                yield _minute_table(symbol, made[-minute_days:], seed)
            told(symbol)

    with Store(folder) as store:
        before = tuple(dict.fromkeys(entry.source for entry in store.entries()))
        store.manifest.about = NOTICE.format(seed=seed).replace("\n", " ").strip()
        rows, changed = store.lay(tables(), f"{MADE_UP} {seed}")
    _write_actions(folder / ACTIONS, actions)
    (folder / README).write_text(NOTICE.format(seed=seed), encoding="utf-8", newline="\n")
    return Made(SYMBOLS, len(days), rows, changed > 0, before)


def _dates(first: dt.date, last: dt.date) -> list[dt.date]:
    return [dt.date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]


def _action(symbol: Symbol, days: Sequence[dt.date], seed: int) -> CorporateAction | None:
    """Return the one ex-right day of a stock, in the middle of the year: 10 转 3 派 2; funds have none."""
    if symbol.startswith(("5", "15")) or len(days) < 60:
        return None
    place = len(days) // 3 + mix(seed, number_of(symbol), 11) % (len(days) // 3)
    return CorporateAction(
        symbol=symbol,
        ex_day=days[place],
        transfer_shares=3 * BASIS // 10,
        cash=Money(2 * 10_000 * BASIS // 10),
        record_day=days[place - 1],
        pay_day=days[place],
        source="synthetic",
    )


def _daily(
    symbol: Symbol, days: Sequence[dt.date], action: CorporateAction | None, seed: int
) -> list[tuple[dt.date, _Day]]:
    """Return the days of one symbol: a walk with a drift that changes, bursts of limit-ups, stretches of suspension."""
    name = number_of(symbol)
    is_fund = symbol.startswith(("5", "15"))
    close = dict(_STARTS).get(symbol) or (10_000 + name % 40_000 if is_fund else 60_000 + name % 3_000 * 100)
    rule = STANDARD.rule(symbol, days[0])
    assert rule is not None, symbol
    close = close // rule.tick * rule.tick
    begun = close
    size = (300_000_000 if is_fund else 20_000_000) + mix(seed, name, 5) % 30_000_000
    halted_from = 100 + mix(seed, name, 12) % 200 if mix(seed, name, 13) % 3 == 0 else -10
    gap_at = 150 + mix(seed, name, 14) % 100 if symbol == SYMBOLS[5] else -1
    burst = 0
    made: list[tuple[dt.date, _Day]] = []
    for number, day in enumerate(days):
        rule = STANDARD.rule(symbol, day) or rule
        reference = close
        if action is not None and action.ex_day == day:
            reference = reference_price(Price(close), action, rule.tick)
        limits = price_limits(rule, Price(reference))
        if halted_from <= number < halted_from + 4:
            made.append((day, _Day(reference, reference, reference, reference, reference, 0, 0, True, limits)))
            close = reference
            continue
        luck = _luck(seed, name, number)
        # What has risen far falls back a little each day, so that no price runs away.
        pull = (begun - close) * 6_000 // max(begun, close)
        drift = _luck(seed + 1, name, number // _REGIME_DAYS) // 400 + pull
        if burst == 0 and not is_fund and mix(seed, name, 100_000 + number) % 130 == 0:
            burst = _BURST
        sealed = burst > 0
        burst -= sealed
        spread = 9_000 if is_fund else 18_000
        closes_at_limit = sealed or (symbol == BOARDS and len(days) - number in _BOARDS_BEFORE_END)
        move = rule.limit_millionths if closes_at_limit else luck * spread // _MILLION + drift
        made_day = _bar(rule, reference, limits, move, sealed=sealed and burst < _BURST - 1, luck=(seed, name, number))
        volume = size * (700_000 + mix(seed, name, 200_000 + number) % 600_000 + 12 * abs(move)) // _MILLION
        quantity = max(volume // 100 * 100 // (40 if made_day[1] == made_day[2] else 1) // 100 * 100, 100)
        opened, high, low, close = made_day
        worth = quantity * (opened + high + low + close) // 4
        if number != gap_at:
            made.append((day, _Day(opened, high, low, close, reference, quantity, worth, False, limits)))
    return made


def _bar(
    rule: TradingRule,
    reference: int,
    limits: tuple[int, int],
    move: int,
    *,
    sealed: bool,
    luck: tuple[int, int, int],
) -> tuple[int, int, int, int]:
    """Return open, high, low, close of a day that moves by so many millionths, on ticks and within the limits."""
    up, down = limits[0] or 2 * reference, limits[1] or rule.tick
    seed, name, number = luck

    def within(price: int) -> int:
        return min(max(ratio_half_up(price, rule.tick) * rule.tick, down), up)

    close = within(reference * (_MILLION + move) // _MILLION)
    if sealed:
        return up, up, up, up
    opened = within(reference * (_MILLION + _luck(seed + 2, name, number) * 6_000 // _MILLION) // _MILLION)
    reach = reference * (2_000 + mix(seed, name, 300_000 + number) % 12_000) // _MILLION
    return opened, within(max(opened, close) + reach), within(min(opened, close) - reach), close


def _luck(seed: int, name: int, number: int) -> int:
    """Return chance that is nearly normal, in millionths of its deviation, out of whole numbers alone."""
    total = 0
    for part in range(3):
        bits = mix(seed, name, 1_000_000 * (part + 1) + number)
        total += sum((bits >> shift) & 0xFFFF for shift in (0, 16, 32, 48))
    # Twelve even chances of 0 to 65,535 have a mean of 393,210 and a deviation of 65,536.
    return (total - 393_210) * _MILLION // 65_536


def _daily_table(symbol: Symbol, made: Sequence[tuple[dt.date, _Day]]) -> Table:
    days = [day for _, day in made]
    columns: dict[str, Integers] = {
        "at_ns": np.array([at_time(date, CLOSE_NS) for date, _ in made], np.int64),
        "open": np.array([day.open for day in days], np.int64),
        "high": np.array([day.high for day in days], np.int64),
        "low": np.array([day.low for day in days], np.int64),
        "close": np.array([day.close for day in days], np.int64),
        "quantity": np.array([day.quantity for day in days], np.int64),
        "turnover": np.array([day.turnover for day in days], np.int64),
        "previous_close": np.array([day.reference for day in days], np.int64),
        "suspended": np.array([day.suspended for day in days], np.int64),
        "limit_up": np.array([day.limits[0] for day in days], np.int64),
        "limit_down": np.array([day.limits[1] for day in days], np.int64),
    }
    return _table(symbol, "1d", columns)


def _minute_table(symbol: Symbol, made: Sequence[tuple[dt.date, _Day]], seed: int) -> Table:
    """Return the minutes of ``made``: a path from the open over low and high to the close, most volume at both ends."""
    rule = STANDARD.rule(symbol, made[0][0])
    assert rule is not None, symbol
    tick = int(rule.tick)
    name = number_of(symbol)
    smile = np.array([4 + abs(number - 120) ** 2 // 900 for number in range(240)], np.int64)
    parts: list[dict[str, Integers]] = []
    boards = 0
    for date, day in made:
        if day.suspended:
            continue
        is_board = day.open < day.close == day.limits[0]
        rises = day.close >= day.open
        turns = ((0, day.open), (70, day.low if rises else day.high), (160, day.high if rises else day.low))
        corners = [*turns, (239, day.close)]
        path = _path(corners)
        noise = np.array([mix(seed, name, date.toordinal() * 1_000 + number) % 5 - 2 for number in range(240)])
        noise[[place for place, _ in corners]] = 0
        if is_board:
            noise[_SEALED] = 0
        if is_board and boards % 3 == _OPENS:
            noise[_GIVES_WAY] = -20
        close = np.clip(path // tick * tick + noise * tick, day.low, day.high)
        opened = np.concatenate(([day.open], close[:-1]))
        weights = smile * np.array(
            [50 + mix(seed, name, date.toordinal() * 2_000 + number) % 100 for number in range(240)]
        )
        if is_board:
            weights = weights * 10
            weights[_SEALED] //= 20
            weights[_GIVES_WAY] *= 1 if boards % 3 == _HOLDS else 20
            boards += 1
        quantity = day.quantity * weights // int(weights.sum()) // 100 * 100
        quantity[239] += day.quantity - int(quantity.sum())
        high, low = np.maximum(opened, close), np.minimum(opened, close)
        parts.append(
            {
                "at_ns": np.array([at_time(date, minute * _MINUTE_NS) for minute in _MINUTES], np.int64),
                "open": opened,
                "high": high,
                "low": low,
                "close": close,
                "quantity": quantity,
                "turnover": quantity * (high + low) // 2,
                "previous_close": np.full(240, day.reference, np.int64),
                "limit_up": np.full(240, day.limits[0], np.int64),
                "limit_down": np.full(240, day.limits[1], np.int64),
            }
        )
    columns = {field: np.concatenate([part[field] for part in parts]).astype(np.int64) for field in parts[0]}
    return _table(symbol, "1m", columns)


def _path(corners: Sequence[tuple[int, int]]) -> Integers:
    """Return a price for each minute on straight lines between corners, in whole numbers alone."""
    made = np.zeros(corners[-1][0] + 1, np.int64)
    for (begin, low), (end, high) in pairwise(corners):
        steps = np.arange(end - begin + 1, dtype=np.int64)
        made[begin : end + 1] = low + (high - low) * steps // (end - begin)
    return made


def _table(symbol: Symbol, frequency: str, columns: dict[str, Integers]) -> Table:
    rows = np.arange(1, len(columns["at_ns"]) + 1, dtype=np.int64)
    return Table(symbol=symbol, frequency=frequency, file="synthetic", columns=columns, rows=rows)


def _write_actions(path: Path, actions: Sequence[CorporateAction]) -> None:
    """Write the file that ``[market] corporate_actions`` and ``qmt data check --actions`` read."""
    lines = ["代码,除权除息日,股权登记日,派息日,每10股转增,每10股派息（税前）,来源"]
    lines += [f"{each.symbol},{each.ex_day},{each.record_day},{each.pay_day},3,2,编的" for each in actions]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
