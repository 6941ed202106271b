"""The checklist of one account: facts in, items out, each ✓, ! or ✗ with a sentence and what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.morning import CheckItem
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import LinkState, Mode, TradingState
from qmt_trading.run.day.outside import NOTHING, FeedState, Outside

SPACE_RED: Final = 200_000_000
"""Bytes free below which a day's journal may not fit."""
SPACE_LOW: Final = 1_000_000_000
CLOCK_RED_NS: Final = 2 * SECOND_NS
QUOTES_OLD_NS: Final = 60 * SECOND_NS


class Mark(StrEnum):
    """GOOD and BAD are certain; NOTE is what a person should know of, or what nobody can tell."""

    GOOD = "✓"
    NOTE = "!"
    BAD = "✗"


class Item(NamedTuple):
    """One line. Only BAD is red, and closes the account for buys."""

    item: CheckItem
    mark: Mark
    chinese: str
    english: str
    todo: str = ""
    """What to do, in Chinese; empty where there is nothing."""


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of one account when it is checked."""

    mode: Mode
    now_ns: int
    trading: bool
    """The market is matching or about to."""
    link: LinkState
    ready: bool
    """Cash and positions were told today."""
    listed: bool
    """A complete list of this session was taken."""
    link_since_ns: int
    night_began_ns: int = 0
    """When the last night began; 0: this account knows no night."""
    link_text: str = ""
    difference: str = ""
    positions: int = 0
    unknown_orders: int = 0
    unresolved_orders: int = 0
    """Of earlier days."""
    day: dt.date
    calendar_until: dt.date | None = None
    calendar_ends_soon: bool = False
    quote_age_ns: int | None = None
    """Of the newest quote of what is held; None: nothing is held, or nothing is quoted."""
    quote_ahead_ns: int = 0
    """How far the newest quote lies in this machine's future."""
    space: int | None = None
    """Bytes free; None: that cannot be told."""
    journal_trouble: str = ""
    """Why nothing can be written; empty: it can."""
    registered: dt.date | None = None
    simulated: bool = False
    """No terminal holds money: they are brokers' simulations, by a person's word."""
    state: TradingState = TradingState.ACTIVE
    """The stricter of the account's own and the global one."""
    limits_waiting: int = 0
    """Limits set before the last start that nobody has confirmed."""
    today: tuple[str, ...] = ()
    """What is special today about what is held, a phrase each."""
    actions_known: bool = False
    """A file of corporate actions is there to look ex-days up in."""
    outside: Outside = NOTHING


def checklist(facts: Facts) -> tuple[Item, ...]:
    """Return every item in the order in which a person goes through them."""
    return tuple(_items(facts))


def red_of(items: Sequence[Item]) -> tuple[str, ...]:
    """Return the names of the red items."""
    return tuple(each.item.value for each in items if each.mark is Mark.BAD)


def message_of(items: Sequence[Item]) -> tuple[str, str]:
    """Return what one message says: what is red and what to do, else what there is to know today; either language."""
    told = [each for each in items if each.mark is Mark.BAD]
    told = told or [each for each in items if each.mark is Mark.NOTE and each.item in _WORTH_TELLING]
    chinese = "；".join(f"{each.chinese}{f'（{each.todo}）' if each.todo else ''}" for each in told)
    return chinese, "; ".join(each.english for each in told)


_WORTH_TELLING: Final = frozenset(
    {
        CheckItem.UNKNOWN,
        CheckItem.UNRESOLVED,
        CheckItem.DETAILS,
        CheckItem.HALTED,
        CheckItem.LIMITS,
        CheckItem.TODAY,
        CheckItem.CALENDAR,
        CheckItem.DISK,
    }
)


