"""A disk, a link and a clock that exist in memory alone, so that a life can end between any two steps."""

import heapq
import os
import random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple


class Crash(BaseException):
    """The process ends here; nothing of the host may stop this."""


class World:
    """Time in us, what happens later, and the points at which a life may end."""

    def __init__(self, seed: int, crash_at: int = 0) -> None:
        self.random = random.Random(seed)
        self.now = 1000000000
        self.points = 0
        self.crash_at = crash_at
        self.trail: "List[str]" = []
        """The points that were passed, by name."""
        self._later: "List[Tuple[int, int, Callable[[], None]]]" = []
        self._number = 0

    def at(self, us: int, function: "Callable[[], None]") -> None:
        """Let something happen in so many us."""
        self._number += 1
        heapq.heappush(self._later, (self.now + max(us, 0), self._number, function))

    def advance(self, us: int) -> None:
        """Let time pass and everything happen that is due."""
        until = self.now + us
        while self._later and self._later[0][0] <= until:
            when, _, function = heapq.heappop(self._later)
            self.now = max(self.now, when)
            function()
        self.now = max(self.now, until)

    def point(self, name: str) -> None:
        """Pass a point at which the process may end."""
        self.points += 1
        self.trail.append(name)
        if self.points == self.crash_at:
            raise Crash(name)


class Disk:
    """Files that keep what was synchronised; of the rest a crash leaves a part."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.safe: "Dict[str, bytes]" = {}
        self.cached: "Dict[str, bytes]" = {}
        """What was handed to the system, and is lost with the machine."""
        self.full = False
        self.path = self
        self.SEEK_END = os.SEEK_END
        self.urandom = os.urandom
        self.environ: "Dict[str, str]" = {}
        self.join = os.path.join

    def crash(self, power: bool) -> None:
        """End the process; with ``power`` the machine goes down too."""
        if power:
            for name, data in self.cached.items():
                kept = len(self.safe.get(name, b""))
                self.safe[name] = data[: self.world.random.randint(kept, len(data))]
        else:
            self.safe = dict(self.cached)
        self.cached = dict(self.safe)

    # What the host uses of the module os.

    def isdir(self, path: str) -> bool:
        return True

    def listdir(self, path: str) -> "List[str]":
        return [name.split("/")[-1] for name in self.cached]

    def getsize(self, path: str) -> int:
        return len(self.cached[path])

    def fsync(self, number: "Any") -> None:
        self.world.point("before fsync")
        self.safe[number] = self.cached[number]
        self.world.point("after fsync")

    # And of the module io.

    def open(self, path: str, mode: str) -> "File":
        self.cached.setdefault(path, b"")
        return File(self, path)


class File:
    """One open file."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._disk, self._path, self._place = disk, path, 0
        self._buffer: "Optional[bytes]" = b""

    def __enter__(self) -> "File":
        return self

    def __exit__(self, *error: "Any") -> None:
        self.close()

    def fileno(self) -> str:
        return self._path

    def write(self, data: bytes) -> None:
        if self._buffer is None:
            raise ValueError("closed")
        self._disk.world.point("before write")
        self._buffer += data

    def flush(self) -> None:
        if self._buffer is None:
            raise ValueError("closed")
        data, self._buffer = self._buffer, b""
        if self._disk.full and data:
            self._disk.cached[self._path] += data[: self._disk.world.random.randint(0, len(data) - 1)]
            raise OSError(28, "no space left")
        self._disk.world.point("before flush")
        self._disk.cached[self._path] += data
        self._disk.world.point("after flush")

    def seek(self, place: int, whence: int = 0) -> None:
        self._place = place + (len(self._disk.cached[self._path]) if whence == os.SEEK_END else 0)

    def read(self, most: int = -1) -> bytes:
        data = self._disk.cached[self._path][self._place :]
        return data if most < 0 else data[:most]

    def close(self) -> None:
        self._buffer = None


class Line:
    """One connection: bytes on their way, both ways, until it breaks."""

    def __init__(self, world: World, heard: "Callable[[Line, bytes], None]") -> None:
        self._world = world
        self._heard = heard
        self.to_host = b""
        self.ended = False
        self.closed = False
        self._arrives = 0

    # The host's end.

    name = "tcp"

    def ready(self) -> bool:
        if self.ended:
            raise OSError("refused")
        return True

    def read(self) -> bytes:
        if not self.to_host:
            if self.ended:
                raise EOFError("the engine has hung up")
            return b""
        count = self._world.random.choice((1, 7, 100, 4096, 65536))
        data, self.to_host = self.to_host[:count], self.to_host[count:]
        return data

    def write(self, data: bytes) -> int:
        self._world.point("before link")
        if self.ended:
            raise OSError("broken")
        count = self._world.random.choice((0, 50, len(data), len(data), len(data)))
        sent = data[:count]
        if sent:
            # No byte overtakes another.
            self._arrives = max(self._arrives, self._world.now + self._world.random.randint(100, 30000))
            self._world.at(self._arrives - self._world.now, lambda: self._arrive(sent))
        self._world.point("after link")
        return len(sent)

    def close(self) -> None:
        self.closed = True

    # The engine's end.

    def _arrive(self, data: bytes) -> None:
        if not self.ended:
            self._heard(self, data)

    def send(self, data: bytes) -> None:
        """Let bytes be on their way to the host, behind those before."""
        self._world.at(200, lambda: self._come(data))

    def _come(self, data: bytes) -> None:
        if not self.ended:
            self.to_host += data

    def end(self) -> None:
        """Break the connection; what has come can still be read."""
        self.ended = True
