"""``[[terminals]]``: the ways to brokers, and the accounts behind each."""

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
from qmt_trading.market.instruments import kind_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import Limits, ScopeKind
from qmt_trading.model.numbers import UNIT, Money, Quantity
from qmt_trading.model.settings import AccountSettings, FeeRounding, FeeSchedule
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Mode
from qmt_trading.run.config_limits import read_limits
from qmt_trading.run.config_reader import Table
from qmt_trading.run.config_reconcile import read_policy
from qmt_trading.run.control_door import PATH_BYTES_MAX

PORT_MAX: Final = 65_535
_TCP: Final = re.compile(r"tcp:127\.0\.0\.1:([0-9]{1,5})")
_PIPE: Final = re.compile(r"pipe:[A-Za-z0-9._-]{1,200}", re.ASCII)
DEFAULT_SESSIONS: Final = "100-119"
SESSIONS_MAX: Final = 100
"""Each session leaves files behind in the terminal's folder, so the numbers come from a small range."""
_SESSIONS: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_SIMULATED_KEYS: Final = ("seed", "address", "exchange_folder")
_QMT_KEYS: Final = ("path", "python", "xtquant", "sessions", "simulation")
_FULL_QMT_KEYS: Final = ("address", "simulation", "needs_callback")
DEFAULT_FULL_QMT_ADDRESS: Final = "tcp:127.0.0.1:58651"


class Account(Struct, frozen=True, kw_only=True):
    """What one account begins with on paper."""

    account: AccountId
    cash: Money
    holdings: tuple[tuple[Symbol, Quantity], ...]
    fees: FeeSchedule


class QmtTerminal(Struct, frozen=True, kw_only=True):
    """A QMT client on this machine that is driven through a host process of its own."""

    path: Path
    """Its ``userdata_mini``."""
    python: str
    """The interpreter that runs the host; empty: this one."""
    xtquant: str
    """The folder in which the package ``xtquant`` lies; empty: installed for that interpreter."""
    sessions: tuple[int, int]
    """First and last of the session numbers that this system may use."""
    simulation: bool
    """A person's word that this is the broker's simulation terminal: no money is at stake."""


class FullQmtTerminal(Struct, frozen=True, kw_only=True):
    """A full QMT client on this machine, in which a person runs our strategy; that dials us."""

    address: str
    """Where we listen: ``tcp:127.0.0.1:PORT``, ``pipe:NAME``, or ``files:`` and an absolute folder."""
    simulation: bool
    """A person's word that this is the broker's simulation terminal: no money is at stake."""
    needs_callback: bool
    """Whether the account counts as ready only after the terminal called back, as it does for live strategies."""


class Terminal(Struct, frozen=True, kw_only=True):
    """One way to a broker and its accounts."""

    name: str
    seed: int
    address: str
    """Of a simulated exchange in a process of its own; empty: embedded."""
    exchange_folder: str
    """Where the cookie of a tcp address lies."""
    accounts: tuple[Account, ...]
    qmt: QmtTerminal | None = None
    fullqmt: FullQmtTerminal | None = None
    """Both None: a simulated exchange."""

    @property
    def is_client(self) -> bool:
        """Whether a broker's client stands behind it, and no exchange of ours."""
        return self.qmt is not None or self.fullqmt is not None


class Fallback(Struct, frozen=True):
    """What holds for accounts that do not say otherwise."""

    limits: Limits
    bare_per_day_max: int
    fees: FeeSchedule


class Terminals(Struct, frozen=True):
    """All terminals, and the settings of all their accounts."""

    terminals: tuple[Terminal, ...]
    accounts: tuple[AccountSettings, ...]

    @property
    def simulated_only(self) -> bool:
        """Tell whether no account behind any of them holds money."""
        return simulated_only(self.terminals)


def simulated_only(terminals: Iterable[Terminal]) -> bool:
    """Tell whether no account behind any of ``terminals`` holds money."""
    clients = [each.qmt or each.fullqmt for each in terminals]
    return all(client is None or client.simulation for client in clients)


def read_terminals(root: Table, base: Path, mode: Mode, fallback: Fallback) -> Terminals:
    """Return what ``[[terminals]]`` says.

    Raises:
        ConfigurationError: with file, line and what would be right.
    """
    terminals: list[Terminal] = []
    accounts: list[AccountSettings] = []
    tables: list[Table] = []
    for table in root.tables("terminals"):
        tables += _terminal(table, base, mode, fallback, terminals, accounts)
    if not accounts:
        root.wrong("terminals", "至少要有一个账户：[[terminals.accounts]]", "at least one account is needed")
    _check_words(zip(tables, accounts, strict=True))
    return Terminals(tuple(terminals), tuple(accounts))


