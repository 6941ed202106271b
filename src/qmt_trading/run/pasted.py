"""The strategy that a person pastes into a full QMT client: our host's text with its first lines filled in."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from qmt_trading import hosts
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.config_terminals import Terminal

HOST_TEXT: Final = Path(hosts.__file__).with_name("fullqmt_host.py")
_SECRET: Final = re.compile(rb"[0-9a-f]{32}")


class Pasted(NamedTuple):
    """What stands ready for one client."""

    path: Path
    """The text to be pasted; it holds the secret."""
    secret: bytes
    is_new: bool
    """Whether the text is another than the one that stood there, so that what was pasted is to be replaced."""


def prepare(folder: Path, terminal: Terminal, *, observe: bool) -> Pasted:
    """Write the text for ``terminal`` into ``folder``, with a secret that stays the same from then on.

    Args:
        observe: the strategy is never to send anything, whatever it is told.

    Raises:
        ConfigurationError: a file cannot be read or written, or the secret's has been changed.
    """
    path = path_of(folder, terminal)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        secret = _secret(_secret_path(folder, terminal))
        wanted = _wanted(terminal, secret, observe=observe)
        if _found(path) == wanted:
            return Pasted(path, secret, False)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)  # One that was left may be for everybody's eyes.
        _write(fresh, wanted)
        os.replace(fresh, path)
    except OSError as error:
        raise ConfigurationError(f"大 QMT 的策略文件写不出：{error} / the text to paste cannot be written") from error
    return Pasted(path, secret, True)


def path_of(folder: Path, terminal: Terminal) -> Path:
    """Return where the text for ``terminal`` stands, or will."""
    return folder / f"fullqmt-{terminal.name}.py"


def build() -> str:
    """Return what tells this version of the text from others, whatever is filled in; the host says it of itself."""
    return hashlib.sha256(HOST_TEXT.read_bytes()).hexdigest()[:12]


def why_stale(folder: Path, terminal: Terminal, *, observe: bool) -> str:
    """Return why the text that stands there is not the one to paste; empty: it is. Writes nothing.

    Raises:
        ConfigurationError: a file cannot be read, or the secret's has been changed.
    """
    try:
        found, secret_path = _found(path_of(folder, terminal)), _secret_path(folder, terminal)
        if found is None or not secret_path.exists():
            return "还没有写出"
        secret = _secret(secret_path)
        if found == _wanted(terminal, secret, observe=observe):
            return ""
        if f'\nBUILD = "{build()}"\n'.encode() not in found.replace(b"'", b'"'):
            return "是另一个版本的"
        return "设置变了（地址、密钥、观察与否或 needs_callback）"
    except OSError as error:
        raise ConfigurationError(f"大 QMT 的策略文件读不出：{error} / the text to paste cannot be read") from error


def secret_of(folder: Path, terminal: Terminal) -> bytes:
    """Return the secret of the text that was pasted. Writes nothing.

    Raises:
        ConfigurationError: there is none, or it has been changed.
    """
    path = _secret_path(folder, terminal)
    if not path.exists():
        raise ConfigurationError(f"没有 {path}：客户端里没有本系统的策略 / nothing was ever pasted")
    return _secret(path)


def _found(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _secret_path(folder: Path, terminal: Terminal) -> Path:
    return folder / f"fullqmt-{terminal.name}.secret"


def _wanted(terminal: Terminal, secret: bytes, *, observe: bool) -> bytes:
    assert terminal.fullqmt is not None
    settings = {
        "LINKS": (terminal.fullqmt.address,),
        "SECRET": secret.decode("ascii"),
        "OBSERVE": observe,
        "NEEDS_CALLBACK": terminal.fullqmt.needs_callback,
        "BUILD": build(),
    }
    return filled_in(HOST_TEXT.read_text(encoding="ascii"), settings).encode("ascii")


def filled_in(text: str, settings: Mapping[str, object]) -> str:
    """Return the host's text with ``settings``, each of which has one line of its own there."""
    for name, value in settings.items():
        text, count = re.subn(rf"^{name} = .*$", lambda _: f"{name} = {value!a}", text, flags=re.MULTILINE)  # noqa: B023 - called before the next turn.
        assert count == 1, name
    return text


def _secret(path: Path) -> bytes:
    try:
        found = path.read_bytes().strip()
    except FileNotFoundError:
        found = secrets.token_hex(16).encode("ascii")
        _write(path, found + b"\n")
    if not _SECRET.fullmatch(found):
        raise ConfigurationError(f"{path} 被改动过：删掉它会生成新的，策略要重新粘贴 / it was changed; delete it")
    return found


def _write(path: Path, data: bytes) -> None:
    """Write a file that is for this user's eyes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
