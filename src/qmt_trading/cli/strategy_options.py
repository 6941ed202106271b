"""What the commands that run strategies over history share: their options, the strategy's file, its data."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from qmt_trading.cli import exit_codes
from qmt_trading.cli.history import day_of_option, symbols_of
from qmt_trading.cli.options import fail
from qmt_trading.feeds.findings import UnusableError
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError, LockedError, QmtError
from qmt_trading.model.instant import day_of
from qmt_trading.run.actions_file import read_actions
from qmt_trading.run.clock import SystemClock

if TYPE_CHECKING:
    from qmt_trading.research.columns import Bars
    from qmt_trading.research.costs import FillModel, Words
    from qmt_trading.research.dividends import DividendTax
    from qmt_trading.research.strategy import Strategy

REPORTS: Final = Path("reports")
CASH: Final = "100万"
AT: Final = "open"
SLIPPAGE: Final = 1
_PLACES: Final = ("open", "close", "vwap")
_WAN: Final = 10_000
_NAMED_MAX: Final = 3
_NOT_IN_NAMES: Final = '/\\:*?"<>|'
_DEVICES: Final = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{each}{number}" for each in ("COM", "LPT") for number in range(1, 10)),
}
"""What Windows takes for no folder."""

StrategyArgument = Annotated[str, typer.Argument(help="策略文件，如 my.py；有几个策略时写 my.py:类名 the strategy")]
DataOption = Annotated[Path, typer.Option("--data", "-d", help="历史数据的文件夹（qmt data）the store")]
SymbolsOption = Annotated[str, typer.Option("--symbols", "-s", help="代码，逗号分开；不写：全部 symbols")]
StartOption = Annotated[str, typer.Option("--start", help="从哪天 first day")]
EndOption = Annotated[str, typer.Option("--end", help="到哪天（含）last day")]
PeriodOption = Annotated[
    str, typer.Option("--frequency", "-f", help="1d 日线 | 1m 分钟 | tick 分笔；不写：策略里写的，没有就是 1d")
]
AdjustOption = Annotated[str, typer.Option("--adjust", help="none 不复权 | forward 前复权 | backward 后复权")]
CashOption = Annotated[str, typer.Option("--cash", help="起始资金，如 100万 或 1000000 cash in yuan")]
DividendTaxOption = Annotated[
    str, typer.Option("--dividend-tax", help="红利税：personal 个人，按持股期限（不写就是它）| none 不计 dividend tax")
]
AtOption = Annotated[str, typer.Option("--at", help="open 下一根开盘 | vwap 均价 | close 当根收盘（偏好看）")]
SlippageOption = Annotated[int, typer.Option("--slippage", min=0, help="滑点，几跳 ticks")]
FullGateOption = Annotated[bool, typer.Option("--full-gate", help="加上账户默认的风控上限 with the live gate")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="参数，如 fast=5；可写多次 name=value")]
NameOption = Annotated[str, typer.Option("--name", help="报告的名字；不写：策略名 name of the report")]
IntoOption = Annotated[Path, typer.Option("--into", help="报告放在哪个文件夹 folder of reports")]


@contextmanager
def strategy_told() -> Iterator[None]:
    """Tell what is wrong with a strategy or its data as it stands: it is the person's own, and no fault of ours."""
    try:
        yield
    except (ConfigurationError, UnusableError, LockedError):
        raise
    except QmtError as error:
        fail(exit_codes.REFUSED, f"✗ {error}")


def class_of(written: str) -> type[Strategy]:
    """Return the strategy that ``FILE`` or ``FILE:CLASS`` names.

    Raises:
        ConfigurationError: there is none, or which is meant is not said.
    """
    from qmt_trading.research.strategy_file import strategy_file

    return strategy_file(written).load()


def frequency_of(kind: type[Strategy], written: str) -> str:
    """Return the frequency that is asked for: as ``--frequency`` says, else as the strategy declares, else ``1d``.

    Raises:
        ConfigurationError: the strategy is made for another alone.
    """
    from qmt_trading.research.called import frequency_of as declared_by

    wanted = declared_by(kind)
    if written and wanted not in ("", written):
        raise ConfigurationError(
            f"{kind.__name__} 要用 {wanted} 的数据，给的是 {written}：加 -f {wanted}，或不写 -f / "
            f"{kind.__name__} is made for {wanted}, not for {written}: leave -f out"
        )
    return written or wanted or "1d"


def fills_of(at: str, slippage: int) -> FillModel:
    """Return the fill model of the two options."""
    from qmt_trading.research.costs import FillModel

    if at not in _PLACES:
        fail(exit_codes.USAGE, f"✗ --at 只有 {' '.join(_PLACES)}，不是 {at} / no such place")
    return FillModel(at=at, slippage_ticks=slippage)  # type: ignore[arg-type]


def dividend_tax_of(written: str) -> DividendTax:
    """Return what ``--dividend-tax`` says; a person's where it says nothing."""
    from qmt_trading.research.dividends import DividendTax

    try:
        return DividendTax(written or "personal")
    except ValueError:
        fail(exit_codes.USAGE, f"✗ --dividend-tax 只有 personal none，不是 {written} / personal or none")


