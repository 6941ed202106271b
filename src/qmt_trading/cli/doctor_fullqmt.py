"""``qmt doctor --fullqmt``: what is pasted, where it finds us, what it said last, and what the terminal can do."""

from __future__ import annotations

import datetime as dt
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from qmt_trading.cli.check import Check
from qmt_trading.cli.fullqmt import observes
from qmt_trading.model.errors import ConfigurationError, LockedError
from qmt_trading.model.instant import day_of, to_iso_text
from qmt_trading.run import fullqmt_card, fullqmt_contact
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.config_terminals import Terminal
from qmt_trading.run.fullqmt_card import Mark
from qmt_trading.run.fullqmt_contact import Contact
from qmt_trading.run.locks import folder_lock
from qmt_trading.run.pasted import build, path_of, why_stale

_DAY_NS: Final = 86_400 * 10**9
_OLD_DAYS: Final = 7


def checks(path: Path) -> Iterator[Check]:
    """Yield the findings; a configuration that is wrong has been told of already, and gives none."""
    try:
        configuration = load(path)
    except ConfigurationError:
        return
    full = [each for each in configuration.terminals if each.fullqmt is not None]
    if not full:
        yield Check("大 QMT", True, '没有 kind = "fullqmt" 的终端', warns=True)
    for terminal in full:
        yield from of_terminal(configuration, terminal, time.time_ns())


def of_terminal(configuration: Configuration, terminal: Terminal, now_ns: int) -> Iterator[Check]:
    """Yield what can be told of one full client. Nothing is written, and nothing is connected to."""
    yield _text(configuration, terminal)
    yield _address(configuration, terminal)
    name = f"{terminal.name} 上次连接"
    try:
        contact = fullqmt_contact.read(configuration.folder, terminal.name)
    except ConfigurationError as error:
        yield Check(name, False, str(error))
    else:
        yield from _contact(configuration, terminal, contact, now_ns)
    yield _card(configuration, terminal, day_of(now_ns))


def _text(configuration: Configuration, terminal: Terminal) -> Check:
    name = f"{terminal.name} 策略文件"
    try:
        why = why_stale(configuration.folder, terminal, observe=observes(configuration))
    except ConfigurationError as error:
        return Check(name, False, str(error))
    path = path_of(configuration.folder, terminal)
    if why:
        return Check(name, False, f"{path} {why}：运行 qmt fullqmt file，重新粘贴")
    return Check(name, True, f"{path}，{'观察，永远不下单' if observes(configuration) else '实盘'}")


def _address(configuration: Configuration, terminal: Terminal) -> Check:
    assert terminal.fullqmt is not None
    name, address = f"{terminal.name} 地址", terminal.fullqmt.address
    kind, _, where = address.partition(":")
    if _engine_runs(configuration):
        return Check(name, True, f"{address}，引擎在运行")
    if kind == "tcp":
        why = _why_taken(int(where.rpartition(":")[2]))
        if why:
            return Check(name, False, f"{address} 被别的程序占用（{why}）：每个大 QMT 用一个自己的端口")
    elif kind == "pipe" and sys.platform != "win32":
        return Check(name, False, f"{address}：命名管道只在 Windows 上")
    elif kind == "files":
        folder = Path(where)
        probe = folder / f".qmt-doctor-{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"x")
            probe.unlink()
        except OSError as error:
            return Check(name, False, f"{folder} 不可写（{error.strerror}）：换一个引擎和客户端都能写的文件夹")
    return Check(name, True, f"{address}，引擎没有运行")


def _engine_runs(configuration: Configuration) -> bool:
    if not configuration.folder.is_dir():
        return False
    try:
        folder_lock(configuration.folder).release()
    except LockedError:
        return True
    return False


def _why_taken(port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            if sys.platform == "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def _contact(configuration: Configuration, terminal: Terminal, contact: Contact | None, now_ns: int) -> Iterator[Check]:
    name = f"{terminal.name} 上次连接"
    if contact is None:
        yield Check(name, True, "还没有连上过：引擎运行着，再在客户端里运行策略（docs/full-qmt.md 第二节）", warns=True)
        return
    at = to_iso_text(contact.at_ns)[:19].replace("T", " ")
    told = f"{at}，经 {contact.carrier}，Python {contact.python}"
    days = (now_ns - contact.at_ns) // _DAY_NS
    yield Check(name, True, told + (f"，{days} 天前" if days >= _OLD_DAYS else ""), warns=days >= _OLD_DAYS)
    if contact.build != build():
        yield Check(f"{terminal.name} 粘贴的版本", False, "客户端里的是旧版：运行 qmt fullqmt file，重新粘贴")
    else:
        yield Check(f"{terminal.name} 粘贴的版本", True, "就是现在的版本")
    if contact.missing:
        text = f"终端没有给出 {contact.missing}：到「模型交易」里实盘运行，不要勾独立 Python 进程"
        yield Check(f"{terminal.name} 函数", False, text)
    if contact.journal:
        text = f"登记簿不在磁盘上（{contact.journal}）：重启后未答复的委托一律待核实"
        yield Check(f"{terminal.name} 登记簿", True, text, warns=True)
    yield _rights(configuration, terminal, contact)


def _rights(configuration: Configuration, terminal: Terminal, contact: Contact) -> Check:
    name = f"{terminal.name} 权限"
    if contact.observes and not observes(configuration):
        return Check(name, False, "粘贴的是观察模式的文件，而配置是实盘：运行 qmt fullqmt file，重新粘贴")
    if not contact.observes and observes(configuration):
        return Check(name, False, "粘贴的是实盘的文件，而配置是观察：运行 qmt fullqmt file，重新粘贴")
    wanted = [str(account.account) for account in terminal.accounts]
    waiting = [account for account in wanted if account not in contact.ready]
    if waiting:
        return Check(name, False, f"账号 {'、'.join(waiting)} 上次没有就绪：qmt status 里有原因")
    if contact.observes:
        return Check(name, True, "观察：委托和撤单都不会发出")
    return Check(name, True, f"已授权 {contact.armed}", warns=contact.armed != "trade")


def _card(configuration: Configuration, terminal: Terminal, today: dt.date) -> Check:
    name = f"{terminal.name} 能力卡"
    try:
        report = fullqmt_card.read(configuration.folder, terminal)
    except ConfigurationError as error:
        return Check(name, False, str(error))
    if report is None:
        return Check(name, True, "没有：qmt fullqmt probe 写出只看不下的文件，运行后 qmt fullqmt card", warns=True)
    if fullqmt_card.is_old(report, today):
        return Check(name, True, f"{report.told[:10]} 的，太旧：请重做", warns=True)
    found = list(fullqmt_card.lines(report))
    bad = [f"{line.name} {line.text}" for line in found if line.mark is Mark.BAD]
    if bad:
        return Check(name, False, "；".join(bad))
    marks = fullqmt_card.marks(found)
    text = f"{report.told[:10]} 的，{marks[Mark.GOOD]} 项好，{marks[Mark.DOUBT]} 项存疑，{marks[Mark.UNSEEN]} 项未见"
    return Check(name, True, f"{text}（qmt fullqmt card）", warns=marks[Mark.DOUBT] > 0)
