"""Install and run with one command on a fresh machine: ``python tools/start.py demo``, or ``test``.

Needs Python 3.11 or newer with pip, and nothing else. Works in the active virtual environment; where none is active it
makes ``.venv`` in this folder (or the folder that QMT_VENV names), so nothing is installed into the system's Python.
Every release is checked against the hashes in ``constraints/``. Deleting that folder undoes everything.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WINDOWS = sys.platform == "win32"
USAGE = """用法 Usage: python tools/start.py demo|test [...]
  demo  安装并试跑模拟盘，Ctrl-C 结束      install, then `qmt demo [...]`
  test  安装并运行全部检查和测试          install, then `tools/check.py [...]`"""


def main(arguments: list[str]) -> int:
    """Install what ``arguments`` ask for, run it, and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # A console that cannot show Chinese still shows the rest.
    if sys.version_info < (3, 11):
        found = ".".join(map(str, sys.version_info[:3]))
        say(f"需要 Python 3.11 或更新版本，现在是 {found}。Python 3.11 or newer is needed, this is {found}.")
        return 2
    if not arguments or arguments[0] not in {"demo", "test"}:
        say(USAGE)
        return 2
    home = environment_home()
    try:
        python = make_environment(home)
        install(python, home, "test.txt" if arguments[0] == "test" else "run.txt")
    except subprocess.CalledProcessError as error:
        say("安装没有完成，原因见上。The installation did not finish; the reason stands above.")
        return error.returncode or 1
    except OSError as error:
        say(f"安装没有完成。The installation did not finish: {error}")
        return 1
    scripts = python.parent
    environment = {**os.environ, "PATH": os.pathsep.join([str(scripts), os.environ.get("PATH", "")])}
    if arguments[0] == "demo":
        command = [str(scripts / ("qmt.exe" if WINDOWS else "qmt")), *arguments]
    else:
        command = [str(python), str(ROOT / "tools" / "check.py"), *arguments[1:]]
    return run(command, environment)


def environment_home() -> Path:
    """Return the active virtual environment, else QMT_VENV, else ``.venv`` in the checkout."""
    if sys.prefix != sys.base_prefix:
        return Path(sys.prefix)
    named = os.environ.get("QMT_VENV")
    return Path(named).resolve() if named else ROOT / ".venv"


def make_environment(home: Path) -> Path:
    """Return the Python of the virtual environment at ``home``, made first where there is none that works.

    Raises:
        FileExistsError: ``home`` holds files that are not a virtual environment's.
    """
    python = home / ("Scripts" if WINDOWS else "bin") / ("python.exe" if WINDOWS else "python")
    if python.exists() and version_of(python) == sys.version:
        return python
    say(f"建立虚拟环境 Making a virtual environment: {home}")
    if home.exists() and any(home.iterdir()) and not (home / "pyvenv.cfg").exists():
        raise FileExistsError(f"{home}: 已有别的文件，不会清空；请换一个文件夹。Holds other files and is left alone.")
    # Debian ships ensurepip apart from Python; pip of the Python that runs this file then does the installing.
    with_pip = importlib.util.find_spec("ensurepip") is not None
    venv.create(home, clear=home.exists(), with_pip=with_pip, symlinks=not WINDOWS)
    return python


def version_of(python: Path) -> str:
    """Return ``sys.version`` of ``python``; empty where it does not run, for example because its base was removed."""
    asked = [str(python), "-c", "import sys; print(ascii(sys.version))"]
    answer = subprocess.run(asked, check=False, capture_output=True, text=True, encoding="ascii")
    return str(ast.literal_eval(answer.stdout)) if answer.returncode == 0 else ""


def install(python: Path, home: Path, constraints: str) -> None:
    """Install the pinned releases and this checkout, where they are not what was installed last time.

    Raises:
        subprocess.CalledProcessError: pip failed; its own words are on the terminal.
    """
    note = home / "qmt-start.json"
    installed = read_note(note)
    # The releases that run the system are the same in every file, so one may be installed over the other.
    pins = digest_of(sorted((ROOT / "constraints").glob("*.txt")))
    project = digest_of([ROOT / "pyproject.toml", *sorted((ROOT / "src").rglob("*")), *pages_sources()])
    files = installed.get("files", []) if installed.get("pins") == pins else []
    if constraints in files and installed.get("project") == project:
        return
    say("安装 Installing ...")
    pip = pip_command(python)
    environment = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_QUIET": "1"}
    # Written again only when all went well: half an installation is never taken for a whole one.
    note.unlink(missing_ok=True)
    if constraints not in files:
        releases = ["install", "--require-hashes", "-r", str(ROOT / "constraints" / constraints)]
        subprocess.run([*pip, *releases], check=True, env=environment, stdout=sys.stderr)
    build = ["install", "--no-deps", "--no-build-isolation", "--force-reinstall", str(ROOT)]
    subprocess.run([*pip, *build], check=True, env=environment, stdout=sys.stderr)
    kept = {"pins": pins, "files": sorted({*files, constraints}), "project": project}
    note.write_text(json.dumps(kept), encoding="utf-8")


def pages_sources() -> list[Path]:
    """Return what the panel's pages are built from."""
    folder = ROOT / "frontend"
    return [path for path in sorted(folder.rglob("*")) if "node_modules" not in path.relative_to(folder).parts]


def say(text: str) -> None:
    """Tell the person ``text``; standard output belongs to the command that is run."""
    print(text, file=sys.stderr, flush=True)


def pip_command(python: Path) -> list[str]:
    """Return the words that start a pip which installs for ``python``."""
    own = subprocess.run([str(python), "-m", "pip", "--version"], check=False, capture_output=True)
    if own.returncode == 0:
        return [str(python), "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", str(python)]


def digest_of(paths: list[Path]) -> str:
    """Return a hash over the names and the contents of the files among ``paths``."""
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(ROOT).as_posix().encode("utf-8") + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read_note(note: Path) -> dict[str, Any]:
    """Return what was installed last time; empty when that is not known."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run ``command`` to its own end and return its exit code; Ctrl-C is the command's to answer."""
    with subprocess.Popen(command, env=environment) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
