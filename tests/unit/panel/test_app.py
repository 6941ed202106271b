"""The frame: sections live as long as it, and what breaks in one is told plainly."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import APIRouter

from qmt_trading.panel.app import create_app
from qmt_trading.panel.parts import PanelSettings
from qmt_trading.panel.refusals import TEXTS, RefusedError
from qmt_trading.panel.sections import Section
from tests.panel_client import PanelClient


class Silent:
    def announce(self, text: str, text_en: str, link: str = "") -> None: ...


def test_what_breaks_is_told_without_its_insides(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lived: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        lived.append("begun")
        yield
        lived.append("ended")

    router = APIRouter()

    @router.get("/livez")
    def livez() -> None:
        raise ValueError("something of the inside")

    @router.get("/readyz")
    def readyz() -> None:
        raise RefusedError("engine_down", folder="x")

    app = create_app(Silent(), PanelSettings(folder=tmp_path), [Section(router=router, lifespan=lifespan)])
    with PanelClient(app) as client:
        broken = client.get("/livez")
        assert broken.status_code == 500
        assert broken.json()["error"]["code"] == "broken"
        assert "inside" not in broken.text
        assert "content-security-policy" in broken.headers
        down = client.get("/readyz")
        assert (down.status_code, down.json()["error"]["folder"]) == (503, "x")
        assert lived == ["begun"]
    assert lived == ["begun", "ended"]
    assert "something of the inside" not in caplog.text.split("Traceback", maxsplit=1)[0]


def test_every_refusal_speaks_both_languages() -> None:
    for code, (status, text, text_en) in TEXTS.items():
        assert 400 <= status < 600
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text), code
        assert text_en.isascii(), code


def test_a_refusal_may_say_more_than_its_code() -> None:
    refusal = RefusedError("wait", wait_s=4)
    response = refusal.response()
    assert response.status_code == 429
    assert response.headers["retry-after"] == "4"
    assert b'"wait_s":4' in response.body
    own = RefusedError("own", "自己的", "our own", status=409)
    assert (own.status, own.text, own.text_en) == (409, "自己的", "our own")
