"""Asking the engine what no record tells, in small reads, on a thread of its own: a silent engine holds up nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import Plain
from qmt_trading.link.dial import DialError
from qmt_trading.model.instrument import Quote
from qmt_trading.model.numbers import to_text
from qmt_trading.panel.shown import EngineTold

QUOTES_S: Final = 0.3
STATUS_S: Final = 1.0
SILENT_S: Final = 3.0
"""An engine that has not answered for so long counts as not running."""
STUCK_S: Final = 10.0
"""A thread that waits in one call of the system for so long will not say so itself."""
SYMBOLS_AT_ONCE: Final = 500
"""In one question, of which the engine answers no more than 1,000."""

Ask = Callable[[wire.ControlRequest], list[Plain]]
"""Return the engine's answer, in time or not at all.

Raises:
    EngineDownError: no engine runs: nothing was taken.
    DialError: it runs and does not answer: it may have been carried out.
    ControlError: it refuses, and says why.
"""


class EngineDownError(DialError):
    """No engine runs; nothing was taken."""


class Asking:
    """Asks for as long as it runs; what was answered is swapped whole."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.symbols: Callable[[], Iterable[str]] = tuple
        """Whose quotes to ask for, all of them; looked at each time."""
        self._told = EngineTold()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="panel-asking", daemon=True)

    @property
    def told(self) -> EngineTold:
        """What was answered last; an engine that is silent for long does not run, whatever this thread waits for."""
        told = self._told
        stuck = told.runs and time.perf_counter_ns() - told.answered_ns > STUCK_S * 1e9
        return msgspec.structs.replace(told, runs=False) if stuck else told

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; does not wait for an answer that is still to come."""
        self._stop.set()

    def _run(self) -> None:
        status_due = 0.0
        while not self._stop.is_set():
            now = time.monotonic()
            try:
                if now >= status_due:
                    status_due = now + STATUS_S
                    self._take_status()
                if self._told.runs:
                    self._take_quotes()
            except wire.ControlError as error:
                self._note(str(error))
            except OSError as error:
                self._note(str(error))
            except Exception as error:  # noqa: BLE001 - The top of the thread: it tells, and goes on after a pause.
                self._note(f"面板内部错误 / a fault of the panel's own: {error!r}")
            self._stop.wait(QUOTES_S)

    def _take_status(self) -> None:
        status = self._ask(wire.Read("status", 1))
        accounts = self._ask(wire.Read("accounts", 1))
        doors = self._ask(wire.Read("doors", 1))
        self._told = msgspec.structs.replace(
            self._told,
            runs=True,
            answered_ns=time.perf_counter_ns(),
            trouble="",
            status=status[0] if status else {},
            accounts={str(row.get("account")): row for row in accounts},
            doors=tuple(doors),
        )

    def _take_quotes(self) -> None:
        symbols = tuple(self.symbols())
        if not symbols:
            return  # Nobody was asked, so nobody has answered.
        quotes: dict[str, Plain] = {}
        for first in range(0, len(symbols), SYMBOLS_AT_ONCE):
            quotes |= quotes_of(self._ask(wire.Quotes(symbols[first : first + SYMBOLS_AT_ONCE])))
        self._told = msgspec.structs.replace(
            self._told,
            answered_ns=time.perf_counter_ns(),
            quotes=quotes,
            prices={symbol: str(row["last"]) for symbol, row in quotes.items() if row["last"] is not None},
        )

    def _note(self, trouble: str) -> None:
        silent_ns = time.perf_counter_ns() - self._told.answered_ns
        runs = self._told.runs and silent_ns < SILENT_S * 1e9
        if runs != self._told.runs or trouble != self._told.trouble:
            self._told = msgspec.structs.replace(self._told, runs=runs, trouble=trouble)


def quotes_of(rows: Iterable[Plain]) -> Mapping[str, Plain]:
    """Return the quotes of an answer as rows by symbol: a price that does not exist is null, never 0 (A18)."""
    quotes = (msgspec.convert(row["quote"], Quote) for row in rows if row.get("quote") is not None)
    return {quote.symbol: _quote(quote) for quote in quotes}


def _quote(quote: Quote) -> Plain:
    levels: Plain = {}
    for number in range(5):
        levels[f"bid{number + 1}"] = _price(quote.bids[number]) if number < len(quote.bids) else None
        levels[f"ask{number + 1}"] = _price(quote.asks[number]) if number < len(quote.asks) else None
    return {
        "symbol": quote.symbol,
        "name": quote.name,
        "last": _price(quote.last),
        "previous_close": _price(quote.previous_close),
        "limit_up": _price(quote.limit_up),
        "limit_down": _price(quote.limit_down),
        **levels,
        "suspended": quote.suspended,
        "risk_warning": quote.risk_warning,
        "quoted_ns": quote.quoted_ns,
    }


def _price(value: int) -> str | None:
    return to_text(value) if value > 0 else None
