"""Moving in: the original system's files become a configuration that loads, passes the doctor, and does what it did."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from qmt_trading import client
from qmt_trading.cli import exit_codes
from qmt_trading.cli.main import app
from qmt_trading.cli.words import run
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import BareAction, Mode, Verb
from qmt_trading.run import profiles
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.init_template import ACCOUNTS, PIPE_NAME
from tests.conftest import ROOT
from tests.running import running

MAIN = r"""
import time
from xtquant.xttrader import XtQuantTrader
from xtquant.xttype import StockAccount

path = r'D:\国金QMT交易端\userdata_mini'   # 客户端路径
accounts = ['11031122', '11031123']         # 账号
account_type = 'STOCK'
pipe_name = r'\\.\pipe\original_pipe'

def start():
    trader = XtQuantTrader(path, int(time.time()))
    for number in accounts:
        trader.subscribe(StockAccount(number, account_type))
    credit = StockAccount('11039999', 'CREDIT')
    handle = win32file.CreateFile(pipe_name, win32file.GENERIC_READ, 0, None, win32file.OPEN_EXISTING, 0, None)
"""
INI = "[CLIENT]\npath = D:\\国金QMT交易端\\userdata_mini\n\n[MESSAGE SERVER]\npipe_name = \\\\.\\pipe\\original_pipe\n"


def init(*words: str) -> int:
    return run(app, ["init", *words])


def original(folder: Path, name: str, text: str, encoding: str = "gb18030") -> str:
    path = folder / name
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    return str(path)


def made(folder: Path) -> Configuration:
    return load(folder / "qmt.toml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_original_main_py_becomes_a_configuration_that_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    new = tmp_path / "新"
    assert init(str(new), "--paper", "--from", original(tmp_path, "main.py", MAIN, encoding)) == 0
    shown = capsys.readouterr().out
    for line in ("main.py 第 6 行", "main.py 第 14 行", "main.py 第 9 行", "[[doors]]", "11039999", "原程序", "模拟盘"):
        assert line in shown or (line == "[[doors]]" and sys.platform != "win32"), line
    configuration = made(new)
    assert [each.account for each in configuration.engine.accounts] == ["11031122", "11031123"]
    assert all(door.bare is BareAction.CANCEL for door in configuration.engine.doors)
    text = (new / "qmt.toml").read_text(encoding="utf-8")
    assert "# 接实盘时用的客户端路径（main.py 第 6 行）：'D:\\国金QMT交易端\\userdata_mini'" in text
    assert r"\\.\pipe\original_pipe" in text
    if sys.platform == "win32":
        assert [(door.address, door.mode) for door in configuration.doors] == [(r"\\.\pipe\original_pipe", "connect")]
    assert run(app, ["doctor", "--config", str(new / "qmt.toml")]) == 0, capsys.readouterr().out


def test_the_client_of_the_original_is_watched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = tmp_path / "new"
    assert init(str(new), "--from", original(tmp_path, "main.py", MAIN)) == 0
    shown = capsys.readouterr().out
    assert "main.py 第 6 行" in shown
    assert '[[terminals]] path，mode = "shadow" 观察' in shown
    assert "委托和撤单一笔都不发出" in shown
    configuration = made(new)
    assert configuration.engine.mode is Mode.SHADOW
    assert [each.account for each in configuration.engine.accounts] == ["11031122", "11031123"]
    assert all(door.bare is BareAction.CANCEL for door in configuration.engine.doors)
    text = (new / "qmt.toml").read_text(encoding="utf-8")
    assert "path = 'D:\\国金QMT交易端\\userdata_mini'" in text
    ini = original(tmp_path, "config.ini", INI)
    assert init(str(tmp_path / "none"), "--from", ini) == exit_codes.USAGE
    assert "--accounts" in capsys.readouterr().err


def test_the_later_config_ini_becomes_one_too_and_the_missing_accounts_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new"
    ini = original(tmp_path, "config.ini", INI)
    assert init(str(new), "--paper", "--from", ini, "--accounts", "account_101，account_102") == 0
    assert [each.account for each in made(new).engine.accounts] == ["account_101", "account_102"]
    assert run(app, ["doctor", "--config", str(new / "qmt.toml")]) == 0
    capsys.readouterr()
    assert init(str(tmp_path / "other"), "--from", ini, "--paper") == 0
    shown = capsys.readouterr().out
    assert "没有找到能用的账号" in shown
    assert "账户是示例" in shown
    assert tuple(each.account for each in made(tmp_path / "other").engine.accounts) == ACCOUNTS


def test_what_was_moved_cancels_as_the_original_did_and_buys_nothing(tmp_path: Path) -> None:
    original(tmp_path, "main.py", MAIN.replace("CreateFile", "CreateNamedPipe"))
    unique = f"\\\\.\\pipe\\qmt-test-{tmp_path.name}"
    assert init(str(tmp_path / "new"), "--paper", "--from", str(tmp_path), "--pipe", unique) == 0
    with running(tmp_path / "new" / "qmt.toml") as address:
        bare = client.send("600000.SH:11031122,11031123", address=address)
        assert [(line.account, line.status, line.reason) for line in bare.cancels] == [
            ("11031122", "nothing", "NOTHING_TO_CANCEL"),
            ("11031123", "nothing", "NOTHING_TO_CANCEL"),
        ]
        bought = client.send("buy 600000.SH 100@跌停:11031122", address=address, id="moved/1")
        assert [(line.status, line.reason) for line in bought.orders] == [("denied", "DOOR_FORBIDS")]


@pytest.mark.parametrize("size", profiles.SIZES, ids=lambda each: each.name)
@pytest.mark.parametrize("profile", profiles.PROFILES, ids=lambda each: each.name)
def test_each_profile_and_size_loads_with_its_limits_and_passes_the_doctor_without_a_doubt(
    tmp_path: Path, profile: profiles.Profile, size: profiles.AccountSize, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(str(tmp_path), "--profile", profile.name, "--size", size.name) == 0
    configuration = made(tmp_path)
    for account in configuration.engine.accounts:
        assert account.limits == profiles.limits_of(profile, size)
        assert account.bare_per_day_max == 1
    *doors, control = configuration.engine.doors
    for door in doors:
        assert door.allow == tuple(Verb(verb) for verb in profile.allow)
        assert door.bare.value == profile.bare
        assert door.ttl_ns == (120 if profile.name == "聚宽跟单" else 3) * SECOND_NS
        assert (door.default_price is not None) == (profile.name == "打板")
    assert control.ttl_ns == 3 * SECOND_NS
    assert control.default_price is None
    capsys.readouterr()
    assert run(app, ["doctor", "--config", str(tmp_path / "qmt.toml")]) == 0
    assert "✓ 上限：" in capsys.readouterr().out


def test_what_a_trial_and_a_limit_up_trader_send_meets_their_limits(tmp_path: Path) -> None:
    pipe = ("--pipe", f"\\\\.\\pipe\\qmt-test-{tmp_path.name}")
    assert init(str(tmp_path / "a"), "--profile", "保守", "--size", "100万", *pipe) == 0
    with running(tmp_path / "a" / "qmt.toml") as address:
        lines = client.send("buy 600000.SH 200@跌停:11031122 ; buy 600036.SH 100@跌停:11031122", address=address).orders
        assert [(line.status, line.reason) for line in lines] == [
            ("denied", "ORDER_QUANTITY_EXCEEDED"),
            ("accepted", ""),
        ]
    assert init(str(tmp_path / "b"), "--profile", "打板", "--size", "100万", *pipe) == 0
    with running(tmp_path / "b" / "qmt.toml") as address:
        (line,) = client.send("buy 600000.SH 100:11031122", address=address).orders
        assert (line.status, line.reason) == ("denied", "PRICE_CAGE")  # At the limit, which is far away all day long.
        (line,) = client.send("sell 600000.SH 100@跌停:11031122", address=address).orders
        assert (line.status, line.reason) == ("denied", "DOOR_FORBIDS")


def test_the_profiles_are_those_that_the_page_gives() -> None:
    page = (ROOT / "docs" / "moving-in.md").read_text(encoding="utf-8")
    for profile in profiles.PROFILES:
        allowed = " ".join(profiles.VERB_WORDS[verb] for verb in profile.allow)
        bare = {"cancel": "撤单", "deny": "拒绝"}[profile.bare]
        assert f"| `{profile.name}` | {allowed} | {bare} | {profile.door_ttl or profiles.TTL} |" in page


@pytest.mark.parametrize(
    ("written", "yuan"),
    [
        ("10万", 100_000),
        ("100 万元", 1_000_000),
        ("350,000", 350_000),
        ("1000w", 10_000_000),
        ("0", None),
        ("1手", None),
    ],
)
def test_the_size_of_an_account_is_an_amount(written: str, yuan: int | None) -> None:
    assert profiles.yuan_of(written) == yuan


@pytest.mark.parametrize(
    ("yuan", "name"),
    [(1, "10万"), (999_999, "10万"), (1_000_000, "100万"), (9_999_999, "100万"), (10**7, "1000万"), (10**11, "1000万")],
)
def test_an_account_between_two_sizes_gets_the_tighter_limits(yuan: int, name: str) -> None:
    assert profiles.size_for(yuan).name == name


def test_a_profile_has_an_english_name_too() -> None:
    assert [profiles.profile_of(each.english) for each in profiles.PROFILES] == list(profiles.PROFILES)
    assert profiles.profile_of("追涨") is None


def answering(monkeypatch: pytest.MonkeyPatch, answers: list[str], *, confirms: bool = True) -> list[str]:
    """Let a person sit there who gives ``answers``; return the questions, as they come."""
    asked: list[str] = []
    left = iter(answers)

    def prompt(question: str, default: str) -> str:
        asked.append(question)
        return next(left) or default

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr("typer.confirm", lambda question: confirms)
    return asked


def test_a_person_is_asked_for_profile_size_and_what_was_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, ["", "追涨", "打板", "", "buy", "", "a，b"])
    ini = original(tmp_path, "config.ini", INI)
    assert init(str(tmp_path / "new"), "--from", ini) == 0
    assert [each.partition("（")[0] for each in asked] == [
        "客户端路径",
        "做法",
        "做法",
        "每个账户的总资金",
        "裸信号做什么",
        "裸信号买卖的数量",
        "账号",
    ]
    configuration = made(tmp_path / "new")
    assert [each.account for each in configuration.engine.accounts] == ["a", "b"]
    assert configuration.engine.doors[0].bare is BareAction.BUY


def test_a_configuration_that_is_there_is_replaced_only_when_a_person_says_so_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "qmt.toml"
    path.write_text("mine", encoding="utf-8")
    assert init(str(tmp_path), "--profile", "保守") == exit_codes.USAGE
    assert "已存在" in capsys.readouterr().err
    answering(monkeypatch, [""] * 10, confirms=False)
    assert init(str(tmp_path), "--profile", "保守") == exit_codes.USAGE
    assert path.read_text(encoding="utf-8") == "mine"
    for kept in ("qmt.toml.bak", "qmt.toml.bak1"):
        answering(monkeypatch, [""] * 10)
        before = path.read_bytes()
        assert init(str(tmp_path), "--profile", "保守") == 0
        assert (tmp_path / kept).read_bytes() == before
        load(path)


def test_what_cannot_be_loaded_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if sys.platform == "win32":
        words = ["--pipe", "\\\\.\\pipe\\a\x7fb"]
    else:
        words = ["--accounts", "*"]
    assert init(str(tmp_path / "new"), *words) == exit_codes.USAGE
    assert "✗" in capsys.readouterr().err
    assert not (tmp_path / "new" / "qmt.toml").exists()
    assert list(tmp_path.glob("new/*.new")) == []


def test_hostile_texts_of_the_original_end_no_comment(tmp_path: Path) -> None:
    text = "XtQuantTrader('D:\\\\x\\nmode = \"live\"\\n[x]\\\\userdata_mini', 1)\nStockAccount('11031122')\n"
    path = original(tmp_path, "main.py", text)
    assert init(str(tmp_path / "new"), "--from", path) == 0
    assert made(tmp_path / "new").engine.mode is Mode.SHADOW
    assert init(str(tmp_path / "paper"), "--from", path, "--paper") == 0
    assert made(tmp_path / "paper").engine.mode is Mode.PAPER
    text = 'XtQuantTrader("D:\\\\it\'s\\\\userdata_mini", 1)\nStockAccount("11031122")\n'
    quoted = original(tmp_path, "other.py", text)
    assert init(str(tmp_path / "quoted"), "--from", quoted) == 0
    assert made(tmp_path / "quoted").engine.mode is Mode.PAPER  # That path cannot stand in the file.


def test_the_pipe_is_the_usual_one_where_none_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = original(tmp_path, "main.py", "acc = StockAccount('11031122')\n")
    assert init(str(tmp_path / "new"), "--from", path) == 0
    shown = capsys.readouterr().out
    assert f"没有找到管道名：用 --pipe 写，不写就是 {PIPE_NAME}" in shown
    assert "没有找到客户端路径" in shown


def test_the_doctor_says_in_json_that_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(str(tmp_path), "--profile", "只撤单", "--size", "100万") == 0
    capsys.readouterr()
    assert run(app, ["doctor", "--json", "--config", str(tmp_path / "qmt.toml")]) == 0
    assert all(row["good"] for row in json.loads(capsys.readouterr().out))
