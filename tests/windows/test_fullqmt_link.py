"""The suite that every host of the broker link must pass, with the full terminal's host over a named pipe of Windows.

The pasted file reaches the pipe by the built-in ``_winapi`` and, where a terminal forbids that module, by ctypes. The
terminal is the stand-in under the Python of these tests, or under ``QMT_PYTHON36``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.link import hosts
from tests.link.cases import Case, Scene
from tests.link.every_case import CASES

RUNS = [
    pytest.param(host, case, id=f"{host}-{case.name}")
    for host in hosts.DIALLING
    for case in CASES
    if "pipe" in hosts.carriers_of(case, host, every=True)
]


@pytest.mark.parametrize(("host", "case"), RUNS)
def test_the_pasted_file_keeps_its_word_over_a_pipe(host: str, case: Case, tmp_path: Path) -> None:
    scene = Scene(hosts.HOSTS[host](tmp_path), "pipe")
    try:
        case.play(scene)
    finally:
        scene.close()
        scene.stand.close()
