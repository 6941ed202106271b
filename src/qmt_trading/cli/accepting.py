"""``qmt acceptance``: find out, together with a person, what a broker's terminal and counter really do."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from qmt_trading.cli import climbing, exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, explained, fail
from qmt_trading.codec.malformed import MalformedError, malformed
from qmt_trading.codec.symbols import normalise
from qmt_trading.market.phases import Phase
from qmt_trading.market.rulebook import book_of
from qmt_trading.model.errors import ConfigurationError, LockedError
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.words import Mode
from qmt_trading.run import capabilities
from qmt_trading.run.acceptance import report as reports
from qmt_trading.run.acceptance.checks import CHECKS, FULL_NUMBERS, NUMBERS
from qmt_trading.run.acceptance.conduct import card_with, conduct, new_report
from qmt_trading.run.acceptance.far_price import QUANTITY, VALUE_MAX
from qmt_trading.run.acceptance.report import SEEN, WORDS, Report, Result
from qmt_trading.run.acceptance.visit import StopError, Visit
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.dialled_talk import DialledTalk
from qmt_trading.run.find_terminal import Found, FullFound, find, find_full
from qmt_trading.run.host_talk import HostTalk, Said
from qmt_trading.run.locks import Lock, account_lock, folder_lock
from qmt_trading.run.pasted import secret_of

DEFAULT_SYMBOL: Final = "601988.SH"
"""Cheap and heavily traded: one lot at limit-down ties up about 500 yuan."""
_FINDINGS: Final = (
    ("remark_bytes", "备注返回字节"),
    ("frozen_queue", "冻结后的委托"),
    ("rate_refusal", "频率拒绝"),
    ("dead_link", "断线时下单"),
    ("market_kinds", "市价类委托"),
    ("after_hours", "盘后限价单"),
    ("phone_orders", "手机单"),
    ("session_reuse_s", "会话号重用（秒）"),
)


class _Typing:
    """The person at the console."""

    def say(self, text: str) -> None:
        show.say(text)

    def ask(self, text: str) -> str:
        show.say(text)
        return input("  > ").strip()


def acceptance(
    account: Annotated[str | None, typer.Option("--account", "-a", help="账号或名称 account")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    symbol: Annotated[str, typer.Option("--symbol", "-s", help="用哪只主板股票 which stock")] = DEFAULT_SYMBOL,
    only: Annotated[list[int] | None, typer.Option("--only", help="只做这一项，可重复 this check alone")] = None,
    since: Annotated[Path | None, typer.Option("--from", help="接着做这份报告 go on with a report")] = None,
    listed: Annotated[bool, typer.Option("--list", help="列出全部检查 list the checks")] = False,
    shown: Annotated[bool, typer.Option("--show", help="显示能力卡 show what was found")] = False,
) -> None:
    """验收：和你一起弄清券商终端的真实行为 acceptance of a terminal."""
    if listed:
        for check in CHECKS:
            when = f"（{check.when}）" if check.when else ""
            show.say(f"{check.number:>3} {check.name}{when}：{check.asks}")
            show.say(f"代价：{check.cost}。看它为了：{check.tells}", indent=4)
        return
    with explained():
        if shown:
            _show(load(config))
            return
        if account is None:
            fail(exit_codes.USAGE, "✗ 请写 --account 账号 / name the account")
        found: Found | FullFound = find_full(config, account) or find(config, account)
        configuration = _usable(found)
        chosen = _chosen(only, _numbers(found))
        report, folder = _report(found, configuration, since)
        stock = _symbol(symbol)
        opens = _opener(found)
        locks = _locks(found, configuration)
    try:
        _conduct(found, configuration, stock, chosen, (report, folder), opens, again=only is not None)
    finally:
        for lock in locks:
            lock.release()


def _usable(found: Found | FullFound) -> Configuration:
    """Return the configuration, where orders may be sent with it."""
    if found.configuration is None:
        raise ConfigurationError(f"配置有误，不能验收：{found.trouble}")
    if isinstance(found, FullFound) and found.mode is not Mode.LIVE:
        raise ConfigurationError(
            '验收要发真实的委托，而观察模式粘贴的策略什么也不发：改成 mode = "live"，qmt fullqmt file，重新粘贴 / '
            "acceptance sends orders, and a strategy that was pasted to watch sends none: set it live, paste it anew"
        )
    if found.mode is not Mode.LIVE and not found.simulation:
        raise ConfigurationError(
            '验收要发真实的委托：请用 mode = "live"，或在模拟终端上写 simulation = true / '
            "acceptance sends orders: it needs mode = live, or a simulation terminal"
        )
    return found.configuration


def _opener(found: Found | FullFound) -> Callable[[Callable[[Said], None], tuple[int, int] | None], HostTalk]:
    """Return what begins a conversation with the terminal.

    Raises:
        ConfigurationError: nothing was ever pasted into a full client.
    """
    if isinstance(found, Found):
        return lambda keep, sessions: HostTalk(found.command(sessions), found.account, keep=keep)
    secret = secret_of(found.folder, found.terminal)
    return lambda keep, sessions: DialledTalk(found.address, secret, found.name, found.account, keep=keep)


def _numbers(found: Found | FullFound) -> frozenset[int]:
    """Return the checks that this kind of client has an answer to."""
    return NUMBERS if isinstance(found, Found) else FULL_NUMBERS


def _chosen(only: list[int] | None, numbers: frozenset[int]) -> frozenset[int]:
    chosen = numbers if only is None else frozenset(only)
    if unknown := chosen - NUMBERS:
        fail(exit_codes.USAGE, f"✗ 没有第 {'、'.join(map(str, sorted(unknown)))} 项；qmt acceptance --list 列出全部")
    if other := chosen - numbers:
        fail(
            exit_codes.USAGE,
            f"✗ 第 {'、'.join(map(str, sorted(other)))} 项是 miniQMT 的，大 QMT 里看不到 / these are of miniQMT alone",
        )
    return chosen


def _symbol(written: str) -> Symbol:
    try:
        return normalise(written)
    except MalformedError as error:
        fail(exit_codes.USAGE, f"✗ {malformed(error.code, error.figures, position=0).chinese}")


def _report(found: Found | FullFound, configuration: Configuration, since: Path | None) -> tuple[Report, Path]:
    """Return the report to go on with, the one that is named, today's or a new one, and the folder it is kept in."""
    now_ns = time.time_ns()
    begun = new_report(
        terminal=found.name,
        account=found.account,
        simulation=found.simulation,
        client=found.client,
        now_ns=now_ns,
    )
    folder = reports.folder_of(configuration.folder, day_of(now_ns), found.account)
    if since is not None:
        earlier = reports.read(since)
        if why := _why_other(earlier, begun):
            raise ConfigurationError(why)
        return earlier, since if since.is_dir() else since.parent
    for number in itertools.count(2):
        if not (folder / reports.FILE).exists():
            break
        earlier = reports.read(folder)
        if not _why_other(earlier, begun):
            return earlier, folder
        folder = folder.with_name(f"{folder.name.split('~')[0]}~{number}")
    return begun, folder


