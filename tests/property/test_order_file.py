"""Whatever a file holds: reading it raises nothing, and what it asks for is what any door would take."""

from __future__ import annotations

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from qmt_trading.codec.signal import parse
from qmt_trading.intake.file_receipt import receipt_of
from qmt_trading.intake.instructions import Contents
from qmt_trading.intake.order_file import KINDS, read_file
from qmt_trading.model.signal import Signal
from tests.conftest import ROOT

CORPUS = sorted(path for path in (ROOT / "tests" / "fuzz" / "corpus").rglob("*") if path.is_file())
NASTY = st.sampled_from(
    [
        "",
        " ",
        "买入",
        "sell",
        "撤单",
        "全撤",
        "*",
        "600000.SH",
        "000001",
        "sz000001",
        "100",
        "10手",
        "1/3",
        "5万元",
        "半仓",
        "10.5",
        "对手+1跳",
        "涨停",
        "a",
        "@组",
        "a;b",
        "k/1",
        "#k/2",
        ";",
        ":",
        "@",
        "a:b",
        "\t",
        "\x00",
        "\n",
        '"',
        "'",
        "=",
        "1E+5",
        "1月3日",
        "#N/A",
        "\u3000",
        "＃",
        "；buy",
        "buy 600000.SH 100:a",
        "600000.SH:a;600036.SH",
        "3s",
        "打板",
        "\ufeff",
    ]
)
CELL = st.one_of(NASTY, st.lists(NASTY, max_size=3).map("".join), st.text(max_size=8))
HEADINGS = ["操作", "代码", "数量", "价格", "账号", "编号", "策略", "有效期", "名称", "备注"]


def check(contents: Contents) -> None:
    """Check that a file asks for something or is at fault, and that each message is one signal with its id."""
    assert not (contents.instructions and contents.faults)
    assert all(fault.chinese and fault.english for fault in contents.faults)
    assert receipt_of(contents, ()).startswith(b"\xef\xbb\xbf")
    numbers = [each.number for each in contents.instructions]
    assert len(set(numbers)) == len(numbers)
    for each in contents.instructions:
        (parsed,) = parse(each.text.encode())
        assert isinstance(parsed, Signal)
        assert parsed.id == each.number
        assert "\n" not in each.text


@given(name=st.sampled_from(KINDS), data=st.binary(max_size=200))
@example(name=".json", data=b"[" * 100_000)
@example(name=".json", data=b'{"buy":[{"name":"\\ud800","amount":1,"code":"511380.SH"}]}')
@example(name=".json", data=b'{"buy":[{"\\ud800":"\\ud800"}],"\\ud800":1}')
def test_any_bytes_are_read(name: str, data: bytes) -> None:
    check(read_file(f"x{name}", data, accounts=("a",)))


@given(text=st.text(max_size=100), name=st.sampled_from(KINDS))
def test_any_text_is_read(text: str, name: str) -> None:
    check(read_file(f"x{name}", f"{text}\n".encode(errors="replace"), accounts=("a",)))


@given(rows=st.lists(st.lists(CELL, min_size=10, max_size=10), min_size=1, max_size=4))
def test_no_cell_says_more_than_its_column_may(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([HEADINGS, *rows])
    contents = read_file("x.csv", text.getvalue().encode(errors="replace"), accounts=("甲",))
    check(contents)
    for each in contents.instructions:
        (parsed,) = parse(each.text.encode())
        assert isinstance(parsed, Signal)
        assert len(parsed.items) == 1, "a row is one item"


def test_messages_as_they_are_known_are_read_from_files() -> None:
    assert CORPUS
    found = 0
    for path in CORPUS:
        data = path.read_bytes()
        for kind in (".txt", ".json"):
            for line in (data, *data.splitlines()):
                contents = read_file(f"x{kind}", line + b"\n", accounts=("a",))
                check(contents)
                found += len(contents.instructions)
    assert found > 20
