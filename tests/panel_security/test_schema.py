"""Generated requests, right and wrong ones, find no failure and no answer that the list of routes does not tell."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.panel_security.raw import Bent
from tests.panel_security.schema import Findings
from tests.panel_security.served import Served

SEED = 20261126


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestWarning")
def test_schemathesis_finds_nothing(fresh: Served) -> None:
    findings = Findings(fresh, fresh.person("boss"))
    operations = list(findings.operations())
    for operation in operations:
        findings.try_out(operation, rounds=1, seconds=20 / len(operations))
    assert len(findings.sent) == len(operations) > 15
    answers = sum(findings.sent.values(), start=Counter())
    assert answers.total() > 100
    assert {200, 201, 400, 401, 404, 409, 422} <= answers.keys()


@pytest.mark.slow
def test_bent_requests_find_nothing(fresh: Served) -> None:
    boss = fresh.person("boss")
    bent = Bent(fresh, boss, SEED)
    bent.run(2.0)
    assert bent.failures == []
    assert bent.sent > 20
    assert fresh.get("/api/v1/users", boss).status == 200
