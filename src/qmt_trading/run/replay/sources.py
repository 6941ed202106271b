"""Where recorded messages come from besides lines of text: order files at a time, and the journal of an engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from qmt_trading.brokers.simulated.records import AccountOpening
from qmt_trading.codec.journal_record import decode_turn
from qmt_trading.codec.signal import parse
from qmt_trading.intake.order_file import read_file
from qmt_trading.intake.whole_file import StillOpenError, read_whole
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.market.calendar import Calendar
from qmt_trading.market.sessions import Session
from qmt_trading.model import events as ev
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.research.costs import FillModel
from qmt_trading.run.calendar_file import read as read_calendar
from qmt_trading.run.reading import journal_path
from qmt_trading.run.replay.messages import Message, Recording, in_order
from qmt_trading.run.replay.replay import Setup
from qmt_trading.run.replay.setup import as_replayed

FILE: Final = b"file="
"""What a line's message begins with that stands for a whole file of orders."""


def with_files(recording: Recording, base: Path, accounts: Sequence[str], *, infer_market: bool = False) -> Recording:
    """Return ``recording`` with the messages of each file in the place of the line that names it.

    ``2025-07-28 09:20:00 file=plan.json``: a plan, or a table of orders, as a folder door reads it, at that time.

    Args:
        base: what names of files are relative to.
        accounts: for plans, and for rows that name none.

    Raises:
        ConfigurationError: a file cannot be read, or holds what is wrong: nothing of any is replayed then.
    """
    found: list[Message] = []
    for message in recording.messages:
        if not message.payload.startswith(FILE):
            found.append(message)
            continue
        path = base / message.payload[len(FILE) :].decode("utf-8").strip()
        try:
            data = read_whole(path)
        except (OSError, StillOpenError) as error:
            raise ConfigurationError(f"第 {message.place} 行：读不了 {path}：{error} / cannot be read") from error
        contents = read_file(path.name, data, accounts=accounts, infer_market=infer_market)
        if contents.faults:
            told = "\n".join(f"✗ {fault.told} / {fault.english}" for fault in contents.faults)
            raise ConfigurationError(f"第 {message.place} 行的文件 {path.name} 有误 / what is wrong with it:\n{told}")
        found += [Message(message.at_ns, each.text.encode("utf-8"), message.place) for each in contents.instructions]
    return recording._replace(messages=tuple(found))


class Journaled(NamedTuple):
    """The signals that an engine has taken, and what it ran with."""

    recording: Recording
    settings: EngineSettings
    openings: tuple[AccountOpening, ...]
    """What each account had when its broker told for the first time."""
    calendar: Calendar

    def setup(self, fills: FillModel, actions: Sequence[CorporateAction] = ()) -> Setup:
        """Return the setup of the engine whose journal it is."""
        return Setup(
            settings=as_replayed(self.settings),
            openings=self.openings,
            door=self.settings.doors[0].name,
            session=Session(self.calendar),
            fills=fills,
            actions=tuple(actions),
        )


def read_journal(folder: Path) -> Journaled:
    """Return the signals in the journal of a data folder, each at the instant it came and through its own door.

    Beside a running engine or after it; nothing is written. Of malformed messages a journal keeps no more than their
    beginning, so they are counted and left out; so is what people did: halts, and cancels by hand.

    Raises:
        JournalError: there is no journal, or it cannot be read.
        ConfigurationError: it holds no signal, or no broker has told anything of an account.
    """
    reader = SqliteReader(journal_path(folder))
    settings: EngineSettings | None = None
    messages: list[Message] = []
    lists: dict[AccountId, ev.BrokerListed] = {}
    malformed, other, people = 0, [], 0
    try:
        for turn in reader.turns(1):
            for record in decode_turn(turn.payload):
                match record:
                    case ev.EngineStarted():
                        settings = record.settings
                    case ev.DayBegan() if record.settings is not None:
                        settings = record.settings
                    case ev.BrokerListed() if record.complete and record.alive:
                        lists.setdefault(record.account, record)
                    case ev.MalformedReceived():
                        malformed += 1
                    case ev.HaltRequested() | ev.CancelRequested() | ev.LimitRequested():
                        people += 1
                    case ev.SignalReceived():
                        message = Message(record.received_ns, record.text.encode("utf-8"), record.seq, record.door)
                        messages.append(message)
                        if not _means(message, record, settings):
                            other.append(record.seq)
    finally:
        reader.close()
    if settings is None or not messages:
        raise ConfigurationError(f"{folder} 的日志里没有信号 / the journal holds no signal")
    known = [each for each in settings.accounts if each.account in lists]
    if not known:
        raise ConfigurationError(f"{folder} 的日志里没有账户的资金和持仓 / no broker has told of any account")
    openings = tuple(
        AccountOpening(
            account=each.account,
            cash=lists[each.account].cash,
            holdings=tuple((held.symbol, held.quantity) for held in lists[each.account].positions if held.quantity),
            fees=each.fees,
        )
        for each in known
    )
    ordered = in_order(messages)
    warnings = list(ordered.warnings)
    if malformed:
        warnings.append(
            (f"日志里有 {malformed} 条格式错误的消息，没有回放", f"{malformed} malformed messages were left out")
        )
    if people:
        warnings.append(
            (
                f"日志里有 {people} 次人工的停止、撤单或改限额，没有回放",
                f"{people} halts, cancels or limits by hand were left out",
            )
        )
    if other:
        warnings.append(
            (
                f"第 {other[0]} 条等 {len(other)} 条信号现在的读法和当时不同（程序版本不同）",
                f"{len(other)} signals are read in another way than they were then, the first is {other[0]}",
            )
        )
    calendar = read_calendar(folder).calendar
    return Journaled(Recording(ordered.messages, tuple(warnings)), settings, openings, calendar)


def _means(message: Message, record: ev.SignalReceived, settings: EngineSettings | None) -> bool:
    """Tell whether the message still means what it meant."""
    doors = settings.doors if settings is not None else ()
    infer = any(each.infer_market for each in doors if each.name == record.door)
    return parse(message.payload, infer_market=infer) == (record.signal,)
