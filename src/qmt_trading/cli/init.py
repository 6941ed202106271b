"""``qmt init``: a new folder with a configuration that runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import fail
from qmt_trading.run.init_template import BARE_WORDS, PIPE_NAME, template


def init(
    folder: Annotated[Path, typer.Argument(help="新文件夹 the new folder", file_okay=False)] = Path(),
    *,
    bare: Annotated[str | None, typer.Option("--bare", help="裸信号做什么：cancel | buy | sell | deny")] = None,
    size: Annotated[str | None, typer.Option("--size", help="裸信号买卖的数量，例如 1手")] = None,
    cash: Annotated[str | None, typer.Option("--cash", help="每个模拟账户的资金（元）")] = None,
    pipe: Annotated[str | None, typer.Option("--pipe", help="管道名（Windows）")] = None,
) -> None:
    """写一份可以直接运行的模拟配置 write a paper configuration that runs."""
    path = folder / "qmt.toml"
    if path.exists():
        fail(exit_codes.USAGE, f"✗ {path} 已存在，未作改动 / exists already, left alone")
    if sys.stdin.isatty() and sys.stdout.isatty():
        bare = bare or typer.prompt(f"裸信号做什么（{'、'.join(BARE_WORDS)}）", default="buy")
        if bare in ("buy", "sell"):
            size = size or typer.prompt("裸信号买卖的数量", default="1手")
        cash = cash or typer.prompt("每个模拟账户的资金（元）", default="1000000")
        if sys.platform == "win32":
            pipe = pipe or typer.prompt("管道名", default=PIPE_NAME)
    bare = bare or "buy"
    if bare not in BARE_WORDS:
        fail(exit_codes.USAGE, f"✗ --bare 应是其中之一 / one of: {', '.join(BARE_WORDS)}")
    cash = cash or "1000000"
    if not cash.isdigit():
        fail(exit_codes.USAGE, "✗ --cash 应是整数（元）/ a whole number of yuan")
    text = template(bare=bare, size=size or "1手", cash=cash, pipe=pipe or PIPE_NAME)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    console = show.console()
    console.print(f"✓ 已写入 {path}", style="green")
    console.print(f"  检查  qmt doctor --config {path}\n  运行  qmt run --config {path}")
    console.print(f"  发送  qmt send --config {path} '600000.SH:11031122,11031123'")
