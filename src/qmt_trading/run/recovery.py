"""Recovery: fold what was decided, from the newest snapshot or opened day; never decide again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from qmt_trading.codec import state_snapshot
from qmt_trading.codec.journal_record import GENESIS, decode_turn, encode_turn, seal
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import restore
from qmt_trading.engine.state import State
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.ports import JournalReader, StoredSnapshot
from qmt_trading.run.sharing import Sharing

PROGRESS_EVERY: Final = 5000

Progress = Callable[[int], None]


class Recovered(NamedTuple):
    """An engine as it was when the journal's last turn was committed."""

    engine: Engine
    number: int
    seal: bytes
    folded: int
    """Turns folded; the rest came from the snapshot."""


def recover(reader: JournalReader, *, progress: Progress | None = None, sharing: Sharing | None = None) -> Recovered:
    """Return the engine that the journal tells of; a fresh one for an empty journal.

    Every folded turn's seal is checked. A snapshot only saves time: where the turns do not fit onto it, it is left out.

    Args:
        sharing: for a process that only looks: less memory, for some more work a record.

    Raises:
        JournalBrokenError: a turn is missing or is not what was written.
    """
    stored = reader.snapshot()
    if stored is not None:
        try:
            return _recover(reader, stored, progress, sharing)
        except (AssertionError, LookupError):
            pass
    return _recover(reader, None, progress, sharing)


def _recover(
    reader: JournalReader, stored: StoredSnapshot | None, progress: Progress | None, sharing: Sharing | None
) -> Recovered:
    opened = reader.last_day_opened()
    engine = Engine()
    first, previous, skip_to_opening = (opened or 1), GENESIS, bool(opened)
    if stored is not None and stored.number >= opened and _seal_of(reader, stored.number) == stored.seal:
        try:
            engine = Engine(
                restore(state_snapshot.decode(stored.payload, sharing.rows if sharing is not None else None))
            )
            first, previous, skip_to_opening = stored.number + 1, stored.seal, False
        except JournalBrokenError:
            pass  # A snapshot only saves time: the turns hold everything.
    if first > 1 and previous is GENESIS:
        previous = _seal_of(reader, first - 1)
    number, folded = first - 1, 0
    for turn in reader.turns(first):
        if turn.number != number + 1:
            raise JournalBrokenError(f"日志缺少第 {number + 1} 轮 / turn {number + 1} is missing")
        if seal(previous, turn.number, turn.payload) != turn.seal:
            raise JournalBrokenError(f"日志第 {turn.number} 轮被改动 / turn {turn.number} is not what was written")
        for record in decode_turn(turn.payload):
            if skip_to_opening:
                if isinstance(record, ev.At):
                    engine.fold(record)
                if not isinstance(record, out.DayOpened):
                    continue
                skip_to_opening = False
            engine.fold(record if sharing is None else sharing.record(engine.state, record))
        number, previous = turn.number, turn.seal
        folded += 1
        if progress is not None and folded % PROGRESS_EVERY == 0:
            progress(number)
    return Recovered(engine, number, previous, folded)


def states_since(reader: JournalReader, opened: int, until: int) -> Iterator[State]:
    """Yield the state after each turn, from the one that opened the day on; the same object, changed each time."""
    engine, skip_to_opening = Engine(), bool(opened)
    for turn in reader.turns(opened or 1):
        if turn.number > until:
            return
        for record in decode_turn(turn.payload):
            if skip_to_opening and not isinstance(record, ev.At | out.DayOpened):
                continue
            skip_to_opening = skip_to_opening and not isinstance(record, out.DayOpened)
            engine.fold(record)
        yield engine.state


def _seal_of(reader: JournalReader, number: int) -> bytes:
    for turn in reader.turns(number):
        return turn.seal if turn.number == number else b""
    return b""


def check_decisions(reader: JournalReader, *, version: str, progress: Progress | None = None) -> list[str]:
    """Decide every turn again and return where the outcome differs from the record, byte for byte.

    Only turns decided by the program ``version`` are compared. Reported, never acted on. Stops after 20 differences.
    """
    engine, differences, started = Engine(), [], False
    for turn in reader.turns(1):
        records = decode_turn(turn.payload)
        again: list[ev.At | ev.Event | out.Output] = []
        now_ns = 0
        for record in records:
            if isinstance(record, ev.At):
                now_ns = record.now_ns
                again.append(record)
                continue
            if isinstance(record, ev.EngineStarted):
                started = record.version == version
            if isinstance(record, out.Output):
                continue
            again.append(record)
            again.extend(engine.handle(record, now_ns))
        if started and encode_turn(again) != turn.payload:
            differences.append(f"第 {turn.number} 轮的决定不同 / turn {turn.number} would be decided differently")
            if len(differences) >= 20:
                break
        if progress is not None and turn.number % PROGRESS_EVERY == 0:
            progress(turn.number)
    return differences
