"""What the tail door promises, with a real file: no old line, no half line, no line twice, no line late."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmt_trading.codec.signal import parse
from qmt_trading.intake.tail import LINE_BYTES_MAX, READ_BYTES, TailDoor
from qmt_trading.model.errors import DoorError
from qmt_trading.model.instant import at_time, day_of, time_of_day_ns, to_clock_text
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import Signal
from tests.contract.senders import Sink, until

ACTIONS = {"放量突破": "买入 1手 @对手 ttl=3s", "跌破止损": "sell 全部", "快撤": "撤单"}
MINUTE_NS = 60 * SECOND_NS


def alert(code: str, condition: str = "放量突破", *, age_ns: int = 0, price: str = "10.50") -> bytes:
    """Return a line as 通达信 writes it, of the minute that was ``age_ns`` ago."""
    at_ns = time.time_ns() - age_ns
    day, clock = day_of(at_ns), to_clock_text(at_ns)[:5]
    return f"{code}\t五 粮 液\t{day} {clock}\t{price}\t 1.35%\t12345\t{condition}\r\n".encode("gb18030")


def is_replaced(new: Path, old: Path) -> bool:
    """Replace ``old`` as a careful writer on Windows does: not while somebody reads it."""
    try:
        os.replace(new, old)
    except PermissionError:
        return False
    return True


class Rig:
    """A file that somebody writes, and its door."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sink = Sink()
        self.door: TailDoor | None = None

    def start(self, **options: object) -> TailDoor:
        make: Callable[..., TailDoor] = TailDoor
        given = {"now_ns": time.time_ns, "actions": ACTIONS, "accounts": ("一号",), "look_s": 0.005}
        self.door = make("tdx", self.path, **{**given, **options})
        self.door.open(self.sink)
        return self.door

    def append(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)

    def texts(self) -> list[str]:
        return [payload.decode().partition(" #")[0] for payload in self.sink.payloads()]

    def wait(self, count: int) -> list[str]:
        until(lambda: len(self.sink.messages) >= count)
        time.sleep(0.03)
        assert len(self.sink.messages) == count
        return self.texts()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    found = Rig(tmp_path / "预警.txt")
    found.path.write_bytes(b"")
    yield found
    if found.door is not None:
        found.door.close()


def test_a_condition_does_what_is_configured(rig: Rig) -> None:
    rig.start()
    rig.append(alert("600000") + alert("SH600036", "跌破止损") + alert("300750", "快撤") + alert("600519", "别的"))
    assert rig.wait(3) == [
        "买入 600000.SH 1手 @对手:一号 ttl=3s",
        "sell 600036.SH 全部:一号",
        "撤单 300750.SZ:一号",
    ]
    assert all(each.reply is None for each in rig.sink.messages)
    for payload in rig.sink.payloads():
        (parsed,) = parse(payload)
        assert isinstance(parsed, Signal)
        assert parsed.id
    assert rig.door is not None
    assert "条件未配置 1 行（最近：别的）" in rig.door.condition()[0]


def test_lines_that_stood_there_are_never_acted_on(rig: Rig) -> None:
    rig.append(alert("600000"))
    rig.start()
    time.sleep(0.05)
    rig.append(alert("600036"))
    assert rig.wait(1) == ["买入 600036.SH 1手 @对手:一号 ttl=3s"]


def test_lines_of_the_time_without_an_engine_are_never_acted_on(rig: Rig) -> None:
    door = rig.start()
    rig.append(alert("600000"))
    rig.wait(1)
    door.close()
    rig.append(alert("600036"))
    rig.start()
    time.sleep(0.05)
    assert len(rig.sink.messages) == 1


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_gbk_and_utf_8_are_told_apart(rig: Rig, encoding: str) -> None:
    rig.start()
    rig.append(alert("600000").decode("gb18030").encode(encoding))
    rig.wait(1)


def test_bytes_of_gbk_that_happen_to_be_utf_8_are_gbk(rig: Rig) -> None:
    condition = "元元"
    assert condition.encode("gb18030").decode("utf-8") != condition
    rig.start(actions={condition: "buy 1手"})
    rig.append(b"600000\t\t" + alert("600000").split(b"\t")[2] + "\t元元\n".encode("gb18030"))
    rig.wait(1)


def test_half_a_line_waits_for_its_end_however_long(rig: Rig) -> None:
    line = alert("600000")
    rig.append(alert("000858")[:7])
    rig.start(stocks_only=True)
    time.sleep(0.05)
    rig.append(alert("000858")[7:])
    assert rig.wait(1) == ["买入 000858.SZ 1手 @对手:一号 ttl=3s"]
    for at in range(len(line) - 1):
        rig.append(line[at : at + 1])
        time.sleep(0.002)
    time.sleep(0.05)
    assert len(rig.sink.messages) == 1
    rig.append(b"\n")
    rig.wait(2)


