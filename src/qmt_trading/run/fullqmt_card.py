"""What a probe has seen of a full QMT client: its report, kept as the client's card, and what each line of it means."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.config_terminals import Terminal

VERSION: Final = 1
DAYS_MAX: Final = 180
"""Clients are updated: what was seen longer ago counts as never seen."""
BYTES_MAX: Final = 4_000_000
_MARK: Final = b"QMTPROBE "
"""Stands before the report where it was copied out of the client's panel."""
_FUNCTIONS: Final = ("passorder", "cancel", "get_trade_detail_data")
_FIELDS: Final = {
    "ACCOUNT": ("m_dAvailable", "m_dBalance", "m_strTradingDate"),
    "ORDER": ("m_strInstrumentID", "m_strExchangeID", "m_strOrderSysID", "m_strRemark", "m_nOrderStatus"),
    "DEAL": ("m_strInstrumentID", "m_strTradeID", "m_strOrderSysID", "m_nVolume", "m_dPrice"),
    "POSITION": ("m_strInstrumentID", "m_nVolume", "m_nCanUseVolume"),
}
"""What the engine cannot do without, of each kind of row."""
_SLOW_MS: Final = 250
"""Of a timer that is set to 100 ms: an order waits for it."""
_STOCK_BROKER: Final = "2"


class Mark(StrEnum):
    """What a line of the card means for whoever would trade here."""

    GOOD = "good"
    DOUBT = "doubt"
    BAD = "bad"
    UNSEEN = "unseen"


class Line(NamedTuple):
    """One thing that was seen, or not."""

    name: str
    mark: Mark
    text: str


class Row(Struct):
    """How one kind of row was answered."""

    count: int = 0
    fields: tuple[str, ...] = ()
    values: dict[str, str] = {}
    hollow: bool = False
    remark_max: int = 0
    us: int = 0
    error: str = ""


class Timer(Struct):
    ticks: int = 0
    middle_ms: float = -1.0
    high_ms: float = -1.0


class Named(Struct):
    """One name that the client put beside the text."""

    kind: str = ""
    doc: str = ""


class Called(Struct):
    count: int = 0
    first: str = ""
    thread: int = 0


class Bars(Struct):
    seen: int = 0
    last: bool = False


class Report(Struct):
    """What the probe writes: docs/full-qmt.md. Of another version's nothing is read."""

    version: int
    told: str
    """The client's own date and time of its last word."""
    python: str = ""
    executable: str = ""
    builtin_modules: tuple[str, ...] = ()
    modules: dict[str, str] = {}
    """Why each module cannot be imported; empty: it can."""
    injected: dict[str, Named] = {}
    context: tuple[str, ...] = ()
    timers: dict[str, Timer] = {}
    threads: dict[str, int] = {}
    callbacks: dict[str, Called] = {}
    rows: dict[str, Row] = {}
    hours: dict[str, int] = {}
    """Ticks of the timer of 100 ms, by the hour of the day."""
    bars: Bars = msgspec.field(default_factory=Bars)
    errors: tuple[str, ...] = ()
    bound: bool = False
    back_test: bool = False
    account_type: str = ""
    file: bool = False
    """Whether the terminal let its strategy write a file."""


def path_of(folder: Path, terminal: Terminal) -> Path:
    """Return where the card of ``terminal`` lies."""
    return folder / f"fullqmt-{terminal.name}.card.json"


def parse(raw: bytes) -> Report:
    """Return the report that these bytes hold: the probe's file, or what it wrote into the client's panel.

    Raises:
        ConfigurationError: they hold none that this version understands.
    """
    begun = raw.find(_MARK)
    if begun >= 0:
        raw = raw[begun + len(_MARK) :].splitlines()[0]
    try:
        report = msgspec.json.decode(raw, type=Report)
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"不是探测报告（{error}）：请给出 probe-report.json，或终端里 QMTPROBE 那一整行 / it is no probe's report"
        ) from error
    if report.version != VERSION:
        raise ConfigurationError(
            f"探测报告是版本 {report.version} 的，本程序要 {VERSION}：用 qmt fullqmt probe 的文件重做 / another version"
        )
    told_on(report)
    return report


