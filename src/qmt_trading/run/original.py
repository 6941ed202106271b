"""What the original system's own files say: client path, accounts, pipe. They are read, never executed."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Final

from msgspec import Struct

from qmt_trading.codec.names import is_name
from qmt_trading.model.errors import ConfigurationError

PIPE_PREFIX: Final = "\\\\.\\pipe\\"
ACCOUNT_TYPES: Final = ("STOCK", "CREDIT", "FUTURE", "FUTURE_OPTION", "STOCK_OPTION", "HUGANGTONG", "SHENGANGTONG")
STOCK: Final = "STOCK"
ACCOUNT_CALL: Final = "StockAccount"
UNREADABLE: Final = "?"
"""Type of an account whose type is written in a way that only running the program could tell."""
_USUAL_NAMES: Final = ("main.py", "config.ini")
_INI_SUFFIXES: Final = (".ini", ".cfg", ".conf", ".txt")
_PIPE_NAME: Final = re.compile(r"[^\\/'\x00-\x1f]{1,200}")


class Found(Struct, frozen=True):
    """One value, and the line it stands on."""

    value: str
    line: int
    file: str
    """Name of the file, without its folder."""

    @property
    def where(self) -> str:
        return f"{self.file} 第 {self.line} 行"


class FoundAccount(Struct, frozen=True):
    """One account and its type."""

    account: Found
    kind: str = STOCK


class Original(Struct, frozen=True, kw_only=True):
    """What was found, and what was seen but could not be read."""

    userdata: Found | None = None
    """The client's folder, ``…\\userdata_mini``."""
    pipe: Found | None = None
    creates_pipe: bool | None = None
    """Whether the original program makes the pipe (True) or dials one that the monitor makes (False); None: unknown."""
    accounts: tuple[FoundAccount, ...] = ()
    unreadable: tuple[Found, ...] = ()
    """Lines that concern one of these and cannot be read without running them."""

    @property
    def usable(self) -> tuple[FoundAccount, ...]:
        """The accounts that this version can take over."""
        return tuple(each for each in self.accounts if not refusal_of(each))

    @property
    def refused(self) -> tuple[FoundAccount, ...]:
        return tuple(each for each in self.accounts if refusal_of(each))


def refusal_of(found: FoundAccount) -> str:
    """Return why this account cannot be taken over and what to do; empty: it can."""
    number = found.account.value
    if not is_name(number):
        return f"账号「{number}」不能用：只用字母、数字、. _ - 和汉字。请改好后手工加到 qmt.toml"
    match found.kind:
        case "STOCK":
            return ""
        case "CREDIT":
            return (
                f"信用账户 {number}（CREDIT）：这个版本没有融资融券，也不会把它当普通账户用。"
                "请让原程序继续管它，或在 QMT 里手工操作；普通账户照常迁移"
            )
        case "?":
            return f"账户 {number}：类型要运行程序才知道。确定是普通股票账户（STOCK）的话，请手工加到 qmt.toml"
        case kind:
            return f"账户 {number}（{kind}）：这个版本只有普通股票账户（STOCK）。请让原程序继续管它"


def read_original(path: Path) -> Original:
    """Read the original system's main.py or config.ini, or the folder that holds them; one is read with the other.

    Raises:
        ConfigurationError: it is not there, no text, or no Python.
    """
    from qmt_trading.run.original_ini import read_ini
    from qmt_trading.run.original_script import names_of_ini, read_script

    if path.is_dir():
        path = next((path / name for name in _USUAL_NAMES if (path / name).is_file()), path / _USUAL_NAMES[0])
    text = _text_of(path)
    if path.suffix.lower() not in _INI_SUFFIXES:
        found = read_script(text, path.name)
        for name in names_of_ini(text):
            beside = path.parent / _file_name(name)
            if beside.is_file():
                found = _merged(found, read_ini(_text_of(beside), beside.name))
        return found
    found = read_ini(text, path.name)
    program = path.parent / _USUAL_NAMES[0]
    if program.is_file() and path.name in map(_file_name, names_of_ini(of_program := _text_of(program))):
        with contextlib.suppress(ConfigurationError):  # The file that was named can be read; this one is a help only.
            found = _merged(read_script(of_program, program.name), found)
    return found


def _file_name(written: str) -> str:
    return written.replace("\\", "/").rpartition("/")[2]


def pipe_address(written: str) -> str | None:
    r"""Return the full name of a pipe that is written ``\\.\pipe\name`` or ``name``; None: it is none."""
    written = written.strip()
    stem = re.sub(r"^[\\/]+\.[\\/]+pipe[\\/]+", "", written, flags=re.IGNORECASE)
    return PIPE_PREFIX + stem if _PIPE_NAME.fullmatch(stem) else None


def tidy_path(written: str) -> str:
    """Return a Windows path with single backslashes and none at its end."""
    written = written.strip().replace("/", "\\")
    head, rest = (written[:2], written[2:]) if written.startswith("\\\\") else ("", written)
    return head + re.sub(r"\\{2,}", r"\\", rest).rstrip("\\")


def is_userdata(written: str) -> bool:
    """Tell whether ``written`` looks like the folder that the client keeps its data in."""
    return re.search(r"userdata(_mini)?\s*[\\/]*\s*$", written, re.IGNORECASE) is not None


def _text_of(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} 无法读取：{error.strerror or error} / cannot be read") from error
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        if encoding == "utf-16" or not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            try:
                return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
            except UnicodeDecodeError:
                continue
    raise ConfigurationError(f"{path} 不是 UTF-8 或 GBK 文本 / is not text in UTF-8 or GB18030")


def _merged(program: Original, ini: Original) -> Original:
    """Return what the program says, and what its config.ini says where the program is silent."""
    known = {each.account.value for each in program.accounts}
    accounts = program.accounts + tuple(each for each in ini.accounts if each.account.value not in known)
    userdata = program.userdata or ini.userdata
    puzzles = [
        each  # What the program takes from its config.ini has been read there.
        for each in program.unreadable
        if not (ini.accounts if ACCOUNT_CALL in each.value else userdata)
    ]
    return Original(
        userdata=userdata,
        pipe=program.pipe or ini.pipe,
        creates_pipe=program.creates_pipe,
        accounts=accounts,
        unreadable=(*puzzles, *ini.unreadable),
    )
