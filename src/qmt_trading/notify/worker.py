"""One channel's thread: what is due goes out, and what became of it is noted; no other channel waits for it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Importance
from qmt_trading.notify.batches import Batch, Form, choose
from qmt_trading.notify.channel import Channel
from qmt_trading.notify.message import RANK
from qmt_trading.notify.outbox import Outbox
from qmt_trading.notify.sender import Sender, UndeliveredError
from qmt_trading.notify.timing import AGAIN_NS, RETRIES_NS, Pace, pause_ns
from qmt_trading.notify.words import Written

LOOK_S: Final = 1.0
PATIENCE_S: Final = 60.0
"""A far end that has not ended by then counts as a failure; nothing else is sent there until it has ended."""

Say = Callable[[str, str], None]
"""Takes what happened, in Chinese and English."""


class _Attempt:
    """One message on its way, in a thread of its own: there is no other way to leave one that hangs."""

    def __init__(self, sender: Sender, batch: Batch, written: Written, importance: Importance) -> None:
        self.batch = batch
        self._trouble = "没有说明原因 / no reason was given"
        self._thread = threading.Thread(
            target=self._run, args=(sender, written, importance), name="notify-send", daemon=True
        )
        self._thread.start()

    def wait(self, patience_s: float) -> str | None:
        """Return why it was not taken, empty where it was; None: that takes longer than ``patience_s``."""
        self._thread.join(patience_s)
        return None if self._thread.is_alive() else self._trouble

    def _run(self, sender: Sender, written: Written, importance: Importance) -> None:
        try:
            sender.send(written, importance)
        except UndeliveredError as error:
            self._trouble = str(error)
        else:
            self._trouble = ""


class Worker:
    """Sends from the outbox to one channel, in the order of its choice, until it is stopped."""

    def __init__(
        self,
        channel: Channel,
        outbox: Outbox,
        sender: Sender,
        say: Say,
        *,
        now_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = time.monotonic_ns,
        patience_s: float = PATIENCE_S,
        retries_ns: tuple[int, ...] = RETRIES_NS,
        look_s: float = LOOK_S,
    ) -> None:
        self._channel = channel
        self._outbox = outbox
        self._sender = sender
        self._say = say
        self._now_ns = now_ns
        self._steady_ns = steady_ns
        self._patience_s = patience_s
        self._retries_ns = retries_ns
        self._look_s = look_s
        self._began_ns = now_ns()
        self._pace = Pace()
        self._unended: _Attempt | None = None
        self._unnoted: set[str] = set()
        """Told, and the outbox could not be written: never told again by this process."""
        self._reminded_ns: int | None = None
        self._fails = False
        self._is_stuck = False
        self.failure = ""
        """The kind of error that has ended the thread; empty: none has."""
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"notify-{channel.name}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def look(self) -> None:
        """Have it look at the outbox now."""
        self._wake.set()

    def stop(self, patience_s: float = 2.0) -> None:
        """Begin nothing more; what is under way has ``patience_s`` to end, else the next start sends it again."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(patience_s)

    def step(self) -> None:
        """Send what is due now."""
        now_ns = self._now_ns()
        if not self._is_free(now_ns):
            return
        due = [item for item in self._outbox.due(self._channel.name, now_ns) if item.key not in self._unnoted]
        room = self._pace.room(self._steady_ns())
        for batch in choose(due, self._channel, now_ns=now_ns, began_ns=self._began_ns, room=room):
            if self._stopping.is_set() or not self._send(batch):
                return
        if self._channel.repeat and self._pace.room(self._steady_ns()) > 0:
            self._remind(now_ns)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step()
                self._is_stuck = False
            except sqlite3.Error as error:
                if not self._is_stuck:
                    self._is_stuck = True
                    self._say(f"通知的记录读写失败（{error}），每秒再试", f"the record of notifications fails: {error}")
            except Exception as error:  # noqa: BLE001 - The top of a thread: the process ends, and is begun anew.
                self.failure = type(error).__name__  # Its text may quote an address.
                return
            self._wake.wait(self._look_s)
            self._wake.clear()

    def _is_free(self, now_ns: int) -> bool:
        """Tell whether nothing is under way any more; what was told meanwhile is noted."""
        if self._unnoted:
            self._outbox.told(self._channel.name, sorted(self._unnoted), now_ns)
            self._unnoted.clear()
        if self._unended is None:
            return True
        trouble = self._unended.wait(0)
        if trouble is None:
            return False
        batch, self._unended = self._unended.batch, None
        if trouble == "":
            self._note_told(batch, now_ns)
        return True

    def _send(self, batch: Batch) -> bool:
        """Send one message and note what became of it; tell whether another one may follow."""
        self._pace.note(self._steady_ns())
        importance = max((item.importance for item in batch.items), key=RANK.__getitem__)
        attempt = _Attempt(self._sender, batch, batch.written(self._channel.language), importance)
        trouble = attempt.wait(self._patience_s)
        now_ns = self._now_ns()
        if trouble == "":
            self._note_told(batch, now_ns)
            return True
        if trouble is None:
            self._unended = attempt
            trouble = f"{self._patience_s:g} 秒内没有发完"
        self._note_failed(batch, trouble, now_ns)
        return self._unended is None

    def _note_told(self, batch: Batch, now_ns: int) -> None:
        if self._fails:
            self._fails = False
            self._say(f"渠道「{self._channel.name}」恢复了", f"the channel {self._channel.name} works again")
        self._unnoted |= {item.key for item in batch.items}
        self._outbox.told(self._channel.name, sorted(self._unnoted), now_ns)
        self._unnoted.clear()

    def _note_failed(self, batch: Batch, trouble: str, now_ns: int) -> None:
        name = self._channel.name
        if batch.form is Form.REMINDER:
            return
        keys = [item.key for item in batch.items]
        given_up, tries = self._outbox.failed(name, keys, now_ns, retries_ns=self._retries_ns, why=trouble)
        if given_up:
            self._say(
                f"渠道「{name}」六小时没有发成，放弃 {given_up} 条（{trouble}）；面板和 qmt alerts 里都还在",
                f"the channel {name} has failed for six hours: {given_up} messages are given up",
            )
        elif not self._fails:
            self._fails = True
            pause_s = pause_ns(max(tries, 1), self._retries_ns) / SECOND_NS
            self._say(
                f"渠道「{name}」没有发成（{trouble}），{pause_s:g} 秒后重试，不丢",
                f"the channel {name} fails and is tried again; nothing is lost",
            )

    def _remind(self, now_ns: int) -> None:
        items = self._outbox.unacknowledged(self._channel.name, now_ns)
        if not items or (self._reminded_ns is not None and self._steady_ns() - self._reminded_ns < AGAIN_NS):
            return
        self._reminded_ns = self._steady_ns()
        self._send(Batch(Form.REMINDER, tuple(items)))
