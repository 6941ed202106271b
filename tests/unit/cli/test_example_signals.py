"""The signals of the documents run as the page tells, on made-up history, and come to what it says."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.history_files import needs_polars

needs_polars()

from qmt_trading.cli.main import app  # noqa: E402
from qmt_trading.research.report.signals import OUTCOMES, STATUSES  # noqa: E402

PAGE = (ROOT / "docs" / "signal-backtest.md").read_text(encoding="utf-8")
SIGNALS = ROOT / "docs" / "strategies" / "signals.txt"
COMMAND = re.compile(r"^ *qmt (backtest --signals docs/strategies/signals\.txt [^#\n]+?)(?: +#.*)?$", re.MULTILINE)
ROW = re.compile(r"^\| (\d+) \| (\d*) ?\| (\S+) \| ?([A-Z_]*) ?\|$", re.MULTILINE)


def test_the_page_shows_the_signals_as_they_are() -> None:
    assert SIGNALS.read_text(encoding="utf-8") in PAGE


def test_the_example_comes_to_what_the_page_says(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["data", "synthetic", str(tmp_path / "history")])
    assert made.exit_code == 0, made.output
    (command,) = COMMAND.findall(PAGE)
    words = [str(SIGNALS) if word.endswith("signals.txt") else word for word in command.split()]
    told = CliRunner().invoke(app, [*words, "-d", str(tmp_path / "history"), "--into", str(tmp_path / "reports")])
    assert told.exit_code == 0, told.output
    text = (tmp_path / "reports" / "signals" / "signals.csv").read_text(encoding="utf-8-sig")
    found = [
        (line["line"], line["account"], (OUTCOMES.get(line["outcome"]) or STATUSES[line["status"]])[0], line["reason"])
        for line in csv.DictReader(text.splitlines())
    ]
    assert found == ROW.findall(PAGE)
    assert len(found) == 15


def test_both_readmes_have_its_command() -> None:
    for name, bare in (("README.md", "撤单"), ("README.en.md", "cancel")):
        (command,) = COMMAND.findall((ROOT / name).read_text(encoding="utf-8"))
        assert command.endswith(f"-f 1m --bare {bare} --into my-qmt/data/reports")
