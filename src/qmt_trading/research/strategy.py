"""The class that a strategy is written as: the same in backtest, paper and live. It sees what was, never what comes.

    class Cross(Strategy):
        @dataclass
        class Parameters:
            fast: int = 10
            slow: int = 50

        def declare(self) -> None:
            self.fields = ("close",)
            self.indicators = {"fast": Sma("close", self.p.fast), "slow": Sma("close", self.p.slow)}

        def on_bar(self, bar: Bar) -> None:
            if self.position == 0:
                if bar.fast > bar.slow:
                    self.buy(1000)
            elif bar.fast < bar.slow and self.sellable:
                self.sell(self.sellable)

Prices and money are integers in ten-thousandths of a yuan, quantities are shares.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from qmt_trading.model.errors import QmtError
from qmt_trading.research.conditions import Condition, Schedule
from qmt_trading.research.declaration import check_timers, check_wake, near_to
from qmt_trading.research.indicators import Indicator


class ParameterError(QmtError):
    """A parameter that the strategy does not have, or of a wrong type; the text names it."""


class StrategyError(QmtError):
    """A strategy raised: the text names strategy, method, bar time, symbol, and holds its own traceback."""


class LookAheadError(QmtError):
    """A strategy asked for what lies ahead, or further back than history reaches."""


@dataclasses.dataclass
class NoParameters:
    """Of a strategy without any."""


class Bar:
    """What is known now of one symbol: declared fields and indicators by name.

    One object serves the whole run: what is to be kept is copied out of it.
    """

    __slots__ = ("index", "place")
    index: int
    """The row in the symbol's own history."""
    place: int
    """Which symbol; below 0: there are several, and none is at hand."""

    def __getattr__(self, name: str) -> Any:
        known = [each for each in type(self).__slots__ if each not in {"place", "row"}]
        raise AttributeError(
            f"没有声明 {name}：写进 fields 或 indicators（已声明：{'、'.join(known) or '没有'}）/ "
            f"{name!r} is not among the declared fields and indicators"
        )


class Trading(Protocol):
    """What carries a strategy's wishes: a backtest's desk, or a door of the running engine."""

    @property
    def symbols(self) -> Sequence[str]:
        """Return the symbols by their place."""

    def submit(self, place: int, side: int, quantity: int, limit: int, *, closing: bool) -> Any:
        """Make an order of ``symbols[place]``; return what it can be cancelled by."""

    def cancel(self, order: Any) -> None:
        """Cancel what is left of an order, or nothing when it has ended."""

    def target(self, place: int, quantity: int) -> Any:
        """Make the order that leads from what is held and worked for to ``quantity``; None: none is needed."""

    def targets(self, quantities: npt.NDArray[np.int64]) -> None:
        """Make the orders that lead to ``quantities``, one for each symbol, sells first."""

    quantities: list[int]
    """Shares held, by place."""

    def sellable(self, place: int) -> int:
        """Return the shares that may be sold today and are not offered yet."""

    def limits(self, place: int) -> tuple[int, int]:
        """Return the upper and the lower limit of today; 0: there is none, or no day has begun."""

    def free_cash(self) -> int:
        """Return the cash that nothing has claimed."""

    def equity(self) -> int:
        """Return cash and positions at their last known prices."""


class Series:
    """One declared column as known now: ``[0]`` is now, ``[1]`` one bar back; ``history(n)`` the last n in order."""

    __slots__ = ("_bar", "_column", "_name")

    def __init__(self, name: str, column: npt.NDArray[Any], bar: Any) -> None:
        self._name = name
        view = column.view()
        view.flags.writeable = False
        self._column = view
        self._bar = bar

    def __getitem__(self, back: int) -> Any:
        row = self._bar.index - back
        if back < 0 or row < 0:
            raise LookAheadError(
                f"{self._name}[{back}]：只有 0（现在）到 {self._bar.index}（第一根），没有以后的 / "
                f"only 0 (now) to {self._bar.index} (the first bar) are known"
            )
        return self._column[row].item()

    def history(self, count: int) -> npt.NDArray[Any]:
        """Return the last ``count`` values up to now, oldest first, read-only and not copied; fewer at the start."""
        if count < 1:
            raise LookAheadError(f"{self._name}.history({count})：至少 1 根 / at least 1 bar")
        end = self._bar.index + 1
        return self._column[max(0, end - count) : end]


