"""Virtual time: actions at their instants, and a host's threads, of which one runs at a time in a seeded order."""

from __future__ import annotations

import collections
import heapq
import threading
from collections.abc import Callable
from random import Random
from typing import Any, Final

JITTER_NS: Final = 40_000
"""How long a woken thread may wait for its turn."""
PREEMPT_CHANCE: Final = 0.02
"""Of being held up where a lock is taken."""


class Killed(BaseException):
    """The process of this thread is gone: nothing of it goes on."""


class Clockwork:
    """What happens when. Everything runs on the caller's thread, or while the caller's thread waits for it."""

    def __init__(self, rng: Random, now_ns: int) -> None:
        self.rng = rng
        self.now_ns = now_ns
        self.strand: Strand | None = None
        self.back = threading.Lock()
        self.back.acquire()
        self.switches = 0
        self._queue: list[tuple[int, int, Callable[[], object]]] = []
        self._number = 0

    def at(self, delay_ns: int, action: Callable[[], object]) -> None:
        """Do ``action`` after ``delay_ns``; what is due at one instant is done in the order of asking."""
        self._number += 1
        heapq.heappush(self._queue, (self.now_ns + max(delay_ns, 0), self._number, action))

    def run_until(self, until_ns: int) -> None:
        """Do all that is due up to ``until_ns``."""
        queue = self._queue
        while queue and queue[0][0] <= until_ns:
            self.now_ns, _, action = heapq.heappop(queue)
            action()
        self.now_ns = max(self.now_ns, until_ns)


class Process:
    """A host's process: its threads live and die with it."""

    def __init__(self, clockwork: Clockwork, *, offset_ns: int, drift: float) -> None:
        self.clockwork = clockwork
        self.dead = False
        self.strands: list[Strand] = []
        self._offset_ns, self._drift, self._born_ns = offset_ns, drift, clockwork.now_ns

    def clock_ns(self) -> int:
        """Return what this process's monotonic clock shows: it begins anywhere and runs a little wrong."""
        passed_ns = self.clockwork.now_ns - self._born_ns
        return self._offset_ns + passed_ns + int(passed_ns * self._drift)

    def start(self, function: Callable[[], object]) -> None:
        strand = Strand(self, function)
        self.strands.append(strand)
        self.clockwork.at(self.jitter_ns(), strand.resume)

    def jitter_ns(self) -> int:
        return self.clockwork.rng.randrange(JITTER_NS)

    def kill(self) -> None:
        """End it at once; not for its own threads, which raise ``Killed`` themselves."""
        assert self.clockwork.strand is None
        self.dead = True
        for strand in self.strands:
            strand.bury()
        self.strands.clear()

    def pause(self, delay_ns: int) -> None:
        """Let a thread of this process sleep."""
        strand = self.clockwork.strand
        assert strand is not None
        strand.park(delay_ns)


class Strand:
    """One thread of a process. It runs only between ``resume`` and its next wait."""

    def __init__(self, process: Process, function: Callable[[], object]) -> None:
        self.process = process
        self._function = function
        self._go = threading.Lock()
        self._go.acquire()
        self._thread: threading.Thread | None = None
        self._ticket = 0
        self._parked = False
        self._answer = False
        self._over = False
        self._failure: BaseException | None = None

    def resume(self) -> None:
        """Let it run to its next wait.

        Raises:
            Exception: what ended it, where it ended by an error.
        """
        if self._over or (self.process.dead and self._thread is None):
            return
        clockwork = self.process.clockwork
        clockwork.strand = self
        clockwork.switches += 1
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        else:
            self._go.release()
        clockwork.back.acquire()
        clockwork.strand = None
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def park(self, delay_ns: int | None) -> bool:
        """Wait to be woken; return False where ``delay_ns`` passed first."""
        if self.process.dead:
            raise Killed
        clockwork = self.process.clockwork
        self._ticket += 1
        self._parked = True
        if delay_ns is not None:
            ticket = self._ticket
            clockwork.at(delay_ns, lambda: self._late(ticket))
        clockwork.back.release()
        self._go.acquire()
        if self.process.dead:
            raise Killed
        return self._answer

    def wake(self) -> None:
        """End its wait; it goes on when its turn comes."""
        if self._parked:
            self._parked = False
            self._answer = True
            self.process.clockwork.at(self.process.jitter_ns(), self.resume)

    def bury(self) -> None:
        """Unwind it, dead as its process is."""
        if self._thread is not None and not self._over:
            self._parked = False
            self.resume()
            self._thread.join(20)
            assert not self._thread.is_alive(), "a thread of a dead process goes on"

    def _late(self, ticket: int) -> None:
        if self._parked and ticket == self._ticket:
            self._parked = False
            self._answer = False
            self.resume()

    def _work(self) -> None:
        try:
            self._function()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - the top of a thread; whoever resumed it is told.
            self._failure = error
        self._over = True
        self.process.clockwork.back.release()


