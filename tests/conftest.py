"""What holds for every test: asserts are on, luck is seeded, child processes find the source, CI skips nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.market_data import SHARED

ROOT = Path(__file__).resolve().parent.parent
NO_SETUP_HELPS = re.compile(r"needs (Windows|Linux|macOS|POSIX)\b")
"""How the reason of a skip begins that is right even in CI: this operating system can never run the test."""

# One run is like the next, on any machine; ``--hypothesis-seed`` looks elsewhere.
settings.register_profile("house", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips",
        action="store_true",
        default=os.environ.get("CI", "").lower() in {"1", "true", "yes"},
        help="a skipped test fails, unless its reason begins with 'needs Windows' or the like; on where CI is set",
    )


def pytest_configure(config: pytest.Config) -> None:
    if not __debug__:
        pytest.exit("the tests mean nothing with asserts switched off", returncode=2)
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.config.getoption("--no-skips") and not hasattr(report, "wasxfail"):
        refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if collector.config.getoption("--no-skips"):
        refuse_skip(report)
    return report


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip that a better set-up would have avoided into a failure."""
    if report.outcome != "skipped":
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if NO_SETUP_HELPS.match(reason.removeprefix("Skipped: ")):
        return
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: skipped, and nothing may be skipped here: {reason}"


@pytest.fixture
def shared() -> Path:
    """Return the folder of recorded data: beside the checkout, or where QMT_SHARED says."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder shared/ beside the checkout, or where QMT_SHARED says")
    return SHARED
