"""Write the shipped table of trading days: ``python tools/session_table.py``, with exchange_calendars installed.

The library is asked for its calendar of Shanghai (XSHG), which holds for Shenzhen and Beijing as well, from its first
session to the last day of the last year that it knows whole. What it says goes to market/session_table.py as weekdays
without trading; there has been no session on a weekend. The tests hold the table against the library day by day.
This file cannot be called calendar.py: a script's folder comes first when Python looks for its own calendar.
"""

from __future__ import annotations

import datetime as dt
import importlib
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "src" / "qmt_trading" / "market" / "session_table.py"
FIRST: Final = dt.date(1990, 12, 19)
"""The first session of the Shanghai exchange."""
_A_LINE: Final = 20

_TEXT: Final = '''\
"""The trading days of Shanghai, Shenzhen and Beijing from {first} to {last}, as weekdays without trading.

Written by tools/session_table.py from exchange_calendars {version} (XSHG); not to be edited by hand.
"""

from __future__ import annotations

from typing import Final

FIRST: Final = "{first}"
LAST: Final = "{last}"
CLOSED: Final = """\\
{closed}
"""
"""Weekdays without trading, a line for each year or part of one: the year, then month and day of each."""
'''


def sessions() -> tuple[frozenset[dt.date], str]:
    """Return every session that the library knows, and the library's version."""
    library = importlib.import_module("exchange_calendars")
    calendar = library.get_calendar("XSHG", start=FIRST.isoformat())
    return frozenset(stamp.date() for stamp in calendar.sessions), str(library.__version__)


def text() -> str:
    """Return the module as the library would have it.

    Raises:
        ValueError: the library knows the last year in part only, or a session on a weekend.
    """
    known, version = sessions()
    last = max(known)
    if (last.month, last.day) < (12, 28):
        raise ValueError(f"the last year is not whole: it ends on {last}")
    weekend = sorted(day for day in known if day.weekday() >= 5)
    if weekend:
        raise ValueError(f"sessions on weekends, for which the table has no place: {weekend}")
    last = dt.date(last.year, 12, 31)
    closed: dict[int, list[str]] = {}
    day = min(known)
    while day <= last:
        if day.weekday() < 5 and day not in known:
            closed.setdefault(day.year, []).append(f"{day:%m%d}")
        day += dt.timedelta(days=1)
    lines = [
        " ".join([str(year), *days[first : first + _A_LINE]])
        for year, days in closed.items()
        for first in range(0, len(days), _A_LINE)
    ]
    return _TEXT.format(first=min(known).isoformat(), last=last.isoformat(), version=version, closed="\n".join(lines))


def main() -> int:
    """Write the table and return 0."""
    TARGET.write_text(text(), encoding="utf-8", newline="\n")
    print(TARGET.relative_to(ROOT).as_posix())
    return 0


if __name__ == "__main__":
    sys.exit(main())
