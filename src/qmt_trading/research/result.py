"""What a backtest came to: equity by the day, every fill and order as columns, and what was blocked and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from qmt_trading.model.errors import QmtError
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.numbers import to_text
from qmt_trading.model.words import OrderStatus
from qmt_trading.research.columns import sha256_of

if TYPE_CHECKING:
    from pathlib import Path

VERSION: Final = 1
"""Of the file form."""
MODES: Final = ("bars", "columns", "wake", "dates", "target", "signals")
DENIED: Final = "DENIED"
STATUSES: Final = (DENIED, *(each.value for each in OrderStatus))
"""What ``Orders.status`` counts: an order that our own gate refused, then the engine's states."""
REASONS: Final = (
    "",
    "LIMIT_UP_MISSED",
    "LIMIT_DOWN_MISSED",
    "SUSPENDED",
    "T_PLUS_1",
    "LOT",
    "CASH",
    "VOLUME_CAP",
    "SEALED",
    "PRICE",
    "NOT_REACHED",
    "NO_BAR",
    "LIMITS",
    "CANCELED",
    "QUANTITY",
    "NOT_HELD",
)
"""Why an order was refused, stayed short, or ended without a fill; ``Orders.reason`` counts them."""
Array = npt.NDArray[Any]


class ResultError(QmtError):
    """A file is no result of a backtest, or of a version that this program does not know."""


class Fills(Struct, frozen=True, kw_only=True, eq=False):
    """One row a fill, in order of time. Money in ten-thousandths of a yuan."""

    at_ns: Array
    symbol: Array
    """Index into ``Result.symbols``."""
    side: Array
    """+1 buy, -1 sell."""
    quantity: Array
    price: Array
    fee: Array
    """All of it: the three below together, but for the rest of a ten-thousandth where fees are not rounded."""
    commission: Array
    stamp_tax: Array
    transfer_fee: Array
    order: Array
    """Row of ``Result.orders``."""
    profit: Array
    """Of a sell, after fees against the cost of what was sold; 0 of a buy."""
    day: Array
    """Index into ``Result.days``."""

    def __len__(self) -> int:
        return len(self.at_ns)


class Orders(Struct, frozen=True, kw_only=True, eq=False):
    """One row an order, in the order they were made."""

    made_ns: Array
    """When the strategy decided it."""
    ended_ns: Array
    symbol: Array
    side: Array
    quantity: Array
    limit_price: Array
    """0: without a limit."""
    status: Array
    """Index into ``STATUSES``."""
    filled_quantity: Array
    reason: Array
    """Index into ``REASONS``."""

    def __len__(self) -> int:
        return len(self.made_ns)


class _HasHash(Protocol):
    @property
    def sha256(self) -> str: ...


class Hashed:
    """The hash of one history or of several, taken when somebody asks: it costs more than a fast run."""

    __slots__ = ("_data", "_known")

    def __init__(self, data: Sequence[_HasHash] = (), known: str = "") -> None:
        self._data = data
        self._known = known

    @property
    def sha256(self) -> str:
        if not self._known:
            found = [each.sha256 for each in self._data]
            self._known = found[0] if len(found) == 1 else sha256_of(" ".join(found), ())
            self._data = ()
        return self._known

    def __reduce__(self) -> tuple[type[Hashed], tuple[tuple[()], str]]:
        return Hashed, ((), self.sha256)


class Entries(Struct, frozen=True, kw_only=True, eq=False):
    """What no fill moved: corporate actions, and what was held at the beginning; each before the fills of its day."""

    day: Array
    """Index into ``Result.days``."""
    symbol: Array
    quantity: Array
    """Shares that came."""
    cash: Array
    """What came beside them, in ten-thousandths of a yuan; below 0: the tax that a sale of this day made due."""
    cost: Array
    """What the shares were worth that the account began with; 0 of a corporate action."""


class DataSource(Struct, frozen=True, kw_only=True):
    """What history was used."""

    source: str
    frequency: str
    first: str
    last: str
    rows: int
    adjusted: str
    hashed: Hashed

    @property
    def sha256(self) -> str:
        """Hash of the numbers."""
        return self.hashed.sha256


