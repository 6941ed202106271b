"""What ``qmt init --from`` tells: each line that was lifted, what was not found, and what the new file means."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from qmt_trading.cli import show
from qmt_trading.model.numbers import UNIT, to_percent_text
from qmt_trading.run import profiles
from qmt_trading.run.init_template import ACCOUNTS, PIPE_NAME, Choice
from qmt_trading.run.original import Original, refusal_of
from qmt_trading.run.profiles import Profile

_PAPER: Final = """\
! 这是模拟盘：不会碰你的 QMT 和真实账户。
  paper only: nothing here touches your QMT or your real accounts"""
_SHADOW: Final = """\
! 这是观察模式：连真实终端，看真实持仓，本应做的都写下来，委托和撤单一笔都不发出。原程序照常运行，收盘后对照。
  shadow mode: the real terminal is watched, every decision is recorded, and nothing is sent"""
_ONE_OWNER: Final = """\
! 同一条管道只能有一个程序接：试跑时先停原版程序，或让上游另发一份。
  only one program can hold the pipe: stop the original one while you try this one"""
_CONTROL: Final = "  qmt send 是你自己敲的命令，不受通道的 allow 限制 / qmt send is not bound by the doors' allow"


def show_findings(found: Original, *, paper: bool = False) -> None:
    """Show where each thing was read, what it becomes, and what could not be read.

    Args:
        paper: no client is to be connected.
    """
    console = show.console()
    console.print("从原版读到（只读，没有执行） / lifted from the original, which was not run:")
    for line in show.aligned(list(_lifted(found, paper=paper))):
        console.print(f"  ✓ {line}")
    for each in found.refused:
        console.print(f"  ! {each.account.where}：{refusal_of(each)} / not taken over", style="yellow")
    for puzzle in found.unreadable:
        text = f"  ! {puzzle.where}：{puzzle.value} 要运行才知道，请自己填 / only a run could tell"
        console.print(text, style="yellow")
    for missing in _missing(found):
        console.print(f"  ✗ {missing}", style="yellow")


def _lifted(found: Original, *, paper: bool) -> Iterator[tuple[str, str]]:
    if found.userdata is not None:
        key = "[[terminals]] 注释（模拟盘）" if paper else '[[terminals]] path，mode = "shadow" 观察'
        yield found.userdata.where, f"客户端路径 client path {found.userdata.value} → {key}"
    for each in found.usable:
        yield each.account.where, f"账户 account {each.account.value}（{each.kind}）→ [[terminals.accounts]] account"
    if found.pipe is not None:
        mode = "connect：上游建管道，我们去连" if found.creates_pipe is False else "listen：我们建管道"
        key = f"[[doors]] name，mode = {mode}" if sys.platform == "win32" else "注释（命名管道只在 Windows 上有）"
        yield found.pipe.where, f"管道 pipe {found.pipe.value} → {key}"


def _missing(found: Original) -> Iterator[str]:
    if found.userdata is None:
        yield "没有找到客户端路径 userdata_mini：用 --terminal 写，不写就是模拟盘 / no client path: --terminal"
    if not found.usable:
        yield f"没有找到能用的账号：用 --accounts 写；模拟盘可不写，用示例 {ACCOUNTS[0]} 等 / no account: --accounts"
    if found.pipe is None:
        yield f"没有找到管道名：用 --pipe 写，不写就是 {PIPE_NAME} / no pipe name"
    elif found.creates_pipe is None:
        yield "看不出谁建管道，先按我们建（listen）：连不上时把 mode 改为 connect / who makes the pipe is unknown"


def show_what_it_means(choice: Choice, profile: Profile | None, yuan: int | None, found: Original | None) -> None:
    """Say what the new file does and what it does not do yet; nothing for one that is only to play with."""
    console = show.console()
    if profile is not None:
        verbs = "、".join(profiles.VERB_WORDS[verb] for verb in choice.allow)
        console.print(f"  做法 {profile.name}：通道只允许 {verbs}（--profile 可改）")
        console.print(_CONTROL)
    if yuan is not None:
        console.print(
            f"  上限按每个账户 {profiles.size_for(yuan).name} 一档（--size 可改），都写在 [limits] 里，每行有说明："
        )
        console.print(f"  {_outline(choice)}")
        console.print("  the limits of an account of this size stand in [limits], a comment beside each")
    if found is not None and not choice.accounts:
        console.print(f"! 账户是示例（{'、'.join(ACCOUNTS)}）：改成你的再用 / example accounts", style="yellow")
    if choice.terminal:
        console.print(_SHADOW, style="yellow")
    elif found is not None:
        console.print(_PAPER, style="yellow")
    if found is not None:
        if sys.platform == "win32":
            console.print(_ONE_OWNER, style="yellow")


def _outline(choice: Choice) -> str:
    """Return the limits that a person asks about first."""
    limits = choice.limits
    value, buys = limits.order_value_max // UNIT, limits.buy_value_per_day_max // UNIT
    reducing, halting = to_percent_text(limits.loss_reducing), to_percent_text(limits.loss_halting)
    return (
        f"单笔 {value:,} 元，当日买入 {buys:,} 元，亏损 {reducing} 只卖不买、{halting} 停止，"
        f"每秒 {limits.orders_per_second_max} 笔、每日 {limits.orders_per_day_max:,} 笔，信号 {choice.ttl} 内有效"
    )


def notes(profile: Profile | None, yuan: int | None, found: Original | None, *, watches: bool) -> tuple[str, ...]:
    """Return the comments at the head of the file."""
    lines: list[str] = []
    if found is not None:
        what = "观察模式：什么都不发出" if watches else "模拟盘：不连接 QMT"
        lines.append(f"由 qmt init --from 从原版迁来。{what}。")
    if profile is not None:
        lines.append(f"做法：{profile.name}（{profile.about}）")
    if yuan is not None:
        lines.append(f"上限按每个账户 {profiles.size_for(yuan).name} 一档。")
    return tuple(lines)


def terminal_notes(found: Original | None, *, watches: bool) -> tuple[str, ...]:
    """Return the comments beside the terminal: what was found and is not used here."""
    if found is None:
        return ()
    lines: list[str] = []
    if found.userdata is not None and not watches:
        lines.append(f"接实盘时用的客户端路径（{found.userdata.where}）：'{found.userdata.value}'")
    if found.pipe is not None and sys.platform != "win32":
        lines.append(f"原版的管道（{found.pipe.where}），到 Windows 上再用：'{found.pipe.value}'")
    return tuple(lines)
