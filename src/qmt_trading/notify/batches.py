"""What goes out now, and what of it together: a pure choice among what waits."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from qmt_trading.notify import words
from qmt_trading.notify.channel import Channel
from qmt_trading.notify.message import RANK, Kind
from qmt_trading.notify.timing import OLD_NS
from qmt_trading.notify.words import Item, Written

SINGLES_MAX: Final = 5
"""More alerts than these become one message."""


class Form(StrEnum):
    """How items are told."""

    SINGLE = "single"
    GATHERED = "gathered"
    DIGEST = "digest"
    REMINDER = "reminder"


class Batch(NamedTuple):
    """What makes one message."""

    form: Form
    items: tuple[Item, ...]

    def written(self, language: str) -> Written:
        """Return it as people read it."""
        match self.form:
            case Form.SINGLE:
                return words.single(self.items[0], language)
            case Form.GATHERED:
                return words.gathered(self.items, language)
            case Form.DIGEST:
                return words.digest(self.items, language)
            case Form.REMINDER:
                return words.reminder(self.items, language)


def choose(due: Sequence[Item], channel: Channel, *, now_ns: int, began_ns: int, room: int) -> list[Batch]:
    """Return what goes out now of what is due, the gravest first; what is held by the quiet hours is in none.

    Args:
        began_ns: when this process began: what was old then is told in one message.
        room: how many messages may go out. Where there is less than the alerts need, the last message takes the rest;
            nothing goes out where there is none.
    """
    free = [item for item in due if not channel.is_held(item.importance, now_ns)]
    alerts = sorted(
        (item for item in free if item.kind is Kind.ALERT), key=lambda item: (-RANK[item.importance], item.at_ns)
    )
    batches = [Batch(Form.SINGLE, (item,)) for item in free if item.kind is not Kind.ALERT]
    old = tuple(item for item in alerts if item.at_ns < began_ns - OLD_NS)
    new = [item for item in alerts if item.at_ns >= began_ns - OLD_NS]
    if len(old) == 1:
        batches.append(Batch(Form.SINGLE, old))
    elif old:
        batches.append(Batch(Form.DIGEST, old))
    batches = batches[: max(room, 0)]
    room -= len(batches)
    if not new or room <= 0:
        return batches
    if len(new) > SINGLES_MAX:
        return [Batch(Form.GATHERED, tuple(new)), *batches]
    singles = [Batch(Form.SINGLE, (item,)) for item in new[: room if len(new) <= room else room - 1]]
    rest = tuple(new[len(singles) :])
    gathered = [Batch(Form.GATHERED, rest)] if rest else []
    return [*singles, *gathered, *batches]
