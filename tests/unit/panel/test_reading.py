"""The tables over HTTP: their form, their filters, their refusals, and nothing without an engine or a journal."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import Plain
from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model.errors import JournalError
from qmt_trading.model.instant import at_time
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import LinkState
from qmt_trading.panel.orders_index import Index
from qmt_trading.panel.shown import phase_row
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.panel_bench import LOOP_THREAD, VIEWER, Client, PanelBench, until

TABLES = ("status", "accounts", "positions", "timed", "risk", "doors", "morning", "differences", "orders", "fills")
MORE = ("signals", "alerts", "quotes", "limits/history", "backtests", "health")


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    name = made.buy(name="a/1")
    made.report(made.row(name))
    made.filled(made.fill(name))
    made.buy(200)
    return made


@pytest.fixture
def panel(tmp_path: Path, bench: Bench) -> PanelBench:
    return PanelBench(tmp_path, bench.engine.view())


@pytest.fixture
def client(panel: PanelBench) -> Iterator[Client]:
    with panel.client() as made:
        panel.settle()
        yield made


def got(client: Client, path: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status == 200, answer.content
    found: dict[str, Any] = answer.json
    return found


def test_every_table_says_how_many_as_of_when_and_from_where(client: Client) -> None:
    for table in TABLES + MORE:
        found = got(client, table)
        assert found["total"] >= len(found["rows"]) >= 0
        assert found["source"] in ("journal", "engine")
        assert {"at", "age_s", "trouble"} <= found.keys()


def test_a_viewer_sees_all_of_it_and_nobody_sees_any_without_signing_in(panel: PanelBench, client: Client) -> None:
    for table in TABLES + MORE:
        panel.caller[0] = VIEWER
        assert client.get(f"/api/v1/{table}").status == 200
        panel.caller[0] = None
        assert client.get(f"/api/v1/{table}").status == 401


def test_without_a_journal_there_is_a_status_and_empty_tables(tmp_path: Path) -> None:
    panel = PanelBench(tmp_path)
    with panel.client() as client:
        (row,) = got(client, "status")["rows"]
        assert row["engine"]["running"] is False
        assert row["phase"]["text"]
        for table in ("orders", "accounts", "risk", "differences", "positions", "fills", "signals", "alerts"):
            assert got(client, table)["rows"] == []


def test_without_hours_the_day_is_open_and_has_no_end() -> None:
    now_ns = at_time(dt.date(2026, 7, 6), 10 * 3600 * SECOND_NS)
    row = phase_row(ALWAYS_OPEN, now_ns)
    assert (row["text"], row["text_en"], row["until"]) == ("全天可成交", "open all day", None)
    row = phase_row(Session(), now_ns)
    assert (row["text"], row["until"]) == ("连续竞价", "2026-07-06T11:30:00.000+08:00")


def test_the_status_tells_mode_state_and_whether_the_engine_runs(panel: PanelBench, client: Client) -> None:
    (row,) = got(client, "status")["rows"]
    assert (row["mode"], row["state"], row["counts"]["orders"]) == ("paper", "ACTIVE", 2)
    panel.engine.answers[wire.Read] = lambda asked: [{"turns": 7}] if asked.table == "status" else []
    panel.engine.runs = True
    until(lambda: got(client, "status")["rows"][0]["engine"]["running"])
    (row,) = got(client, "status")["rows"]
    assert row["turns"] == 7
    assert row["state_text"] == "正常交易"


def test_a_page_of_orders_is_filtered_and_sorted(client: Client) -> None:
    found = got(client, f"orders?limit=1&sort=quantity&account={ACCOUNT}")
    assert found["total"] == 2
    assert [row["quantity"] for row in found["rows"]] == [100]
    assert got(client, "orders?status=FILLED")["total"] == 1
    assert got(client, "orders?q=nothing")["rows"] == []


def test_a_query_that_is_no_good_is_refused(client: Client) -> None:
    words = ("limit=0", "limit=1001", "offset=-1", "limit=x", "colour=red", "sort=__class__", "side=both")
    for query in (*words, "q=" + "x" * 65):
        assert client.get(f"/api/v1/orders?{query}").status == 422, query


def test_a_status_that_does_not_exist_is_refused_with_those_that_do(client: Client) -> None:
    answer = client.get("/api/v1/orders?status=lost")
    assert answer.status == 422
    error = answer.json["error"]
    assert error["field"] == "status"
    assert "working" in error["allowed"]
    assert "status" in error["text"]


def test_orders_come_as_csv(client: Client) -> None:
    answer = client.get("/api/v1/orders.csv?sort=quantity")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert lines[0].startswith("委托时间,账号,代码")
    assert len(lines) == 3
    assert len(client.get("/api/v1/fills.csv").content.decode("utf-8-sig").splitlines()) == 2


def test_a_signal_has_its_life(client: Client) -> None:
    found = got(client, "signals/1")
    assert found["signal"]["id"] == "a/1"
    assert [hop["hop"] for hop in found["timeline"]][:2] == ["received", "decided"]
    assert client.get("/api/v1/signals/99").status == 404
    assert client.get("/api/v1/signals/x").status == 422


def test_quotes_are_the_engines_with_their_age(panel: PanelBench, bench: Bench, client: Client) -> None:
    quote = bench.quote(quoted_ns=time.time_ns() - 2_000_000_000, asks=(0,))
    panel.engine.answers[wire.Quotes] = lambda _: [{"quote": msgspec.to_builtins(quote)}]
    panel.engine.runs = True
    until(lambda: got(client, f"quotes?symbols={STOCK}")["rows"])
    (row,) = got(client, f"quotes?symbols={STOCK.lower()}")["rows"]
    assert (row["last"], row["ask1"], row["bid1"]) == ("10.50", None, "10.49"), "an empty side is no price"
    assert 1 < row["age_s"] < 60
    until(lambda: got(client, "status")["rows"][0]["quote_age_s"])
    assert 1 < got(client, "status")["rows"][0]["quote_age_s"] < 60


def test_the_curve_and_the_log_are_told(panel: PanelBench, client: Client) -> None:
    assert got(client, "equity")["points"] == [[1, "100.0000"]]
    assert got(client, f"equity?account={ACCOUNT}")["points"] == [[1, f"100.0000 {ACCOUNT}"]]
    assert got(client, "logs") == {"lines": [], "next": ""}
    panel.parts.logs_folder.mkdir()
    (panel.parts.logs_folder / "qmt-2026-11-24.jsonl").write_text('{"level":"info","text":"开"}\n', encoding="utf-8")
    assert got(client, "logs")["lines"][0]["text"] == "开"
    assert client.get("/api/v1/logs?after=../x").status == 422


def test_a_report_is_shut_into_a_sandbox(panel: PanelBench, client: Client) -> None:
    made = panel.parts.reports_folder / "grid"
    made.mkdir(parents=True)
    (made / "report.html").write_text("<script>1</script>", encoding="utf-8")
    answer = client.get("/api/v1/backtests/grid/report.html")
    assert answer.status == 200
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client.get("/api/v1/backtests/..%2Fgrid/report.html").status == 404
    assert client.get("/api/v1/backtests/nothing").status == 404


def test_a_journal_that_cannot_be_read_is_told_and_the_last_view_stays(panel: PanelBench, client: Client) -> None:
    panel.followed.trouble = JournalError("日志无法读取 / the journal cannot be read")
    until(lambda: got(client, "orders")["trouble"])
    found = got(client, "orders")
    assert found["total"] == 2
    assert found["trouble"].startswith("日志无法读取")
    assert client.get("/readyz").status == 503
    panel.followed.trouble = None
    until(lambda: got(client, "orders")["trouble"] is None)


def test_probes_say_no_more_than_whether_and_why(panel: PanelBench, client: Client) -> None:
    panel.caller[0] = None
    assert client.get("/livez").json == {"ok": True}
    for probe in ("/readyz", "/healthz"):
        answer = client.get(probe)
        assert (answer.status, answer.json) == (503, {"ok": False, "why": "engine"})
    panel.engine.answers[wire.Read] = lambda _: []
    panel.engine.runs = True
    until(lambda: client.get("/readyz").json == {"ok": True})
    until(lambda: client.get("/healthz").status == 200)


@pytest.fixture
def freezes(panel: PanelBench) -> Iterator[threading.Event]:
    """Yield what freezes the engine: it is asked, and answers nothing."""
    froze, released = threading.Event(), threading.Event()

    def answer(_: object) -> list[Plain]:
        if froze.is_set():
            released.wait(60)
        return []

    panel.engine.answers[wire.Read] = panel.engine.answers[wire.Quotes] = answer
    panel.engine.runs = True
    yield froze
    released.set()


def test_an_engine_that_freezes_is_soon_not_called_ready(
    panel: PanelBench, client: Client, freezes: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qmt_trading.panel.health.READY_S", 2.0)
    until(lambda: client.get("/healthz").status == 200)
    freezes.set()
    until(lambda: client.get("/readyz").status == 503)
    assert client.get("/readyz").json == client.get("/healthz").json == {"ok": False, "why": "engine"}


def test_an_account_that_is_not_connected_is_not_called_healthy(
    panel: PanelBench, client: Client, freezes: threading.Event
) -> None:
    until(lambda: client.get("/healthz").status == 200)
    assert panel.followed.view is not None
    first, *others = panel.followed.view.accounts
    panel.followed.view = replace(panel.followed.view, accounts=(replace(first, link=LinkState.DOWN), *others))
    until(lambda: client.get("/healthz").json == {"ok": False, "why": "accounts"})
    assert client.get("/readyz").status == 200


def test_figures_for_prometheus(panel: PanelBench, client: Client) -> None:
    text = client.get("/metrics").content.decode("utf-8")
    assert "qmt_up 0.0" in text
    assert 'qmt_orders{status="FILLED"} 1.0' in text
    assert 'qmt_signals{decision="accepted"} 2.0' in text
    assert f'qmt_link_up{{account="{ACCOUNT}"}} 1.0' in text
    assert "qmt_halted 0.0" in text
    assert "python_info" not in text, "nothing but this system's own"


def test_tables_are_looked_at_beside_the_event_loop(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[str] = set()
    find = Index.find

    def noted(self: Index[Any], *about: Any) -> Any:
        threads.add(threading.current_thread().name)
        return find(self, *about)

    monkeypatch.setattr(Index, "find", noted)
    for path in ("orders", "orders.csv", "fills", "signals", "alerts"):
        assert client.get(f"/api/v1/{path}").status == 200
    assert threads
    assert LOOP_THREAD not in threads


def test_health_tells_the_hops_of_the_journal_itself(client: Client) -> None:
    (row,) = got(client, "health")["rows"]
    assert row["latency"]["decided"].keys() == {"text", "text_en", "count", "p50", "p99"}
    assert {"queues", "clock_offset_source", "host_restarts"} <= row.keys()
    assert "latency" not in got(client, "status")["rows"][0]
