"""``python main.py`` is ``qmt run``: it finds the program's own Python and the configuration, and runs the engine."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """Run the engine with ``arguments`` and return its exit code."""
    python = python_of_the_program()
    if python is None:
        print(
            "还没有安装：请先运行 python tools/start.py demo / not installed yet: run tools/start.py first",
            file=sys.stderr,
        )
        return 2
    command = [python, "-P", "-m", "qmt_trading.cli.main", "run", *arguments]
    config = configuration(arguments)
    if config is not None:
        command += ["--config", str(config)]
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # The engine's to answer.
                continue


def python_of_the_program() -> str | None:
    """Return this Python where the program is installed in it, else that of the virtual environment, else None."""
    if sys.version_info >= (3, 11) and importlib.util.find_spec("qmt_trading") is not None:
        return sys.executable
    home = Path(os.environ.get("QMT_VENV") or ROOT / ".venv")
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    return str(python) if python.exists() else None


def configuration(arguments: list[str]) -> Path | None:
    """Return the configuration beside this file where the person named none and stands beside none."""
    if any(each.startswith(("-c", "--config")) for each in arguments) or Path("qmt.toml").exists():
        return None
    places = (ROOT / "qmt.toml", ROOT / "my-qmt" / "qmt.toml")
    return next((each for each in places if each.exists()), None)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))
