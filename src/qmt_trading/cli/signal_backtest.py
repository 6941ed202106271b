"""``qmt backtest --signals``: recorded messages through the engine over history, and the report of each account."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer
from rich.table import Table

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import config_at, fail
from qmt_trading.cli.order_files import accounts_of
from qmt_trading.cli.strategy_options import (
    again_words,
    doubts_about,
    fills_of,
    nothing_within,
    percent_text,
    report_name,
    span_of,
    yuan,
)
from qmt_trading.codec.malformed import MalformedError
from qmt_trading.intake.instructions import fault_of
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.numbers import UNIT, Money, to_money_text
from qmt_trading.model.words import BareAction
from qmt_trading.run.actions_file import read_actions

if TYPE_CHECKING:
    from qmt_trading.research.columns import Bars
    from qmt_trading.research.costs import FillModel
    from qmt_trading.research.report.signals import SignalLine
    from qmt_trading.research.result import Result
    from qmt_trading.run.replay.messages import Message, Recording
    from qmt_trading.run.replay.replay import Replayed, Setup

Words = tuple[str, str]
SHOWN_MAX: Final = 10
"""Malformed lines that are told one by one."""
SignalsOption = Annotated[
    Path | None,
    typer.Option("--signals", help="回测信号：每行 时间 消息 的文件 recorded signals", exists=True, dir_okay=False),
]
JournalOption = Annotated[
    Path | None,
    typer.Option(
        "--journal", help="回测引擎日志里的信号：数据文件夹 signals of a journal", exists=True, file_okay=False
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="用这份配置的账户、风控、通道 accounts and limits of"),
]
DoorOption = Annotated[str, typer.Option("--door", help="信号走配置里的哪个通道 through this door")]
AccountsOption = Annotated[
    str, typer.Option("--accounts", help="没有配置时的账户；file= 的文件里没写账户的 accounts a,b")
]
BareOption = Annotated[str, typer.Option("--bare", help="没有配置时，裸信号是 撤单 | 买入 | 卖出 | 拒绝 bare signals")]
SizeOption = Annotated[str, typer.Option("--size", help="没有配置时，裸信号买卖多少，如 1手 size of bare signals")]


class Said(NamedTuple):
    """What a person has said on the command line."""

    signals: Path | None
    journal: Path | None
    data: Path
    symbols: str
    start: str
    end: str
    frequency: str
    actions: Path | None
    cash: str
    at: str
    slippage: int
    benchmark: str
    full_gate: bool
    name: str
    into: Path
    config: Path | None
    door: str
    accounts: str
    bare: str
    size: str

    @property
    def title(self) -> str:
        """What the report is called."""
        source = self.signals or self.journal
        assert source is not None
        if self.name or self.signals is not None:
            return self.name or source.stem
        return f"{source.resolve().parent.name}-journal".lstrip("-")  # The folder itself is called data as a rule.


def run(said: Said, *, as_json: bool) -> None:
    """Replay the messages, write the reports, and print what came of them."""
    from qmt_trading.research.report import write

    begun = time.process_time()
    name = report_name(said.title, said.title)
    if said.symbols:
        fail(exit_codes.USAGE, "✗ --symbols：回放全部信号，代码写在信号里 / signals name their symbols")
    if said.at != "open":
        fail(exit_codes.USAGE, "✗ 信号回测只有 --at open：信号什么时候来就什么时候报 / signals are sent when they come")
    recording, setup = _recorded(said)
    bars, absent = _history(said, recording.messages, setup)
    replayed, results, lines = _replayed(said, recording, setup, bars, absent, begun)
    _refuse_none(replayed)
    folder = said.into / name
    is_again = (folder / "report.json").exists()
    several = len(results) > 1
    for account, result in results.items():
        place = folder.with_name(f"{folder.name}-{account}") if several and account else folder
        own = [line for line in lines if not account or line.account in ("", account)]
        write(result, place, bars=bars, signals=own if account and several else lines)
    if as_json:
        show.print_json(json.loads((folder / "report.json").read_text(encoding="utf-8")))
        return
    _print(replayed, results, lines, folder / "report.html", is_again=is_again)


def _refuse_none(replayed: Replayed) -> None:
    """Leave where no message lies within history: there is nothing to report."""
    fates = replayed.fates.messages
    if fates and not any(each.was_replayed for each in fates):
        begin, end = (to_iso_text(fates[place].message.at_ns)[:10] for place in (0, -1))
        fail(
            exit_codes.REFUSED,
            f"✗ {len(fates)} 条信号（{begin} 到 {end}）都不在行情的日子里"
            f"（{replayed.days[0]} 到 {replayed.days[-1]}）："
            "导入那段时间的行情，或查信号的日期、--start、--end / no signal lies within the history",
        )


def _recorded(said: Said) -> tuple[Recording, Setup]:
    """Return the messages, and what they are replayed with."""
    from qmt_trading.run.replay.messages import read_lines
    from qmt_trading.run.replay.setup import configured_setup
    from qmt_trading.run.replay.sources import read_journal, with_files

    cash, fills = Money(yuan(said.cash) * UNIT), fills_of(said.at, said.slippage)
    known = read_actions(said.actions) if said.actions is not None else ()
    words = accounts_of(said.accounts)
    if said.journal is not None:
        given = {"--config": said.config, "--accounts": said.accounts, "--bare": said.bare, "--size": said.size}
        _refuse(given, "日志里都有，不和 --journal 一起写 / the journal says these")
        journaled = read_journal(said.journal)
        return journaled.recording, journaled.setup(fills, known)
    assert said.signals is not None
    recording = read_lines(said.signals.read_bytes())
    if said.config is None:
        recording = with_files(recording, said.signals.parent, words)
        return recording, _plain(said, recording, cash, fills, known)
    _refuse({"--bare": said.bare, "--size": said.size}, "配置里有，不和 --config 一起写 / the configuration says these")
    from qmt_trading.run.config import load

    setup = configured_setup(load(config_at(said.config)), said.door, cash, fills, known)
    infer = any(each.infer_market for each in setup.settings.doors if each.name == setup.door)
    return with_files(recording, said.signals.parent, words, infer_market=infer), setup


def _refuse(given: Mapping[str, object], why: str) -> None:
    """Leave with a sentence where an option was given that says nothing here."""
    for option, value in given.items():
        if value:
            fail(exit_codes.USAGE, f"✗ {option}：{why}")


def _plain(said: Said, recording: Recording, cash: Money, fills: FillModel, known: Sequence[CorporateAction]) -> Setup:
    """Return the setup of accounts without a configuration."""
    from qmt_trading.run.config_doors import BARE_ACTIONS
    from qmt_trading.run.replay.setup import Plain, bare_size, plain_setup, wanted_by

    if said.door:
        fail(exit_codes.USAGE, "✗ --door 要和 --config 一起写 / belongs to --config")
    if said.bare and said.bare not in BARE_ACTIONS:
        fail(exit_codes.USAGE, f"✗ --bare 只有 {' '.join(BARE_ACTIONS)}，不是 {said.bare} / no such action")
    bare = BARE_ACTIONS[said.bare] if said.bare else BareAction.UNSET
    try:
        size = bare_size(said.size, bare)
    except MalformedError as error:
        told = fault_of(error, 0)
        fail(exit_codes.USAGE, f"✗ --size {said.size}：{told.chinese} / {told.english}")
    accounts = accounts_of(said.accounts) or wanted_by(recording.messages).accounts
    return plain_setup(Plain(accounts, cash, bare, size, said.full_gate), fills, known)


def _history(said: Said, messages: Sequence[Message], setup: Setup) -> tuple[dict[str, Bars], list[str]]:
    """Return the history of what the messages trade and accounts hold, and the symbols that the store has not."""
    from qmt_trading.feeds.columns import read
    from qmt_trading.feeds.store import Store
    from qmt_trading.run.replay.setup import wanted_by

    span = span_of(said.start, said.end)
    infer = any(each.infer_market for each in setup.settings.doors if each.name == setup.door)
    held = {symbol for each in setup.openings for symbol, _ in each.holdings}
    traded = wanted_by(messages, infer_market=infer).symbols
    asked = tuple(dict.fromkeys((*traded, *held)))
    store = Store(said.data)
    there = {each.symbol for each in store.entries(said.frequency, asked)} if store.exists and asked else set()
    missing = sorted(held - there)
    if missing:
        raise ConfigurationError(f"账户持有 {'、'.join(missing)}，行情里没有 / held, and without history")
    wanted = tuple(each for each in asked if each in there) or asked
    bars = read(said.data, wanted, *span, said.frequency, "none")
    if not bars:
        raise nothing_within(said.data, wanted, said.frequency)
    return bars, [each for each in asked if each not in bars]


def _replayed(
    said: Said, recording: Recording, setup: Setup, bars: Mapping[str, Bars], absent: Sequence[str], begun: float
) -> tuple[Replayed, dict[str, Result], list[SignalLine]]:
    """Return the replay, the result of all accounts together and of each, and the table of signals."""
    from qmt_trading.feeds.columns import read
    from qmt_trading.run.replay.lines import lines_of
    from qmt_trading.run.replay.replay import replay
    from qmt_trading.run.replay.results import result_of, together

    beside = (
        read(said.data, (said.benchmark,), *span_of(said.start, said.end), "1d", "none")[said.benchmark]
        if said.benchmark
        else None
    )
    replayed = replay(recording.messages, bars, setup)
    lines = lines_of(replayed)
    gate = "full" if said.full_gate or said.config is not None or said.journal is not None else "legal"
    warnings = [*doubts_about(bars), *recording.warnings, *_warnings(replayed, absent)]
    name = said.title
    own: dict[str, Result] = {
        each.account: result_of(
            replayed,
            each.account,
            name=name,
            parameters={"account": each.account},
            gate=gate,
            benchmark=beside,
            warnings=warnings,
            cpu_s=time.process_time() - begun,
        )
        for each in setup.openings
    }
    if len(own) == 1:
        return replayed, own, lines
    note = (
        "几个账户合在一起：买卖回合跨账户按先进先出配对，单个账户的看各自的报告",
        "several accounts together: round trips are matched across them, each has a report of its own",
    )
    whole = together(list(own.values()), [note], {"accounts": len(own)})
    return replayed, {"": whole, **own}, lines


def _warnings(replayed: Replayed, absent: Sequence[str]) -> list[Words]:
    """Return what a person should know of the run, besides what became of single messages."""
    from qmt_trading.market.rulebook import book_of
    from qmt_trading.research.warned import ended, warnings_of

    bars = [each.bars for each in replayed.histories.values()]
    last = [evenings[-1].listed.positions for evenings in replayed.evenings.values() if evenings]
    quantities = {each.symbol: each.quantity for positions in last for each in positions if each.quantity}
    found: list[Words] = [
        *warnings_of(bars, replayed.setup.actions, book_of(replayed.setup.settings.rules), can_adjust=False),
        *ended(bars, [quantities.get(each.symbol, 0) for each in bars]),
    ]
    if absent:
        names = "、".join(absent)
        found.append((f"行情里没有 {names}：它们的买卖都会被拦下", f"no history of {', '.join(absent)}: all denied"))
    outside = sum(not each.was_replayed for each in replayed.fates.messages)
    if outside:
        found.append(
            (
                f"{outside} 条信号不在行情的日子里（{replayed.days[0]} 到 {replayed.days[-1]}），没有回放",
                f"{outside} signals lie outside of history ({replayed.days[0]} to {replayed.days[-1]}): left out",
            )
        )
    if any(each.bars.frequency == "1d" for each in replayed.histories.values()):
        found.append(
            (
                "日线：9:30 前的委托按开盘价成交，盘中来的只能按当天收盘价成交；盘中的信号请用分钟线",
                "daily bars: orders before 9:30 meet the open, later ones the close alone; use minutes for those",
            )
        )
    for at_ns, changed in replayed.fates.halts:
        whose = changed.account or "全部账户"
        found.append(
            (
                f"{to_iso_text(at_ns)[:19]} 风控停了新单（{whose}）：{changed.why}",
                f"{to_iso_text(at_ns)[:19]} trading was stopped ({changed.account or 'all accounts'}): {changed.why}",
            )
        )
    return found


def _print(
    replayed: Replayed, results: Mapping[str, Result], lines: Sequence[SignalLine], page: Path, *, is_again: bool
) -> None:
    from qmt_trading.research.metrics import measure
    from qmt_trading.research.report.signals import OUTCOMES, STATUSES

    console = show.console()
    first, last = replayed.days[0], replayed.days[-1]
    statuses: dict[str, int] = {}
    for place, status in {(line.place, line.status) for line in lines}:
        del place
        statuses[status] = statuses.get(status, 0) + 1
    outcomes: dict[str, int] = {}
    for line in lines:
        if line.outcome:
            outcomes[line.outcome] = outcomes.get(line.outcome, 0) + 1
    rows = [
        ("区间 span", f"{first} 到 {last}，{len(replayed.days)} 个交易日，{len(replayed.histories)} 只"),
        ("信号 signals", "、".join(f"{STATUSES[code][0]} {count}" for code, count in sorted(statuses.items()))),
        ("结果 outcomes", "、".join(f"{OUTCOMES[code][0]} {count}" for code, count in sorted(outcomes.items())) or "–"),
    ]
    for account, result in results.items():
        earned = measure(result).performance
        equity = to_money_text(int(result.equity[-1]))
        told = f"期末 {equity} 元（{percent_text(earned.total_return)}），最大回撤 {percent_text(earned.max_drawdown)}"
        rows.append((account or "合计 total", told))
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row)
    console.print(table)
    wrong = [line for line in lines if line.status == "malformed"]
    for line in wrong[:SHOWN_MAX]:
        console.print(f"! 第 {line.place} 行格式错误：{line.chinese} / {line.english}", style="yellow", markup=False)
    if len(wrong) > SHOWN_MAX:
        console.print(f"! … 共 {len(wrong)} 行格式错误，都在 signals.csv / malformed lines", style="yellow")
    for chinese, english in next(iter(results.values())).warnings:
        console.print(f"! {chinese} / {english}", style="yellow", markup=False)
    told = f"✓ 报告 {page}，每条信号的结果在 {page.with_name('signals.csv')}{again_words(is_again)}"
    console.print(told, style="green", markup=False)
