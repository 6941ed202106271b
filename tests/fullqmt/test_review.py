"""What a hostile reading of the pasted file has found; by the Python that runs the tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.fullqmt.begun import ACCOUNT, Begun, Linked
from tests.fullqmt.py36.terminal import Context, Terminal


@pytest.fixture
def linked(tmp_path: Path) -> Linked:
    return Linked(tmp_path / "claims")


class Unspeakable:
    """An object of the terminal's that cannot be shown."""

    def __repr__(self) -> str:
        raise UnicodeDecodeError("gbk", b"\xff", 0, 1, "illegal multibyte sequence")


def test_an_order_goes_and_is_cancelled(linked: Linked) -> None:
    linked.submit("A1")
    linked.run(1.0)
    assert linked.stages("A1") == [("dispatched", "")]
    linked.cancel("c1", coid="A1")
    linked.run(1.0)
    assert [line["st"] for line in linked.wire.all("cstage")] == ["sent"]
    (row,) = linked.terminal.counter.orders
    assert row["m_nOrderStatus"] == 54


def test_two_terminals_of_one_user_write_their_claims_into_two_files(tmp_path: Path) -> None:
    first = Linked(tmp_path)
    second = first.terminal.space["Journal"](str(tmp_path), {}, "boot", "11031123")
    try:
        first.submit("A1")
        first.run(0.3)
        assert second.claim("B1", "digest") == ""
        assert len(list(tmp_path.glob("claims-*.jsonl"))) == 2
        assert second.known("A1").startswith("?")
        assert first.host.journal.known("B1") == "?digest"
    finally:
        second.close()


def test_a_folder_without_claims_proves_nothing_of_lives_before(tmp_path: Path) -> None:
    first = Linked(tmp_path)
    for number, basis in ((1, "memory"), (2, "disk")):
        first.wire.tell(t="outcome", q=f"q{number}", coid="N1", fence=True)
        first.run(0.3)
        told = first.wire.all("outcome")[-1]
        assert (told["st"], told["basis"], told["complete"]) == ("refused", basis, True)
        first = Linked(tmp_path)


def test_a_file_of_a_month_to_come_hides_no_claim(tmp_path: Path) -> None:
    first = Linked(tmp_path)
    first.submit("A1")
    first.run(0.3)
    for month in ("209901", "209902"):
        (tmp_path / f"claims-{month}-0badc10c.jsonl").write_bytes(b'{"c":"Z%s","h":"d"}\n' % month[-1:].encode())
    again = Linked(tmp_path)
    assert [again.host.journal.known(coid)[0] for coid in ("A1", "Z1", "Z2")] == ["?", "?", "?"]
    again.submit("A1")
    again.run(0.3)
    assert again.stages("A1") == [("unknown", "no_return")]
    assert again.terminal.counter.executed == {}


def test_an_answer_of_the_terminal_that_cannot_be_shown_leaves_the_order_unknown(linked: Linked) -> None:
    linked.terminal.counter.dials.returns = Unspeakable()
    linked.submit("A1")
    linked.run(1.0)
    assert linked.stages("A1") == [("unknown", "raised")]
    assert linked.wire.all("trouble") == []
    assert linked.terminal.counter.executed == {"A1": 1}


@pytest.mark.parametrize(("words", "told"), [("资金不足".encode("gbk"), "资金不足"), ("no money", "no money")])
def test_words_of_an_error_may_be_bytes_of_gbk(linked: Linked, words: object, told: str) -> None:
    linked.terminal.enter("orderError_callback", None, type("Arguments", (), {"accountID": ACCOUNT}), words)
    linked.run(0.3)
    (row,) = [line["row"] for line in linked.wire.all("row") if line["kind"] == "order_error"]
    assert row["errMsg"] == told


def test_a_callback_that_cannot_be_read_only_makes_the_host_look(linked: Linked) -> None:
    linked.terminal.enter("order_callback", None, type("Row", (), {"m_strOrderSysID": Unspeakable()}))
    linked.terminal.enter("orderError_callback", None, type("Arguments", (), {"accountID": ACCOUNT}), Unspeakable())
    del linked.terminal.calls[:]
    linked.run(0.3)
    assert "get ORDER" in linked.terminal.calls
    assert linked.wire.all("trouble") == []
    assert linked.host.level == "trade"


