"""``qmt init``: a new folder with a configuration that runs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer
from msgspec.structs import replace

from qmt_trading.cli import exit_codes, init_report, show
from qmt_trading.cli.options import cannot, fail
from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.names import is_name
from qmt_trading.codec.size_text import parse_size
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.signal import Size, SizeKind
from qmt_trading.run import profiles
from qmt_trading.run.config import load
from qmt_trading.run.init_template import ACCOUNTS, BARE_WORDS, FULL, PIPE_NAME, Choice, template
from qmt_trading.run.original import Original, is_userdata, read_original, tidy_path
from qmt_trading.run.profiles import Profile
from qmt_trading.run.shortcuts import write_shortcuts

_CHINESE: Final = {chinese: word for word, chinese in BARE_WORDS.items()}
_CHOICE: Final = "、".join(f"{word} {chinese}" for word, chinese in BARE_WORDS.items())
_PROFILES: Final = "、".join(each.name for each in profiles.PROFILES)
_SIZES: Final = "、".join(each.name for each in profiles.SIZES)
_ABOUT_BARE: Final = """\
裸信号：只有代码和账号、没有动作的信号，例如 600000.SH:11031122。
! 原版程序收到裸信号是「撤单」。从原版迁来请选 撤单，否则撤单会变成买入。
  a bare signal names no verb; the original system's author means CANCEL by it"""
_ABOUT_PIPE: Final = r"请写 \\.\pipe\名字"
_ABOUT_TERMINAL: Final = r"请写客户端里 userdata_mini 文件夹的完整路径，例如 D:\国金QMT\userdata_mini；大 QMT 写 full"
_BARE_OF_THE_ORIGINAL: Final = "cancel"


class _Given(NamedTuple):
    """What stands on the command line; None: nothing."""

    bare: str | None
    bare_size: str | None
    profile: str | None
    size: str | None
    cash: str | None
    accounts: str | None
    pipe: str | None
    terminal: str | None
    paper: bool


def init(
    folder: Annotated[Path, typer.Argument(help="新文件夹 the new folder", file_okay=False)] = Path(),
    *,
    original: Annotated[
        Path | None, typer.Option("--from", help="原版的 main.py、config.ini 或其文件夹：只读，不执行")
    ] = None,
    profile: Annotated[str | None, typer.Option("--profile", help=f"做法：{_PROFILES}")] = None,
    size: Annotated[str | None, typer.Option("--size", help=f"每个账户的总资金档：{_SIZES}")] = None,
    accounts: Annotated[str | None, typer.Option("--accounts", help="账号，逗号分开")] = None,
    bare: Annotated[str | None, typer.Option("--bare", help="裸信号：cancel、buy、sell 或 deny")] = None,
    bare_size: Annotated[str | None, typer.Option("--bare-size", help="裸信号买卖的数量，如 1手")] = None,
    cash: Annotated[str | None, typer.Option("--cash", help="每个模拟账户的资金（元）")] = None,
    pipe: Annotated[str | None, typer.Option("--pipe", help="管道名（Windows）")] = None,
    terminal: Annotated[
        str | None, typer.Option("--terminal", help="QMT 客户端的 userdata_mini，大 QMT 写 full：写成观察模式 watch it")
    ] = None,
    paper: Annotated[bool, typer.Option("--paper", help="只要模拟盘，不接客户端 paper only")] = False,
) -> None:
    """写一份可直接运行的配置：模拟，或观察真实终端 write a set-up."""
    path = folder / "qmt.toml"
    asks = sys.stdin.isatty() and sys.stdout.isatty()
    if path.exists() and not asks:
        fail(exit_codes.USAGE, f"✗ {path} 已存在，未作改动 / exists already, left alone")
    if path.exists() and not typer.confirm(f"{path} 已存在。改名为 qmt.toml.bak，另写一份新的吗？ replace it?"):
        fail(exit_codes.USAGE, f"✗ {path} 未作改动 / left alone")
    found: Original | None = None
    if original is not None:
        try:
            found = read_original(original)
        except ConfigurationError as error:
            fail(exit_codes.USAGE, f"✗ {error}")
        init_report.show_findings(found, paper=paper)
    given = _Given(bare, bare_size, profile, size, cash, accounts, pipe, terminal, paper)
    client = _terminal(given, found, asks=asks)
    chosen = _profile(profile, found, client, asks=asks)
    yuan = _yuan(size, asks=asks) if chosen is not None or size is not None else None
    choice = _choose(given, chosen, yuan, found, client, asks=asks)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, template(choice))
        left = write_shortcuts(folder) if sys.platform == "win32" else []
    except OSError as error:
        fail(exit_codes.USAGE, f"✗ {cannot(error)}")
    console = show.console()
    mode = "观察模式" if choice.terminal else "模拟盘"
    console.print(f"✓ 已写入 {path}（{mode}，裸信号：{BARE_WORDS[choice.bare]}）", style="green")
    for each in left:
        console.print(f"! {each} 已存在，未作改动 / exists already, left alone", style="yellow")
    init_report.show_what_it_means(choice, chosen, yuan, found)
    _show_next_steps(folder, choice.accounts or ACCOUNTS, choice.terminal)


