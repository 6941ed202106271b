"""The built pages: only files that were found at a look into their folder are served, so no path leads elsewhere."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Final

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from qmt_trading.panel.refusals import RefusedError

PAGES: Final = Path(__file__).resolve().parent / "pages"
INDEX: Final = "index.html"
FILE_BYTES_MAX: Final = 16_777_216
_HASHED: Final = "assets/"
"""The folder whose files carry a hash in their names: what one is called never changes what it holds."""
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
"""Not the machine's own table, which on Windows any program may have bent."""

_MISSING: Final = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>QMT</title>
<meta name="viewport" content="width=device-width"><style>body{font:16px/1.7 system-ui,sans-serif;max-width:42rem;
margin:12vh auto;padding:0 1.5rem;color:#1c2430;background:#fff}code{background:#eef1f5;padding:.1em .4em;
border-radius:4px}p.en{color:#4a5568}</style>
<h1>面板的页面还没有生成</h1>
<p>交易不受影响：引擎照常运行，<code>qmt status</code>、<code>qmt halt</code> 照常可用。</p>
<p>装好 Node 20 后，在源码文件夹里运行一次：<br><code>cd frontend</code><br><code>npm ci</code><br>
<code>npm run build</code><br>再刷新本页。从 wheel 安装的版本自带页面。</p>
<h2 lang="en">The pages are not built yet</h2>
<p class="en" lang="en">Trading is not touched by this. With Node 20, run the three commands above once in the source
folder, then load this page again. A wheel brings its pages along.</p></html>
"""


class _File(Struct, frozen=True):
    path: Path
    tag: str
    """The entity's tag: what it holds, hashed."""


class Pages:
    """Serves the folder of built pages; looks again when its index has changed."""

    def __init__(self, folder: Path = PAGES) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen_ns = -1
        self._files: dict[str, _File] = {}

    async def answer(self, request: Request) -> Response:
        """Answer a GET of any path that no other route has.

        Raises:
            RefusedError: 404.
        """
        return await run_in_threadpool(self._answer, request)

    def _answer(self, request: Request) -> Response:
        name = request.url.path.lstrip("/") or INDEX
        files = self._look()
        if name == INDEX and INDEX not in files:
            return HTMLResponse(_MISSING)
        file = files.get(name)
        kind = _KINDS.get(Path(name).suffix)
        if file is None or kind is None:
            raise RefusedError("not_found")
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if name.startswith(_HASHED) else "no-cache",
            "ETag": file.tag,
            "Vary": "Accept-Encoding",
        }
        if file.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        accepted = {word.partition(";")[0].strip() for word in request.headers.get("accept-encoding", "").split(",")}
        for encoding, suffix in _ENCODINGS:
            packed = files.get(name + suffix)
            if packed is not None and encoding in accepted:
                return _response(packed.path, kind, {**headers, "Content-Encoding": encoding})
        return _response(file.path, kind, headers)

    def _look(self) -> dict[str, _File]:
        try:
            changed_ns = (self._folder / INDEX).stat().st_mtime_ns
        except OSError:
            return {}
        with self._lock:
            if changed_ns != self._seen_ns:
                self._files = dict(_found(self._folder))
                self._seen_ns = changed_ns
            return self._files


def _found(folder: Path) -> list[tuple[str, _File]]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= FILE_BYTES_MAX:
            tag = hashlib.sha256(path.read_bytes()).hexdigest()[:20]
            found.append((path.relative_to(folder).as_posix(), _File(path, f'"{tag}"')))
    return found


def _response(path: Path, kind: str, headers: dict[str, str]) -> Response:
    try:
        return Response(path.read_bytes(), headers=headers, media_type=kind)
    except OSError:
        raise RefusedError("not_found") from None
