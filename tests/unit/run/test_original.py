"""The original system's files in the forms people have them: what is found, on which line, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.original import Original, pipe_address, read_original, refusal_of

PIPE = "\\\\.\\pipe\\to_python_pipe"

AS_PUBLISHED = r"""
import time
import win32file
from xtquant.xttrader import XtQuantTrader
from xtquant.xttype import StockAccount

def main():
    # 客户端路径
    path = r'D:\国金QMT交易端\userdata_mini'
    session_id = int(time.time())
    xt_trader = XtQuantTrader(path, session_id)
    acc1 = StockAccount('11031122', 'STOCK')
    acc2 = StockAccount('11031123')
    pipe = win32file.CreateFile(r'\\.\pipe\to_python_pipe', win32file.GENERIC_READ, 0, None, 3, 0, None)
"""
KEYWORDS = """
ACCOUNT_TYPE = 'STOCK'
class Trader:
    def __init__(self):
        self.path = "D:\\\\qmt\\\\userdata_mini"
        self.trader = xttrader.XtQuantTrader(session=1, path=self.path)
        self.accounts = [
            xttype.StockAccount(account_id="11031122", account_type=ACCOUNT_TYPE),
            xttype.StockAccount(account_type='CREDIT', account_id="11039999"),
        ]
PIPE = "\\\\\\\\.\\\\pipe\\\\" + "to_python_pipe"
handle = win32pipe.CreateNamedPipe(PIPE, 3, 4, 1, 1024, 1024, 0, None)
"""
LOOPS = r"""
def start():
    for number in ACCOUNTS:
        subscribe(StockAccount(number))
    more = [StockAccount(number, kind) for number, kind in OTHERS.items()]
    XtQuantTrader(os.path.join(CLIENT, 'userdata_mini'), 7)
