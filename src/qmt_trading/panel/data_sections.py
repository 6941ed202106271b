"""The groups of routes that show and do: what they share, and what runs for as long as the panel does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter

from qmt_trading.panel import stream_route
from qmt_trading.panel.acting import Acting
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.http_door import HttpDoor
from qmt_trading.panel.reading import Reading
from qmt_trading.panel.sections import Section
from qmt_trading.panel.system_routes import SystemRoutes


def sections_of(parts: DataParts) -> list[Section]:
    """Return the groups of routes over ``parts``; the first keeps the board running."""

    @asynccontextmanager
    async def following() -> AsyncIterator[None]:
        parts.board.start(asyncio.get_running_loop())
        try:
            yield
        finally:
            await asyncio.to_thread(parts.board.stop)

    router = APIRouter()
    for made in (
        Reading(parts).router(),
        Acting(parts).router(),
        HttpDoor(parts).router(),
        SystemRoutes(parts).router(),
        stream_route.router(parts),
    ):
        router.include_router(made)
    return [Section(router=router, lifespan=following)]
