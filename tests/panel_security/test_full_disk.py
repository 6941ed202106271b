"""A full disk (accident A32) stops nobody who is signed in: least of all an emergency stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.panel_security.served import Person, Served
from tests.panel_security.whole import whole_panel


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[Served, Person]]:
    panel = whole_panel(tmp_path)
    boss = panel.person("boss")
    panel.entrance.database._writing.execute("pragma query_only = on")  # Each write fails, as on a full disk.
    yield panel, boss
    panel.stop()


def test_who_is_signed_in_sees_and_stops(full: tuple[Served, Person], caplog: pytest.LogCaptureFixture) -> None:
    panel, boss = full
    panel.clock.forward(60)  # So that the use of the session would be noted.
    assert panel.get("/api/v1/orders", boss).status == 200
    answer = panel.post("/api/v1/actions/halt", {"why": "the disk is full"}, boss)
    assert answer.status == 200, answer.body
    assert "the audit cannot be written" in caplog.text
    assert "panel:boss" in caplog.text


def test_who_is_not_is_told_what_to_do(full: tuple[Served, Person]) -> None:
    panel, _ = full
    assert panel.login("boss").code == "unwritable"
    answer = panel.login("boss", "wrong-wrong")
    assert answer.code == "bad_login"


def test_a_wall_that_fails_tells_one_sender_no(fresh: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    boss = fresh.person("boss")

    def broken(*_: object, **__: object) -> None:
        raise ValueError("inside")

    with monkeypatch.context() as patch:
        patch.setattr(fresh.entrance.sessions, "find", broken)
        answer = fresh.get("/api/v1/users", boss)
    assert (answer.status, answer.code) == (500, "broken")
    assert "content-security-policy" in answer.headers
    assert b"inside" not in answer.body
    assert fresh.get("/api/v1/users", boss).status == 200
