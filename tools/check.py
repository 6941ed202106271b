"""Run every check with one command, the same on Windows, Linux and CI: ``python tools/check.py [--fast] [NAME ...]``.

Names pick some of the checks: lint, format, imports, types, types-elsewhere, tests, browser, measures. The exit code
is 0 only when every check that was picked ran and passed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = tuple(name for name in ("src", "tests", "tools", "benchmarks") if any((ROOT / name).rglob("*.py")))
CHECKED: Final = (*FOLDERS, "main.py")
HERE: Final = "win32" if sys.platform == "win32" else "linux"
ELSEWHERE: Final = "linux" if sys.platform == "win32" else "win32"
NO_TESTS_COLLECTED: Final = 5


class Check(NamedTuple):
    """A command with a name; ``passing`` are the exit codes that count as passed."""

    name: str
    command: list[str]
    passing: tuple[int, ...] = (0,)


def checks(*, fast: bool, jobs: int) -> list[Check]:
    """Return every check in the order in which they run: the quick ones first."""
    module = [sys.executable, "-m"]
    pytest = [*module, "pytest", "-q", "--color=yes" if sys.stdout.isatty() else "--color=no"]
    if os.environ.get("CI") and sys.platform != "win32":
        pytest.append("--ignore=tests/windows")  # A step of its own in CI, under Wine.
    not_slow = " and not slow" if fast else ""
    return [
        Check("lint", [*module, "ruff", "check", "--output-format", "concise", *CHECKED]),
        Check("format", [*module, "ruff", "format", "--check", *CHECKED]),
        Check("imports", [sys.executable, "-c", LINT_IMPORTS, "--no-cache", "--no-logo"]),
        Check("types", mypy(HERE)),
        Check("types-elsewhere", mypy(ELSEWHERE)),
        Check("tests", [*pytest, "-n", str(jobs), "-m", "not measures and not browser" + not_slow]),
        # One engine, one panel and one browser for all of them, and both cores for these.
        Check("browser", [*pytest, "-m", "browser" + not_slow, "tests/browser"], (0, NO_TESTS_COLLECTED)),
        # What measures time runs with nothing beside it; there may be nothing to measure.
        Check("measures", [*pytest, "-m", "measures" + not_slow], (0, NO_TESTS_COLLECTED)),
    ]


def mypy(platform: str) -> list[str]:
    """Return the command that checks the types as they are on ``platform``."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--platform", platform]
    command += ["--cache-dir", f".mypy_cache/{platform}"]
    # What follows `if sys.platform == "win32": return` is not dead code, though mypy takes it for that on Windows.
    return [*command, *(["--no-warn-unreachable"] if platform == "win32" else []), *CHECKED]


LINT_IMPORTS: Final = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def main() -> int:
    """Run the checks that were asked for and return 0 when all of them passed, else 1."""
    names = [check.name for check in checks(fast=False, jobs=1)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}; all without one")
    parser.add_argument("--fast", action="store_true", help="leave the slow tests out")
    parser.add_argument("--jobs", type=int, default=2, help="test processes side by side (2)")
    asked = parser.parse_args()
    wanted: list[str] = asked.names
    for name in wanted:
        if name not in names:
            parser.error(f"no check is called {name!r}; there are {', '.join(names)}")
    if not __debug__:
        parser.error("run without -O and PYTHONOPTIMIZE: they would switch the asserts off")

    picked = [check for check in checks(fast=asked.fast, jobs=asked.jobs) if not wanted or check.name in wanted]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    results = [(check.name, *carry_out(check, environment)) for check in picked]
    say("")
    for name, passed, seconds in results:
        say(f"{'passed' if passed else 'FAILED'}  {seconds:7.1f} s  {name}")
    return 0 if all(passed for _, passed, _ in results) else 1


def carry_out(check: Check, environment: dict[str, str]) -> tuple[bool, float]:
    """Run ``check`` in the checkout and return whether it passed and how many seconds it took."""
    say(f"\n== {check.name}")
    begin = time.monotonic()
    code = subprocess.run(check.command, cwd=ROOT, env=environment, check=False).returncode
    return code in check.passing, time.monotonic() - begin


def say(line: str) -> None:
    """Print ``line`` at once, so that it stands before what a child process prints."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
