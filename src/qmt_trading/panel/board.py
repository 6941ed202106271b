"""The board: one thread that follows the journal, finds what is new, and hands it to the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from msgspec.structs import replace

from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model.errors import JournalError
from qmt_trading.model.view import View
from qmt_trading.panel.asking import Asking
from qmt_trading.panel.changes import Changes
from qmt_trading.panel.hub import Hub
from qmt_trading.panel.shown import EngineTold, Shown

LOOK_S: Final = 0.015
"""Between two looks at a journal where nothing happens."""
PUBLISH_S: Final = 0.05
"""Between two deltas: at most 20 a second."""
IDLE_S: Final = 0.25
"""What the engine told, and the clock, is looked at so often where the journal stands still."""
BROKEN_S: Final = 1.0

EquityPoint = tuple[str, int, str]
"""Account (empty: all together), milliseconds of the wall clock, total assets."""


class Following(Protocol):
    """What the board asks of whoever follows the journal; for one thread."""

    def advance(self) -> bool:
        """Take what was committed since the last call; tell whether there was anything.

        Raises:
            JournalError: it cannot be read now.
        """
        ...

    @property
    def view(self) -> View | None:
        """Return what the journal tells; None: there is none yet."""
        ...

    def take_equity(self) -> Sequence[EquityPoint]:
        """Return the points that came since the last call."""
        ...

    def equity(self, account: str) -> Sequence[tuple[int, str]]:
        """Return today's points of one account, or of all together where it is empty; from any thread."""
        ...


class Board:
    """Holds what is shown, for any thread, and tells the hub what is new."""

    def __init__(
        self,
        follower: Following,
        asking: Asking,
        hub: Hub,
        *,
        version: str,
        session: Session = ALWAYS_OPEN,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._follower = follower
        self._asking = asking
        asking.symbols = self.followed_symbols
        self._hub = hub
        self._now_ns = now_ns
        self._changes = Changes()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="panel-board", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shown = Shown(
            view=None,
            engine=EngineTold(),
            now_ns=now_ns(),
            steady_ns=time.perf_counter_ns(),
            version=version,
            session=session,
        )
        self._looked = 0.0
        self._told: EngineTold | None = None
        self._own: frozenset[str] = frozenset()
        self.looks = 0
        self.spent_ns = 0
        """Processor time of this thread, for the figures."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to follow; deltas are handed to ``loop``."""
        self._loop = loop
        self._asking.start()
        self._thread.start()

    def stop(self) -> None:
        """Follow no more."""
        self._stop.set()
        self._asking.stop()
        self._thread.join(5.0)

    @property
    def shown(self) -> Shown:
        """Return what is known now, with now's clock and the engine's newest words."""
        return replace(self._shown, engine=self._asking.told, now_ns=self._now_ns(), steady_ns=time.perf_counter_ns())

    def equity(self, account: str) -> Sequence[tuple[int, str]]:
        """Return today's curve: milliseconds of the wall clock, and total assets."""
        return self._follower.equity(account)

    def followed_symbols(self) -> tuple[str, ...]:
        """Return the symbols to ask quotes of: what is held or works, all of it and first, then what is watched."""
        return tuple(dict.fromkeys((*sorted(_own_symbols(self._shown.view)), *self._hub.followed)))

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                pause = self._look()
            except Exception as error:  # noqa: BLE001 - The top of the thread: it tells, and goes on after a pause.
                self._shown = replace(self._shown, trouble=f"面板内部错误 / a fault of the panel's own: {error!r}")
                pause = BROKEN_S
            self.spent_ns = time.thread_time_ns()
            self._stop.wait(pause)

    def _look(self) -> float:
        """Look once, and return how long to pause."""
        moved, trouble = self._advance()
        now, told = time.monotonic(), self._asking.told
        if not moved and now - self._looked < IDLE_S and told is self._told:
            return LOOK_S
        self._looked, self._told = now, told
        if self._publish(trouble):
            return PUBLISH_S
        return BROKEN_S if trouble else LOOK_S

    def _advance(self) -> tuple[bool, str]:
        self.looks += 1
        try:
            return self._follower.advance(), ""
        except JournalError as error:
            return False, str(error)

    def _publish(self, trouble: str) -> bool:
        """Show what is known now, and tell what of it is new; False: nothing is."""
        self._shown = replace(
            self._shown,
            view=self._follower.view,
            read_ns=self._shown.read_ns if trouble else time.perf_counter_ns(),
            trouble=trouble,
        )
        shown = self.shown
        self._tell_own(shown.view)
        delta = self._changes.since_last(shown, self._follower.take_equity(), shown.steady_ns)
        if delta is None or self._loop is None:
            return False
        try:
            self._loop.call_soon_threadsafe(self._hub.publish, delta)
        except RuntimeError:
            self._stop.set()  # The loop has closed before us.
        return True

    def _tell_own(self, view: View | None) -> None:
        """Let the hub know what is followed in any case: the rest of the room is for what is watched."""
        own = _own_symbols(view)
        if own == self._own or self._loop is None:
            return
        self._own = own
        with contextlib.suppress(RuntimeError):  # The loop has closed: the next delta finds that, too.
            self._loop.call_soon_threadsafe(self._hub.hold, own)


def _own_symbols(view: View | None) -> frozenset[str]:
    if view is None:
        return frozenset()
    held = {held.symbol for held in view.positions if held.quantity}
    return frozenset(held.union(*(row.open_buys for row in view.accounts)))