def told_on(report: Report) -> dt.date:
    """Return the day of the report.

    Raises:
        ConfigurationError: it names none.
    """
    try:
        return dt.date.fromisoformat(report.told[:10])
    except ValueError as error:
        raise ConfigurationError(f"探测报告的日期读不懂：{report.told[:40]} / the report has no date") from error


def write(folder: Path, terminal: Terminal, raw: bytes) -> tuple[Path, Report]:
    """Keep a report as the card of ``terminal``, in the place of the one before; return where, and what it says.

    Raises:
        ConfigurationError: it is none.
    """
    report = parse(raw)
    path = path_of(folder, terminal)
    folder.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    os.replace(beside, path)
    return path, report


def read(folder: Path, terminal: Terminal) -> Report | None:
    """Return the card of ``terminal``, however old; None: there is none.

    Raises:
        ConfigurationError: it is damaged, or another version's.
    """
    path = path_of(folder, terminal)
    try:
        return parse(path.read_bytes())
    except FileNotFoundError:
        return None
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}：{error}") from error


def is_old(report: Report, today: dt.date) -> bool:
    """Tell whether a card is so old that it counts as none."""
    return (today - told_on(report)).days > DAYS_MAX


def lines(report: Report) -> Iterator[Line]:
    """Yield what the report means, the most important first."""
    yield _run(report)
    yield _functions(report)
    yield _account(report)
    yield from _rows(report)
    yield _callbacks(report)
    yield _threads(report)
    yield from _timers(report)
    yield _ways(report)
    yield Line(
        "登记簿",
        Mark.GOOD if report.file else Mark.DOUBT,
        "能写文件" if report.file else "策略里不能写文件：登记簿只在内存，客户端重启后未答复的委托一律待核实",
    )
    yield Line("Python", Mark.GOOD, report.python.split(" ")[0] or "?")
    yield _hours(report)
    if report.errors:
        yield Line("错误", Mark.DOUBT, "；".join(report.errors[:3]))


def _run(report: Report) -> Line:
    if report.back_test:
        return Line("运行", Mark.BAD, "在回测里运行的：到「模型交易」里以实盘运行再探测一次")
    if not report.bound:
        return Line("运行", Mark.BAD, "没有账号，多半是在编辑器里运行的：到「模型交易」里选账号运行再探测一次")
    return Line("运行", Mark.GOOD, f"{report.told} 的报告，账号已绑定")


def _functions(report: Report) -> Line:
    missing = [name for name in _FUNCTIONS if name not in report.injected]
    missing += [name for name in ("run_time", "set_account") if name not in report.context]
    if missing:
        return Line("函数", Mark.BAD, f"终端没有给出 {'、'.join(missing)}：不能在这里下单")
    return Line("函数", Mark.GOOD, f"{'、'.join(_FUNCTIONS)} 都有")


def _account(report: Report) -> Line:
    row = report.rows.get("ACCOUNT")
    if row is None:
        return Line("账号", Mark.UNSEEN, "还没有查询：让它多运行一会儿（十秒以上）")
    if row.error or row.count != 1 or row.hollow:
        why = row.error or ("空壳行" if row.hollow else f"{row.count} 行")
        return Line("账号", Mark.BAD, f"账号数据没有答对（{why}）：账号登录了吗？")
    kind = row.values.get("m_nBrokerType", "")
    if kind not in ("", "None", _STOCK_BROKER):
        return Line("账号", Mark.BAD, f"m_nBrokerType={kind}，不是普通股票账户：本系统不做")
    date = row.values.get("m_strTradingDate", "")
    return Line("账号", Mark.GOOD if date.strip("0None") else Mark.DOUBT, f"普通股票账户，交易日 {date or '没有给出'}")


