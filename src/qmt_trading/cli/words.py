"""The command line's own words, help and complaints, in Chinese with the library's English beside it."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, Final

import typer
import typer.core
from typer import rich_utils

from qmt_trading.cli import exit_codes
from qmt_trading.codec.printable import in_lines

HELP_NAMES: Final = {"help_option_names": ["-h", "--help"]}
TRACE: Final = "QMT_TRACE"
"""The environment variable that lets a fault of the program show its trace."""
_HELP: Final = "显示本说明 show this help"
_UsageError: Final[Any] = typer.BadParameter.__base__
_ClickError: Final[Any] = _UsageError.__base__
"""The ancestors of all complaints about a command line; the library names them in no public place."""


class Command(typer.core.TyperCommand):
    """A command whose help option says what it does in Chinese."""

    def get_help_option(self, ctx: Any) -> Any:
        return _with_help(super().get_help_option(ctx))


class Group(typer.core.TyperGroup):
    """A group of commands, alike."""

    def get_help_option(self, ctx: Any) -> Any:
        return _with_help(super().get_help_option(ctx))


def _with_help(option: Any) -> Any:
    if option is not None:
        option.help = _HELP
    return option


def speak_chinese() -> None:
    """Put Chinese headings over the panels of every help page."""
    rich_utils.ARGUMENTS_PANEL_TITLE = "参数 arguments"
    rich_utils.OPTIONS_PANEL_TITLE = "选项 options"
    rich_utils.COMMANDS_PANEL_TITLE = "命令 commands"
    rich_utils.DEFAULT_STRING = "[默认 {}]"
    rich_utils.REQUIRED_LONG_STRING = "[必填]"


def run(app: typer.Typer, arguments: list[str] | None = None) -> int:
    """Carry out the command line and return its exit code; what is wrong with it goes to the error stream."""
    try:
        # A star in a signal is a star: on Windows, too, no argument becomes a list of files.
        code = app(args=arguments, prog_name="qmt", standalone_mode=False, windows_expand_args=False)
    except typer.Abort:
        print("已取消 / aborted", file=sys.stderr)
        return 1
    except _ClickError as error:
        complain(error)
        return int(error.exit_code)
    return code if isinstance(code, int) else 0


def unexpected(error: Exception) -> int:
    """Say in one line that the program itself is at fault, and return the exit code; the trace only where asked for."""
    if os.environ.get(TRACE):
        traceback.print_exception(error)
    # Half a character in what the error quotes must not end in another one.
    what = in_lines(f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode("utf-8"))
    print(
        f"✗ 程序出错：{what}（请连同命令一起报告；{TRACE}=1 显示细节） / "
        f"a fault of the program: please report it; {TRACE}=1 shows where",
        file=sys.stderr,
    )
    return exit_codes.FAILED


def complain(error: Any) -> None:
    """Say what is wrong with the command line, and where help is."""
    english = str(error.format_message()).strip()
    if type(error).__name__ == "NoArgsIsHelpError":
        if english:
            print(english, file=sys.stderr)
        return
    print(in_lines(f"✗ {_chinese(error)} / {english}"), file=sys.stderr)
    context = getattr(error, "ctx", None)
    if context is not None:
        print(f"  写法：{context.get_usage().removeprefix('Usage: ')}", file=sys.stderr)
    print(f"  帮助：{context.command_path if context is not None else 'qmt'} -h", file=sys.stderr)


def _chinese(error: Any) -> str:
    parameter = getattr(error, "param", None)
    name = f" {parameter.human_readable_name}" if parameter is not None else ""
    match type(error).__name__:
        case "MissingParameter":
            return f"缺少参数{name}"
        case "NoSuchOption":
            return f"没有选项 {error.option_name}"
        case "BadOptionUsage":
            return f"选项 {error.option_name} 用法不对"
        case "BadParameter":
            if "does not exist" in error.message:
                kind = "文件夹" if error.message.startswith("Directory") else "文件"
                return f"没有这个{kind}（参数{name}）"
            return f"参数{name} 的值不对"
        case _:
            if "No such command" in error.message:
                return "没有这个命令"
            if "unexpected extra argument" in error.message:
                return "参数太多（含空格的内容请加引号）"
            return "命令写法不对"