def read_fees(table: Table, base: FeeSchedule | None = None) -> FeeSchedule:
    """Return what a table of fees says; what it leaves out is as in ``base``."""
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
    mode: Mode,
    fallback: Fallback,
    terminals: list[Terminal],
    accounts: list[AccountSettings],
) -> list[Table]:
    """Add a terminal and its accounts; return the tables of the accounts."""
    name = table.name("name")
    if any(name.casefold() == each.name.casefold() for each in terminals):  # It is part of the name of a file.
        table.wrong("name", f"终端重名：{name}", f"two terminals are named {name}")
    kind = _kind(table, mode)
    qmt = _qmt(table, base) if kind == "qmt" else None
    fullqmt = _fullqmt(table, terminals) if kind == "fullqmt" else None
    is_client = kind != "simulated"
    table.know(*(_SIMULATED_KEYS if is_client else (*_QMT_KEYS, *_FULL_QMT_KEYS)))
    seed = table.number("seed", 1) if not is_client else 1
    address, exchange_folder = _exchange(table, base) if not is_client else ("", "")
    tables = table.tables("accounts")
    found: list[Account] = []
    for each in tables:
        settings, opening = _account(each, name, fallback, is_qmt=is_client)
        accounts.append(settings)
        found.append(opening)
    if not found:
        table.wrong("", "终端没有账户：[[terminals.accounts]]", "a terminal without accounts")
    table.close()
    terminals.append(
        Terminal(
            name=name,
            seed=seed,
            address=address,
            exchange_folder=exchange_folder,
            accounts=tuple(found),
            qmt=qmt,
            fullqmt=fullqmt,
        )
    )
    return tables


def _kind(table: Table, mode: Mode) -> str:
    """Return what the terminal is: where the mode is to trade with a client or to watch one, it must be one."""
    kind = table.word("kind", {each: each for each in ("simulated", "qmt", "fullqmt")})
    is_client = kind != "simulated"
    if is_client and mode not in (Mode.LIVE, Mode.SHADOW):
        table.wrong(
            "kind",
            '模拟（paper）只用内置交易所；QMT 终端请用 mode = "shadow"（观察，只看不下）或 mode = "live"',
            "paper trades on the simulated exchange only; a QMT terminal needs mode = shadow or live",
        )
    if not is_client and mode in (Mode.LIVE, Mode.SHADOW):
        table.wrong(
            "kind",
            f'「{mode.value}」模式需要 QMT 终端：kind = "qmt"（miniQMT）或 "fullqmt"（大 QMT）',
            f"{mode.value} needs kind = qmt or fullqmt",
        )
    return kind


def _fullqmt(table: Table, before: Iterable[Terminal]) -> FullQmtTerminal:
    """Return what is written of a full QMT client, of which nothing but our own end can be looked at."""
    address = table.text("address", DEFAULT_FULL_QMT_ADDRESS)
    if address.startswith("files:") and Path(address.removeprefix("files:")).is_absolute():
        address = f"files:{table.absolute('address', Path(), address.removeprefix('files:'))}"
    elif not _PIPE.fullmatch(address):
        tcp = _TCP.fullmatch(address)
        if tcp is None or not 0 < int(tcp[1]) <= PORT_MAX:
            table.wrong(
                "address",
                "应写作 tcp:127.0.0.1:端口，或（终端里的 Python 不能用套接字时）pipe:名字、files:绝对路径",
                "is written tcp:127.0.0.1:PORT, pipe:NAME, or files: and an absolute path",
            )
    if any(each.fullqmt is not None and each.fullqmt.address == address for each in before):
        table.wrong(
            "address",
            f"{address} 已是另一个终端的：每个大 QMT 用自己的端口、管道或文件夹",
            "is another terminal's: each has a port, pipe or folder of its own",
        )
    return FullQmtTerminal(
        address=address,
        simulation=table.flag("simulation", False),
        needs_callback=table.flag("needs_callback", True),
    )


def _qmt(table: Table, base: Path) -> QmtTerminal:
    """Return what is written of a QMT client. Whether it is there is for the doctor and the start to tell."""
    path = table.absolute("path", base, table.text("path"))
    found = _SESSIONS.fullmatch(table.text("sessions", DEFAULT_SESSIONS))
    first, last = (int(found[1]), int(found[2])) if found is not None else (0, 0)
    if not 0 < first < last < first + SESSIONS_MAX:
        table.wrong(
            "sessions",
            f'写作 "100-119"：两个正整数，最多 {SESSIONS_MAX} 个',
            f"is written 100-119: two positive numbers, at most {SESSIONS_MAX} of them",
        )
    xtquant = table.text("xtquant", "")
    return QmtTerminal(
        path=path,
        python=table.text("python", ""),
        xtquant=str(table.absolute("xtquant", base, xtquant)) if xtquant else "",
        sessions=(first, last),
        simulation=table.flag("simulation", False),
    )


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


def _account(table: Table, terminal: str, fallback: Fallback, *, is_qmt: bool) -> tuple[AccountSettings, Account]:
    number = AccountId(table.identity("account"))
    fees = read_fees(table.table("fees"), fallback.fees) if table.has("fees") else fallback.fees
    settings = AccountSettings(
        account=number,
        name=table.name("name", ""),
        groups=table.names("groups"),
        terminal=terminal,
        limits=read_limits(table, ScopeKind.ACCOUNT, fallback.limits),
        bare_per_day_max=table.number("bare_per_day_max", fallback.bare_per_day_max, least=1),
        fees=fees,
        settles_alone=not is_qmt,
        **read_policy(table)._asdict(),
    )
    if is_qmt:
        for key in ("cash", "positions"):
            if table.has(key):
                table.wrong(
                    key,
                    "QMT 账户的资金和持仓由柜台告知，不写在这里",
                    "cash and positions of a QMT account are the broker's to tell",
                )
            table.know(key)
    cash = table.money("cash", 1_000_000 * UNIT) if not is_qmt else Money(0)
    holdings = _holdings(table) if not is_qmt else ()
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
