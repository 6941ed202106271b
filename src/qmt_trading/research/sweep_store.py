"""The results file of a sweep: a head that says what is swept, then one line a finished trial, each on disk for good.

A line is written whole and synced before the next trial's is taken. A kill may leave half a line at the end: it is cut
off, and its trial runs again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from qmt_trading.research.sweep_trial import Outcome, SweepError

FORM: Final = "qmt-sweep"
VERSION: Final = 1
FILE: Final = "trials.jsonl"
_WORDS: Final = {
    "program": ("程序", "the program"),
    "strategy": ("策略", "the strategy"),
    "source_sha256": ("策略文件的内容", "the text of the strategy's file"),
    "data_sha256": ("历史数据", "the history"),
    "cash": ("起始资金", "the cash"),
    "costs": ("费用", "the costs"),
    "fill_model": ("成交模型", "the fill model"),
    "gate": ("风控", "the gate"),
    "conventions": ("指标口径", "the conventions"),
    "space": ("参数和范围", "the parameters and their values"),
    "trials": ("要算的组合", "what is tried"),
    "trials_sha256": ("要算的组合", "what is tried"),
    "walk_forward": ("滚动检验的窗口", "the windows of the walk forward"),
    "metric": ("排序的指标", "the figure to rank by"),
}


class Head(Struct, frozen=True, kw_only=True):
    """What is swept: a file with another head is another sweep."""

    form: str = FORM
    version: int = VERSION
    program: str
    strategy: str
    source_sha256: str
    data_sha256: str
    cash: int
    costs: str
    fill_model: str
    gate: str
    conventions: str
    space: tuple[str, ...]
    """As it was written: ``fast=5:50:5``."""
    trials: int
    trials_sha256: str
    walk_forward: str = ""
    """``244/61``: trading days of a train and of a test window; empty: no windows."""
    metric: str = ""
    """By which a walk forward picks; empty where there is none: a ranking can be made anew at any time."""


class ResultsFile:
    """The file, held open by the one process that writes it."""

    def __init__(self, path: Path, head: Head, *, resume: bool) -> None:
        """Open the file, or make it.

        Raises:
            SweepError: one with a finished trial is there and nothing was said of going on with it; it is of another
                sweep (the text says what differs); a line in its midst cannot be read.
        """
        self.path = path
        self.finished: dict[int, Outcome] = {}
        """By number: what was finished before this run, and since."""
        self.dropped_bytes = 0
        """Length of a torn last line that was cut off."""
        begun = _whole_lines(path)
        if len(begun) == 1 and not resume and _is_head(begun[0]):
            begun = []  # No trial of it was finished, so nothing is lost by beginning anew.
        if begun and not resume:
            raise SweepError(
                f"{path} 里已有一次扫描。接着算：加 --resume；重新算：换个 --name，或删掉这个文件 / "
                "a sweep is there already: --resume goes on with it, another --name begins a new one"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        if begun:
            self._read(begun, head)
            size = path.stat().st_size
            whole = sum(map(len, begun))
            self.dropped_bytes = size - whole
            with path.open("r+b") as file:
                file.truncate(whole)
                os.fsync(file.fileno())
        self._file = path.open("ab" if begun else "wb")
        if not begun:
            self._write([msgspec.json.encode(head)])

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Write finished trials; once this returns they outlive a loss of power."""
        made = list(outcomes)
        self._write([msgspec.json.encode(each) for each in made])
        self.finished |= {each.number: each for each in made}

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _write(self, lines: list[bytes]) -> None:
        self._file.write(b"".join(line + b"\n" for line in lines))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self, lines: list[bytes], head: Head) -> None:
        try:
            found = msgspec.json.decode(lines[0], type=Head)
        except msgspec.DecodeError as error:
            raise SweepError(
                f"{self.path} 第 1 行不是参数扫描的文件头；换个 --name / it is no results file of a sweep"
            ) from error
        if found.version != VERSION or found.form != FORM:
            raise SweepError(
                f"{self.path} 是 {found.form} 第 {found.version} 版，本程序读第 {VERSION} 版；换个 --name / "
                "of another version"
            )
        _refuse_other(self.path, found, head)
        decode = msgspec.json.Decoder(Outcome).decode
        for place, line in enumerate(lines[1:], 2):
            try:
                each = decode(line)
            except msgspec.DecodeError as error:
                raise SweepError(
                    f"{self.path} 第 {place} 行读不懂，文件被改过；换个 --name / line {place} is damaged: {error}"
                ) from error
            self.finished[each.number] = each


def _whole_lines(path: Path) -> list[bytes]:
    """Return the lines that were written to their end, line breaks with them; none where there is no file.

    Of a last line whose bytes never came to the disk, though its length did, nothing but its break may be whole: what
    is no JSON at the very end is torn as well.
    """
    if not path.exists():
        return []
    lines = [line + b"\n" for line in path.read_bytes().split(b"\n")[:-1]]
    if len(lines) > 1:
        try:
            msgspec.json.decode(lines[-1])
        except msgspec.DecodeError:
            lines.pop()
    return lines


def _is_head(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=Head)
    except msgspec.DecodeError:
        return False
    return True


def _refuse_other(path: Path, found: Head, head: Head) -> None:
    old, new = msgspec.to_builtins(found), msgspec.to_builtins(head)
    names = [name for name in _WORDS if old[name] != new[name]]
    if not names:
        return
    told = dict.fromkeys(_WORDS[name] for name in names)
    shown = [f"{name}: {_short(old, name)} → {_short(new, name)}" for name in names]
    raise SweepError(
        f"{path} 是另一次扫描的结果，不能接着算：{'、'.join(chinese for chinese, _ in told)}变了"
        f"（{'；'.join(shown)}）。用原来的再来，或换个 --name / "
        f"another sweep's results, nothing to go on with: {', '.join(english for _, english in told)} changed"
    )


def _short(head: Mapping[str, object], name: str) -> str:
    value = head[name]
    text = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return text[:12] if name.endswith("sha256") else text or "–"