def _show_next_steps(folder: Path, accounts: Sequence[str], terminal: str) -> None:
    watches = bool(terminal)
    pairs = [
        ("检查", "qmt doctor --live" if watches else "qmt doctor"),
        ("运行", "qmt run"),
        ("发送", f"qmt send '600000.SH:{','.join(accounts[:2])}'（另一个窗口）"),
    ]
    if terminal == FULL:
        pairs[:1] = [
            ("探测", "qmt fullqmt probe（粘贴进大 QMT，只看不下）"),
            ("粘贴", "qmt fullqmt file，再 qmt doctor --fullqmt"),
        ]
    if watches:
        pairs.append(("对照", "qmt shadow diff（收盘后，和旧程序做的比）"))
    if folder != Path():
        quoted = f'"{folder}"' if sys.platform == "win32" else shlex.quote(str(folder))
        pairs.insert(0, ("进入", f"cd {quoted}"))
    for line in show.aligned(pairs):
        show.console().print(f"  {line}")


def _choose(
    given: _Given, profile: Profile | None, yuan: int | None, found: Original | None, client: str, *, asks: bool
) -> Choice:
    """Return what the file is to say, from the options, the original's files and the person."""
    bare = _bare(given.bare, profile, found, asks=asks)
    bare_size = given.bare_size
    if bare in ("buy", "sell"):
        wrong = "请写 100、1手、5万元 或 10%"
        read = buy_size_word if bare == "buy" else sell_size_word
        bare_size = _answer("--bare-size", "裸信号买卖的数量", bare_size, "1手", read, wrong, asks=asks)
    asks_cash = asks and yuan is None and not client
    question = "每个模拟账户的资金（元）"
    cash = _answer("--cash", question, given.cash, str(yuan or 1_000_000), cash_word, "请写整数（元）", asks=asks_cash)
    lifted = found.pipe.value if found is not None and found.pipe is not None else None
    asks_pipe = asks and sys.platform == "win32" and lifted is None
    pipe = _answer("--pipe", "管道名", given.pipe, lifted or PIPE_NAME, pipe_word, _ABOUT_PIPE, asks=asks_pipe)
    choice = Choice(
        bare=bare,
        size=bare_size or "1手",
        cash=cash,
        pipe=pipe,
        pipe_mode="connect" if found is not None and found.creates_pipe is False else "listen",
        accounts=_accounts(given.accounts, found, client, asks=asks),
        terminal=client,
    )
    if yuan is not None:
        choice = replace(choice, ttl=profiles.TTL, limits=profiles.limits_of(profile, profiles.size_for(yuan)))
    if profile is not None:
        choice = replace(
            choice,
            limit_advice=profile.advice,
            allow=profile.allow,
            door_ttl=profile.door_ttl,
            door_price=profile.door_price,
        )
    return replace(
        choice,
        notes=init_report.notes(profile, yuan, found, watches=bool(client)),
        terminal_notes=init_report.terminal_notes(found, watches=bool(client)),
    )


def _terminal(given: _Given, found: Original | None, *, asks: bool) -> str:
    """Return the folder of the client that is to be watched; empty: none is, and the set-up is on paper."""
    if given.paper:
        if given.terminal is not None:
            fail(exit_codes.USAGE, "✗ --terminal 和 --paper 只写一个 / use one of --terminal and --paper")
        return ""
    lifted = found.userdata.value if found is not None and found.userdata is not None else "-"
    lifted = terminal_word(lifted) or "-"  # Of somebody else's program: it may hold anything.
    question = r"客户端路径（…\userdata_mini；大 QMT 写 full；写 - 先用模拟盘）"
    answer = _answer("--terminal", question, given.terminal, lifted, terminal_word, _ABOUT_TERMINAL, asks=asks)
    return "" if answer == "-" else answer


