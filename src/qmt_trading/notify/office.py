"""All channels of one data folder: what is told is put into the outbox, and a worker for each channel sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from qmt_trading.notify.channel import Channel
from qmt_trading.notify.message import Message
from qmt_trading.notify.outbox import Outbox, Position
from qmt_trading.notify.sender import Sender
from qmt_trading.notify.worker import Say, Worker

MakeWorker = Callable[[Channel, Outbox, Sender, Say], Worker]


class Office:
    """Takes messages from one thread. What it has taken is told, by it or by the one that follows it."""

    def __init__(
        self, outbox: Outbox, ways: Sequence[tuple[Channel, Sender]], say: Say, *, make: MakeWorker = Worker
    ) -> None:
        self.outbox = outbox
        self.channels = tuple(channel for channel, _ in ways)
        self._workers = [make(channel, outbox, sender, say) for channel, sender in ways]

    def start(self) -> None:
        """Begin to send; returns at once."""
        for worker in self._workers:
            worker.start()

    def take_in(self, messages: Iterable[Message], position: Position | None = None) -> None:
        """Take what is told to every channel that wants it; durable when it returns.

        Raises:
            sqlite3.Error: nothing of it was taken.
        """
        wanted = [(channel, each) for each in messages for channel in self.channels if channel.wants(each)]
        self.outbox.take_in(wanted, position)
        self._look(bool(wanted))

    def take_for(self, channel: Channel, message: Message) -> None:
        """Take what is told to one channel alone.

        Raises:
            sqlite3.Error: it was not taken.
        """
        self.outbox.take_in([(channel, message)])
        self._look(True)

    @property
    def failure(self) -> str:
        """The kind of error that has ended a worker; empty: all live."""
        return next((worker.failure for worker in self._workers if worker.failure), "")

    def stop(self) -> None:
        """End the workers, within seconds, and close the outbox."""
        for worker in self._workers:
            worker.stop()
        self.outbox.close()

    def _look(self, is_needed: bool) -> None:
        for worker in self._workers if is_needed else ():
            worker.look()
