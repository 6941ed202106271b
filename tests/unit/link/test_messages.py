"""What a host says becomes a value, or is told to be unread."""

from __future__ import annotations

import pytest

from qmt_trading.link.messages import (
    AccountState,
    Beat,
    Gap,
    Hello,
    Listed,
    Message,
    Outcome,
    Part,
    Pushed,
    Quotes,
    Stage,
    Unread,
    read,
)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"t": "stage", "n": 1, "coid": "A", "st": "dispatched", "native": -1}, Stage("A", "dispatched", native=-1)),
        ({"t": "stage", "coid": "A", "st": "refused", "why": None, "text": None}, Stage("A", "refused")),
        ({"t": "account", "account": "1", "state": "ready", "session": 3}, AccountState("1", "ready", session=3)),
        (
            {"t": "row", "account": "1", "kind": "order", "row": {"a": 1.5}, "coid": None},
            Pushed("1", "order", {"a": 1.5}),
        ),
        ({"t": "rows", "q": "q", "account": "1", "kind": "asset", "rows": []}, Part("q", "1", "asset", [])),
        ({"t": "listed", "q": "q", "account": "1", "failed": ["fill"]}, Listed("q", "1", failed=["fill"])),
        (
            {"t": "outcome", "q": "q", "coid": "A", "st": "refused", "complete": True},
            Outcome("q", "A", "refused", complete=True),
        ),
        ({"t": "gap", "from": 1, "to": 4, "n": 4}, Gap(1, 4)),
        ({"t": "beat", "hm": 5, "alive": None, "x_more": [1]}, Beat(5)),
        ({"t": "quotes", "rows": {"600000.SH": {}}, "hm": 7}, Quotes({"600000.SH": {}}, 7)),
    ],
)
def test_a_line_is_read_by_its_kind(line: dict[str, object], told: Message) -> None:
    assert read(line) == told


@pytest.mark.parametrize(
    "line",
    [
        {"t": "unheard"},
        {"t": "stage", "coid": "A", "st": "dispatched", "more": 1},
        {"t": "stage", "coid": "A", "st": "perhaps"},
        {"t": "stage", "coid": 1, "st": "refused"},
        {"t": "stage", "st": "refused"},
        {"t": "stage", "coid": None, "st": "refused"},
        {"t": "listed", "q": "q", "account": "1", "complete": 1},
        {"t": "listed", "q": "q", "account": "1", "session": True},
        {"t": "rows", "q": "q", "account": "1", "kind": "order", "rows": [1]},
        {"t": "rows", "q": "q", "account": "1", "kind": "loan", "rows": []},
        {"t": "quotes", "rows": {"600000.SH": 1}},
        {"t": "account", "account": "1", "state": "perhaps"},
        {"t": "beat", "hm": 1.5},
        {"t": "hello", "link": [1, "1"], "kind": "k", "dialect": "xt", "boot": "b", "hm": 1},
    ],
)
def test_what_this_version_does_not_know_has_no_effect(line: dict[str, object]) -> None:
    assert isinstance(read(line), Unread)


def test_the_hello_of_the_page_is_read() -> None:
    hello = read(
        {
            "t": "hello",
            "link": [1, 1],
            "kind": "xtquant",
            "dialect": "xt",
            "build": "…",
            "boot": "…",
            "gen": 1,
            "hm": 1,
            "caps": ["orders"],
            "limits": {"frame": 65536},
            "journal": "memory",
            "observe": False,
            "facts": {"python": "3.11.9"},
            "resume": {"sid": "…", "got": 0},
        }
    )
    assert isinstance(hello, Hello)
    assert hello.resume == {"sid": "…", "got": 0}
