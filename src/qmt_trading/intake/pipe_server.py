"""Several instances of one named pipe, a blocking thread each, some of them always waiting for the next client."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Final

import pywintypes

from qmt_trading.intake import windows_pipe
from qmt_trading.intake.framing import MESSAGE_BYTES_MAX
from qmt_trading.intake.windows_pipe import Pipe, PipeGoneError, PipeStoppedError
from qmt_trading.model.errors import DoorError

SPARE: Final = 4
"""Instances that wait for clients; when fewer do, one more is made."""
INSTANCES_MAX: Final = 128
_STOP_S: Final = 5.0
_PAUSE_S: Final = 0.01


class PipeServer:
    """Made before the first client comes; grows with clients that stay, up to a bound."""

    def __init__(
        self,
        address: str,
        serve: Callable[[Pipe], None],
        *,
        instances: int,
        name: str,
        instances_max: int = INSTANCES_MAX,
        message_bytes_max: int = MESSAGE_BYTES_MAX,
    ) -> None:
        """Make the instances and begin.

        Args:
            serve: called on an instance's thread for each client, until it raises what the pipe raises.

        Raises:
            DoorError: the name is taken, or the pipe cannot be had.
        """
        if windows_pipe.exists(address):
            raise DoorError(windows_pipe.TAKEN)
        self._address = address
        self._serve = serve
        self._name = name
        self._instances_max = instances_max
        self._message_bytes_max = message_bytes_max
        self._lock = threading.Lock()
        self._waiting = 0
        self._is_stopped = False
        self.fault = ""
        self.instances: list[Pipe] = []
        self._threads: list[threading.Thread] = []
        try:
            for _ in range(max(instances, 1)):
                self._add()
        except DoorError:
            self.close()
            raise

    @property
    def connected(self) -> int:
        """How many clients there are."""
        return len(self.instances) - self._waiting

    @property
    def is_full(self) -> bool:
        """Whether no instance waits and none can be added."""
        return self._waiting == 0 and len(self.instances) >= self._instances_max

    def close(self) -> None:
        """Stop and give all instances back; what clients have not read yet stays readable."""
        with self._lock:
            self._is_stopped = True
        for pipe in self.instances:
            pipe.stop()
        until = time.monotonic() + _STOP_S
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))

    def _add(self) -> None:
        pipe = windows_pipe.make(self._address, first=not self.instances, message_bytes_max=self._message_bytes_max)
        thread = threading.Thread(
            target=self._work, args=(pipe,), name=f"{self._name}-{len(self.instances)}", daemon=True
        )
        self.instances.append(pipe)
        self._threads.append(thread)
        self._waiting += 1
        thread.start()

    def _work(self, pipe: Pipe) -> None:
        while True:
            try:
                if not pipe.accept():
                    break
            except pywintypes.error as error:
                self.fault = str(error.strerror)
                pipe.release()
                time.sleep(_PAUSE_S)
                continue
            self._client_came()
            try:
                self._serve(pipe)
            except PipeStoppedError:
                break
            except PipeGoneError:
                pass
            except Exception as error:  # noqa: BLE001 - the edge of one client: the others live on.
                self.fault = f"{type(error).__name__}: {error}"
            finally:
                with self._lock:
                    self._waiting += 1
            pipe.release()
        pipe.close()

    def _client_came(self) -> None:
        with self._lock:
            self._waiting -= 1
            if self._waiting < SPARE and len(self.instances) < self._instances_max and not self._is_stopped:
                try:
                    self._add()
                except DoorError as error:
                    self.fault = str(error)


class PipeLineServer:
    """Request lines in, answer lines out: the control door's carrier.

    When all instances are taken the client that was idle longest makes room: a person who wants to halt always gets in.
    """

    INSTANCES: Final = 4
    INSTANCES_MAX: Final = 32
    REQUEST_BYTES_MAX: Final = 1_048_576
    ANSWER_PIECE_BYTES: Final = 32_768
    WAIT_MS: Final = 10_000
    """How long a begun request may take, and how long a client may take no byte of its answer."""

    def __init__(self, address: str, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._idle: dict[Pipe, None] = {}
        """Clients that ask for nothing, the one longest idle first."""
        self._lock = threading.Lock()
        self._server = PipeServer(
            address,
            self._serve,
            instances=self.INSTANCES,
            name="control",
            instances_max=self.INSTANCES_MAX,
            message_bytes_max=self.REQUEST_BYTES_MAX,
        )

    def close(self) -> None:
        """Stop serving."""
        self._server.close()

    def _serve(self, pipe: Pipe) -> None:
        try:
            self._make_room()
            rest = b""
            while True:
                if not rest:
                    with self._lock:
                        self._idle[pipe] = None
                received = pipe.read(self.WAIT_MS if rest else None)
                with self._lock:
                    self._idle.pop(pipe, None)
                if received is None or not received.is_whole or len(rest) > self.REQUEST_BYTES_MAX:
                    return
                *lines, rest = (rest + received.payload).split(b"\n")
                for line in lines:
                    if not self._tell(pipe, self._answer(line)):
                        return
        finally:
            with self._lock:
                self._idle.pop(pipe, None)

    def _tell(self, pipe: Pipe, answer: bytes) -> bool:
        return all(
            pipe.write(answer[begin : begin + self.ANSWER_PIECE_BYTES], self.WAIT_MS)
            for begin in range(0, len(answer), self.ANSWER_PIECE_BYTES)
        )

    def _make_room(self) -> None:
        with self._lock, contextlib.suppress(StopIteration):
            if self._server.is_full:
                next(iter(self._idle)).drop()
