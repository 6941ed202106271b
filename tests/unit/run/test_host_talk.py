"""A conversation with a host of one's own: what is taken, what ends it, and that no wait is without an end."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from qmt_trading.run.host_talk import HostGoneError, HostTalk, Said

ACCOUNT = "11031122"
HEAD = """\
import json, sys, time
number = 0
def say(**line):
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\\n")
    sys.stdout.buffer.flush()
def tell(**line):
    global number
    number += 1
    say(n=number, **line)
def hear():
    return json.loads(sys.stdin.buffer.readline() or '{"t": "end"}')
def greet(**more):
    say(**{"t": "hello", "link": [1, 1], "kind": "k", "dialect": "xt", "boot": "b", "hm": 1, **more})
    return hear()
def ready():
    greet()
    tell(t="account", account="11031122", state="ready", status=0, text="", session=1)
"""
FRUIT = {"order_id": 7, "order_status": 50}


@contextmanager
def a_talk(script: str, kept: list[Said] | None = None) -> Iterator[HostTalk]:
    """Talk with a host that does what ``script`` says."""
    keep = [] if kept is None else kept
    talk = HostTalk([sys.executable, "-c", HEAD + textwrap.dedent(script)], ACCOUNT, keep=keep.append)
    talk.start()
    try:
        yield talk
    finally:
        talk.kill()


def test_it_greets_and_waits_for_its_account() -> None:
    kept: list[Said] = []
    with a_talk("ready(); hear(); time.sleep(60)", kept) as talk:
        assert talk.wait_ready(30)
        assert talk.hello is not None
        assert talk.state is not None
        assert not talk.hung
    ours = [said.line for said in kept if said.by_us]
    assert [line["t"] for line in ours] == ["welcome"]
    assert ours[0]["accounts"] == [{"account": ACCOUNT, "type": "STOCK"}]


def test_a_list_is_gathered_from_its_parts_and_others_are_passed_by() -> None:
    script = f"""\
    ready()
    q = hear()["q"]
    for part in ([{json.dumps(FRUIT)}], [{json.dumps(FRUIT)}, {json.dumps(FRUIT)}]):
        tell(t="rows", q="other", account="11031122", session=1, kind="order", rows=part)
        tell(t="rows", q=q, account="11031122", session=1, kind="order", rows=part)
    tell(t="listed", q=q, account="11031122", session=1, complete=True, alive=False, failed=[], us=1)
    time.sleep(60)
    """
    with a_talk(script) as talk:
        assert talk.wait_ready(30)
        listing = talk.listing(30)
    assert len(listing.orders) == 3
    assert (listing.answered, listing.complete, listing.alive, listing.proves) == (True, True, False, False)


def test_a_list_that_never_ends_is_given_back_as_far_as_it_came() -> None:
    script = f"""\
    ready()
    tell(t="rows", q=hear()["q"], account="11031122", session=1, kind="order", rows=[{json.dumps(FRUIT)}])
    time.sleep(60)
    """
    with a_talk(script) as talk:
        assert talk.wait_ready(30)
        listing = talk.listing(1.0)
    assert (len(listing.orders), listing.answered, listing.proves) == (1, False, False)


@pytest.mark.parametrize(
    "script",
    [
        "greet(); sys.stdout.buffer.write(b'no json\\n'); sys.stdout.buffer.flush(); time.sleep(60)",
        "ready(); number += 5; tell(t='armed', level='none', why=''); time.sleep(60)",
        "greet(link=[2, 3]); time.sleep(60)",
        "raise SystemExit(3)",
        "ready(); raise SystemExit(70)",
    ],
)
def test_a_host_that_breaks_the_rules_or_ends_is_gone_with_a_word(script: str) -> None:
    with a_talk(script) as talk:
        with pytest.raises(HostGoneError, match=r"\S"):
            talk.listen(30)
        with pytest.raises(HostGoneError):
            talk.listen(30)  # Gone it stays.


def test_a_host_that_is_let_go_ends_by_itself() -> None:
    with a_talk("ready(); hear()") as talk:
        assert talk.wait_ready(30)
        talk.stop()
        assert "按要求停止" in talk.ending
        talk.stop()


def test_a_host_that_does_not_go_is_ended_within_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qmt_trading.run.host_talk.STOP_S", 0.3)
    with a_talk("ready(); time.sleep(600)") as talk:
        assert talk.wait_ready(30)
        began = time.monotonic()
        talk.stop()
        assert time.monotonic() - began < 20


def test_a_program_that_is_not_there_is_a_host_that_is_gone() -> None:
    talk = HostTalk(["no-such-program-anywhere"], ACCOUNT, keep=lambda said: None)
    with pytest.raises(HostGoneError, match="无法启动"):
        talk.start()
    talk.stop()
    talk.kill()


def test_what_came_while_a_person_was_thinking_counts_before_an_order_leaves() -> None:
    kept: list[Said] = []
    script = """\
    ready()
    hear()
    for hm in (111, 222):
        say(t="beat", hm=hm, busy=0, call="", queued={}, alive=None, hung=0, armed="trade")
    tell(t="account", account="11031122", state="down", status=3, text="gone", session=1)
    time.sleep(60)
    """
    with a_talk(script, kept) as talk:
        assert talk.wait_ready(30)
        talk.tell("ack", {})
        until = time.monotonic() + 30
        while talk._inbox.empty() and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.2)
        talk.submit("qa1", {"symbol": "600000.SH", "side": "buy", "kind": "limit", "price": "4.50", "quantity": 100})
        assert not talk.wait_ready(0), "a state that has not been heard yet is no state"
    (submit,) = [said.line for said in kept if said.line["t"] == "submit"]
    assert submit["ref"] == 222


def test_orders_and_cancels_leave_as_lines_of_the_link() -> None:
    kept: list[Said] = []
    script = """\
    ready()
    for _ in range(2):
        line = hear()
        if line["t"] == "submit":
            tell(t="stage", coid=line["coid"], st="dispatched", why="", text="", native=None, us=1)
        else:
            tell(t="cstage", cid=line["cid"], coid="", st="refused", why="terminal", text="-1 no")
    time.sleep(60)
    """
    with a_talk(script, kept) as talk:
        assert talk.wait_ready(30)
        talk.submit("qa1", {"symbol": "600000.SH", "side": "buy", "kind": "limit", "price": "4.50", "quantity": 100})
        cid = talk.cancel(broker_id="", venue_id="S1", symbol="600000.SH")
        assert talk.listen(30, lambda: bool(talk.stages and talk.cancel_stages))
        assert [stage.st for _, stage in talk.stages] == ["dispatched"]
        assert [(stage.cid, stage.text) for _, stage in talk.cancel_stages] == [(cid, "-1 no")]
    submit, cancel = [said.line for said in kept if said.by_us][1:3]
    assert (submit["remark"], submit["account"], submit["price"]) == ("qa1", ACCOUNT, "4.50")
    assert (cancel["broker_id"], cancel["venue_id"], cancel["symbol"]) == ("", "S1", "600000.SH")
