"""Serving the panel: what must hold before it listens, and how it listens."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from typing import Final

import uvicorn
from msgspec import structs

from qmt_trading.panel.app import create_app
from qmt_trading.panel.entrance import Entrance
from qmt_trading.panel.links import LINK_NS, link_text, remember_base
from qmt_trading.panel.listening import allow_many_connections, listen
from qmt_trading.panel.memory import give_back_large_blocks
from qmt_trading.panel.parts import PanelParts, PanelSettings
from qmt_trading.panel.patience import Crowd, protocol_of
from qmt_trading.panel.reach import check_operators, check_reach
from qmt_trading.panel.sections import Section
from qmt_trading.panel.stream_protocol import CuttingProtocol

CONNECTIONS_MAX: Final = 6_000
"""Enough for a thousand tabs with all that a browser opens beside; the next is told 503."""
MESSAGE_BYTES_MAX: Final = 65_536
HEAD_BYTES_MAX: Final = 32_768
KEEP_ALIVE_S: Final = 30
STOP_S: Final = 3
"""How long requests under way may take once the panel stops."""

SectionsOf = Callable[[PanelParts, PanelSettings], Sequence[Section]]


def frame_alone(_parts: PanelParts, _settings: PanelSettings) -> Sequence[Section]:
    """Return no section: the frame with people and their access stands by itself."""
    return ()


def serve(parts: PanelParts, settings: PanelSettings, sections_of: SectionsOf = frame_alone) -> None:
    """Serve until the process is told to stop (SIGINT, SIGTERM, Ctrl-Break); says the address, and a first link.

    Args:
        sections_of: makes what stands in the frame, for the port that could be had.

    Raises:
        ConfigurationError: it may not listen there, or cannot; nothing was served.
    """
    give_back_large_blocks()
    server, listener = make_server(parts, settings, sections_of)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return  # Ctrl-C, after the orderly stop that it began.
    finally:
        listener.close()


def make_server(
    parts: PanelParts,
    settings: PanelSettings,
    sections_of: SectionsOf,
    *,
    now_ns: Callable[[], int] = time.time_ns,
) -> tuple[uvicorn.Server, socket.socket]:
    """Return a server that is ready to run, and its socket; say the address, and a first link.

    Raises:
        ConfigurationError: it may not listen there, or cannot.
    """
    check_reach(settings)
    allow_many_connections()
    listener = listen(settings.host, settings.port)
    found = structs.replace(settings, port=listener.getsockname()[1])
    try:
        app = create_app(parts, found, sections_of(parts, found), now_ns=now_ns)
    except BaseException:
        listener.close()
        raise
    entrance = app.state.entrance
    assert isinstance(entrance, Entrance)
    try:
        check_operators(found, entrance.users.operators())
    except BaseException:
        entrance.close()
        listener.close()
        raise
    remember_base(entrance.database, entrance.reach.base)
    _announce(parts, settings, entrance)
    config = uvicorn.Config(
        app,
        http=protocol_of(Crowd()),  # type: ignore[arg-type]  # Any factory of protocols serves.
        ws=CuttingProtocol,
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        ssl_certfile=found.certificate,
        ssl_keyfile=found.key,
    )
    return uvicorn.Server(config), listener


def _announce(parts: PanelParts, asked: PanelSettings, entrance: Entrance) -> None:
    """Tell the person at the console where the panel is, and how to get in for the first time."""
    reach = entrance.reach
    if asked.port not in {0, reach.port}:
        parts.announce(
            f"端口 {asked.port} 已被占用，改用 {reach.port}", f"port {asked.port} is taken: {reach.port} is used"
        )
    parts.announce(f"面板：{reach.base}", f"the panel: {reach.base}")
    if entrance.users.operators():
        return
    link = link_text(reach.base, entrance.links.make(now_ns=entrance.now_ns()))
    minutes = LINK_NS // 60_000_000_000
    parts.announce(
        f"首次使用，请在 {minutes} 分钟内打开下面的链接设置密码（只能用一次）",
        f"first use: open the link below within {minutes} minutes to set a password; it works once",
        link,
    )
