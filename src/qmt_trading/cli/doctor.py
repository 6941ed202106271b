"""``qmt doctor``: a line a check, ✓, or ! and ✗ with what to do."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from qmt_trading import __version__
from qmt_trading.cli import doctor_fullqmt, doctor_live, doctor_notify, engine_access, exit_codes, show
from qmt_trading.cli.check import Check
from qmt_trading.cli.doctor_limits import doubts, known_assets
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from qmt_trading.cli.reading import CONFIG_CHANGED, config_changed
from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import MODE_TEXT
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.link.dial import DialError
from qmt_trading.model.errors import ConfigurationError, JournalError, LockedError
from qmt_trading.model.instant import day_of
from qmt_trading.model.numbers import Money
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import BareAction, Mode
from qmt_trading.run import capabilities, journal_tools
from qmt_trading.run.calendar_file import standing
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.config_compliance import is_high_frequency
from qmt_trading.run.config_doors import CONTROL_DOOR
from qmt_trading.run.config_file import ConfigFile
from qmt_trading.run.config_terminals import simulated_only
from qmt_trading.run.init_template import BARE_WORDS
from qmt_trading.run.locks import folder_lock
from qmt_trading.run.reading import journal_path

_SPACE_MIN = 1_000_000_000
_SYNC_SLOW_MS = 50.0
_TRADES = (BareAction.BUY, BareAction.SELL)


LiveOption = Annotated[
    bool, typer.Option("--live", help="另查 QMT 客户端和这台机器，不连接终端 the client and this machine, too")
]
FullQmtOption = Annotated[
    bool, typer.Option("--fullqmt", help="另查大 QMT：策略文件、地址、上次连接、能力卡 full QMT clients, too")
]


def doctor(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    live: LiveOption = False,
    fullqmt: FullQmtOption = False,
    as_json: JsonOption = False,
) -> None:
    """逐项检查，! 和 ✗ 都写明怎么办 check everything."""
    found = list(_checks(config))
    if live:
        found += doctor_live.checks(config)
    if fullqmt:
        found += doctor_fullqmt.checks(config)
    if as_json:
        show.print_json([check._asdict() for check in found])
    else:
        console = show.console()
        for check in found:
            good = ("!", "yellow") if check.warns else ("✓", "green")
            mark = good if check.good else ("✗", "bold red")
            first, *rest = show.hung(f"{mark[0]} {check.name}：{check.text}", console, hanging=2)
            console.print(Text.assemble(mark, first[1:]), soft_wrap=True)
            for line in rest:
                console.print(line, soft_wrap=True)
    if not all(check.good for check in found):
        raise typer.Exit(exit_codes.REFUSED)


def _checks(path: Path) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("程序", sys.version_info >= (3, 11), f"{__version__}，Python {version}")
    try:
        configuration = load(path)
    except ConfigurationError as error:
        yield Check("配置", False, str(error))
        return
    accounts, doors = len(configuration.engine.accounts), len(configuration.doors)
    mode = MODE_TEXT[configuration.engine.mode]
    yield Check("配置", True, f"{path}，{mode}，{accounts} 个账户，{doors} 个通道")
    yield _bare(path, configuration)
    folder = _folder(configuration)
    yield from _limits(configuration, known_assets(configuration) if folder.good else {})
    yield _calendar(configuration, time.time_ns())
    yield _compliance(configuration, day_of(time.time_ns()))
    yield from _capabilities(configuration, day_of(time.time_ns()))
    yield from doctor_notify.checks(configuration)
    yield folder
    if folder.good:
        for check in (_space, _sync, _engine, _journal):
            yield from check(configuration)
    encoding = sys.stdout.encoding or "?"
    yield Check("控制台", True, f"编码 {encoding}")
    drift_ms = abs(_clock_step_ms(time.time_ns, time.perf_counter_ns))
    yield Check("时钟", drift_ms < 50, "稳定" if drift_ms < 50 else f"墙钟在跳动（{drift_ms:.0f} ms）：请检查对时软件")


def _bare(path: Path, configuration: Configuration) -> Check:
    """Say what a bare signal does at each door."""
    doors = configuration.engine.doors
    unset = [door.name for door in doors if door.bare is BareAction.UNSET]
    if unset:
        where = ConfigFile(path).where(("signals", "bare", "action"))
        words = "cancel 撤单、buy 买入、sell 卖出、deny 拒绝"
        return Check("裸信号", False, f"未设动作（{'、'.join(unset)}）：请在 {where} 设 action，可写 {words}")
    meanings: dict[str, list[str]] = {}
    for door in doors:
        size = f" {door.default_size.text}" if door.default_size is not None and door.bare in _TRADES else ""
        name = "控制通道" if door.name == CONTROL_DOOR else door.name
        meanings.setdefault(f"{BARE_WORDS[door.bare.value]}{size}", []).append(name)
    return Check("裸信号", True, "；".join(f"{what}（{'、'.join(names)}）" for what, names in meanings.items()))


def _limits(configuration: Configuration, assets: Mapping[AccountId, Money]) -> Iterator[Check]:
    """Say whether every account has the limits of its size; what is doubtful is told and stops nothing."""
    found = doubts(configuration, assets)
    for doubt in found:
        yield Check("上限", True, doubt, warns=True)
    if not found:
        yield Check("上限", True, "每个账户都设了自己资金档的各条上限")


def _calendar(configuration: Configuration, now_ns: int) -> Check:
    """Say how far the calendar reaches; too short is red, with what to do."""
    if configuration.calendar_trouble:
        return Check("交易日历", False, configuration.calendar_trouble)
    if configuration.always_open:
        return Check("交易日历", True, "全天可成交（always_open），不看日历")
    day = configuration.session().trading_day(now_ns)
    return Check("交易日历", day < configuration.calendar.warns_from, standing(configuration.calendar, day))


def _compliance(configuration: Configuration, today: dt.date) -> Check:
    """Say when programme trading was reported; what sends nothing to a counter asks for nothing."""
    told = {each.account: each.compliance for each in configuration.engine.accounts}
    dates = {compliance.registered for compliance in told.values() if compliance is not None}
    name = "程序化交易报备"
    if not dates:
        sends = configuration.engine.mode is Mode.LIVE and not simulated_only(configuration.terminals)
        return Check(name, not sends, "未填写 [compliance]：模拟和观察不需要，实盘必填（qmt compliance 说明报什么）")
    text = "、".join(day.isoformat() for day in sorted(dates))
    if max(dates) > today:
        return Check(name, False, f"报备日期 {text} 还没有到：请在 [compliance] registered 写实际报告的日期")
    fast = [account for account, each in told.items() if each is not None and is_high_frequency(each)]
    if fast:
        text += f"；{'、'.join(fast)} 的申报速率达到高频标准（每秒 300 或每日 20,000），须额外报告"
    return Check(name, True, text)


def _capabilities(configuration: Configuration, today: dt.date) -> Iterator[Check]:
    """Say what an acceptance has shown of each client; without one the engine takes nothing for granted."""
    for terminal in configuration.terminals:
        if terminal.qmt is None:
            continue
        name = f"验收 {terminal.name}"
        try:
            card = capabilities.read(configuration.folder, terminal.name)
        except ConfigurationError as error:
            yield Check(name, False, str(error))
            continue
        client = capabilities.client_version(terminal.qmt.path)
        why = capabilities.why_absent(card, today=today, client=client)
        if card is None or why:
            yield Check(name, True, f"{why}：待核实的委托不会自动了结；做 qmt acceptance --account 账号", warns=True)
        else:
            alone = "会凭两份清单自动了结" if card.frozen_queue.value == capabilities.DROPPED else "不会自动了结"
            yield Check(name, True, f"{card.since} 起，待核实的委托{alone}（qmt acceptance --show）")


def _folder(configuration: Configuration) -> Check:
    folder = configuration.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".doctor-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        return Check("数据文件夹", False, f"{folder} 不可写（{error.strerror}）：请改 [data] folder，或改权限")
    return Check("数据文件夹", True, str(folder))


def _space(configuration: Configuration) -> Iterator[Check]:
    free = shutil.disk_usage(configuration.folder).free
    text = f"剩余 {free / 1e9:.1f} GB"
    yield Check("磁盘空间", free > _SPACE_MIN, text if free > _SPACE_MIN else f"{text}，请至少留出 1 GB")


def _sync(configuration: Configuration) -> Iterator[Check]:
    path = configuration.folder / f".sync-{os.getpid()}"
    taken: list[int] = []
    try:
        with path.open("wb") as file:
            for _ in range(5):
                began = time.perf_counter_ns()
                file.write(b"x" * 512)
                file.flush()
                os.fsync(file.fileno())
                taken.append(time.perf_counter_ns() - began)
        path.unlink()
    except OSError as error:
        yield Check("落盘", False, str(error))
        return
    middle_ms = sorted(taken)[2] / 1e6
    good = middle_ms < _SYNC_SLOW_MS
    yield Check(
        "落盘", good, f"{middle_ms:.2f} ms" + ("" if good else "，太慢：请换固态硬盘，并让杀毒软件排除该文件夹")
    )


def _engine(configuration: Configuration) -> Iterator[Check]:
    try:
        hello = engine_access.ask(configuration.folder, wire.Hello())
        yield Check("引擎", True, f"正在运行 {hello[0].get('version')}")
        if config_changed(configuration.folder, configuration.path):
            yield Check("配置生效", False, CONFIG_CHANGED)
        for row in engine_access.ask(configuration.folder, wire.Read("doors")):
            condition = str(row["condition"])
            yield Check(f"通道 {row['door']}", not condition.startswith("⚠"), condition)
    except (DialError, wire.ControlError):
        try:
            folder_lock(configuration.folder).release()
            yield Check("引擎", True, "未运行，可以启动：qmt run")
        except LockedError as error:
            yield Check("引擎", False, f"{error}，但不应答：请结束该进程")


def _journal(configuration: Configuration) -> Iterator[Check]:
    path = journal_path(configuration.folder)
    if not path.exists():
        yield Check("日志", True, "还没有，首次启动时建立")
        return
    try:
        reader = SqliteReader(path)
        try:
            found = journal_tools.verify(reader)
        finally:
            reader.close()
    except JournalError as error:
        yield Check("日志", False, str(error))
        return
    text = (
        f"{found.turns:,} 轮，完整" if not found.trouble else f"{found.trouble}：请保留原文件，换文件夹启动并核对柜台"
    )
    yield Check("日志", not found.trouble, text)


def _clock_step_ms(wall_ns: Callable[[], int], steady_ns: Callable[[], int]) -> float:
    before = wall_ns() - steady_ns()
    time.sleep(0.05)
    return (wall_ns() - steady_ns() - before) / 1e6
