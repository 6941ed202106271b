"""The HTTP door: receipts as answers, codes that say whether to send again, keys that reach no further than allowed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from qmt_trading.panel.callers import Caller, Scope
from tests.panel_bench import OPERATOR, Client, PanelBench

PATH = "/api/v1/signals"
TEXT = "撤单 600000.SH:11031122 #a/1"
PLAIN = "text/plain"


def key(*scopes: Scope, doors: tuple[str, ...] = (), accounts: tuple[str, ...] = ()) -> Caller:
    return Caller(
        name="jq", address="127.0.0.1", key="k1", scopes=frozenset(scopes or (Scope.SIGNALS,)), doors=doors,
        accounts=accounts,
    )  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PanelBench, Client]]:
    made = PanelBench(tmp_path_factory.mktemp("panel"))
    with made.client() as client:
        yield made, client


@pytest.fixture
def panel(served: tuple[PanelBench, Client]) -> PanelBench:
    served[0].forget(key(doors=("web",)))
    served[0].engine.runs = True
    return served[0]


@pytest.fixture
def client(served: tuple[PanelBench, Client], panel: PanelBench) -> Client:
    return served[1]


def test_the_receipt_is_the_answer(panel: PanelBench, client: Client) -> None:
    answer = client.post(PATH, content=TEXT.encode("utf-8"), kind=PLAIN)
    assert (answer.status, answer.json) == (200, panel.receipts[0])
    assert panel.delivered == [("web", TEXT.encode("utf-8"))]


def test_a_denial_is_an_answer_and_no_error(panel: PanelBench, client: Client) -> None:
    panel.receipts = [{"seq": 2, "status": "denied", "orders": []}]
    assert client.post(PATH, content=TEXT.encode("utf-8"), kind=PLAIN).status == 200


def test_json_is_one_message_and_other_encodings_are_understood(panel: PanelBench, client: Client) -> None:
    told = '{"action":"cancel",\n"symbol":"600000.SH","accounts":["1"]}'
    for body in (told.encode("utf-8"), TEXT.encode("gb18030"), TEXT.encode("utf-8-sig")):
        assert client.post(PATH, content=body, kind=PLAIN).status == 200
    assert [body.decode("utf-8") for _, body in panel.delivered] == [told.replace("\n", " "), TEXT, TEXT]


def test_bytes_that_are_no_text_are_400(panel: PanelBench, client: Client) -> None:
    assert client.post(PATH, content=b"\xff\xff\xfe", kind=PLAIN).status == 400
    assert not panel.delivered


def test_a_key_that_brings_too_much_waits_and_nothing_of_it_is_taken(panel: PanelBench, client: Client) -> None:
    lines = "\n".join(["buy 600000.SH 100@10.50:11031122"] * 1_000).encode("utf-8")
    statuses = [client.post(PATH, content=lines, kind=PLAIN).status for _ in range(4)]
    assert 200 in statuses
    panel.delivered.clear()
    answer = client.post(PATH, content=lines, kind=PLAIN)
    assert (answer.status, answer.json["error"]["code"], answer.json["error"]["wait_s"] > 0) == (429, "too_fast", True)
    assert panel.delivered == []
    assert client.post(PATH, content=TEXT.encode("utf-8"), kind=PLAIN).status == 200, "a cancel does not wait for them"


def test_no_signal_is_400_busy_is_429_and_a_dead_engine_503(panel: PanelBench, client: Client) -> None:
    panel.receipts = [{"status": "malformed", "code": "x"}]
    assert client.post(PATH, content=b"nonsense", kind=PLAIN).status == 400
    panel.receipts = [{"status": "busy"}]
    assert client.post(PATH, content=TEXT.encode("utf-8"), kind=PLAIN).status == 429
    panel.receipts = [{"status": "busy"}, {"status": "accepted", "seq": 1}]
    assert client.post(PATH, content=TEXT.encode("utf-8"), kind=PLAIN).status == 200, "429 would say: nothing was taken"
    panel.engine.runs = False
    answer = client.post(PATH, content=TEXT.encode("utf-8"), kind=PLAIN)
    assert (answer.status, answer.code) == (503, "engine_down")


def test_a_heartbeat_gets_no_receipt(panel: PanelBench, client: Client) -> None:
    assert client.post(PATH, content=b"<HeartBeat>", kind=PLAIN).json == {"status": "heartbeat"}
    assert not panel.delivered


def test_glued_messages_are_answered_each(panel: PanelBench, client: Client) -> None:
    panel.receipts = [{"status": "accepted", "seq": 1}, {"status": "malformed"}]
    answer = client.post(PATH, content=b"<600000.SH#1><600001.SH#>", kind=PLAIN)
    assert (answer.status, answer.json) == (200, {"receipts": panel.receipts})


def test_a_message_too_long_is_refused_whole(panel: PanelBench, client: Client) -> None:
    assert client.post(PATH, content=b"x" * 65_537, kind=PLAIN).status == 413
    assert not panel.delivered


def test_only_a_key_for_signals_sends_any(panel: PanelBench, client: Client) -> None:
    for caller, status in ((None, 401), (OPERATOR, 401), (key(Scope.READ), 403)):
        panel.caller[0] = caller
        assert client.post(PATH, content=TEXT.encode("utf-8"), kind=PLAIN).status == status
    assert not panel.delivered


def test_a_key_reaches_its_own_doors_alone(panel: PanelBench, client: Client) -> None:
    body = TEXT.encode("utf-8")
    assert client.post(f"{PATH}?door=pipe", content=body, kind=PLAIN).status == 403
    panel.caller[0] = key(doors=("web", "jq"))
    assert client.post(PATH, content=body, kind=PLAIN).status == 422
    assert client.post(f"{PATH}?door=jq", content=body, kind=PLAIN).status == 200
    panel.caller[0] = key()
    assert client.post(f"{PATH}?door=any", content=body, kind=PLAIN).status == 200
    assert [door for door, _ in panel.delivered] == ["jq", "any"]


def test_a_key_reaches_its_own_accounts_alone(panel: PanelBench, client: Client) -> None:
    panel.caller[0] = key(accounts=("11031122",))
    for text, status in (
        ("撤单 600000.SH:11031122", 200),
        ("撤单 600000.SH:11031122,11031123", 403),
        ("撤单 600000.SH:11031122\nbuy 600000.SH 100:11031123", 403),
        ("撤单 600000.SH:11031122\u2028buy 600000.SH 100:11031123", 403),
        ("buy 600000 100:11031123", 403),
        ("撤单 600000.SH:*", 403),
        ("撤单 600000.SH:@all", 403),
        ("<600000.SH#11031122><600000.SH#11031123>", 403),
    ):
        assert client.post(PATH, content=text.encode("utf-8"), kind=PLAIN).status == status, text
    assert len(panel.delivered) == 1


def test_a_key_for_some_accounts_spends_no_id_of_another_program(panel: PanelBench, client: Client) -> None:
    panel.caller[0] = key(accounts=("11031122",))
    for text, status in (
        ("撤单 600000.SH:11031122 #jq/1", 403),
        ("撤单 600000.SH:11031122 #k1x/1", 403),
        ("撤单 600000.SH:11031122 #k1/jq/1", 200),
        ("撤单 600000.SH:11031122", 200),
    ):
        assert client.post(PATH, content=text.encode("utf-8"), kind=PLAIN).status == status, text
    assert len(panel.delivered) == 2


def test_each_message_is_noted_by_its_key_and_a_flood_by_its_number(panel: PanelBench, client: Client) -> None:
    panel.caller[0] = replace(key(doors=("web",)), key="k2")
    for _ in range(70):
        assert client.post(PATH, content=TEXT.encode("utf-8"), kind=PLAIN).status == 200
    lines = panel.notes.lines
    assert len(lines) == 60
    assert lines[0][1:] == ("signal", "accepted", {"key": "k2", "door": "web", "seq": "1", "id": "a/1"})
