"""One stretch of fuzzing: so many messages from one seed, each answer checked, a share judged by the reference."""

from __future__ import annotations

import os
import sys
from collections import Counter
from random import Random

from msgspec import Struct

from qmt_trading.codec.signal import parse
from qmt_trading.model.signal import Heartbeat, Signal
from tests.fuzz.grammar import valid_message
from tests.fuzz.invariants import check
from tests.fuzz.judge import judge
from tests.fuzz.mutate import Mutator, load_corpus

VALID_SHARE = 0.3


class Stretch(Struct, frozen=True):
    """What one stretch found."""

    counts: dict[str, int]
    codes: dict[str, int]
    failure: str
    """Empty: every answer was right."""
    process: int
    peak_kib: int
    """Largest memory of the process so far; 0 where the platform does not say."""


def run_stretch(task: tuple[int, int, int], *, judged_share: float = 1.0) -> Stretch:
    """Parse ``messages`` messages of stretch ``number`` under ``seed``; the same three give the same messages.

    Args:
        judged_share: of the messages, so many are read by the reference grammar, too, printed and read again.
    """
    seed, number, messages = task
    luck = Random(f"{seed}/{number}/judged")
    rng = Random(f"{seed}/{number}")
    mutator = Mutator(rng, load_corpus())
    counts: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for _ in range(messages):
        expected: Signal | None = None
        if rng.random() < VALID_SHARE:
            payload, expected = valid_message(rng)
        else:
            payload = mutator.spoiled()
        try:
            results = parse(payload)
            check(payload, results)
            assert expected is None or results == (expected,), (expected, results)
            if luck.random() < judged_share:
                judge(payload, results, parse)
                counts["judged"] += 1
        except Exception as error:  # noqa: BLE001 - whatever the parser raises is what this program looks for.
            text = f"seed {seed} stretch {number}: {payload!r}: {type(error).__name__}: {error}"
            return Stretch(dict(counts), dict(codes), text, *_memory())
        for result in results:
            if isinstance(result, Signal):
                counts["signals"] += 1
            elif isinstance(result, Heartbeat):
                counts["heartbeats"] += 1
            else:
                counts["malformed"] += 1
                codes[result.code] += 1
        counts["messages"] += 1
    return Stretch(dict(counts), dict(codes), "", *_memory())


def _memory() -> tuple[int, int]:
    """Return this process's number and its peak memory in KiB; Linux alone counts it in that unit."""
    peak_kib = 0
    if sys.platform == "linux":
        import resource

        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return os.getpid(), peak_kib
