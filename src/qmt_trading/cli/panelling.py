"""``qmt panel``: the web panel, alone or beside an engine; ``qmt run`` starts it by itself."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, explained
from qmt_trading.codec.printable import in_line
from qmt_trading.run import panel_seat
from qmt_trading.run.config import Configuration
from qmt_trading.run.config_panel import PanelConfig
from qmt_trading.run.locks import Lock
from qmt_trading.run.place import Place, find


def panel(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    port: Annotated[int | None, typer.Option("--port", help="端口，被占用就用下一个 port", min=0, max=65_535)] = None,
    new_link: Annotated[
        bool, typer.Option("--new-link", help="再给一个设置密码的一次性链接 a new one-time link")
    ] = False,
    leashed: Annotated[bool, typer.Option("--leashed", hidden=True, help="end when the engine does")] = False,
) -> None:
    """网页面板：看全部、停全部；引擎没运行也能看 the web panel."""
    with explained():
        place = find(config)
        settings = place.configuration.panel if place.configuration is not None else PanelConfig()
        if new_link:
            _print_link(place.folder, settings, port)
            return
        if leashed:
            _go_behind_the_engine()
            place.folder.mkdir(parents=True, exist_ok=True)
            seat = panel_seat.take(place.folder)
            threading.Thread(target=_stop_with_engine, args=(place.folder, seat), name="leash", daemon=True).start()
        _serve(place, settings, port)


def _serve(place: Place, settings: PanelConfig, port: int | None) -> None:
    # Imported here: no other command should wait for a web server to be loaded.
    from qmt_trading.cli.panel_ways import Ways
    from qmt_trading.panel.parts import PanelSettings
    from qmt_trading.panel.serve import serve

    place.folder.mkdir(parents=True, exist_ok=True)
    ways = Ways(place, _say)
    serve(
        ways,
        PanelSettings(
            folder=place.folder,
            host=settings.host,
            port=settings.port if port is None else port,
            certificate=settings.certificate,
            key=settings.key,
            names=settings.names,
        ),
        ways.sections,
    )


def _say(text: str, text_en: str, link: str = "") -> None:
    alone = f"\n      {link}" if link else ""
    with contextlib.suppress(OSError):  # The console may have gone with the engine.
        sys.stderr.write(in_line(f"  面板 {text.removeprefix('面板：')} / {text_en}") + f"{alone}\n")
        sys.stderr.flush()


def _print_link(folder: Path, settings: PanelConfig, port: int | None) -> None:
    from qmt_trading.panel.links import LINK_NS, new_link

    scheme = "https" if settings.certificate is not None else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"{scheme}://{host}:{settings.port if port is None else port}"
    typer.echo(new_link(folder, base))
    minutes = LINK_NS // 60_000_000_000
    typer.echo(f"  {minutes} 分钟内打开，只能用一次 / open it within {minutes} minutes; it works once", err=True)


def _go_behind_the_engine() -> None:
    """Let the engine have the processor first; on Windows whoever starts us has seen to it."""
    if sys.platform != "win32":
        os.nice(5)


def _stop_with_engine(folder: Path, seat: Lock | None) -> None:
    """Stop at the engine's last word. One that has crashed says none: people want to see more than ever then."""
    said = b""
    with contextlib.suppress(OSError):  # So Windows may say that whoever wrote is gone.
        while data := os.read(sys.stdin.fileno(), 1024):
            said = (said + data)[-len(panel_seat.LAST_WORD) :]
    if said != panel_seat.LAST_WORD and seat is not None:
        _say(
            "引擎没有正常退出，面板留着：下一次 qmt run 会接替它，qmt stop 结束它",
            "the engine is gone; the panel stays",
        )
        panel_seat.wait_for_successor(folder)
    signal.raise_signal(signal.SIGINT)


def main() -> None:
    """Be the panel that ``qmt run`` starts: this command alone, without the others and what they need."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # A console that cannot show Chinese still shows the rest.
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(panel)
    app()


def is_wanted(configuration: Configuration, *, quiet: bool, refused: bool) -> bool:
    """Tell whether ``qmt run`` starts a panel: a quiet engine is one that programs run."""
    return configuration.panel.enabled and not quiet and not refused


if __name__ == "__main__":
    main()
