"""The configuration: one TOML file, decoded into values that refuse whatever is not known or not possible."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.size_text import QUANTITY_MAX
from qmt_trading.codec.symbols import normalise
from qmt_trading.engine.risk.tradable_symbol import HELD
from qmt_trading.market.calendar import Calendar
from qmt_trading.market.instruments import kind_of
from qmt_trading.market.sessions import Session
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import Limits, ScopeKind
from qmt_trading.model.numbers import SECOND_NS, UNIT, Money, Quantity
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings, FeeRounding, FeeSchedule
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec, Size
from qmt_trading.model.words import BareAction, Mode, Verb
from qmt_trading.run.actions_file import read_actions
from qmt_trading.run.calendar_file import read as read_calendar
from qmt_trading.run.config_compliance import read_compliance, require_registration
from qmt_trading.run.config_doors import ALL_VERBS, BARE_ACTIONS, CONTROL_DOOR, Door, DoorDefaults, add_door
from qmt_trading.run.config_file import ConfigFile
from qmt_trading.run.config_limits import DEFAULTS, TOTAL_DEFAULTS, read_limits, read_strategies
from qmt_trading.run.config_reader import Table
from qmt_trading.run.config_reconcile import read_policy, read_reconcile
from qmt_trading.run.config_session import read_session
from qmt_trading.run.control_door import PATH_BYTES_MAX
from qmt_trading.run.rules_file import read_rules

DEFAULT_FOLDER: Final = "data"
_MODES: Final = {mode.value: mode for mode in Mode}
PORT_MAX: Final = 65_535
_TCP: Final = re.compile(r"tcp:127\.0\.0\.1:([0-9]{1,5})")


class Account(Struct, frozen=True, kw_only=True):
    """What one account begins with on paper."""

    account: AccountId
    cash: Money
    holdings: tuple[tuple[Symbol, Quantity], ...]
    fees: FeeSchedule


class Terminal(Struct, frozen=True, kw_only=True):
    """One way to a broker and its accounts."""

    name: str
    kind: str
    seed: int
    address: str
    """Of a simulated exchange in a process of its own; empty: embedded."""
    exchange_folder: str
    """Where the cookie of a tcp address lies."""
    accounts: tuple[Account, ...]


class Configuration(Struct, frozen=True, kw_only=True):
    """Everything that one run is told."""

    path: Path
    folder: Path
    engine: EngineSettings
    doors: tuple[Door, ...]
    terminals: tuple[Terminal, ...]
    always_open: bool
    calendar: Calendar
    """The shipped table with the years imported into the folder."""
    calendar_trouble: str
    """Why imported years are left out; empty: none are."""
    recording: Path | None
    """Bars or ticks that the embedded exchange plays, from its start on; None: made-up quotes."""
    corporate_actions: Path | None
    """What is known of ex-days; None: nothing is adjusted on them."""
    log_days: int
    log_bytes_max: int
    digest: str

    def session(self) -> Session:
        """Return the hours and days of trading."""
        return Session(self.calendar, always_open=self.always_open)


def load(path: Path) -> Configuration:
    """Read the configuration at ``path``.

    Raises:
        ConfigurationError: with file, line, key, and what would be right.
    """
    file = ConfigFile(path)
    root = Table(file, (), file.tables)
    mode = root.word("mode", _MODES, offered=(Mode.PAPER.value,))
    registrations = read_compliance(root)
    require_registration(root, mode, registrations)
    if mode is not Mode.PAPER:
        root.wrong(
            "mode", f"「{mode.value}」模式还没有做好，目前只有 paper", f"{mode.value} is not built yet, only paper is"
        )
    data, log, session = root.table("data"), root.table("log"), root.table("session")
    folder = data.absolute("folder", path.parent, data.text("folder", DEFAULT_FOLDER))
    log_days = log.number("days", 5, least=1, most=3650)
    log_bytes_max = log.number("size_mb", 500, least=1, most=1_000_000) * 1_000_000
    hours = read_session(session)
    extended = read_calendar(folder)
    until, warns_from = (None, None) if hours.always_open else (extended.calendar.until, extended.calendar.warns_from)
    for each in (data, log):
        each.close()
    recording = _recording(root.table("feed"), path.parent)
    corporate_actions = _corporate_actions(root.table("market"), path.parent)
    rules = read_rules(root.table("rules"), path.parent)
    signals = root.table("signals")
    bare, bare_size = _bare(signals.table("bare"))
    default_price = signals.price("default_price") or PriceSpec(PriceKind.LATEST, text="latest")
    ttl_ns = signals.span_ns("ttl", 10 * SECOND_NS)
    submits_per_minute_max = signals.number("submits_per_minute_max", 600, least=1)
    signals.close()
    limits = root.table("limits")
    total = limits.table("total")
    total_limits = read_limits(total, ScopeKind.TOTAL, TOTAL_DEFAULTS)
    total.close()
    fallback = _Fallback(
        read_limits(limits, ScopeKind.ACCOUNT, DEFAULTS), limits.number("bare_per_day_max", 1, least=1)
    )
    self_cross = limits.word("self_cross", {"deny": True, "pass": False}, True)
    settle_ns = limits.span_ns("settle", 60 * SECOND_NS)
    quote_age_max_ns = limits.span_ns("quote_age_max", 3 * SECOND_NS)
    limits.close()
    reconcile = read_reconcile(root.table("reconcile"))
    fees = _fees(root.table("fees"))
    terminals: list[Terminal] = []
    accounts: list[AccountSettings] = []
    tables: list[Table] = []
    for table in root.tables("terminals"):
        tables += _terminal(table, path.parent, fallback, fees, terminals, accounts)
    if recording is not None and any(terminal.address for terminal in terminals):
        root.wrong(
            "feed",
            "录制的行情只供内置交易所：终端不能有 address",
            "a recording is for the embedded exchange: no address",
        )
    if not accounts:
        root.wrong("terminals", "至少要有一个账户：[[terminals.accounts]]", "at least one account is needed")
    _check_words(zip(tables, accounts, strict=True))
    known: dict[str, AccountId] = {}
    for settings in accounts:
        known |= {settings.account: settings.account, settings.name or settings.account: settings.account}
    accounts = registrations.given_to(accounts, known)
    accounts = reconcile.given_to(accounts, {terminal.name: terminal.kind for terminal in terminals})
    door_defaults = DoorDefaults(bare, bare_size, ttl_ns)
    doors: list[Door] = []
    permissions: list[DoorSettings] = []
    for table in root.tables("doors"):
        add_door(table, path.parent, door_defaults, known, doors, permissions)
    if not doors:
        root.wrong("doors", "至少要有一个通道：[[doors]]", "at least one door is needed: [[doors]]")
    strategies = read_strategies(root.tables("strategies"))
    root.close()
    permissions.append(
        DoorSettings(name=CONTROL_DOOR, allow=ALL_VERBS, bare=bare, default_size=bare_size, ttl_ns=ttl_ns)
    )
    engine = EngineSettings(
        mode=mode,
        accounts=tuple(accounts),
        doors=tuple(permissions),
        default_price=default_price,
        limits=total_limits,
        strategies=strategies,
        self_cross_denied=self_cross,
        always_open=hours.always_open,
        submits_per_minute_max=submits_per_minute_max,
        quote_age_max_ns=quote_age_max_ns,
        settle_ns=settle_ns,
        no_cancel=hours.no_cancel,
        calendar_until=until,
        calendar_warns_from=warns_from,
        opening_pause=hours.opening_pause,
        cash_tolerance=reconcile.cash_tolerance,
        rules=rules,
    )
    return Configuration(
        path=path,
        folder=folder,
        engine=engine,
        doors=tuple(doors),
        terminals=tuple(terminals),
        always_open=hours.always_open,
        calendar=extended.calendar,
        calendar_trouble=extended.trouble,
        recording=recording,
        corporate_actions=corporate_actions,
        log_days=log_days,
        log_bytes_max=log_bytes_max,
        digest=file.digest,
    )


class _Fallback(Struct, frozen=True):
    """What holds for accounts that do not say otherwise."""

    limits: Limits
    bare_per_day_max: int


def _recording(table: Table, base: Path) -> Path | None:
    """Return the file whose bars or ticks are played, None for made-up quotes."""
    kind = table.word("kind", {"synthetic": False, "recorded": True}, False)
    recording = table.absolute("file", base, table.text("file")) if kind else None
    if recording is not None and not recording.is_file():
        table.wrong("file", f"没有这个文件：{recording}", f"there is no such file: {recording}")
    table.close()
    return recording


def _corporate_actions(table: Table, base: Path) -> Path | None:
    """Return the file of corporate actions, which is read once to find its mistakes now; None where there is none."""
    if not table.has("corporate_actions"):
        table.text("corporate_actions", "")
        table.close()
        return None
    path = table.absolute("corporate_actions", base, table.text("corporate_actions"))
    if not path.is_file():
        table.wrong("corporate_actions", f"没有这个文件：{path}", f"there is no such file: {path}")
    table.close()
    read_actions(path)
    return path


def _bare(table: Table) -> tuple[BareAction, Size | None]:
    action = table.word("action", BARE_ACTIONS, BareAction.UNSET)
    size = table.size("size", verb=Verb.BUY if action is BareAction.BUY else Verb.SELL)
    if action in (BareAction.BUY, BareAction.SELL) and size is None:
        table.wrong("size", '裸信号买卖须写数量，例如 "1手"', 'bare buys and sells need a size such as "1手"')
    table.close()
    return action, size


def _fees(table: Table, base: FeeSchedule | None = None) -> FeeSchedule:
    base = base or FeeSchedule()
    fees = FeeSchedule(
        commission_millionths=table.percent_millionths("commission_percent", base.commission_millionths),
        commission_minimum=table.money("commission_minimum", base.commission_minimum),
        stamp_duty_millionths=_own_percent(table, "stamp_duty_percent", base.stamp_duty_millionths),
        transfer_millionths=_own_percent(table, "transfer_percent", base.transfer_millionths),
        fee_rounding=table.word("fee_rounding", {each.value: each for each in FeeRounding}, base.fee_rounding),
    )
    table.close()
    return fees


def _own_percent(table: Table, name: str, base: int | None) -> int | None:
    """Return a rate that goes before the rule book's; None: the rule book decides by the day."""
    return table.percent_millionths(name, 0) if table.has(name) else base


