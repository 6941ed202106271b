"""``qmt ladder``: the eight rungs to real money, what is shown of each, and the next thing to do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, who
from qmt_trading.run import ladder as rungs
from qmt_trading.run.config import load


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
        configuration = load(config)
        if action is not None:
            _take(configuration.folder, action, rung, why, configuration.digest)
        steps = {step.rung: step for step in rungs.read(configuration.folder)}
    digest = configuration.digest
    rows = [_row(number, rung_, steps.get(number), digest) for number, rung_ in enumerate(rungs.RUNGS, 1)]
    if as_json:
        show.print_json(rows)
        return
    console = show.console()
    for row in rows:
        console.print(f" {row['mark']} {row['rung']} {row['name']}：{row['test']}{row['note']}")
    following = rungs.next_rung(list(steps.values()), digest)
    if following <= len(rungs.RUNGS):
        console.print(f"下一步：第 {following} 级，{_advice(following)}", style="bold")
    console.print("现在只有模拟盘：阶梯只作记录，还不影响下单。", style="dim")


def _take(folder: Path, action: str, rung: int | None, why: str, digest: str) -> None:
    if action not in ("pass", "skip") or rung is None:
        fail(exit_codes.USAGE, "✗ 写法：qmt ladder pass 3 --why 看到了什么；qmt ladder skip 3 --why 为何跳过")
    kind = rungs.RUNGS[rung - 1].by
    if not why:
        fail(exit_codes.USAGE, "✗ 请写 --why：看到了什么，或为何跳过")
    if action == "pass" and kind == "machine":
        fail(exit_codes.USAGE, f"✗ 第 {rung} 级由程序记录：{_advice(rung)}")
    if action == "pass" and kind == "later":
        fail(exit_codes.USAGE, f"✗ 第 {rung} 级需要真实 QMT 终端，这个版本还没有做好")
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


def _row(number: int, rung: rungs.Rung, step: rungs.Step | None, digest: str) -> dict[str, object]:
    mark, told = "·", ""
    if step is not None and step.outcome == rungs.SKIPPED:
        mark, told = "✗", f"（跳过：{step.why}，{step.who}，{step.at[:10]}）"
    elif step is not None and rungs.holds(step, digest):
        mark, told = "✓", f"（{step.at[:16].replace('T', ' ')}，{step.why}）"
    elif step is not None:
        told = "（配置或版本变了，请重来）"
    elif rung.by == "later":
        told = "（需要真实 QMT，还没有做好）"
    return {"mark": mark, "rung": number, "name": rung.name, "test": rung.test, "note": told, "by": rung.by}


def _advice(rung: int) -> str:
    name = rungs.RUNGS[rung - 1]
    if name.by == "machine":
        return f"运行 {name.name[name.name.index('qmt') :]}"
    return "需要真实 QMT 终端，这个版本还没有做好"
