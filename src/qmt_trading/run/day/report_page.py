"""The report of a day as one page that a person reads or prints, and both its files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from qmt_trading.codec.sentences import title
from qmt_trading.codec.view_json import MODE_TEXT
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.numbers import MILLISECOND_NS, Money, to_money_text
from qmt_trading.model.reasons import Reason
from qmt_trading.run.day.report import AccountDay, DayReport

FOLDER: Final = "reports"
# fmt: off
_HEADINGS: Final = (
    "账户", "当日盈亏", "已实现", "委托", "外部委托", "成交", "买入", "卖出", "撤单", "废单", "未发出", "待核实",
    "费用（估）",
)
# fmt: on


def write(report: DayReport, folder: Path) -> Path:
    """Write the page and its figures into ``folder``, each at once or not at all; return where the page lies.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{report.day.isoformat()}.md"
    put(page, page_of(report).encode("utf-8"))
    put(page.with_suffix(".json"), json_of(report))
    return page


def put(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` in one piece: whoever looks sees the old file or the new one.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def json_of(report: DayReport) -> bytes:
    """Return the figures as JSON; money in ten-thousandths of a yuan, spans in nanoseconds."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def page_of(report: DayReport) -> str:
    """Return the page, in Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: DayReport) -> Iterator[str]:
    yield f"# {report.day.isoformat()} 日报（{MODE_TEXT[report.mode]}）"
    yield ""
    yield f"截至 {to_iso_text(report.until_ns)[:19].replace('T', ' ')}，程序 {report.version}。"
    yield f"信号 {report.signals} 条（重复 {report.duplicates}），格式错误 {report.malformed} 条。"
    yield ""
    yield "## 账户"
    yield ""
    yield f"| {' | '.join(_HEADINGS)} |"
    yield f"|{'---|' * len(_HEADINGS)}"
    for each in report.accounts:
        yield _row(each)
    yield ""
    for each in report.accounts:
        assets = Money(each.available_cash + each.frozen_cash + each.market_value)
        yield (
            f"* {_named(each)}：可用资金 {to_money_text(each.available_cash)}，冻结 {to_money_text(each.frozen_cash)}，"
            f"持仓市值 {to_money_text(each.market_value)}，总资产 {to_money_text(assets)}。"
        )
        if each.unpriced:
            yield f"  没有价格、不计盈亏：{'、'.join(each.unpriced)}。"
    yield ""
    yield "费用是柜台告知的，没有告知的按该账户的费率估算；与交割单对照：`qmt report --statement 文件`。"
    yield ""
    yield from _denials(report)
    yield from _slow(report)
    yield from _listed("待核实的委托", report.unknown)
    yield from _listed("紧急提醒", report.critical)
    yield "## 日志封印"
    yield ""
    yield f"第 {report.turn:,} 轮 `{report.seal}`"
    yield ""
    yield f"以后核对：`qmt journal verify --head {report.turn}:{report.seal}`"


def _named(each: AccountDay) -> str:
    return f"{each.account} {each.name}".rstrip()


def _row(each: AccountDay) -> str:
    profit = "–" if each.profit is None else to_money_text(each.profit)
    cells = (
        _named(each),
        profit,
        to_money_text(each.realised),
        each.orders,
        each.foreign_orders,
        each.fills,
        to_money_text(each.bought),
        to_money_text(each.sold),
        each.canceled,
        each.rejected,
        each.not_sent,
        each.unknown,
        to_money_text(each.fees),
    )
    return f"| {' | '.join(map(str, cells))} |"


def _denials(report: DayReport) -> Iterator[str]:
    yield "## 拦截"
    yield ""
    if not report.denials:
        yield "无。"
    else:
        yield "| 代码 | 意思 | 次数 |"
        yield "|---|---|---|"
        for reason, count in report.denials:
            yield f"| `{reason}` | {title(Reason(reason))} | {count} |"
    yield ""


def _slow(report: DayReport) -> Iterator[str]:
    yield "## 最慢的一步"
    yield ""
    if not report.slowest:
        yield "无。"
    else:
        yield "| 步骤 | 毫秒 | 信号 | 委托 |"
        yield "|---|---|---|---|"
        for each in report.slowest:
            milliseconds = f"{each.took_ns / MILLISECOND_NS:.3f}"
            yield f"| {each.step} | {milliseconds} | {each.seq or '–'} | {each.client_order_id or '–'} |"
    yield ""


def _listed(title: str, lines: tuple[str, ...]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from (f"* {line}" for line in lines) if lines else ("无。",)
    yield ""
