"""The stream's end of a connection: one whose browser takes nothing is cut, and its bytes are not kept waiting."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class CuttingProtocol(WebSocketsSansIOProtocol):
    """Hangs up at once where the other side takes no bytes.

    An orderly end waits until the last byte has left: towards a frozen browser that is for ever, with all that was
    still to be sent held in memory.
    """

    async def run_asgi(self) -> None:
        """Serve one stream to its end."""
        await super().run_asgi()
        self._cut()

    def keepalive_timeout(self) -> None:
        """Part from a browser that has not answered a ping."""
        super().keepalive_timeout()
        self._cut()

    def _cut(self) -> None:
        if not self.writable.is_set():
            self.transport.abort()
