"""Days of history that cannot be, and that a run would go over all the same: the exchanges shut, or days to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from qmt_trading.market.calendar import Calendar
from qmt_trading.research.columns import Bars
from qmt_trading.research.costs import Words
from qmt_trading.research.warned import some_of


def doubts_of(bars: Iterable[Bars], calendar: Calendar, today: dt.date) -> tuple[Words, ...]:
    """Return what there is to say of days in ``bars`` on which nothing can have traded.

    Args:
        today: what is later has not been yet.
    """
    days = sorted({day for each in bars for day in each.days.tolist()})
    shut = [str(day) for day in days if day <= today and not calendar.is_open(day)]
    coming = [str(day) for day in days if day > today]
    found: list[Words] = []
    for wrong, chinese, english in (
        (shut, "交易所休市，却有行情", "there is history and the exchanges were shut"),
        (coming, "还没有到，却有行情", "there is history and they have not been yet"),
    ):
        if wrong:
            named, named_english = some_of(wrong)
            told = f"有 {len(wrong)} 天{chinese}（{named}）：数据有错，结果不可信。先用 qmt data check 查，改好重新导入"
            told_english = (
                f"on {len(wrong)} day(s) {english} ({named_english}): the data is wrong, "
                "trust no figure; see qmt data check and import it anew"
            )
            found.append((told, told_english))
    return tuple(found)
