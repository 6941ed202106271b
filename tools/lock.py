"""Rewrite the constraints files: every pinned release with the hashes of all its files, and no address.

    python tools/lock.py                  pin the newest releases that pyproject.toml permits
    python tools/lock.py --keep           add or drop what pyproject.toml asks for, keep the pins there are

One file serves Linux, macOS and Windows on Python 3.11 to 3.13: what only one system needs carries a marker. The
resolving is done by uv, which lock.py installs into a temporary virtual environment; which index it asks is the
machine's own affair (UV_DEFAULT_INDEX, or uv's default) and is not written down.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "constraints"
OLDEST_PYTHON = "3.11"
WINE_PYTHON = "3.11"
UV_VERSION = "uv>=0.7"

HEADS = {
    "run.txt": "What the system needs to run, and to be built.",
    "test.txt": "What the system, its tests and its checks need.",
    "windows.txt": "What the tests under Wine need: the files of Windows, Python 3.11, without markers.",
}


def main() -> int:
    """Write the three files and return 0; pip's or uv's own words explain a failure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="keep the pins that still satisfy pyproject.toml")
    keep: bool = parser.parse_args().keep

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    base: list[str] = project["build-system"]["requires"] + project["project"]["dependencies"]
    test: list[str] = base + project["project"]["optional-dependencies"]["test"]
    elsewhere = (
        "mypy",
        "ruff",
        "import-linter",
        "types-",
        "distributed",
        "hatchling",
        "empyrical-reloaded",
        "exchange-calendars",
        "joblib",
        "llvmlite",
        "numba",
        "numpy",
        "polars",
        "pyarrow",
        "schemathesis",
        "selenium",
    )
    windows = [requirement for requirement in test if not requirement.startswith(elsewhere)]

    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        uv = _install_uv(Path(folder))
        # The larger set first: the smaller ones then take its versions, so that the files never disagree.
        universal = ["--universal", "--python-version", OLDEST_PYTHON]
        _compile(uv, Path(folder), "test.txt", test, universal, keep=keep)
        pins = ["--constraints", str(FOLDER / "test.txt")]
        _compile(uv, Path(folder), "run.txt", base, [*universal, *pins], keep=keep)
        target = ["--python-platform", "x86_64-pc-windows-msvc", "--python-version", WINE_PYTHON, *pins]
        _compile(uv, Path(folder), "windows.txt", windows, target, keep=keep)
    for name in HEADS:
        lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
        count = sum(1 for line in lines if not line.startswith((" ", "#")))
        print(f"constraints/{name}: {count} releases")
    return 0


def _install_uv(folder: Path) -> Path:
    """Return the path of a uv installed under ``folder`` and nowhere else."""
    home = folder / "environment"
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / ("python.exe" if sys.platform == "win32" else "python")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, UV_VERSION], check=True)
    return scripts / ("uv.exe" if sys.platform == "win32" else "uv")


def _compile(uv: Path, folder: Path, name: str, requirements: list[str], options: list[str], *, keep: bool) -> None:
    """Resolve ``requirements`` into constraints/``name``; a failure leaves the file as it was."""
    wanted = folder / f"{name}.in"
    wanted.write_text("\n".join(requirements) + "\n", encoding="utf-8", newline="\n")
    output = folder / name
    if keep and (FOLDER / name).exists():
        output.write_bytes((FOLDER / name).read_bytes())
    command = [str(uv), "--quiet", "pip", "compile", "--generate-hashes", "--no-header", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links", *options, "--output-file", str(output), str(wanted)]
    subprocess.run(command, check=True, cwd=folder, env={**os.environ, "UV_NO_PROGRESS": "1"})
    head = f"# {HEADS[name]}\n# Written by tools/lock.py; not to be edited by hand.\n"
    (FOLDER / name).write_text(head + output.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
