"""``qmt ladder``: the eight rungs to real money, what is shown of each, and the next thing to do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, who
from qmt_trading.codec.printable import in_line
from qmt_trading.run import ladder as rungs
from qmt_trading.run.config import load
from qmt_trading.run.place import find
from qmt_trading.run.shadow_compare import Comparison, Outcome
from qmt_trading.run.shadow_day import ShadowDay


def ladder(
    action: Annotated[str | None, typer.Argument(help="pass 通过、skip 跳过；不写只看")] = None,
    rung: Annotated[int | None, typer.Argument(help="第几级，1 到 8", min=1, max=8)] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    why: Annotated[str, typer.Option("--why", help="看到了什么，或为何跳过 what was seen")] = "",
    as_json: JsonOption = False,
) -> None:
    """上线阶梯：走到第几级 the ladder to real money."""
    with explained():
        place = find(config)
        if action is not None:
            configuration = load(config)
            _take(configuration.folder, action, rung, why, configuration.digest)
        steps = {step.rung: step for step in rungs.read(place.folder)}
        days = rungs.days(place.folder, rungs.SHADOW_RUNG)
    digest = place.configuration.digest if place.configuration is not None else ""
    rows = [_row(number, rung_, steps.get(number), digest) for number, rung_ in enumerate(rungs.RUNGS, 1)]
    if days and rungs.SHADOW_RUNG not in steps:
        rows[rungs.SHADOW_RUNG - 1]["note"] = f"（{len(days)}/{rungs.SHADOW_DAYS} 天：{'、'.join(days)}）"
    if as_json:
        show.print_json(rows)
        return
    console = show.console()
    for row in rows:
        console.print(f" {row['mark']} {row['rung']} {row['name']}：{row['test']}{in_line(str(row['note']))}")
    following = rungs.next_rung(list(steps.values()), digest)
    if following <= len(rungs.RUNGS):
        console.print(f"下一步：第 {following} 级，{_advice(following)}", style="bold")
    if place.trouble:
        show.say(f"! 配置还不能用：{place.trouble}", hanging=2)
    console.print("阶梯只作记录，不影响下单。", style="dim")


def _take(folder: Path, action: str, rung: int | None, why: str, digest: str) -> None:
    if action not in ("pass", "skip") or rung is None:
        fail(exit_codes.USAGE, "✗ 写法：qmt ladder pass 3 --why 看到了什么；qmt ladder skip 3 --why 为何跳过")
    kind = rungs.RUNGS[rung - 1].by
    if not why:
        fail(exit_codes.USAGE, "✗ 请写 --why：看到了什么，或为何跳过")
    if action == "pass" and kind == "machine":
        fail(exit_codes.USAGE, f"✗ 第 {rung} 级由程序记录：{_advice(rung)}")
    outcome = rungs.PASSED if action == "pass" else rungs.SKIPPED
    now = dt.datetime.now(dt.UTC).astimezone()
    rungs.record(folder, rung, outcome=outcome, who=who(), why=why, config=digest, now=now)


def note(config: Path, rung: int, why: str) -> None:
    """Record a rung that a command of ours has shown, where there is a configuration to record it for."""
    if not config.exists():
        return
    configuration = load(config)
    now = dt.datetime.now(dt.UTC).astimezone()
    rungs.record(
        configuration.folder,
        rung,
        outcome=rungs.PASSED,
        who=who(),
        why=why,
        config=configuration.digest,
        now=now,
    )


def note_shadow_day(config: Path, day: ShadowDay, found: Comparison) -> str:
    """Record a day of shadow mode without a difference, and the rung when there are enough of them; say which.

    Raises:
        ConfigurationError: the configuration or the record cannot be read.
    """
    lacking = day.lacks(found)
    if lacking:
        return f"不计入阶梯第 {rungs.SHADOW_RUNG} 级：{lacking}"
    configuration = load(config)
    folder, name = configuration.folder, day.day.isoformat()
    now, digest = dt.datetime.now(dt.UTC).astimezone(), configuration.digest
    if name not in rungs.days(folder, rungs.SHADOW_RUNG):
        why = f"对上 {found.count(Outcome.MATCHED)} 笔，差异 0"
        rungs.record(folder, rungs.SHADOW_RUNG, outcome=rungs.DAY, who=who(), why=why, config=digest, now=now, day=name)
    days = rungs.days(folder, rungs.SHADOW_RUNG)
    told = f"第 {rungs.SHADOW_RUNG} 级：{len(days)}/{rungs.SHADOW_DAYS} 天（{'、'.join(days)}）"
    if len(days) < rungs.SHADOW_DAYS:
        return f"已记入阶梯{told}"
    passed = any(step.rung == rungs.SHADOW_RUNG and rungs.holds(step, digest) for step in rungs.read(folder))
    if not passed:
        why = f"差异 0：{'、'.join(days)}"
        rungs.record(folder, rungs.SHADOW_RUNG, outcome=rungs.PASSED, who=who(), why=why, config=digest, now=now)
    return f"✓ 通过阶梯{told}"


def _row(number: int, rung: rungs.Rung, step: rungs.Step | None, digest: str) -> dict[str, object]:
    mark, told = "·", ""
    if step is not None and step.outcome == rungs.SKIPPED:
        mark, told = "✗", f"（跳过：{step.why}，{step.who}，{step.at[:10]}）"
    elif step is not None and rungs.holds(step, digest):
        mark, told = "✓", f"（{step.at[:16].replace('T', ' ')}，{step.why}）"
    elif step is not None:
        told = "（配置或版本变了，请重来）"
    return {"mark": mark, "rung": number, "name": rung.name, "test": rung.test, "note": told, "by": rung.by}


def _advice(rung: int) -> str:
    name = rungs.RUNGS[rung - 1]
    if name.by == "machine":
        return f"运行 {name.name[name.name.index('qmt') :]}"
    return f"看到以后：qmt ladder pass {rung} --why 看到了什么"
