"""A panel over an engine in memory: what it follows is fed by hand, and what it asks is answered from a table."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import Plain
from qmt_trading.model.view import View
from qmt_trading.panel.asking import Asking, EngineDownError
from qmt_trading.panel.board import Board, EquityPoint
from qmt_trading.panel.callers import Caller, Role
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.data_sections import sections_of
from qmt_trading.panel.guard import CALLER, audit_of
from qmt_trading.panel.hub import Hub
from qmt_trading.panel.refusals import RefusedError

OPERATOR = Caller(name="boss", address="127.0.0.1", role=Role.OPERATOR, session="1")
VIEWER = Caller(name="eve", address="127.0.0.1", role=Role.VIEWER, session="2")
LONG_S = 20.0


class Followed:
    """A journal that a test writes: whatever view it holds is what was committed last."""

    def __init__(self, view: View | None = None) -> None:
        self.view = view
        self.points: list[EquityPoint] = []
        self.trouble: Exception | None = None
        self._seen: View | None = None

    def advance(self) -> bool:
        if self.trouble is not None:
            raise self.trouble
        moved = self.view is not self._seen
        self._seen = self.view
        return moved

    def take_equity(self) -> Sequence[EquityPoint]:
        taken, self.points = self.points, []
        return taken

    def equity(self, account: str) -> Sequence[tuple[int, str]]:
        return [(1, f"100.0000 {account}".strip())]


class Engine:
    """Answers by the verb; what it was asked is kept. Down until somebody puts an answer into it."""

    def __init__(self) -> None:
        self.asked: list[wire.ControlRequest] = []
        self.answers: dict[type[object], Callable[[Any], list[Plain]]] = {}
        self.runs = False

    def __call__(self, request: wire.ControlRequest) -> list[Plain]:
        self.asked.append(request)
        if not self.runs:
            raise EngineDownError("引擎未运行 / the engine is not running")
        found = self.answers.get(type(request))
        return found(request) if found is not None else [{"done": "nothing", "durable": True}]

    def of(self, kind: type[object]) -> list[Any]:
        return [request for request in self.asked if isinstance(request, kind)]


class Notes:
    """An audit in memory."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str, dict[str, str]]] = []

    def note(self, caller: Caller, action: str, outcome: str, **about: str) -> None:
        self.lines.append((caller.who, action, outcome, about))


class Frame:
    """Stands for the wall: everybody is the caller that the test says."""

    def __init__(self, app: ASGIApp, caller: list[Caller | None]) -> None:
        self._app, self._caller = app, caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            scope.setdefault("state", {})[CALLER] = self._caller[0]
        await self._app(scope, receive, send)


class PanelBench:
    """The routes over parts in memory."""

    def __init__(self, folder: Path, view: View | None = None) -> None:
        self.followed = Followed(view)
        self.engine = Engine()
        self.hub = Hub()
        self.notes = Notes()
        self.caller: list[Caller | None] = [OPERATOR]
        self.delivered: list[tuple[str, bytes]] = []
        self.receipts: list[Plain] = [{"seq": 1, "id": "a/1", "status": "accepted", "orders": []}]
        self.flags: list[str] = []
        self.folder = folder
        asking = Asking(self.engine, lambda: self.board.held_symbols())
        self.board = Board(self.followed, asking, self.hub, version="test")
        self.parts = DataParts(
            board=self.board,
            hub=self.hub,
            ask=self.engine,
            preview=lambda text: [{"text": text}],
            deliver=self._deliver,
            put_up_halt_flag=self.flags.append,
            folder=folder,
            version="test",
        )
        self.app = FastAPI(openapi_url=None)
        self.app.add_exception_handler(RefusedError, _refused)
        (section,) = sections_of(self.parts)
        self.app.include_router(section.router)
        assert section.lifespan is not None
        lifespan = section.lifespan
        self.app.router.lifespan_context = lambda _app: lifespan()
        self.app.dependency_overrides[audit_of] = lambda: self.notes
        self.app.add_middleware(Frame, caller=self.caller)

    def client(self) -> TestClient:
        """Return a client; inside ``with`` the board follows."""
        return TestClient(self.app, base_url="http://127.0.0.1:8800", raise_server_exceptions=True)

    def settle(self) -> None:
        """Wait until the board shows what was committed last."""
        until(lambda: self.board.shown.view is self.followed.view and self.board.shown.read_ns)

    def _deliver(self, door: str, body: bytes) -> list[Plain]:
        if not self.engine.runs:
            raise EngineDownError("引擎未运行 / the engine is not running")
        self.delivered.append((door, body))
        return self.receipts


def until(holds: Callable[[], object]) -> None:
    """Wait until ``holds``, for as long as a slow machine may need."""
    end = time.monotonic() + LONG_S
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < end, "it did not come to hold in time"
        pause.wait(0.005)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return error.response()
