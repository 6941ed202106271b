"""A TOML file as text, its tables, and the line each key stands on."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Final

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.toml_slips import slip_in

_HEADER: Final = re.compile(r"^\s*\[(\[)?\s*([^\]]+?)\s*\](\])?\s*(#.*)?$")
_KEY: Final = re.compile(r"""^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_\-]+)((?:\s*\.\s*(?:"[^"]*"|[A-Za-z0-9_\-]+))*)\s*=""")
_AT_LINE: Final = re.compile(r"\(at line (\d+), column (\d+)\)")
_BACKSLASH: Final = re.compile(r"""=\s*"[^"]*\\""")
_LEADING_ZERO: Final = re.compile(r"(?:^|[=\[,])\s*0\d")
_TWICE: Final = re.compile(r"overwrite|twice|[Dd]uplicate|already|mutate")
"""How the parser, in each of its versions, speaks of a key or table that is there already."""
_TEXT: Final = re.compile(
    r""""{3}(?:\\.|[^\\])*?"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*""", re.DOTALL
)
"""Strings and comments."""
_INTEGER: Final = re.compile(r"(?<![\w.+-])[+-]?[0-9][0-9A-Za-z_]*(?![\w.])")
_PLAIN: Final = re.compile(r"0|[1-9][0-9]*")

Path_ = tuple[str | int, ...]


class Decimal(str):
    """A number with a point, as it was written."""

    __slots__ = ()


def text_of(path: Path) -> str:
    """Return the text of a configuration, with plain line ends.

    Raises:
        ConfigurationError: it is not there, or not text.
    """
    return _decoded(path, _content_of(path)).replace("\r\n", "\n")


def digest_of(path: Path) -> str:
    """Return what tells one content of a configuration from another.

    Raises:
        ConfigurationError: it is not there.
    """
    return _digest(_content_of(path))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _content_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"没有配置文件 {path}：{_where(path)}先 cd 到它所在的文件夹，或加 -c 路径；还没有建过就 qmt init my-qmt / "
            "no configuration file: cd to its folder, or name it with -c; `qmt init` makes one"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{path} 无法读取 / cannot be read: {error}") from error


def _where(path: Path) -> str:
    return "当前文件夹里没有它，" if path.parent == Path() else ""


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{path} 既不是 UTF-8 也不是 GBK / neither UTF-8 nor GB18030") from error


class ConfigFile:
    """One file, read; ``where`` names the place of a key for people."""

    def __init__(self, path: Path) -> None:
        """Read and parse the file: UTF-8 with or without a BOM, else GB18030.

        Raises:
            ConfigurationError: it is not there, not text, or not TOML.
        """
        self.path = path
        content = _content_of(path)
        self.digest: Final = _digest(content)
        """Of what was read, not of what may stand there later."""
        text = _decoded(path, content)
        self._lines = text.replace("\r\n", "\n").split("\n")
        try:
            self.tables = tomllib.loads("\n".join(self._lines), parse_float=Decimal)
        except (ValueError, RecursionError) as error:  # A figure of 5,000 digits, a list in a list in a list …
            raise ConfigurationError(_printable(self._explain(str(error)))) from error
        self._places = self._find_places()
        self._odd = _odd_integers(text)

    def is_odd(self, value: int) -> bool:
        """Tell whether ``value`` stands in the file as anything but plain digits: ``0x1F``, ``1_000``, ``+5``, ``-5``.

        Such a number has lost its spelling, which an account number must not.
        """
        return value in self._odd

    def _explain(self, trouble: str) -> str:
        found = _AT_LINE.search(trouble)
        number = int(found[1]) if found else self._line_without_number(trouble)
        if "nclosed array" in trouble:
            number = self._line_of_list(number)
        line = self._lines[number - 1] if 0 < number <= len(self._lines) else ""
        key = _KEY.match(line)
        name = key[1] if key else ""
        slip = None if _TWICE.search(trouble) or _BACKSLASH.search(line) else slip_in(line)
        if _TWICE.search(trouble):
            chinese, english = "写了两次，请去掉一处", f"stands twice: {trouble}"
        elif _BACKSLASH.search(line):
            chinese = f"路径请用单引号，例如 {name or 'path'} = 'D:\\qmt'"
            english = "put paths with backslashes in single quotes"
        elif slip is not None:
            chinese, english = slip
        elif _LEADING_ZERO.search(line):
            chinese, english = "以 0 开头的账号请加引号", "an account that begins with 0 needs quotes"
        else:
            chinese, english = "写法不对", f"not TOML: {trouble}"
        place = f"{self.path.name} 第 {number} 行" + (f" {name}" if name else "")
        return f"{place}：{chinese} / line {number}: {english}"

    def _line_of_list(self, number: int) -> int:
        """Return the line of the list that the parser missed the end of at ``number``."""
        begins = (above for above in range(number - 1, 0, -1) if slip_in(self._lines[above - 1]) is not None)
        return next(begins, number)

    def _line_without_number(self, trouble: str) -> int:
        """Return the last line for what ends too early, the longest one for what has no measure."""
        if "end of document" in trouble:
            return max((number for number, line in enumerate(self._lines, 1) if line.strip()), default=1)
        return max(range(1, len(self._lines) + 1), key=lambda number: len(self._lines[number - 1]))

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
                    path = (*path, _unquoted(name))
                    places.setdefault(path, number)
        return places

    @staticmethod
    def _table(text: str, counts: dict[Path_, int], *, is_list: bool) -> Path_:
        path: Path_ = ()
        names = [_unquoted(name.strip()) for name in text.split(".")]
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
            number = self._places.get(path[:length]) or self._places.get((*path[:length], 0))
            if number is not None:
                break
        else:
            number = 1
        name = ".".join(str(part) for part in path if isinstance(part, str))
        return f"{self.path.name} 第 {number} 行 {name}"

    def wrong(self, path: Path_, chinese: str, english: str) -> ConfigurationError:
        """Return the error that says what is wrong with the key at ``path`` and what would be right."""
        return ConfigurationError(_printable(f"{self.where(path)}：{chinese} / {english}"))


def _unquoted(name: str) -> str:
    """Return a key as the parser reads it; ``name`` as it stands where it is none by itself."""
    if name[:1] not in ("'", '"'):
        return name
    try:
        (key,) = tomllib.loads(f"{name} = 0")
    except tomllib.TOMLDecodeError:
        return name
    return key


def _odd_integers(text: str) -> frozenset[int]:
    odd: set[int] = set()
    for found in _INTEGER.finditer(_TEXT.sub(" ", text)):
        if _PLAIN.fullmatch(found[0]) is None:
            try:
                odd.add(int(found[0], 0))
            except ValueError:
                continue  # A key, a date, or a number with an exponent.
    return frozenset(odd)


def _printable(text: str) -> str:
    """Return ``text`` without what a terminal would obey: the file may come from somebody else."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)
