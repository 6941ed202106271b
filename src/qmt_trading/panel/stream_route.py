"""The address of the stream. Who may open it, and for how long, the wall looks after."""

from __future__ import annotations

from fastapi import APIRouter, Depends, WebSocket

from qmt_trading.panel import stream
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.guard import signed_in


def router(parts: DataParts) -> APIRouter:
    """Return the route."""
    made = APIRouter()

    async def serve(socket: WebSocket) -> None:
        await stream.serve(socket, parts.hub, version=parts.version)

    made.add_api_websocket_route("/api/v1/stream", serve, dependencies=[Depends(signed_in)])
    return made
