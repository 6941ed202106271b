"""Passwords: what is good enough, and argon2id with the same cost for a name that nobody has."""

from __future__ import annotations

import contextlib
import threading
import unicodedata
from collections.abc import Iterator
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from qmt_trading.panel.refusals import RefusedError

LENGTH_MIN: Final = 10
LENGTH_MAX: Final = 256
DIFFERENT_MIN: Final = 5
PASSES: Final = 4
MEMORY_KIB: Final = 9 * 1024
"""With four passes as hard to guess as 19 MiB with two (OWASP's table), and the panel's memory stays small."""
AT_ONCE: Final = 2
WAITING_MAX: Final = 16


class Passwords:
    """Hashes and checks, at most two at once: each takes 9 MiB and tens of milliseconds. Not for the event loop."""

    def __init__(self, *, passes: int = PASSES, memory_kib: int = MEMORY_KIB) -> None:
        """Take the cost of one hash; what was stored at another one stays good, and is stored anew at a login."""
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._places = threading.BoundedSemaphore(WAITING_MAX)
        self._of_nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return what is stored of ``password``.

        Raises:
            RefusedError: too many wait already.
        """
        with self._turn():
            return self._hasher.hash(_plain(password))

    def is_right(self, stored: str, password: str) -> bool:
        """Tell whether ``password`` is the one ``stored``; takes as long where nothing is stored, and says no.

        Raises:
            RefusedError: too many wait already.
        """
        with self._turn():
            try:
                self._hasher.verify(stored or self._of_nobody, _plain(password))
            except (VerificationError, InvalidHashError):
                return False
        return bool(stored)

    def is_outdated(self, stored: str) -> bool:
        """Tell whether ``stored`` was made with another cost than a new one would be."""
        return self._hasher.check_needs_rehash(stored)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise RefusedError("wait", wait_s=1)
        try:
            with self._room:
                yield
        finally:
            self._places.release()


def check_password(password: str, user: str) -> None:
    """Let a ``password`` pass that is long and varied enough.

    Raises:
        RefusedError: it is not; the text says why.
    """
    plain = _plain(password).decode("utf-8")
    if not LENGTH_MIN <= len(plain) <= LENGTH_MAX:
        raise RefusedError(
            "weak_password",
            f"密码要 {LENGTH_MIN} 到 {LENGTH_MAX} 个字符",
            f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters",
            status=422,
        )
    if len(set(plain)) < DIFFERENT_MIN or user.casefold() == plain.casefold():
        raise RefusedError(
            "weak_password",
            f"密码太容易猜：至少 {DIFFERENT_MIN} 个不同的字符，且不能是用户名",
            f"this password is guessed easily: take at least {DIFFERENT_MIN} different characters, and not the name",
            status=422,
        )


def _plain(password: str) -> bytes:
    """Return the bytes that are hashed: the same however a keyboard composes a letter."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace")
