"""Several instances of one named pipe, a blocking thread each, some of them always waiting for the next client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import pywintypes

from qmt_trading.intake import windows_pipe
from qmt_trading.intake.framing import MESSAGE_BYTES_MAX
from qmt_trading.intake.trouble import Trouble
from qmt_trading.intake.windows_pipe import Message, Pipe, PipeGoneError, PipeStoppedError
from qmt_trading.model.errors import DoorError
from qmt_trading.model.numbers import MILLISECOND_NS

SPARE: Final = 4
"""Instances that wait for clients; when fewer do, one more is made."""
INSTANCES_MAX: Final = 128
_STOP_S: Final = 5.0
_PAUSE_S: Final = 0.01
_RENEW_S: Final = 0.2
FULL_CHECK_MS: Final = 1000
"""How often a client of a full server looks for one that has become idle."""
IDLE_MIN_NS: Final = 500 * MILLISECOND_NS
"""Parting from a client throws away what it has not read: it gets that long to do so."""


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
        self.trouble = Trouble(time.monotonic_ns)
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
    def is_dead(self) -> bool:
        """Whether no instance is left."""
        return not self.instances

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
        try:
            thread.start()
        except RuntimeError as error:  # The system has no thread left.
            self.instances.remove(pipe)
            self._threads.remove(thread)
            self._waiting -= 1
            pipe.close()
            raise DoorError(f"线程不够 / no thread for one more client: {error}") from error

    def _work(self, pipe: Pipe) -> None:
        try:
            while self._has_served_one(pipe):
                pass
        except Exception as error:  # noqa: BLE001 - the top of a thread: a new instance takes this one's place.
            self.trouble.note_error(error)
        if self._is_stopped:
            pipe.close()
        else:
            self._renew(pipe)

    def _has_served_one(self, pipe: Pipe) -> bool:
        """Wait for a client and serve it; False: stopped."""
        try:
            if not pipe.accept():
                return False
        except pywintypes.error as error:
            self.trouble.note(str(error.strerror), str(error.strerror))
            pipe.release()
            time.sleep(_PAUSE_S)
            return True
        with self._lock:
            self._waiting -= 1
        try:
            self._keep_spare()
            self._serve(pipe)
        except PipeStoppedError:
            return False
        except PipeGoneError:
            pass
        except Exception as error:  # noqa: BLE001 - the edge of one client: the others live on.
            self.trouble.note_error(error)
        finally:
            with self._lock:
                self._waiting += 1
        pipe.release()
        return True

    def _keep_spare(self) -> None:
        with self._lock:
            if self._waiting < SPARE and len(self.instances) < self._instances_max and not self._is_stopped:
                try:
                    self._add()
                except DoorError as error:
                    self.trouble.note(str(error), str(error))

    def _renew(self, pipe: Pipe) -> None:
        """Replace an instance whose thread ends; the new one first, so that the pipe's name is never free."""
        time.sleep(_RENEW_S)
        with self._lock:
            if not self._is_stopped:
                try:
                    self._add()
                except DoorError as error:
                    self.trouble.note(str(error), str(error))
            self.instances.remove(pipe)
            self._waiting -= 1
        pipe.close()


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
        self._idle: dict[Pipe, int] = {}
        """Clients that ask for nothing, the one longest idle first, each with the time since when."""
        self._lock = threading.Lock()
        self._server = PipeServer(
            address,
            self._serve,
            instances=self.INSTANCES,
            name="control",
            instances_max=self.INSTANCES_MAX,
            message_bytes_max=self.REQUEST_BYTES_MAX,
        )

    @property
    def trouble(self) -> Trouble:
        return self._server.trouble

    @property
    def is_dead(self) -> bool:
        """Whether nobody can be served any more."""
        return self._server.is_dead

    def close(self) -> None:
        """Stop serving; answers under way are written."""
        self._server.close()

    def _serve(self, pipe: Pipe) -> None:
        try:
            rest = b""
            while True:
                received = self._next(pipe, has_begun=bool(rest))
                if received is None or not received.is_whole or len(rest) > self.REQUEST_BYTES_MAX:
                    return
                *lines, rest = (rest + received.payload).split(b"\n")
                for line in lines:
                    if not self._tell(pipe, self._answer(line)):
                        return
        finally:
            with self._lock:
                self._idle.pop(pipe, None)

    def _next(self, pipe: Pipe, *, has_begun: bool) -> Message | None:
        """Return what the client writes next; None: its request takes too long."""
        if has_begun:
            return pipe.read(self.WAIT_MS)
        with self._lock:
            self._idle[pipe] = time.monotonic_ns()
        try:
            while True:
                self._make_room(pipe)
                # The last to come keeps looking for one that has become idle.
                received = pipe.read(FULL_CHECK_MS if self._server.is_full else None)
                if received is not None:
                    return received
        finally:
            with self._lock:
                self._idle.pop(pipe, None)

    def _tell(self, pipe: Pipe, answer: bytes) -> bool:
        return all(
            pipe.write(answer[begin : begin + self.ANSWER_PIECE_BYTES], self.WAIT_MS)
            for begin in range(0, len(answer), self.ANSWER_PIECE_BYTES)
        )

    def _make_room(self, newest: Pipe) -> None:
        if not self._server.is_full:
            return
        with self._lock:
            idle_before_ns = time.monotonic_ns() - IDLE_MIN_NS
            for pipe, since_ns in self._idle.items():
                if pipe is not newest and since_ns <= idle_before_ns:
                    del self._idle[pipe]
                    pipe.drop()
                    return