@pytest.mark.parametrize("way", ["truncated", "replaced", "removed", "longer"])
def test_a_file_that_begins_anew_is_read_from_its_beginning_and_doubles_nothing(rig: Rig, way: str) -> None:
    rig.append(alert("600519"))
    rig.start()
    first = alert("600000")
    rig.append(first)
    rig.wait(1)
    if way == "truncated":
        rig.path.write_bytes(b"")
        time.sleep(0.05)
        rig.append(first + alert("600036"))
    elif way == "longer":
        rig.path.write_bytes(
            alert("600900", price="1234.56") + first + alert("600036") + alert("600036", price="10.51")
        )
        rig.wait(3)
        return
    else:
        if way == "removed":
            rig.path.unlink()
            time.sleep(0.05)
        new = rig.path.with_name("new")
        new.write_bytes(first + alert("600036"))
        until(lambda: is_replaced(new, rig.path))
    assert rig.wait(2)[1] == "买入 600036.SH 1手 @对手:一号 ttl=3s"


def test_a_line_counts_as_received_at_the_end_of_its_minute_and_a_late_one_is_told(rig: Rig) -> None:
    door = rig.start(ttl_ns=30 * SECOND_NS)
    rig.append(alert("600000", age_ns=200 * SECOND_NS) + alert("600036", "快撤", age_ns=3600 * SECOND_NS))
    until(lambda: "共 2 次" in door.condition()[0])
    assert "来得太晚" in door.condition()[0]
    assert rig.sink.messages == []
    day, now = day_of(time.time_ns()), time_of_day_ns(time.time_ns())
    late = at_time(day, now - now % MINUTE_NS) + MINUTE_NS + 5 * SECOND_NS
    door.close()
    rig.start(now_ns=lambda: late)
    rig.append(alert("600000"))
    rig.wait(1)
    assert late - rig.sink.messages[0].received_ns == 5 * SECOND_NS


def test_a_condition_acts_once_a_day_for_a_stock_unless_every_line_is_asked_for(rig: Rig) -> None:
    door = rig.start()
    rig.append(alert("600000") + alert("600000", price="10.51") + alert("600000", "快撤"))
    rig.append(alert("600000", "快撤", price="10.52"))
    assert [text.partition(" ")[0] for text in rig.wait(3)] == ["买入", "撤单", "撤单"]
    door.close()
    rig.start(every_line=True)
    rig.append(alert("600000", price="10.53") + alert("600000", price="10.54"))
    rig.wait(5)


def test_an_id_is_the_same_after_a_restart(rig: Rig) -> None:
    line = alert("600000")
    for _ in range(2):
        door = rig.start()
        rig.append(line)
        until(lambda: len(rig.sink.messages) > 0)
        time.sleep(0.03)
        door.close()
    assert len(set(rig.sink.payloads())) == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("浦发银行\t2026-01-05 10:31\t放量突破", "不是代码"),
        ("600000\t浦发银行\t10.50\t放量突破", "没有时间"),
        ("600000\t浦发银行\t2026-02-30 10:31\t放量突破", "日期不对"),
        ("600000\t浦发银行\t2099-01-05 10:31\t放量突破", "未来"),
        ("999999\t上证指数\t2026-01-05 10:31\t放量突破", "代码"),
        ("000001\t平安银行\t2026-01-05 10:31\t放量突破", "000001.SZ"),
        ("buy 600000.SH 1000@10.50:一号", "不是代码"),
        ("600000 ;buy 600036.SH 100:一号 2026-01-05 10:31 放量突破", "太晚"),
        ("x" * (LINE_BYTES_MAX + 10), "太长"),
    ],
)
def test_what_is_no_alert_is_told_and_never_a_signal(rig: Rig, line: str, expected: str) -> None:
    door = rig.start()
    rig.append(line.encode("gb18030") + b"\n")
    until(lambda: expected in door.condition()[0])
    rig.append(alert("600000"))
    rig.wait(1)


def test_an_endless_line_is_passed_over(rig: Rig) -> None:
    rig.start()
    for _ in range(3):
        rig.append(b"y" * READ_BYTES)
        time.sleep(0.02)
    rig.append(b"\n" + alert("600000"))
    rig.wait(1)


def test_a_flood_arrives_whole_and_in_order(rig: Rig) -> None:
    rig.start()
    codes = [f"600{number:03d}" for number in range(1000)] + [f"603{number:03d}" for number in range(1000)]
    rig.append(b"".join(alert(code) for code in codes))
    assert [text[3:9] for text in rig.wait(2000)] == codes


def test_a_file_that_is_not_there_is_waited_for(rig: Rig) -> None:
    rig.path.unlink()
    door = rig.start()
    assert "等待文件" in door.condition()[0]
    rig.append(alert("600000"))
    rig.wait(1)
    assert "执行 1 行" in door.condition()[0]


def test_utf_16_is_refused_at_the_start(rig: Rig) -> None:
    rig.path.write_bytes(b"\xff\xfe6\x000\x00")
    with pytest.raises(DoorError, match="UTF-16"):
        rig.start()
    rig.door = None


def test_the_writer_may_rename_and_delete_while_the_door_reads(rig: Rig) -> None:
    rig.start()
    for number in range(50):
        rig.append(alert(f"60{number:04d}"))
        if number % 10 == 9:
            until(lambda count=number + 1: len(rig.sink.messages) == count)  # type: ignore[misc]
            os.replace(rig.path, rig.path.with_name(f"old-{number}"))
    rig.wait(50)