def _items(facts: Facts) -> Iterator[Item]:
    yield _terminal(facts)
    yield _session(facts)
    yield _list(facts)
    yield _figures(facts)
    yield _unknown(facts)
    yield _unresolved(facts)
    yield _calendar(facts)
    yield _details(facts)
    yield _quotes(facts)
    yield _clock(facts)
    yield _disk(facts)
    yield _journal(facts)
    yield _registration(facts)
    yield _capability(facts)
    yield _halted(facts)
    yield _limits(facts)
    yield _today(facts)


def _terminal(facts: Facts) -> Item:
    why = facts.outside.account_text or ("" if facts.link is LinkState.CONNECTED else facts.link_text)
    told, english = (f"：{why}" if why else ""), (f": {why}" if why else "")
    if facts.link is not LinkState.CONNECTED:
        todo = "登录客户端，勾选极简模式"
        return Item(CheckItem.TERMINAL, Mark.BAD, f"终端未连接{told}", f"the terminal is not connected{english}", todo)
    if why:
        todo = "在客户端里看这个账号的登录状态"
        return Item(CheckItem.TERMINAL, Mark.BAD, f"账号未登录{told}", f"the account is not logged in{english}", todo)
    return Item(CheckItem.TERMINAL, Mark.GOOD, "终端已连接，账号已登录", "connected and logged in")


def _session(facts: Facts) -> Item:
    if facts.link is not LinkState.CONNECTED:
        return Item(CheckItem.SESSION, Mark.NOTE, "没有会话", "no session")
    since = to_iso_text(facts.link_since_ns)[5:16].replace("T", " ")
    if facts.night_began_ns and facts.link_since_ns < facts.night_began_ns:
        return Item(
            CheckItem.SESSION,
            Mark.BAD,
            f"会话是昨天的（{since} 起）：夜里券商会清账号",
            f"the session is of before the night (since {since})",
            "退出客户端重新登录",
        )
    return Item(CheckItem.SESSION, Mark.GOOD, f"会话 {since} 建立", f"session since {since}")


def _list(facts: Facts) -> Item:
    if not facts.listed:
        return Item(
            CheckItem.LIST,
            Mark.BAD,
            "还没有核对过柜台的委托、成交、持仓",
            "nothing was compared with the counter yet",
            "等核对完；一直这样请看客户端是否卡住",
        )
    if facts.difference:
        return Item(
            CheckItem.LIST,
            Mark.BAD,
            f"持仓与柜台不一致（本地≠柜台）：{facts.difference}",
            f"positions differ from the counter's: {facts.difference}",
            "在客户端核对持仓；确认以柜台为准后可 --accept",
        )
    return Item(CheckItem.LIST, Mark.GOOD, "委托、持仓与柜台一致", "orders and positions are the counter's")


def _figures(facts: Facts) -> Item:
    if not facts.ready:
        todo = "在客户端里查一次资金和持仓"
        return Item(CheckItem.FIGURES, Mark.BAD, "资金、持仓读不到", "cash and positions cannot be read", todo)
    count = facts.positions
    return Item(CheckItem.FIGURES, Mark.GOOD, f"资金可读，持仓 {count} 只", f"cash is told, {count} positions")


def _unknown(facts: Facts) -> Item:
    if facts.unknown_orders:
        return Item(
            CheckItem.UNKNOWN,
            Mark.NOTE,
            f"{facts.unknown_orders} 笔委托待核实，所涉股票同方向已暂停",
            f"{facts.unknown_orders} orders are unknown; their symbols are closed on that side",
            "在客户端看清楚后 qmt resolve",
        )
    return Item(CheckItem.UNKNOWN, Mark.GOOD, "没有待核实的委托", "no unknown orders")


def _unresolved(facts: Facts) -> Item:
    if facts.unresolved_orders:
        return Item(
            CheckItem.UNRESOLVED,
            Mark.NOTE,
            f"{facts.unresolved_orders} 笔隔日未核实，所涉股票暂停买入",
            f"{facts.unresolved_orders} orders of earlier days are unresolved; their symbols are closed for buys",
            "对照交割单后 qmt resolve",
        )
    return Item(CheckItem.UNRESOLVED, Mark.GOOD, "没有隔日未核实的委托", "nothing unresolved of earlier days")


