"""Files of orders on the command line: read by the same rules as in a folder door."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from qmt_trading.cli import exit_codes
from qmt_trading.cli.options import fail
from qmt_trading.intake.instructions import Instruction, UnreadableError
from qmt_trading.intake.message_file import is_plan
from qmt_trading.intake.order_file import read_file
from qmt_trading.intake.whole_file import StillOpenError, read_whole

_BETWEEN: Final = re.compile(r"[,，;；、\s]+")


def accounts_of(written: str) -> tuple[str, ...]:
    """Return the words of ``--accounts``."""
    return tuple(dict.fromkeys(word for word in _BETWEEN.split(written) if word))


def instructions_of(path: Path, accounts: tuple[str, ...], *, plan: bool, infer_market: bool) -> list[Instruction]:
    """Return what the file asks for; all that is wrong with it is said, and ends the program.

    Args:
        plan: it must be a plan file.
    """
    try:
        data = read_whole(path)
    except StillOpenError:
        fail(exit_codes.USAGE, f"✗ {path} 正被其他程序打开（Excel？）：请先关闭 / open in another program: close it")
    if plan:
        _check_plan(path, data)
    contents = read_file(path.name, data, accounts=accounts, infer_market=infer_market)
    if contents.faults:
        told = "\n".join(f"✗ {fault.told} / {fault.english}" for fault in contents.faults)
        fail(exit_codes.MALFORMED, f"{told}\n整份文件没有执行 / nothing of the file was carried out")
    return list(contents.instructions)


def _check_plan(path: Path, data: bytes) -> None:
    try:
        if path.suffix.lower() == ".json" and is_plan(data):
            return
    except UnreadableError as error:
        fail(exit_codes.MALFORMED, f"✗ {error.fault.told} / {error.fault.english}")
    fail(
        exit_codes.MALFORMED,
        "✗ 不是交易计划（JSON，含 sell、buy 两个列表）：其他文件请用 --file / no plan file: use --file for others",
    )
