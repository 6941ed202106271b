"""Whether a strategy can be called at all: a method whose name is misspelt is called by nobody, and orders nothing."""

from __future__ import annotations

import difflib
import inspect
from typing import Final

from qmt_trading.research.strategy import ParameterError, Strategy

CALLED: Final = ("on_bar", "on_bars", "on_tick", "on_timer", "on_start")
"""One of these a strategy must have, or it never does anything."""
_NEAR: Final = 0.8


def check_called(kind: type[Strategy]) -> None:
    """Refuse a strategy that nothing would ever call, or that cannot be given parameters.

    Raises:
        ParameterError: the text names what was probably meant.
    """
    name = kind.__name__
    own = [each for each in CALLED if getattr(kind, each) is not getattr(Strategy, each)]
    near = _near_miss(kind)
    if not own or (own == ["on_start"] and near):
        said, told = near or ("", "on_bar")
        hint = f"写的是 {said}，是不是 {told}？" if said else "写一个 on_bar(self, bar)（每根 K 线）或 on_bars（每天）"
        english = f"it has {said}: perhaps {told}?" if said else "write on_bar(self, bar), or on_bars"
        raise ParameterError(f"{name} 不会被调用，一笔委托也不会有：{hint} / {name} is never called: {english}")
    if kind.__init__ is not Strategy.__init__ and not any(
        each.kind is inspect.Parameter.VAR_KEYWORD for each in inspect.signature(kind.__init__).parameters.values()
    ):
        raise ParameterError(
            f"{name} 有自己的 __init__：参数放在 Parameters 里，起始值写在 declare(self) 里，不写 __init__ / "
            f"{name} has an __init__ of its own: set things up in declare(self)"
        )


def frequency_of(kind: type[Strategy]) -> str:
    """Return the frequency that a strategy declares, or ``tick`` where only ``on_tick`` is written; empty: any."""
    plain = kind.on_bar is Strategy.on_bar and kind.on_bars is Strategy.on_bars
    return kind.frequency or ("tick" if plain and kind.on_tick is not Strategy.on_tick else "")


def engine_frequency_of(kind: type[Strategy]) -> str:
    """Return the frequency at which a strategy runs on the engine where none is asked for."""
    return frequency_of(kind) or ("1d" if kind.on_bars is not Strategy.on_bars else "1m")


def check_frequency(strategy: Strategy, frequency: str) -> None:
    """Refuse bars of a frequency that ``strategy`` is not made for, or at which none of its methods is called.

    Raises:
        ParameterError: it is another one that it is made for; the text says which.
    """
    name, wanted = strategy.name, strategy.frequency
    if frequency_of(type(strategy)) == "tick" != frequency and not wanted:
        raise ParameterError(
            f"{name} 只有 on_tick，{frequency} 的数据里没有分笔，一次也不会叫到它：加 -f tick / "
            f"{name} has on_tick alone, which {frequency} history never calls"
        )
    if wanted not in ("", frequency):
        raise ParameterError(
            f"{name} 要用 {wanted} 的数据，给的是 {frequency}：加 -f {wanted} / "
            f"{name} is made for {wanted}, the data is {frequency}"
        )


def _near_miss(kind: type[Strategy]) -> tuple[str, str] | None:
    """Return a method that looks like one that is called, and that one; None: there is none."""
    plain = {each.replace("_", ""): each for each in CALLED}
    for each in (key for base in kind.__mro__ for key in vars(base) if not hasattr(Strategy, key)):
        if callable(getattr(kind, each, None)):
            found = difflib.get_close_matches(each.replace("_", "").lower(), plain, 1, _NEAR)
            if found:
                return each, plain[found[0]]
    return None
