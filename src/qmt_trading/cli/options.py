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
from qmt_trading.codec.printable import in_lines
from qmt_trading.link.dial import DialError
from qmt_trading.model.errors import ConfigurationError, DoorError, JournalError, LockedError
from qmt_trading.run import place

DEFAULT_CONFIG = Path("qmt.toml")


def config_at(path: Path) -> Path:
    """Return the configuration that a person means: in a folder it is ``qmt.toml``."""
    return path / DEFAULT_CONFIG if path.is_dir() else path


ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", help="配置文件或其文件夹 configuration file", show_default=True, callback=config_at),
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON rows as JSON")]
WhyOption = Annotated[str, typer.Option("--why", help="原因，记入日志 why; goes on record")]


def fail(code: int, text: str) -> NoReturn:
    """Say ``text`` on the error stream and leave with ``code``."""
    print(in_lines(text), file=sys.stderr)
    raise typer.Exit(code)


def place_of(config: Path, *, quiet: bool = False) -> place.Place:
    """Return where the engine of ``config`` lives; a configuration that is wrong is told of and does not stop this.

    Raises:
        ConfigurationError: there is neither a file nor a data folder.
    """
    found = place.find(config)
    if found.trouble and not quiet:
        print(
            f"! 配置有误，本命令照常执行（数据文件夹 {found.folder}）：{in_lines(found.trouble)}\n"
            "  the configuration is wrong; this command needs only the data folder and goes on",
            file=sys.stderr,
        )
    return found


@contextmanager
def explained() -> Iterator[None]:
    """Turn the errors of the world into one sentence and an exit code."""
    try:
        yield
    except (ConfigurationError, DoorError) as error:
        fail(exit_codes.USAGE, f"✗ {error}")
    except LockedError as error:
        fail(exit_codes.LOCKED, f"✗ {error}")
    except JournalError as error:
        fail(exit_codes.JOURNAL, f"✗ {error}")
    except DialError as error:
        fail(exit_codes.NOT_RUNNING, f"✗ {error}")
    except BrokenPipeError:
        raise  # Nobody reads the output any more; the library ends the program quietly.
    except OSError as error:
        fail(exit_codes.USAGE, f"✗ {cannot(error)}")


def cannot(error: OSError) -> str:
    """Return which file or folder the system refused, and why."""
    return f"无法使用 {error.filename or '文件'}：{error.strerror or error} / cannot be used: choose another path"


def who() -> str:
    """Return who is typing, for the record."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "?"
    return f"{name} (cli)"