def _profile(given: str | None, found: Original | None, client: str, *, asks: bool) -> Profile | None:
    """Return the profile; None: nobody asked for one.

    What comes from the original only cancels, as it did there, and so does what watches a terminal.
    """
    if given is None and found is None and not client:
        return None
    if asks and given is None:
        for each in profiles.PROFILES:
            print(f"  {each.name}：{each.about}")
    name = _answer("--profile", f"做法（{_PROFILES}）", given, "只撤单", _profile_word, f"请写 {_PROFILES}", asks=asks)
    return profiles.profile_of(name)


def _yuan(given: str | None, *, asks: bool) -> int:
    wrong = f"请写 {_SIZES}，或元数，例如 350000（裸信号的数量用 --bare-size）"
    answer = _answer("--size", f"每个账户的总资金（{_SIZES}）", given, "10万", _yuan_word, wrong, asks=asks)
    yuan = profiles.yuan_of(answer)
    assert yuan is not None, answer
    return yuan


def _bare(given: str | None, profile: Profile | None, found: Original | None, *, asks: bool) -> str:
    default = "buy"
    if found is not None:
        default = _BARE_OF_THE_ORIGINAL
    elif profile is not None:
        default = profile.bare
    asks = asks and (profile is None or len(profile.allow) > 1)
    if asks and given is None:
        print(_ABOUT_BARE)
    allowed = None if profile is None else profile.allow

    def read(written: str) -> str | None:
        word = bare_word(written)
        return word if word is None or word == "deny" or allowed is None or word in allowed else None

    words = [word for word in BARE_WORDS if allowed is None or word in (*allowed, "deny")]
    choice = "、".join(f"{word} {BARE_WORDS[word]}" for word in words)
    wrong = f"请写其中之一：{choice}" + (f"（{profile.name} 的通道）" if profile is not None else "")
    return _answer("--bare", f"裸信号做什么（{choice}）", given, default, read, wrong, asks=asks)


def _accounts(given: str | None, found: Original | None, client: str, *, asks: bool) -> tuple[str, ...]:
    """Return the accounts that were named or found; none: the example's, which no client has."""
    usable = tuple(each.account.value for each in found.usable) if found is not None else ()
    asks = asks and (found is not None or bool(client)) and not usable
    if client and not (usable or given or asks):
        fail(exit_codes.USAGE, "✗ 请写账号：--accounts 11031122,11031123 / name the accounts of the client")
    wrong = "请写账号，逗号分开：字母、数字、. _ - 和汉字，不重复"
    question = "账号（逗号分开）" if client else "账号（逗号分开，回车用示例账号）"
    read = _named_accounts if client else _account_words
    words = _answer("--accounts", question, given, ",".join(usable), read, wrong, asks=asks)
    return tuple(words.split(",")) if words else ()


def _account_words(written: str) -> str | None:
    words = [word.strip() for word in written.replace("，", ",").split(",")]
    if words == [""]:
        return ""
    return ",".join(words) if all(map(is_name, words)) and len(set(words)) == len(words) else None


def _named_accounts(written: str) -> str | None:
    return _account_words(written) or None


def _profile_word(written: str) -> str | None:
    found = profiles.profile_of(written)
    return None if found is None else found.name


def _yuan_word(written: str) -> str | None:
    yuan = profiles.yuan_of(written)
    return None if yuan is None else str(yuan)


def _write(path: Path, text: str) -> None:
    """Write a configuration that can be loaded; one that was there before is kept under another name."""
    draft = path.with_name("qmt.toml.new")
    draft.write_text(text, encoding="utf-8", newline="\n")
    try:
        load(draft)
    except ConfigurationError as error:
        draft.unlink()
        fail(exit_codes.USAGE, f"✗ 这些值写不成配置，什么都没有写：{error} / nothing was written")
    if path.exists():
        kept = next(
            each for number in range(1000) if not (each := path.with_name(f"qmt.toml.bak{number or ''}")).exists()
        )
        path.rename(kept)
        print(f"  原来的 qmt.toml 在 {kept}")
    draft.rename(path)


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


def terminal_word(written: str) -> str | None:
    """Return the folder that a client keeps its data in, ``-`` for none, ``full``; None: it is none of these."""
    path = written.strip().strip('"')
    if path in ("-", FULL):
        return path
    good = is_userdata(path) and path.isprintable() and "'" not in path
    return (tidy_path(path) if sys.platform == "win32" or "\\" in path else path) if good else None


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
