"""Requests that the panel's own list of routes allows, and such as it forbids, sent by a signed-in operator."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Err
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from qmt_trading.panel.delays import Delays
from qmt_trading.panel.sessions import csrf_of
from qmt_trading.panel.wall import DOOR
from tests.panel_security.served import Person, Served

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ROUND: Final = 6


class Findings:
    """Sends, counts and judges."""

    def __init__(self, panel: Served, person: Person) -> None:
        self._panel, self._person = panel, person
        self._key = str(panel.post("/api/v1/keys", {"name": "door", "scopes": ["signals"]}, person).json["key"])
        self.sent: dict[str, Counter[int]] = {}
        """How many answers of which status each operation gave."""

    def operations(self) -> Iterator[Any]:
        """Yield every operation of the panel's list."""
        told = self._panel.get("/api/v1/openapi.json", self._person).json
        schema = schemathesis.openapi.from_dict(told)
        schema.config.update(base_url=self._panel.origin)
        for result in schema.get_all_operations():
            assert not isinstance(result, Err), result
            yield result.ok()

    def try_out(self, operation: Any, *, rounds: int, seconds: float) -> None:
        """Send right and wrong requests, some of each a round, until ``rounds`` or ``seconds`` are over.

        Raises:
            Exception: what schemathesis found, with the request that shows it.
        """
        until = time.monotonic() + seconds
        for number in range(rounds):
            if time.monotonic() >= until:
                return
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                self._round(operation.as_strategy(generation_mode=mode), number, until)

    def _round(self, strategy: Any, number: int, until: float) -> None:
        @seed(number)
        @settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @given(case=strategy)
        def attack(case: Any) -> None:
            if time.monotonic() < until or case.operation.label not in self.sent:
                self._send(case)

        # A route that takes nothing cannot be sent anything wrong.
        with contextlib.suppress(Unsatisfiable):
            attack()

    def _send(self, case: Any) -> None:
        panel = self._panel
        panel.entrance.delays = Delays()
        token = self._person.token
        if case.path.endswith("/logout"):
            now_ns = panel.clock()
            token = panel.entrance.sessions.open(self._person.user, address="", agent="", now_ns=now_ns)
        headers = {"Cookie": f"{self._person.cookie_name}={token}", "X-CSRF": csrf_of(token), "Origin": panel.origin}
        if case.path == DOOR:
            headers = {"Authorization": f"Bearer {self._key}"}
        response = case.call(headers=headers, timeout=30)
        self.sent.setdefault(case.operation.label, Counter())[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)
