"""The application: the wall in front, the sections behind it, the built pages beside."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from qmt_trading.panel.parts import PanelParts, PanelSettings
from qmt_trading.panel.sections import Section


def create_app(parts: PanelParts, settings: PanelSettings, sections: Sequence[Section] = ()) -> FastAPI:
    """Return the panel's application over the data folder of ``settings``."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for section in sections:
        app.include_router(section.router)
    return app