def test_rows_that_do_not_agree_about_the_market_are_one_order(linked: Linked) -> None:
    linked.submit("A1")
    linked.run(1.0)
    (row,) = linked.terminal.counter.orders
    named = {name: value for name, value in row.items() if name not in ("shown", "m_strExchangeID")}
    linked.terminal.enter("order_callback", None, type("Row", (), named))
    linked.run(0.3)
    assert linked.wire.all("trouble") == []
    assert linked.host.level == "trade"


def test_a_back_test_in_the_same_process_does_not_end_the_life_that_trades(
    linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    trading = dict(linked.terminal.space)
    monkeypatch.setattr(Context, "do_back_test", True, raising=False)
    plain = Context.__init__

    def back_test(self: Context, terminal: Terminal) -> None:
        plain(self, terminal)
        self.do_back_test = True

    with monkeypatch.context() as patched:
        patched.setattr(Context, "__init__", back_test)
        linked.terminal.load(linked.text, ACCOUNT)
    linked.submit("A1")
    linked.run(1.0)
    assert trading["life"]() is trading["HOST"]
    assert linked.stages("A1") == [("dispatched", "")]


def test_a_sleep_within_a_call_ends_the_worth_of_what_came_before_it(linked: Linked) -> None:
    """The machine sleeps while the first order is handed over; one clock does not count that time."""
    space = linked.terminal.space
    slept_us = [0]
    space["other_us"] = lambda: int(linked.now * 1e6) + slept_us[0]

    def sleep() -> None:
        linked.now += 0.001
        slept_us[0] = 600_000_000

    linked.terminal.waits = sleep
    linked.submit("A1")
    linked.submit("A2")
    linked.host.tick(Context(linked.terminal))
    assert linked.stages("A1") == [("dispatched", "")]
    assert linked.stages("A2") == [("refused", "no_clock")]
    assert linked.terminal.counter.executed == {"A1": 1}


def test_two_clocks_that_run_apart_over_a_day_are_no_sleep(linked: Linked) -> None:
    """A hundred parts in a million, as two crystals of one machine may: 1 s in less than 3 hours."""
    space, begun = linked.terminal.space, linked.now
    slept_us = [0]
    space["other_us"] = lambda: int(linked.now * 1e6 + (linked.now - begun) * 100) + slept_us[0]
    space["wall_us"] = lambda: int(linked.now * 1e6 + (linked.now - begun) * 400)
    first = linked.host.clock_from
    while linked.now < begun + 12 * 3600:
        linked.now += 0.1
        linked.host.has_slept()
    assert linked.host.clock_from == first
    slept_us[0] = 1_500_000
    linked.host.has_slept()
    assert linked.host.clock_from == space["now_us"]()


@pytest.mark.parametrize(("held_s", "told"), [(600, ("refused", "no_clock")), (-600, ("dispatched", ""))])
def test_a_virtual_machine_that_was_held_sends_nothing_of_before(
    linked: Linked, held_s: int, told: tuple[str, str]
) -> None:
    """Held, it has no clock of its own that went on; the wall's did. One that is set back tells nothing."""
    space, held_us = linked.terminal.space, [0]
    space["wall_us"] = lambda: int(linked.now * 1e6) + held_us[0]
    linked.submit("A1")
    held_us[0] = held_s * 1_000_000
    linked.run(1.0)
    assert linked.stages("A1") == [told]
    linked.submit("A2")
    linked.run(3.0)
    assert linked.stages("A2")[-1][0] == "dispatched"


def test_who_has_proved_nothing_acknowledges_nothing(linked: Linked) -> None:
    linked.submit("A1")
    linked.run(1.0)
    kept = dict(linked.host.outbox._held)
    assert kept
    linked.host._drop()
    linked.run(1.0)
    assert linked.wire.all("hello")
    linked.wire.tell(t="challenge", nonce="n", mac="0" * 64, k=10_000)
    linked.run(1.0)
    assert linked.host._state != "welcomed"
    assert {number: linked.host.outbox._held.get(number) for number in kept} == kept


def test_half_a_character_in_a_proof_is_a_wrong_proof(linked: Linked) -> None:
    linked.host._drop()
    linked.run(1.0)
    wire = linked.wire
    wire.tell(t="challenge", nonce="n", mac="\ud800")
    linked.run(0.3)
    assert [line["t"] for line in wire.said] == ["hello", "bye"]
    assert wire.said[-1]["why"] == "proof"


def test_an_order_of_the_life_before_is_cancelled_by_its_name_once_its_number_is_known(tmp_path: Path) -> None:
    first = Linked(tmp_path)
    first.submit("A1")
    first.run(1.0)
    second = Linked(tmp_path)
    counter = second.terminal.counter
    counter.orders = first.terminal.counter.orders
    second.cancel("c1", coid="A1")
    second.run(2.0)
    assert [line["st"] for line in second.wire.all("cstage")] == ["sent"]
    assert counter.orders[0]["m_nOrderStatus"] == 54


def test_quotes_of_a_connection_that_ended_do_not_come_in_the_next(linked: Linked) -> None:
    linked.host.outbox.quotes({"600000.SH": {"time": 1}})
    linked.host._drop()
    linked.connect()
    assert linked.wire.all("quotes") == []


def test_a_subscription_that_nobody_wants_any_more_fills_no_memory(linked: Linked) -> None:
    linked.wire.tell(t="watch", symbols=[], markets=["SH"])
    linked.run(1.0)
    whole: Any = linked.terminal.whole
    quotes = linked.host.quotes
    whole({"600000.SH": {"time": 1}})
    assert len(quotes._came) == 1
    linked.host.close("stop")
    whole({"600000.SH": {"time": 2}})
    assert len(quotes._came) == 0


def test_details_however_many_fit_into_the_links_lines(linked: Linked) -> None:
    for number in range(30):
        linked.terminal.details[f"{600000 + number}.SH"] = {f"Field{each}": "浦" * 60 for each in range(40)}
    symbols = [*linked.terminal.details, "000001.SZ"]
    linked.wire.tell(t="details", q="d", symbols=symbols)
    linked.run(5.0)
    assert [line["failed"] for line in linked.wire.all("detailed")] == [["000001.SZ"]]
    lines = linked.wire.all("detail")
    assert sorted(symbol for line in lines for symbol in line["rows"]) == symbols[:-1]
    assert max(len(linked.terminal.space["encode"](line)) for line in lines) <= 65_536


def test_files_that_nobody_reads_are_not_left(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.mkdir()
    (link / "engine").write_bytes(b"")  # Of an engine that died.
    begun = Begun(tmp_path / "claims", LINKS=(f"files:{link}",))
    begun.terminal.space["now_us"] = begun.terminal.space["other_us"] = lambda: int(begun.now * 1e6)
    begun.host._apart = 0
    most = 0
    for _ in range(40):
        begun.run(1.0)
        most = max(most, len(os.listdir(link)))
    assert most == 2  # It did dial.
    begun.host.close("stop")
    assert os.listdir(link) == ["engine"]


def test_an_order_does_not_wait_for_a_whole_market_of_quotes(linked: Linked) -> None:
    linked.wire.tell(t="watch", symbols=[], markets=["SH", "SZ"])
    linked.run(1.0)
    space = linked.terminal.space
    plain = space["plain"]

    def slow(value: object) -> object:
        linked.now += 20e-6
        return plain(value)

    space["plain"] = slow
    levels = {"bidPrice": [9.99] * 5, "askPrice": [10.0] * 5}
    market = {f"{600000 + number}.SH": {"time": 1, "lastPrice": 10.0, **levels} for number in range(5000)}
    whole: Any = linked.terminal.whole
    whole(market)
    linked.submit("A1")
    longest = 0.0
    for _ in range(100):
        before = linked.now
        linked.host.tick(Context(linked.terminal))
        longest = max(longest, linked.now - before)
        linked.now += 0.05
    assert linked.stages("A1") == [("dispatched", "")]
    dispatched = next(place for place, line in enumerate(linked.wire.said) if line["t"] == "stage")
    assert "quotes" not in [line["t"] for line in linked.wire.said[:dispatched]]
    assert longest < 0.080
    told = {symbol for line in linked.wire.all("quotes") for symbol in line["rows"]}
    assert told == set(market)
    assert max(len(space["encode"](line)) for line in linked.wire.all("quotes")) <= 65_536
