"""The panel over a real engine, through its real wall: what is done on a page is done, noted, and seen again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmt_trading.cli.panel_ways import Ways
from qmt_trading.panel.parts import PanelSettings
from qmt_trading.run.place import find
from tests.panel_bench import until
from tests.panel_security.served import Person, Served
from tests.running import a_configuration, running

HTTP_DOOR = '\n[[doors]]\nkind = "http"\nlabel = "web"\naccounts = [\'11031122\']\n'


class Desk:
    """A person at a panel."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.person: Person = served.person("boss")

    def rows(self, table: str) -> list[dict[str, Any]]:
        answer = self.served.get(f"/api/v1/{table}", self.person)
        assert answer.status == 200, answer.body
        found: list[dict[str, Any]] = answer.json["rows"]
        return found

    def act(self, deed: str, status: int = 200, **body: object) -> Any:
        answer = self.served.post(f"/api/v1/actions/{deed}", body, self.person)
        assert answer.status == status, answer.body
        return answer.json

    def send(self, key: str, text: str) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        return self.served.ask("POST", "/api/v1/signals", headers, text.encode("utf-8"), kind="text/plain")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = a_configuration(tmp_path)
    with path.open("a", encoding="utf-8") as file:
        file.write(HTTP_DOOR)
    return path


@pytest.fixture
def desk(config: Path) -> Iterator[Desk]:
    place = find(config)
    place.folder.mkdir(parents=True, exist_ok=True)
    ways = Ways(place, lambda _text, _english, _link: None)
    settings = PanelSettings(folder=place.folder, port=0)
    served = Served(place.folder, sections=ways.sections(ways, settings), settings=settings)
    try:
        yield Desk(served)
    finally:
        served.stop()


def test_an_order_by_hand_is_seen_cancelled_and_noted_and_the_stop_holds(desk: Desk, config: Path) -> None:
    assert desk.act("cancel", 503, all=True)["error"]["code"] == "engine_down"
    with running(config):
        until(lambda: desk.rows("status")[0]["engine"]["running"])
        until(lambda: all(row["ready"] for row in desk.rows("accounts")))
        (judged,) = desk.act("preview", text="buy 600000.SH 100@10.50:11031122")["rows"]
        assert judged
        assert desk.rows("orders") == []
        (receipt,) = desk.act("signal", text="buy 600000.SH 100@10.50:11031122 #hand/1", why="试")["rows"]
        assert receipt["status"] == "accepted", receipt
        name = receipt["orders"][0]["client_order_id"]
        until(lambda: [row["client_order_id"] for row in desk.rows("orders")] == [name])
        assert [row["id"] for row in desk.rows("signals")] == ["hand/1"]
        begun = time.perf_counter()
        (row,) = desk.act("halt", why="试停")["rows"]
        took_s = time.perf_counter() - begun
        assert (row["done"], row["state"]) == ("state", "HALTED")
        assert took_s < 20
        until(lambda: desk.rows("status")[0]["state"] == "HALTED")
        assert desk.rows("status")[0]["state_who"] == "panel:boss"
        (denied,) = desk.act("signal", text="buy 600000.SH 200@10.50:11031122 #hand/2")["rows"]
        assert denied["status"] == "denied"
        desk.act("resume", 422, word="resume", why="好了")
        (row,) = desk.act("resume", word="恢复", why="好了")["rows"]
        assert row["state"] == "ACTIVE"
        noted = [(row["who"], row["action"], row["outcome"]) for row in desk.rows("audit")]
        assert ("panel:boss", "halt", "ok") in noted
        assert ("panel:boss", "cancel", "engine_down") in noted
        assert [outcome for _, action, outcome in noted if action == "signal"] == ["denied", "accepted"]
        assert desk.act("signal", text="600000.SH\nbuy 600000.SH 100@10.50:11031122 #hand/3")["rows"]
        until(lambda: desk.rows("audit")[0]["outcome"] == "mixed")
        (malformed,) = desk.act("signal", text="nonsense")["rows"]
        assert malformed["status"] == "malformed"
        until(lambda: desk.rows("audit")[0]["outcome"] == "malformed")


def test_a_program_brings_signals_by_its_key_alone_and_a_repeat_is_no_second_order(desk: Desk, config: Path) -> None:
    answer = desk.served.post("/api/v1/keys", {"name": "jq", "scopes": ["signals"], "doors": ["web"]}, desk.person)
    assert answer.status == 201, answer.body
    key = answer.json["key"]
    assert desk.rows("audit")[0]["about"] == {
        "key": answer.json["id"],
        "name": "jq",
        "scopes": "signals",
        "doors": "web",
    }
    text = "buy 600000.SH 100@10.50:11031122 #jq/1"
    assert desk.send(key, text).status == 503
    with running(config):
        until(lambda: desk.rows("status")[0]["engine"]["running"])
        until(lambda: all(row["ready"] for row in desk.rows("accounts")))
        assert {row["door"]: row["takes_keys"] for row in desk.rows("doors")}["web"] is True
        assert len([row for row in desk.rows("doors") if not row["takes_keys"]]) == 1
        first = desk.send(key, text)
        assert (first.status, first.json["status"]) == (200, "accepted"), first.body
        assert desk.send(key, text).json["status"] == "duplicate"
        assert desk.send(key, "nonsense").status == 400
        beyond = desk.send(key, "buy 600000.SH 100@10.50:11031123 #jq/2")
        assert (beyond.status, beyond.json["status"]) == (200, "denied")
        assert desk.send("wrong", text).status == 401
        until(lambda: len(desk.rows("orders")) == 1)
        assert {row["door"] for row in desk.rows("signals")} == {"web"}


def test_with_the_engine_dead_the_last_view_stays_and_the_stop_is_a_file(desk: Desk, config: Path) -> None:
    with running(config):
        until(lambda: len(desk.rows("accounts")) == 2)
    until(lambda: not desk.rows("status")[0]["engine"]["running"])
    assert len(desk.rows("accounts")) == 2
    assert "未运行" in desk.rows("status")[0]["state_text"]
    (row,) = desk.act("halt", why="引擎死了")["rows"]
    assert row["done"] == "flag"
    assert (find(config).folder / "HALT").read_text(encoding="utf-8") == "panel:boss: 引擎死了\n"