def _terminal(
    table: Table,
    base: Path,
    fallback: _Fallback,
    fees: FeeSchedule,
    terminals: list[Terminal],
    accounts: list[AccountSettings],
) -> list[Table]:
    """Add a terminal and its accounts; return the tables of the accounts."""
    name = table.name("name")
    if any(name.casefold() == each.name.casefold() for each in terminals):  # It is part of the name of a file.
        table.wrong("name", f"终端重名：{name}", f"two terminals are named {name}")
    kind = table.word("kind", {"simulated": "simulated", "qmt": "qmt"}, offered=("simulated",))
    if kind == "qmt":
        table.wrong("kind", "QMT 终端还没有做好，目前只有 simulated", "qmt is not built yet, only simulated is")
    seed = table.number("seed", 1)
    address, exchange_folder = _exchange(table, base)
    tables = table.tables("accounts")
    found: list[Account] = []
    for each in tables:
        settings, opening = _account(each, name, fallback, fees)
        accounts.append(settings)
        found.append(opening)
    if not found:
        table.wrong("", "终端没有账户：[[terminals.accounts]]", "a terminal without accounts")
    table.close()
    terminals.append(
        Terminal(
            name=name, kind=kind, seed=seed, address=address, exchange_folder=exchange_folder, accounts=tuple(found)
        )
    )
    return tables


