"""What may stand behind the question mark of an address; anything else is refused by name."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from qmt_trading.panel.orders_index import LIMIT_MAX, Kind, Wish, WishError
from qmt_trading.panel.refusals import RefusedError

_Word = Annotated[str, Field(max_length=64)]
T = TypeVar("T")
_OFFSET_MAX: Final = 10_000_000


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(_Query):
    """Nothing may stand there."""


class TableQuery(_Query):
    """Which rows of a table, in which order, and which part of them."""

    offset: int = Field(default=0, ge=0, le=_OFFSET_MAX)
    limit: int = Field(default=100, ge=1, le=LIMIT_MAX)
    sort: Annotated[str, Field(max_length=32, pattern=r"^-?[a-z_]*$")] = ""
    status: _Word = ""
    account: _Word = ""
    symbol: _Word = ""
    side: Literal["", "buy", "sell"] = ""
    door: _Word = ""
    q: _Word = ""

    def wish(self) -> Wish:
        """Return what is wished for, without the part."""
        return Wish(
            status=self.status,
            account=self.account,
            symbol=self.symbol,
            side=self.side,
            door=self.door,
            q=self.q.strip(),
            sort=self.sort,
        )


class SymbolsQuery(_Query):
    symbols: Annotated[str, Field(max_length=4000)] = ""
    """With commas between them."""

    def listed(self) -> list[str]:
        return [symbol for symbol in (part.strip().upper() for part in self.symbols.split(",")) if symbol]


class AccountQuery(_Query):
    account: _Word = ""


class LogQuery(_Query):
    level: Literal["", "info", "warning", "critical"] = ""
    q: _Word = ""
    after: Annotated[str, Field(max_length=64)] = ""
    limit: int = Field(default=500, ge=1, le=1000)


def checked(kind: Kind[T], query: TableQuery) -> Wish:
    """Return the wish of ``query``.

    Raises:
        RefusedError: 422, a word that this table does not know; it says which ones it does.
    """
    wish = query.wish()
    try:
        kind.check(wish)
    except WishError as error:
        allowed = "、".join(error.allowed)
        raise RefusedError(
            "invalid",
            f"{error.name} 不对：可用 {allowed}" if allowed else f"这张表不能按 {error.name} 筛选",
            f"{error.name} may be one of: {allowed}" if allowed else f"this table has no {error.name}",
            field=error.name,
            allowed=list(error.allowed),
        ) from error
    return wish
