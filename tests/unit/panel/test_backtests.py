"""Reports: listed by name, and nothing outside their folder is ever given."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from qmt_trading.panel import backtests


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "reports"
    for name, page in (("双均线 2026", "<p>1"), ("grid", "<p>2")):
        (made / name).mkdir(parents=True)
        (made / name / "report.html").write_text(page, encoding="utf-8")
        (made / name / "report.json").write_text('{"profit": "1.5"}', encoding="utf-8")
    (made / "empty").mkdir()
    (made / "stray.txt").write_text("x", encoding="utf-8")
    (tmp_path / "report.html").write_text("secret", encoding="utf-8")
    os.utime(made / "grid", (2_000_000_000, 2_000_000_000))
    return made


def test_folders_with_a_report_are_listed_the_newest_first(folder: Path) -> None:
    assert [(row["name"], row["head"]) for row in backtests.rows(folder)] == [
        ("grid", {"profit": "1.5"}),
        ("双均线 2026", {"profit": "1.5"}),
    ]
    assert backtests.rows(folder / "nowhere") == []


def test_a_report_is_given_by_its_name(folder: Path) -> None:
    assert backtests.figures(folder, "双均线 2026") == {"profit": "1.5"}
    page = backtests.page(folder, "grid")
    assert page is not None
    assert page.read_text(encoding="utf-8") == "<p>2"


@pytest.mark.parametrize(
    "name", ["..", ".", "", "../reports/grid", "grid/", "grid\\", "/etc", "C:", "grid\0", "empty", "stray.txt", "grid."]
)
def test_no_other_name_leads_anywhere(folder: Path, name: str) -> None:
    assert backtests.page(folder, name) is None
    assert backtests.figures(folder, name) is None


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: links without a privilege")
def test_a_link_out_of_the_folder_is_no_report(folder: Path, tmp_path: Path) -> None:
    (folder / "out").symlink_to(tmp_path)
    (folder / "inner").mkdir()
    (folder / "inner" / "report.html").symlink_to(tmp_path / "report.html")
    assert backtests.page(folder, "out") is None
    assert backtests.page(folder, "inner") is None


def test_figures_that_cannot_be_read_are_none(folder: Path) -> None:
    (folder / "grid" / "report.json").write_bytes(b"{\xff")
    assert backtests.figures(folder, "grid") is None
    assert backtests.rows(folder)[0]["head"] is None
