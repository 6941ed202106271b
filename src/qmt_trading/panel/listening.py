"""The listening socket: at the port that was asked for, or at the next free one."""

from __future__ import annotations

import socket
import sys
from typing import Final

from qmt_trading.model.errors import ConfigurationError

TRIES: Final = 20
BACKLOG: Final = 1_024


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at ``host``, at ``port`` or one of the next ``TRIES``; 0 asks for any free one.

    Raises:
        ConfigurationError: none of them can be had, or ``host`` is no address of this machine.
    """
    host = "127.0.0.1" if host.lower() == "localhost" else host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    trouble: OSError | None = None
    for number in range(port, min(port + TRIES, 65_536)) if port else [0]:
        # Named, since asyncio sends small answers at once only where it is: else each waits 40 ms for the next.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if sys.platform == "win32":
                # There the other option would let two programs have one port, and either get the other's requests.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, number))
            listener.listen(BACKLOG)
        except OSError as error:
            trouble = error
            listener.close()
        else:
            listener.setblocking(False)
            return listener
    raise ConfigurationError(
        f"面板无法在 {host} 的 {port} 到 {port + TRIES - 1} 端口监听（{trouble}）：改 [panel] host 或 port "
        f"/ the panel cannot listen at {host}, ports {port} and on ({trouble}): change [panel] host or port"
    ) from trouble


def allow_many_connections() -> None:
    """Let this process hold as many connections as the system allows it: a thousand tabs are more than the default."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 8_192 if hard == resource.RLIM_INFINITY else min(8_192, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
