"""What the doctor says of the ways to people: whether each address can be read, and whether it works.

Nothing is sent, and no address is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from qmt_trading.cli.check import Check
from qmt_trading.codec.view_json import Plain
from qmt_trading.run.config import Configuration
from qmt_trading.run.notify_rows import rows_of
from qmt_trading.run.notify_trial import sender_of


def checks(configuration: Configuration) -> Iterator[Check]:
    """Yield a line a channel, none where there is none."""
    for channel, row in zip(configuration.notify, rows_of(configuration.notify, configuration.folder), strict=True):
        name, (sender, trouble) = f"通知 {channel.name}", sender_of(channel)
        if sender is None:
            yield Check(name, good=False, text=trouble)
        elif row["failed_at"] is not None:
            when = str(row["failed_at"])[5:16].replace("T", " ")
            left = f"{_left(row)}再试：qmt notify test {channel.name}"
            text = f"{sender.service}，{when} 没有送到：{row['failed_why']}；{left}"
            yield Check(name, good=True, text=text, warns=True)
        else:
            yield Check(name, good=True, text=f"{sender.service}，地址能用；收不收得到：qmt notify test {channel.name}")


def _left(row: Plain) -> str:
    waiting, given_up = row["waiting"], row["given_up"]
    return f"{waiting} 条待发，{given_up} 条已放弃；" if waiting or given_up else ""
