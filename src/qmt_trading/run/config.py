"""The configuration: one TOML file, decoded into values that refuse whatever is not known or not possible."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.symbols import normalise
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, UNIT, Money, Quantity
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings, FeeSchedule
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec, Size
from qmt_trading.model.words import BareAction, Mode, SideScope, Verb
from qmt_trading.run.config_file import ConfigFile
from qmt_trading.run.config_reader import Table

CONTROL_DOOR: Final = "control"
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
    folder = (path.parent / data.text("folder", "data")).resolve()
    log_days = log.number("days", 5, least=1, most=3650)
    log_bytes_max = log.number("size_mb", 500, least=1, most=1_000_000) * 1_000_000
    always_open = session.flag("always_open", False)
    for each in (data, log, session):
        each.close()
    signals = root.table("signals")
    bare, bare_size = _bare(signals.table("bare"))
    default_price = signals.price("default_price") or PriceSpec(PriceKind.LATEST, text="latest")
    ttl_ns = signals.span_ns("ttl", 10 * SECOND_NS)
    orders_per_signal_max = signals.number("orders_per_signal_max", 1000, least=1, most=1000)
    submits_per_minute_max = signals.number("submits_per_minute_max", 600, least=1)
    signals.close()
    limits = root.table("limits")
    fallback = _Limits(
        limits.money("order_value_max", 100_000 * UNIT),
        limits.number("orders_per_signal_max", 50, least=1, most=1000),
        limits.number("bare_per_day_max", 1, least=1),
    )
    settle_ns = limits.span_ns("settle", 60 * SECOND_NS)
    quote_age_max_ns = limits.span_ns("quote_age_max", 3 * SECOND_NS)
    limits.close()
    fees = _fees(root.table("fees"))
    terminals: list[Terminal] = []
    accounts: list[AccountSettings] = []
    for table in root.tables("terminals"):
        _terminal(table, fallback, fees, terminals, accounts)
    if not accounts:
        root.wrong("terminals", "至少要有一个账户：[[terminals.accounts]]", "at least one account is needed")
    _check_names(root, accounts)
    known: dict[str, AccountId] = {}
    for settings in accounts:
        known |= {settings.account: settings.account, settings.name or settings.account: settings.account}
    door_defaults = _DoorDefaults(bare, bare_size, ttl_ns)
    doors: list[Door] = []
    permissions: list[DoorSettings] = []
    for table in root.tables("doors"):
        _door(table, path.parent, door_defaults, known, doors, permissions)
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
    )
    return Configuration(
        path=path,
        folder=folder,
        engine=engine,
        doors=tuple(doors),
        terminals=tuple(terminals),
        always_open=always_open,
        log_days=log_days,
        log_bytes_max=log_bytes_max,
        digest=hashlib.sha256(path.read_bytes()).hexdigest()[:16],
    )


class _Limits(Struct, frozen=True):
    order_value_max: Money
    orders_per_signal_max: int
    bare_per_day_max: int


class _DoorDefaults(Struct, frozen=True):
    bare: BareAction
    size: Size | None
    ttl_ns: int


def _bare(table: Table) -> tuple[BareAction, Size | None]:
    action = table.word("action", _BARE, BareAction.UNSET)
    size = table.size("size")
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
    table: Table, fallback: _Limits, fees: FeeSchedule, terminals: list[Terminal], accounts: list[AccountSettings]
) -> None:
    name = table.text("name")
    if any(name == each.name for each in terminals):
        table.wrong("name", f"终端重名：{name}", f"two terminals are named {name}")
    kind = table.word("kind", {"simulated": "simulated", "qmt": "qmt"})
    if kind == "qmt":
        table.wrong("kind", "QMT 终端还没有做好，目前只有 simulated", "qmt is not built yet, only simulated is")
    seed = table.number("seed", 1)
    address = table.text("address", "-").strip()
    exchange_folder = table.text("exchange_folder", "-")
    if address.startswith("tcp:") and exchange_folder == "-":
        table.wrong("exchange_folder", "tcp 地址须写交易所的文件夹", "a tcp address needs the exchange's folder")
    found: list[Account] = []
    for each in table.tables("accounts"):
        settings, opening = _account(each, name, fallback, fees)
        if any(settings.account == other.account for other in accounts):
            each.wrong("account", f"账号写了两次：{settings.account}", f"account {settings.account} stands twice")
        accounts.append(settings)
        found.append(opening)
    if not found:
        table.wrong("", "终端没有账户：[[terminals.accounts]]", "a terminal without accounts")
    table.close()
    terminals.append(
        Terminal(
            name=name,
            kind=kind,
            seed=seed,
            address="" if address == "-" else address,
            exchange_folder="" if exchange_folder == "-" else exchange_folder,
            accounts=tuple(found),
        )
    )


def _account(table: Table, terminal: str, fallback: _Limits, fees: FeeSchedule) -> tuple[AccountSettings, Account]:
    number = AccountId(table.identity("account"))
    if table.has("fees"):
        fees = _fees(table.table("fees"), fees)
    settings = AccountSettings(
        account=number,
        name=table.text("name", "-").strip("-"),
        groups=table.texts("groups"),
        terminal=terminal,
        order_value_max=table.money("order_value_max", fallback.order_value_max),
        orders_per_signal_max=table.number("orders_per_signal_max", fallback.orders_per_signal_max, least=1, most=1000),
        bare_per_day_max=table.number("bare_per_day_max", fallback.bare_per_day_max, least=1),
        fees=fees,
    )
    cash = table.money("cash", 1_000_000 * UNIT)
    holdings: list[tuple[Symbol, Quantity]] = []
    for written, quantity in table.entries("positions").items():
        try:
            symbol = normalise(written)
        except MalformedError:
            table.wrong("positions", f"代码看不懂：{written}", f"not a symbol: {written}")
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity <= 0:
            table.wrong(
                "positions", f"{written} 的数量应是正整数", f"the quantity of {written} is a positive whole number"
            )
        holdings.append((symbol, Quantity(quantity)))
    table.close()
    return settings, Account(account=number, cash=cash, holdings=tuple(holdings), fees=fees)


def _check_names(root: Table, accounts: list[AccountSettings]) -> None:
    """Refuse a name that equals another account's number or name, or a group."""
    taken: dict[str, AccountId] = {each.account: each.account for each in accounts}
    groups = {group for each in accounts for group in each.groups}
    for each in accounts:
        if each.name and taken.setdefault(each.name, each.account) != each.account:
            root.wrong("terminals", f"名称重复：{each.name}", f"a name stands twice: {each.name}")
        if each.name in groups or each.account in groups:
            root.wrong("terminals", f"名称与分组相同：{each.name}", f"a name equals a group: {each.name}")


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
    address = str((base / written).resolve()) if posix else written
    if not posix and not address.startswith("\\\\.\\pipe\\"):
        table.wrong(
            "name", "管道名应写作 '\\\\.\\pipe\\…'（单引号）", "a pipe is named '\\\\.\\pipe\\…', in single quotes"
        )
    name = table.text("label", Path(written).stem if posix else written.rpartition("\\")[2])
    if name == CONTROL_DOOR or any(name == each.name for each in doors):
        name = f"{name}-{kind}"
    if name == CONTROL_DOOR or any(name == each.name for each in doors):
        table.wrong("label", f"通道重名：{name}", f"two doors are named {name}")
    heartbeat_ns = table.span_ns("heartbeat", 0) if table.has("heartbeat") else 0
    doors.append(Door(name=name, kind=kind, address=address, mode=mode, heartbeat_ns=heartbeat_ns))
    permissions.append(_permission(table, name, defaults, known))
    table.close()


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
    accounts: list[AccountId] = []
    for word in table.texts("accounts"):
        if word not in known:
            table.wrong("accounts", f"没有这个账户：{word}", f"no such account: {word}")
        accounts.append(known[word])
    bare = table.word("bare", _BARE, defaults.bare) if table.has("bare") else defaults.bare
    size = table.size("default_size") or defaults.size
    if bare in (BareAction.BUY, BareAction.SELL) and size is None:
        table.wrong("default_size", '裸信号买卖须写数量，例如 "1手"', 'bare buys and sells need a size such as "1手"')
    return DoorSettings(
        name=name,
        allow=tuple(dict.fromkeys(allow)),
        accounts=tuple(accounts),
        order_value_max=table.money("order_value_max", 0),
        bare=bare,
        cancel_side=table.word("cancel_side", _SIDES, SideScope.ALL),
        default_size=size,
        default_price=table.price("default_price"),
        ttl_ns=table.span_ns("ttl", defaults.ttl_ns),
        infer_market=table.flag("infer_market", False),
    )
