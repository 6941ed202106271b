"""The built pages: served as they are, kept where their names say what they hold, and nothing else served."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from qmt_trading.panel.app import create_app
from qmt_trading.panel.pages import Pages
from qmt_trading.panel.parts import PanelSettings
from tests.panel_client import PanelClient


class Silent:
    def announce(self, text: str, text_en: str, link: str = "") -> None: ...


def built(folder: Path) -> Path:
    pages = folder / "pages"
    (pages / "assets").mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html><title>panel</title>", encoding="utf-8")
    (pages / "assets" / "app-1a2b.js").write_text("let a = 1", encoding="utf-8")
    (pages / "assets" / "app-1a2b.js.gz").write_bytes(b"gzipped")
    (pages / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (pages / "assets" / "app-1a2b.js.map").write_text("{}", encoding="utf-8")
    (pages / "favicon.svg").write_text("<svg/>", encoding="utf-8")
    (folder / "secret.json").write_text("secret", encoding="utf-8")
    return pages


def client_of(app: FastAPI) -> PanelClient:
    return PanelClient(app)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[PanelClient]:
    pages = built(tmp_path)
    app = create_app(Silent(), PanelSettings(folder=tmp_path), pages=Pages(pages))
    with client_of(app) as client:
        yield client


def test_the_index_is_asked_for_anew_and_told_to_be_the_same(client: PanelClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get("/", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/index.html").content == answer.content


def test_what_carries_its_hash_in_its_name_is_kept(client: PanelClient) -> None:
    answer = client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert answer.content == b"let a = 1"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, deflate, br", "br"), ("gzip;q=0.5", "gzip"), ("deflate", None), ("", None)]
)
def test_what_was_packed_before_is_sent_packed(tmp_path: Path, accepted: str, encoding: str | None) -> None:
    app = create_app(Silent(), PanelSettings(folder=tmp_path / "data"), pages=Pages(built(tmp_path)))
    with client_of(app) as client:
        answer = client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": accepted})
    assert answer.extensions["encoding"] == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == {"br": b"brotli", "gzip": b"gzipped", None: b"let a = 1"}[encoding]


@pytest.mark.parametrize(
    "path", ["/secret.json", "/nothing.js", "/assets", "/assets/", "/assets/app-1a2b.js.gz", "/assets/app-1a2b.js.map"]
)
def test_nothing_else_is_served(client: PanelClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    pages = built(tmp_path)
    try:
        (pages / "out.json").symlink_to(tmp_path / "secret.json")
    except OSError:
        pytest.skip("needs POSIX, or the right to make links")
    app = create_app(Silent(), PanelSettings(folder=tmp_path / "data"), pages=Pages(pages))
    with client_of(app) as client:
        assert client.get("/out.json").status_code == 404


def test_pages_that_are_built_while_the_panel_runs_are_found(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    app = create_app(Silent(), PanelSettings(folder=tmp_path / "data"), pages=Pages(pages))
    with client_of(app) as client:
        missing = client.get("/")
        assert missing.status_code == 200
        assert "面板的页面还没有生成" in missing.text
        assert "not built yet" in missing.text
        assert "script" not in missing.text
        assert client.get("/assets/app-1a2b.js").status_code == 404
        built(tmp_path)
        assert "<title>panel</title>" in client.get("/").text
        (pages / "assets" / "app-2.js").write_text("let b", encoding="utf-8")
        os.utime(pages / "index.html", ns=(1, 1))
        assert client.get("/assets/app-2.js").text == "let b"
