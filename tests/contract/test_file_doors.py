"""What the doors that read files promise, with real files: nothing half, nothing twice, nothing late."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmt_trading.codec.signal import parse
from qmt_trading.intake.folder import FolderDoor
from qmt_trading.model.errors import DoorError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import Malformed, Signal
from tests.contract.senders import Sink, until

SETTLE_NS = 60_000_000
HEADER = "操作,代码,数量,价格,账号,编号\r\n"
GOOD = f"{HEADER}买入,600000.SH,1000,10.50,11031122,k/1\r\n卖出,600036.SH,全部,对手,11031122,k/2\r\n".encode("gb18030")


def accept(payload: bytes) -> bytes:
    """Answer as an engine that accepts everything."""
    (parsed,) = parse(payload)
    if isinstance(parsed, Malformed):
        return json.dumps({"seq": None, "id": "", "status": "malformed", "text": parsed.chinese}).encode()
    assert isinstance(parsed, Signal)
    item = parsed.items[0]
    line = {"account": item.accounts[0], "symbol": item.symbol, "side": "buy", "quantity": 100, "status": "accepted"}
    return json.dumps({"seq": 1, "id": parsed.id, "status": "accepted", "orders": [line]}).encode()


class Rig:
    """A folder and its door."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sink = Sink()
        self.sink.answer = accept
        self.door: FolderDoor | None = None

    def start(self, **options: object) -> FolderDoor:
        make: Callable[..., FolderDoor] = FolderDoor
        self.door = make("单", self.path, **{"now_ns": time.time_ns, "settle_ns": SETTLE_NS, "look_s": 0.01, **options})
        self.door.open(self.sink)
        return self.door

    def stop(self) -> None:
        if self.door is not None:
            self.door.close()

    def drop(self, name: str, data: bytes) -> Path:
        """Move a file into the folder in one step, as a careful program does."""
        half = self.path.parent / f"half-{name}"
        half.write_bytes(data)
        return half.replace(self.path / name)

    def receipt(self, name: str) -> list[dict[str, str]]:
        path = self.path / "done" / f"{name}.回执.csv"
        until(lambda: path.exists() and (self.path / "done" / name).exists())
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))

    def ids(self) -> list[str]:
        return [payload.decode().rpartition("#")[2] for payload in self.sink.payloads()]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    folder = tmp_path / "入单"
    folder.mkdir()
    found = Rig(folder)
    yield found
    found.stop()


def test_a_file_is_taken_whole_and_lies_in_done_with_its_receipt(rig: Rig) -> None:
    rig.start()
    before_ns = time.time_ns()
    path = rig.drop("单.csv", GOOD)
    rows = rig.receipt("单.csv")
    assert not path.exists()
    assert [(row["行"], row["结果"], row["编号"]) for row in rows] == [("2", "已受理", "k/1"), ("3", "已受理", "k/2")]
    assert rows[0]["账号"] == "11031122"
    assert rig.ids() == ["k/1", "k/2"]
    assert all(before_ns <= each.received_ns <= time.time_ns() for each in rig.sink.messages)


def test_a_file_with_one_fault_is_refused_whole_and_told(rig: Rig) -> None:
    door = rig.start()
    rig.drop("坏.csv", GOOD + "买入,1,1.1E+07,10,11031122,\r\n".encode("gb18030"))
    rows = rig.receipt("坏.csv")
    assert rig.sink.messages == []
    assert [row["行"] for row in rows] == ["4", "4", ""]
    assert rows[0]["原因"].startswith("第 4 行 B 列（代码）：代码只有 1 位")
    assert "科学计数法" in rows[1]["原因"]
    assert "没有执行" in rows[2]["原因"]
    told = door.condition()[0]
    assert told.startswith("⚠ ")
    assert "坏.csv 没有执行：第 4 行 B 列" in told


def test_a_file_that_grows_or_is_open_for_writing_is_waited_for(rig: Rig) -> None:
    door = rig.start()
    with (rig.path / "慢.csv").open("wb") as file:
        for at in range(0, len(GOOD), 20):
            file.write(GOOD[at : at + 20])
            file.flush()
            time.sleep(0.01)
        assert rig.sink.messages == []
    assert len(rig.receipt("慢.csv")) == 2
    assert "已处理 1 个文件" in door.condition()[0]


