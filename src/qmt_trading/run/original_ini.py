"""The original system's config.ini: ``[CLIENT] path``, ``[MESSAGE SERVER] pipe_name`` and its accounts."""

from __future__ import annotations

import re
from typing import Final

from qmt_trading.run.original import (
    ACCOUNT_TYPES,
    STOCK,
    Found,
    FoundAccount,
    Original,
    is_userdata,
    pipe_address,
    tidy_path,
)

_SECTION: Final = re.compile(r"\s*\[([^\]]*)\]")
_ENTRY: Final = re.compile(r"\s*([^=:\s][^=:]*?)\s*[=:]\s*(.*)")
_COMMENT: Final = re.compile(r"\s[;#].*$")
_WORD: Final = re.compile(r"[^\s,;，；|:/\[\](){}'\"]+")
_ACCOUNT_KEY: Final = re.compile(
    r"(?:acc(?:oun)?t(?:s|_?ids?|_?nos?|_?list)?|资金账号|账号|账户|帐号)[_-]?\d*", re.IGNORECASE
)
_TYPE_KEY: Final = re.compile(r"type|类型", re.IGNORECASE)
_ID_KEY: Final = re.compile(r"(?:ids?|nos?|numbers?)[_-]?\d*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d{4,}")


def read_ini(text: str, file: str) -> Original:
    """Read the text of a config.ini; what it holds besides is left alone."""
    userdata: Found | None = None
    pipe: Found | None = None
    accounts: dict[str, FoundAccount] = {}
    unreadable: list[Found] = []
    for entries in _sections(text):
        keys: dict[str, str] = {}
        types: list[tuple[str, str, Found]] = []
        for section, key, value, line in entries:
            if "path" in key.lower() and (is_userdata(value) or (userdata is None and section.upper() == "CLIENT")):
                userdata = Found(tidy_path(value), line, file)
            elif "pipe" in key.lower() or value.lower().startswith("\\\\.\\pipe\\"):
                address = pipe_address(value)
                pipe = pipe or (Found(address, line, file) if address else None)
            elif _TYPE_KEY.search(key):
                types.append((_digits(key), value.upper(), Found(f"{key} = {value}", line, file)))
            elif named := _accounts_in(section, key, value):
                for number, kind in named:
                    accounts.setdefault(number, FoundAccount(Found(number, line, file), kind))
                    keys[number] = key
            elif any(word.upper() in ACCOUNT_TYPES[1:] for word in _WORD.findall(value)):
                unreadable.append(Found(f"{key} = {value}", line, file))
        for digits, kind, found in types:
            meant = [number for number, key in keys.items() if not digits or _digits(key) == digits]
            for number in meant:
                accounts[number] = FoundAccount(accounts[number].account, kind)
            if not meant and kind != STOCK:
                unreadable.append(found)
    return Original(userdata=userdata, pipe=pipe, accounts=tuple(accounts.values()), unreadable=tuple(unreadable))


def _digits(key: str) -> str:
    return "".join(re.findall(r"\d", key))


def _sections(text: str) -> list[list[tuple[str, str, str, int]]]:
    """Return section, key, value and line of each entry, section by section; a value may go on indented."""
    found: list[list[tuple[str, str, str, int]]] = [[]]
    section = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith((";", "#")):
            continue
        header = _SECTION.match(line)
        entry = _ENTRY.match(line)
        entries = found[-1]
        if header:
            section = header[1].strip()
            found.append([])
        elif entries and line[0] in " \t" and not (entry and "=" in line):
            _, key, value, first = entries[-1]
            entries[-1] = (section, key, f"{value} {_COMMENT.sub('', line).strip()}".strip(), first)
        elif entry:
            entries.append((section, entry[1], _COMMENT.sub("", entry[2]).strip().strip("'\""), number))
        else:
            entries.append((section, line.strip(), "", number))
    return found


def _accounts_in(section: str, key: str, value: str) -> list[tuple[str, str]]:
    """Return the accounts that one entry names, each with its type."""
    of_accounts = re.search(r"acc(oun)?t|账户|账号|帐号", section, re.IGNORECASE) is not None
    words = _WORD.findall(value)
    if of_accounts and _NUMBER.fullmatch(key):
        return [(key, next((word.upper() for word in words if word.upper() in ACCOUNT_TYPES), STOCK))]
    if not (_ACCOUNT_KEY.fullmatch(key) or (of_accounts and (_ID_KEY.fullmatch(key) or _NUMBER.match(value)))):
        return []
    found: list[tuple[str, str]] = []
    for word in words:
        if word.upper() in ACCOUNT_TYPES:
            if found:
                found[-1] = (found[-1][0], word.upper())
        else:
            found.append((word, STOCK))
    return found
