"""The history that a strategy on a running engine begins with: read, warned of, and refused where it does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qmt_trading.cli import exit_codes
from qmt_trading.cli.options import fail
from qmt_trading.cli.strategy_options import history_of
from qmt_trading.feeds.findings import UnusableError
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.market.sessions import Session
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.words import Mode

if TYPE_CHECKING:
    from qmt_trading.research.columns import Bars
    from qmt_trading.research.growing import Growing

ADJUSTS: Final = ("none", "forward")
NAMED_MAX: Final = 3


def check_adjust(adjust: str, actions: Path | None) -> None:
    """Leave with a sentence where history would not lead to the prices of today."""
    if adjust not in ADJUSTS:
        fail(exit_codes.USAGE, f"✗ 接到引擎上的 --adjust 只有 none forward，不是 {adjust} / none or forward")
    if actions is not None and adjust == "none":
        fail(exit_codes.USAGE, "✗ --actions 是给复权用的：加上 --adjust forward / --actions needs --adjust forward")


def history(
    data: Path, symbols: Sequence[str], start: str, frequency: str, adjust: str, actions: Path | None, mode: Mode
) -> dict[str, Bars]:
    """Return the history of ``symbols``; what is not there, or made up where prices are real, ends the command."""
    try:
        bars, _, _ = history_of(data, ",".join(symbols), start, "", frequency, adjust, actions)
    except UnusableError as error:
        fail(
            exit_codes.USAGE,
            f"✗ {error}\n  没有历史也要运行：加 --no-history，指标要等够根数 / to begin without: --no-history",
        )
    if mode is not Mode.PAPER and any(each.is_made_up for each in bars.values()):
        fail(
            exit_codes.REFUSED,
            f"✗ {data} 里的历史是编的（qmt data synthetic），引擎的行情是真的，不能接在一起：用 -d 写真数据的文件夹，"
            "或加 --no-history / made-up history at an engine with real prices: give -d a store of real data, "
            "or --no-history",
        )
    return bars


def told_of(bars: Iterable[Bars]) -> list[str]:
    """Return what the person should know of ``bars`` before orders are made by them."""
    from qmt_trading.research.warned import unexplained

    given = list(bars)
    said = []
    if any(each.is_made_up for each in given):
        said.append("! 历史是编的（qmt data synthetic），只用来试用 / made-up history, for trying things out only")
    raw = [each for each in given if each.adjusted == "none"]
    days = sorted(unexplained(raw, (), STANDARD), key=lambda each: each[1], reverse=True) if raw else []
    if days:
        named = "、".join(f"{symbol} {day}" for symbol, day in days[:NAMED_MAX])
        said.append(
            f"! 历史没有复权，里面有 {len(days)} 天像是除权除息（最近的：{named}），指标会把它们看成涨跌："
            f"加 --adjust forward / raw history with {len(days)} ex-day(s): indicators see jumps, --adjust forward"
        )
    return said


def check_fit(
    growing: Sequence[Growing],
    quotes: Mapping[Symbol, Quote],
    session: Session,
    now_ns: int,
    log: Path,
    say: Callable[[str], None],
    *,
    accepted: bool,
) -> None:
    """Leave with a sentence where history does not lead to the market of today, unless that was ``accepted``."""
    from qmt_trading.run.strategies.fit import misfits

    found = misfits(growing, quotes, session, now_ns)
    if not found:
        return
    if accepted:
        for each in found:
            say(f"! {each.symbol}：{each.chinese}（--accept-history，照用）")
        return
    lines = "".join(f"\n  {each.symbol}：{each.chinese} / {each.english}" for each in found)
    fail(
        exit_codes.REFUSED,
        f"✗ 历史接不上今天的行情，指标会错，策略没有启动 / the history does not lead to today: not started{lines}\n"
        "  补上数据：qmt data import；除权除息：--adjust forward --actions 文件；不用历史：--no-history；"
        f"不要以前运行记下的 K 线：移走 {log}；看过、照用：--accept-history\n"
        "  bring the data up to date; ex-days: --adjust forward --actions FILE; without history: --no-history; "
        "to go on all the same: --accept-history",
    )
