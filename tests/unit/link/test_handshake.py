"""How a connection begins: versions, proofs of both sides, and nothing before them."""

from __future__ import annotations

import json

import pytest

from qmt_trading.link.handshake import Handshake, RefusedError, farewell, mac
from qmt_trading.link.messages import Bye, Hello, Proof, Stage

SECRET = b"0123456789abcdef"
OURS, THEIRS = "a" * 32, "b" * 32
HELLO = Hello([1, 1], "simulated", "plain", "boot", 1, nonce=THEIRS)


def test_a_child_is_known_by_its_hello() -> None:
    assert Handshake(None, OURS).take(HELLO) == (HELLO, b"")


def test_a_host_that_dials_is_challenged_and_proves() -> None:
    handshake = Handshake(SECRET, OURS)
    hello, line = handshake.take(HELLO)
    assert hello is None
    challenge = json.loads(line)
    assert challenge == {"t": "challenge", "nonce": OURS, "mac": mac(SECRET, "E", THEIRS, OURS, "boot")}
    assert handshake.take(Proof(mac(SECRET, "H", THEIRS, OURS, "boot"))) == (HELLO, b"")


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "é",
        mac(SECRET, "E", THEIRS, OURS, "boot"),
        mac(SECRET, "H", THEIRS, OURS, "other"),
        mac(b"another secret...", "H", THEIRS, OURS, "boot"),
    ],
)
def test_a_wrong_proof_is_refused(proof: str) -> None:
    handshake = Handshake(SECRET, OURS)
    handshake.take(HELLO)
    with pytest.raises(RefusedError, match="proof"):
        handshake.take(Proof(proof))


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"link": [2, 3]}, "version"), ({"link": [1]}, "version"), ({"boot": ""}, "boot"), ({"nonce": "short"}, "nonce")],
)
def test_a_hello_that_cannot_be_answered_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        Handshake(SECRET, OURS).take(HELLO._replace(**changes))  # type: ignore[arg-type]


def test_nothing_else_is_heard_before_the_end() -> None:
    handshake = Handshake(SECRET, OURS)
    for message in (Stage("A", "dispatched"), Proof(""), Bye("why")):
        with pytest.raises(RefusedError):
            handshake.take(message)
    handshake.take(HELLO)
    with pytest.raises(RefusedError):
        handshake.take(HELLO)


def test_a_farewell_is_always_a_line() -> None:
    assert json.loads(farewell("坏" * 5000))["t"] == "bye"