def _why_other(earlier: Report, begun: Report) -> str:
    """Return why a report cannot be gone on with; empty: it can."""
    if (earlier.terminal, earlier.account) != (begun.terminal, begun.account):
        return f"报告是 {earlier.terminal} {earlier.account} 的，不是这个账户的 / the report is another account's"
    if earlier.client != begun.client:
        versions = f"报告 {earlier.client or '?'}，现在 {begun.client or '?'}"
        return f"客户端已更新（{versions}）：请重新验收 / the client has changed"
    return ""


def _locks(found: Found | FullFound, configuration: Configuration) -> list[Lock]:
    """Keep engines away for the length of the acceptance."""
    locks: list[Lock] = []
    try:
        locks.append(folder_lock(configuration.folder))
        locks.append(account_lock(found.lock_scope, found.account))
    except LockedError as error:
        for lock in locks:
            lock.release()
        raise LockedError(f"{error}：验收时引擎要停下，请先 qmt stop / stop the engine first") from error
    return locks


def _conduct(
    found: Found | FullFound,
    configuration: Configuration,
    symbol: Symbol,
    chosen: frozenset[int],
    kept: tuple[Report, Path],
    opens: Callable[[Callable[[Said], None], tuple[int, int] | None], HostTalk],
    *,
    again: bool,
) -> None:
    report, folder = kept
    person = _Typing()
    kind = "模拟终端" if found.simulation else "实盘终端"
    show.say(f"验收 {found.name}（{kind}）账户 {found.account}，用 {symbol}")
    show.say(
        f"会发出真实的委托：每笔 {QUANTITY} 股、跌停价的限价买单，一笔不超过 {VALUE_MAX // 10_000} 元，"
        "市价离跌停太近就不发；每项做完撤掉并确认。每项之前都会问；随时 Ctrl-C，会先撤单再结束。",
        hanging=2,
    )
    try:
        typed = person.ask(f"确认请输入账号后四位（…{found.account[-4:]}）：")
    except (EOFError, KeyboardInterrupt):
        typed = ""
    if typed != found.account[-4:]:
        fail(exit_codes.USAGE, "✗ 没有确认，什么都没有发 / not confirmed, nothing was sent")
    done = {result.number for result in report.results if result.outcome == SEEN}
    checks = [check for check in CHECKS if check.number in chosen and (again or check.number not in done)]
    visit = Visit(
        found.account,
        found.terminal if isinstance(found, Found) else None,
        symbol,
        person,
        opens,
        book=book_of(configuration.engine.rules),
        may_order=_hours(configuration, symbol),
        sessions=found.sessions if isinstance(found, Found) else (0, 0),
    )

    def save(now: Report, result: Result) -> None:
        reports.write(folder, now)
        if result.findings:
            today = day_of(time.time_ns())
            card = card_with(_card(configuration.folder, found.name), now, result, today)
            capabilities.write(configuration.folder, card)

    try:
        report = conduct(visit, checks, report, save)
    except StopError as error:
        show.say(f"✗ {error}", style="bold red")
        raise typer.Exit(exit_codes.REFUSED) from error
    _end(report, folder, found.configuration, _numbers(found))


