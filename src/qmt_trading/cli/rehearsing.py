"""``qmt rehearse``: the twelve drills with somebody's own configuration, a line each."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from qmt_trading.cli import climbing, exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail
from qmt_trading.run.config import load
from qmt_trading.run.rehearsal.drills import DRILLS, DrillError, Scene


def rehearse(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    only: Annotated[str | None, typer.Option("--only", help="只演这一项，如 断线 this drill alone")] = None,
    as_json: JsonOption = False,
) -> None:
    """演练十二种事故，用你的配置 twelve drills."""
    with explained():
        configuration = load(config)
    chosen = [(number, *drill) for number, drill in enumerate(DRILLS, 1) if only in (None, *drill[:2], str(number))]
    if not chosen:
        fail(exit_codes.USAGE, f"✗ 没有这一项：{only}；有：{'、'.join(name for name, _, _ in DRILLS)}")
    console = show.console()
    if not as_json:
        accounts = len(configuration.engine.accounts)
        console.print(f"演练 rehearsal：{config}，{accounts} 个账户，模拟柜台，不碰你的数据文件夹")
    rows: list[dict[str, object]] = []
    for number, name, english, drill in chosen:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="qmt-drill-", ignore_cleanup_errors=True) as folder:
            scene = Scene(configuration.engine, Path(folder), time.time_ns(), Path(config).absolute())
            try:
                told, passed = drill(scene), True
            except DrillError as error:
                told, passed = str(error), False
            except Exception as error:  # noqa: BLE001 - whatever falls out of a drill is a drill that was not passed.
                told, passed = f"演练中断：{type(error).__name__}: {error}", False
        seconds = time.monotonic() - began
        rows.append(
            {
                "number": number,
                "drill": name,
                "drill_en": english,
                "passed": passed,
                "text": told,
                "seconds": round(seconds, 2),
            }
        )
        if not as_json:
            verdict = Text(" 通过 ", style="bold green") if passed else Text("未通过", style="bold red")
            line = Text.assemble(f"{number:>3}  ", verdict, f"  {name}  ", (f"{lasted(seconds)}  ", "dim"), told)
            console.print(line)
    failed = [row for row in rows if not row["passed"]]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    elif failed:
        names = "、".join(str(row["drill"]) for row in failed)
        advice = "不要接实盘；请把上面的行和 qmt.toml 发给我们。"
        console.print(f"✗ {len(failed)} 项未通过：{names}。{advice}", style="bold red")
    else:
        console.print(f"✓ {len(rows)} 项全部通过", style="bold green")
    if not failed and len(rows) == len(DRILLS):
        with explained():
            climbing.note(Path(config), 2, f"{len(rows)} 项全部通过")
    if failed:
        raise typer.Exit(exit_codes.REFUSED)


def lasted(seconds: float) -> str:
    """Return how long a drill took, for people."""
    if seconds >= 1:
        return f"{seconds:.1f} 秒"
    return f"{seconds * 1000:.0f} 毫秒" if seconds >= 0.001 else "不到 1 毫秒"
