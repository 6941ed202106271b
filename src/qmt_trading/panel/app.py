"""The application: the wall in front, the sections behind it, the built pages beside."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qmt_trading import __version__
from qmt_trading.panel import people_routes, session_routes
from qmt_trading.panel.bodies import ERRORS
from qmt_trading.panel.database import Database
from qmt_trading.panel.entrance import Entrance
from qmt_trading.panel.guard import signed_in
from qmt_trading.panel.pages import Pages
from qmt_trading.panel.parts import PanelParts, PanelSettings
from qmt_trading.panel.reach import reach_of
from qmt_trading.panel.refusals import RefusedError
from qmt_trading.panel.sections import Section
from qmt_trading.panel.wall import Wall

OPENAPI: Final = "/api/v1/openapi.json"
_OWN: Final = (Section(router=session_routes.router), Section(router=people_routes.router))
_CODES: Final = {400: "malformed", 404: "not_found", 405: "method"}
_log: Final = logging.getLogger("qmt_trading.panel")


class WalledApp(FastAPI):
    """An application that is reached through its wall alone: also its own failures get the wall's headers."""

    def __init__(self, entrance: Entrance, **settings: Any) -> None:
        super().__init__(**settings)
        self.state.entrance = entrance
        self._wall = Wall(super().__call__, entrance)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await self._wall(scope, receive, send)


def create_app(
    parts: PanelParts,
    settings: PanelSettings,
    sections: Sequence[Section] = (),
    *,
    pages: Pages | None = None,
    now_ns: Callable[[], int] = time.time_ns,
) -> FastAPI:
    """Return the panel's application over the data folder of ``settings``; its port must be the one it listens at.

    The application keeps ``panel.sqlite`` open until its lifespan ends.

    Args:
        sections: routes beside those of people and their access.

    Raises:
        ConfigurationError: the file of users cannot be used.
    """
    entrance = Entrance(Database(settings.folder), reach_of(settings), now_ns)
    whole = (*_OWN, *sections)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(entrance.close)
            for section in whole:
                if section.lifespan is not None:
                    await stack.enter_async_context(section.lifespan())
            yield

    app = WalledApp(
        entrance,
        title="qmt-trading-system",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        exception_handlers={
            RefusedError: _refused,
            RequestValidationError: _invalid,
            HTTPException: _http,
            Exception: _broken,
        },
    )
    app.state.parts = parts
    app.state.settings = settings
    for section in whole:
        app.include_router(section.router, responses=ERRORS)
    _tell_openapi(app)
    app.add_route("/{path:path}", (pages or Pages()).answer, methods=["GET"], include_in_schema=False)
    return app


def _tell_openapi(app: FastAPI) -> None:
    @app.get(OPENAPI, dependencies=[Depends(signed_in)], include_in_schema=False)
    def openapi() -> dict[str, Any]:
        """Tell all routes, to those who are signed in."""
        return app.openapi()


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return error.response()


async def _invalid(_: Request, error: Exception) -> Response:
    """Say which fields are wrong and how; never what they held, which may be a password."""
    assert isinstance(error, RequestValidationError)
    fields = [
        {"field": ".".join(str(part) for part in found["loc"]), "text_en": str(found["msg"])[:200]}
        for found in error.errors()[:20]
    ]
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return RefusedError("bad_json").response()
    return RefusedError("invalid", fields=fields).response()


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = RefusedError(_CODES.get(error.status_code, "malformed"), status=error.status_code).response()
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def _broken(request: Request, error: Exception) -> Response:
    _log.error("面板出错 / the panel failed: %s %s: %s", request.method, request.url.path, type(error).__name__)
    return RefusedError("broken").response()
