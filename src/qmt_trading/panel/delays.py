"""How long the next attempt must wait after failed ones: it grows, and it is bounded, so nobody is locked out."""

from __future__ import annotations

import ipaddress
import math
import threading
from collections.abc import Hashable, Iterable
from typing import Final

from msgspec import Struct

FREE_ATTEMPTS: Final = 3
WAIT_MAX_S: Final = 30
FORGET_S: Final = 3_600
KEPT_MAX: Final = 10_000


class _Failures(Struct):
    count: int
    last_s: float


class Delays:
    """Counts failed attempts by key; in memory alone. May be called from any thread."""

    def __init__(self) -> None:
        self._failures: dict[Hashable, _Failures] = {}
        self._lock = threading.Lock()

    def attempt(self, keys: Iterable[Hashable], *, now_s: float) -> int:
        """Admit an attempt and return 0, or return the whole seconds to wait: then it does not count.

        An admitted attempt counts as failed until ``undo`` or ``forget`` says otherwise, so that many at once gain
        nothing.
        """
        known = list(keys)
        with self._lock:
            wait_s = max((self._wait_s(key, now_s) for key in known), default=0)
            if wait_s:
                return wait_s
            for key in known:
                failures = self._failures.pop(key, None)
                count = failures.count if failures is not None and now_s - failures.last_s < FORGET_S else 0
                self._failures[key] = _Failures(count + 1, now_s)
            while len(self._failures) > KEPT_MAX:
                del self._failures[next(iter(self._failures))]
        return 0

    def undo(self, keys: Iterable[Hashable]) -> None:
        """Take the last attempt back: it was neither wrong nor a success."""
        with self._lock:
            for key in keys:
                failures = self._failures.get(key)
                if failures is not None:
                    failures.count = max(0, failures.count - 1)

    def forget(self, keys: Iterable[Hashable]) -> None:
        """Forget all failures: the attempt succeeded."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait_s(self, key: Hashable, now_s: float) -> int:
        failures = self._failures.get(key)
        if failures is None:
            return 0
        failures.last_s = min(failures.last_s, now_s)  # A clock set back since then lengthens no wait.
        return max(0, math.ceil(failures.last_s + wait_after(failures.count) - now_s))


def wait_after(failures: int) -> int:
    """Return the seconds to wait after so many failures: none after two, then 1, 2, 4 … up to ``WAIT_MAX_S``."""
    if failures < FREE_ATTEMPTS:
        return 0
    return min(WAIT_MAX_S, 1 << min(failures - FREE_ATTEMPTS, 10))


def origin_of(address: str) -> str:
    """Return what counts as one place: the address itself, or the 64-bit network of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        if not parsed.is_loopback:
            return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
