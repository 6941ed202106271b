"""Whose quotes the panel follows: what is held or works always, and of what browsers watch a fair share each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

FOLLOWED_MAX: Final = 500
"""Symbols whose quotes are asked for again and again; what is held or works is asked for beyond it."""


def followed(
    own: Collection[str], wishes: Iterable[Sequence[str]], *, symbols_max: int = FOLLOWED_MAX
) -> tuple[str, ...]:
    """Return the symbols to follow, each once: all of ``own``, then one of each wish in turn while there is room.

    Nobody's long wish takes the place of what is held, nor of another's short one.
    """
    chosen = dict.fromkeys(sorted(own))
    queues = [list(dict.fromkeys(reversed(wish))) for wish in wishes]
    while queues and len(chosen) < symbols_max:
        for queue in queues:
            while queue and queue[-1] in chosen:
                queue.pop()
            if queue and len(chosen) < symbols_max:
                chosen[queue.pop()] = None
        queues = [queue for queue in queues if queue]
    return tuple(chosen)
