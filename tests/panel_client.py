"""Asks an application of the panel without a network, within its lifespan."""

from __future__ import annotations

import asyncio
from types import TracebackType

import httpx
from fastapi import FastAPI


class PanelClient:
    """Asks from one event loop, as from this machine."""

    def __init__(self, app: FastAPI, *, base: str = "http://127.0.0.1:8800") -> None:
        self._app = app
        self._runner = asyncio.Runner()
        self._lifespan = app.router.lifespan_context(app)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 50_000))
        self._client = httpx.AsyncClient(transport=transport, base_url=base)

    def __enter__(self) -> PanelClient:
        self._runner.run(self._lifespan.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._client.aclose())
        self._runner.run(self._lifespan.__aexit__(kind, error, trace))
        self._runner.close()

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        """Ask for ``path``; what was packed comes back as it was sent, in ``extensions["raw"]``."""

        async def ask() -> httpx.Response:
            request = self._client.build_request("GET", path, headers=headers)
            response = await self._client.send(request, stream=True)
            raw = b"".join([part async for part in response.aiter_raw()])
            return httpx.Response(
                response.status_code,
                headers={name: value for name, value in response.headers.items() if name != "content-encoding"},
                content=raw,
                extensions={"encoding": response.headers.get("content-encoding")},
            )

        return self._runner.run(ask())
