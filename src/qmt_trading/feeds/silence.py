"""Whether the quotes as a whole have fallen silent, in continuous trading only; pure."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from qmt_trading.market.phases import Phase
from qmt_trading.market.sessions import Session
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS

SILENCE_NS: Final = 3 * SECOND_NS
PATIENCE_MAX_NS: Final = 6 * SECOND_NS
ASK_AGAIN_NS: Final = 10 * SECOND_NS
_GAPS: Final = 16
_BOARD: Final = Symbol("600000.SH")


class FeedTold(NamedTuple):
    """The feed has fallen silent, or speaks again."""

    silent: bool
    chinese: str
    english: str


class Silence:
    """Judges from when something was heard that was new. Every instant is wall clock; used by one thread at a time.

    Silent is a feed that has said nothing new for three seconds of continuous trading, or for one and a half times the
    longest of its last pauses where that is more, up to six seconds: a handful of stocks speaks every three seconds.
    The break, the auctions, the night and the first three seconds after each are no silence.
    """

    def __init__(self, session: Session, *, begun_ns: int) -> None:
        self._session = session
        self._begun_ns = begun_ns
        self._heard_ns = 0
        self._gaps: deque[int] = deque(maxlen=_GAPS)
        self._told = False
        self._asked_ns = 0

    @property
    def is_silent(self) -> bool:
        """Whether it was silent when it was looked at last."""
        return self._told

    def begin(self, now_ns: int) -> None:
        """Count from here on: the wanted set of quotes has changed, or the way to the terminal is open again."""
        self._begun_ns = now_ns

    def heard(self, now_ns: int) -> None:
        """Something new has come; what was known already, told again, is nothing new."""
        gap_ns = now_ns - self._heard_ns
        if self._heard_ns and 0 <= gap_ns < PATIENCE_MAX_NS:
            self._gaps.append(gap_ns)
        self._heard_ns = now_ns

    def look(self, now_ns: int) -> tuple[FeedTold | None, bool]:
        """Return what is to be told, once for each change, and whether to ask for all quotes anew.

        It is asked for at the beginning of a silence and every ten seconds of it.
        """
        begins_ns = self._trading_since(now_ns)
        if begins_ns is None:
            self._told = False
            return None, False
        since_ns = max(self._heard_ns, self._begun_ns, begins_ns)
        silent_ns = now_ns - since_ns
        if silent_ns < self._patience_ns():
            if not self._told or self._heard_ns < since_ns:
                return None, False
            self._told = False
            return FeedTold(False, "行情恢复", "quotes have come back"), False
        if self._told:
            if now_ns - self._asked_ns < ASK_AGAIN_NS:
                return None, False
            self._asked_ns = now_ns
            return None, True
        self._told, self._asked_ns = True, now_ns
        seconds = silent_ns / SECOND_NS
        chinese = f"行情中断：已有 {seconds:.1f} 秒没有新行情，正在重新订阅；按「最新」「对手」等写的价格暂停"
        return FeedTold(True, chinese, f"no new quote for {seconds:.1f} s, subscribing again"), True

    def _patience_ns(self) -> int:
        longest = max(self._gaps, default=0)
        return min(max(SILENCE_NS, longest * 3 // 2), PATIENCE_MAX_NS)

    def _trading_since(self, now_ns: int) -> int | None:
        span = self._session.span_at(_BOARD, now_ns)
        if span.phase is not Phase.CONTINUOUS:
            return None
        return at_time(day_of(now_ns), span.begins_ns)
