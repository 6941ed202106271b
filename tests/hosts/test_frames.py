"""How the host reads and writes lines, without a process."""

from __future__ import annotations

import argparse
import json
import math
import threading
from typing import Any

import pytest

from tests.terminal.host_module import module


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense",
        b"",
        b"[]",
        b"{}",
        b'{"t":1}',
        b'{"t":"ping","t":"ping"}',
        b'{"t":"ping","x":{"a":1,"a":1}}',
        b'{"t":"ping","x":NaN}',
        b'{"t":"ping","x":-Infinity}',
        b'{"t":"ping","x":1e999}',
        b'{"t":"ping","x":9007199254740993}',
        b'{"t":"ping","x":' + b"9" * 5000 + b"}",
        b'{"t":"ping","x":[[[[[[1]]]]]]}',
        b'{"t":"ping","x":"\xe4\xb8\xad"}',
        b"[" * 16_000,
        b'{"t":"ping","x":"' + b"x" * 16_400 + b'"}',
    ],
)
def test_a_line_that_breaks_a_rule_is_not_read(raw: bytes) -> None:
    with pytest.raises(module.FrameError):
        module.decode(raw)


def test_a_line_within_the_rules_is_read() -> None:
    raw = b'{"t":"ping","x":[[[[[9007199254740992]]]]],"y":"\\u4e2d"}'
    assert module.decode(raw) == {"t": "ping", "x": [[[[[2**53]]]]], "y": "中"}


class Native:
    """A row with one attribute that cannot be read, as a remark that was cut inside a character."""

    account_id = "1"
    price = math.nan
    order_id = 2**60
    stock_code = "600000.SH"
    traded_volume = 5

    @property
    def order_remark(self) -> str:
        return b"\xe4\xb8".decode()


def test_a_row_is_copied_with_what_it_has_and_nothing_else() -> None:
    row = module.copied(Native(), "order")
    expected: dict[str, Any] = {"account_id": "1", "price": None, "order_id": str(2**60), "stock_code": "600000.SH"}
    assert row == {**expected, "traded_volume": 5}
    json.dumps(row, allow_nan=False)


def test_rows_are_parted_by_number_and_by_size() -> None:
    assert [len(part) for part in module.parts([{"a": 1}] * 450, 60_000)] == [200, 200, 50]
    assert [len(part) for part in module.parts([{"a": "x" * 400}] * 450, 60_000)] == [146, 146, 146, 12]
    assert module.parts([], 60_000) == [[]]


class Sink:
    """A writer that can be held up."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.received = b""

    def __call__(self, data: bytes) -> None:
        assert self.open.wait(20)
        self.received += data

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.received.splitlines()]


def outbox_over(sink: Sink) -> Any:
    outbox = module.Outbox()
    outbox.attach(sink, {"t": "hello"})
    module.start("writer", outbox.run)
    return outbox


def test_what_is_not_acknowledged_is_sent_again_with_its_old_numbers() -> None:
    first, second = Sink(), Sink()
    outbox = outbox_over(first)
    outbox.open(1)
    for number in range(1, 11):
        assert outbox.put({"t": "row", "x": number})
    outbox.flush(20)
    outbox.acknowledge(4)
    outbox.detach()
    outbox.put({"t": "row", "x": 11})
    outbox.attach(second, {"t": "hello"})
    outbox.open(7)
    outbox.flush(20)
    assert [line.get("n") for line in first.lines()] == [None, *range(1, 11)]
    assert [(line.get("n"), line.get("x")) for line in second.lines()[1:]] == [(n, n) for n in range(7, 12)]


def test_what_is_no_longer_held_is_told_by_a_gap() -> None:
    first, second = Sink(), Sink()
    outbox = outbox_over(first)
    outbox.open(1)
    for number in range(1, 11):
        outbox.put({"t": "row", "x": number})
    outbox.flush(20)
    outbox.acknowledge(6)
    outbox.detach()
    outbox.attach(second, {"t": "hello"})
    outbox.open(3)
    outbox.flush(20)
    assert second.lines()[1] == {"t": "gap", "from": 3, "to": 6, "n": 6}
    assert [line["n"] for line in second.lines()[2:]] == [7, 8, 9, 10]


def test_at_least_2000_lines_are_held_and_no_more_than_2_mib() -> None:
    sink = Sink()
    outbox = outbox_over(sink)
    outbox.open(1)
    for number in range(2500):
        outbox.put({"t": "row", "x": number})
        if number % 500 == 0:
            outbox.flush(20)
    outbox.flush(20)
    assert 2000 <= len(outbox._held) <= 2001
    for _ in range(100):
        outbox.put({"t": "row", "x": "y" * 50_000})
        outbox.flush(20)
    assert sum(map(len, outbox._held.values())) <= 2 * 1024 * 1024 + 60_000


def test_a_reader_that_does_not_read_loses_quotes_first_then_gets_a_gap() -> None:
    sink = Sink()
    outbox = outbox_over(sink)
    outbox.open(1)
    outbox.flush(20)
    sink.open.clear()
    kept = sum(outbox.put({"t": "row", "x": number}) for number in range(10_000))
    assert 4096 <= kept < 10_000
    assert outbox.crowded
    for number in range(3):
        outbox.slot("beat", {"t": "beat", "hm": number})
        outbox.quotes({"600000.SH": {"lastPrice": number}})
        outbox.quotes_due()
    sink.open.set()
    outbox.flush(20)
    told = sink.lines()
    gap = next(line for line in told if line["t"] == "gap")
    assert (gap["from"], gap["to"], gap["n"]) == (kept + 1, 10_000, 10_000)
    assert [line["n"] for line in told if line["t"] == "row"] == list(range(1, kept + 1))
    assert [line["hm"] for line in told if line["t"] == "beat"] == [2]
    assert [line["rows"] for line in told if line["t"] == "quotes"] == [{"600000.SH": {"lastPrice": 2}}]
    assert not outbox.crowded
    assert outbox.put({"t": "row", "x": "again"})
    outbox.flush(20)
    assert sink.lines()[-1]["n"] == 10_001


def test_quotes_of_a_whole_market_go_in_lines_within_the_frame() -> None:
    sink = Sink()
    outbox = outbox_over(sink)
    outbox.open(1)
    outbox.quotes(
        {f"{number:06}.SH": {"lastPrice": 1.25, "askPrice": [1.0] * 5, "text": "x" * 200} for number in range(3000)}
    )
    outbox.quotes_due()
    outbox.flush(20)
    assert max(map(len, sink.received.splitlines())) < 65_536
    rows = [symbol for line in sink.lines()[1:] for symbol in line["rows"]]
    assert len(rows) == len(set(rows)) == 3000


def test_a_host_whose_lines_are_lost_takes_no_more_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    sink = Sink()
    options = argparse.Namespace(observe=False, xtquant="", link="stdio", terminal="nowhere")
    host = module.Host(options, [100])
    monkeypatch.setattr(host, "outbox", outbox_over(sink))
    host.outbox.open(1)
    host.outbox.flush(20)
    sink.open.clear()
    host.level = "trade"
    told = 0
    while host.level == "trade":
        host.tell({"t": "row", "x": told})
        told += 1
        assert told < 20_000
    assert (host.level, host.outbox.crowded, told > 4096) == ("none", True, True)
    sink.open.set()
