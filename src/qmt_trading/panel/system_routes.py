"""Routes about the system itself: health for people, figures for Prometheus, probes for whoever keeps it running."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from prometheus_client import generate_latest
from starlette.responses import Response

from qmt_trading.panel import answers, health, metrics
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.guard import nearby, reader
from qmt_trading.panel.queries import NoQuery

Found = tuple[bool, str]


class SystemRoutes:
    """Health, metrics and probes."""

    def __init__(self, parts: DataParts) -> None:
        self._parts = parts
        self._registry = metrics.registry_of(parts)

    def router(self) -> APIRouter:
        router = APIRouter(tags=["system"])
        for path, endpoint, needed in (
            ("/api/v1/health", self.health, [Depends(reader)]),
            ("/api/v1/notifications", self.notifications, [Depends(reader)]),
            ("/metrics", self.metrics, [Depends(nearby)]),
            ("/livez", self.livez, []),
            ("/readyz", self.readyz, []),
            ("/healthz", self.healthz, []),
        ):
            router.add_api_route(path, endpoint, methods=["GET"], response_class=Response, dependencies=needed)
        return router

    def health(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return latency, queues, disk, clock, hosts and the panel's own cost."""
        now = self._parts.board.shown
        return answers.table(now, [health.health_row(self._parts)], source=answers.source_of(now))

    def notifications(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return the channels to people, and how each fares."""
        return answers.table(self._parts.board.shown, self._parts.notifications())

    def metrics(self) -> Response:
        """Return the figures in Prometheus' text form."""
        return Response(generate_latest(self._registry), media_type=metrics.CONTENT_TYPE)

    def livez(self) -> Response:
        """Say that the panel answers."""
        return answers.answer({"ok": True})

    def readyz(self) -> Response:
        """Say whether what is shown can be believed."""
        return self._probe(health.is_ready)

    def healthz(self) -> Response:
        """Say whether all of it works."""
        return self._probe(health.is_healthy)

    def _probe(self, look: Callable[[DataParts], Found]) -> Response:
        fine, why = look(self._parts)
        return answers.answer({"ok": True} if fine else {"ok": False, "why": why}, 200 if fine else 503)