def test_a_file_that_is_held_open_is_waited_for_however_long(rig: Rig) -> None:
    door = rig.start()
    whole_rows = GOOD[: GOOD.index(b"\r\n", len(HEADER) + 30) + 2]
    with (rig.path / "停.csv").open("wb") as file:
        file.write(whole_rows)
        file.flush()
        time.sleep(SETTLE_NS * 4 / 1e9)
        if not rig.sink.messages:  # A file system without leases cannot tell.
            assert "停.csv 正被其他程序打开" in door.condition()[0]
            file.write(GOOD[len(whole_rows) :])
    rig.receipt("停.csv")
    assert len(rig.sink.messages) in (1, 2)


@pytest.mark.parametrize(
    "name", ["~$单.xlsx", ".单.csv", "单.csv.tmp", "单.回执.csv", "说明.docx", "单.csv.part", "单.CSV.回执.CSV"]
)
def test_what_is_no_file_of_orders_is_left_alone(rig: Rig, name: str) -> None:
    rig.start()
    path = rig.drop(name, GOOD)
    rig.drop("单.CSV", GOOD)
    rig.receipt("单.CSV")
    time.sleep(SETTLE_NS * 2 / 1e9)
    assert path.exists()
    assert len(rig.sink.messages) == 2


def test_only_names_of_the_pattern_are_taken_and_old_workbooks_are_refused_aloud(rig: Rig) -> None:
    rig.start(pattern="plan_*")
    other = rig.drop("x.csv", GOOD)
    rig.drop("PLAN_1.xls", b"x")
    assert "不读 .xls 文件" in rig.receipt("PLAN_1.xls")[0]["原因"]
    assert other.exists()
    assert rig.sink.messages == []


def test_a_plan_goes_to_the_accounts_of_the_door(rig: Rig) -> None:
    rig.start(accounts=("a", "b"))
    rig.drop("p.json", b'{"sell":[],"buy":[{"name":"x","amount":80011,"code":"511380.SH"}]}')
    rig.receipt("p.json")
    (payload,) = rig.sink.payloads()
    assert payload.decode().startswith("buy 511380.SH 80011元:a,b #file/")
    rig.drop("q.json", b'{"sell":[],"buy":[]}')
    assert rig.receipt("q.json")[0]["原因"] == "文件里没有要下的单"


def test_two_files_of_one_name_both_stay(rig: Rig) -> None:
    rig.start()
    rig.drop("单.csv", GOOD)
    rig.receipt("单.csv")
    rig.drop("单.csv", GOOD.replace(b"k/", b"m/"))
    rig.receipt("单 (2).csv")
    assert rig.ids() == ["k/1", "k/2", "m/1", "m/2"]
    assert (rig.path / "done" / "单.csv").read_bytes() == GOOD


def test_a_repeat_is_told_with_what_became_of_the_first(rig: Rig) -> None:
    rig.start()
    rig.sink.answer = lambda payload: json.dumps({**json.loads(accept(payload)), "status": "duplicate"}).encode()
    rig.drop("单.csv", GOOD)
    rows = rig.receipt("单.csv")
    assert [row["结果"] for row in rows] == ["重复信号，未再下单", "（当时）已受理"] * 2
    assert "编号" in rows[0]["原因"]


def test_busy_is_asked_again_and_nothing_else_is(rig: Rig) -> None:
    answers = iter([b'{"status":"busy"}', b'{"status":"busy"}'])
    rig.sink.answer = lambda payload: next(answers, None) or accept(payload)
    rig.start()
    rig.drop("单.csv", GOOD)
    assert [row["结果"] for row in rig.receipt("单.csv")] == ["已受理"] * 2
    assert rig.ids() == ["k/1", "k/2", "k/1", "k/2"]
    assert len({each.received_ns for each in rig.sink.messages}) == 1, "its time does not begin anew"


def test_a_file_waits_for_its_answers_and_stays_when_the_door_is_closed(rig: Rig) -> None:
    rig.sink.answer = None
    door = rig.start()
    path = rig.drop("单.csv", GOOD)
    until(lambda: len(rig.sink.messages) == 2)
    door.close()
    assert path.exists()
    assert list((rig.path / "done").glob("*.csv")) == []
    rig.sink.answer = accept
    rig.start()
    rig.receipt("单.csv")
    assert rig.ids() == ["k/1", "k/2"] * 2, "the same ids: for an engine a repeat"


