"""What is wrong, or merely worth a look, in history: each with its file, row, symbol, time and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NoReturn

from msgspec import Struct

from qmt_trading.model.errors import QmtError

SHOWN_MAX: Final = 5
"""Findings of one kind and one symbol that are told one by one; the rest is counted."""


class Severity(StrEnum):
    """Whether history may be used as it is."""

    ERROR = "error"
    """It may not: a figure is certainly wrong."""
    WARNING = "warning"
    """It may, by somebody who knows."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing found. Texts are sentences without a full stop."""

    severity: Severity
    code: str
    """``HIGH_BELOW_LOW`` and its like; stands for the kind in counts and in JSON."""
    file: str
    row: int = 0
    """The line of a text file, or the row of a table counted from 1; 0: the file as a whole."""
    symbol: str = ""
    time: str = ""
    """Shanghai; a date for daily bars."""
    chinese: str
    english: str
    todo: str
    todo_english: str

    def text(self) -> str:
        """Return the finding on one line, place first."""
        place = f"{self.file} 第 {self.row} 行" if self.row else self.file
        where = " ".join(part for part in (place, self.symbol, self.time) if part)
        return f"{where}：{self.chinese}；{self.todo} / {self.english}; {self.todo_english}"


class UnusableError(QmtError):
    """A file or a store cannot be used; ``findings`` name every place."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: Final = tuple(findings)
        super().__init__("\n".join(finding.text() for finding in self.findings[:SHOWN_MAX]))


def refused(
    code: str,
    file: str,
    chinese: str,
    english: str,
    todo: str,
    todo_english: str,
    *,
    row: int = 0,
    symbol: str = "",
    time: str = "",
) -> Finding:
    """Return an error."""
    return Finding(
        severity=Severity.ERROR,
        code=code,
        file=file,
        row=row,
        symbol=symbol,
        time=time,
        chinese=chinese,
        english=english,
        todo=todo,
        todo_english=todo_english,
    )


def stop(file: str, code: str, chinese: str, english: str, todo: str, todo_english: str) -> NoReturn:
    """Refuse ``file`` as a whole.

    Raises:
        UnusableError: always.
    """
    raise UnusableError([refused(code, file, chinese, english, todo, todo_english)])


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many there are of each kind, the most frequent first."""
    return dict(Counter(finding.code for finding in findings).most_common())
