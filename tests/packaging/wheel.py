"""Install the wheel with no index and no Node, and open the panel: ``python -m tests.packaging.wheel``.

Builds the wheel of this checkout, collects the wheels of all that it needs at run time (by pip as it is set up here),
installs both into a new environment that may look nowhere else, starts ``qmt panel`` there and fetches its page and
every file that the page names. Prints a line for each step and returns 0 when all of them held.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools.start import pip_command

from tests.conftest import ROOT

WINDOWS: Final = sys.platform == "win32"
SCRIPTS: Final = "Scripts" if WINDOWS else "bin"
START_S: Final = 60.0
PROGRAMS: Final = ("node", "npm", "npx")
NAMED: Final = re.compile(r'(?:src|href)="\.?/(assets/[^"]+)"')


class WheelError(Exception):
    """Something that must hold does not; the text says what."""


def main() -> int:
    """Carry out every step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, help="keep the wheels of what is needed in this folder")
    asked = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="qmt-wheel-") as made:
        folder = Path(made)
        wheels = (asked.wheels or folder / "wheels").resolve()
        try:
            wheel = build(folder / "dist")
            collect(wheels)
            python = install(folder / "environment", wheel, wheels)
            with panel(python, folder / "data") as address:
                served(address)
        except WheelError as error:
            print(f"FAILED: {error}")
            return 1
    print(f"passed in {time.monotonic() - begun:.0f} s")
    return 0


def build(folder: Path) -> Path:
    """Return the wheel of this checkout, built into ``folder``."""
    pip = pip_command(Path(sys.executable))
    call([*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)])
    (wheel,) = folder.glob("*.whl")
    print(f"built {wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
    return wheel


def collect(folder: Path) -> None:
    """Put the wheels of all that is needed at run time into ``folder``, as the lock names them."""
    pip = pip_command(Path(sys.executable))
    pins = ["--require-hashes", "-r", str(ROOT / "constraints" / "run.txt")]
    call([*pip, "download", "--quiet", "--only-binary", ":all:", "-d", str(folder), *pins])
    print(f"collected {len(list(folder.glob('*.whl')))} wheels")


def install(home: Path, wheel: Path, wheels: Path) -> Path:
    """Return the Python of a new environment that holds ``wheel`` and what it needs, from ``wheels`` alone."""
    venv.create(home, with_pip=False, symlinks=not WINDOWS)
    python = home / SCRIPTS / ("python.exe" if WINDOWS else "python")
    pip = [*pip_command(Path(sys.executable)), "--python", str(python), "--isolated"]
    call([*pip, "install", "--quiet", "--no-index", "--find-links", str(wheels), str(wheel)], without_node())
    print("installed with no index and no Node")
    return python


@contextmanager
def panel(python: Path, folder: Path) -> Iterator[str]:
    """Run ``qmt panel`` of that environment over a new configuration; yield its address."""
    environment = without_node() | {"PYTHONUTF8": "1"}
    program = str(python.with_name("qmt.exe" if WINDOWS else "qmt"))
    call([program, "init", str(folder)], environment)
    words = [program, "panel", "--leashed", "--port", "0", "--config", str(folder / "qmt.toml")]
    piped: Final = subprocess.PIPE
    with subprocess.Popen(
        words, env=environment, cwd=folder, stdin=piped, stderr=piped, text=True, encoding="utf-8"
    ) as run:
        assert run.stdin is not None
        assert run.stderr is not None
        try:
            for line in run.stderr:
                if found := re.search(r"the panel: (\S+)", line):
                    yield found[1]
                    break
            else:
                raise WheelError("the panel has ended before it was there")
        finally:
            run.stdin.close()
            run.terminate()
            run.stderr.read()


def served(address: str) -> None:
    """Fetch the page, and every file that it names."""
    status, page = fetch(f"{address}/")
    files = sorted(set(NAMED.findall(page.decode("utf-8"))))
    if status != 200 or not files:
        raise WheelError(f"/ answers {status} and names {len(files)} files: {page[:300]!r}")
    print(f"200 /: {len(page)} bytes")
    for file in files:
        status, content = fetch(f"{address}/{file}")
        if status != 200 or not content:
            raise WheelError(f"/{file} answers {status}")
        print(f"200 /{file}: {len(content)} bytes")


def fetch(address: str) -> tuple[int, bytes]:
    with urllib.request.urlopen(address, timeout=START_S) as answer:
        return answer.status, answer.read()


def without_node() -> dict[str, str]:
    """Return an environment on whose path no Node stands, and where pip and Python are told nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    places = [
        place
        for place in kept.get("PATH", "").split(os.pathsep)
        if not any(shutil.which(name, path=place) for name in PROGRAMS)
    ]
    return kept | {"PATH": os.pathsep.join(places)}


def call(command: Sequence[str], environment: dict[str, str] | None = None) -> None:
    """Run a program to its end.

    Raises:
        WheelError: it failed; its own last words are in the text.
    """
    done = subprocess.run(command, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        raise WheelError(f"{' '.join(command[:6])}: {said[-1500:]}")


if __name__ == "__main__":
    sys.exit(main())