def _exchange(table: Table, base: Path) -> tuple[str, str]:
    """Return address and folder of an exchange in a process of its own; both empty where it is embedded."""
    if not table.has("address"):
        if table.has("exchange_folder"):
            table.wrong("exchange_folder", "只和 address 一起写", "stands beside an address only")
        return table.text("address", ""), table.text("exchange_folder", "")
    address = table.text("address")
    tcp = _TCP.fullmatch(address)
    if tcp is None or not 0 < int(tcp[1]) <= PORT_MAX:
        is_path = sys.platform != "win32" and address.startswith("/") and address == address.strip()
        if not is_path or len(address.encode("utf-8")) > PATH_BYTES_MAX:
            table.wrong(
                "address",
                f"应写作 tcp:127.0.0.1:端口，Windows 以外也可写套接字的绝对路径（最多 {PATH_BYTES_MAX} 字节）",
                f"is written tcp:127.0.0.1:PORT or, not on Windows, as the absolute path of a socket "
                f"(up to {PATH_BYTES_MAX} bytes)",
            )
        if not table.has("exchange_folder"):
            return address, table.text("exchange_folder", "")
    elif not table.has("exchange_folder"):
        table.wrong("exchange_folder", "tcp 地址须写交易所的文件夹", "a tcp address needs the exchange's folder")
    return address, str(table.absolute("exchange_folder", base, table.text("exchange_folder")))


