"""A person at the panel without a browser: signs in by the one-time link, keeps the session, and presses buttons."""

from __future__ import annotations

import http.client
import json
import re
from typing import Any, Final
from urllib.parse import urlsplit

USER: Final = "boss"
PASSWORD: Final = "a long word for the bench"
LINK: Final = re.compile(r"https?://\S+#/setup\?token=\S+")
_TIMEOUT_S: Final = 20.0


class PanelHand:
    """One session of one operator; every request has a connection of its own: the panel may be another one by then."""

    def __init__(self, link: str) -> None:
        """Sign in by ``link``, as the first user."""
        base, _, rest = link.partition("/#/setup?token=")
        self._host = urlsplit(base).netloc
        self._origin = base
        self._cookie = self._csrf = ""
        token = rest.partition("&")[0]
        _, answer = self.post("setup", {"token": token, "user": USER, "password": PASSWORD})
        self._csrf = answer["csrf"]

    def get(self, path: str) -> tuple[int, Any]:
        """Return the status and the JSON of ``path``."""
        return self._ask("GET", path, None)

    def act(self, deed: str, **body: object) -> tuple[int, Any]:
        """Press a button; return the status and the answer."""
        return self.post(f"actions/{deed}", {"why": "", **body})

    def post(self, path: str, body: object) -> tuple[int, Any]:
        return self._ask("POST", f"/api/v1/{path}", json.dumps(body))

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, Any]:
        line = http.client.HTTPConnection(self._host, timeout=_TIMEOUT_S)
        headers = {"Origin": self._origin, "Content-Type": "application/json"}
        if self._cookie:
            headers |= {"Cookie": self._cookie, "X-CSRF": self._csrf}
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            found = answer.read()
        finally:
            line.close()
        cookie = answer.getheader("Set-Cookie")
        if cookie:
            self._cookie = cookie.partition(";")[0]
        return answer.status, json.loads(found) if found else None
