"""The ``[[doors]]`` of the configuration: how each is carried, and what it may do."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from qmt_trading.codec.names import is_name
from qmt_trading.model.limits import NO_LIMITS, ScopeKind
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import DoorSettings
from qmt_trading.model.signal import AccountId, Size
from qmt_trading.model.words import BareAction, SideScope, Verb
from qmt_trading.run.config_file_doors import FileDoor, check_actions, file_door
from qmt_trading.run.config_limits import read_limits
from qmt_trading.run.config_reader import Table

CONTROL_DOOR: Final = "control"
STREAM_KINDS: Final = ("unix_socket", "fifo", "named_pipe")
_STREAM_KINDS_HERE: Final = ("named_pipe",) if sys.platform == "win32" else ("unix_socket", "fifo")
FILE_KINDS: Final = ("folder", "tail")
HTTP_KIND: Final = "http"
ALL_VERBS: Final = (Verb.BUY, Verb.SELL, Verb.CANCEL)
BARE_ACTIONS: Final = {
    "cancel": BareAction.CANCEL,
    "撤单": BareAction.CANCEL,
    "buy": BareAction.BUY,
    "买入": BareAction.BUY,
    "sell": BareAction.SELL,
    "卖出": BareAction.SELL,
    "deny": BareAction.DENY,
    "拒绝": BareAction.DENY,
}
_VERBS: Final = {
    "buy": Verb.BUY,
    "买入": Verb.BUY,
    "sell": Verb.SELL,
    "卖出": Verb.SELL,
    "cancel": Verb.CANCEL,
    "撤单": Verb.CANCEL,
}
_SIDES: Final = {"all": SideScope.ALL, "buy": SideScope.BUY, "sell": SideScope.SELL}


class Door(Struct, frozen=True, kw_only=True):
    """How one door is carried; what it may do stands in ``EngineSettings.doors`` under the same name."""

    name: str
    kind: str
    address: str
    """A path, or the name of a pipe."""
    mode: str = "listen"
    heartbeat_ns: int = 0
    """Expected at least this often (connect mode); 0: not watched."""
    accounts: tuple[AccountId, ...] = ()
    """Files: for plans, and for rows and alerts, which name none."""
    ttl_ns: int = 10 * SECOND_NS
    infer_market: bool = False
    file: FileDoor | None = None
    """Of the kinds ``folder`` and ``tail``."""


class DoorDefaults(Struct, frozen=True):
    """What ``[signals]`` says for doors that say nothing."""

    bare: BareAction
    size: Size | None
    ttl_ns: int


def add_door(
    table: Table,
    base: Path,
    defaults: DoorDefaults,
    known: Mapping[str, AccountId],
    doors: list[Door],
    permissions: list[DoorSettings],
) -> None:
    """Add the door of ``table``, and what it may do.

    Raises:
        ConfigurationError: with file, line, key, and what would be right.
    """
    kind = table.word(
        "kind",
        {each: each for each in (*STREAM_KINDS, *FILE_KINDS, HTTP_KIND)},
        offered=(*_STREAM_KINDS_HERE, *FILE_KINDS, HTTP_KIND),
    )
    if kind == HTTP_KIND:
        _add_http(table, defaults, known, doors, permissions)
        return
    mode = "listen" if kind in FILE_KINDS else _mode(table, kind)
    is_path = kind != "named_pipe"
    written = table.text("path" if is_path else "name")
    address = str(table.absolute("path", base, written)) if is_path else written
    if not is_path and not address.startswith("\\\\.\\pipe\\"):
        table.wrong(
            "name", "管道名应写作 '\\\\.\\pipe\\…'（单引号）", "a pipe is named '\\\\.\\pipe\\…', in single quotes"
        )
    twin = next((each for each in doors if os.path.normcase(each.address) == os.path.normcase(address)), None)
    if twin is not None:
        table.wrong(
            "path" if is_path else "name",
            f"和通道 {twin.name} 是同一个地址：每个通道要有自己的地址",
            f"door {twin.name} has this address already: every door needs its own",
        )
    name = _label(table, kind, Path(written).stem if is_path else written.rpartition("\\")[2], doors)
    if table.has("heartbeat") and mode != "connect":
        table.wrong(
            "heartbeat",
            '只有 named_pipe 的 mode = "connect" 才看心跳，请去掉',
            'belongs to a named_pipe with mode = "connect" only: leave it out',
        )
    heartbeat_ns = table.span_ns("heartbeat", 0)
    file = file_door(table, kind, address) if kind in FILE_KINDS else None
    permission = _permission(table, name, defaults, known)
    if file is not None:
        check_actions(table, kind, file, permission)
    doors.append(
        Door(
            name=name,
            kind=kind,
            address=address,
            mode=mode,
            heartbeat_ns=heartbeat_ns,
            accounts=permission.accounts,
            ttl_ns=permission.ttl_ns,
            infer_market=permission.infer_market,
            file=file,
        )
    )
    permissions.append(permission)
    table.close()


def _add_http(
    table: Table,
    defaults: DoorDefaults,
    known: Mapping[str, AccountId],
    doors: list[Door],
    permissions: list[DoorSettings],
) -> None:
    """Add a door that has no address of its own: the panel listens for it."""
    name = _label(table, HTTP_KIND, HTTP_KIND, doors)
    permission = _permission(table, name, defaults, known)
    doors.append(
        Door(
            name=name,
            kind=HTTP_KIND,
            address="",
            accounts=permission.accounts,
            ttl_ns=permission.ttl_ns,
            infer_market=permission.infer_market,
        )
    )
    permissions.append(permission)
    table.close()


def _mode(table: Table, kind: str) -> str:
    posix = kind != "named_pipe"
    if posix == (sys.platform == "win32"):
        right = "named_pipe" if sys.platform == "win32" else "unix_socket 或 fifo"
        table.wrong("kind", f"这台机器上不能用 {kind}，请用 {right}", f"{kind} does not exist on this system")
    mode = table.word("mode", {"listen": "listen", "connect": "connect"}, "listen")
    if mode == "connect" and posix:
        table.wrong("mode", "只有 named_pipe 可以 connect", "only a named_pipe can connect")
    return mode


def _label(table: Table, kind: str, derived: str, doors: list[Door]) -> str:
    """Return the name of a door: its label as it stands, else the end of its path, else that and its kind."""
    table.mean("name", "label")
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


def _permission(table: Table, name: str, defaults: DoorDefaults, known: Mapping[str, AccountId]) -> DoorSettings:
    allow = list(ALL_VERBS)
    if table.has("allow"):
        allow = []
        for word in table.texts("allow"):
            if word not in _VERBS:
                table.wrong("allow", f"「{word}」不是 buy、sell、cancel", f"{word} is none of buy, sell, cancel")
            allow.append(_VERBS[word])
        if not allow:
            table.wrong("allow", "至少允许一种", "allow at least one")
    accounts = accounts_of(table, known)
    bare = table.word("bare", BARE_ACTIONS, defaults.bare)
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
        limits=read_limits(table, ScopeKind.DOOR, NO_LIMITS),
        bare=bare,
        cancel_side=table.word("cancel_side", _SIDES, SideScope.ALL),
        default_size=size,
        default_price=table.price("default_price"),
        ttl_ns=table.span_ns("ttl", defaults.ttl_ns),
        infer_market=table.flag("infer_market", False),
    )


def accounts_of(table: Table, known: Mapping[str, AccountId]) -> tuple[AccountId, ...]:
    """Return the accounts that ``accounts`` names; nothing for all of them, which an empty list does not say.

    Raises:
        ConfigurationError: the list is empty, or names none that there is.
    """
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
