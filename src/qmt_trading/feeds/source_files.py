"""Files of other programs as frames of their own columns: CSV and text in UTF-8 or GBK, and Parquet."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from qmt_trading.feeds.findings import Finding, UnusableError, refused
from qmt_trading.feeds.headings import meaning
from qmt_trading.feeds.history import PERIODS
from qmt_trading.model.errors import ConfigurationError

if TYPE_CHECKING:
    import polars as pl

ENCODINGS: Final = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "gb2312": "gb18030",
}
SUFFIXES: Final = (".csv", ".txt", ".parquet", ".pq")
HEAD_LINES: Final = 6
"""Where the line of headings is looked for: 通达信 writes the name of the stock above it."""
_FOOTERS: Final = ("数据来源", "#")
_ADJUSTED: Final = re.compile(r"(前复权|后复权|等比复权|定点复权)")
_READ_BLOCK: Final = 1 << 20


class Source(NamedTuple):
    """One file as it was read."""

    path: Path
    frame: pl.DataFrame
    first_row: int
    """The line of the first row, or 1 for a table."""
    encoding: str
    """``UTF-8``, ``GBK`` or ``parquet``."""
    title: str
    """What stands above the headings."""


def needs_polars() -> None:
    """Make sure that polars and numpy are there; ask before a module is imported that has numpy at its top.

    Raises:
        ConfigurationError: they are not; the text says how to get it.
    """
    try:
        import numpy  # noqa: F401
        import polars  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(
            '历史数据需要 polars 和 numpy：pip install "qmt-trading-system[research]" / needs the extra research'
        ) from error


def sources_in(paths: Iterable[Path]) -> list[Path]:
    """Return every file that is meant: folders are looked through for CSV, text and Parquet, in order of name.

    What a store of history holds is imported already, and passed over.

    Raises:
        UnusableError: a path does not exist, or a folder holds none.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            stores = [each.parent for each in path.rglob("manifest.json") if _is_store(each.parent)]
            inside = sorted(
                each
                for each in path.rglob("*")
                if each.suffix.lower() in SUFFIXES
                and each.is_file()
                and not any(each.is_relative_to(store) for store in stores)
            )
            if not inside:
                raise UnusableError([_none_inside(path)])
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            what = ("没有这个文件", "there is no such file", "查一下路径", "look at the path")
            raise UnusableError([refused("NO_FILE", str(path), *what)])
    return found


def _is_store(folder: Path) -> bool:
    return any((folder / frequency).is_dir() for frequency in PERIODS)


def sha256_of(path: Path) -> str:
    """Return the hash of what is in the file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def read_source(path: Path, encoding: str = "") -> Source:
    """Return the rows of ``path``; every column of a text file is text.

    Args:
        encoding: ``utf-8`` or ``gbk``; empty: UTF-8, and GBK where that does not fit.

    Raises:
        UnusableError: it cannot be read; the finding says why.
        OSError: the system refuses it.
    """
    if path.suffix.lower() in (".parquet", ".pq"):
        return _parquet(path)
    content = path.read_bytes()
    text, name = _decoded(path, content, encoding)
    lines = text.splitlines()
    if not any(line.strip() for line in lines):
        raise UnusableError(
            [refused("EMPTY", path.name, "文件是空的", "the file is empty", "重新导出", "export it anew")]
        )
    head = _head_line(lines)
    separator = max(("\t", ",", ";"), key=lines[head].count)
    if not lines[head].count(separator):
        separator = " "
    last = len(lines)
    while last > head + 1 and (not lines[last - 1].strip() or lines[last - 1].strip().startswith(_FOOTERS)):
        last -= 1
    return Source(path, _parsed(path, lines, head, last, separator), head + 2, name, " ".join(lines[:head]).strip())


def adjusted_title(title: str) -> str:
    """Return the word by which ``title`` says that prices are adjusted; empty: it does not."""
    found = _ADJUSTED.search(title)
    return found[1] if found is not None else ""


def _parquet(path: Path) -> Source:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        said = str(error).splitlines()[0][:200]
        raise UnusableError(
            [
                refused(
                    "NO_PARQUET", path.name, f"读不出 Parquet：{said}", "no Parquet file", "重新导出", "export it anew"
                )
            ]
        ) from error
    return Source(path, frame, 1, "parquet", "")


def _decoded(path: Path, content: bytes, encoding: str) -> tuple[str, str]:
    wanted = ENCODINGS.get(encoding.lower()) if encoding else None
    if encoding and wanted is None:
        raise ConfigurationError(f"编码只认 utf-8 和 gbk，不是 {encoding} / an encoding is utf-8 or gbk")
    place = 0
    for codec in (wanted,) if wanted else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(codec), "GBK" if codec == "gb18030" else "UTF-8"
        except UnicodeDecodeError as error:
            place = content.count(b"\n", 0, error.start) + 1
    what = encoding or "UTF-8 / GBK"
    raise UnusableError(
        [
            refused(
                "ENCODING",
                path.name,
                f"不是 {what} 编码",
                f"is not {what}",
                "另存为 UTF-8，或写 --encoding gbk",
                "save it as UTF-8, or say --encoding gbk",
                row=place,
            )
        ]
    )


def _head_line(lines: list[str]) -> int:
    """Return which line names the columns: the one of the first few in which most words are known."""
    known = [
        sum(bool(meaning(word.strip().strip('"')).field) for word in re.split(r"[\t,; ]+", line) if word.strip())
        for line in lines[:HEAD_LINES]
    ]
    return known.index(max(known))


def _parsed(path: Path, lines: list[str], head: int, last: int, separator: str) -> pl.DataFrame:
    import polars as pl

    if separator == " ":
        kept = ["\t".join(line.split()) for line in lines[head:last]]
        separator = "\t"
    else:
        kept = lines[head:last]
    try:
        frame = pl.read_csv(
            io.BytesIO("\n".join(kept).encode("utf-8")),
            separator=separator,
            infer_schema=False,
            truncate_ragged_lines=False,
        )
    except pl.exceptions.PolarsError as error:
        width = len(kept[0].split(separator))
        wrong = next((place for place, line in enumerate(kept) if len(line.split(separator)) > width), 0)
        said = str(error).splitlines()[0][:200]
        raise UnusableError(
            [
                refused(
                    "NO_TABLE",
                    path.name,
                    f"这一行的列数和表头不一样：{kept[wrong][:80]}" if wrong else f"不是表格：{said}",
                    "has another number of columns than the headings" if wrong else "is no table",
                    "改好这一行，或重新导出",
                    "mend this line, or export it anew",
                    row=head + 1 + wrong,
                )
            ]
        ) from error
    stripped = [name.strip() for name in frame.columns]
    # Two headings that differ by a space are two columns of one name, and stay as they are told apart by now.
    return frame.rename(
        {name: new for name, new in zip(frame.columns, stripped, strict=True) if stripped.count(new) == 1}
    )


def _none_inside(path: Path) -> Finding:
    return refused(
        "NO_FILE",
        str(path),
        "文件夹里没有 CSV、TXT 或 Parquet（已经导入的数据不算）",
        "the folder holds neither CSV, text nor Parquet (what is imported already does not count)",
        "查一下路径",
        "look at the path",
    )
