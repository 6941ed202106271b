"""A strategy that a Python file holds: its text travels to whatever runs it, so that all run the same."""

from __future__ import annotations

import hashlib
import sys
import traceback
from pathlib import Path
from types import ModuleType

from msgspec import Struct

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.research.called import check_called
from qmt_trading.research.strategy import Strategy


class StrategyFile(Struct, frozen=True, kw_only=True):
    """The text of a file, and which strategy of it is meant."""

    path: str
    source: str
    wanted: str = ""
    """The name of the class; empty: the only one."""

    @property
    def sha256(self) -> str:
        """Hash of the text and of which strategy is meant, wherever the file lies."""
        return hashlib.sha256(f"{self.wanted}\n{self.source}".encode()).hexdigest()

    def load(self) -> type[Strategy]:
        """Run the text and return its strategy.

        Raises:
            ConfigurationError: it cannot be run, has no strategy of the name, or has several and none is named.
            ParameterError: nothing would ever call its strategy, or it cannot be given parameters.
        """
        # A name of its own: a file called json.py must not become everybody's json.
        name = f"qmt_strategy_{self.sha256[:16]}"
        module = ModuleType(name)
        module.__file__ = self.path
        sys.modules[name] = module  # Dataclasses look their module up.
        try:
            exec(compile(self.source, self.path, "exec"), vars(module))
        except Exception as error:
            raise ConfigurationError(_cannot_run(self.path, error)) from error
        found = {
            name: each
            for name, each in vars(module).items()
            if isinstance(each, type) and issubclass(each, Strategy) and each.__module__ == module.__name__
        }
        if self.wanted:
            found = {name: each for name, each in found.items() if name == self.wanted}
        if len(found) == 1:
            kind = next(iter(found.values()))
            check_called(kind)
            return kind
        if self.wanted or not found:
            meant = f" {self.wanted}" if self.wanted else ""
            raise ConfigurationError(f"{self.path} 里没有策略{meant}（Strategy 的子类）/ no such strategy in it")
        raise ConfigurationError(f"{self.path} 里有几个策略：{'、'.join(found)}；请写 {self.path}:类名 / say which")


def _cannot_run(path: str, error: Exception) -> str:
    """Return at which line the text of a strategy cannot be run, and what to do where that is known."""
    if isinstance(error, SyntaxError):
        shown = f"：{error.text.strip()}" if error.text else ""
        return (
            f"{error.filename or path} 第 {error.lineno} 行写错了（{error.msg}）{shown} / "
            f"line {error.lineno} is no Python: {error.msg}"
        )
    lines = [number for frame, number in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == path]
    place, english = (f"{path} 第 {lines[-1]} 行", f"line {lines[-1]}") if lines else (path, "it")
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        if package != "qmt_trading":
            return f"{place}要用 {package}，没有装：pip install {package} / {english} needs {package}: not installed"
    return f"{place}运行出错：{error!r} / {english} raised"


def strategy_file(written: str) -> StrategyFile:
    """Return what ``FILE`` or ``FILE:CLASS`` names, read but not run.

    Raises:
        ConfigurationError: there is no such file, or it is no text.
    """
    file, colon, wanted = written.rpartition(":")
    if not colon or not file.endswith(".py"):
        file, wanted = written, ""
    path = Path(file)
    if not path.is_file():
        raise ConfigurationError(
            f"没有策略文件 {path}（现在的文件夹是 {Path.cwd()}；自带的例子在程序文件夹的 docs/strategies，"
            "先 cd 到那里）/ no such file; it is looked for in the folder named"
        )
    if path.suffix != ".py":
        raise ConfigurationError(f"{path} 不是 Python 文件 / is no Python file")
    try:
        source = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} 不是 UTF-8 文本，请另存为 UTF-8 / save it as UTF-8") from error
    return StrategyFile(path=str(path), source=source, wanted=wanted)
