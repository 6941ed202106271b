"""Keeps one strategy running on an engine: quotes in, bars, calls, orders out, what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from qmt_trading.model.errors import JournalError
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, to_text
from qmt_trading.model.view import View
from qmt_trading.research.growing import NewBar
from qmt_trading.research.live import LiveRun
from qmt_trading.run.strategies.bar_log import BarLog
from qmt_trading.run.strategies.bar_maker import BarMaker
from qmt_trading.run.strategies.fit import is_near
from qmt_trading.run.strategies.seat import News, Seat, SeatOrder

QUOTES_EVERY_NS: Final = SECOND_NS // 2
TELL_AGAIN_NS: Final = 60 * SECOND_NS
LEFT_NAMED_MAX: Final = 5
TOLD_MAX: Final = 1000
"""Complaints whose time is remembered."""
_MINUTE_NS: Final = 60 * SECOND_NS


class Surroundings(Protocol):
    """What a strategy's process knows of the engine beside its seat. Each call may wait for a moment."""

    def view(self) -> View | None:
        """Return what the engine's journal tells now; None: there is none yet.

        Raises:
            JournalError: it cannot be read now.
        """
        ...

    def quotes(self) -> Sequence[Quote]:
        """Return the quotes of the strategy's symbols.

        Raises:
            OSError: no engine answers.
        """
        ...