class Lock:
    """A reentrant lock of one process's threads."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._owner: Strand | None = None
        self._depth = 0
        self._waiting: collections.deque[Strand] = collections.deque()

    def acquire(self) -> bool:
        clockwork = self._process.clockwork
        strand = clockwork.strand
        if strand is None or self._process.dead:
            return True  # A callback of the native code, which waits for nothing; or all is over.
        if self._owner is not strand:
            if clockwork.rng.random() < PREEMPT_CHANCE:
                strand.park(self._process.jitter_ns())
            while self._owner is not None:
                self._waiting.append(strand)
                strand.park(None)
            self._owner = strand
        self._depth += 1
        return True

    def release(self) -> None:
        if self._process.clockwork.strand is None or self._process.dead:
            return
        self._depth -= 1
        if not self._depth:
            self._free()

    def _free(self) -> None:
        self._owner = None
        if self._waiting:
            self._waiting.popleft().wake()

    def let_go(self) -> int:
        """Release it wholly and return how often it was held."""
        depth, self._depth = self._depth, 0
        self._free()
        return depth

    def take_back(self, depth: int) -> None:
        self.acquire()
        self._depth = depth

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()


class Condition:
    def __init__(self, process: Process) -> None:
        self._process = process
        self._lock = Lock(process)
        self._waiting: list[Strand] = []

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        strand = self._process.clockwork.strand
        assert strand is not None
        self._waiting.append(strand)
        depth = self._lock.let_go()
        woken = strand.park(None if timeout is None else int(timeout * 1e9))
        if not woken and strand in self._waiting:
            self._waiting.remove(strand)
        self._lock.take_back(depth)
        return woken

    def wait_for(self, ready: Callable[[], Any], timeout: float | None = None) -> Any:
        assert timeout is None
        while not (found := ready()):
            self.wait()
        return found

    def notify(self, count: int = 1) -> None:
        for strand in self._waiting[:count]:
            strand.wake()
        del self._waiting[:count]

    def notify_all(self) -> None:
        self.notify(len(self._waiting))


class Event:
    def __init__(self, process: Process) -> None:
        self._process = process
        self._set = False
        self._waiting: list[Strand] = []

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        for strand in self._waiting:
            strand.wake()
        self._waiting.clear()

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        strand = self._process.clockwork.strand
        assert strand is not None
        if not self._set:
            self._waiting.append(strand)
            if not strand.park(None if timeout is None else int(timeout * 1e9)) and strand in self._waiting:
                self._waiting.remove(strand)
        return self._set


class Queue:
    """What ``queue.SimpleQueue`` is; anybody may put."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._items: collections.deque[Any] = collections.deque()
        self._waiting: collections.deque[Strand] = collections.deque()

    def put(self, item: Any) -> None:
        self._items.append(item)
        if self._waiting:
            self._waiting.popleft().wake()

    def get(self) -> Any:
        strand = self._process.clockwork.strand
        assert strand is not None
        while not self._items:
            self._waiting.append(strand)
            strand.park(None)
        return self._items.popleft()
