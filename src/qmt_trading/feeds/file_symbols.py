"""The symbol that a file name or a cell means, in any of the forms that vendors use."""

from __future__ import annotations

import re
from typing import Final

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.symbols import normalise
from qmt_trading.model.instrument import Symbol

_ANYWHERE: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:(SH|SZ|BJ|SSE|SZSE|BSE)[.#_-]?)?([0-9]{6})"
    r"(?:[._-]?(SH|SZ|BJ|SS|SSE|SZSE|BSE|XSHG|XSHE))?(?![0-9A-Za-z])",
    re.IGNORECASE,
)


class NoSymbolError(ValueError):
    """It names no symbol, or one whose market is not certain; the text says what to write."""


def symbol_in(name: str) -> Symbol:
    """Return the symbol in a name or a title: ``sh600000``, ``SH#600000``, ``600000.XSHG``, ``600000``.

    Raises:
        NoSymbolError: there is none, more than one, or a bare code that two markets have.
    """
    found = {_joined(match) for match in _ANYWHERE.finditer(name)}
    if len(found) != 1:
        raise NoSymbolError(
            f"「{name}」里没有一个代码 / no single symbol in it" if not found else f"「{name}」里不止一个代码"
        )
    return symbol_of(found.pop())


def symbol_of(written: str) -> Symbol:
    """Return the symbol that a cell means; a bare code takes the only market that has it.

    Raises:
        NoSymbolError: it is none.
    """
    text = written.strip()
    match = _ANYWHERE.fullmatch(text)
    try:
        return normalise(_joined(match) if match is not None else text.zfill(6), infer_market=True)
    except MalformedError as error:
        likely = "、".join(str(part) for part in error.figures[1:])
        hint = f"，应写作 {likely} 之一" if likely else "，应写作 600000.SH"
        raise NoSymbolError(f"代码「{written}」无法识别{hint} / not a symbol") from error


def _joined(match: re.Match[str]) -> str:
    market = match[3] or match[1]
    return f"{match[2]}.{market}" if market else match[2]
