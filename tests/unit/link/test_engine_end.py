"""The engine's end of a link: numbers, stamps, what is unanswered, beats."""

from __future__ import annotations

import json

import pytest

from qmt_trading.link.engine_end import UNANSWERED_MAX, EngineEnd
from qmt_trading.link.frames import BadFrameError
from qmt_trading.link.messages import Beat, Hello, Row, Stage

SECOND = 1_000_000_000
FIELDS = {"account": "1", "symbol": "600000.SH", "side": "buy", "kind": "limit", "price": "10.00", "quantity": 100}


def hello(boot: str = "boot", *, hm: int = 1_000_000, resume: Row | None = None) -> Hello:
    return Hello([1, 1], "simulated", "plain", boot, hm, resume=resume)


def begun() -> EngineEnd:
    end = EngineEnd()
    end.begin(hello(), 0)
    return end


def submit(end: EngineEnd, coid: str, *, ttl_us: int = 3_000_000, steady_ns: int = 0) -> dict[str, object]:
    line = json.loads(end.submit(coid, FIELDS, ttl_us=ttl_us, steady_ns=steady_ns))
    assert isinstance(line, dict)
    return line


def stage(number: int, coid: str = "A1", st: str = "dispatched") -> dict[str, object]:
    return {"t": "stage", "n": number, "coid": coid, "st": st}


def beat(hm: int, *, busy: int = 0) -> dict[str, object]:
    return {"t": "beat", "hm": hm, "busy": busy, "call": "order_stock_async", "armed": "trade"}


def test_numbers_count_up_and_a_hole_ends_the_connection() -> None:
    end = begun()
    assert end.take(stage(1), 0) == Stage("A1", "dispatched")
    assert end.take(stage(2), 0) is not None
    with pytest.raises(BadFrameError, match="hole"):
        end.take(stage(4), 0)
    assert end.got == 2


@pytest.mark.parametrize("number", [0, -1, True, "1", 1.0])
def test_a_number_is_a_positive_integer(number: object) -> None:
    with pytest.raises(BadFrameError):
        begun().take({"t": "stage", "n": number, "coid": "A", "st": "refused"}, 0)


def test_a_line_that_comes_again_is_not_told_again() -> None:
    end = begun()
    end.take(stage(1), 0)
    assert end.take(stage(1), 0) is None


def test_a_gap_stands_for_the_lines_it_tells_of() -> None:
    end = begun()
    end.take(stage(1), 0)
    end.take({"t": "gap", "from": 2, "to": 9, "n": 9}, 0)
    end.take(stage(10), 0)
    assert end.got == 10
    with pytest.raises(BadFrameError):
        end.take({"t": "gap", "from": 12, "to": 13, "n": 13}, 0)


def test_an_unread_line_counts_and_has_no_effect() -> None:
    end = begun()
    end.take({"t": "news", "n": 1}, 0)
    assert end.take(stage(2), 0) is not None


def test_a_new_host_is_asked_for_everything_and_the_same_boot_from_where_it_broke() -> None:
    end = EngineEnd()
    assert end.begin(hello(), 0) == (False, 1, ())
    end.take(stage(1), 0)
    assert end.begin(hello(resume={"sid": "s", "got": 0}), 0) == (True, 2, ())
    assert end.begin(hello("other"), 0) == (False, 1, ())


def test_a_host_that_served_another_engine_is_asked_for_nothing_of_before() -> None:
    end = EngineEnd()
    assert end.begin(hello(resume={"sid": "s", "got": 7}), 0) == (False, 0, ())
    assert end.take(stage(41), 0) is not None
    assert end.take(stage(42), 0) is not None
    with pytest.raises(BadFrameError):
        end.take(stage(44), 0)


def test_every_line_says_what_was_received() -> None:
    end = begun()
    assert end.due_ack(now=True) == b""
    end.take(stage(1), 0)
    assert json.loads(end.due_ack(now=True)) == {"t": "ack", "k": 1}
    assert end.due_ack(now=True) == b""
    end.take(stage(2), 0)
    assert json.loads(end.command("list", {"q": "q1", "account": "1"}))["k"] == 2
    assert end.due_ack(now=True) == b""
    for number in range(3, 3 + 256):
        assert end.due_ack() == b""
        end.take(stage(number), 0)
    assert json.loads(end.due_ack())["k"] == 258


