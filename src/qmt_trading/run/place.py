"""Where an engine lives: all that a stop, a halt, a cancel or a look needs, even while the configuration is wrong."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from msgspec import Struct

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.words import Mode
from qmt_trading.run.config import DEFAULT_FOLDERS, Configuration, load
from qmt_trading.run.config_file import text_of

_HEADER: Final = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?$")
_GRAVEST_FIRST: Final = (Mode.LIVE, Mode.SHADOW, Mode.PAPER)
_MODE: Final = re.compile(r"^\s*mode\s*=")
_FOLDER: Final = re.compile(r"^\s*folder\s*=")


class Place(Struct, frozen=True, kw_only=True):
    """The data folder that a configuration file stands for."""

    path: Path
    folder: Path
    configuration: Configuration | None
    """None: it cannot be used as a whole."""
    trouble: str = ""
    """Why not."""


def find(path: Path) -> Place:
    """Return the place of the configuration at ``path``, read as far as it can be.

    A mistake anywhere else in the file must not keep a person from halting the engine that runs over its folder.

    Raises:
        ConfigurationError: there is no such file, and no folder beside it that an engine has used.
    """
    try:
        configuration = load(path)
    except ConfigurationError as error:
        if not path.exists() and not any((path.parent / name).is_dir() for name in DEFAULT_FOLDERS.values()):
            raise
        return Place(path=path, folder=_folder_of(path), configuration=None, trouble=str(error))
    return Place(path=path, folder=configuration.folder, configuration=configuration)


def _folder_of(path: Path) -> Path:
    """Return the folder that the line under ``[data]`` names, that of the mode where none can be read."""
    written: object = None
    mode = ""
    try:
        lines = text_of(path).split("\n")
    except ConfigurationError:
        lines = []
    table = ""
    for line in lines:
        header = _HEADER.match(line)
        if header:
            table = header[1]
        elif table == "data" and _FOLDER.match(line):
            try:
                written = tomllib.loads(line.strip()).get("folder")
            except tomllib.TOMLDecodeError:
                written = None
            break
        elif not table and _MODE.match(line):
            mode = line
    name = written if isinstance(written, str) and written.strip() else _default_of(mode, path.parent)
    return (path.parent / name).resolve()


def _default_of(line: str, base: Path) -> str:
    """Return the folder of the mode that ``line`` names; of the gravest that an engine has used where it names none."""
    try:
        return DEFAULT_FOLDERS[Mode(tomllib.loads(line.strip())["mode"])]
    except (tomllib.TOMLDecodeError, LookupError, ValueError):
        used = [DEFAULT_FOLDERS[mode] for mode in _GRAVEST_FIRST if (base / DEFAULT_FOLDERS[mode]).is_dir()]
        return used[0] if used else DEFAULT_FOLDERS[Mode.PAPER]