ACCOUNTS = ('11031122', 11031123)
OTHERS = {'11031124': 'STOCK', '88001': 'FUTURE'}
CLIENT = 'D:/qmt'
pipe_name = 'to_python_pipe'
"""
NOT_RAW = r"""
path = 'D:\new\bin\userdata_mini'
acc = StockAccount('11031122', 'STOCK')
pipe = '\\.\pipe\to_python_pipe'
"""
STOPS_PYTHON = r"""
path = 'D:\qmt\userdata_mini'
x = r'C:\users'
acc = StockAccount('11031122')
xt_trader = XtQuantTrader(path, 1)
"""
NAMES_ONLY = """
MINI_PATH = r"D:\\qmt\\userdata_mini"
accounts = {"11031122": "STOCK", "11031123": "CREDIT"}
PIPE_NAME = r'\\\\.\\pipe\\to_python_pipe'
"""


def read(folder: Path, text: str, name: str = "main.py", encoding: str = "utf-8") -> Original:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return read_original(path)


def accounts_of(found: Original) -> list[tuple[str, str]]:
    return [(each.account.value, each.kind) for each in found.accounts]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_program_as_published(tmp_path: Path, encoding: str, line_end: str) -> None:
    found = read(tmp_path, AS_PUBLISHED.replace("\n", line_end), encoding=encoding)
    assert found.userdata is not None
    assert (found.userdata.value, found.userdata.line) == ("D:\\国金QMT交易端\\userdata_mini", 9)
    assert accounts_of(found) == [("11031122", "STOCK"), ("11031123", "STOCK")]
    assert [each.account.where for each in found.accounts] == ["main.py 第 12 行", "main.py 第 13 行"]
    assert found.pipe is not None
    assert (found.pipe.value, found.pipe.line, found.creates_pipe) == (PIPE, 14, False)
    assert found.unreadable == ()


def test_keywords_attributes_and_a_pipe_that_the_program_makes(tmp_path: Path) -> None:
    found = read(tmp_path, KEYWORDS)
    assert found.userdata is not None
    assert found.userdata.value == "D:\\qmt\\userdata_mini"
    assert accounts_of(found) == [("11031122", "STOCK"), ("11039999", "CREDIT")]
    assert [each.account.value for each in found.usable] == ["11031122"]
    assert found.pipe is not None
    assert (found.pipe.value, found.creates_pipe) == (PIPE, True)


def test_names_are_followed_through_loops_and_from_below(tmp_path: Path) -> None:
    found = read(tmp_path, LOOPS)
    assert accounts_of(found) == [
        ("11031122", "STOCK"),
        ("11031123", "STOCK"),
        ("11031124", "STOCK"),
        ("88001", "FUTURE"),
    ]
    assert found.userdata is not None
    assert found.userdata.value == "D:\\qmt\\userdata_mini"
    assert found.pipe is not None
    assert (found.pipe.value, found.creates_pipe) == (PIPE, None)


def test_backslashes_that_python_takes_for_escapes_are_put_back(tmp_path: Path) -> None:
    found = read(tmp_path, NOT_RAW)
    assert found.userdata is not None
    assert found.userdata.value == "D:\\new\\bin\\userdata_mini"
    assert found.pipe is not None
    assert found.pipe.value == PIPE


def test_a_path_that_stops_python_is_read_as_it_was_meant(tmp_path: Path) -> None:
    found = read(tmp_path, STOPS_PYTHON)
    assert found.userdata is not None
    assert found.userdata.value == "D:\\qmt\\userdata_mini"
    assert accounts_of(found) == [("11031122", "STOCK")]


def test_accounts_that_are_only_names_are_found(tmp_path: Path) -> None:
    found = read(tmp_path, NAMES_ONLY)
    assert accounts_of(found) == [("11031122", "STOCK"), ("11031123", "CREDIT")]
    assert found.userdata is not None
    assert found.pipe is not None
    assert found.pipe.value == PIPE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("account_id = '11031122'\naccount_type = 'CREDIT'", [("11031122", "CREDIT")]),
        ("accounts = '11031122,11031123'", [("11031122", "STOCK"), ("11031123", "STOCK")]),
        ("ACCOUNTS = [{'id': '11031122', 'type': 'CREDIT'}]", [("11031122", "CREDIT")]),
        ("ACCOUNTS = [('11031122', 'STOCK'), ('11031123', 'CREDIT')]", [("11031122", "STOCK"), ("11031123", "CREDIT")]),
        ("ACCOUNTS = {'11031122': {'type': 'CREDIT'}}", [("11031122", "CREDIT")]),
        ("a = StockAccount('11031122', kind_of())", [("11031122", "?")]),
        ("for n in 'x,y'.split(','):\n    StockAccount(n)", [("x", "STOCK"), ("y", "STOCK")]),
        ("StockAccount('11031122')\nStockAccount('11031122', 'CREDIT')", [("11031122", "CREDIT")]),
        ("print('hello')", []),
    ],
)
def test_other_ways_to_write_accounts(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    assert accounts_of(read(tmp_path, text)) == expected


def test_what_only_a_run_could_tell_is_named_with_its_line(tmp_path: Path) -> None:
    found = read(tmp_path, "import sys\nacc = StockAccount(sys.argv[1])\nt = XtQuantTrader(find_path(), 1)\n")
    assert accounts_of(found) == []
    assert [(each.line, each.value) for each in found.unreadable] == [
        (2, "StockAccount(sys.argv[1])"),
        (3, "XtQuantTrader(find_path(), 1)"),
    ]


def test_nothing_is_executed(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    read(tmp_path, f"open({str(mark)!r}, 'w').close()\nStockAccount(__import__('os').getcwd())\n")
    assert not mark.exists()


def test_loops_in_loops_end(tmp_path: Path) -> None:
    text = "N = [1,2,3,4,5,6,7,8,9]\n"
    text += "".join(f"{' ' * depth}for a{depth} in N:\n" for depth in range(15)) + " " * 15 + "StockAccount('a')\n"
    assert accounts_of(read(tmp_path, text)) == [("a", "STOCK")]


@pytest.mark.parametrize("text", ["print 'hello'\n", "def f(:\n", "x = '" + "(" * 5 + "\n"])
def test_what_is_no_python_3_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"main.py 第 1 行.*config.ini"):
        read(tmp_path, text)


INI = r"""
[CLIENT]
path = D:\国金QMT交易端\userdata_mini   ; 客户端
[MESSAGE SERVER]
pipe_name = \\.\pipe\to_python_pipe
"""


TWO = [("11031122", "STOCK"), ("11031123", "STOCK")]
THREE = [*TWO, ("11031124", "STOCK")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[ACCOUNT]\naccount_id = 11031122\naccount_type = STOCK\n", TWO[:1]),
        ("[ACCOUNT]\ntype=CREDIT\nid=11031122\n", [("11031122", "CREDIT")]),
        ("[ACCOUNTS]\n11031122 = STOCK\n11031123: CREDIT\n", [TWO[0], ("11031123", "CREDIT")]),
        ("[ACCOUNTS]\n11031122\n11031123\n", TWO),
        ("[CLIENT]\naccounts = 11031122, 11031123;11031124\n", THREE),
        ("[CLIENT]\naccounts = 11031122:STOCK,11031123:CREDIT\n", [TWO[0], ("11031123", "CREDIT")]),
        ("[账户]\n账号 = 11031122\n", TWO[:1]),
        ("[ACCOUNTS]\naccounts =\n    11031122,STOCK\n    11031123,STOCK\n", TWO),
        ('[A]\naccounts = ["11031122", "11031123"]\n', TWO),
        (
            "[A]\naccount1=1001\naccount2=1002\naccount1_type=STOCK\naccount2_type=CREDIT\n",
            [("1001", "STOCK"), ("1002", "CREDIT")],
        ),
        (
            "[ACCOUNT1]\nid=account_101\ntype=STOCK\n[ACCOUNT2]\nid=account_102\ntype=CREDIT\n",
            [("account_101", "STOCK"), ("account_102", "CREDIT")],
        ),
        ("[ACCOUNT]\npassword = secret\nname = 张三\n", []),
    ],
)
def test_accounts_of_an_ini_file(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    assert accounts_of(read(tmp_path, INI + text, "config.ini", "gb18030")) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_path_and_pipe_of_an_ini_file(tmp_path: Path, encoding: str) -> None:
    found = read(tmp_path, INI.replace("\n", "\r\n"), "config.ini", encoding)
    assert found.userdata is not None
    assert (found.userdata.value, found.userdata.line) == ("D:\\国金QMT交易端\\userdata_mini", 3)
    assert found.pipe is not None
    assert (found.pipe.value, found.pipe.line) == (PIPE, 5)
    assert read(tmp_path, "[MESSAGE SERVER]\npipe_name=to_python_pipe\n", "config.ini").pipe is not None


def test_a_program_that_reads_config_ini_is_read_with_it(tmp_path: Path) -> None:
    (tmp_path / "config.ini").write_bytes((INI + "[ACCOUNT]\nid=11031122\n").encode("gb18030"))
    text = "c.read('config.ini')\nt = XtQuantTrader(c.get('CLIENT', 'path'), 1)\nStockAccount(c.get('ACCOUNT', 'id'))\n"
    found = read(tmp_path, text)
    assert accounts_of(found) == [("11031122", "STOCK")]
    assert found.userdata is not None
    assert found.userdata.where == "config.ini 第 3 行"
    assert found.unreadable == ()


def test_a_config_ini_is_read_with_the_program_that_names_it_and_a_folder_with_both(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("c.read('config.ini')\nacc = StockAccount('11031122')\n", encoding="utf-8")
    found = read(tmp_path, INI, "config.ini", "gb18030")
    assert [each.account.where for each in found.accounts] == ["main.py 第 2 行"]
    assert found.userdata is not None
    assert found.userdata.where == "config.ini 第 3 行"
    assert read_original(tmp_path) == found
    (tmp_path / "main.py").write_text("print 'config.ini'\n", encoding="utf-8")
    assert read_original(tmp_path / "config.ini").userdata == found.userdata


def test_what_neither_file_says_is_still_named(tmp_path: Path) -> None:
    (tmp_path / "config.ini").write_text(INI, encoding="utf-8")
    found = read(tmp_path, "c.read('config.ini')\nacc = StockAccount(sys.argv[1])\nt = XtQuantTrader(p(), 1)\n")
    assert [each.value for each in found.unreadable] == ["StockAccount(sys.argv[1])"]


def test_a_type_that_belongs_to_no_account_is_not_overlooked(tmp_path: Path) -> None:
    found = read(tmp_path, "[CLIENT]\naccount=11031122\n[OTHER]\ntype=CREDIT\nmode=CREDIT\n", "config.ini")
    assert [each.value for each in found.unreadable] == ["mode = CREDIT", "type = CREDIT"]


def test_credit_accounts_are_refused_by_name_with_what_to_do(tmp_path: Path) -> None:
    (credit,) = read(tmp_path, KEYWORDS).refused
    assert "11039999" in refusal_of(credit)
    assert "原程序" in refusal_of(credit)


def test_a_file_that_is_not_there_or_no_text_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="无法读取"):
        read_original(tmp_path / "main.py")
    (tmp_path / "main.py").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(ConfigurationError, match="GBK"):
        read_original(tmp_path / "main.py")


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (PIPE, PIPE),
        ("to_python_pipe", PIPE),
        ("//./pipe/to_python_pipe", PIPE),
        ("a\\b", None),
        ("", None),
        ("it's", None),
    ],
)
def test_the_full_name_of_a_pipe(written: str, address: str | None) -> None:
    assert pipe_address(written) == address
