"""Every case of the suite, with every host that can run here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fullqmt.python36 import needs_python36
from tests.link import hosts, resume_cases
from tests.link.cases import Case, Scene
from tests.link.every_case import CASES

EVERY_CARRIER = {resume_cases.__name__}
"""Where the carrier matters most."""
MARKS = {"fullqmt": needs_python36}
RUNS = [
    pytest.param(host, carrier, case, id=f"{host}-{carrier}-{case.name}", marks=MARKS.get(host, ()))
    for host in hosts.HOSTS
    for case in CASES
    for carrier in hosts.carriers_of(case, host, every=case.play.__module__ in EVERY_CARRIER and host in hosts.DIALLING)
]


@pytest.mark.parametrize(("host", "carrier", "case"), RUNS)
def test_a_host_keeps_its_word(host: str, carrier: str, case: Case, tmp_path: Path) -> None:
    scene = Scene(hosts.HOSTS[host](tmp_path), carrier)
    try:
        case.play(scene)
    finally:
        scene.close()
        scene.stand.close()
