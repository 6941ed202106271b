"""Which terminal an account is at, read out of a configuration that may be broken, or told by a person."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.market.no_cancel import STANDARD
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.settings import NoCancelPhase
from qmt_trading.model.words import Mode
from qmt_trading.run import place
from qmt_trading.run.capabilities import client_version
from qmt_trading.run.config import Configuration
from qmt_trading.run.config_file import text_of
from qmt_trading.run.config_terminals import DEFAULT_SESSIONS, QmtTerminal, Terminal
from qmt_trading.run.terminals import host_command

OWN_SESSIONS: Final = 20
"""A host beside the engine's takes its session numbers right behind the engine's: two must never share one."""
_FIRST, _LAST = (int(part) for part in DEFAULT_SESSIONS.split("-"))


class Found(Struct, frozen=True, kw_only=True):
    """An account and its terminal."""

    account: str
    """Its number."""
    name: str
    """The terminal's name in the configuration; empty: only its path is known."""
    terminal: QmtTerminal
    folder: Path | None
    """The data folder; None: nobody knows."""
    mode: Mode | None
    phases: tuple[NoCancelPhase, ...]
    configuration: Configuration | None
    """None: it cannot be used as a whole."""
    trouble: str = ""
    """Why not."""

    @property
    def sessions(self) -> tuple[int, int]:
        """Session numbers that no engine over this configuration uses."""
        last = self.terminal.sessions[1]
        return last + 1, last + OWN_SESSIONS

    @property
    def simulation(self) -> bool:
        return self.terminal.simulation

    @property
    def client(self) -> str:
        """What tells this build of the client from others; empty: it cannot be told."""
        return client_version(self.terminal.path)

    @property
    def where(self) -> str:
        """The terminal, for people."""
        return str(self.terminal.path)

    @property
    def lock_scope(self) -> str:
        """What the engine locks this terminal's accounts under, machine-wide."""
        return str(self.terminal.path.resolve())

    def command(self, sessions: tuple[int, int] | None = None) -> tuple[str, ...]:
        """Return the program that speaks for the terminal, with ``sessions`` or those that no engine uses."""
        return host_command(replace(self.terminal, sessions=sessions or self.sessions))


class FullFound(Struct, frozen=True, kw_only=True):
    """An account at a full QMT client, whose strategy dials whoever listens for it."""

    account: str
    terminal: Terminal
    folder: Path
    phases: tuple[NoCancelPhase, ...]
    configuration: Configuration
    trouble: str = ""

    @property
    def address(self) -> str:
        assert self.terminal.fullqmt is not None
        return self.terminal.fullqmt.address

    @property
    def name(self) -> str:
        """The terminal's name in the configuration."""
        return self.terminal.name

    @property
    def mode(self) -> Mode:
        return self.configuration.engine.mode

    @property
    def simulation(self) -> bool:
        assert self.terminal.fullqmt is not None
        return self.terminal.fullqmt.simulation

    @property
    def client(self) -> str:
        """The same for every build: no file of ours tells which program it is."""
        return "大 QMT"

    @property
    def where(self) -> str:
        """The terminal, for people."""
        return f"{self.terminal.name}（大 QMT，{self.address}）"

    @property
    def lock_scope(self) -> str:
        """What the engine locks this terminal's accounts under, machine-wide."""
        return self.address


def find_full(config: Path, account: str) -> FullFound | None:
    """Return an account, a number or a configured name, that is at a full QMT client; None: it is at none."""
    try:
        configuration = place.find(config).configuration
    except ConfigurationError:
        return None
    if configuration is None:
        return None
    for each in configuration.engine.accounts:
        terminal = next(found for found in configuration.terminals if found.name == each.terminal)
        if account in (each.account, each.name) and terminal.fullqmt is not None:
            return FullFound(
                account=each.account,
                terminal=terminal,
                folder=configuration.folder,
                phases=configuration.engine.no_cancel or STANDARD,
                configuration=configuration,
            )
    return None


