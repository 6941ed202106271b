"""Options that many commands share, and how errors leave the program."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from qmt_trading.cli import exit_codes
from qmt_trading.link.dial import DialError
from qmt_trading.model.errors import ConfigurationError, DoorError, JournalError, LockedError

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="配置文件 configuration file", show_default=True, dir_okay=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON 行列表 print a list of rows as JSON")]
WhyOption = Annotated[str, typer.Option("--why", help="原因，记入日志 the reason, goes on record")]
DEFAULT_CONFIG = Path("qmt.toml")


def fail(code: int, text: str) -> NoReturn:
    """Say ``text`` on the error stream and leave with ``code``."""
    print(text, file=sys.stderr)
    raise typer.Exit(code)


@contextmanager
def explained() -> Iterator[None]:
    """Turn the errors of the world into one sentence and an exit code."""
    try:
        yield
    except ConfigurationError as error:
        fail(exit_codes.USAGE, f"✗ {error}")
    except LockedError as error:
        fail(exit_codes.LOCKED, f"✗ {error}")
    except JournalError as error:
        fail(exit_codes.JOURNAL, f"✗ {error}")
    except DoorError as error:
        fail(exit_codes.USAGE, f"✗ {error}")
    except DialError as error:
        fail(exit_codes.NOT_RUNNING, f"✗ {error}")


def who() -> str:
    """Return who is typing, for the record."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "?"
    return f"{name} (cli)"