def test_what_stood_there_before_counts_as_received_when_it_was_written(rig: Rig) -> None:
    path = rig.drop("旧.csv", GOOD + "撤单,600000.SH,,,11031122,k/3\r\n".encode("gb18030"))
    old_ns = time.time_ns() - 3600 * SECOND_NS
    os.utime(path, ns=(old_ns, old_ns))
    fresh = rig.drop("新.csv", GOOD.replace(b"k/", b"f/"))
    fresh_ns = fresh.stat().st_mtime_ns
    rig.start()
    rows = rig.receipt("旧.csv")
    rig.receipt("新.csv")
    assert [row["结果"] for row in rows] == ["已受理", "已受理", "已过时，未执行"]
    assert "撤单" in rows[2]["原因"]
    assert [each.received_ns for each in rig.sink.messages] == [old_ns] * 2 + [fresh_ns] * 2
    assert b"k/3" not in b"".join(rig.sink.payloads())


def test_a_file_from_the_future_is_refused_at_the_start(rig: Rig) -> None:
    path = rig.drop("x.csv", GOOD)
    os.utime(path, ns=(time.time_ns() + 3600 * SECOND_NS,) * 2)
    rig.start()
    assert "未来" in rig.receipt("x.csv")[0]["原因"]
    assert rig.sink.messages == []


def test_a_file_that_cannot_be_moved_yet_is_not_acted_on_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, held = os.replace, [True]

    def refuse(source: Path, target: Path) -> None:
        if held[0] and Path(source).parent == rig.path:
            error = PermissionError(13, "in use")
            error.winerror = 32  # type: ignore[attr-defined, unused-ignore]
            raise error
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    door = rig.start()
    (rig.path / "单.csv").write_bytes(GOOD)
    until(lambda: "关闭后移走" in door.condition()[0])
    time.sleep(SETTLE_NS * 3 / 1e9)
    assert rig.ids() == ["k/1", "k/2"]
    held[0] = False
    assert len(rig.receipt("单.csv")) == 2
    assert rig.ids() == ["k/1", "k/2"]
    assert "打开" not in door.condition()[0]


def test_a_file_that_takes_the_name_of_one_under_way_is_read_for_itself(rig: Rig) -> None:
    rig.sink.answer = None
    door = rig.start()
    rig.drop("单.csv", GOOD)
    until(lambda: len(rig.sink.messages) == 2)
    assert "正在处理 单.csv" in door.condition()[0]
    rig.drop("单.csv", GOOD.replace(b"k/", b"m/"))
    rig.sink.answer = accept
    for each in list(rig.sink.messages):
        assert each.reply is not None
        each.reply(accept(each.payload))
    assert [row["编号"] for row in rig.receipt("单 (2).csv")] == ["m/1", "m/2"]
    assert [row["编号"] for row in rig.receipt("单.csv")] == ["k/1", "k/2"]
    assert (rig.path / "done" / "单.csv").read_bytes() == GOOD
    assert rig.ids() == ["k/1", "k/2", "m/1", "m/2"]


def test_one_folder_has_one_door(rig: Rig) -> None:
    rig.start()
    second = FolderDoor("二", rig.path, now_ns=time.time_ns)
    with pytest.raises(DoorError, match="已有引擎"):
        second.open(rig.sink)
    rig.stop()
    second.open(rig.sink)
    second.close()


def test_a_folder_that_vanishes_is_told_and_one_that_comes_back_is_served(rig: Rig) -> None:
    door = rig.start()
    away = rig.path.with_name("away")
    try:
        rig.path.rename(away)
    except PermissionError:
        pytest.skip("needs POSIX: here an open lock holds the folder in its place")
    until(lambda: "不见了" in door.condition()[0])
    old_ns = time.time_ns() - 3600 * SECOND_NS
    meanwhile = away / "旧.csv"
    meanwhile.write_bytes(GOOD.replace(b"k/", b"o/"))
    os.utime(meanwhile, ns=(old_ns, old_ns))
    away.rename(rig.path)
    rig.receipt("旧.csv")
    assert {each.received_ns for each in rig.sink.messages} == {old_ns}, "written an hour ago, while nobody could look"
    rig.drop("单.csv", GOOD)
    rig.receipt("单.csv")


def test_what_a_receipt_says_is_never_a_formula(rig: Rig) -> None:
    rig.start()
    rig.drop("x.csv", HEADER.encode() + "买入,600000.SH,100,10.5,@全部,k/1\r\n".encode())
    assert rig.receipt("x.csv")[0]["账号"] == "'@全部"
