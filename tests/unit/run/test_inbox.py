"""The inbox: three lanes, each with a limit, and nobody waits for anybody for long."""

from __future__ import annotations

import threading
import time

import pytest
from tests.engine_bench import ACCOUNT, STOCK
from tests.loop_bench import HandClock, Way

from qmt_trading.model import events as ev
from qmt_trading.model.signal import Malformed, Signal
from qmt_trading.model.words import BareAction, LinkState
from qmt_trading.run import inbox as inbox_module
from qmt_trading.run.inbox import Arrival, Ask, Inbox, Wake, as_malformed_event


def an_inbox(**changes: object) -> Inbox:
    clock = HandClock()
    figures: dict[str, object] = {"bare": {"cancelling": BareAction.CANCEL, "buying": BareAction.BUY}}
    return Inbox(clock, **{**figures, **changes})  # type: ignore[arg-type]


def put(inbox: Inbox, text: str, door: str = "buying", way: Way | None = None, *, at_ns: int = 0) -> None:
    inbox.message(door, text.encode(), at_ns, way)


@pytest.mark.parametrize(
    ("text", "door", "lane"),
    [
        (f"buy {STOCK} 100:{ACCOUNT}", "buying", "signals"),
        (f"sell {STOCK} 100:{ACCOUNT}", "cancelling", "signals"),
        (f"cancel {STOCK}:{ACCOUNT}", "buying", "control"),
        (f"{STOCK}:{ACCOUNT}", "cancelling", "control"),
        (f"{STOCK}:{ACCOUNT}", "buying", "signals"),
        (f"{STOCK}:{ACCOUNT}", "unheard of", "signals"),
        (f"cancel {STOCK}:{ACCOUNT};buy {STOCK} 100:{ACCOUNT}", "buying", "signals"),
        ("???", "cancelling", "signals"),
    ],
)
def test_what_only_cancels_overtakes_and_nothing_else_does(text: str, door: str, lane: str) -> None:
    inbox = an_inbox()
    put(inbox, text, door)
    assert (len(inbox.control), len(inbox.signals)) == ((1, 0) if lane == "control" else (0, 1))


def test_requests_of_people_take_the_same_lane_in_their_order() -> None:
    inbox = an_inbox()
    put(inbox, f"cancel {STOCK}:{ACCOUNT}")
    inbox.ask(ev.HaltRequested("me", "now"))
    assert [type(item) for item in inbox.control] == [Arrival, Ask]


def test_a_full_lane_answers_busy_at_once_and_takes_nothing() -> None:
    inbox = an_inbox(signals_max=2)
    ways = [Way() for _ in range(3)]
    for way in ways:
        put(inbox, f"buy {STOCK} 100:{ACCOUNT}", way=way)
    assert len(inbox.signals) == 2
    assert [receipt["status"] for receipt in ways[2].receipts] == ["busy"]
    assert (ways[2].flushed, ways[1].receipts, inbox.busy_count) == (1, [], 1)


def test_a_full_lane_of_signals_holds_up_no_cancel_and_no_report() -> None:
    inbox = an_inbox(signals_max=0)
    put(inbox, f"cancel {STOCK}:{ACCOUNT}")
    for number in range(10_000):
        inbox.report(ev.LinkChanged(ACCOUNT, number, LinkState.CONNECTED))
    assert (len(inbox.control), len(inbox.reports)) == (1, 10_000)


def test_a_full_control_lane_lets_cancels_queue_with_the_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "CONTROL_MAX", 1)
    inbox = an_inbox()
    for _ in range(2):
        put(inbox, f"cancel {STOCK}:{ACCOUNT}")
    assert (len(inbox.control), len(inbox.signals)) == (1, 1)


def test_a_one_way_door_waits_for_room_at_most_a_second_and_then_drops() -> None:
    clock = HandClock()
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock.steady += int(seconds * 1e9)

    inbox = Inbox(clock, bare={}, signals_max=1, pause=pause)
    for _ in range(2):
        inbox.message("pipe", f"buy {STOCK} 100:{ACCOUNT}".encode(), 0, None)
    assert (len(inbox.signals), inbox.busy_count) == (1, 0)
    assert list(inbox.reports) == [ev.SignalsDropped("pipe", 1, f"buy {STOCK} 100:{ACCOUNT}")]
    assert 1.0 <= sum(pauses) <= 1.02


def test_what_a_one_way_door_drops_is_told_once_a_second_and_all_of_it_is_counted() -> None:
    clock = HandClock()
    inbox = Inbox(clock, bare={}, signals_max=0)
    for _ in range(5):
        inbox.message("pipe", f"buy {STOCK} 100:{ACCOUNT}".encode(), 0, None)
    clock.steady += 1_000_000_000
    inbox.message("pipe", f"buy {STOCK} 100:{ACCOUNT}".encode(), 0, None)
    assert [drop.count for drop in inbox.reports if isinstance(drop, ev.SignalsDropped)] == [1, 5]


