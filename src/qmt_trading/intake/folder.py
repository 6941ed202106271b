"""The folder door: files of orders, taken whole, answered with a receipt beside them in ``done``."""

from __future__ import annotations

import fnmatch
import os
import stat
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from qmt_trading.intake.conduct import MESSAGES_AT_ONCE
from qmt_trading.intake.file_receipt import SUFFIX, Outcome, receipt_of
from qmt_trading.intake.folder_lock import FolderLock
from qmt_trading.intake.instructions import Contents, Instruction
from qmt_trading.intake.order_file import KINDS, OTHER_TABLES, read_file, unreadable
from qmt_trading.intake.trouble import ALERT, Trouble
from qmt_trading.intake.whole_file import StillOpenError, move, read_whole
from qmt_trading.model.errors import DoorError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.ports import SignalSink

DONE: Final = "done"
SETTLE_NS: Final = SECOND_NS
"""How long a file must have stood unchanged: longer than a writer pauses that is about to go on."""
LOOK_S: Final = 0.2
BUSY_PAUSE_S: Final = 0.05
JOIN_S: Final = 5.0
FUTURE_NS: Final = 2 * SECOND_NS
NAME_BYTES_MAX: Final = 200
"""So that the name of the receipt fits, too."""


class _Print(NamedTuple):
    """What tells one state of a file from another."""

    size: int
    modified_ns: int
    inode: int


def _print_of(path: Path) -> _Print | None:
    """Return the state of ``path``; None: it is no plain file, or gone."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return _Print(status.st_size, status.st_mtime_ns, status.st_ino) if stat.S_ISREG(status.st_mode) else None


class _Sighting(NamedTuple):
    what: _Print
    since_ns: int


class _Waiting:
    """The Reply of one message; the door's thread waits for it."""

    def __init__(self) -> None:
        self.line: bytes | None = None

    def __call__(self, line: bytes) -> None:
        self.line = line

    def flush(self) -> None:
        """Do nothing: the line is there already."""


