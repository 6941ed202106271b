"""A panel over an engine in memory: what it follows is fed by hand, and what it asks is answered from a table."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import Plain
from qmt_trading.model.view import View
from qmt_trading.panel.acting import noted
from qmt_trading.panel.asking import Asking, EngineDownError
from qmt_trading.panel.board import Board, EquityPoint
from qmt_trading.panel.callers import Caller, Role
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.data_sections import sections_of
from qmt_trading.panel.deltas import Delta
from qmt_trading.panel.guard import CALLER
from qmt_trading.panel.hub import Hub
from qmt_trading.panel.refusals import RefusedError
from qmt_trading.panel.stream_protocol import CuttingProtocol

OPERATOR = Caller(name="boss", address="127.0.0.1", role=Role.OPERATOR, session="1")
VIEWER = Caller(name="eve", address="127.0.0.1", role=Role.VIEWER, session="2")
LONG_S = 20.0
LOOP_THREAD = "panel-loop"
JSON = "application/json"


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
        self.preview_fails: Exception | None = None
        self.folder = folder
        self.board = Board(self.followed, Asking(self.engine), self.hub, version="test")
        self.parts = DataParts(
            board=self.board,
            hub=self.hub,
            ask=self.engine,
            preview=self._preview,
            deliver=self._deliver,
            put_up_halt_flag=self.flags.append,
            notifications=lambda: [{"name": "手机", "kind": "dingtalk"}],
            try_notification={"手机": "", "邮件": "对方拒绝 / refused"}.get,
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
        self.app.dependency_overrides[noted] = self._noted
        self.app.add_middleware(Frame, caller=self.caller)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Serve for as long as the context lasts, and yield a client."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(self.app, log_level="warning", access_log=False, lifespan="on", ws=CuttingProtocol)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name=LOOP_THREAD, daemon=True)
        thread.start()
        try:
            until(lambda: server.started)
            yield Client(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(LONG_S)
            listener.close()
        assert not thread.is_alive()

    def forget(self, caller: Caller) -> None:
        """Begin afresh with what was asked, answered and noted; whoever comes is ``caller``."""
        self.caller[0] = caller
        self.engine.asked.clear()
        self.engine.answers.clear()
        self.notes.lines.clear()
        self.delivered.clear()
        self.flags.clear()
        self.preview_fails = None
        self.receipts = [{"seq": 1, "id": "a/1", "status": "accepted", "orders": []}]

    def settle(self) -> None:
        """Wait until the board shows what was committed last."""
        until(lambda: self.board.shown.view is self.followed.view and self.board.shown.read_ns)

    def publish(self, delta: Delta) -> None:
        """Publish ``delta`` as the board would."""
        loop = self.board._loop
        assert loop is not None
        loop.call_soon_threadsafe(self.hub.publish, delta)

    def _preview(self, text: str) -> list[Plain]:
        if self.preview_fails is not None:
            raise self.preview_fails
        return [{"text": text}]

    async def _noted(self) -> Notes:
        return self.notes

    def _deliver(self, door: str, body: bytes, brought_ns: int) -> list[Plain]:
        assert 0 <= time.perf_counter_ns() - brought_ns < 60_000_000_000
        if not self.engine.runs:
            raise EngineDownError("引擎未运行 / the engine is not running")
        self.delivered.append((door, body))
        return self.receipts


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status, self.headers, self.content = status, headers, content

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


class Client:
    """Asks a panel that listens at ``port``."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str) -> Answer:
        return self.ask("GET", path, None, {})

    def post(self, path: str, body: object = None, *, content: bytes | None = None, kind: str = JSON) -> Answer:
        sent = json.dumps(body).encode("utf-8") if content is None else content
        return self.ask("POST", path, sent, {"Content-Type": kind})

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=LONG_S)) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())


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
