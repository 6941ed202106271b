"""Requests of the control door: what is not understood to the last field is refused, never done in part."""

from __future__ import annotations

import json

import msgspec
import pytest

from qmt_trading.codec import control as wire
from qmt_trading.model.limits import ScopeKind
from qmt_trading.model.words import SideScope

WHO_WHY = {"who": "a", "why": "b"}
REQUESTS: tuple[wire.ControlRequest, ...] = (
    wire.Hello(),
    wire.Read("orders", 5),
    wire.Timeline(7),
    wire.Send(text="600000.SH:a", who="a"),
    wire.Cancel(who="a", why="", account="1"),
    wire.Cancel(who="a", why="", symbol="600000.SH", side=SideScope.BUY),
    wire.Cancel(who="a", why="", order_id="x"),
    wire.Cancel(who="a", why="", everything=True),
    wire.Halt(who="a", why="", account="1", cancel_open=True),
    wire.Halt(who="a", why="", reduce=True),
    wire.Resume(who="a", why="b"),
    wire.SetLimit(who="a", why="", scope=ScopeKind.DOOR, name="d", limit="单笔金额", value="1"),
    wire.ConfirmLimits(who="a", why="b"),
    wire.Resolve(who="a", why="", client_order_id="x", status="NOT_SENT"),
    wire.Stop(who="a", why=""),
)


def refused(**fields: object) -> str:
    with pytest.raises(wire.ControlError) as error:
        wire.decode_request(json.dumps(fields).encode())
    return str(error.value)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: type(each).__name__)
def test_what_is_written_is_read(request_: wire.ControlRequest) -> None:
    assert wire.decode_request(wire.encode_request(request_)) == request_


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: type(each).__name__)
def test_a_field_that_is_not_known_refuses_the_request(request_: wire.ControlRequest) -> None:
    fields = msgspec.json.decode(wire.encode_request(request_)) | {"acount": "x"}
    assert "acount" in refused(**fields)


def test_a_misspelt_account_does_not_release_every_account() -> None:
    assert "acount" in refused(verb="resume", acount="x", **WHO_WHY)


@pytest.mark.parametrize("verb", ["cancel", "halt", "resume", "resolve", "stop", "send", "set-limit", "confirm-limits"])
@pytest.mark.parametrize("who", ["", "  ", "\n"])
def test_whoever_acts_says_who(verb: str, who: str) -> None:
    more: dict[str, dict[str, object]] = {
        "cancel": {"all": True},
        "resolve": {"client_order_id": "x", "status": "UNKNOWN"},
        "send": {"text": "x"},
        "set-limit": {"scope": "total", "limit": "x", "value": "1"},
    }
    fields: dict[str, object] = {"verb": verb, "who": who} | more.get(verb, {})
    if verb != "send":
        fields["why"] = "b" if verb in ("resume", "confirm-limits") else ""
    assert "who" in refused(**fields)
    assert not isinstance(wire.decode_request(json.dumps(fields | {"who": "小王"}).encode()), wire.Reading)


@pytest.mark.parametrize("verb", ["resume", "confirm-limits"])
@pytest.mark.parametrize("why", ["", "  ", "\n"])
def test_whoever_releases_or_confirms_says_why(verb: str, why: str) -> None:
    assert "--why" in refused(verb=verb, who="a", why=why)
    assert "why" in refused(verb=verb, who="a")


@pytest.mark.parametrize("more", [{}, {"side": "buy"}, {"all": False}, {"order_id": ""}, {"account": None}])
def test_cancelling_everything_is_asked_for_by_name(more: dict[str, object]) -> None:
    assert '"all": true' in refused(verb="cancel", **WHO_WHY, **more)


def test_an_empty_account_is_none_of_the_accounts_without_a_name() -> None:
    for verb in ("halt", "resume", "cancel"):
        assert "account" in refused(verb=verb, account="", **WHO_WHY)


def test_a_symbol_is_read_as_signals_write_it() -> None:
    written = json.dumps({"verb": "cancel", "symbol": "sh600000", **WHO_WHY}).encode()
    request = wire.decode_request(written)
    assert isinstance(request, wire.Cancel)
    assert request.symbol == "600000.SH"
    assert "600000.SH" in refused(verb="cancel", symbol="600000", **WHO_WHY)
    assert "*" in refused(verb="cancel", symbol="*", **WHO_WHY)


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"null", b"{}", b'{"verb":"sell"}', b"\xff", b"[" * 100_000, b'{"verb":"read","table":1}'],
)
def test_any_other_bytes_are_no_request(line: bytes) -> None:
    with pytest.raises(wire.ControlError):
        wire.decode_request(line)