def test_a_submit_carries_the_newest_stamp_and_what_has_passed_since() -> None:
    end = begun()
    line = submit(end, "A1", steady_ns=250_000_000)
    assert (line["ref"], line["el"], line["ttl"]) == (1_000_000, 250_000, 3_000_000)
    end.take(beat(3_000_000), 2 * SECOND)
    line = submit(end, "A2", steady_ns=2 * SECOND + 7_000)
    assert (line["ref"], line["el"]) == (3_000_000, 7)
    end.take(beat(2_000_000), 2 * SECOND)
    line = submit(end, "A3", ttl_us=-5, steady_ns=2 * SECOND)
    assert (line["ttl"], line["ref"]) == (0, 3_000_000)


def test_the_stamp_of_a_dead_host_is_not_used() -> None:
    end = begun()
    end.take(beat(9_000_000), SECOND)
    end.begin(hello("other", hm=5), 2 * SECOND)
    assert submit(end, "A1", steady_ns=2 * SECOND)["ref"] == 5


def test_so_many_submits_may_be_unanswered_and_no_more() -> None:
    end = begun()
    for number in range(UNANSWERED_MAX):
        assert end.obstacle(0) == ""
        submit(end, f"A{number}")
    assert "unanswered" in end.obstacle(0)
    end.take(stage(1, "A0"), 0)
    assert end.obstacle(0) == ""
    submit(end, "B")
    end.withdraw("B")
    assert end.unanswered == UNANSWERED_MAX - 1


@pytest.mark.parametrize(
    "answer",
    [
        {"t": "stage", "coid": "A1", "st": "unknown"},
        {"t": "outcome", "q": "q", "coid": "A1", "st": "unknown"},
        {"t": "row", "account": "1", "kind": "order", "row": {}, "coid": "A1"},
    ],
)
def test_a_stage_an_outcome_and_a_row_are_answers(answer: dict[str, object]) -> None:
    end = begun()
    submit(end, "A1")
    end.take({**answer, "n": 1}, 0)
    assert end.unanswered == 0


def test_what_a_break_leaves_unanswered_is_asked_of_the_same_boot_only() -> None:
    end = begun()
    submit(end, "A1")
    submit(end, "A2")
    end.take(stage(1, "A2"), 0)
    assert end.end() == ("A1",)
    assert end.end() == ()
    assert end.begin(hello(), 0).lost == ("A1",)
    end.end()
    assert end.begin(hello(), 0).lost == ("A1",)  # It has not been answered yet.
    end.take(stage(2, "A1"), 0)
    assert end.begin(hello(), 0).lost == ()
    submit(end, "A3")
    assert end.begin(hello("other"), 0).lost == ()


def test_submits_wait_for_a_fresh_beat() -> None:
    end = begun()
    assert end.obstacle(2 * SECOND) == ""
    assert "beat" in end.obstacle(2 * SECOND + 1)
    end.take(beat(1), 3 * SECOND)
    assert end.obstacle(5 * SECOND) == ""
    end.end()
    assert "down" in end.obstacle(5 * SECOND)


def test_a_silent_host_is_given_up_after_five_seconds() -> None:
    end = begun()
    assert end.verdict(5 * SECOND) == ""
    assert "beat" in end.verdict(5 * SECOND + 1)
    end.end()
    assert end.verdict(9 * SECOND) == ""


def test_a_host_whose_call_hangs_is_given_up_at_the_second_beat_that_says_so() -> None:
    end = begun()
    for hm, busy, given_up in ((1, 5_000_000, False), (2, 5_000_001, False), (3, 0, False), (4, 5_000_001, False)):
        end.take(beat(hm, busy=busy), 0)
        assert bool(end.verdict(0)) is given_up
    end.take(beat(5, busy=6_000_001), 0)
    assert "order_stock_async" in end.verdict(0)


def test_what_the_host_allows_is_what_it_said_last() -> None:
    end = begun()
    assert end.level == "none"
    end.take({"t": "armed", "n": 1, "level": "cancel"}, 0)
    assert end.level == "cancel"
    told = end.take(beat(1), 0)
    assert isinstance(told, Beat)
    assert end.level == "trade"
    end.end()
    assert end.level == "none"


def test_the_welcome_names_every_account() -> None:
    line = json.loads(begun().welcome(epoch=44, accounts=[("1", "STOCK")], replay_from=17))
    assert line["accounts"] == [{"account": "1", "type": "STOCK"}]
    assert (line["t"], line["link"], line["ep"], line["replay_from"]) == ("welcome", 1, 44, 17)
