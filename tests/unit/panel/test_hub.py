"""The hub: readers cost a number, share encodings, and are told of a gap where memory ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from qmt_trading.panel.deltas import ROWS_MAX, Delta, Key, Row, row_of
from qmt_trading.panel.hub import GAP, MEMORY_DELTAS, PAUSE_S, Hub, Reader


def order(number: int, key: str = "a") -> Delta:
    return Delta(at_ms=number, keyed={"orders": {key: row_of({"n": number})}})


def in_a_loop(act: Callable[[Hub], None]) -> None:
    async def run() -> None:
        act(Hub())

    asyncio.run(run())


def frame(hub: Hub, reader: Reader) -> dict[str, object]:
    text = hub.frame(reader)
    assert text is not None
    found: dict[str, object] = json.loads(text)
    return found


def test_frames_count_by_one_for_each_reader() -> None:
    def act(hub: Hub) -> None:
        early = hub.join()
        hub.publish(order(1))
        assert frame(hub, early)["frame"] == 1
        late = hub.join()
        hub.publish(order(2))
        assert (frame(hub, early)["frame"], frame(hub, late)["frame"]) == (2, 1)
        assert hub.frame(early) is None

    in_a_loop(act)


def test_a_reader_that_lagged_is_told_the_last_value_once() -> None:
    def act(hub: Hub) -> None:
        reader = hub.join()
        for number in range(10):
            hub.publish(order(number))
        assert frame(hub, reader) == {"k": "delta", "frame": 1, "at": 9, "orders": [{"n": 9}]}

    in_a_loop(act)


def test_a_thousand_readers_cost_one_encoding() -> None:
    def act(hub: Hub) -> None:
        readers = [hub.join() for _ in range(1000)]
        hub.publish(order(1))
        assert len({hub.frame(reader) for reader in readers}) == 1
        assert hub.encodings == 1
        assert hub.pause_s > PAUSE_S, "with so many each is told less often"

    in_a_loop(act)


def test_beyond_what_is_remembered_there_is_a_gap_and_then_it_goes_on() -> None:
    def act(hub: Hub) -> None:
        reader = hub.join()
        for number in range(MEMORY_DELTAS + 1):
            hub.publish(order(number))
        assert hub.frame(reader) == GAP
        hub.publish(order(7))
        assert frame(hub, reader)["frame"] == 1, "a gap is no frame"

    in_a_loop(act)


def test_memory_is_bounded_in_rows_whatever_the_deltas() -> None:
    def act(hub: Hub) -> None:
        reader = hub.join()
        many: dict[Key, Row] = {str(number): row_of({"n": number}) for number in range(ROWS_MAX // 2 + 1)}
        for number in range(5):
            hub.publish(Delta(at_ms=number, keyed={"orders": many}))
        assert sum(delta.rows for delta in hub._memory) <= ROWS_MAX
        assert hub.frame(reader) == GAP

    in_a_loop(act)


def test_a_delta_too_large_for_a_frame_is_a_gap() -> None:
    def act(hub: Hub) -> None:
        reader = hub.join()
        hub.publish(Delta(at_ms=1, added={"fills": tuple(row_of(n) for n in range(ROWS_MAX + 1))}))
        assert hub.frame(reader) == GAP

    in_a_loop(act)


def test_a_new_day_is_a_gap_for_everybody() -> None:
    def act(hub: Hub) -> None:
        reader = hub.join()
        hub.publish(order(1))
        hub.publish(Delta(at_ms=2, is_gap=True))
        assert hub.frame(reader) == GAP

    in_a_loop(act)


def test_publishing_wakes_whoever_waits() -> None:
    async def run() -> None:
        hub = Hub()
        reader = hub.join()
        waiting = asyncio.create_task(reader.wake.wait())
        await asyncio.sleep(0)
        hub.publish(order(1))
        await asyncio.wait_for(waiting, 20)
        hub.leave(reader)
        hub.leave(reader)
        assert not hub.readers

    asyncio.run(run())
