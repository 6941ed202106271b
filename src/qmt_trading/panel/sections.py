"""What stands in the frame: groups of routes, each with what it keeps running meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter
from msgspec import Struct


class Section(Struct, frozen=True, kw_only=True):
    """One group of routes; their paths are written in full, from ``/api/v1`` on."""

    router: APIRouter
    lifespan: Callable[[], AbstractAsyncContextManager[None]] | None = None
    """Entered before the first request, left after the last."""
