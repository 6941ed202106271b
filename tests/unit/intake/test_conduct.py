"""What senders are owed and how they are slowed down, by figures alone."""

from __future__ import annotations

import pytest

from qmt_trading.codec.receipt_json import encode_busy, encode_malformed
from qmt_trading.codec.signal import parse
from qmt_trading.codec.truncated import truncated
from qmt_trading.intake.conduct import (
    IN_FLIGHT_MAX,
    IN_FLIGHT_PAUSE_NS,
    LINES_PER_SECOND_FREE,
    MALFORMED_PER_SECOND_MAX,
    MESSAGES_AT_ONCE,
    Conduct,
    Pace,
    answers_to,
)
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import Heartbeat


@pytest.mark.parametrize(
    "message",
    [
        b"600000.SH:11031122",
        b"<000001.SZ#1>",
        b"<HeartBeat>",
        b"< heartbeat >\r",
        "＜000001.SZ＃1＞＜000002.SZ＃2＞".encode(),
        "＜000001.SZ＃1＞＜000002.SZ＃2＞".encode("gb18030"),
        "＜000001.SZ＃1＞junk＜HeartBeat＞＜".encode(),
        "<000001.SZ#1>＜000002.SZ#2＞ ＜000003.SZ＃3".encode(),
        "＜".encode() * 256,
        b'{"note":"<"}',
        "缺 <".encode(),
    ],
)
def test_the_answers_a_message_leads_to_are_counted_as_the_parser_gives_them(message: bytes) -> None:
    assert answers_to(message) == sum(not isinstance(each, Heartbeat) for each in parse(message))


def test_more_angles_than_a_message_may_hold_are_never_counted_too_low() -> None:
    assert answers_to("＜".encode() * 5000) >= 1


def test_a_sender_waits_for_the_rest_of_a_second_of_nonsense_and_no_longer() -> None:
    conduct, refusal = Conduct(), encode_malformed(truncated(1))
    for _ in range(MALFORMED_PER_SECOND_MAX):
        conduct.answered(refusal, lambda: 5 * SECOND_NS)
    conduct.answered(encode_busy(), lambda: 5 * SECOND_NS)
    conduct.answered(b'{"seq":1,"id":"","status":"denied"}\n', lambda: 5 * SECOND_NS)
    assert conduct.pause_ns(5 * SECOND_NS) == 0
    conduct.answered(refusal, lambda: 5 * SECOND_NS + 10)
    assert conduct.pause_ns(5 * SECOND_NS + 10) == SECOND_NS - 10
    assert conduct.pause_ns(6 * SECOND_NS) == 0
    conduct.answered(refusal, lambda: 6 * SECOND_NS)
    assert conduct.pause_ns(6 * SECOND_NS) == 0


def test_a_sender_with_too_much_in_flight_takes_short_turns() -> None:
    conduct = Conduct()
    conduct.owed = IN_FLIGHT_MAX
    assert conduct.pause_ns(0) == 0
    conduct.owed += 1
    assert conduct.pause_ns(0) == IN_FLIGHT_PAUSE_NS
    conduct.answered(b"receipt\n", lambda: 0)
    assert conduct.pause_ns(0) == 0


def test_senders_without_receipts_are_slowed_down_beyond_so_many_lines_a_second() -> None:
    pace = Pace()
    free = [pace.pause_ns(MESSAGES_AT_ONCE, SECOND_NS) for _ in range(LINES_PER_SECOND_FREE // MESSAGES_AT_ONCE)]
    assert set(free) == {0}
    assert pace.pause_ns(MESSAGES_AT_ONCE, SECOND_NS) == IN_FLIGHT_PAUSE_NS
    assert pace.pause_ns(1, SECOND_NS) == 0
    assert pace.pause_ns(MESSAGES_AT_ONCE - 1, SECOND_NS) == IN_FLIGHT_PAUSE_NS
    assert pace.pause_ns(MESSAGES_AT_ONCE, 2 * SECOND_NS) == 0
