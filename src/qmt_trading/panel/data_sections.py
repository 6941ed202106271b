"""The groups of routes that show and do: what they share, and what runs for as long as the panel does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from fastapi import APIRouter

from qmt_trading import __version__
from qmt_trading.codec.control import ControlRequest
from qmt_trading.codec.view_json import Plain
from qmt_trading.market.sessions import Session
from qmt_trading.panel import stream_route
from qmt_trading.panel.acting import Acting
from qmt_trading.panel.asking import Asking
from qmt_trading.panel.board import Board, Following
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.http_door import HttpDoor
from qmt_trading.panel.hub import Hub
from qmt_trading.panel.parts import PanelSettings
from qmt_trading.panel.reading import Reading
from qmt_trading.panel.sections import Section
from qmt_trading.panel.system_routes import SystemRoutes


class DataSources(Protocol):
    """The ways to journal and engine, handed in by whoever starts the panel."""

    @property
    def follower(self) -> Following:
        """Return who folds the journal; the panel calls it from a thread of its own."""
        ...

    @property
    def session(self) -> Session:
        """Return the hours and days of trading."""
        ...

    def ask(self, request: ControlRequest) -> list[Plain]:
        """Ask the control door, as ``asking.Ask`` promises; ``engine_line.EngineLine`` is one way."""
        ...

    def preview(self, text: str) -> list[Plain]:
        """Judge the lines of ``text`` as the engine would now, and send nothing.

        Raises:
            ControlError: it cannot be judged; the text says why.
        """
        ...

    def deliver(self, door: str, body: bytes, brought_ns: int) -> list[Plain]:
        """Bring a message through an HTTP door of the engine (empty: its only one); return the receipts, as ``ask``."""
        ...

    def notifications(self) -> list[Plain]:
        """Return the channels to people, a row each, and no address of any."""
        ...

    def try_notification(self, name: str) -> str | None:
        """Send a test message; return why it has not arrived, empty: it has, None: there is no such channel."""
        ...

    def put_up_halt_flag(self, why: str) -> None:
        """Make the file that halts whatever engine sees it; an OSError says that it cannot be made."""
        ...


def data_sections(sources: DataSources, settings: PanelSettings) -> list[Section]:
    """Return the groups of routes over the data folder of ``settings``."""
    hub = Hub()
    board = Board(sources.follower, Asking(sources.ask), hub, version=__version__, session=sources.session)
    parts = DataParts(
        board=board,
        hub=hub,
        ask=sources.ask,
        preview=sources.preview,
        deliver=sources.deliver,
        put_up_halt_flag=sources.put_up_halt_flag,
        notifications=sources.notifications,
        try_notification=sources.try_notification,
        folder=settings.folder,
        version=__version__,
    )
    return sections_of(parts)


def sections_of(parts: DataParts) -> list[Section]:
    """Return the groups of routes over ``parts``; the first keeps the board running."""

    @asynccontextmanager
    async def following() -> AsyncIterator[None]:
        parts.board.start(asyncio.get_running_loop())
        keeping = asyncio.create_task(parts.hub.keep(), name="panel-keep")
        try:
            yield
        finally:
            keeping.cancel()
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
