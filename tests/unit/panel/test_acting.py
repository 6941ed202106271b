"""Acting: through the control door alone, as the person who asks, noted with its outcome."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from qmt_trading.codec import control as wire
from qmt_trading.link.dial import DialError
from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import SideScope
from tests.panel_bench import LONG_S, OPERATOR, VIEWER, Client, PanelBench, until


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PanelBench, Client]]:
    made = PanelBench(tmp_path_factory.mktemp("panel"))
    with made.client() as client:
        yield made, client


@pytest.fixture
def panel(served: tuple[PanelBench, Client]) -> PanelBench:
    served[0].forget(OPERATOR)
    served[0].engine.runs = True
    return served[0]


@pytest.fixture
def client(served: tuple[PanelBench, Client], panel: PanelBench) -> Client:
    return served[1]


DEEDS: list[tuple[str, dict[str, Any], wire.Acting]] = [
    (
        "cancel",
        {"account": "11031122", "symbol": "600000.SH", "side": "buy", "why": "w"},
        wire.Cancel(who="panel:boss", why="w", account="11031122", symbol="600000.SH", side=SideScope.BUY),
    ),
    ("cancel", {"all": True}, wire.Cancel(who="panel:boss", why="", everything=True)),
    ("cancel", {"order_id": "B1"}, wire.Cancel(who="panel:boss", why="", order_id="B1")),
    ("halt", {"cancel_open": True}, wire.Halt(who="panel:boss", why="", cancel_open=True)),
    ("halt", {"account": "1", "reduce": True}, wire.Halt(who="panel:boss", why="", account="1", reduce=True)),
    (
        "resume",
        {"word": "恢复", "why": "查清了", "seen": "2026-11-24T10:00:00.000+08:00"},
        wire.Resume(who="panel:boss", why="查清了", seen="2026-11-24T10:00:00.000+08:00"),
    ),
    (
        "resolve",
        {"client_order_id": "B1", "status": "UNKNOWN"},
        wire.Resolve(who="panel:boss", why="", client_order_id="B1", status="UNKNOWN"),
    ),
    (
        "reconcile",
        {"account": "1", "accept": True, "why": "w"},
        wire.Reconcile(who="panel:boss", account="1", accept=True, why="w"),
    ),
    ("confirm-limits", {"why": "w"}, wire.ConfirmLimits(who="panel:boss", why="w")),
    ("accept-morning", {"account": "1", "why": "w"}, wire.AcceptMorning(who="panel:boss", why="w", account="1")),
    ("acknowledge", {"alerts": [3, 5, 3]}, wire.Acknowledge(who="panel:boss", alerts=(3, 5))),
    (
        "ignore-difference",
        {"account": "1", "key": "600000.SH/2000/2500", "why": "w"},
        wire.IgnoreDifference(who="panel:boss", why="w", account="1", key="600000.SH/2000/2500"),
    ),
    ("acknowledge", {"alerts": "all", "why": "w"}, wire.Acknowledge(who="panel:boss", why="w", everything=True)),
    ("signal", {"text": "撤单 600000.SH:1"}, wire.Send(who="panel:boss", text="撤单 600000.SH:1")),
]


def test_each_deed_asks_the_engine_in_the_name_of_who_did_it(panel: PanelBench, client: Client) -> None:
    for path, body, expected in DEEDS:
        panel.engine.asked.clear()
        answer = client.post(f"/api/v1/actions/{path}", body)
        assert answer.status == 200, answer.content
        assert answer.json == {"rows": [{"done": "nothing", "durable": True}]}
        (asked,) = [asked for asked in panel.engine.asked if not isinstance(asked, wire.Read)]
        if isinstance(asked, wire.Send):
            assert 0 <= time.perf_counter_ns() - asked.brought_ns < 60 * SECOND_NS, "its ttl counts from here"
            asked = replace(asked, brought_ns=0)
        assert asked == expected
    assert {(who, outcome) for who, _, outcome, _ in panel.notes.lines} == {("panel:boss", "ok")}
    assert [action for _, action, _, _ in panel.notes.lines] == [path for path, _, _ in DEEDS]


def test_who_releases_has_seen_nothing_later_than_the_word(panel: PanelBench, client: Client) -> None:
    before = time.time_ns()
    assert client.post("/api/v1/actions/resume", {"word": "恢复", "why": "查清了"}).status == 200
    (asked,) = panel.engine.of(wire.Resume)
    assert before // 10**6 <= wire.seen_ns(asked.seen) // 10**6 <= time.time_ns() // 10**6, (
        "nobody has stopped anything yet"
    )
    assert asked == wire.Resume(who="panel:boss", why="查清了", seen=asked.seen)


def test_a_limit_is_set(panel: PanelBench, client: Client) -> None:
    body = {"scope": "account", "name": "1", "limit": "order_value_max", "value": "20000", "why": "w"}
    assert client.post("/api/v1/actions/limit", body).status == 200
    (asked,) = panel.engine.of(wire.SetLimit)
    assert (asked.scope.value, asked.name, asked.value, asked.who) == ("account", "1", "20000", "panel:boss")


def test_a_viewer_and_nobody_may_do_nothing(panel: PanelBench, client: Client) -> None:
    for path, body, _ in DEEDS:
        panel.caller[0] = VIEWER
        assert client.post(f"/api/v1/actions/{path}", body).status == 403
        panel.caller[0] = None
        assert client.post(f"/api/v1/actions/{path}", body).status == 401
    assert not [asked for asked in panel.engine.asked if not isinstance(asked, wire.Read)]


BAD: list[tuple[str, object]] = [
    ("cancel", {}),
    ("cancel", {"account": "1", "colour": "red"}),
    ("cancel", {"account": "", "why": ""}),
    ("cancel", {"account": ["1"]}),
    ("cancel", {"symbol": "nonsense"}),
    ("cancel", []),
    ("halt", {"reduce": "perhaps"}),
    ("resume", {"word": "恢复"}),
    ("resume", {"word": "恢复", "why": "  "}),
    ("resume", {"word": "yes", "why": "w"}),
    ("resolve", {"client_order_id": "B1", "status": "FILLED"}),
    ("reconcile", {"accept": True}),
    ("accept-morning", {"account": "1"}),
    ("cancel-many", {"order_ids": []}),
    ("cancel-many", {"order_ids": ["x"] * 501}),
    ("signal", {"text": ""}),
    ("preview", {"text": "x" * 70_000}),
]


def test_what_is_no_deed_is_refused_before_the_engine_hears_of_it(panel: PanelBench, client: Client) -> None:
    for path, body in BAD:
        answer = client.post(f"/api/v1/actions/{path}", body)
        assert answer.status == 422, (path, body, answer.content)
    assert not [asked for asked in panel.engine.asked if not isinstance(asked, wire.Read)]


def test_the_engines_own_words_are_the_answer(panel: PanelBench, client: Client) -> None:
    def refuse(_: object) -> list[dict[str, object]]:
        raise wire.ControlError("账号未配置：9 / account not configured")

    panel.engine.answers[wire.Halt] = refuse
    answer = client.post("/api/v1/actions/halt", {"account": "9"})
    assert (answer.status, answer.code) == (409, "refused")
    assert answer.json["error"]["text"] == "账号未配置：9"
    assert answer.json["error"]["text_en"] == "account not configured"
    assert panel.notes.lines[-1][1:3] == ("halt", "refused")


def test_without_an_engine_nothing_is_done_and_the_answer_says_what_to_do(panel: PanelBench, client: Client) -> None:
    panel.engine.runs = False
    answer = client.post("/api/v1/actions/cancel", {"all": True})
    assert (answer.status, answer.code) == (503, "engine_down")
    assert "qmt run" in answer.json["error"]["text"]
    assert panel.notes.lines[-1][1:3] == ("cancel", "engine_down")


def test_an_engine_that_does_not_answer_may_have_done_it(panel: PanelBench, client: Client) -> None:
    def silent(_: object) -> list[dict[str, object]]:
        raise DialError("没有等到回执 / no answer in time")

    panel.engine.answers[wire.Cancel] = silent
    answer = client.post("/api/v1/actions/cancel", {"all": True})
    assert (answer.status, answer.code) == (504, "no_answer")
    assert "可能已执行" in answer.json["error"]["text"]


def test_the_emergency_stop_without_an_engine_puts_up_the_flag(panel: PanelBench, client: Client) -> None:
    panel.engine.runs = False
    answer = client.post("/api/v1/actions/halt", {"why": "炸板"})
    assert answer.status == 200
    assert answer.json["rows"][0]["done"] == "flag"
    assert panel.flags == ["panel:boss: 炸板"]


def test_of_many_cancels_one_that_fails_keeps_none_of_the_others(panel: PanelBench, client: Client) -> None:
    def cancel(asked: wire.Cancel) -> list[dict[str, object]]:
        if asked.order_id == "B2":
            raise wire.ControlError("该委托已成，没有可撤的 / nothing of it is left to cancel")
        return [{"done": "cancel", "client_order_id": asked.order_id}]

    panel.engine.answers[wire.Cancel] = cancel
    answer = client.post("/api/v1/actions/cancel-many", {"order_ids": ["B1", "B2", "B3", "B1"], "why": "w"})
    assert [(row["done"], row.get("client_order_id")) for row in answer.json["rows"]] == [
        ("cancel", "B1"),
        ("refused", None),
        ("cancel", "B3"),
    ]


def test_a_preview_sends_nothing_and_is_not_noted(panel: PanelBench, client: Client) -> None:
    answer = client.post("/api/v1/actions/preview", {"text": "buy 600000.SH 100:1"})
    assert answer.json == {"rows": [{"text": "buy 600000.SH 100:1"}]}
    assert not panel.notes.lines
    assert not panel.engine.of(wire.Send)


def test_a_deed_that_cannot_be_noted_is_done_all_the_same(
    panel: PanelBench, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(panel.notes, "note", full)
    assert client.post("/api/v1/actions/halt", {}).status == 200
    assert panel.engine.of(wire.Halt)


def test_the_stop_waits_for_no_table(panel: PanelBench, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    waiting = threading.Semaphore(0)

    def slow(*_: object) -> list[object]:
        waiting.release()
        assert go.wait(LONG_S)
        return []

    monkeypatch.setattr("qmt_trading.panel.backtests.rows", slow)
    readers = [threading.Thread(target=client.get, args=("/api/v1/backtests",)) for _ in range(60)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(40):
            assert waiting.acquire(timeout=LONG_S)
        assert client.post("/api/v1/actions/halt", {}).status == 200
    finally:
        go.set()
        for reader in readers:
            reader.join(LONG_S)


def test_a_stop_that_the_engine_does_not_answer_in_time_puts_up_the_flag_as_well(
    panel: PanelBench, client: Client
) -> None:
    """An engine that hangs may have halted in memory alone: a restart would forget it."""

    def hangs(asked: wire.Halt) -> list[dict[str, object]]:
        raise wire.ControlError("引擎没有及时应答 / the engine has not answered in time")

    panel.engine.answers[wire.Halt] = hangs
    answer = client.post("/api/v1/actions/halt", {"why": "炸板"})
    assert (answer.status, answer.json["rows"][0]["done"]) == (200, "flag")
    assert panel.flags == ["panel:boss: 炸板"]


def test_many_cancels_stop_at_the_first_that_is_not_answered(panel: PanelBench, client: Client) -> None:
    tried: list[str] = []

    def cancel(asked: wire.Cancel) -> list[dict[str, object]]:
        tried.append(asked.order_id)
        if asked.order_id != "B1":
            raise wire.ControlError("引擎没有及时应答 / the engine has not answered in time")
        return [{"done": "cancel", "client_order_id": "B1"}]

    panel.engine.answers[wire.Cancel] = cancel
    rows = client.post("/api/v1/actions/cancel-many", {"order_ids": ["B1", "B2", "B3"], "why": "w"}).json["rows"]
    assert [(row["done"], row.get("order_id")) for row in rows] == [
        ("cancel", None),
        ("no_answer", "B2"),
        ("no_answer", "B3"),
    ]
    assert tried == ["B1", "B2"]
    assert [line[2] for line in panel.notes.lines] == ["no_answer"]


def test_deeds_that_wait_for_an_engine_that_hangs_keep_no_stop_waiting(panel: PanelBench, client: Client) -> None:
    over = threading.Event()

    def hangs(asked: object) -> list[dict[str, object]]:
        over.wait(60)
        return []

    panel.engine.answers[wire.Cancel] = panel.engine.answers[wire.Send] = hangs
    bodies = [("cancel-many", {"order_ids": ["B1"], "why": ""}), ("signal", {"text": "buy 600000.SH 100:1", "why": ""})]
    with ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(client.post, f"/api/v1/actions/{path}", body) for path, body in bodies * 30]
        until(lambda: len(panel.engine.asked) >= 16)
        begun = time.monotonic()
        assert client.post("/api/v1/actions/halt", {}).status == 200
        assert time.monotonic() - begun < 20
        assert not any(each.done() for each in waiting)
        over.set()
        for each in waiting:
            assert each.result().status == 200


@pytest.mark.parametrize("error", [OSError("gone"), JournalBrokenError("坏了 / broken")])
def test_a_preview_that_cannot_be_made_is_refused(panel: PanelBench, client: Client, error: Exception) -> None:
    panel.preview_fails = error
    assert client.post("/api/v1/actions/preview", {"text": "buy 600000.SH 100:1"}).status in (409, 504)


def test_a_line_that_breaks_in_the_midst_of_many_cancels_keeps_what_was_done(panel: PanelBench, client: Client) -> None:
    def cancel(asked: wire.Cancel) -> list[dict[str, object]]:
        if asked.order_id == "B2":
            raise DialError("没有等到回执 / no answer in time")
        return [{"done": "cancel", "client_order_id": asked.order_id}]

    panel.engine.answers[wire.Cancel] = cancel
    rows = client.post("/api/v1/actions/cancel-many", {"order_ids": ["B1", "B2"], "why": "w"}).json["rows"]
    assert [row["done"] for row in rows] == ["cancel", "no_answer"]


def test_a_test_message_is_told_as_it_went_and_noted(panel: PanelBench, client: Client) -> None:
    def tried(name: str) -> Any:
        return client.post("/api/v1/actions/notify-test", {"name": name})

    assert tried("手机").json["rows"] == [{"done": True, "text": "", "text_en": ""}]
    assert tried("邮件").json["rows"] == [{"done": False, "text": "对方拒绝", "text_en": "refused"}]
    assert tried("传真").status == 404
    assert [line[1:] for line in panel.notes.lines] == [
        ("notify-test", "ok", {"name": "手机"}),
        ("notify-test", "undelivered", {"name": "邮件"}),
    ]
    panel.caller[0] = VIEWER
    assert tried("手机").status == 403
    assert client.get("/api/v1/notifications").json["rows"] == [{"name": "手机", "kind": "dingtalk"}]