def _rows(report: Report) -> Iterator[Line]:
    names = {"ORDER": "委托", "DEAL": "成交", "POSITION": "持仓", "ACCOUNT": "资金"}
    for kind, wanted in _FIELDS.items():
        row, name = report.rows.get(kind), f"{names[kind]}的字段"
        if row is None or (not row.count and not row.error):
            yield Line(name, Mark.UNSEEN, "今天没有行，看不出" if row is not None else "还没有查询")
            continue
        missing = [each for each in wanted if each not in row.fields]
        if row.error or missing:
            yield Line(name, Mark.BAD, row.error or f"缺 {'、'.join(missing)}：引擎读不懂这个终端")
        else:
            yield Line(name, Mark.GOOD, f"要用的都有，{row.count} 行 {row.us / 1000:.1f} ms")


def _callbacks(report: Report) -> Line:
    if not report.callbacks:
        text = "一次回调也没有：多半是「模拟信号」，改为实盘；盘中实盘仍没有，才写 needs_callback = false"
        return Line("回调", Mark.DOUBT, text)
    told = "、".join(f"{name} {each.count} 次" for name, each in sorted(report.callbacks.items()))
    return Line("回调", Mark.GOOD, told)


def _threads(report: Report) -> Line:
    known = {name: number for name, number in report.threads.items() if number}
    if "init" not in known or "timer" not in known:
        return Line("线程", Mark.UNSEEN, "看不出")
    if known["init"] != known["timer"] or "timer moves" in known:
        return Line("线程", Mark.BAD, "定时器不在策略的线程上：查询会是空壳，账号不会就绪。请告诉我们")
    foreign = sorted(name for name, each in report.callbacks.items() if each.thread not in (0, known["timer"]))
    text = "初始化和定时器在同一个线程"
    return Line("线程", Mark.GOOD, text + (f"，回调（{'、'.join(foreign)}）在别的线程" if foreign else ""))


def _timers(report: Report) -> Iterator[Line]:
    timer = report.timers.get("100")
    if timer is None or timer.ticks < 2 or timer.middle_ms < 0:
        yield Line("定时器", Mark.BAD, "100 毫秒的定时器没有走：宿主靠它工作")
        return
    slow = timer.high_ms > _SLOW_MS
    text = f"100 毫秒的：中位 {timer.middle_ms:.0f}，99% 在 {timer.high_ms:.0f} 毫秒内"
    yield Line("定时器", Mark.DOUBT if slow else Mark.GOOD, text + ("：一笔委托要多等这么久" if slow else ""))
    faster = [name for name in ("50", "20") if (other := report.timers.get(name)) and 0 <= other.middle_ms < 80]
    yield Line("更快的定时器", Mark.GOOD, f"{'、'.join(faster)} 毫秒的也走" if faster else "没有比 100 毫秒更快的")


def _ways(report: Report) -> Line:
    able = {name for name, why in report.modules.items() if not why}
    ways = ["tcp"] if "socket" in able else []
    ways += ["pipe"] if able & {"_winapi", "ctypes"} else []
    ways += ["files"] if report.file else []
    if not ways:
        return Line("链路", Mark.BAD, "套接字、命名管道、文件都不能用：这个终端连不上引擎")
    if "tcp" not in ways:
        return Line("链路", Mark.DOUBT, f"没有套接字：address 要改成 {'、'.join(ways)} 的")
    return Line("链路", Mark.GOOD, f"能用：{'、'.join(ways)}")


def _hours(report: Report) -> Line:
    late = sorted(hour for hour, count in report.hours.items() if hour >= "15" and count > 0)
    if not late:
        return Line("收盘后", Mark.UNSEEN, "没有运行到收盘后，看不出定时器还走不走")
    return Line("收盘后", Mark.GOOD, f"定时器走到 {late[-1]} 点")


def marks(found: Sequence[Line]) -> Mapping[Mark, int]:
    """Return how many lines have each mark."""
    return {mark: sum(line.mark is mark for line in found) for mark in Mark}