def test_a_one_way_door_that_finds_room_while_it_waits_loses_nothing() -> None:
    inbox = Inbox(HandClock(), bare={}, signals_max=1, pause=lambda seconds: inbox.signals.clear())
    for _ in range(2):
        inbox.message("pipe", f"buy {STOCK} 100:{ACCOUNT}".encode(), 0, None)
    assert (len(inbox.signals), len(inbox.reports)) == (1, 0)


def test_so_many_malformed_messages_of_a_door_are_recorded_a_second_and_all_are_answered() -> None:
    inbox = an_inbox()
    for _ in range(25):
        put(inbox, "???", at_ns=5_000_000_000)
    put(inbox, "???", "other", at_ns=5_999_999_999)
    put(inbox, "???", at_ns=6_000_000_000)
    assert [arrival.recorded for arrival in inbox.signals] == [True] * 20 + [False] * 5 + [True, True]


def test_bytes_without_an_end_are_never_parsed_even_where_they_would_be_a_message() -> None:
    inbox = an_inbox()
    inbox.truncated("cancelling", f"cancel {STOCK}:{ACCOUNT}".encode(), 0, None)
    (arrival,) = inbox.signals
    assert isinstance(arrival.parsed, Malformed)
    assert not inbox.control


def test_a_heartbeat_is_noted_and_is_no_message() -> None:
    inbox = an_inbox()
    inbox.heartbeat("buying", 7)
    inbox.message("cancelling", b"", 9, None)
    assert inbox.heartbeats == {"buying": 7, "cancelling": 9}
    assert inbox.is_idle()


def test_what_stands_in_the_journal_of_a_malformed_message_is_bounded_and_readable() -> None:
    inbox = an_inbox()
    inbox.message("buying", b"\xff?" * 500, 3, None)
    event = as_malformed_event(inbox.signals[0])
    assert (event.door, event.received_ns, len(event.excerpt)) == ("buying", 3, 200)
    assert event.excerpt.startswith("\ufffd?")


def test_glued_messages_are_several_arrivals_each_on_its_own_lane() -> None:
    inbox, way = an_inbox(), Way()
    put(inbox, "<000001.SZ#1><HeartBeat><600000.SH#2>", "cancelling", way, at_ns=4)
    put(inbox, "<000001.SZ#1><600000#2><600000.SH#2>", "buying", way)
    parsed = [item.parsed for item in inbox.control if isinstance(item, Arrival)]
    symbols = [each.items[0].symbol for each in parsed if isinstance(each, Signal)]
    assert symbols == ["000001.SZ", "600000.SH"]
    assert inbox.heartbeats == {"cancelling": 4}
    assert [type(arrival.parsed) for arrival in inbox.signals] == [Signal, Malformed, Signal]
    texts = [arrival.text for arrival in inbox.signals]
    assert texts == ["<000001.SZ#1>", "<000001.SZ#1><600000#2><600000.SH#2>", "<600000.SH#2>"]


def test_everything_that_comes_in_has_a_number_of_its_own_in_the_order_of_its_coming() -> None:
    inbox = an_inbox(arrivals=40)
    put(inbox, f"buy {STOCK} 100:{ACCOUNT}")
    put(inbox, f"cancel {STOCK}:{ACCOUNT}")
    inbox.ask(ev.HaltRequested("me", "now"))
    numbers = [item.number if isinstance(item, Arrival) else item.arrival for item in inbox.control]
    assert [arrival.number for arrival in inbox.signals] + numbers == [41, 42, 43]


def test_reports_that_only_tell_the_time_keep_nobody_awake() -> None:
    inbox = an_inbox()
    inbox.lazy.append(ev.SubmitsHandedOver(0, ()))
    assert inbox.is_idle()
    inbox.report(ev.LinkChanged(ACCOUNT, 1, LinkState.CONNECTED))
    assert not inbox.is_idle()


def test_what_came_before_the_waiting_began_is_seen() -> None:
    began = time.perf_counter()
    Wake().wait(10, lambda: True)
    assert time.perf_counter() - began < 5


def test_a_waiting_thread_is_woken_and_one_that_nobody_wakes_comes_back_by_itself() -> None:
    wake, came = Wake(), threading.Event()

    def wait() -> None:
        wake.wait(20, lambda: False)
        came.set()

    thread = threading.Thread(target=wait)
    thread.start()
    while not came.is_set():
        wake.set()
        time.sleep(0.001)
    thread.join(20)
    wake = Wake()
    wake.set()  # Nobody waits: this must not wake a later waiting.
    began = time.perf_counter()
    wake.wait(0.05, lambda: False)
    assert time.perf_counter() - began > 0.03


def test_a_signal_in_gbk_keeps_the_words_that_it_was_read_by() -> None:
    inbox = an_inbox()
    text = f"买入 {STOCK} 5万元:{ACCOUNT}"
    inbox.message("buying", text.encode("gbk"), 0, None)
    (arrival,) = inbox.signals
    assert isinstance(arrival.parsed, Signal)
    assert arrival.text == text
