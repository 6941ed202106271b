"""Hiding an address with its tokens in what far ends and libraries say, in whatever spelling they repeat it."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, unquote_plus

from qmt_trading.notify.channel import Secret

SECRET_FROM: Final = 3
"""Pieces of an address of that many characters are masked."""
HIDDEN: Final = "***"


class Mask:
    """Hides every piece of one address: in any case, percent-encoded once or twice, escaped, or in base64."""

    def __init__(self, url: Secret) -> None:
        _, _, rest = url.reveal().partition("://")
        pieces = {rest, *re.split(r"[:/@?&=,#\s]+", rest)}
        pieces |= {unquote(piece) for piece in pieces} | {unquote_plus(piece) for piece in pieces}
        patterns = {_spelt(piece): len(piece) for piece in pieces if len(piece) >= SECRET_FROM}
        in_base64 = {
            each for text in (*pieces, *_credentials(rest)) if len(text) >= SECRET_FROM for each in _coded(text)
        }
        patterns |= {re.escape(each): len(each) for each in in_base64}
        longest_first = sorted(patterns, key=lambda pattern: patterns[pattern], reverse=True)
        self._hidden = re.compile("|".join(longest_first), re.IGNORECASE) if longest_first else None

    def hide(self, text: str) -> str:
        return self._hidden.sub(HIDDEN, text) if self._hidden is not None else text


def _spelt(piece: str) -> str:
    """Return a pattern of ``piece`` in which each character may be written in its own way."""
    return "".join(_character(each) for each in piece)


def _character(character: str) -> str:
    percent = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    ways = [
        character,
        percent,
        percent.replace("%", "%25"),
        html.escape(character),
        f"&#{ord(character)};",
        f"&#x{ord(character):x};",
        f"\\x{ord(character):02x}",
        f"\\u{ord(character):04x}",
        f"\\{character}",
        *(["+"] if character == " " else []),
    ]
    return f"(?:{'|'.join(re.escape(way) for way in dict.fromkeys(ways))})"


def _credentials(rest: str) -> Iterator[str]:
    """Yield what is sent, in base64, of the user and the password before the ``@``."""
    told, at, behind = rest.rpartition("@")
    user, colon, password = told.partition(":")
    if not at or not colon:
        return
    host = re.split(r"[:/?]", behind, maxsplit=1)[0]
    for name in (unquote(user), f"{unquote(user)}@{host}"):
        yield f"{name}:{unquote(password)}"  # HTTP's Basic
        yield f"\0{name}\0{unquote(password)}"  # SMTP's PLAIN


def _coded(text: str) -> Iterator[str]:
    raw = text.encode("utf-8", "surrogatepass")
    for code in (base64.b64encode, base64.urlsafe_b64encode):
        yield code(raw).decode("ascii").rstrip("=")