def _calendar(facts: Facts) -> Item:
    until, todo = facts.calendar_until, "导入下一年：qmt calendar import 文件，重启"
    if until is None:
        return Item(CheckItem.CALENDAR, Mark.GOOD, "不看日历（全天可成交）", "no calendar is used")
    if facts.day > until:
        return Item(CheckItem.CALENDAR, Mark.BAD, f"交易日历只到 {until}", f"the calendar ended on {until}", todo)
    if facts.calendar_ends_soon:
        return Item(CheckItem.CALENDAR, Mark.NOTE, f"交易日历快用完：到 {until}", f"the calendar ends on {until}", todo)
    return Item(CheckItem.CALENDAR, Mark.GOOD, f"交易日历到 {until}", f"the calendar reaches {until}")


def _details(facts: Facts) -> Item:
    found = facts.outside.details
    if found is None:
        return Item(CheckItem.DETAILS, Mark.NOTE, "终端的合约规则没有比对", "the terminal's rules were not compared")
    if found:
        return Item(
            CheckItem.DETAILS,
            Mark.NOTE,
            f"终端与规则手册有 {len(found)} 处不同，已取较严：{'；'.join(found[:5])}",
            f"{len(found)} rules differ from the terminal's, the stricter ones hold: {'; '.join(found[:5])}",
            "看 qmt rules 代码",
        )
    return Item(CheckItem.DETAILS, Mark.GOOD, "终端的合约规则与规则手册一致", "the terminal's rules agree")


def _quotes(facts: Facts) -> Item:
    outside = facts.outside
    if not facts.trading:
        return Item(CheckItem.QUOTES, Mark.GOOD, "未到交易时段，行情不判断", "not in session: quotes are not judged")
    if outside.feed in (FeedState.SILENT, FeedState.DOWN):
        told = f"：{outside.feed_text}" if outside.feed_text else ""
        todo = "看客户端行情是否在跳；重连行情站点"
        english = f"quotes are {outside.feed.value}"
        return Item(CheckItem.QUOTES, Mark.BAD, f"行情没有更新{told}", english, todo)
    age_ns = facts.quote_age_ns
    if age_ns is None:
        return Item(CheckItem.QUOTES, Mark.NOTE, "没有持仓的行情可看", "no quote of what is held to look at")
    if age_ns > QUOTES_OLD_NS:
        told = f"持仓里最新的行情是 {age_ns // SECOND_NS} 秒前的"
        return Item(
            CheckItem.QUOTES, Mark.NOTE, told, f"the newest quote is {age_ns // SECOND_NS} s old", "看是否都停牌"
        )
    return Item(CheckItem.QUOTES, Mark.GOOD, "行情在更新", "quotes are fresh")


def _clock(facts: Facts) -> Item:
    ahead_ns = facts.outside.clock_ahead_ns
    behind_ns = facts.quote_ahead_ns
    if ahead_ns is not None and abs(ahead_ns) > CLOCK_RED_NS:
        told = f"{ahead_ns / SECOND_NS:+.1f}"
        return Item(
            CheckItem.CLOCK, Mark.BAD, f"本机时钟与终端差 {told} 秒", f"this clock is {told} s off", "同步 Windows 时间"
        )
    if behind_ns > CLOCK_RED_NS:
        told = f"{behind_ns / SECOND_NS:.1f}"
        return Item(
            CheckItem.CLOCK,
            Mark.BAD,
            f"本机时钟至少慢 {told} 秒（行情的时间在未来）",
            f"this clock is at least {told} s slow",
            "同步 Windows 时间",
        )
    if ahead_ns is None and facts.quote_age_ns is None:
        return Item(CheckItem.CLOCK, Mark.NOTE, "没有可对照的时间", "nothing to compare the clock with")
    return Item(CheckItem.CLOCK, Mark.GOOD, "时钟正常", "the clock is right")