def _account(table: Table, terminal: str, fallback: _Fallback, fees: FeeSchedule) -> tuple[AccountSettings, Account]:
    number = AccountId(table.identity("account"))
    if table.has("fees"):
        fees = _fees(table.table("fees"), fees)
    settings = AccountSettings(
        account=number,
        name=table.name("name", ""),
        groups=table.names("groups"),
        terminal=terminal,
        limits=read_limits(table, ScopeKind.ACCOUNT, fallback.limits),
        bare_per_day_max=table.number("bare_per_day_max", fallback.bare_per_day_max, least=1),
        fees=fees,
        **read_policy(table)._asdict(),
    )
    cash = table.money("cash", 1_000_000 * UNIT)
    holdings = _holdings(table)
    table.close()
    return settings, Account(account=number, cash=cash, holdings=holdings, fees=fees)


def _holdings(table: Table) -> tuple[tuple[Symbol, Quantity], ...]:
    found: dict[Symbol, Quantity] = {}
    for written, quantity in table.entries("positions").items():
        if isinstance(quantity, dict):
            table.wrong(
                "positions", f'代码要加引号："{written}.…" = 1000', f'put the symbol in quotes: "{written}.…" = 1000'
            )
        try:
            symbol = normalise(written)
        except MalformedError as error:
            table.malformed("positions", error)
        kind = kind_of(symbol)
        if kind not in HELD:
            what = "unknown" if kind is None else kind.value
            table.wrong(
                "positions",
                f"{written} 不是股票、基金或债券（{what}）",
                f"{written} is no stock, fund or bond ({what})",
            )
        if symbol in found:
            table.wrong("positions", f"{symbol} 写了两次", f"{symbol} stands twice")
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 < quantity <= QUANTITY_MAX:
            table.wrong(
                "positions",
                f"{written} 的数量应是正整数，不超过 {QUANTITY_MAX}",
                f"the quantity of {written} is a positive whole number up to {QUANTITY_MAX}",
            )
        found[symbol] = Quantity(quantity)
    return tuple(found.items())


def _check_words(accounts: Iterable[tuple[Table, AccountSettings]]) -> None:
    """Refuse a number, name or group that means something else already: a message could not tell which is meant."""
    owners: dict[str, AccountId] = {}
    groups: set[str] = set()
    numbers: set[AccountId] = set()
    for table, each in accounts:
        if each.account in numbers:
            table.wrong("account", f"账号写了两次：{each.account}", f"account {each.account} stands twice")
        numbers.add(each.account)
        for key, word in (("account", each.account), ("name", each.name or each.account)):
            if word in groups:
                table.wrong(key, f"「{word}」已是分组名，请换一个", f"{word} is a group already, choose another word")
            owner = owners.setdefault(word, each.account)
            if owner != each.account:
                table.wrong(
                    key,
                    f"「{word}」已是账户 {owner} 的账号或名称，请换一个",
                    f"{word} is the number or name of account {owner} already, choose another word",
                )
        for group in each.groups:
            if group in owners:
                table.wrong(
                    "groups",
                    f"分组「{group}」已是账户 {owners[group]} 的账号或名称，请换一个",
                    f"group {group} is the number or name of account {owners[group]} already, choose another word",
                )
            groups.add(group)
