"""Both ends of the broker link together: no report is lost in silence or told twice, no order goes after its time."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from qmt_trading.brokers.simulated.host_end import HostEnd
from qmt_trading.brokers.simulated.host_lane import Lane
from qmt_trading.link.engine_end import EngineEnd
from qmt_trading.link.frames import Lines, parse
from qmt_trading.link.messages import Gap, Hello, Log, Stage

ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 40)),
        st.tuples(st.just("carry"), st.integers(1, 6000)),
        st.tuples(st.just("break"), st.just(0)),
        st.tuples(st.just("acknowledge"), st.just(0)),
        st.tuples(st.just("crowd"), st.integers(4000, 4200)),
    ),
    max_size=30,
)


def hello(lane: Lane, *, resumes: bool) -> Hello:
    return Hello([1, 1], "sim", "plain", "boot", 0, resume={"sid": "s", "got": lane.acknowledged} if resumes else None)


@settings(max_examples=25)
@given(ACTS)
def test_every_report_comes_once_in_its_order_or_a_gap_says_that_it_is_gone(acts: list[tuple[str, int]]) -> None:
    lane, end = Lane(), EngineEnd()
    said = 0
    heard: list[int] = []
    missed: set[int] = set()
    lines, wire = Lines(), b""

    def connect(*, resumes: bool) -> None:
        begun = end.begin(hello(lane, resumes=resumes), 0)
        lane.attach()
        lane.open(begun.replay_from)

    def take(data: bytes) -> None:
        for line in lines.feed(data):
            told = end.take(parse(line), 0)
            if isinstance(told, Stage):
                heard.append(int(told.coid))
            elif isinstance(told, Gap):
                missed.update(range(told.first, told.last + 1))

    connect(resumes=False)
    for act, count in [*acts, ("carry", 10**9)]:
        if act in ("say", "crowd"):
            for _ in range(count):
                said += 1
                lane.put({"t": "stage", "coid": str(said), "st": "dispatched"})
        elif act == "carry":
            while data := lane.take(0):
                wire += data
            take(wire[:count])
            wire = wire[count:]
        elif act == "acknowledge":
            if ack := end.due_ack(now=True):
                lane.acknowledge(json.loads(ack)["k"])
        else:
            lines, wire = Lines(), b""  # What was on its way is gone.
            end.end()
            connect(resumes=True)
    assert heard == sorted(set(heard))
    assert set(heard) | missed == set(range(1, said + 1))
    assert not set(heard) & missed


@settings(max_examples=100)
@given(
    offset_us=st.integers(0, 10**12),
    drift_ppm=st.integers(-100, 100),
    beats=st.lists(st.tuples(st.integers(1, 2_000_000), st.integers(0, 500_000)), min_size=1, max_size=8),
    wait_us=st.integers(0, 3_000_000),
    transit_us=st.one_of(st.integers(0, 200_000), st.integers(0, 2_000_000_000)),
    queued_us=st.integers(0, 5_000_000),
    ttl_us=st.integers(0, 4_000_000),
)
def test_no_order_goes_after_its_time_whatever_the_clocks_say_and_however_long_a_terminal_was_frozen(
    offset_us: int,
    drift_ppm: int,
    beats: list[tuple[int, int]],
    wait_us: int,
    transit_us: int,
    queued_us: int,
    ttl_us: int,
) -> None:
    now_us = 0  # True time; the engine's steady clock runs by it, the host's drifts and began elsewhere.

    def host_us() -> int:
        return offset_us + now_us + now_us * drift_ppm // 1_000_000

    lane = Lane()
    host, engine = HostEnd(lane, host_us, observe=False), EngineEnd()
    engine.begin(Hello([1, 1], "sim", "plain", "boot", host_us()), 0)
    host.begin(1, frozenset({"1"}))
    host.ready.add("1")
    host.take({"t": "arm", "level": "trade"})
    read_us = 0
    for gap_us, carried_us in beats:
        now_us += gap_us
        stamp = host_us()
        read_us = max(read_us, now_us + carried_us)
        engine.take({"t": "beat", "hm": stamp, "armed": "trade"}, read_us * 1000)
    now_us = sent_us = read_us + wait_us
    fields = {"account": "1", "symbol": "600000.SH", "side": "buy", "kind": "limit", "price": "10.00", "quantity": 100}
    line = engine.submit("A1", fields, ttl_us=ttl_us, steady_ns=sent_us * 1000)
    now_us += transit_us
    host.take(parse(line[:-1]))
    now_us += queued_us
    work = host.next(0)
    may_go = work is not None and host.may_call(work.message)
    age_us = now_us - sent_us
    slack_us = (now_us - sent_us + wait_us + 10_000_000) * 200 // 1_000_000 + 2
    if age_us > ttl_us + slack_us:
        assert not may_go
    if transit_us + queued_us + 3_000_000 < ttl_us and wait_us < 1_000_000:
        assert may_go, lane.take(0)  # A stamp that was long on its way makes an order seem older than it is.


def test_a_lossy_line_has_no_number_and_the_newest_of_its_kind_wins() -> None:
    lane, end = Lane(), EngineEnd()
    end.begin(hello(lane, resumes=False), 0)
    lane.open(1)
    for number in range(3):
        lane.slot({"t": "log", "level": "info", "text": str(number)})
    told = [end.take(parse(line), 0) for line in lane.take(0).splitlines()]
    assert told == [Log("info", "2")]