class Result(Struct, frozen=True, kw_only=True, eq=False):
    """One finished run. Money in ten-thousandths of a yuan, one row a day at its end."""

    mode: str
    strategy: str
    parameters: dict[str, Any]
    symbols: tuple[str, ...]
    days: Array
    """datetime64[D]"""
    equity: Array
    """Cash, market value, and dividends between their ex-day and their pay day."""
    cash: Array
    market_value: Array
    fills: Fills
    orders: Orders
    blocked: dict[str, int]
    """How many orders each of ``REASONS`` stopped or cut."""
    initial_cash: int
    costs: str
    fill_model: str
    data: DataSource
    gate: str = "legal"
    benchmark: Array | None = None
    """The benchmark's close of each day; 0 before its first and after its last."""
    benchmark_name: str = ""
    income: Array | None = None
    """What corporate actions brought in cash, by the day; None: nothing."""
    entries: Entries | None = None
    """The same one by one, with the shares that came."""
    last_prices: Array | None = None
    """Of each symbol, the last known; None: the result does not tell."""
    dividend_tax: int = 0
    """What was taken of dividends; ``income`` and ``entries`` are after it."""
    warnings: tuple[tuple[str, str], ...] = ()
    """In Chinese and in English."""
    elapsed_cpu_s: float = 0.0

    @property
    def initial_equity(self) -> int:
        """Cash at the start, and what was held then at the close before."""
        return self.initial_cash + (0 if self.entries is None else int(self.entries.cost.sum()))

    @property
    def final_equity(self) -> int:
        return int(self.equity[-1]) if len(self.equity) else self.initial_cash

    def to_json(self) -> bytes:
        """Return the whole of it in this project's own form, from which ``from_json`` makes the same again."""
        return msgspec.json.encode({"form": "qmt-backtest", "version": VERSION, "result": _plain(self)})

    @staticmethod
    def from_json(data: bytes) -> Result:
        """Return the result that ``to_json`` wrote.

        Raises:
            ResultError: it is none, or of a later version.
        """
        try:
            found = msgspec.json.decode(data)
            version = found["version"] if found["form"] == "qmt-backtest" else None
        except (msgspec.DecodeError, KeyError, TypeError) as cause:
            raise ResultError("not a backtest result of this project / 不是本项目的回测结果") from cause
        if version != VERSION:
            raise ResultError(f"a result of version {version}, this program reads {VERSION}")
        fields = {name: _restored(value) for name, value in found["result"].items()}
        fields["fills"], fields["orders"] = Fills(**fields["fills"]), Orders(**fields["orders"])
        source = fields["data"]
        fields["entries"] = Entries(**fields["entries"]) if fields.get("entries") else None
        fields["data"] = DataSource(**{**source, "hashed": Hashed(known=source["hashed"])})
        fields["symbols"] = tuple(fields["symbols"])
        fields["warnings"] = tuple((chinese, english) for chinese, english in fields["warnings"])
        return Result(**fields)

    def to_csv(self, folder: Path) -> tuple[Path, ...]:
        """Write ``equity.csv``, ``fills.csv`` and ``orders.csv`` into ``folder``, in yuan, UTF-8 with a mark."""
        folder.mkdir(parents=True, exist_ok=True)
        fills, orders = self.fills, self.orders
        money = _yuan
        return (
            _write(
                folder / "equity.csv",
                ("day", "equity", "cash", "market_value"),
                zip(self.days.astype(str), money(self.equity), money(self.cash), money(self.market_value), strict=True),
            ),
            _write(
                folder / "fills.csv",
                (
                    "at",
                    "symbol",
                    "side",
                    "quantity",
                    "price",
                    "fee",
                    "commission",
                    "stamp_tax",
                    "transfer_fee",
                    "order",
                    "profit",
                ),
                zip(
                    map(to_iso_text, fills.at_ns.tolist()),
                    self._names(fills.symbol),
                    _sides(fills.side),
                    fills.quantity.tolist(),
                    money(fills.price),
                    money(fills.fee),
                    money(fills.commission),
                    money(fills.stamp_tax),
                    money(fills.transfer_fee),
                    fills.order.tolist(),
                    money(fills.profit),
                    strict=True,
                ),
            ),
            _write(
                folder / "orders.csv",
                ("made", "ended", "symbol", "side", "quantity", "limit", "status", "filled", "reason"),
                zip(
                    map(to_iso_text, orders.made_ns.tolist()),
                    (to_iso_text(at_ns) if at_ns else "" for at_ns in orders.ended_ns.tolist()),
                    self._names(orders.symbol),
                    _sides(orders.side),
                    orders.quantity.tolist(),
                    money(orders.limit_price),
                    (STATUSES[each] for each in orders.status.tolist()),
                    orders.filled_quantity.tolist(),
                    (REASONS[each] for each in orders.reason.tolist()),
                    strict=True,
                ),
            ),
        )

    def _names(self, indexes: Array) -> list[str]:
        return [self.symbols[each] for each in indexes.tolist()]


def _yuan(column: Array) -> list[str]:
    return [to_text(each) for each in column.tolist()]


def _sides(column: Array) -> list[str]:
    return ["buy" if each > 0 else "sell" for each in column.tolist()]


def _write(path: Path, head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> Path:
    import csv  # Here and below: what writes a result down is not what makes one.

    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
    return path


def _plain(value: Any) -> Any:
    """Return ``value`` as JSON knows it: an array becomes its type and its bytes."""
    import base64

    if isinstance(value, np.ndarray):
        is_day = value.dtype.kind == "M"
        raw = value.astype("datetime64[D]").astype(np.int64) if is_day else value
        kind = "day" if is_day else value.dtype.newbyteorder("<").str
        body = np.ascontiguousarray(raw.astype(raw.dtype.newbyteorder("<"))).tobytes()
        return {"array": kind, "bytes": base64.b64encode(body).decode("ascii")}
    if isinstance(value, Hashed):
        return value.sha256
    if isinstance(value, Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return value


def _restored(value: Any) -> Any:
    import base64

    if isinstance(value, Mapping):
        if value.keys() == {"array", "bytes"}:
            body = base64.b64decode(value["bytes"])
            if value["array"] == "day":
                return np.frombuffer(body, "<i8").astype("datetime64[D]")
            return np.frombuffer(body, value["array"]).copy()
        return {name: _restored(each) for name, each in value.items()}
    return value