def _disk(facts: Facts) -> Item:
    space = facts.space
    if space is None:
        return Item(CheckItem.DISK, Mark.NOTE, "磁盘空间读不到", "free space cannot be told")
    told, english = f"磁盘剩余 {space / 1e9:.1f} GB", f"{space / 1e9:.1f} GB free"
    mark = Mark.BAD if space < SPACE_RED else Mark.NOTE if space < SPACE_LOW else Mark.GOOD
    return Item(CheckItem.DISK, mark, told, english, "腾出空间，至少 1 GB" if mark is not Mark.GOOD else "")


def _journal(facts: Facts) -> Item:
    if facts.journal_trouble:
        told = facts.journal_trouble
        todo = "检查磁盘后重启"
        return Item(CheckItem.JOURNAL, Mark.BAD, f"日志不可写：{told}", f"the journal cannot be written: {told}", todo)
    return Item(CheckItem.JOURNAL, Mark.GOOD, "日志可写", "the journal can be written")


def _registration(facts: Facts) -> Item:
    if facts.registered is not None and facts.registered <= facts.day:
        day = facts.registered.isoformat()
        return Item(CheckItem.REGISTRATION, Mark.GOOD, f"程序化交易 {day} 报备", f"reported on {day}")
    if facts.mode is Mode.LIVE and not facts.simulated:
        return Item(
            CheckItem.REGISTRATION,
            Mark.BAD,
            "程序化交易没有报备",
            "programme trading was not reported",
            "经券商报告后在 [compliance] 写 registered",
        )
    if facts.mode is Mode.LIVE:
        return Item(CheckItem.REGISTRATION, Mark.GOOD, "模拟终端，不需要报备", "a simulation: no report is needed")
    return Item(CheckItem.REGISTRATION, Mark.GOOD, "不是实盘，不需要报备", "not live: no report is needed")


def _capability(facts: Facts) -> Item:
    card = facts.outside.capability
    if card is not None:
        return Item(CheckItem.CAPABILITY, Mark.GOOD, f"终端能力：{card}", f"terminal: {card}")
    if facts.mode is Mode.PAPER:
        return Item(CheckItem.CAPABILITY, Mark.GOOD, "模拟，没有终端能力卡", "paper: no card of a terminal")
    told = "没有终端能力卡：这个终端没有验收过"
    return Item(CheckItem.CAPABILITY, Mark.NOTE, told, "this terminal was never examined", "见上线八步的验收一级")


def _halted(facts: Facts) -> Item:
    if facts.state is TradingState.ACTIVE:
        return Item(CheckItem.HALTED, Mark.GOOD, "正常交易", "active")
    told, english = (
        ("已停止（仅可撤单）", "halted") if facts.state is TradingState.HALTED else ("只卖不买", "selling only")
    )
    return Item(CheckItem.HALTED, Mark.NOTE, told, english, "确认后 qmt resume --why 原因")


def _limits(facts: Facts) -> Item:
    if facts.limits_waiting:
        count = facts.limits_waiting
        todo = "qmt risk 看，qmt risk confirm --why 原因"
        told = f"{count} 条今天改过的限额待确认，按较严的执行"
        return Item(CheckItem.LIMITS, Mark.NOTE, told, f"{count} limits wait for a word", todo)
    return Item(CheckItem.LIMITS, Mark.GOOD, "限额都已确认", "all limits are confirmed")


def _today(facts: Facts) -> Item:
    unknown = "新股缴款、逆回购到期柜台不告知" if facts.actions_known else "除权、新股缴款、逆回购到期无从得知"
    if facts.today:
        told = "；".join(facts.today)
        return Item(CheckItem.TODAY, Mark.NOTE, f"今日：{told}（{unknown}）", f"today: {told}", "在客户端核对")
    return Item(
        CheckItem.TODAY, Mark.GOOD, f"持仓今日没有已知事项（{unknown}，请在客户端看）", "nothing is known of today"
    )