class Strategy:
    """Base of every strategy. Declare in the class body, or in ``declare`` where it depends on parameters."""

    Parameters: ClassVar[type[Any]] = NoParameters
    """A dataclass: names, types and defaults of what may be set from outside."""
    fields: Sequence[str] = ("open", "high", "low", "close", "quantity")
    """What a bar shows; fewer are faster."""
    indicators: Mapping[str, Indicator] = {}
    """By the name under which a bar shows them."""
    frequency: ClassVar[str] = ""
    """``1d``, ``1m`` or ``tick`` where the strategy is made for that alone: other history is refused; empty: any."""
    wake: Condition | Schedule | None = None
    """``on_bar`` or ``on_bars`` is called only when this holds; None: always."""

    def __init__(self, **parameters: Any) -> None:
        """Take parameters by name.

        Raises:
            ParameterError: one that the strategy does not have, or of a wrong type.
            DeclarationError: what it declares cannot be.
        """
        self.p: Any = checked(type(self), parameters)
        self._trading: Trading | None = None
        self._bar: Bar | None = None
        self._quantities: list[int] = []
        self._series: list[Mapping[str, Series]] = []
        self.again = False
        """It has asked to be called on the next trading day."""
        self.declare()
        check_wake(self.name, self.wake, (Condition, Schedule))
        check_timers(self.name, self.timers)

    # What a strategy writes.

    def declare(self) -> None:
        """Set ``fields``, ``indicators`` and ``wake`` where they depend on parameters. Called once, before all else."""

    def on_start(self) -> None:
        """Called once, before the first bar."""

    def on_bar(self, bar: Any) -> None:
        """Called at the close of each bar, or of those that ``wake`` names."""

    def on_bars(self, bars: Any) -> None:
        """Called at the close of each date with the cross-section of all symbols."""

    def on_tick(self, tick: Any) -> None:
        """Called at each snapshot."""

    def on_order(self, order: Any) -> None:
        """Called when an order was refused, or ended with something left."""

    def on_fill(self, fill: Any) -> None:
        """Called after each fill."""

    def on_timer(self, at_ns: int) -> None:
        """Called at the times of day in ``timers``, before the first bar that ends later."""

    timers: Sequence[str] = ()
    """Times of day in Shanghai, ``"14:50"``."""

    # What a strategy calls.

    def buy(self, quantity: int, symbol: str = "", *, limit: int = 0, closing: bool = False) -> Any:
        """Order a buy; return the order.

        Args:
            symbol: empty: of the bar at hand. Of several symbols ``on_bars``, ``on_start`` and ``on_timer`` have none.
            limit: 0: at the market.
            closing: for the closing auction of the day in which it arrives.
        """
        return (self._trading or self._carried).submit(self._place(symbol), 1, quantity, limit, closing=closing)

    def sell(self, quantity: int, symbol: str = "", *, limit: int = 0, closing: bool = False) -> Any:
        """Order a sell; as ``buy``."""
        return (self._trading or self._carried).submit(self._place(symbol), -1, quantity, limit, closing=closing)

    def target(self, quantity: int, symbol: str = "") -> Any:
        """Order what leads from what is held and worked for to ``quantity`` shares; None: nothing is needed."""
        return self._carried.target(self._place(symbol), quantity)

    def cancel(self, order: Any) -> None:
        """Cancel what is left of ``order``."""
        self._carried.cancel(order)

    @property
    def data(self) -> Mapping[str, Series]:
        """Declared fields and indicators of the symbol of the bar at hand, back from now."""
        return self._series[self._place("")]

    @property
    def position(self) -> int:
        """Shares held of the symbol of the bar at hand."""
        place = self._bar.place  # type: ignore[union-attr]
        return self._quantities[place if place >= 0 else self._place("")]

    @property
    def sellable(self) -> int:
        """Shares of it that may be sold today (T+1) and are not offered yet."""
        place = self._bar.place  # type: ignore[union-attr]
        return self._trading.sellable(place if place >= 0 else self._place(""))  # type: ignore[union-attr]

    @property
    def limits(self) -> tuple[int, int]:
        """Upper and lower limit of today, of the symbol of the bar at hand; 0: there is none, or no day has begun."""
        return self._carried.limits(self._place(""))

    def held(self, symbol: str) -> int:
        """Return the shares held of ``symbol``."""
        return self._quantities[self._place(symbol)]

    @property
    def cash(self) -> int:
        """Cash that nothing has claimed, in ten-thousandths of a yuan."""
        return self._carried.free_cash()

    @property
    def equity(self) -> int:
        """Cash and positions at their last known prices, in ten-thousandths of a yuan."""
        return self._carried.equity()

    def wake_next_day(self) -> None:
        """Ask to be called at the close of the next trading day's first bar as well, whatever ``wake`` says."""
        self.again = True

    # How it is joined to what runs it.

    @property
    def _carried(self) -> Trading:
        if self._trading is None:
            raise StrategyError(f"{type(self).__name__}：on_start 之前还不能下单 / no order before on_start")
        return self._trading

    def _place(self, symbol: str) -> int:
        if not symbol:
            place: int = self._bar.place  # type: ignore[union-attr]
            if place < 0:
                symbols = self._carried.symbols
                raise StrategyError(
                    f"{type(self).__name__}：这里有 {len(symbols)} 个代码，要写明是哪一个，例如 "
                    f'self.buy(100, symbol="{symbols[0]}")、self.held("{symbols[0]}") / '
                    f"there are {len(symbols)} symbols here: say which, as in symbol={symbols[0]!r}"
                )
            return place
        try:
            return self._carried.symbols.index(symbol)
        except ValueError:
            raise StrategyError(f"这次没有 {symbol}：写进 -s / {symbol} is not among the symbols of this run") from None

    def join(self, trading: Trading, bar: Any, series: list[Mapping[str, Series]]) -> None:
        """Tie the strategy to what carries its orders and to the bar that it is shown.

        Raises:
            ParameterError: it was never made ready: it has an ``__init__`` that does not call this class's.
        """
        if not hasattr(self, "_series"):  # Not by ``vars``: that makes every later look at an attribute slower.
            name = type(self).__name__
            raise ParameterError(
                f"{name}.__init__ 没有调用 super().__init__(**parameters)：起始值写在 declare(self) 里 / "
                f"{name}.__init__ does not call super().__init__(**parameters): set things up in declare(self)"
            )
        self._trading, self._bar, self._series = trading, bar, series
        self._quantities = trading.quantities

    @property
    def name(self) -> str:
        return type(self).__name__


