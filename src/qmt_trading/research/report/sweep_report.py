"""Reports of sweeps: one page that needs nothing else, its figures for programs, and tables for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from qmt_trading.model.numbers import to_text
from qmt_trading.research.report import put
from qmt_trading.research.report.sweep_page import Swept, page_of, warnings_of
from qmt_trading.research.sweep_figures import FIGURES
from qmt_trading.research.sweep_trial import Outcome
from qmt_trading.research.walk_forward import WalkForward

VERSION: Final = 1
"""Of the form of ``sweep.json``."""
BEST_MAX: Final = 1000
"""Trials that ``sweep.json`` tells; ``trials.csv`` has all."""


def write(swept: Swept, folder: Path) -> tuple[Path, ...]:
    """Write the report of a sweep into ``folder``; return its files, the page first. The same sweep, the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = [_write_trials(swept, folder / "trials.csv")]
    if swept.walk is not None:
        tables.append(_write_curve(swept.walk, folder / "walk_forward.csv"))
    head = put(folder / "sweep.json", msgspec.json.format(msgspec.json.encode(head_of(swept)), indent=1))
    return put(folder / "sweep.html", page_of(swept).encode("utf-8")), head, *tables


def head_of(swept: Swept) -> dict[str, Any]:
    """Return the whole of it for programs: fractions as numbers, money as decimal text."""
    head = msgspec.to_builtins(swept.head)
    del head["form"], head["version"]
    best = swept.best
    return {
        "form": "qmt-sweep-report",
        "version": VERSION,
        **head,
        "cash": to_text(swept.head.cash),
        "metric": swept.metric,
        "symbols": list(swept.symbols),
        "first": swept.first.isoformat(),
        "last": swept.last.isoformat(),
        "failed": len(swept.failed),
        "best": None if best is None else _told(best),
        "luck": msgspec.to_builtins(swept.luck),
        "warnings": [list(each) for each in warnings_of(swept)],
        "ranked": [_told(each) for each in swept.ranked[:BEST_MAX]] if swept.walk is None else [],
        "walk_forward": None if swept.walk is None else _walked(swept.walk),
    }


def _told(outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {"number": outcome.number, "parameters": outcome.parameters, "status": outcome.status}
    return {**told, "figures": outcome.figures} if outcome.status == "ok" else {**told, "reason": outcome.reason}


def _walked(walk: WalkForward) -> dict[str, Any]:
    steps = [
        {
            "train": [step.split.train.first.isoformat(), step.split.train.last.isoformat()],
            "test": [step.split.test.live.isoformat(), step.split.test.last.isoformat()],
            "tried": step.tried,
            "picked": None if step.picked is None else _told(step.picked),
            "judged": None if step.judged is None else _told(step.judged),
        }
        for step in walk.steps
    ]
    return {"figures": walk.figures, "steps": steps}


def _write_trials(swept: Swept, path: Path) -> Path:
    """Write every trial; of a walk forward those of the train windows, each with its window."""
    names = [axis.name for axis in swept.space.axes]
    walk = swept.walk
    if walk is None:
        head = ["rank"]
        places: Iterable[list[str]] = ([str(place)] for place in range(1, len(swept.ranked) + 1))
    else:
        head = ["train_first", "train_last"]
        each = len(swept.ranked) // len(walk.steps)
        windows = [step.split.train for step in walk.steps for _ in range(each)]
        places = ([window.first.isoformat(), window.last.isoformat()] for window in windows)
    head += ["number", *names, "status", *FIGURES, "reason"]
    rows = (
        [
            *place,
            outcome.number,
            *(outcome.parameters[name] for name in names),
            outcome.status,
            *(_cell(outcome.figures.get(name)) for name in FIGURES),
            " ".join(outcome.reason.split()),
        ]
        for place, outcome in zip(places, swept.ranked, strict=True)
    )
    return _write(path, head, rows)


def _write_curve(walk: WalkForward, path: Path) -> Path:
    starts = {str(step.split.test.live): place for place, step in enumerate(walk.steps, 1)}
    rows, window = [], 0
    for day, level in zip(walk.days, walk.curve, strict=True):
        window = starts.get(day, window)
        rows.append([day, window, repr(level)])
    return _write(path, ["day", "window", "equity"], rows)


def _cell(value: float | None) -> str:
    """Return a figure so that it reads back as the same number; empty where there is none."""
    return "" if value is None else repr(value)


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
    return path
