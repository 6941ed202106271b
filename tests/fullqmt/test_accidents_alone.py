"""More of what users of the full terminal have reported, against the pasted text alone; see accident_list."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fullqmt.begun import ACCOUNT, Begun, Linked
from tests.fullqmt.py36.terminal import Context

OTHER = "11031123"


@pytest.fixture
def linked(tmp_path: Path) -> Linked:
    return Linked(tmp_path / "claims")


def test_whose_strategy_a_row_names_says_nothing_of_whose_order_it_is(linked: Linked) -> None:
    linked.terminal.counter.dials.row_after = 0.5
    linked.submit("A1")
    linked.run(0.3)
    linked.terminal.counter.orders[0]["m_strSource"] = "another's strategy"
    linked.run(1.0)
    assert [line["coid"] for line in linked.wire.all("row")] == ["A1"]
    assert linked.wire.all("row")[0]["row"]["m_strSource"] == "another's strategy"


@pytest.mark.parametrize("answer", [-1, 0, None, 12_050_001])
def test_what_passorder_returns_decides_nothing(linked: Linked, answer: object) -> None:
    linked.terminal.counter.dials.returns = answer
    linked.submit("A1")
    linked.run(1.0)
    (stage,) = linked.wire.all("stage")
    assert (stage["st"], stage["native"]) == ("dispatched", repr(answer))
    assert [line["coid"] for line in linked.wire.all("row")] == ["A1"]


def test_an_error_about_one_order_leaves_the_next_alone(linked: Linked) -> None:
    linked.terminal.counter.dials.refuses = "error"
    linked.submit("A1")
    linked.run(1.0)
    linked.terminal.counter.dials.refuses = ""
    linked.submit("A2")
    linked.run(1.0)
    assert [(line["kind"], line["coid"]) for line in linked.wire.all("row")] == [("order_error", "A1"), ("order", "A2")]
    assert linked.stages("A2") == [("dispatched", "")]


def test_while_bars_of_history_are_played_no_order_goes(linked: Linked) -> None:
    linked.terminal.load(linked.text, ACCOUNT, bars=0)
    del linked.terminal.timers[:-1]
    linked.shake_hands(tick_s=0.5)  # The replay holds the timer up, too.
    linked.wire.tell(t="arm", level="trade")
    linked.run(10.0)
    assert "回放" in linked.wire.all("account")[-1]["text"]
    linked.submit("A1")
    linked.run(1.5)
    assert linked.stages("A1") == [("refused", "not_ready")]
    last = Context(linked.terminal)
    last.last_bar = True
    linked.terminal.enter("handlebar", last)
    linked.run(3.0)
    assert linked.wire.all("account")[-1]["state"] == "ready"


def test_a_row_that_comes_before_passorder_returns_is_its_orders(linked: Linked) -> None:
    terminal = linked.terminal
    place = terminal.space["passorder"]

    def lets_events_in(*arguments: object) -> Any:
        answer = place(*arguments)
        terminal.counter.run()
        terminal.call_back()
        terminal.enter("qmt_link_tick", Context(terminal))
        return answer

    terminal.space["passorder"] = lets_events_in
    linked.submit("A1", price="10.60")
    linked.run(1.0)
    assert linked.stages("A1") == [("dispatched", "")]
    assert {line["coid"] for line in linked.wire.all("row")} == {"A1"}
    assert terminal.counter.executed == {"A1": 1}


def test_two_strategies_for_two_accounts_live_in_one_process(linked: Linked) -> None:
    terminal, first = linked.terminal, linked.terminal.space
    terminal.load(linked.text, OTHER)
    second = terminal.space
    try:
        assert first["life"]() is first["HOST"] is not None
        assert second["life"]() is second["HOST"] is not first["HOST"]
    finally:
        terminal.space = first


def test_one_connection_carries_every_order(linked: Linked) -> None:
    for number in range(30):
        linked.submit(f"A{number}")
        linked.run(2.0)
    assert len(linked.wires) == 1
    assert linked.terminal.counter.executed == {f"A{number}": 1 for number in range(30)}


@pytest.mark.parametrize(
    ("changed", "text"),
    [({"side": "margin_buy"}, "side"), ({"symbol": "00700.HK"}, "symbol"), ({"symbol": "00700.HGT"}, "symbol")],
)
def test_what_no_table_lists_is_refused(linked: Linked, changed: dict[str, object], text: str) -> None:
    line = {"coid": "A1", "account": ACCOUNT, "symbol": "600000.SH", "side": "buy", "kind": "limit", "el": 0}
    line.update(price="9.80", quantity=100, remark="A1", ttl=2_000_000, ref=int(linked.now * 1e6), **changed)
    linked.wire.tell(t="submit", **line)
    linked.run(0.3)
    assert [(stage["why"], stage["text"]) for stage in linked.wire.all("stage")] == [("bad", text)]
    assert linked.terminal.counter.executed == {}


def test_a_kind_of_account_has_its_own_numbers_or_none(linked: Linked) -> None:
    assert linked.terminal.space["OPERATIONS"] == {
        "STOCK": {"buy": 23, "sell": 24},
        "CREDIT": {"buy": 33, "sell": 34},
    }
    linked.host.accounts.open([(ACCOUNT, "HUGANGTONG")])
    linked.run(2.0)
    assert "HUGANGTONG" in linked.wire.all("account")[-1]["text"]


def test_what_stands_for_no_value_is_none_and_never_a_number(linked: Linked) -> None:
    plain = linked.terminal.space["plain"]
    nothing = [2147483647, 9223372036854775807, 1.7976931348623157e308, float("nan"), float("inf"), None]
    assert [plain(value) for value in nothing] == [None] * 6
    assert [plain(value) for value in (0, 0.0, "", 2**53 + 1)] == [0, 0.0, "", str(2**53 + 1)]
    linked.wire.tell(t="list", q="q", account=ACCOUNT)
    linked.run(3.0)
    (row,) = [row for line in linked.wire.all("rows") if line["kind"] == "asset" for row in line["rows"]]
    assert (row["m_dStockValue"], row["m_dFrozenCash"]) == (None, 0.0)


def test_where_the_terminal_gives_no_functions_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    linked = Linked(tmp_path / "claims")
    for name in ("passorder", "cancel"):
        del linked.terminal.space[name]
    linked.submit("A1")
    linked.cancel("c1", venue_id="1")
    linked.run(0.3)
    assert linked.stages("A1") == [("refused", "capability")]
    assert [line["why"] for line in linked.wire.all("cstage")] == ["capability"]
    linked.host._drop()
    linked.connect()
    assert {line["code"] for line in linked.wire.all("trouble")} == {"no_function"}
    assert not {"orders", "cancels"} & set(linked.wire.all("hello")[0]["caps"])
    # An independent process never begins it: the panel has its first line and no other.
    capsys.readouterr()
    exec(compile(linked.text, "<string>", "exec"), {})
    assert (
        capsys.readouterr().out == "[qmt-trading-system] loaded; it connects when it is run under model trading, live\n"
    )


def test_quotes_that_stop_are_told(linked: Linked) -> None:
    linked.terminal.ticks["600000.SH"] = {"timetag": "20261126 14:59:59", "lastPrice": 10.01}
    linked.wire.tell(t="watch", symbols=["600000.SH"], markets=[])
    linked.run(6.0)
    assert [line["state"] for line in linked.wire.all("feed")] == ["live", "silent"]
    linked.terminal.ticks["600000.SH"] = {"timetag": "20261126 14:59:59", "lastPrice": 10.02}
    linked.run(2.0)
    assert [line["state"] for line in linked.wire.all("feed")] == ["live", "silent", "live"]


def test_the_panel_hears_a_thing_once(linked: Linked, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for _ in range(500):
        linked.host.trouble("no_callback", ACCOUNT)
        linked.host.log("the same")
    linked.run(1.0)
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert len(linked.wire.all("trouble")) == 1
    assert len(linked.wire.all("log")) <= 50


def test_a_quiet_minute_asks_little_of_the_terminal(linked: Linked) -> None:
    linked.run(60.0)
    del linked.terminal.calls[:]
    linked.run(60.0)
    asked = {name: linked.terminal.calls.count(f"get {name}") for name in ("ACCOUNT", "ORDER", "DEAL")}
    assert all(10 <= count <= 16 for count in asked.values()), asked
    assert len(linked.terminal.calls) == sum(asked.values())


def test_each_of_too_many_orders_has_its_own_answer(linked: Linked) -> None:
    linked.terminal.waits = lambda: None
    coids = [f"A{number}" for number in range(150)]
    for coid in coids:
        linked.submit(coid)
    linked.run(2.0)
    told = {coid: linked.stages(coid) for coid in coids}
    assert all(len(stages) == 1 for stages in told.values())
    assert [stages[0] for stages in told.values()].count(("refused", "busy")) == 150 - 64
    assert set(linked.terminal.counter.executed.values()) == {1}


def test_a_trading_day_that_changes_under_it_is_told_and_everything_read_anew(linked: Linked) -> None:
    before = linked.wire.all("account")[-1]["session"]
    linked.terminal.counter.dials.date = "20261127"
    linked.run(8.0)
    assert [line["code"] for line in linked.wire.all("trouble")] == ["date_changed"]
    ready = linked.wire.all("account")[-1]
    assert (ready["state"], ready["session"] > before) == ("ready", True)


def test_a_remark_that_the_counter_has_already_is_never_sent_again(linked: Linked) -> None:
    row = linked.terminal.counter.by_hand(ACCOUNT, "600000.SH", 9.8)
    row["m_strRemark"] = "A1"
    linked.run(6.0)
    linked.submit("A1")
    linked.run(1.0)
    assert linked.stages("A1") == [("unknown", "no_return")]
    assert linked.terminal.counter.executed == {}


def test_a_row_that_comes_after_half_a_minute_is_still_its_orders(linked: Linked) -> None:
    linked.terminal.counter.dials.row_after = 26.0
    linked.submit("A1", price="10.60")
    linked.run(25.0)
    assert linked.wire.all("row") == []
    assert linked.stages("A1") == [("dispatched", "")]
    linked.run(5.0)
    assert {(line["kind"], line["coid"]) for line in linked.wire.all("row")} == {("order", "A1"), ("fill", "A1")}


def test_what_the_terminal_says_twice_is_told_once(linked: Linked) -> None:
    linked.submit("A1", price="10.60")
    linked.run(1.0)
    told = len(linked.wire.all("row"))
    (order,), (deal,) = linked.terminal.counter.orders, linked.terminal.counter.deals
    for _ in range(3):
        linked.terminal.counter.events += [("order", dict(order)), ("deal", dict(deal))]
        linked.run(0.5)
    assert len(linked.wire.all("row")) == told


def test_a_long_list_comes_in_lines_that_fit(linked: Linked) -> None:
    for _ in range(1000):
        linked.terminal.counter.by_hand(ACCOUNT, "600000.SH", 9.8)
    linked.terminal.counter.events.clear()
    linked.run(6.0)
    linked.wire.tell(t="list", q="q", account=ACCOUNT)
    linked.run(3.0)
    assert [line["complete"] for line in linked.wire.all("listed")] == [True]
    told = [line for line in linked.wire.all("rows") if line["kind"] == "order"]
    assert sum(len(line["rows"]) for line in told) == 1000
    assert max(len(line["rows"]) for line in told) <= 200
    assert max(len(linked.terminal.space["encode"](line)) for line in told) <= 65_536


def test_it_downloads_nothing_and_says_so(linked: Linked) -> None:
    days = {"period": "1d", "begin": "20260101", "end": "20261126"}
    linked.wire.tell(t="download", q="d", symbols=["600000.SH"], **days)
    linked.wire.tell(t="bars", q="b", symbol="600000.SH", **days)
    del linked.terminal.calls[:]
    linked.run(0.3)
    (downloaded,), (barred,) = linked.wire.all("downloaded"), linked.wire.all("barred")
    assert downloaded["failed"] == barred["failed"] == ["600000.SH"]
    assert all(name.startswith("get ") for name in linked.terminal.calls)


def test_evidence_grows_with_what_was_seen(tmp_path: Path) -> None:
    begun = Linked(tmp_path, NEEDS_CALLBACK=False)
    begun.terminal.counter.dials.callbacks = False
    begun.terminal.load(begun.text, ACCOUNT)
    del begun.terminal.timers[:-1]
    assert begun.host.evidence == 1
    begun.connect()
    assert begun.host.evidence == 2  # Its data is of another day.
    begun.terminal.counter.dials.date = time.strftime("%Y%m%d")
    begun.run(8.0)
    assert begun.host.evidence == 3
    begun.terminal.enter("account_callback", None, type("Row", (), {"m_strAccountID": ACCOUNT}))
    begun.run(0.3)
    assert begun.host.evidence == 4
    begun.submit("A1")
    begun.run(1.0)
    assert begun.host.evidence == 5
    assert begun.wire.all("beat")[-1]["x_evidence"] in (4, 5)


def test_the_beat_says_how_long_the_terminal_has_answered_nothing(linked: Linked) -> None:
    def fails(*arguments: object) -> None:
        raise RuntimeError("not connected")

    linked.terminal.space["get_trade_detail_data"] = fails
    linked.run(25.0)
    assert linked.wire.all("beat")[-1]["alive"] > 20_000_000
    assert linked.wire.all("account")[-1]["state"] == "down"


@pytest.mark.parametrize("links", [("tcp:127.0.0.1:1",), ("pipe:none",), ("files:{}",)])
def test_all_modules_are_imported_while_the_text_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: tuple[str, ...]
) -> None:
    imported: list[str] = []
    real = __import__

    def noted(name: str, *arguments: Any, **more: Any) -> Any:
        found = real(name, *arguments, **more)
        imported.append(name)
        return found

    monkeypatch.setattr("tests.fullqmt.py36.terminal.Terminal._import", lambda self, *names, **more: noted(*names))
    begun = Begun(tmp_path, LINKS=tuple(link.format(tmp_path) for link in links))
    at_first = set(imported)
    imported.clear()
    begun.run(3.0)
    begun.host._dial(begun.terminal.space["now_us"]())
    assert {"json", "os"} <= at_first
    assert set(imported) <= at_first


def test_a_file_that_somebody_holds_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "engine").touch()
    way = Begun(tmp_path / "claims").terminal.space["FilesWay"](str(tmp_path))
    replace, held = os.replace, [True, True]

    def rename(old: Any, new: Any) -> None:
        if held:
            held.pop()
            raise PermissionError(32, "used by another process")
        replace(old, new)

    monkeypatch.setattr(os, "replace", rename)
    assert [way.write(b"one\n") for _ in range(3)] == [0, 0, 4]
    (folder,) = tmp_path.glob("host-*")
    assert (folder / "h0000000001").read_bytes() == b"one\n"
    assert not list(folder.glob("*.new"))


def test_while_a_line_cannot_be_read_no_order_goes_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be a halt: a scanner of viruses holds its file."""
    linked = Linked(tmp_path / "claims")
    (tmp_path / "engine").touch()
    way = linked.terminal.space["FilesWay"](str(tmp_path))
    (folder,) = tmp_path.glob("host-*")
    linked.submit("A1")
    (folder / "e0000000001").write_bytes(linked.wire.read())
    (folder / "e0000000002").write_bytes(b'{"t":"halt","why":"a person"}\n')
    really, held = io.open, [True]

    def opened(name: Any, *arguments: Any, **more: Any) -> Any:
        if held and str(name).endswith("e0000000002"):
            raise PermissionError(13, "used by another process")
        return really(name, *arguments, **more)

    monkeypatch.setattr(io, "open", opened)
    linked.host._way = way
    linked.run(1.0)
    assert linked.terminal.counter.executed == {}
    held.clear()
    linked.run(1.0)
    assert linked.terminal.counter.executed == {}
    (stage,) = [line for line in linked.host.outbox._held.values() if b'"stage"' in line] or [b"none"]
    assert b'"halted"' in stage or any(b'"halted"' in path.read_bytes() for path in folder.glob("h*"))
