"""An engine that is killed leaves its panel behind: it says so, still stops, and gives its place to the next one."""

from __future__ import annotations

from tests.panel_life.rig import Life, wait_for


def test_the_panel_outlives_a_killed_engine_and_the_next_one_takes_its_place(life: Life) -> None:
    life.start()
    hand = life.sign_in()
    first = life.holder()
    wait_for(lambda: life.probe("/healthz") == 200, "not healthy")

    life.kill()
    wait_for(lambda: life.probe("/healthz") == 503, "nobody notices that the engine is gone")
    assert hand.get("/healthz") == (503, {"ok": False, "why": "engine"})
    assert life.probe("/livez") == 200
    row = hand.get("/api/v1/status")[1]["rows"][0]
    assert row["engine"]["running"] is False
    assert row["engine"]["age_s"] >= 0
    assert row["engine"]["trouble"]

    status, answer = hand.act("halt", why="drill")
    assert (status, answer["rows"][0]["done"]) == (200, "flag")
    assert (life.data / "HALT").exists()

    life.start()
    assert life.holder() != first, "the panel that was left is there still"
    wait_for(lambda: life.probe("/healthz") == 200, "the new panel does not see its engine")
    row = hand.get("/api/v1/status")[1]["rows"][0]  # At the same port, with the same session.
    assert (row["engine"]["running"], row["state"]) == (True, "HALTED")
    assert life.console().count(f":{life.port + 1}") == 0, "there are two of them"

    assert life.qmt("stop").returncode == 0
    wait_for(lambda: life.probe("/livez") == 0, "the panel outlives an orderly stop")


def test_a_panel_that_was_left_ends_with_the_next_stop(life: Life) -> None:
    life.start()
    life.kill()
    assert life.probe("/livez") == 200
    stopped = life.qmt("stop")
    assert stopped.returncode != 0, "there was no engine"
    assert "留下的面板已结束" in stopped.stdout + stopped.stderr
    assert life.probe("/livez") == 0
    assert "留下的面板" not in life.qmt("stop").stderr
