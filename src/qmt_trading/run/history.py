"""Fetches history through a terminal: downloads it into the terminal's own store, and writes a recording of it."""

from __future__ import annotations

import csv
import datetime as dt
import os
import queue
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.child import ChildCarrier
from qmt_trading.brokers.linked.condition import Answer, Condition, Level, LinkPhase, Listeners
from qmt_trading.brokers.qmt.dialect import XtTranslate
from qmt_trading.feeds.history import HistoryError, columns, recorded
from qmt_trading.link.messages import Barred, Bars, Downloaded, Progress, Trouble
from qmt_trading.model.instrument import Symbol
from qmt_trading.ports import Clock

AT_ONCE: Final = 200
"""Symbols of one download: a line to a host holds no more than 16 KiB."""
QUIET_S: Final = 120.0
"""A terminal that says nothing for so long has hung."""

Asked = Answer | Trouble | Condition


class HistoryProgress(NamedTuple):
    """How far it has come; ``symbol`` is empty while the terminal downloads."""

    done: int
    total: int
    symbol: str = ""


class Outcome(NamedTuple):
    """What was written."""

    rows: int
    empty: tuple[Symbol, ...]
    """Symbols of which there was nothing."""
    left_out: int
    """Bars and ticks without a price."""


class HistoryFetch:
    """One host of its own, started for this and ended with it: it looks only, and opens no account."""

    def __init__(self, command: Sequence[str], clock: Clock, *, quiet_s: float = QUIET_S) -> None:
        """Prepare to run the host ``command``.

        Args:
            quiet_s: how long the terminal may say nothing before it counts as hung.
        """
        self._quiet_s = quiet_s
        self._heard: queue.SimpleQueue[Asked] = queue.SimpleQueue()
        self._troubles: list[Trouble] = []
        self._broker = LinkedBroker(
            "history",
            ChildCarrier(command, name="history"),
            (),
            clock,
            XtTranslate(),
            Level.NONE,
            listeners=Listeners(answer=self._heard.put, trouble=self._heard.put, state=self._heard.put),
        )

    def run(
        self,
        symbols: Sequence[Symbol],
        period: str,
        begin: dt.date,
        end: dt.date,
        path: Path,
        told: Callable[[HistoryProgress], None],
    ) -> Outcome:
        """Write the history of ``symbols`` from day ``begin`` to day ``end``, both whole, to ``path``.

        The file is there whole or not at all; ``told`` is called from this thread.

        Raises:
            HistoryError: the terminal cannot be reached, has hung, or gave what cannot be read; the text says which.
            OSError: the file cannot be written.
        """
        with closing(self.each(symbols, period, begin, end, told)) as found:
            part = path.with_name(path.name + ".part")
            try:
                with part.open("w", encoding="utf-8", newline="") as file:
                    outcome = _write(file, period, found)
                os.replace(part, path)
            finally:
                part.unlink(missing_ok=True)
            return outcome

    def each(
        self,
        symbols: Sequence[Symbol],
        period: str,
        begin: dt.date,
        end: dt.date,
        told: Callable[[HistoryProgress], None],
    ) -> Generator[tuple[Symbol, list[object]], None, None]:
        """Yield the rows of each of ``symbols`` from day ``begin`` to day ``end`` as the terminal gives them.

        They are downloaded into the terminal's own store first, ``AT_ONCE`` symbols together. The host ends with the
        generator: close it, or go to its end. Once only.

        Raises:
            HistoryError: the terminal cannot be reached, or has hung; the text says which.
        """
        first, last = f"{begin:%Y%m%d}", f"{end:%Y%m%d}"
        if period != "1d":
            first, last = f"{first}000000", f"{last}235959"
        self._broker.start(lambda report: None)
        try:
            while self._broker.condition().phase is not LinkPhase.OPEN:
                self._next()
            for number in range(0, len(symbols), AT_ONCE):
                together = symbols[number : number + AT_ONCE]
                self._download(together, period, first, last, number, len(symbols), told)
                for place, symbol in enumerate(together, start=number + 1):
                    yield symbol, self._bars(symbol, period, first, last)
                    told(HistoryProgress(place, len(symbols), symbol))
        finally:
            self._broker.stop()

    def _download(
        self,
        symbols: Sequence[Symbol],
        period: str,
        begin: str,
        end: str,
        before: int,
        total: int,
        told: Callable[[HistoryProgress], None],
    ) -> None:
        question = self._sent(self._broker.download(symbols, period, begin, end))
        while True:
            match self._next():
                case Progress(q=q, done=done) if q == question:
                    told(HistoryProgress(before + min(done, len(symbols)), total))
                case Downloaded(q=q, failed=failed, text=text) if q == question:
                    if failed or text:
                        raise HistoryError(f"下载未完成：{text or '、'.join(failed)} / the download has failed")
                    told(HistoryProgress(before + len(symbols), total))
                    return
                case _:
                    continue

    def _bars(self, symbol: Symbol, period: str, begin: str, end: str) -> list[object]:
        question = self._sent(self._broker.bars(symbol, period, begin, end))
        rows: list[object] = []
        while True:
            match self._next():
                case Bars(q=q, rows=part) if q == question:
                    rows += part
                case Barred(q=q, failed=failed, text=text) if q == question:
                    if failed or text:
                        raise HistoryError(f"{symbol} 读不出历史数据：{text or '终端没有说明'} / bars cannot be read")
                    return rows
                case _:
                    continue

    def _sent(self, question: str) -> str:
        if not question:
            raise HistoryError(f"终端的宿主程序已断开{self._why()} / the host has gone")
        return question

    def _next(self) -> Asked:
        """Return what comes next; a host that ends, or says that it cannot go on, is an error."""
        until = time.monotonic() + self._quiet_s
        while True:
            try:
                heard = self._heard.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise HistoryError(
                    f"终端已有 {self._quiet_s:.0f} 秒没有回答{self._why()} / the terminal does not answer"
                ) from None
            if isinstance(heard, Trouble):
                self._troubles.append(heard)
                if heard.fatal or heard.code.startswith("host_"):
                    raise HistoryError(f"终端不能用{self._why()} / the terminal cannot be used")
                continue
            if isinstance(heard, Condition) and heard.phase is LinkPhase.WAITING and heard.text:
                raise HistoryError(f"终端的宿主程序已断开：{heard.text}{self._why()} / the host has gone")
            return heard

    def _why(self) -> str:
        return "".join(f"；{each.text}" for each in self._troubles[-3:])


def _write(file: TextIO, period: str, found: Iterable[tuple[Symbol, list[object]]]) -> Outcome:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns(period))
    count = left_out = 0
    empty: list[Symbol] = []
    for symbol, rows in found:
        made = recorded(symbol, period, rows)
        writer.writerows(made.rows)
        count, left_out = count + len(made.rows), left_out + made.left_out
        if not made.rows:
            empty.append(symbol)
    file.flush()
    os.fsync(file.fileno())
    return Outcome(count, tuple(empty), left_out)
