"""The configuration: one TOML file, decoded into values that refuse whatever is not known or not possible."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.names import is_name
from qmt_trading.codec.size_text import QUANTITY_MAX
from qmt_trading.codec.symbols import normalise
from qmt_trading.engine.risk.tradable_symbol import TRADED
from qmt_trading.market.instruments import rule_for
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, UNIT, Money, Quantity
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings, FeeSchedule
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec, Size
from qmt_trading.model.words import BareAction, Mode, SideScope, Verb
from qmt_trading.run.config_file import ConfigFile
from qmt_trading.run.config_reader import Table
from qmt_trading.run.config_session import read_session
from qmt_trading.run.control_door import PATH_BYTES_MAX

CONTROL_DOOR: Final = "control"
DEFAULT_FOLDER: Final = "data"
DOOR_KINDS: Final = ("unix_socket", "fifo", "named_pipe")
_MODES: Final = {mode.value: mode for mode in Mode}
_VERBS: Final = {
    "buy": Verb.BUY,
    "买入": Verb.BUY,
    "sell": Verb.SELL,
    "卖出": Verb.SELL,
    "cancel": Verb.CANCEL,
    "撤单": Verb.CANCEL,
}
_BARE: Final = {
    "cancel": BareAction.CANCEL,
    "撤单": BareAction.CANCEL,
    "buy": BareAction.BUY,
    "买入": BareAction.BUY,
    "sell": BareAction.SELL,
    "卖出": BareAction.SELL,
    "deny": BareAction.DENY,
    "拒绝": BareAction.DENY,
}
_SIDES: Final = {"all": SideScope.ALL, "buy": SideScope.BUY, "sell": SideScope.SELL}
PORT_MAX: Final = 65_535
_TCP: Final = re.compile(r"tcp:127\.0\.0\.1:([0-9]{1,5})")
_ALL_VERBS: Final = (Verb.BUY, Verb.SELL, Verb.CANCEL)


class Door(Struct, frozen=True, kw_only=True):
    """How one door is carried; what it may do stands in ``EngineSettings.doors`` under the same name."""

    name: str
    kind: str
    address: str
    """A path, or the name of a pipe."""
    mode: str = "listen"
    heartbeat_ns: int = 0
    """Expected at least this often (connect mode); 0: not watched."""


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
    recording: Path | None
    """Bars or ticks that the embedded exchange plays, from its start on; None: made-up quotes."""
    log_days: int
    log_bytes_max: int
    digest: str


def load(path: Path) -> Configuration:
    """Read the configuration at ``path``.

    Raises:
        ConfigurationError: with file, line, key, and what would be right.
    """
    file = ConfigFile(path)
    root = Table(file, (), file.tables)
    mode = root.word("mode", _MODES)
    if mode is not Mode.PAPER:
        root.wrong(
            "mode", f"「{mode.value}」模式还没有做好，目前只有 paper", f"{mode.value} is not built yet, only paper is"
        )
    data, log, session = root.table("data"), root.table("log"), root.table("session")
    folder = data.absolute("folder", path.parent, data.text("folder", DEFAULT_FOLDER))
    log_days = log.number("days", 5, least=1, most=3650)
    log_bytes_max = log.number("size_mb", 500, least=1, most=1_000_000) * 1_000_000
    always_open, no_cancel = read_session(session)
    for each in (data, log):
        each.close()
    recording = _recording(root.table("feed"), path.parent)
    signals = root.table("signals")
    bare, bare_size = _bare(signals.table("bare"))
    default_price = signals.price("default_price") or PriceSpec(PriceKind.LATEST, text="latest")
    ttl_ns = signals.span_ns("ttl", 10 * SECOND_NS)
    orders_per_signal_max = signals.number("orders_per_signal_max", 1000, least=1, most=1000)
    submits_per_minute_max = signals.number("submits_per_minute_max", 600, least=1)
    signals.close()
    limits = root.table("limits")
    fallback = _Limits(
        limits.value_max("order_value_max", 100_000 * UNIT),
        limits.number("orders_per_signal_max", 50, least=1, most=1000),
        limits.number("bare_per_day_max", 1, least=1),
    )
    settle_ns = limits.span_ns("settle", 60 * SECOND_NS)
    quote_age_max_ns = limits.span_ns("quote_age_max", 3 * SECOND_NS)
    limits.close()
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
    door_defaults = _DoorDefaults(bare, bare_size, ttl_ns)
    doors: list[Door] = []
    permissions: list[DoorSettings] = []
    for table in root.tables("doors"):
        _door(table, path.parent, door_defaults, known, doors, permissions)
    if not doors:
        root.wrong("doors", "至少要有一个通道：[[doors]]", "at least one door is needed: [[doors]]")
    root.close()
    permissions.append(
        DoorSettings(name=CONTROL_DOOR, allow=_ALL_VERBS, bare=bare, default_size=bare_size, ttl_ns=ttl_ns)
    )
    engine = EngineSettings(
        mode=mode,
        accounts=tuple(accounts),
        doors=tuple(permissions),
        default_price=default_price,
        orders_per_signal_max=orders_per_signal_max,
        submits_per_minute_max=submits_per_minute_max,
        quote_age_max_ns=quote_age_max_ns,
        settle_ns=settle_ns,
        no_cancel=no_cancel,
    )
    return Configuration(
        path=path,
        folder=folder,
        engine=engine,
        doors=tuple(doors),
        terminals=tuple(terminals),
        always_open=always_open,
        recording=recording,
        log_days=log_days,
        log_bytes_max=log_bytes_max,
        digest=file.digest,
    )


class _Limits(Struct, frozen=True):
    order_value_max: Money
    orders_per_signal_max: int
    bare_per_day_max: int


class _DoorDefaults(Struct, frozen=True):
    bare: BareAction
    size: Size | None
    ttl_ns: int


def _recording(table: Table, base: Path) -> Path | None:
    """Return the file whose bars or ticks are played, None for made-up quotes."""
    kind = table.word("kind", {"synthetic": False, "recorded": True}, False)
    recording = table.absolute("file", base, table.text("file")) if kind else None
    if recording is not None and not recording.is_file():
        table.wrong("file", f"没有这个文件：{recording}", f"there is no such file: {recording}")
    table.close()
    return recording


def _bare(table: Table) -> tuple[BareAction, Size | None]:
    action = table.word("action", _BARE, BareAction.UNSET)
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
        stamp_duty_millionths=table.percent_millionths("stamp_duty_percent", base.stamp_duty_millionths),
        transfer_millionths=table.percent_millionths("transfer_percent", base.transfer_millionths),
    )
    table.close()
    return fees


def _terminal(
    table: Table,
    base: Path,
    fallback: _Limits,
    fees: FeeSchedule,
    terminals: list[Terminal],
    accounts: list[AccountSettings],
) -> list[Table]:
    """Add a terminal and its accounts; return the tables of the accounts."""
    name = table.name("name")
    if any(name.casefold() == each.name.casefold() for each in terminals):  # It is part of the name of a file.
        table.wrong("name", f"终端重名：{name}", f"two terminals are named {name}")
    kind = table.word("kind", {"simulated": "simulated", "qmt": "qmt"})
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


def _account(table: Table, terminal: str, fallback: _Limits, fees: FeeSchedule) -> tuple[AccountSettings, Account]:
    number = AccountId(table.identity("account"))
    if table.has("fees"):
        fees = _fees(table.table("fees"), fees)
    settings = AccountSettings(
        account=number,
        name=table.name("name", ""),
        groups=table.names("groups"),
        terminal=terminal,
        order_value_max=table.value_max("order_value_max", fallback.order_value_max),
        orders_per_signal_max=table.number("orders_per_signal_max", fallback.orders_per_signal_max, least=1, most=1000),
        bare_per_day_max=table.number("bare_per_day_max", fallback.bare_per_day_max, least=1),
        fees=fees,
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
        rule = rule_for(symbol)
        if rule is None or rule.kind not in TRADED:
            what = "unknown" if rule is None else rule.kind.value
            table.wrong(
                "positions",
                f"{written} 不是股票、基金或可转债（{what}）",
                f"{written} is no stock, fund or convertible ({what})",
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


def _door(
    table: Table,
    base: Path,
    defaults: _DoorDefaults,
    known: dict[str, AccountId],
    doors: list[Door],
    permissions: list[DoorSettings],
) -> None:
    kind = table.word("kind", {each: each for each in DOOR_KINDS})
    posix = kind != "named_pipe"
    if posix == (sys.platform == "win32"):
        right = "named_pipe" if sys.platform == "win32" else "unix_socket 或 fifo"
        table.wrong("kind", f"这台机器上不能用 {kind}，请用 {right}", f"{kind} does not exist on this system")
    mode = table.word("mode", {"listen": "listen", "connect": "connect"}, "listen")
    if mode == "connect" and posix:
        table.wrong("mode", "只有 named_pipe 可以 connect", "only a named_pipe can connect")
    written = table.text("path" if posix else "name")
    address = str(table.absolute("path", base, written)) if posix else written
    if not posix and not address.startswith("\\\\.\\pipe\\"):
        table.wrong(
            "name", "管道名应写作 '\\\\.\\pipe\\…'（单引号）", "a pipe is named '\\\\.\\pipe\\…', in single quotes"
        )
    twin = next((each for each in doors if os.path.normcase(each.address) == os.path.normcase(address)), None)
    if twin is not None:
        table.wrong(
            "path" if posix else "name",
            f"和通道 {twin.name} 是同一个地址：每个通道要有自己的地址",
            f"door {twin.name} has this address already: every door needs its own",
        )
    name = _label(table, kind, Path(written).stem if posix else written.rpartition("\\")[2], doors)
    if table.has("heartbeat") and mode != "connect":
        table.wrong(
            "heartbeat",
            '只有 named_pipe 的 mode = "connect" 才看心跳，请去掉',
            'belongs to a named_pipe with mode = "connect" only: leave it out',
        )
    heartbeat_ns = table.span_ns("heartbeat", 0)
    doors.append(Door(name=name, kind=kind, address=address, mode=mode, heartbeat_ns=heartbeat_ns))
    permissions.append(_permission(table, name, defaults, known))
    table.close()


def _label(table: Table, kind: str, derived: str, doors: list[Door]) -> str:
    """Return the name of a door: its label as it stands, else the end of its path, else that and its kind."""
    taken = {CONTROL_DOOR, *(door.name for door in doors)}
    if table.has("label"):
        name = table.name("label")
    else:
        name = table.name("label", derived if derived not in taken else f"{derived}-{kind}")
        if not is_name(name):
            table.wrong(
                "label",
                '路径里没有可用的名称，请写一个，例如 label = "monitor"',
                'the path gives no usable name, write one, such as label = "monitor"',
            )
    if name in taken:
        table.wrong("label", f"通道重名：{name}，请换一个", f"there is a door named {name} already, choose another")
    return name


def _permission(table: Table, name: str, defaults: _DoorDefaults, known: dict[str, AccountId]) -> DoorSettings:
    allow = list(_ALL_VERBS)
    if table.has("allow"):
        allow = []
        for word in table.texts("allow"):
            if word not in _VERBS:
                table.wrong("allow", f"「{word}」不是 buy、sell、cancel", f"{word} is none of buy, sell, cancel")
            allow.append(_VERBS[word])
        if not allow:
            table.wrong("allow", "至少允许一种", "allow at least one")
    accounts = _permitted(table, known)
    bare = table.word("bare", _BARE, defaults.bare)
    buys_only = Verb.BUY in allow and Verb.SELL not in allow
    size = table.size("default_size", verb=Verb.BUY if bare is BareAction.BUY or buys_only else Verb.SELL)
    if size is None and defaults.size is not None:
        size = defaults.size
        table.fits("default_size", size, Verb.BUY if bare is BareAction.BUY else Verb.SELL)
    if bare in (BareAction.BUY, BareAction.SELL) and size is None:
        table.wrong("default_size", '裸信号买卖须写数量，例如 "1手"', 'bare buys and sells need a size such as "1手"')
    return DoorSettings(
        name=name,
        allow=tuple(dict.fromkeys(allow)),
        accounts=accounts,
        order_value_max=table.value_max("order_value_max", 0),
        bare=bare,
        cancel_side=table.word("cancel_side", _SIDES, SideScope.ALL),
        default_size=size,
        default_price=table.price("default_price"),
        ttl_ns=table.span_ns("ttl", defaults.ttl_ns),
        infer_market=table.flag("infer_market", False),
    )


def _permitted(table: Table, known: Mapping[str, AccountId]) -> tuple[AccountId, ...]:
    """Return the accounts a door serves; nothing for all of them, which an empty list does not say."""
    given = table.has("accounts")
    words = table.names("accounts")
    if given and not words:
        table.wrong(
            "accounts",
            "列表是空的：所有账户都可用请去掉这个设置，否则写出账号",
            "an empty list: leave the key out for every account, else name them",
        )
    for word in words:
        if word not in known:
            table.wrong("accounts", f"没有这个账户：{word}", f"no such account: {word}")
    return tuple(dict.fromkeys(known[word] for word in words))
