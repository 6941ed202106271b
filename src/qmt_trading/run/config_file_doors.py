"""The doors of the configuration that read files: ``kind = "folder"`` and ``kind = "tail"``."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from qmt_trading.codec.malformed import shorten
from qmt_trading.intake.alert_line import verb_of
from qmt_trading.intake.instructions import UnreadableError
from qmt_trading.model.settings import DoorSettings
from qmt_trading.run.config_reader import Table

CONDITION_CHARACTERS_MAX: Final = 100
_REPEATS: Final = {"day": False, "line": True}
_ENCODINGS: Final = {"auto": "auto", "gbk": "gbk", "utf-8": "utf-8"}


class FileDoor(Struct, frozen=True, kw_only=True):
    """What a folder or tail door has of its own."""

    pattern: str = "*"
    """Folder: which names are taken."""
    actions: tuple[tuple[str, str], ...] = ()
    """Tail: the name of a condition, and what is done."""
    every_line: bool = False
    """Tail: not once for each stock, condition and day, but for each line."""
    stocks_only: bool = False
    """Tail: 000001 is a stock, because no indices are among the alerts."""
    encoding: str = "auto"


def file_door(table: Table, kind: str, address: str) -> FileDoor:
    """Return what ``table`` says of a folder or tail door beyond what every door has."""
    if kind == "folder":
        pattern = table.text("pattern", "*")
        if "/" in pattern or "\\" in pattern:
            table.wrong("pattern", '只写文件名的样子，例如 "plan_*.json"', 'names only, such as "plan_*.json"')
        return FileDoor(pattern=pattern)
    return FileDoor(
        actions=_actions(table),
        every_line=table.word("once_per", _REPEATS, False),
        stocks_only=table.flag("stocks_only", False),
        encoding=table.word("encoding", _ENCODINGS, "auto"),
    )


def check_actions(table: Table, kind: str, file: FileDoor, permission: DoorSettings) -> None:
    """Refuse a tail door without accounts, or with an action that it may not carry out."""
    if kind != "tail":
        return
    if not permission.accounts:
        table.wrong(
            "accounts", '预警里没有账户，须写明：accounts = ["…"]', "alerts name no accounts: write accounts = [...]"
        )
    for condition, action in file.actions:
        verb = verb_of(action)
        if verb not in permission.allow:
            table.wrong(
                "actions",
                f"「{shorten(condition)}」要{action}，而该通道的 allow 不允许",
                f"{shorten(condition)} does what allow = [...] of this door forbids",
            )


def _actions(table: Table) -> tuple[tuple[str, str], ...]:
    entries = table.table("actions")
    found: list[tuple[str, str]] = []
    for condition in list(entries.names_left()):
        action = entries.text(condition)
        if condition != condition.strip() or not 0 < len(condition) <= CONDITION_CHARACTERS_MAX or "\t" in condition:
            entries.wrong(
                condition,
                "条件名称前后不能有空格，最多 100 个字",
                "the name of a condition has no blanks at its ends, and at most 100 characters",
            )
        try:
            verb_of(action)
        except UnreadableError as error:
            entries.wrong(
                condition,
                f'{error.fault.chinese}；例如 "买入 1手 @对手"',
                f'{error.fault.english}; such as "buy 1手 @对手"',
            )
        found.append((condition, action))
    if not found:
        table.wrong(
            "actions",
            '须写明条件做什么：在该通道下写 [doors.actions]，例如 "放量突破" = "买入 1手 @对手"',
            'say what a condition does: below the door write [doors.actions] and "name" = "buy 1手 @对手"',
        )
    return tuple(found)
