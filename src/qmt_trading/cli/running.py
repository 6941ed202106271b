"""``qmt run``: the engine in the foreground until Ctrl-C or ``qmt stop``."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from typing import Annotated

import typer

from qmt_trading.brokers.simulated.chaos import EVERY_LIE, Lie
from qmt_trading.cli import exit_codes, notifying, panelling
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, explained, fail
from qmt_trading.codec.printable import in_line
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from qmt_trading.run.kept_child import NOTIFIER, PANEL, KeptChild, command_of

SWITCH_S = 0.0005
"""How long a thread may keep the interpreter while another wants it: by default a log line or a flood at a door could
hold a commit's end up for five milliseconds, ten times."""


def run(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    safe: Annotated[bool, typer.Option("--safe", help="只可撤单地启动 start for cancelling only")] = False,
    chaos: Annotated[str, typer.Option("--chaos", help="模拟柜台故意出错，如 minus_one,lost 或 all")] = "",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="不往控制台写，也不启动面板和通知 nothing on the console, no children")
    ] = False,
    no_panel: Annotated[bool, typer.Option("--no-panel", help="不启动网页面板 without the web panel")] = False,
    leashed: Annotated[bool, typer.Option("--leashed", hidden=True, help="stop when standard input ends")] = False,
) -> None:
    """运行引擎，Ctrl-C 退出 run the engine; Ctrl-C ends it."""
    if hasattr(sys.stderr, "reconfigure"):
        sys.stderr.reconfigure(errors="replace")
    with explained():
        lies = _lies(chaos)
        configuration = load(config)
        application = Application(configuration, safe=safe, console=None if quiet else sys.stderr, chaos=lies)
        wanted = {
            PANEL: panelling.is_wanted(configuration, quiet=quiet, refused=no_panel),
            NOTIFIER: notifying.is_wanted(configuration, quiet=quiet),
        }
        children = [KeptChild(each, command_of(each, config), _say) for each, is_wanted in wanted.items() if is_wanted]
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: application.ask_to_stop())
        if leashed:
            threading.Thread(target=_stop_with_parent, args=(application,), name="leash", daemon=True).start()
        gc.collect()
        sys.setswitchinterval(SWITCH_S)
        gc.freeze()  # What start-up made lives as long as the process: the collector need not look at it again.
        application.start()
        for child in children:
            child.start()
        while not application.wait(0.5):
            pass
        application.stop()
        for child in children:
            if not (child.called is PANEL and application.failure):  # After a failure people want to see what became.
                child.stop()
    if application.failure:
        fail(exit_codes.FAILED, f"✗ 引擎因错误退出 / the engine ended: {application.failure}")


def _say(text: str, text_en: str) -> None:
    sys.stderr.write(in_line(f"  ! {text} / {text_en}") + "\n")
    sys.stderr.flush()


def _lies(written: str) -> frozenset[Lie]:
    """Return what the simulated counter is to lie about.

    Raises:
        ConfigurationError: a word that names none of its lies; the text lists them.
    """
    words = [word.strip().lower() for word in written.split(",") if word.strip()]
    if words == ["all"]:
        return EVERY_LIE
    known = {lie.value: lie for lie in Lie}
    for word in words:
        if word not in known:
            raise ConfigurationError(f"--chaos 没有「{word}」；有：{'、'.join(known)}、all / no such lie: {word}")
    return frozenset(known[word] for word in words)


def _stop_with_parent(application: Application) -> None:
    """End with the process that started this one, however that dies: its end of the pipe closes."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    application.ask_to_stop()
