"""Which characters ids, accounts and strategies are made of."""

from __future__ import annotations

import re
from typing import Final

from qmt_trading.codec.malformed import NAME_CHARACTERS_MAX, MalformedError

CJK: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"

_NAME: Final = re.compile(f"[A-Za-z0-9._{CJK}-]{{1,{NAME_CHARACTERS_MAX}}}")
_ACCOUNT: Final = re.compile(rf"\*|@?[A-Za-z0-9._{CJK}-]{{1,{NAME_CHARACTERS_MAX}}}")
_ACCOUNT_STRANGE: Final = re.compile(f"[^A-Za-z0-9._{CJK}-]")
_HOURS: Final = re.compile(r" [0-9]{1,2}\Z")
_ID: Final = re.compile(r"[A-Za-z0-9._-][A-Za-z0-9._/-]{0,63}")
_ID_STRANGE: Final = re.compile(r"[^A-Za-z0-9._/-]")


def is_name(written: str) -> bool:
    """Tell whether ``written`` may name a strategy."""
    return _NAME.fullmatch(written) is not None


def is_id(written: str) -> bool:
    """Tell whether ``written`` may be a message's id."""
    return _ID.fullmatch(written) is not None


def is_account(written: str) -> bool:
    """Tell whether ``written`` may stand for accounts: a number or name, ``@group`` or ``*``."""
    return _ACCOUNT.fullmatch(written) is not None


def strange_in_id(written: str) -> int:
    """Return the index of the first character that spoils an id; the 65th of a long one."""
    match = _ID_STRANGE.search(written)
    if match is not None:
        return match.start()
    return 0 if written[:1] == "/" else min(len(written), NAME_CHARACTERS_MAX)


def refused_account(written: str) -> MalformedError:
    """Return why ``written`` is no account."""
    if not written:
        return MalformedError("account_empty", index=0)
    if _has_second_colon(written):
        return MalformedError("account_glued", written, index=written.index(":"))
    name = written.removeprefix("@")
    match = _ACCOUNT_STRANGE.search(name)
    if match is None:
        if not name:
            return MalformedError("account_empty", index=0)
        return MalformedError("account_long", str(len(name)), index=0)
    index = match.start() + len(written) - len(name)
    letter = match.group()
    if letter == " ":
        return MalformedError("account_space", written, index=index)
    return MalformedError("account", written, letter, index=index)


def _has_second_colon(written: str) -> bool:
    """Tell whether another item began within ``written``: the colon of a time, as in ``at 09:15:00``, is none."""
    before, colon, _ = written.partition(":")
    return bool(colon) and _HOURS.search(before) is None
