"""``qmt alerts``: what a person should know, and taking note of it."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from qmt_trading.cli import acting, exit_codes, reading, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, WhyOption, fail, who
from qmt_trading.codec import control as wire

ALL: Final = "all"


def alerts(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    acknowledge: Annotated[
        str, typer.Option("--acknowledge", help="确认：编号（可用逗号隔开）或 all take note of: numbers, or all")
    ] = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    limit: reading.LimitOption = 200,
) -> None:
    """提醒，新的在前；--acknowledge 确认 alerts, newest first."""
    if not acknowledge:
        reading.list_table(config, "alerts", show.ALERTS, "提醒", as_json=as_json, limit=limit)
        return
    numbers = numbers_of(acknowledge)
    if numbers is None:
        fail(
            exit_codes.USAGE, f"✗ --acknowledge 要写提醒的编号或 all，不是「{acknowledge}」 / numbers of alerts, or all"
        )
    request = wire.Acknowledge(who=who(), why=why, alerts=numbers, everything=not numbers)
    acting.act(config, request, as_json=as_json)


def numbers_of(written: str) -> tuple[int, ...] | None:
    """Return the numbers that are written, none for ``all``; None: it is neither."""
    if written.strip().lower() == ALL:
        return ()
    words = [word.strip() for word in written.replace("，", ",").replace("、", ",").split(",")]
    if not all(word.isascii() and word.isdigit() and int(word) > 0 for word in words):
        return None
    return tuple(dict.fromkeys(map(int, words)))