def history_of(
    data: Path,
    symbols: str,
    start: str,
    end: str,
    frequency: str,
    adjust: str,
    actions: Path | None,
    *,
    benchmark: str = "",
) -> tuple[dict[str, Bars], Sequence[CorporateAction], Bars | None]:
    """Return the history that the options name, the corporate actions that change what is held, and the benchmark.

    Raises:
        UnusableError: nothing of a symbol is there, or a file is broken.
        ConfigurationError: a word that does not exist, or nothing lies within the span.
    """
    # Imported here: columns are few commands' business, and take a quarter of a second.
    from qmt_trading.feeds.columns import read

    span = span_of(start, end)
    known = read_actions(actions) if actions is not None else ()
    wanted = symbols_of([symbols]) if symbols.strip() else ()
    adjusting = known if adjust != "none" else ()
    bars = read(data, wanted, *span, frequency, adjust, actions=adjusting)
    if not bars:
        raise nothing_within(data, wanted, frequency)
    tell_absent([each for each in wanted if each not in bars])
    beside = None
    if benchmark:
        (measure,) = symbols_of([benchmark])[:1]
        found = read(data, (measure,), *span, "1d", adjust, actions=adjusting)
        if not found:
            raise nothing_within(data, (measure,), "1d")
        beside = found[measure]
    return bars, known if adjust == "none" else (), beside


def report_name(written: str, otherwise: str) -> str:
    """Return what the folder of a report is called; what is no name of a folder ends the command."""
    name = written or otherwise
    is_device = name.partition(".")[0].upper() in _DEVICES
    if is_device or name != name.strip(" .") or any(letter in _NOT_IN_NAMES or letter < " " for letter in name):
        fail(
            exit_codes.USAGE,
            f"✗ --name 是一个文件夹的名字，不能是 {name}（不能有 / \\ : 等，不能以点开头或结尾）；放在别处用 --into / "
            "the name of a folder; for another place --into",
        )
    return name


def again_words(is_again: bool) -> str:
    """Return what is said behind the place of a report where one of that name was there before."""
    return "（上次同名的换掉了；两份都留写 --name）" if is_again else ""


def percent_text(value: float | None) -> str:
    """Return a share as reports write it, with its sign."""
    from qmt_trading.research.report.texts import percent

    return percent(value, signed=True)


def doubts_about(bars: Mapping[str, Bars]) -> tuple[Words, ...]:
    """Return what is certainly wrong in the history of a run, today being the day it is."""
    from qmt_trading.market.calendar import SHIPPED
    from qmt_trading.research.doubts import doubts_of

    return doubts_of(bars.values(), SHIPPED, day_of(SystemClock().now_ns()))


def span_of(start: str, end: str) -> tuple[dt.date | None, dt.date | None]:
    """Return the days of ``--start`` and ``--end``; None: not said. What is no span ends the command."""
    first = day_of_option("--start", start) if start else None
    last = day_of_option("--end", end) if end else None
    if first is not None and last is not None and last < first:
        fail(exit_codes.USAGE, f"✗ --end {last} 早于 --start {first} / ends before it begins")
    return first, last


def nothing_within(data: Path, symbols: Sequence[str], frequency: str) -> ConfigurationError:
    """Return the error of a span in which there is nothing of ``symbols``: it names the days that there are."""
    from qmt_trading.feeds.store import Store

    entries = Store(data).entries(frequency, symbols)
    first, last = min(each.first for each in entries), max(each.last for each in entries)
    named = f" {'、'.join(symbols[:_NAMED_MAX])}{' 等' if len(symbols) > _NAMED_MAX else ''} " if symbols else ""
    return ConfigurationError(
        f"--start、--end 之间没有行情：{data} 里{named}的 {frequency} 是 {first} 到 {last} / "
        f"no history within the span: there is {first} to {last}"
    )


def tell_absent(symbols: Sequence[str]) -> None:
    """Say which of the symbols that were asked for have no history within the span."""
    if symbols:
        named = f"{'、'.join(symbols[:_NAMED_MAX])}{' 等' if len(symbols) > _NAMED_MAX else ''}"
        text = f"! 这段时间里没有行情，没有算在内：{len(symbols)} 只（{named}）/ left out: no history within the span"
        print(text, file=sys.stderr)


def parameters_of(written: list[str]) -> dict[str, Any]:
    """Return ``name=value`` pairs; a value is a number, true, false, or a text."""
    found: dict[str, Any] = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            fail(exit_codes.USAGE, f"✗ --set 写成 名=值，例如 fast=5，不是 {each} / name=value")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def yuan(written: str) -> int:
    """Return whole yuan of ``100万``, ``1.5亿`` or ``1000000``."""
    units = {"万": _WAN, "亿": _WAN * _WAN}
    unit = units.get(written[-1:], 1)
    text = written[:-1] if unit > 1 else written
    try:
        value = float(text.replace(",", "")) * unit
    except ValueError:
        value = 0.0
    if not 0 < value < 1e13 or value != int(value):
        fail(exit_codes.USAGE, f"✗ --cash 写成 100万 或 1000000，不是 {written} / yuan")
    return int(value)
