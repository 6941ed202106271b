"""What is told to people has a key for ever, and finds its acknowledgement."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.model.outputs import Alert
from qmt_trading.model.view import AlertRow
from qmt_trading.model.words import Importance
from qmt_trading.notify.message import is_acknowledged, key_of, mark_of
from tests.engine_bench import ACCOUNT, START_NS

ALERT = Alert(Importance.CRITICAL, "CODE", "坏了", "broken", account=ACCOUNT)
ROW = AlertRow(START_NS, ALERT)


def test_the_key_tells_day_instant_turn_and_place() -> None:
    assert key_of(START_NS, 7, 2) == f"2026-11-24/{START_NS}/000000000007.000002"
    assert (
        len({key_of(START_NS, 7, 2), key_of(START_NS, 7, 3), key_of(START_NS, 8, 2), key_of(START_NS + 1, 7, 2)}) == 4
    )


def test_the_mark_is_of_the_content_and_the_instant() -> None:
    assert mark_of(ROW) == mark_of(AlertRow(START_NS, replace(ALERT)))
    others = [AlertRow(START_NS + 1, ALERT), AlertRow(START_NS, replace(ALERT, chinese="别的"))]
    assert mark_of(ROW) not in map(mark_of, others)


class Noted(Struct):
    """A row of a later version, which people can acknowledge."""

    alert: Alert
    acknowledged_ns: int


def test_a_row_that_knows_of_no_acknowledgement_has_none() -> None:
    assert not is_acknowledged(ROW)
    later, yet = Noted(ALERT, START_NS), Noted(ALERT, 0)
    assert is_acknowledged(later)  # type: ignore[arg-type]
    assert not is_acknowledged(yet)  # type: ignore[arg-type]
