"""Symbols as senders write them, brought to the one form ``600000.SH``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.market.instruments import kind_of
from qmt_trading.model.instrument import Symbol

VENUES: Final = ("SH", "SZ", "BJ")

_MARKETS: Final = {
    "SH": "SH",
    "SS": "SH",
    "SSE": "SH",
    "XSHG": "SH",
    "SZ": "SZ",
    "SZSE": "SZ",
    "XSHE": "SZ",
    "BJ": "BJ",
    "BSE": "BJ",
}
_CODE_FIRST: Final = re.compile(r"([0-9]{6})\.(SH|SS|SSE|XSHG|SZ|SZSE|XSHE|BJ|BSE)")
_MARKET_FIRST: Final = re.compile(r"(?:(SH|SZ|BJ)\.?|(SSE|SZSE|BSE)\.(?:STK\.)?)([0-9]{6})")
_TRADING_VIEW: Final = re.compile(r"(SSE|SZSE):([0-9]{6})")
_DIGITS: Final = re.compile(r"[0-9]{1,6}")


@lru_cache(maxsize=4096)
def normalise(written: str, *, infer_market: bool = False, trading_view: bool = False) -> Symbol:
    """Return the symbol that ``written`` means; case is ignored.

    Args:
        infer_market: a bare code takes the only market that knows it; never codes of 000, which name a stock in
            Shenzhen and an index in Shanghai.
        trading_view: ``SSE:600000`` is allowed.

    Raises:
        MalformedError: it is no symbol, or its market is missing; the likely one is named.
    """
    if not written.isascii():
        raise MalformedError("symbol", written)
    letters = written.upper()
    match = _CODE_FIRST.fullmatch(letters)
    if match is not None:
        return Symbol(f"{match[1]}.{_MARKETS[match[2]]}")
    match = _MARKET_FIRST.fullmatch(letters)
    if match is not None:
        return Symbol(f"{match[3]}.{_MARKETS[match[1] or match[2]]}")
    match = _TRADING_VIEW.fullmatch(letters)
    if match is not None and trading_view:
        return Symbol(f"{match[2]}.{_MARKETS[match[1]]}")
    if _DIGITS.fullmatch(letters) is not None:
        likely = likely_symbols(letters.zfill(6))
        if infer_market and len(letters) == 6 and len(likely) == 1 and not letters.startswith("000"):
            return likely[0]
        if likely:
            raise MalformedError("market_missing", written, " / ".join(likely))
        if len(letters) == 6:
            raise MalformedError("market_unknown", written)
    raise MalformedError("symbol", written)


def likely_symbols(code: str) -> tuple[Symbol, ...]:
    """Return the symbols that six digits may mean, stocks before indices."""
    found = [symbol for venue in VENUES if kind_of(symbol := Symbol(f"{code}.{venue}")) is not None]
    return tuple(reversed(found)) if code.startswith("000") else tuple(found)
