"""What a minute's time is: the zone it is written in, and whether it is the bar's end or its start."""

from __future__ import annotations

from typing import Final

from qmt_trading.feeds.findings import stop
from qmt_trading.feeds.options import Options
from qmt_trading.feeds.table import OFFSET_NS, Integers, time_of_day

_MINUTE: Final = 60_000_000_000
_OPEN: Final = 555 * _MINUTE
"""9:15, where the first auction begins."""
_SHUT: Final = 931 * _MINUTE
"""15:31, where the last trading ends."""
_MOST: Final = 0.9


def stamped(file: str, at_ns: Integers, rows: Integers, options: Options, *, has_time: bool) -> tuple[Integers, str]:
    """Return instants as the house has them, a minute's bar at its end, and what there is to say about it.

    Raises:
        UnusableError: the times lie outside of trading hours as they are read, or contradict what was said, or do not
            tell whether they are ends or starts.
    """
    if not has_time or not len(at_ns):
        return at_ns, ""
    if _inside(at_ns) < _MOST:
        shifted = {"UTC": at_ns + OFFSET_NS, "Asia/Shanghai": at_ns - OFFSET_NS}
        likely = next((zone for zone, moved in shifted.items() if _inside(moved) >= _MOST), "")
        hint = f"像是 {likely}" if likely else "也不像差 8 小时"
        stop(
            file,
            "ZONE",
            f"时间大多不在交易时段（第 {int(rows[0])} 行读作 {_clock(int(time_of_day(at_ns)[0]))}），{hint}",
            "most times lie outside of trading hours",
            f"写 --zone {likely}" if likely else "查一下时间列",
            f"say --zone {likely}" if likely else "look at the column of times",
        )
    if options.frequency != "1m":
        return at_ns, ""
    found = _stamp(time_of_day(at_ns))
    if options.stamp and found and options.stamp != found:
        stop(
            file,
            "STAMP",
            f"命令说时间是一分钟的{_WORDS[options.stamp]}，文件里却是{_WORDS[found]}",
            f"times are said to be the {options.stamp} of their minute and are its {found}",
            f"写 --stamp {found}",
            f"say --stamp {found}",
        )
    stamp = options.stamp or found
    if not stamp:
        stop(
            file,
            "STAMP",
            "看不出时间是一分钟的开始还是结束（既没有 9:30、13:00，也没有 11:30、15:00）",
            "nothing tells whether times are the start or the end of their minute",
            "写 --stamp end 或 --stamp start",
            "say --stamp end or --stamp start",
        )
    if stamp == "end":
        return at_ns, "" if options.stamp else "时间是一分钟的结束（有 15:00，没有 13:00） / stamped at the end"
    return at_ns + _MINUTE, "时间是一分钟的开始，已改为结束（加一分钟） / stamped at the start: one minute was added"


_WORDS: Final = {"end": "结束", "start": "开始"}


def _stamp(clock: Integers) -> str:
    """Return ``end`` or ``start``; empty where nothing tells.

    13:00 begins a minute and ends none; 11:30 and 15:00 end one and begin none. 9:30 may be the opening auction.
    """
    minutes = clock // _MINUTE
    starts = int((minutes == 780).sum())
    ends = int(((minutes == 690) | (minutes == 900)).sum())
    if starts and not ends:
        return "start"
    if ends and not starts:
        return "end"
    if starts and ends:
        return "end" if ends > 2 * starts else "start" if starts > ends else ""
    return ""


def _inside(at_ns: Integers) -> float:
    clock = time_of_day(at_ns)
    return float(((clock >= _OPEN) & (clock <= _SHUT)).mean())


def _clock(time_ns: int) -> str:
    minutes = time_ns // _MINUTE
    return f"{minutes // 60}:{minutes % 60:02d}"
