"""``qmt init``: a new folder with a configuration that runs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import cannot, fail
from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.size_text import parse_size
from qmt_trading.model.signal import Size, SizeKind
from qmt_trading.run.init_template import BARE_WORDS, PIPE_NAME, template

_CHINESE: Final = {chinese: word for word, chinese in BARE_WORDS.items()}
_CHOICE: Final = "、".join(f"{word} {chinese}" for word, chinese in BARE_WORDS.items())
_ABOUT_BARE: Final = """\
裸信号：只有代码和账号、没有动作的信号，例如 600000.SH:11031122。
! 原版程序收到裸信号是「撤单」。从原版迁来请选 撤单，否则撤单会变成买入。
  a bare signal names no verb; the original system's author means CANCEL by it"""


def init(
    folder: Annotated[Path, typer.Argument(help="新文件夹 the new folder", file_okay=False)] = Path(),
    *,
    bare: Annotated[str | None, typer.Option("--bare", help="裸信号：cancel、buy、sell 或 deny")] = None,
    size: Annotated[str | None, typer.Option("--size", help="裸信号买卖的数量，如 1手")] = None,
    cash: Annotated[str | None, typer.Option("--cash", help="每个模拟账户的资金（元）")] = None,
    pipe: Annotated[str | None, typer.Option("--pipe", help="管道名（Windows）")] = None,
) -> None:
    """写一份可直接运行的模拟配置 write a paper set-up."""
    path = folder / "qmt.toml"
    if path.exists():
        fail(exit_codes.USAGE, f"✗ {path} 已存在，未作改动 / exists already, left alone")
    asks = sys.stdin.isatty() and sys.stdout.isatty()
    if asks and bare is None:
        print(_ABOUT_BARE)
    bare = _answer(
        "--bare", f"裸信号做什么（{_CHOICE}）", bare, "buy", bare_word, f"请写其中之一：{_CHOICE}", asks=asks
    )
    if bare in ("buy", "sell"):
        wrong = "请写 100、1手、5万元 或 10%"
        read = buy_size_word if bare == "buy" else sell_size_word
        size = _answer("--size", "裸信号买卖的数量", size, "1手", read, wrong, asks=asks)
    cash = _answer("--cash", "每个模拟账户的资金（元）", cash, "1000000", cash_word, "请写整数（元）", asks=asks)
    wrong = r"请写 \\.\pipe\名字"
    asks_pipe = asks and sys.platform == "win32"
    pipe = _answer("--pipe", "管道名", pipe, PIPE_NAME, pipe_word, wrong, asks=asks_pipe)
    text = template(bare=bare, size=size or "1手", cash=cash, pipe=pipe)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        fail(exit_codes.USAGE, f"✗ {cannot(error)}")
    console = show.console()
    console.print(f"✓ 已写入 {path}（裸信号：{BARE_WORDS[bare]}）", style="green")
    pairs = [
        ("检查", "qmt doctor"),
        ("运行", "qmt run"),
        ("发送", "qmt send '600000.SH:11031122,11031123'（另一个窗口）"),
    ]
    if folder != Path():
        quoted = f'"{folder}"' if sys.platform == "win32" else shlex.quote(str(folder))
        pairs.insert(0, ("进入", f"cd {quoted}"))
    for line in show.aligned(pairs):
        console.print(f"  {line}")


def bare_word(written: str) -> str | None:
    """Return what a bare signal does, written in either language; None: it is none of the choices."""
    word = written.strip().lower()
    word = _CHINESE.get(word, word)
    return word if word in BARE_WORDS else None


def buy_size_word(written: str) -> str | None:
    """Return the size of a buy as it is to stand in the file; None: it is none."""
    size = _size(written)
    return None if size is None or size.kind in (SizeKind.ALL, SizeKind.FRACTION) else written.strip()


def sell_size_word(written: str) -> str | None:
    """Return the size of a sell, which may be a part of what is held; None: it is none."""
    return None if _size(written) is None else written.strip()


def _size(written: str) -> Size | None:
    try:
        size = parse_size(written.strip())
    except MalformedError:
        return None
    return size if size.amount or size.kind is SizeKind.ALL else None


def cash_word(written: str) -> str | None:
    """Return yuan as plain digits; None: not a whole number above 0, or more than anybody has."""
    digits = written.strip().replace(",", "").replace("，", "")
    return digits if digits.isascii() and digits.isdigit() and 0 < int(digits) <= 10**11 else None


def pipe_word(written: str) -> str | None:
    """Return the name of a pipe; None: it is none, or could not stand in the file."""
    name = written.strip()
    return name if name.startswith("\\\\.\\pipe\\") and len(name) > 9 and "'" not in name else None


def _answer(
    option: str,
    question: str,
    given: str | None,
    default: str,
    read: Callable[[str], str | None],
    wrong: str,
    *,
    asks: bool,
) -> str:
    """Return what the option or the person says; a wrong option ends this, a wrong answer is asked for again."""
    if given is not None:
        found = read(given)
        if found is None:
            fail(exit_codes.USAGE, f"✗ {option} {given}：{wrong} / not a value of {option}")
        return found
    while asks:
        found = read(str(typer.prompt(question, default=default)))
        if found is not None:
            return found
        print(f"  {wrong}")
    return default
