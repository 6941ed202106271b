"""The notifier: follows the journal of one data folder, and has people told what it holds."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from qmt_trading import __version__
from qmt_trading.market.sessions import Session
from qmt_trading.model.errors import JournalBrokenError, JournalError
from qmt_trading.model.instant import day_of
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import View
from qmt_trading.model.words import Importance, Mode
from qmt_trading.notify.channel import Channel, Secret
from qmt_trading.notify.message import Message, is_acknowledged, mark_of
from qmt_trading.notify.office import Office
from qmt_trading.run import notify_reports, notify_source
from qmt_trading.run.following import Follower
from qmt_trading.run.locks import Lock
from qmt_trading.run.notify_source import Names

LOCK: Final = "notify.lock"
HOUR_NS: Final = 3600 * SECOND_NS

Say = Callable[[str, str], None]
"""Takes what happened, in Chinese and English."""


def lock(folder: Path) -> Lock:
    """Take the lock of the folder's one notifier: two would tell everything twice.

    Raises:
        LockedError: another one runs.
    """
    return Lock(folder / LOCK, f"通知（{folder}）")


def address_of(channel: Channel, environment: Mapping[str, str] = os.environ) -> Secret | None:
    """Return where the channel leads, None where its variable is not set."""
    if channel.url is not None:
        return channel.url
    found = environment.get(channel.url_env, "").strip()
    return Secret(found) if found else None


class Notifying:
    """Feeds an office from a journal; ``step`` is for one thread."""

    def __init__(
        self,
        folder: Path,
        office: Office,
        *,
        session: Session,
        names: Mapping[AccountId, str],
        say: Say,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder = folder
        self._office = office
        self._session = session
        self._names = Names(names)
        self._say = say
        self._now_ns = now_ns
        self._follower = Follower(folder, recalls=False)
        self._repeats = any(channel.repeat for channel in office.channels)
        self._acknowledged: set[str] = set()
        self._looked: View | None = None
        self._forgot_ns = 0
        self._trouble = ""

    def step(self) -> None:
        """Take in what the journal has got, and the report that is due."""
        try:
            while self._follower.advance():
                pass
            self._take()
            self._trouble = ""
        except JournalBrokenError as error:
            self._tell_trouble(f"日志读不下去，新的提醒发不出来：{error}", critical=True)
        except (JournalError, sqlite3.Error) as error:
            self._tell_trouble(f"日志或通知的记录暂时无法读写，每秒再试：{error}", critical=False)

    def close(self) -> None:
        """Let go of the journal."""
        self._follower.close()

    def _take(self) -> None:
        view, now_ns = self._follower.view, self._now_ns()
        if view is None:
            return
        self._take_alerts(view, now_ns)
        self._take_acknowledged(view)
        self._take_report(view, now_ns)
        if abs(now_ns - self._forgot_ns) > HOUR_NS:
            self._forgot_ns = now_ns
            self._office.outbox.forget(now_ns)

    def _take_alerts(self, view: View, now_ns: int) -> None:
        position = self._office.outbox.position()
        while position is None or position.turn != self._follower.number:
            taken = notify_source.take(
                self._folder, position, until=self._follower.number, mode=view.mode, names=self._names, now_ns=now_ns
            )
            if taken.position == position:
                return
            self._office.take_in(taken.messages, taken.position)
            position = taken.position

    def _take_acknowledged(self, view: View) -> None:
        if not self._repeats or view is self._looked:
            return
        self._looked = view
        marks = {mark_of(row) for row in view.alerts if is_acknowledged(row)}
        if marks - self._acknowledged:
            self._office.outbox.acknowledge(marks - self._acknowledged)
        self._acknowledged = marks

    def _take_report(self, view: View, now_ns: int) -> None:
        kind = notify_reports.due(self._session, now_ns)
        if kind is None:
            return
        for channel in self._office.channels:
            key = notify_reports.key_of(kind, day_of(now_ns))
            if not (channel.noon if kind == "noon" else channel.daily) or self._office.outbox.has(channel.name, key):
                continue
            made = notify_reports.report(kind, view, channel, self._names, version=__version__, now_ns=now_ns)
            if made is not None:
                self._office.take_for(channel, made)

    def _tell_trouble(self, text: str, *, critical: bool) -> None:
        """Say it once; what lasts is told to people, too."""
        if text == self._trouble:
            return
        self._trouble = text
        self._say(text, "the journal or the record of notifications cannot be used now")
        if not critical:
            return
        now_ns = self._now_ns()
        view = self._follower.view
        message = Message(
            key=f"{day_of(now_ns).isoformat()}/broken/{self._follower.number}",
            at_ns=now_ns,
            importance=Importance.CRITICAL,
            mode=view.mode if view is not None else Mode.PAPER,
            chinese=self._names.hide(text),
            english="The journal cannot be read any further: later alerts are not told here.",
        )
        try:
            self._office.take_in([message])
        except sqlite3.Error as error:
            self._say(f"通知的记录写不了：{error}", "the record of notifications cannot be written")