class Keeper:
    """One strategy. ``look`` is called again and again by one thread, and never waits by itself."""

    def __init__(
        self,
        run: LiveRun,
        seat: Seat,
        maker: BarMaker,
        log: BarLog,
        surroundings: Surroundings,
        *,
        now_ns: Callable[[], int],
        say: Callable[[str], None],
        timers: Sequence[str] = (),
    ) -> None:
        """Take the strategy; nothing of it is called yet.

        Args:
            say: tells the person at the console.
        """
        self._run = run
        self._seat = seat
        self._maker = maker
        self._log = log
        self._surroundings = surroundings
        self._now_ns = now_ns
        self._say = say
        self._timers = sorted(map(_time_ns, timers))
        self._view: View | None = None
        self._asked_ns = 0
        self._told_ns: dict[str, int] = {}
        self._timed_until_ns = now_ns()
        self._is_begun = False
        self._is_cut_off = False
        """No engine has answered since it last did."""

    def remember(self) -> int:
        """Take the bars of earlier runs as history; return how many there were."""
        last_ns = {each.symbol: each.last_ns for each in self._run.growing}
        bars = [bar for bar in self._log.read() if bar.symbol in last_ns and bar.at_ns > last_ns[bar.symbol]]
        self._run.remember(bars)
        return len(bars)

    def look(self) -> None:
        """Take what is new, and call the strategy where it wants to be called.

        Raises:
            StrategyError: it raised.
        """
        self._see()
        if self._view is None:
            return
        if not self._is_begun:
            self._is_begun = True
            self._tell_left()
            self._run.start()
        now_ns = self._now_ns()
        if now_ns - self._asked_ns >= QUOTES_EVERY_NS or now_ns < self._asked_ns:
            self._asked_ns = now_ns
            self._take_quotes()
        for bars in self._maker.ended(now_ns):
            self._take_bars(bars)
        self._call_timers(now_ns)
        self._see()

    def _see(self) -> None:
        """Let the seat see what the engine says, and tell the strategy; what it asks for then is seen the next time."""
        try:
            view = self._surroundings.view()
        except JournalError as error:
            self._complain(f"! 引擎的日志暂时读不了：{error}")
            return
        if view is None:
            self._complain("! 引擎还没有运行过：先 qmt run / no engine has run here")
            return
        self._view = view
        for news in self._seat.see(view):
            self._tell(news)

    def _tell_left(self) -> None:
        """Say what a process before this one has left working: the strategy does not see it, and may ask for more."""
        orders, timed = self._seat.left()
        if orders or timed:
            left = [*(row.client_order_id for row in orders), *(each.name for each in timed)]
            names = "、".join(left[:LEFT_NAMED_MAX])
            self._say(
                f"! 上次运行留下的委托还有 {len(orders)} 笔、等时间的 {len(timed)} 条（{names}）："
                "策略不知道它们，可能再下一次；不要的用 qmt cancel 编号 撤掉 / "
                "orders of an earlier run still work, and the strategy does not know them"
            )

    def _tell(self, news: News) -> None:
        order, text = news.order, _told(news)
        if order.denied:  # A strategy that asks again at every quote is refused again at every quote.
            self._complain(text, text)
        else:
            self._say(text)
        if news.is_fill:
            self._run.filled(order)
        else:
            self._run.ended(order)

    def _take_quotes(self) -> None:
        try:
            quotes = self._surroundings.quotes()
        except OSError as error:
            self._is_cut_off = True
            self._complain(f"! 引擎没有应答，没有行情：{error}")
            return
        if self._is_cut_off:
            self._is_cut_off = False
            self._say("✓ 引擎又应答了，已接上；中间的 K 线没有 / the engine answers again")
        for quote in quotes:
            self._seat.quote(quote)
            self._maker.take(quote)

    def _take_bars(self, bars: Sequence[NewBar]) -> None:
        known = {each.symbol: each.last_ns for each in self._run.growing}
        fresh = [bar for bar in bars if bar.at_ns > known[bar.symbol]]
        if fresh:
            self._tell_ex_days({bar.symbol: bar for bar in fresh})
            if self._run.frequency != "tick":
                self._log.add(fresh)
            self._run.take(fresh)

    def _tell_ex_days(self, fresh: Mapping[Symbol, NewBar]) -> None:
        """Say where a day begins off the close before: the bars lie there as they were traded, and indicators fall."""
        for each in self._run.growing:
            bar = fresh.get(each.symbol)
            if bar is None or not bar.previous_close or each.last_day in (None, day_of(bar.at_ns)):
                continue
            close = int(each.bars().close[-1])
            if not is_near(close, bar.previous_close):
                self._say(
                    f"! {each.symbol}：昨收 {to_text(bar.previous_close)}，上一根收盘 {to_text(close)}，像是除权除息："
                    "K 线没有复权，指标会把它看成涨跌 / an ex-day, as it seems: indicators see a jump"
                )

    def _call_timers(self, now_ns: int) -> None:
        """Call the timers whose time has come since the last look, and none that fell to a time before the start."""
        day = day_of(now_ns)
        for time_ns in self._timers:
            due_ns = at_time(day, time_ns)
            if self._timed_until_ns < due_ns <= now_ns:
                self._run.timer(due_ns)
        self._timed_until_ns = now_ns

    def _complain(self, text: str, key: str = "") -> None:
        """Say what is wrong, the same again after a minute at the soonest; ``key`` is what makes it the same."""
        now_ns, key = self._now_ns(), key or text[:20]
        if not 0 <= now_ns - self._told_ns.get(key, -TELL_AGAIN_NS) < TELL_AGAIN_NS:
            if len(self._told_ns) >= TOLD_MAX:
                self._told_ns.clear()
            self._told_ns[key] = now_ns
            self._say(text)


def _told(news: News) -> str:
    order = news.order
    what = f"{order.symbol} {_side(order)} {order.quantity}"
    if news.is_fill:
        return f"✓ {what}：成交 {order.filled}"
    if order.denied:
        why = f"{order.text}（{order.reason}）" if order.text else order.reason
        return f"✗ {what}：没有发出，{why}"
    return f"- {what}：结束，成交 {order.filled}{'，' + order.reason if order.reason else ''}"


def _side(order: SeatOrder) -> str:
    return {1: "买入", -1: "卖出"}.get(order.side, "调到")


def _time_ns(text: str) -> int:
    moment = dt.time.fromisoformat(text)
    return (moment.hour * 3600 + moment.minute * 60 + moment.second) * SECOND_NS
