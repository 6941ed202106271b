"""Short histories for replays, written as yuan, and replays over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from qmt_trading.market.no_cancel import STANDARD
from qmt_trading.model.instant import at_time
from qmt_trading.model.numbers import SECOND_NS, UNIT, Money
from qmt_trading.model.words import BareAction
from qmt_trading.research.columns import LEVELS, Bars, to_units
from qmt_trading.research.costs import FillModel
from qmt_trading.run.replay.messages import read_lines
from qmt_trading.run.replay.replay import Replayed, Setup, replay
from qmt_trading.run.replay.setup import Plain, plain_setup, wanted_by

DAY = dt.date(2024, 1, 3)
CASH = Money(1_000_000 * UNIT)
PLENTY = 10_000_000
PLAIN = FillModel()
"""Without slippage: prices are those of history."""
Bar = tuple[str, float, float, float, float] | tuple[str, float, float, float, float, int]


def instant(clock: str, day: dt.date = DAY) -> int:
    """Return the instant of ``10:30:05.250`` in Shanghai."""
    hour, minute, second = (float(each) for each in (clock + ":00")[: max(8, len(clock))].split(":")[:3])
    return at_time(day, round((hour * 3600 + minute * 60 + second) * SECOND_NS))


def minutes(
    rows: Sequence[Bar], *, symbol: str = "600000.SH", day: dt.date = DAY, before: float = 10.0, **others: Any
) -> Bars:
    """Return one day of minutes: the clock at the bar's end, open, high, low, close, and shares where not plenty."""
    table = to_units(np.asarray([row[1:5] for row in rows], np.float64))
    return Bars.of(
        symbol,
        at_ns=np.asarray([instant(row[0], day) for row in rows], np.int64),
        open=table[:, 0].copy(),
        high=table[:, 1].copy(),
        low=table[:, 2].copy(),
        close=table[:, 3].copy(),
        quantity=np.asarray([row[5] if len(row) > 5 else PLENTY for row in rows], np.int64),
        previous_close=to_units([before]),
        frequency="1m",
        **others,
    )


def snapshots(
    rows: Sequence[tuple[str, float, list[tuple[float, int]], list[tuple[float, int]], int]],
    *,
    symbol: str = "600000.SH",
    before: float = 10.0,
) -> Bars:
    """Return one day of snapshots: clock, last, bids and asks with shares, and shares since the one before."""
    last = to_units([row[1] for row in rows])

    def side(place: int, part: int) -> Any:
        made = np.zeros((len(rows), LEVELS))
        for number, row in enumerate(rows):
            for level, pair in enumerate(row[place]):  # type: ignore[arg-type]
                made[number, level] = pair[part]
        return to_units(made) if not part else made.astype(np.int64)

    return Bars.of(
        symbol,
        at_ns=np.asarray([instant(row[0]) for row in rows], np.int64),
        open=last,
        high=last,
        low=last,
        close=last,
        quantity=np.asarray([row[4] for row in rows], np.int64),
        previous_close=to_units([before]),
        frequency="tick",
        bids=side(2, 0),
        bid_quantities=side(2, 1),
        asks=side(3, 0),
        ask_quantities=side(3, 1),
    )


def setup_for(text: str, fills: FillModel = PLAIN, **changes: Any) -> Setup:
    """Return the setup of the accounts that ``text`` names; bare messages cancel."""
    messages = read_lines(text.encode()).messages
    made = plain_setup(Plain(wanted_by(messages).accounts, CASH, BareAction.CANCEL, None, False), fills)
    assert made.settings.no_cancel == STANDARD
    return replace(made, **changes)


def replayed(text: str, bars: Bars | Mapping[str, Bars], fills: FillModel = PLAIN, **changes: Any) -> Replayed:
    """Return what ``text``, a line a message, came to over ``bars``."""
    histories: Mapping[str, Bars] = {bars.symbol: bars} if isinstance(bars, Bars) else bars
    return replay(read_lines(text.encode()).messages, histories, setup_for(text, fills, **changes))


def fills(found: Replayed) -> list[tuple[str, str, int, float]]:
    """Return (clock, side, shares, yuan) of every fill, in order of time."""
    rows = sorted((row for order in found.fates.orders.values() for row in order.fills), key=lambda row: row.filled_ns)
    return [(clock_of(row.filled_ns), row.side.value, int(row.quantity), row.price / UNIT) for row in rows]


def clock_of(at_ns: int) -> str:
    """Return ``10:30:05`` in Shanghai, with milliseconds where there are any."""
    second, rest = divmod((at_ns + 8 * 3600 * SECOND_NS) % (86_400 * SECOND_NS), SECOND_NS)
    tail = f".{rest // 1_000_000:03d}" if rest else ""
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}{tail}"


def states(found: Replayed) -> list[tuple[str, int, str]]:
    """Return status, shares filled, and what kept it, of every order in the order they were made."""
    return [
        (order.status.value, order.filled, found.reasons.get(order.client_order_id, ""))
        for order in found.fates.orders.values()
    ]


def reasons(found: Replayed) -> list[list[str]]:
    """Return the codes of all refusals of each message."""
    made = []
    for fate in found.fates.messages:
        denials = [line.denial for line in fate.orders] + [line.denial for line in fate.cancels]
        codes = [denial.reason.value for denial in denials if denial is not None]
        made.append(codes + [answer.reason for answer in fate.answers if answer.reason])
    return made