def checked(kind: type[Strategy], parameters: Mapping[str, Any]) -> Any:
    """Return ``parameters`` as the dataclass that ``kind`` declares, defaults filled in.

    Raises:
        ParameterError: one that it does not have, one that is missing, or one of a wrong type.
    """
    form = kind.Parameters
    if not dataclasses.is_dataclass(form):
        raise ParameterError(f"{kind.__name__}.Parameters 应是 dataclass / {kind.__name__}.Parameters is no dataclass")
    known = {each.name: each for each in dataclasses.fields(form)}
    for name in parameters:
        if name not in known:
            hint, perhaps = near_to(name, known)
            raise ParameterError(
                f"{kind.__name__} 没有参数 {name}{hint}有：{'、'.join(known) or '一个也没有'} / "
                f"{kind.__name__} has no parameter {name!r}; it has: {', '.join(known) or 'none'}{perhaps}"
            )
    for name, each in known.items():
        needed = each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
        if needed and name not in parameters:
            raise ParameterError(f"{kind.__name__} 缺少参数 {name} / {kind.__name__}: parameter {name!r} is missing")
    try:
        return msgspec.convert(dict(parameters), form)
    except (msgspec.ValidationError, TypeError) as cause:
        told = _named(str(cause))
        raise ParameterError(
            f"{kind.__name__} 的参数 {told.partition(':')[0]} 类型不对 / {kind.__name__}: parameter {told}"
        ) from cause


def _named(text: str) -> str:
    """Return msgspec's words with the parameter in front: ``fast: Expected `int`, got `str```."""
    words, _, place = text.partition(" - at `$.")
    return f"{place.rstrip('`')}: {words}" if place else words
