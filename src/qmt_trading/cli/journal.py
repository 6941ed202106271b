"""``qmt journal``: is the record whole, would it be decided alike, and what does it say."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, place_of
from qmt_trading.cli.words import Command, Group
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.run import journal_tools
from qmt_trading.run.reading import check_decisions, journal_path

_HEAD: Final = re.compile(r"([1-9][0-9]{0,17}):([0-9a-fA-F]{64})")

app = typer.Typer(help="日志：核对与导出 the journal: verify, export", no_args_is_help=True, cls=Group)


def progress(number: int) -> None:
    """Show how many turns have been read, where a person watches."""
    if sys.stderr.isatty():
        print(f"\r{number:,} …", end="", file=sys.stderr, flush=True)


@app.command(cls=Command)
def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    decisions: Annotated[bool, typer.Option("--decisions", help="并重新判断 and decide again")] = False,
    head: Annotated[str, typer.Option("--head", help="轮号:封印，见 logs/ number:seal")] = "",
    as_json: JsonOption = False,
) -> None:
    """核对每一轮的封印 check the seal of every turn."""
    expected = None
    if head:
        written = _HEAD.fullmatch(head)
        if written is None:
            fail(
                exit_codes.USAGE,
                "✗ --head 应写作 轮号:封印（64 位十六进制，见 logs/ 里 event 为 head 的行的 turn 和 seal） / "
                "number:seal, 64 hexadecimal digits, as the log tells them",
            )
        expected = (int(written[1]), bytes.fromhex(written[2]))
    with explained():
        folder = place_of(config).folder
        reader = SqliteReader(journal_path(folder))
        try:
            found = journal_tools.verify(reader, expected=expected, progress=progress)
        finally:
            reader.close()
        differences = check_decisions(folder, progress=progress) if decisions else []
    row = {"turns": found.turns, "seal": found.head.hex(), "trouble": found.trouble, "differences": differences}
    if as_json:
        show.print_json([row])
    else:
        console = show.console()
        console.print(f"共 {found.turns:,} 轮，封印 {found.head.hex()}", soft_wrap=True)
        if found.trouble:
            console.print(f"✗ {found.trouble}", style="bold red")
        else:
            console.print("✓ 每一轮都完整 every turn is whole", style="green")
        if decisions and not differences:
            console.print("✓ 重新判断，结果逐字节相同 decided again: the same, byte for byte", style="green")
        for difference in differences:
            console.print(f"✗ {difference}", style="bold red")
    if found.trouble or differences:
        raise typer.Exit(exit_codes.JOURNAL)


@app.command(cls=Command)
def export(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="写到文件 to a file")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的文件 replace a file")] = False,
) -> None:
    """导出为 JSON 行 export as JSON lines."""
    if out is not None and out.exists() and not force:
        fail(exit_codes.USAGE, f"✗ {out} 已存在：换一个文件名，或加 --force 覆盖 / exists: --force replaces it")
    with explained():
        reader = SqliteReader(journal_path(place_of(config).folder))
        try:
            if out is None:
                journal_tools.export(reader, sys.stdout.buffer.write)
                sys.stdout.buffer.flush()
            else:
                with out.open("wb") as file:
                    count = journal_tools.export(reader, file.write, progress=progress)
                print(f"{count:,} 条 → {out}")
        finally:
            reader.close()
