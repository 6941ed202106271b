"""``qmt demo``: a paper engine in a temporary folder, fed through its real door, killed once, and seen live."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from qmt_trading.cli import climbing, exit_codes, show
from qmt_trading.cli.demo_engine import DemoEngine, DemoError
from qmt_trading.cli.demo_screen import LineStage, LiveStage, summary
from qmt_trading.cli.demo_script import MESSAGES, Stage, play, settle
from qmt_trading.cli.options import DEFAULT_CONFIG, JsonOption, explained, fail
from qmt_trading.cli.sending import send_text

_LOOK_S = 0.2
_REMOVALS = 20
"""How often the folder is tried: on Windows a process that has just ended may still hold a file of it."""


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="演完即退出 leave when it has been played")] = False,
    as_json: JsonOption = False,
) -> None:
    """试跑模拟盘，不需要 QMT，不花钱 a paper run to look at."""
    once = once or sys.stdin is None or not sys.stdin.isatty()  # Nobody is there to type anything.
    folder = Path(tempfile.mkdtemp(prefix="qmt-demo-"))
    good = False
    try:
        with explained():
            engine = DemoEngine(folder)
            try:
                engine.start()
                good = _in_json(engine) if as_json else _shown(engine, once=once)
            except DemoError as error:
                fail(exit_codes.FAILED, f"✗ {error}")
            except KeyboardInterrupt:
                good = True
            finally:
                engine.stop()
    finally:
        removed = _remove(folder)
    if not as_json:
        _farewell(folder, removed=removed)
    if not good:
        raise typer.Exit(exit_codes.REFUSED)
    with explained():
        climbing.note(DEFAULT_CONFIG, 1, "演完，没有重复")


def _in_json(engine: DemoEngine) -> bool:
    receipts = [send_text(engine.configuration, text)[0] for text, _ in MESSAGES]
    settled = settle(engine)
    tables = {table: list(reversed(engine.rows(table))) for table in ("orders", "fills")}
    show.print_json({"receipts": receipts, **tables, "positions": engine.rows("positions")})
    return settled


def _shown(engine: DemoEngine, *, once: bool) -> bool:
    console = show.console()
    if once or not console.is_terminal:
        stage: Stage = LineStage(engine, console)
        play(stage)
        console.print()
        summary(stage, console)
        if not once:
            for line in _hints(engine):
                console.print(line, soft_wrap=True)
            while not engine.has_ended():
                time.sleep(_LOOK_S)
        return all(line.startswith("✓") for line in stage.results)
    with Live(console=console, auto_refresh=False, screen=True, vertical_overflow="crop") as live:
        shown = LiveStage(engine, console, live)
        try:
            play(shown)
            shown.wait(_hints(engine), engine.has_ended)
        except KeyboardInterrupt:
            pass
    summary(shown, console)
    return True


def _hints(engine: DemoEngine) -> list[Text]:
    message = "buy 600036.SH 100@对手:11031124"
    other = "sell 600000.SH 100@对手:11031122"
    lines = [f"  cd {engine.folder}", f"  {program()} send '{message}'"]
    if any(door.kind == "fifo" for door in engine.configuration.doors):
        lines.append(f"  echo '{other}' > signals.fifo")
    return [Text(line, style="cyan") for line in lines]


def program() -> str:
    """Return what a person types for this program: ``qmt`` where it is on the path of their own terminal."""
    script = Path(sys.argv[0])
    if os.environ.get("VIRTUAL_ENV") or script.stem != "qmt":
        return "qmt"
    return str(script.resolve())


def _remove(folder: Path) -> bool:
    for _ in range(_REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return True
        time.sleep(0.1)
    return False


def _farewell(folder: Path, *, removed: bool) -> None:
    console = show.console()
    gone = "临时文件已删除" if removed else f"临时文件 {folder} 请自行删除"
    console.print(f"\n已结束，{gone}。下一步：", style="bold")
    for line in show.aligned(
        [
            (f"  {program()} init my-qmt", "建自己的模拟环境"),
            ("  cd my-qmt", ""),
            (f"  {program()} run", "运行引擎；另开窗口用 send、status、orders、timeline"),
        ]
    ):
        console.print(line.rstrip(), soft_wrap=True)