class FolderDoor:
    """Takes ``*.csv``, ``.xlsx``, ``.json`` and ``.txt`` that are moved into its folder.

    A file is read when it has stood unchanged for a second and nobody has it open for writing. Its messages go the way
    of every other door's, each with an id that follows from the file's content; when all of them are answered the
    receipt is written and the file is moved to ``done``. Whatever dies in between: the file is still there at the next
    start, and what had been taken is a repeat. A file that stood there before the door was opened counts as received
    when it was last written, so that it is stale unless that was a moment ago.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        now_ns: Callable[[], int],
        accounts: Sequence[str] = (),
        pattern: str = "*",
        infer_market: bool = False,
        ttl_ns: int = 10 * SECOND_NS,
        steady_ns: Callable[[], int] = time.monotonic_ns,
        settle_ns: int = SETTLE_NS,
        look_s: float = LOOK_S,
    ) -> None:
        self._name = name
        self._path = path
        self._done = path / DONE
        self._now_ns = now_ns
        self._accounts = tuple(accounts)
        self._pattern = pattern.lower()
        self._infer_market = infer_market
        self._ttl_ns = ttl_ns
        self._steady_ns = steady_ns
        self._settle_ns = settle_ns
        self._look_s = look_s
        self._seen: dict[str, _Sighting] = {}
        self._early: dict[str, _Print] = {}
        """What stood there before the door was opened."""
        self._finished: dict[str, tuple[_Print, str]] = {}
        """Acted on and answered, but not moved yet; with the name it will have."""
        self._held: dict[str, str] = {}
        """Files that another program has open, and what they wait for."""
        self._trouble = Trouble(steady_ns)
        self._files = 0
        self._under_way = ""
        """The file whose answers are waited for."""
        self._is_reached = True
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self._name

    def open(self, sink: SignalSink) -> None:
        """Begin to take files.

        Raises:
            DoorError: the folder cannot be made or written to, or another engine takes its files.
        """
        assert self._thread is None, "a door is opened once"
        try:
            self._done.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(self._path)
        except BlockingIOError as error:
            raise DoorError(
                f"文件夹 {self._path} 已有引擎在取，请先停掉它 / another engine takes the files of this folder"
            ) from error
        except OSError as error:
            raise DoorError(
                f"文件夹 {self._path} 不能用：{error.strerror or error} / the folder cannot be used"
            ) from error
        self._early = {path.name: seen for path, seen in self._scan()}
        self._thread = threading.Thread(target=self._run, args=(sink,), name=f"door-{self._name}", daemon=True)
        self._thread.start()

    def condition(self) -> tuple[str, str]:
        """Return whether files are taken, which wait for another program, and what went wrong last."""
        if self._thread is None or self._stopping.is_set():
            return "未打开", "closed"
        if not self._thread.is_alive():
            return self._trouble.told(f"{ALERT}文件夹 {self._path} 已停止收文件", f"{ALERT}{self._path} takes no files")
        if not self._is_reached:
            return self._trouble.told(f"{ALERT}文件夹 {self._path} 不见了", f"{ALERT}{self._path} is not there")
        chinese, english = (
            f"文件夹 {self._path}，已处理 {self._files} 个文件",
            f"{self._path}, {self._files} files done",
        )
        under_way = self._under_way
        if under_way:
            chinese, english = f"{chinese}，正在处理 {under_way}", f"{english}, {under_way} is under way"
        held = dict(self._held)
        if held:
            name, why = next(iter(held.items()))
            chinese = f"{ALERT}{chinese}；{name} 正被其他程序打开（Excel？），关闭后{why}"
            english = f"{ALERT}{english}; {name} is open in another program: close it"
        return self._trouble.told(chinese, english)

    def close(self) -> None:
        """Stop taking files; one that is under way stays in the folder, and what was taken of it is a repeat."""
        if self._thread is None or self._stopping.is_set():
            return
        self._stopping.set()
        self._thread.join(JOIN_S)
        self._lock.release()

    # The thread

    def _run(self, sink: SignalSink) -> None:
        while not self._stopping.wait(self._look_s):
            try:
                self._look(sink)
            except Exception as error:  # noqa: BLE001 - The top of the thread: it tells, and goes on.
                self._trouble.note_error(error)

    def _look(self, sink: SignalSink) -> None:
        try:
            found = self._scan()
        except OSError as error:
            self._is_reached = False
            self._trouble.note(f"读不到文件夹：{error.strerror}", f"the folder cannot be read: {error}")
            return
        if not self._is_reached:
            self._early |= {path.name: seen for path, seen in found}  # Written while nobody looked: who knows when.
        self._is_reached = True
        names = {path.name for path, _ in found}
        for memory in (self._seen, self._early, self._finished, self._held):
            for name in [each for each in memory if each not in names]:
                del memory[name]  # Taken away again.
        for path, seen in found:
            if self._stopping.is_set():
                return
            if self._is_quiet(path.name, seen):
                self._guarded(path, seen, sink)

    def _scan(self) -> list[tuple[Path, _Print]]:
        """Return the files of the door's kinds, the oldest first."""
        found: list[tuple[Path, _Print]] = []
        with os.scandir(self._path) as entries:
            for entry in entries:
                if self._is_meant(entry.name):
                    # Not the entry's own: on Windows it is what the folder knew last, without an inode.
                    seen = _print_of(Path(entry.path))
                    if seen is not None:
                        found.append((Path(entry.path), seen))
        return sorted(found, key=lambda each: (each[1].modified_ns, each[0].name))

    def _is_meant(self, name: str) -> bool:
        low = name.lower()
        if low.startswith((".", "~")) or low.endswith(SUFFIX):
            return False  # Somebody's half-written or owner file, or a receipt of ours.
        return low.endswith((*KINDS, *OTHER_TABLES)) and fnmatch.fnmatchcase(low, self._pattern)

    def _is_quiet(self, name: str, seen: _Print) -> bool:
        last = self._seen.get(name)
        if last is None or last.what != seen:
            self._seen[name] = _Sighting(seen, self._steady_ns())
            return False
        return self._steady_ns() - last.since_ns >= self._settle_ns

    def _guarded(self, path: Path, seen: _Print, sink: SignalSink) -> None:
        try:
            self._take(path, seen, sink)
        except StillOpenError:
            self._held[path.name] = "移走" if path.name in self._finished else "处理"
            self._seen[path.name] = _Sighting(seen, self._steady_ns())  # Again after a while.
        except OSError as error:
            self._seen[path.name] = _Sighting(seen, self._steady_ns())
            self._trouble.note(f"{path.name}：{error.strerror or error}", f"{path.name}: {error}")
        else:
            self._held.pop(path.name, None)
        finally:
            self._under_way = ""

    # One file

    def _take(self, path: Path, seen: _Print, sink: SignalSink) -> None:
        finished = self._finished.get(path.name)
        if finished is None or finished[0] != seen:
            data = read_whole(path)
            if _print_of(path) != seen:
                raise StillOpenError  # Another file has taken its name.
            self._under_way = path.name
            received_ns, is_late = self._received(path.name, seen)
            contents = self._contents(path.name, data, seen, is_late=is_late)
            outcomes = self._act(contents.instructions, sink, received_ns, is_late=is_late)
            if outcomes is None:
                return
            target = self._free_name(path.name)
            self._write(f"{target}{SUFFIX}", receipt_of(contents, outcomes))
            self._tell(path.name, contents, outcomes)
            self._files += 1
            if _print_of(path) != seen:
                self._write(target, data)  # Another file has taken its name since: that one is still to be read.
                return
            self._finished[path.name] = (seen, target)
        if _print_of(path) != seen:
            raise StillOpenError  # Somebody has saved it anew since: that is another file, and still to be read.
        move(path, self._done / self._finished[path.name][1])
        del self._finished[path.name]

    def _received(self, name: str, seen: _Print) -> tuple[int, bool]:
        """Return when the file came, and whether that is longer ago than an order lives."""
        now_ns = self._now_ns()
        if self._early.get(name) != seen:
            return now_ns, False
        came_ns = min(seen.modified_ns, now_ns)
        return came_ns, now_ns - came_ns > self._ttl_ns

    def _contents(self, name: str, data: bytes, seen: _Print, *, is_late: bool) -> Contents:
        if self._early.get(name) == seen and not is_late and seen.modified_ns > self._now_ns() + FUTURE_NS:
            return unreadable(
                "文件的修改时间在未来，不能判断新旧：请重新保存",
                "it was last written in the future, so nobody knows how old it is: save it again",
            )
        if len(name.encode("utf-8")) > NAME_BYTES_MAX:
            return unreadable("文件名太长", "its name is too long")
        return read_file(name, data, accounts=self._accounts, infer_market=self._infer_market)

    def _act(
        self, instructions: Sequence[Instruction], sink: SignalSink, received_ns: int, *, is_late: bool
    ) -> list[Outcome] | None:
        """Hand everything over, in order and so many at once, and wait for the answers; None: the door was closed."""
        lines: dict[str, bytes] = {}
        todo = [each for each in instructions if not (is_late and each.never_stale)]
        while todo:
            several, todo = todo[:MESSAGES_AT_ONCE], todo[MESSAGES_AT_ONCE:]
            waiting = [(each, _Waiting()) for each in several]
            for each, reply in waiting:
                sink.message(self._name, each.text.encode("utf-8"), received_ns, reply)
            refused: list[Instruction] = []
            for each, reply in waiting:
                while reply.line is None:
                    if self._stopping.wait(0.002):
                        return None
                outcome = Outcome(each, reply.line)
                if outcome.status == "busy":
                    refused.append(each)  # Nothing was taken: the same again, until its time is over.
                else:
                    lines[each.number] = reply.line
            if refused and self._stopping.wait(BUSY_PAUSE_S):
                return None
            todo = refused + todo
        return [Outcome(each, lines.get(each.number)) for each in instructions]

    def _free_name(self, name: str) -> str:
        """Return a name that no file in ``done`` has: what was done once is kept."""
        stem, kind = os.path.splitext(name)
        target, count = name, 1
        while (self._done / target).exists():
            count += 1
            target = f"{stem} ({count}){kind}"
        return target

    def _write(self, name: str, data: bytes) -> None:
        path = self._done / name
        half = path.with_name(f".{name}.tmp")
        with half.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        move(half, path)

    def _tell(self, name: str, contents: Contents, outcomes: Sequence[Outcome]) -> None:
        """Note what a person should know of without opening the receipt."""
        if contents.faults:
            first, more = contents.faults[0], len(contents.faults) - 1
            others = f"（还有 {more} 处）" if more else ""
            self._trouble.note(
                f"{name} 没有执行：{first.told}{others}", f"{name} was refused: row {first.row}: {first.english}"
            )
        elif any(outcome.receipt is None for outcome in outcomes):
            self._trouble.note(
                f"{name} 放入时引擎没有运行，撤单、定时和裸信号没有补做",
                f"{name} came while no engine ran",
            )
