"""Fanning out: a short memory of what changed, and for each reader no more than a place in it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final

import msgspec

from qmt_trading.panel.deltas import ROWS_MAX, Delta, encode, merge
from qmt_trading.panel.following_quotes import followed

PAUSE_S: Final = 0.045
"""Between two frames of one reader: at most 20 a second, with room for the pace of what is published."""
SHARE_S: Final = 0.2
"""How long what is watched may change before the room for it is shared anew."""
SEND_S: Final = 0.000_1
"""About what it costs to send one frame."""
SHARE: Final = 0.25
"""Of one core that sending may cost: with a thousand readers each is told less often."""
BEAT_S: Final = 1.0
FROZEN_S: Final = 60.0
"""A browser that has taken no byte for so long is dropped."""
MEMORY_DELTAS: Final = 256
GAP: Final = '{"k":"gap"}'
_encode: Final = msgspec.json.Encoder().encode


class Reader:
    """One browser's tab: how far it has been told, what it watches, and what wakes its sender."""

    __slots__ = (
        "account",
        "frame",
        "frozen",
        "left_out",
        "place",
        "sending_s",
        "symbols",
        "told_s",
        "unfollowed",
        "wake",
    )

    def __init__(self, place: int) -> None:
        self.place = place
        """The number of the last delta that it was told of."""
        self.frame = 0
        self.account = ""
        self.symbols: tuple[str, ...] = ()
        """Of these it wants the prices; changed by ``Hub.watch``."""
        self.unfollowed: tuple[str, ...] = ()
        """Of these it was told that there is no room for them."""
        self.left_out: tuple[str, ...] = ()
        """For these there is none now."""
        self.wake = asyncio.Event()
        self.told_s = time.monotonic()
        """When it was last told anything."""
        self.sending_s = 0.0
        """Since when it has not taken what is being sent; 0: nothing is."""
        self.frozen = asyncio.Event()
        """It has taken nothing for too long."""


class Hub:
    """Keeps the newest deltas, bounded in number and rows. All of it happens on the event loop.

    A reader costs a number, however slow it is: what it has missed is merged when it can take more, and where that is
    no longer remembered it is told of a gap. Readers at the same place with the same wishes share one encoding.
    """

    def __init__(self) -> None:
        self.readers: dict[Reader, None] = {}
        """In the order in which they came."""
        self._own: frozenset[str] = frozenset()
        self.followed: tuple[str, ...] = ()
        """The symbols whose prices are told, swapped whole: for any thread."""
        self._sharing: asyncio.TimerHandle | None = None
        self._memory: deque[Delta] = deque()
        self._rows = 0
        self._newest = 0
        """The number of the newest delta."""
        self._frames: dict[tuple[int, str], str | None] = {}
        self.encodings = 0
        """Frames encoded since the start, for the figures."""
        self.gaps = 0
        self.dropped = 0
        """Readers that took nothing for too long."""

    def join(self) -> Reader:
        """Return a new reader, to be told of what comes from now on."""
        reader = Reader(self._newest)
        self.readers[reader] = None
        return reader

    def leave(self, reader: Reader) -> None:
        """Forget ``reader``; repeating it is harmless."""
        self.readers.pop(reader, None)
        if reader.symbols:
            self._share_soon()

    def watch(self, reader: Reader, account: str, symbols: tuple[str, ...]) -> None:
        """Take what ``reader`` wants to be told of: one account or, if empty, all; and the prices of ``symbols``."""
        reader.account = account
        if symbols != reader.symbols:
            reader.symbols = symbols
            self._share_soon()

    def hold(self, own: frozenset[str]) -> None:
        """Take what is followed whatever anybody watches."""
        self._own = own
        self._share_soon()

    def _share_soon(self) -> None:
        """Share the room anew in a moment: once, when a thousand readers come together."""
        if self._sharing is None:
            self._sharing = asyncio.get_running_loop().call_later(SHARE_S, self._share)

    def _share(self) -> None:
        """Share the room, and wake whoever has to hear that a symbol of his is followed no more, or again."""
        self._sharing = None
        wishes = [reader.symbols for reader in self.readers if not self._own.issuperset(reader.symbols)]
        self.followed = followed(self._own, wishes)
        known = frozenset(self.followed)
        for reader in self.readers:
            all_known = known.issuperset(reader.symbols)
            reader.left_out = () if all_known else tuple(each for each in reader.symbols if each not in known)
            if reader.left_out != reader.unfollowed:
                reader.wake.set()

    def publish(self, delta: Delta) -> None:
        """Remember ``delta`` and wake everybody; waits for nobody."""
        self._newest += 1
        self._memory.append(delta)
        self._rows += delta.rows
        while len(self._memory) > MEMORY_DELTAS or (self._rows > ROWS_MAX and len(self._memory) > 1):
            self._rows -= self._memory.popleft().rows
        self._frames.clear()
        for reader in self.readers:
            reader.wake.set()

    async def keep(self) -> None:
        """Look at all readers once a second, for ever: who is told nothing gets a sign of life, who freezes is cut."""
        while True:
            await asyncio.sleep(BEAT_S)
            now = time.monotonic()
            for reader in self.readers:
                if now - reader.told_s >= BEAT_S:
                    reader.wake.set()
                if reader.sending_s and now - reader.sending_s > FROZEN_S:
                    reader.frozen.set()

    @property
    def pause_s(self) -> float:
        """Return how long a reader is left in peace after a frame."""
        return max(PAUSE_S, len(self.readers) * SEND_S / SHARE)

    def frame(self, reader: Reader) -> str | None:
        """Return what ``reader`` is to be told next, and take it as told; None: nothing."""
        reader.wake.clear()
        if reader.left_out != reader.unfollowed:
            reader.unfollowed = reader.left_out
            reader.wake.set()  # For what else there may be.
            reader.told_s = time.monotonic()
            return _encode({"k": "unfollowed", "symbols": reader.left_out}).decode("utf-8")
        if reader.place == self._newest:
            return None
        body = self._body(reader.place, reader.account)
        reader.place = self._newest
        reader.told_s = time.monotonic()
        if body is None:
            self.gaps += 1
            return GAP
        reader.frame += 1
        return f'{{"k":"delta","frame":{reader.frame},{body}'

    def _body(self, place: int, account: str) -> str | None:
        """Return what came after ``place``, encoded once for all who ask alike; None: more than is remembered."""
        key = (place, account)
        if key not in self._frames:
            self._frames[key] = self._encoded(place, account)
        return self._frames[key]

    def _encoded(self, place: int, account: str) -> str | None:
        missed = self._newest - place
        if missed > len(self._memory):
            return None
        found = [self._memory[index] for index in range(len(self._memory) - missed, len(self._memory))]
        delta = merge(found) if missed > 1 else found[0]
        if delta.is_gap or delta.rows > ROWS_MAX:
            return None
        self.encodings += 1
        return encode(delta, account)


def beat(at_ms: int) -> str:
    """Return the sign of life that stands in for changes where there are none."""
    return f'{{"k":"beat","at":{at_ms}}}'
