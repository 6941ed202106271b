"""A TOML file as text, its tables, and the line each key stands on."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from qmt_trading.model.errors import ConfigurationError

_HEADER: Final = re.compile(r"^\s*\[(\[)?\s*([^\]]+?)\s*\](\])?\s*(#.*)?$")
_KEY: Final = re.compile(r"""^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_\-]+)((?:\s*\.\s*(?:"[^"]*"|[A-Za-z0-9_\-]+))*)\s*=""")
_AT_LINE: Final = re.compile(r"\(at line (\d+), column (\d+)\)")
_BACKSLASH: Final = re.compile(r"""=\s*"[^"]*\\""")

Path_ = tuple[str | int, ...]


class Decimal(str):
    """A number with a point, as it was written."""

    __slots__ = ()


class ConfigFile:
    """One file, read; ``where`` names the place of a key for people."""

    def __init__(self, path: Path) -> None:
        """Read and parse the file: UTF-8 with or without a BOM, else GB18030.

        Raises:
            ConfigurationError: it is not there, not text, or not TOML.
        """
        self.path = path
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise ConfigurationError(
                f"没有配置文件 {path}：请先运行 qmt init / no configuration file: run `qmt init` first"
            ) from error
        except OSError as error:
            raise ConfigurationError(f"{path} 无法读取 / cannot be read: {error}") from error
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            try:
                text = content.decode("gb18030")
            except UnicodeDecodeError as error:
                raise ConfigurationError(f"{path} 既不是 UTF-8 也不是 GBK / neither UTF-8 nor GB18030") from error
        self._lines = text.replace("\r\n", "\n").split("\n")
        try:
            self.tables = tomllib.loads("\n".join(self._lines), parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(self._explain(str(error))) from error
        self._places = self._find_places()

    def _explain(self, trouble: str) -> str:
        found = _AT_LINE.search(trouble)
        number = int(found[1]) if found else len(self._lines)
        line = self._lines[number - 1] if 0 < number <= len(self._lines) else ""
        key = _KEY.match(line)
        name = key[1] if key else ""
        if _BACKSLASH.search(line):
            return (
                f"{self.path.name} 第 {number} 行 {name}：路径请用单引号，例如 {name or 'path'} = 'D:\\qmt' / "
                f"line {number}: put paths with backslashes in single quotes"
            )
        if key and re.search(r"=\s*0\d", line):
            return (
                f"{self.path.name} 第 {number} 行 {name}：以 0 开头的账号请加引号 / "
                f"line {number}: an account that begins with 0 needs quotes"
            )
        return f"{self.path.name} 第 {number} 行 {name}：写法不对 / line {number}: not TOML: {trouble}"

    def _find_places(self) -> dict[Path_, int]:
        places: dict[Path_, int] = {}
        counts: dict[Path_, int] = {}
        table: Path_ = ()
        for number, line in enumerate(self._lines, 1):
            header = _HEADER.match(line)
            if header and bool(header[1]) == bool(header[3]):
                table = self._table(header[2], counts, is_list=bool(header[1]))
                places.setdefault(table, number)
                continue
            key = _KEY.match(line)
            if key:
                names = [key[1], *re.findall(r"\"[^\"]*\"|[A-Za-z0-9_\-]+", key[2])]
                path = table
                for name in names:
                    path = (*path, name.strip("\"'"))
                    places.setdefault(path, number)
        return places

    @staticmethod
    def _table(text: str, counts: dict[Path_, int], *, is_list: bool) -> Path_:
        path: Path_ = ()
        names = [name.strip().strip("\"'") for name in text.split(".")]
        for index, name in enumerate(names):
            path = (*path, name)
            last = index == len(names) - 1
            if last and is_list:
                counts[path] = counts.get(path, 0) + 1
                for inner in [each for each in counts if len(each) > len(path) and each[: len(path)] == path]:
                    del counts[inner]
            if path in counts:
                path = (*path, counts[path] - 1)
        return path

    def where(self, path: Path_) -> str:
        """Return file, line and key of ``path``, or of the nearest table above it."""
        for length in range(len(path), -1, -1):
            number = self._places.get(path[:length])
            if number is not None:
                break
        else:
            number = 1
        name = ".".join(str(part) for part in path if isinstance(part, str))
        return f"{self.path.name} 第 {number} 行 {name}"

    def wrong(self, path: Path_, chinese: str, english: str) -> ConfigurationError:
        """Return the error that says what is wrong with the key at ``path`` and what would be right."""
        return ConfigurationError(f"{self.where(path)}：{chinese} / {english}")
