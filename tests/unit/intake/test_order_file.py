"""Files of orders: tables as Excel leaves them, plans, JSON messages, lines of text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qmt_trading.codec.signal import parse
from qmt_trading.intake.instructions import Contents
from qmt_trading.intake.order_file import read_file
from qmt_trading.model.signal import Signal
from tests.conftest import ROOT

HEADER = "操作,代码,数量,价格,账号,编号"
GOOD = "买入,600000.SH,1000,10.50,11031122,k/1"


def table(*rows: str, header: str = HEADER) -> bytes:
    return "".join(f"{row}\r\n" for row in (header, *rows)).encode("gb18030")


def texts(contents: Contents) -> list[str]:
    assert contents.faults == ()
    return [each.text for each in contents.instructions]


def refusals(contents: Contents) -> list[str]:
    assert contents.instructions == (), "a file with a fault asks for nothing"
    assert all(each.chinese and each.english for each in contents.faults)
    return [each.told for each in contents.faults]


# Tables


def test_a_row_becomes_a_message_of_the_ordinary_grammar() -> None:
    data = table(
        GOOD,
        "卖出,sz000001,半仓,卖一+1跳,一号、@组,k/2",
        "卖出,000001.SZ,1/3,最新,*,k/3",
        "撤单,600000.SH,,,11031122,k/4",
        "撤买,*,,,11031122,k/5",
        "全撤,,,,11031122;一号,k/6",
        "调到,600000.SH,3000,最新,一号,k/7",
        "清仓,600000.SH,,对手,一号,k/8",
    )
    assert texts(read_file("a.csv", data)) == [
        "buy 600000.SH 1000@10.50:11031122 #k/1",
        "sell 000001.SZ 1/2@ask1+1ticks:一号,@组 #k/2",
        "sell 000001.SZ 1/3@latest:* #k/3",
        "cancel 600000.SH:11031122 #k/4",
        "撤买 *:11031122 #k/5",
        "全撤 *:11031122,一号 #k/6",
        "target 600000.SH 3000@latest:一号 #k/7",
        "清仓 600000.SH@opposite:一号 #k/8",
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_way_in_which_excel_saves_a_table_is_one_file(separator: str, encoding: str) -> None:
    text = f"{HEADER}\r\n{GOOD[:-3]}\r\n\r\n".replace(",", separator)
    again = f"Action,Symbol,Quantity,Price,Account,ID\n{GOOD[:-3]}\n"
    assert read_file("甲.CSV", text.encode(encoding)) == read_file("b.csv", again.encode())


@pytest.mark.parametrize(
    ("row", "place", "expected"),
    [
        ("买入,1,100,10.5,a,", "B 列（代码）", "前面的 0 被 Excel 丢了"),
        ("买入,600000,100,10.5,a,", "B 列（代码）", "600000.SH？"),
        ("买入,600000.0,100,10.5,a,", "B 列（代码）", "多了小数"),
        ("买入,6.00E+05,100,10.5,a,", "B 列（代码）", "科学计数法"),
        ("买入,600000.SH,6.00E+05,10.5,a,", "C 列（数量）", "科学计数法"),
        ("买入,600000.SH,1000.0,10.5,a,", "C 列（数量）", "多了小数"),
        ('买入,600000.SH,"1,000",10.5,a,', "C 列（数量）", "千位分隔符"),
        ("卖出,600000.SH,1月3日,10.5,a,", "C 列（数量）", "日期"),
        ("卖出,600000.SH,2026/1/3,10.5,a,", "C 列（数量）", "日期"),
        ("卖出,600000.SH,3-Jan,10.5,a,", "C 列（数量）", "日期"),
        ("买入,600000.SH,１００,10.5,a,", "C 列（数量）", "全角"),
        ("买入,600000.SH,5万,10.5,a,", "C 列（数量）", "股还是元"),
        ("买入,600000.SH,####,10.5,a,", "C 列（数量）", "没显示全"),
        ("买入,600000.SH,100,#N/A,a,", "D 列（价格）", "错误值"),
        ("买入,600000.SH,100,#REF!,a,", "D 列（价格）", "错误值"),
        ("买入,600000.SH,100,=D2*1.01,a,", "D 列（价格）", "公式"),
        ("买入,600000.SH,100,￥10.5,a,", "D 列（价格）", "货币符号"),
        ("买入,600000.SH,100,$10.5,a,", "D 列（价格）", "货币符号"),
        ("买入,600000.SH,100,10.50001,a,", "D 列（价格）", "小数"),
        ("买入,600000.SH,100,10.5,1.1E+07,", "E 列（账号）", "科学计数法"),
        ("买入,600000.SH,100,10.5,11031122.0,", "E 列（账号）", "多了小数"),
        ("买入,600000.SH,100,10.5,'11031122,", "E 列（账号）", "撇号"),
        ('买入,600000.SH,100,10.5,"“11031122”",', "E 列（账号）", "不能有"),
        ("买入,600000.SH,1,500,10.5,a", "E 列（账号）", "千位分隔符"),
        ("买入,600000.SH,100,10.5,a,b c", "F 列（编号）", "编号"),
        ("抄底,600000.SH,100,10.5,a,", "A 列（操作）", "抄底"),
        (",600000.SH,100,10.5,a,", "A 列（操作）", "没有写操作"),
        ("买入,,100,10.5,a,", "B 列（代码）", "没有写代码"),
        ("买入,600000.SH,100,10.5,,", "E 列（账号）", "没有写账号"),
        ("买入,600000.SH,100,10.5,a,,x", "G 列", "没有列名"),
        ('买入,600000.SH,"1\n00",10.5,a,', "C 列（数量）", "换行"),
    ],
)
def test_what_excel_spoils_and_what_is_wrong_is_refused_with_row_and_column(
    row: str, place: str, expected: str
) -> None:
    told = refusals(read_file("a.csv", table(GOOD, row)))
    assert told[0].startswith(f"第 3 行 {place}：")
    assert expected in told[0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("撤单,600000.SH,100,,a,", "撤单"),
        ("买入,*,100,10.5,a,", "撤单"),
        ("买入,600000.SH,半仓,10.5,a,", "卖出"),
    ],
)
def test_what_does_not_go_together_is_refused_with_its_row(row: str, expected: str) -> None:
    (told,) = refusals(read_file("a.csv", table(GOOD, row)))
    assert told.startswith("第 3 行：")
    assert expected in told


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = refusals(read_file("a.csv", table("买入,1,100,x,a,", GOOD, "买入,600000.SH,y,10,a,")))
    assert [each.partition("：")[0] for each in told] == [
        "第 2 行 B 列（代码）",
        "第 4 行 C 列（数量）",
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("操作,代码,股票,数量", "C 列：没有「股票」这一列"),
        ("操作,数量", "缺少「代码」列"),
        ("代码,数量", "缺少「操作」列"),
        ("操作,代码,Symbol", "和 B 列（代码） 是同一列"),
    ],
)
def test_a_header_says_exactly_what_its_columns_are(header: str, expected: str) -> None:
    (told,) = refusals(read_file("a.csv", table(GOOD, header=header)))
    assert told.startswith("第 1 行")
    assert expected in told


def test_accounts_of_the_door_are_for_rows_that_name_none() -> None:
    data = table("买入,600000.SH,100,10.5,,k/1", "买入,600000.SH,100,10.5,c,k/2")
    assert [text.partition(":")[2] for text in texts(read_file("a.csv", data, accounts=("a", "b")))] == [
        "a,b #k/1",
        "c #k/2",
    ]
    short = "操作,代码,数量\r\n买入,600000.SH,100\r\n".encode()
    assert texts(read_file("a.csv", short, accounts=("a",)))[0].startswith("buy 600000.SH 100:a #file/")


def test_columns_for_people_are_not_read_but_tell_one_file_from_another() -> None:
    data = "操作,代码,数量,账号,名称,备注\n买入,600000.SH,100,a,浦发银行,{}\n"
    first, second = (read_file("a.csv", data.format(note).encode()) for note in ("=1", "=2"))
    assert texts(first)[0].partition(" #")[0] == texts(second)[0].partition(" #")[0]
    assert first.instructions[0].number != second.instructions[0].number


def test_a_market_is_inferred_only_where_the_door_says_so() -> None:
    data = table("买入,600000,100,10.5,a,k/1")
    assert texts(read_file("a.csv", data, infer_market=True))[0].startswith("buy 600000.SH ")
    assert refusals(read_file("a.csv", table("买入,000001,100,10.5,a,"), infer_market=True))


def test_an_id_may_look_like_a_year_and_a_month() -> None:
    row = "买入,600000.SH,100,10.5,a,{}"
    assert len(texts(read_file("a.csv", table(row.format("0105/1"), row.format("2026/17"))))) == 2
    for damaged in ("Jan-26", "1月5日", "2026/1/5", "1/5/2026"):
        assert "日期" in refusals(read_file("a.csv", table(row.format(damaged))))[0]


def test_a_time_is_an_option_and_what_excel_makes_of_one_is_not() -> None:
    data = "操作,代码,数量,账号,时间\n买入,600000.SH,100,a,{}\n"
    (found,) = read_file("a.csv", data.format("09:15:00").encode()).instructions
    assert found.text.startswith("buy 600000.SH 100:a at=09:15:00 #file/")
    assert found.never_stale
    for damaged in ("9:15", "0.385416667", "9:15:00 AM", "25:00:00"):
        assert refusals(read_file("a.csv", data.format(damaged).encode()))[0].startswith("第 2 行 E 列（时间）：")


def test_strategy_and_span_are_options() -> None:
    data = "操作,代码,数量,账号,策略,有效期\n买入,600000.SH,100,a,打板,3s\n".encode()
    assert texts(read_file("a.csv", data))[0].startswith("buy 600000.SH 100:a ttl=3s strategy=打板 #file/")
    wrong = "操作,代码,数量,账号,策略,有效期\n买入,600000.SH,100,a,打 板,3 分钟\n".encode()
    assert [each.partition("：")[0] for each in refusals(read_file("a.csv", wrong))] == [
        "第 2 行 F 列（有效期）",
        "第 2 行 E 列（策略）",
    ]


# What holds for every kind


def test_the_same_file_is_a_repeat_and_another_one_is_not() -> None:
    rows = ("买入,600000.SH,100,10.5,a,", "买入,600000.SH,100,10.4,a,")
    first = read_file("a.csv", table(*rows)).instructions
    assert read_file("b.csv", table(*rows)).instructions == first
    numbers = {each.number for each in first}
    assert len(numbers) == 2
    for other in (table(rows[0]), table(*reversed(rows)), table(*rows, "买入,600036.SH,100,10.4,a,")):
        assert not numbers & {each.number for each in read_file("a.csv", other).instructions}


def test_two_equal_rows_or_ids_are_a_slip() -> None:
    row = "买入,600000.SH,100,10.5,a,"
    assert refusals(read_file("a.csv", table(row, row)))[0].startswith("第 3 行：和第 2 行完全相同")
    assert refusals(read_file("a.csv", table(row + "k/1", row + "k/1")))[0].startswith("第 3 行：编号 k/1 和第 2 行")
    assert len(texts(read_file("a.csv", table(row + "k/1", row + "k/2")))) == 2


def test_half_a_file_is_refused() -> None:
    whole = table(GOOD, "买入,600036.SH,100,35.10,11031122,k/2")
    for end in range(1, len(whole)):
        contents = read_file("a.csv", whole[:end])
        is_whole_row = whole[:end].endswith((b"\n", b"\r"))
        assert bool(contents.instructions) is (is_whole_row and end > len(table()) + 2)
    plan = b'{"sell":[],"buy":[{"name":"x","amount":80011,"code":"511380.SH"}]}'
    for end in range(1, len(plan)):
        assert read_file("a.json", plan[:end], accounts=("a",)).faults


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.xls", b"x", "不读 .xls 文件"),
        ("a", b"x", "扩展名"),
        ("a.csv", b"PK\x03\x04", "xlsx"),
        ("a.csv", "操作,代码\n".encode("utf-16-le"), "NUL"),
        ("a.csv", b"\xff\xff\xff\n", "UTF-8"),
        ("a.csv", b'"x\n', "引号"),
        ("a.txt", b"x" * 5_000_000, "MB"),
        ("a.csv", b"a\n" * 3000, "最多 2000 行"),
    ],
)
def test_what_cannot_be_read_is_told(name: str, data: bytes, expected: str) -> None:
    (told,) = refusals(read_file(name, data))
    assert expected in told


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.json"])
@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf\r\n"])
def test_an_empty_file_asks_for_nothing(name: str, data: bytes) -> None:
    assert read_file(name, data) == Contents()


def test_a_file_is_bounded_like_a_message() -> None:
    rows = [f"买入,600000.SH,{number},10.5,a," for number in range(1, 258)]
    assert len(texts(read_file("a.csv", table(*rows[:256])))) == 256
    assert "256" in refusals(read_file("a.csv", table(*rows)))[0]
    many = "、".join(f"a{number}" for number in range(501))
    assert "1000" in refusals(read_file("a.csv", table(*(f"买入,600000.SH,{n},9,{many}," for n in (1, 2)))))[0]


# Text and JSON


def test_lines_of_text_are_messages_as_any_door_takes_them() -> None:
    data = "600000.SH:a\n\n<000001.SZ#b><000002.SZ#c>\n买入 600000.SH 1手:a #f/2\n".encode("gb18030")
    found = read_file("a.txt", data)
    assert [(each.row, each.text.partition(" #")[0]) for each in found.instructions] == [
        (1, "600000.SH:a"),
        (3, "000001.SZ:b"),
        (3, "000002.SZ:c"),
        (4, "买入 600000.SH 1手:a"),
    ]
    assert [each.never_stale for each in found.instructions] == [True, True, True, False]
    assert refusals(read_file("a.txt", b"600000.SH:a\nbuy\n"))[0].startswith("第 2 行：")
    assert "心跳" in refusals(read_file("a.txt", b"<HeartBeat>\n"))[0]


def test_a_json_message_gets_an_id_where_it_has_none() -> None:
    order = {"action": "buy", "symbol": "600000.SH", "accounts": ["a"], "quantity": 100, "price": 10.5}
    sale = {"action": "sell", "symbol": "600036.SH", "accounts": ["a"], "percent": 50}
    (text,) = texts(read_file("a.json", json.dumps([order, sale], indent=1).encode()))
    (signal,) = parse(text.encode())
    assert isinstance(signal, Signal)
    assert signal.id.startswith("file/")
    (text,) = texts(read_file("a.json", json.dumps({**order, "id": "x/1"}).encode()))
    assert json.loads(text)["id"] == "x/1"
    old = {"type": "trade_signal", "symbol": "600000.SH", "accounts": ["a"], "signal": "EXECUTE", "timestamp": 1}
    assert texts(read_file("a.json", json.dumps(old).encode()))[0].startswith("600000.SH:a #file/")
    assert "action" in refusals(read_file("a.json", b"{}"))[0]
    assert "两次" in refusals(read_file("a.json", b'{"buy":[],"buy":[]}', accounts=("a",)))[0]


# Plans


def test_a_plan_sells_everything_it_names_and_buys_for_yuan() -> None:
    plan = {
        "sell": [{"name": "30年国债", "lots": 99999, "actual_lots": 2100, "code": "511090.SH"}],
        "buy": [{"name": "可转债", "amount": 80011, "code": "511380.SH"}],
    }
    (text,) = texts(read_file("p.json", json.dumps(plan, indent=1).encode(), accounts=("a", "@组")))
    assert text.startswith("sell 511090.SH 全部:a,@组;buy 511380.SH 80011元:a,@组 #file/")
    same = read_file("q.json", json.dumps(plan, ensure_ascii=False).encode("gb18030"), accounts=("a", "@组"))
    assert texts(same) == [text]
    (named,) = texts(read_file("p.json", json.dumps({**plan, "id": "plan/0812"}).encode(), accounts=("a",)))
    assert named.endswith(" #plan/0812")


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"sell": [{"lots": 12, "code": "511090.SH"}]}, "sell 第 1 项 lots：只认 99999"),
        ({"sell": [{"code": "511090.SH"}]}, "sell 第 1 项：缺少字段 lots"),
        ({"buy": [{"amount": 0, "code": "511090.SH"}]}, "buy 第 1 项 amount：数量必须大于 0"),
        ({"buy": [{"amount": -5, "code": "511090.SH"}]}, "buy 第 1 项 amount"),
        ({"buy": [{"amount": 1e3, "code": "511090"}]}, "buy 第 1 项 code"),
        ({"buy": [{"amount": 100, "code": "511090.SH", "price": 1}]}, "buy 第 1 项 price：没有字段 price"),
        ({"buy": [7]}, "buy 第 1 项"),
        ({"buy": {}}, "buy：必须是列表"),
        ({"buy": [], "note": 1}, "note：计划文件里没有这个字段"),
        ({"buy": [], "id": "a b"}, "id：编号"),
        ({"buy": [{"amount": 1, "code": "511090.SH"}] * 2}, "写了两次"),
    ],
)
def test_what_a_plan_does_not_say_exactly_is_refused(plan: object, expected: str) -> None:
    told = refusals(read_file("p.json", json.dumps(plan).encode(), accounts=("a",)))
    assert expected in told[0]


def test_a_plan_needs_accounts() -> None:
    assert "--accounts" in refusals(read_file("p.json", b'{"sell":[],"buy":[]}'))[0]
    assert read_file("p.json", b'{"sell":[],"buy":[]}', accounts=("a",)) == Contents()


def test_eighteen_real_plans_are_read_whole(shared: Path) -> None:
    files = sorted((shared / "data" / "signals" / "trade_plans").glob("*.json"))
    assert len(files) == 18
    numbers: set[str] = set()
    for file in files:
        plan = json.loads(file.read_bytes())
        found = texts(read_file(file.name, file.read_bytes(), accounts=("a", "b")))
        count = len(plan["sell"]) + len(plan["buy"])
        assert len(found) == (1 if count else 0)
        if found:
            (signal,) = parse(found[0].encode())
            assert isinstance(signal, Signal)
            assert [item.symbol for item in signal.items] == [each["code"] for each in plan["sell"] + plan["buy"]]
            assert [item.size.text for item in signal.items if item.size] == ["all"] * len(plan["sell"]) + [
                f"{each['amount']}元" for each in plan["buy"]
            ]
            numbers.add(signal.id)
    assert len(numbers) == 17  # One of them asks for nothing; no two are one.


def test_the_examples_of_the_documentation_are_good() -> None:
    files = sorted((ROOT / "docs" / "examples").iterdir())
    assert [file.name for file in files] == ["orders.csv", "orders.txt", "plan.json"]
    for file in files:
        assert texts(read_file(file.name, file.read_bytes(), accounts=("a",)))
