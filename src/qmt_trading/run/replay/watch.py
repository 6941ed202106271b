"""Whether a replay has to look at the prices of what is held between messages, as a live loop does once a second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qmt_trading.codec.signal import parse
from qmt_trading.model.limits import Limits
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import Signal, Size, SizeKind
from qmt_trading.run.replay.messages import Message


def prices_matter(settings: EngineSettings, messages: Sequence[Message]) -> bool:
    """Tell whether a decision may depend on what is held being worth this or that.

    The day's losses do, the limits of a position, and sizes in per cent of all assets. Nothing else does, and then
    history is gone through from message to message.
    """
    limits = any(
        each.loss_reducing or each.loss_halting or each.position_value_max or each.position_share_max
        for each in _limits(settings)
    )
    return limits or any(size.kind is SizeKind.PERCENT for size in _sizes(settings, messages))


def _limits(settings: EngineSettings) -> Iterator[Limits]:
    yield settings.limits
    for account in settings.accounts:
        yield account.limits
    for door in settings.doors:
        yield door.limits
    for strategy in settings.strategies:
        yield strategy.limits


def _sizes(settings: EngineSettings, messages: Sequence[Message]) -> Iterator[Size]:
    for door in settings.doors:
        if door.default_size is not None:
            yield door.default_size
    for message in messages:
        for signal in parse(message.payload, infer_market=True):
            if isinstance(signal, Signal):
                for item in signal.items:
                    if item.size is not None:
                        yield item.size
