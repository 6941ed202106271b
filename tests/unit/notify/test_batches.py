"""A burst becomes one message, what is old one digest; the gravest goes first and quiet hours hold the rest."""

from __future__ import annotations

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Importance
from qmt_trading.notify.batches import Batch, Form, choose
from qmt_trading.notify.channel import Channel, Quiet
from qmt_trading.notify.message import Kind
from qmt_trading.notify.timing import OLD_NS
from qmt_trading.notify.words import Item
from tests.engine_bench import START_NS
from tests.notify_bench import item

CHANNEL = Channel(name="c")


def chosen(*due: Item, room: int = 5, channel: Channel = CHANNEL) -> list[tuple[Form, int]]:
    return [(batch.form, len(batch.items)) for batch in made(*due, room=room, channel=channel)]


def made(*due: Item, room: int = 5, channel: Channel = CHANNEL) -> list[Batch]:
    return choose(due, channel, now_ns=START_NS, began_ns=START_NS, room=room)


def test_five_go_out_one_by_one_and_six_as_one() -> None:
    assert chosen(*(item(number) for number in range(5))) == [(Form.SINGLE, 1)] * 5
    assert chosen(*(item(number) for number in range(6))) == [(Form.GATHERED, 6)]


def test_where_there_is_less_room_the_last_message_takes_the_rest() -> None:
    assert chosen(*(item(number) for number in range(4)), room=2) == [(Form.SINGLE, 1), (Form.GATHERED, 3)]
    assert chosen(*(item(number) for number in range(4)), room=1) == [(Form.GATHERED, 4)]
    assert chosen(item(1), room=1) == [(Form.SINGLE, 1)]
    assert chosen(*(item(number) for number in range(9)), room=0) == []


def test_what_was_old_at_the_start_is_one_digest_after_what_is_new() -> None:
    old = [item(number, at_ns=START_NS - OLD_NS - SECOND_NS) for number in range(9)]
    just_not = item(10, at_ns=START_NS - OLD_NS)
    assert chosen(*old, just_not) == [(Form.SINGLE, 1), (Form.DIGEST, 9)]
    assert chosen(old[0]) == [(Form.SINGLE, 1)]


def test_the_gravest_goes_first() -> None:
    batches = made(item(1), item(2, importance=Importance.CRITICAL), item(3, importance=Importance.INFORMATION))
    assert [batch.items[0].key for batch in batches] == ["k002", "k001", "k003"]


def test_a_report_is_never_gathered() -> None:
    report = item(99)._replace(kind=Kind.DAILY)
    assert chosen(*(item(number) for number in range(9)), report) == [(Form.GATHERED, 9), (Form.SINGLE, 1)]


def test_quiet_hours_hold_all_but_what_is_critical() -> None:
    hour_ns = 3600 * SECOND_NS
    channel = Channel(name="c", quiet=Quiet(9 * hour_ns, 11 * hour_ns))  # It is ten.
    grave = item(2, importance=Importance.CRITICAL)
    batches = made(item(1), grave, item(3)._replace(kind=Kind.NOON), channel=channel)
    assert [batch.items for batch in batches] == [(grave,)]
