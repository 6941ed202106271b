"""Try the senders of ``docs/senders`` against a real engine, by hand: ``python -m tests.senders [--help]``.

On Linux: Python and Node over the Unix socket; where tools/wine/setup.sh has been run, the Windows ones over a named
pipe of an engine on Windows Python, as far as a compiler and a runtime are there. What is not there is not tried, and
that is said.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.conftest import ROOT
from tests.running import a_configuration, running

FOLDER: Final = ROOT / "docs" / "senders"
PIPE: Final = r"\\.\pipe\qmt-senders"
START_S: Final = 30.0
RUNTIME: Final = '{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"3.1.0"}}}'


def main() -> int:
    """Try what can be tried and return 0 when none of it failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--node", help="a node.exe for Windows")
    parser.add_argument("--dotnet", help="a dotnet.exe (3.1) for Windows")
    asked = parser.parse_args()
    results: list[bool] = []
    here = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(a_configuration(folder)) as address:
            for language, program in (("python", sys.executable), ("node", shutil.which("node"))):
                file = FOLDER / ("sender.py" if language == "python" else "sender.js")
                command = [program, str(file)] if program else []
                results += tried(f"{language}, Linux", command, here | {"QMT_ADDRESS": address})
        results += try_windows(folder, asked.node, asked.dotnet)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


def try_windows(folder: Path, node: str | None, dotnet: str | None) -> list[bool]:
    """Try the Windows programs; nothing where there is no Windows Python under Wine."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qmt-trading-system" / "wine"
    wine = Path(os.environ.get("QMT_WINE") or cache)
    if not (wine / "env.sh").exists():
        print("not tried: Windows (run tools/wine/setup.sh first)")
        return []
    python = str(wine / "python" / "python.exe")
    asked = ["bash", "-c", f'. "{wine}/env.sh"; env -0']
    told = subprocess.run(asked, capture_output=True, check=True).stdout.decode()
    environment = dict(pair.split("=", 1) for pair in told.split("\0") if "=" in pair)
    environment |= {"PYTHONPATH": f"Z:{ROOT}/src".replace("/", "\\"), "PYTHONUTF8": "1", "QMT_ADDRESS": PIPE}
    cpp, cs = folder / "sender.exe", folder / "Sender.exe.dll"
    compiled = {
        cpp: ["x86_64-w64-mingw32-g++", "-Wall", "-static", str(FOLDER / "sender.cpp"), "-o", str(cpp)],
        cs: ["mcs", str(FOLDER / "Sender.cs"), f"-out:{cs}"],
    }
    for target, command in compiled.items():
        if shutil.which(command[0]):
            subprocess.run(command, check=True)
            target.with_name("Sender.exe.runtimeconfig.json").write_text(RUNTIME, encoding="utf-8")
    commands = {
        "python, Windows": [python, str(FOLDER / "sender.py")],
        "c++, Windows": [str(cpp)] if cpp.exists() else [],
        "c#, Windows": [dotnet, str(cs)] if cs.exists() and dotnet else [],
        "node, Windows": [node, str(FOLDER / "sender.js")] if node else [],
    }
    with engine_under_wine(folder, python, environment):
        return [
            each for name, words in commands.items() for each in tried(name, words and ["wine", *words], environment)
        ]


@contextmanager
def engine_under_wine(folder: Path, python: str, environment: dict[str, str]) -> Iterator[None]:
    """Run an engine on the Windows Python, on a leash, until its pipe is open."""
    module = ["wine", python, "-m", "qmt_trading.cli.main"]
    made = folder / "windows"
    words = ["init", str(made), "--profile", "保守", "--pipe", PIPE]
    subprocess.run([*module, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    told: Final = subprocess.PIPE
    run = [*module, "run", "--leashed", "--config", str(made / "qmt.toml")]
    with subprocess.Popen(run, env=environment, stdin=told, stdout=told, stderr=subprocess.STDOUT) as engine:
        assert engine.stdout is not None
        assert engine.stdin is not None
        until = time.monotonic() + START_S
        while PIPE.encode() not in engine.stdout.readline():
            assert time.monotonic() < until, "the engine did not start"
            assert engine.poll() is None, "the engine ended"
        try:
            yield
        finally:
            engine.stdin.close()
            engine.stdout.read()


def tried(name: str, command: list[str], environment: dict[str, str]) -> list[bool]:
    """Send one order twice and print whether it was accepted and then a duplicate; nothing without a program."""
    if not command:
        print(f"not tried: {name} (no compiler or runtime)")
        return []
    message = f"buy 600000.SH 100@跌停:11031122 #senders/{time.time_ns()}"
    words = [*command, message]
    told: list[str] = []
    for _ in range(2):
        if "node" in name:  # Under Wine it cannot write into a pipe, and Python cannot write into a file.
            with tempfile.TemporaryFile() as file:
                subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, stdout=file, timeout=60, check=False)
                file.seek(0)
                told.append(file.read().decode("utf-8", errors="replace"))
        else:
            done = subprocess.run(
                words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
            )
            told.append(done.stdout.decode("utf-8", errors="replace"))
    good = "accepted" in told[0] and "duplicate" not in told[0] and "duplicate" in told[1]
    print(f"{'passed' if good else 'FAILED'}: {name}" + ("" if good else f"\n  {told}"))
    return [good]


if __name__ == "__main__":
    sys.exit(main())
