"""What the doctor says of the ways to people: whether each address can be read; nothing is sent, nothing is shown."""

from __future__ import annotations

from collections.abc import Iterator

from qmt_trading.cli.check import Check
from qmt_trading.run.config import Configuration
from qmt_trading.run.notify_trial import sender_of


def checks(configuration: Configuration) -> Iterator[Check]:
    """Yield a line a channel, none where there is none."""
    for channel in configuration.notify:
        sender, trouble = sender_of(channel)
        good = sender is not None
        text = f"{sender.service}，地址能用；收不收得到：qmt notify test {channel.name}" if sender else trouble
        yield Check(f"通知 {channel.name}", good, text)