def _hours(configuration: Configuration, symbol: Symbol) -> Callable[[], str]:
    session = configuration.session()

    def may_order() -> str:
        span = session.span_at(symbol, time.time_ns())
        if span.phase is Phase.CONTINUOUS and span.takes_cancels:
            return ""
        return "不在连续竞价时段（9:30–11:30、13:00–14:57），委托可能撤不掉，不做"

    return may_order


def _card(folder: Path, terminal: str) -> capabilities.Capabilities | None:
    """Return the card so far; a damaged one is begun anew."""
    try:
        return capabilities.read(folder, terminal)
    except ConfigurationError:
        return None


def _end(report: Report, folder: Path, configuration: Configuration | None, numbers: frozenset[int] = NUMBERS) -> None:
    seen = {result.number for result in report.results if result.outcome == SEEN}
    missing = [f"{check.number} {check.name}" for check in CHECKS if check.number in numbers - seen]
    show.say("")
    show.say(f"报告 report: {folder / reports.PAGE}")
    show.say(f"证据 evidence: {folder / reports.FILE}（已隐去账号，可以发给我们）")
    if missing:
        show.say(f"还没有看到答案的：{'；'.join(missing)}", hanging=2)
        show.say(f"接着做：qmt acceptance --account … --from {folder}")
    elif configuration is not None:
        climbing.note(configuration.path, 5, f"{len(numbers)} 项都有答案，{report.terminal} {report.account}")
        show.say("✓ 全部都有答案：上线阶梯第 5 级已记 / every check has its answer", style="bold green")


def _show(configuration: Configuration) -> None:
    today = dt.datetime.now().astimezone().date()
    terminals = [each for each in configuration.terminals if each.is_client]
    if not terminals:
        show.say("没有 QMT 终端：模拟交易所不用验收 / no QMT terminal")
    for terminal in terminals:
        card = capabilities.read(configuration.folder, terminal.name)
        if terminal.qmt is None:
            why = "大 QMT 的只供人看，引擎不用 / of a full client, for people alone"
        else:
            why = capabilities.why_absent(card, today=today, client=capabilities.client_version(terminal.qmt.path))
        show.say(f"{terminal.name}：{f'不作数：{why}' if why else '有效'}")
        if card is None:
            continue
        show.say(f"始于 {card.since}；客户端 {card.client or '不明'}；xtquant {card.xtquant or '不明'}", indent=2)
        for name, label in _FINDINGS:
            finding: capabilities.Finding = getattr(card, name)
            told = f"{finding.value}（{finding.on}）：{finding.how}" if finding.value else "未见"
            show.say(f"{label}：{told}", indent=2, hanging=2)
    for path in sorted((configuration.folder / "acceptance").glob(f"*/{reports.FILE}")):
        report = reports.read(path)
        counts = [f"{WORDS[word]} {sum(each.outcome == word for each in report.results)}" for word in WORDS]
        show.say(f"报告 {path.parent.name}：{'，'.join(counts)}")
