"""The ladder to real money: eight rungs, what was shown for each, when and by whom; kept beside the journal."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from qmt_trading import __version__
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.config import DEFAULT_FOLDERS

FILE: Final = "ladder.json"


class Rung(Struct, frozen=True):
    """One step: what is done, and how one knows that it is done."""

    name: str
    test: str
    by: str
    """``machine``: recorded when its command succeeds; ``person``: confirmed by whoever has seen it."""


RUNGS: Final = (
    Rung("试跑 qmt demo", "看到信号变成委托，强杀后没有重复", "machine"),
    Rung("演练 qmt rehearse", "十二项全部通过，用你自己的配置", "machine"),
    Rung("券商模拟终端一天", "信号、委托、撤单、成交和客户端里一致", "person"),
    Rung("观察模式两天 qmt shadow diff", "和旧脚本并排，收盘后差异 0，两个交易日", "machine"),
    Rung("验收 qmt acceptance", "逐项通过", "machine"),
    Rung("只撤单一周", '通道 allow = ["cancel"]，撤单都撤掉了', "person"),
    Rung("小额试单", "每笔至多 100 股、1 万元，每天至多 10 笔、5 只，只用限价（qmt init --profile 保守）", "person"),
    Rung("正常", "前七级都走过", "person"),
)
PASSED: Final = "passed"
SKIPPED: Final = "skipped"
DAY: Final = "day"
"""One of the days that a rung takes; it is passed when there are enough of them."""
SHADOW_RUNG: Final = 4
SHADOW_DAYS: Final = 2
"""Trading days without a difference."""


class Step(Struct, frozen=True):
    """What is on record of one rung."""

    rung: int
    """1 to 8."""
    outcome: str
    at: str
    who: str
    why: str
    version: str
    config: str
    """Digest of the configuration that it was shown with."""
    day: str = ""
    """The trading day that it was shown on, where that counts."""


def read(folder: Path) -> list[Step]:
    """Return what is on record, the newest of each rung, in the order of the rungs; single days are left out.

    Raises:
        ConfigurationError: a file is damaged.
    """
    newest = {step.rung: step for step in _steps(folder) if step.outcome != DAY}
    return [newest[rung] for rung in sorted(newest)]


def days(folder: Path, rung: int) -> list[str]:
    """Return the trading days on record for ``rung``, each once, in order.

    Raises:
        ConfigurationError: a file is damaged.
    """
    return sorted({step.day for step in _steps(folder) if step.rung == rung and step.outcome == DAY})


def _steps(folder: Path) -> list[Step]:
    """Return all that was ever shown, the oldest first: whoever climbs goes through the folders of several modes."""
    names = DEFAULT_FOLDERS.values()
    folders = [folder.parent / name for name in names] if folder.name in names else [folder]
    steps: list[Step] = []
    for each in folders:
        path = each / FILE
        try:
            steps += msgspec.json.decode(path.read_bytes(), type=list[Step])
        except FileNotFoundError:
            continue
        except msgspec.DecodeError as error:
            raise ConfigurationError(
                f"阶梯记录损坏：{path}；请移走它重新走一遍 / damaged: move it away: {error}"
            ) from error
    return sorted(steps, key=lambda step: dt.datetime.fromisoformat(step.at))


def record(
    folder: Path, rung: int, *, outcome: str, who: str, why: str, config: str, now: dt.datetime, day: str = ""
) -> Step:
    """Put what was shown of ``rung`` on record and return it; what was there is kept in the file before it."""
    step = Step(rung, outcome, now.isoformat(timespec="seconds"), who, why, __version__, config, day)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    kept = msgspec.json.decode(path.read_bytes(), type=list[Step]) if path.exists() else []
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode([*kept, step]), indent=1))
    os.replace(beside, path)
    return step


def holds(step: Step, config: str) -> bool:
    """Tell whether what was shown still counts: a rehearsal is one of this configuration and this version."""
    return step.outcome == PASSED and (step.rung != 2 or (step.config, step.version) == (config, __version__))


def next_rung(steps: list[Step], config: str) -> int:
    """Return the first rung that is neither shown nor skipped by a person; 9: none is left."""
    done = {step.rung for step in steps if step.outcome == SKIPPED or holds(step, config)}
    return next((rung for rung in range(1, len(RUNGS) + 1) if rung not in done), len(RUNGS) + 1)