def find(config: Path, account: str, *, path: Path | None = None, python: str = "", xtquant: str = "") -> Found:
    """Return the terminal of ``account``, a number or a configured name.

    Args:
        path: the terminal's folder as a person tells it; it goes before the configuration.
        python: likewise; empty: as configured.
        xtquant: likewise.

    Raises:
        ConfigurationError: neither tells; the text says what to write.
    """
    found = _configured(config, account)
    if found is None and path is None:
        raise ConfigurationError(
            f"没有可用的配置（{config}）：请写 --terminal 终端的 userdata_mini 文件夹 --account 账号 / "
            "no configuration can be used: name the terminal's folder"
        )
    if found is None:
        assert path is not None
        found = Found(
            account=account,
            name="",
            terminal=_terminal(path),
            folder=None,
            mode=None,
            phases=STANDARD,
            configuration=None,
        )
    terminal = found.terminal
    if path is not None:
        terminal = replace(terminal, path=path.absolute())
    if python:
        terminal = replace(terminal, python=python)
    if xtquant:
        terminal = replace(terminal, xtquant=os.path.abspath(xtquant))
    return replace(found, terminal=terminal)


def _configured(config: Path, account: str) -> Found | None:
    """Return what the configuration tells; None: it tells nothing of this account, being broken or missing.

    Raises:
        ConfigurationError: it is right, and has no such account at a QMT terminal.
    """
    try:
        where = place.find(config)
    except ConfigurationError:
        return None
    if where.configuration is None:
        rest = _salvaged(config, account)
        return rest if rest is None else replace(rest, folder=where.folder, trouble=where.trouble)
    configuration = where.configuration
    for each in configuration.engine.accounts:
        if account in (each.account, each.name):
            terminal = next(found for found in configuration.terminals if found.name == each.terminal)
            if terminal.fullqmt is not None:
                raise ConfigurationError(
                    f"账户 {each.account} 在大 QMT 终端 {terminal.name} 上，那里只有粘贴进去的策略能下单："
                    "用 qmt fullqmt probe 探测，再用一手、远离市价的单（docs/full-qmt.md）/ "
                    "this account is at a full QMT client: look at it with qmt fullqmt probe, then try one lot"
                )
            if terminal.qmt is None:
                raise ConfigurationError(
                    f"账户 {each.account} 在模拟终端 {terminal.name} 上，没有 QMT 客户端：请用 qmt cancel、qmt halt / "
                    "this account is at a simulated exchange, not at a QMT terminal"
                )
            return Found(
                account=each.account,
                name=terminal.name,
                terminal=terminal.qmt,
                folder=configuration.folder,
                mode=configuration.engine.mode,
                phases=configuration.engine.no_cancel or STANDARD,
                configuration=configuration,
            )
    known = "、".join(each.account for each in configuration.engine.accounts)
    raise ConfigurationError(f"配置里没有账户 {account}；有：{known} / no such account")


def _salvaged(config: Path, account: str) -> Found | None:
    """Return what a file that is TOML, but no configuration, says of the account's terminal."""
    try:
        tables = tomllib.loads(text_of(config))
    except (ConfigurationError, tomllib.TOMLDecodeError):
        return None
    for terminal in _tables(tables.get("terminals")):
        for each in _tables(terminal.get("accounts")):
            written = terminal.get("path")
            if account in (str(each.get("account")), each.get("name")) and isinstance(written, str):
                xtquant = terminal.get("xtquant")
                base = config.absolute().parent
                return Found(
                    account=str(each.get("account")),
                    name=str(terminal.get("name", "")),
                    terminal=replace(
                        _terminal(base / written),
                        python=str(terminal.get("python", "")),
                        xtquant=str(base / xtquant) if isinstance(xtquant, str) and xtquant else "",
                    ),
                    folder=None,
                    mode=None,
                    phases=STANDARD,
                    configuration=None,
                )
    return None


def _tables(value: object) -> Iterator[dict[str, object]]:
    yield from (each for each in (value if isinstance(value, list) else []) if isinstance(each, dict))


def _terminal(path: Path) -> QmtTerminal:
    return QmtTerminal(path=path.absolute(), python="", xtquant="", sessions=(_FIRST, _LAST), simulation=False)
