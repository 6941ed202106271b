"""The client of other people's programs: one message, one receipt, and a second try with the same id only."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Listener
from pathlib import Path
from typing import Any

import pytest

from qmt_trading import client
from qmt_trading.client import qmt_client
from tests.conftest import ROOT
from tests.running import a_configuration, running

CLIENT = ROOT / "src" / "qmt_trading" / "client" / "qmt_client.py"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(a_configuration(tmp_path_factory.mktemp("engine"))) as found:
        yield found


def test_a_text_gets_its_receipt_as_a_value(address: str) -> None:
    receipt = client.send("buy 600000.SH 100@跌停:11031122,11039999", address=address, id="client/1")
    assert (receipt.status, receipt.id, receipt.is_accepted, receipt.durable) == ("accepted", "client/1", True, True)
    assert receipt.seq is not None
    good, bad = receipt.orders
    assert (good.account, good.status, good.side, good.quantity) == ("11031122", "accepted", "buy", 100)
    assert good.client_order_id
    assert (bad.status, bad.reason) == ("denied", "ACCOUNT_UNKNOWN")
    assert "11039999" in bad.text
    with pytest.raises(dataclasses.FrozenInstanceError):
        receipt.status = "denied"  # type: ignore[misc]


def test_the_same_id_again_gets_the_first_receipt(address: str) -> None:
    first = client.send("buy 600000.SH 100@跌停:11031122 #client/2", address=address)
    again = client.send("buy 600000.SH 100@跌停:11031122", address=address, id="client/2")
    assert (first.status, again.status, again.seq) == ("accepted", "duplicate", first.seq)
    assert again.orders == first.orders
    assert again.is_accepted


def test_a_dict_is_sent_as_json(address: str) -> None:
    order = {"action": "buy", "symbol": "600036.SH", "accounts": ["11031123"], "quantity": 200, "price_type": "跌停"}
    receipt = client.send(order, address=address, id="client/3")
    assert [line.quantity for line in receipt.orders] == [200]
    assert "id" not in order
    basket = [{**order, "symbol": "600000.SH"}, {**order, "symbol": "000001.SZ"}]
    receipt = client.send(basket, address=address, id="client/4")
    assert (receipt.id, len(receipt.orders)) == ("client/4", 2)


def test_cancels_stand_apart_and_nothing_to_cancel_is_no_error(address: str) -> None:
    client.send("buy 600000.SH 100@跌停:11031123", address=address, id="client/5")
    receipt = client.send("撤单 600000.SH:11031123", address=address)
    assert {line.status for line in receipt.cancels} == {"accepted"}
    (line,) = client.send("撤单 300750.SZ:11031123", address=address).cancels
    assert (line.status, line.reason) == ("nothing", "NOTHING_TO_CANCEL")


def test_many_threads_may_send_at_once_and_each_gets_its_own_receipt(address: str) -> None:
    def one(number: int) -> tuple[str, str, int]:
        receipt = client.send(f"buy 600000.SH {100 * number}@跌停:11031122", address=address, id=f"threads/{number}")
        return receipt.status, receipt.id, receipt.orders[0].quantity

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(1, 17)))
    assert found == [("accepted", f"threads/{number}", 100 * number) for number in range(1, 17)]


@pytest.mark.parametrize("message", ["buy 600000.SH", '{"action":', "buy 600000.SH 5万:11031122"])
def test_what_the_engine_cannot_read_is_a_receipt_too(address: str, message: str) -> None:
    receipt = client.send(message, address=address)
    assert receipt.status == "malformed"
    assert receipt.text
    assert not receipt.is_accepted


@pytest.mark.parametrize(
    ("message", "identifier"),
    [
        ("", None),
        ("a:b\nc:d", None),
        ("<HeartBeat>", None),
        ("<000001.SZ#a><000002.SZ#b>", None),
        ("<000001.SZ#a>", "x/1"),
        ("buy 600000.SH 100:a", "no blanks"),
        ("buy 600000.SH 100:a", "/1"),
        ("buy 600000.SH 100:a #x/1", "x/2"),
        ({"action": "cancel", "id": "x/1"}, "x/2"),
        ({"type": "trade_signal", "symbol": "600000.SH"}, "x/1"),
        ([], "x/1"),
        ('{"action":', "x/1"),
        ("x" * 70_000, None),
        ({"price": float("nan")}, None),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_leaves(message: Any, identifier: str | None) -> None:
    with pytest.raises(ValueError):
        client.send(message, address="nowhere", id=identifier)


def test_where_nobody_listens_nothing_was_sent_and_the_text_says_what_to_do(tmp_path: Path) -> None:
    place = qmt_client.PIPE_PREFIX + "qmt-nobody" if sys.platform == "win32" else str(tmp_path / "none.sock")
    for identifier in (None, "x/1"):
        with pytest.raises(client.NotSentError, match="qmt status"):
            client.send("buy 600000.SH 100:11031122", address=place, id=identifier, timeout=0.3)


def test_the_address_comes_from_the_environment_or_is_that_of_init(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QMT_ADDRESS", raising=False)
    assert client.default_address() == (qmt_client.DEFAULT_PIPE if sys.platform == "win32" else "signals.sock")
    monkeypatch.setenv("QMT_ADDRESS", "elsewhere.sock")
    assert client.default_address() == "elsewhere.sock"


class FalseEngine:
    """Listens at an address and answers the messages one after the other as it is told; None: it hangs up silently."""

    def __init__(self, folder: Path, answers: list[bytes | None]) -> None:
        self.heard: list[bytes] = []
        self._answers = answers
        if sys.platform == "win32":
            self.address = f"{qmt_client.PIPE_PREFIX}qmt-false-{time.time_ns()}"
            self._listening: Any = Listener(self.address, family="AF_PIPE")
        else:
            self.address = str(folder / f"{time.time_ns()}.sock")
            self._listening = socket.socket(socket.AF_UNIX)
            self._listening.bind(self.address)
            self._listening.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with self._listening:
            for answer in self._answers:
                if sys.platform == "win32":
                    with self._listening.accept() as line:
                        self.heard.append(line.recv_bytes())
                        if answer is not None:
                            line.send_bytes(answer)
                            with contextlib.suppress(OSError):  # What was not read yet would go with the line.
                                line.poll(2)
                else:
                    connected, _ = self._listening.accept()
                    with connected:
                        self.heard.append(connected.recv(65_536))
                        if answer is not None:
                            connected.sendall(answer)


ACCEPTED = b'{"seq":1,"id":"x/1","status":"accepted","orders":[],"news":"of a later version"}\n'
BUSY = json.dumps({"seq": None, "id": "", "status": "busy", "text": "繁忙"}).encode() + b"\n"


@pytest.mark.parametrize("first", [None, BUSY, b"half a rece"])
def test_a_message_with_an_id_is_sent_again_with_that_id(tmp_path: Path, first: bytes | None) -> None:
    engine = FalseEngine(tmp_path, [first, ACCEPTED])
    assert client.send("buy 600000.SH 100:a", address=engine.address, id="x/1", timeout=5).status == "accepted"
    assert engine.heard == [b"buy 600000.SH 100:a #x/1\n"] * 2


def test_a_message_without_an_id_is_written_once_and_never_again(tmp_path: Path) -> None:
    engine = FalseEngine(tmp_path, [None, ACCEPTED])
    with pytest.raises(client.NoReceiptError, match="qmt signals"):
        client.send("buy 600000.SH 100:a", address=engine.address, timeout=3)
    assert len(engine.heard) == 1
    busy = FalseEngine(tmp_path, [BUSY, ACCEPTED])
    assert client.send("buy 600000.SH 100:a", address=busy.address, timeout=3).status == "busy"
    assert len(busy.heard) == 1


def test_once_it_may_have_arrived_no_later_failure_says_that_it_was_not_sent(tmp_path: Path) -> None:
    engine = FalseEngine(tmp_path, [None])
    with pytest.raises(client.NoReceiptError, match="x/1"):
        client.send("buy 600000.SH 100:a", address=engine.address, id="x/1", timeout=0.5)
    engine = FalseEngine(tmp_path, [None, *[BUSY] * 9])
    with pytest.raises(client.NoReceiptError, match="x/1"):
        client.send("buy 600000.SH 100:a", address=engine.address, id="x/1", timeout=0.8)


@pytest.mark.parametrize("answer", [b"hello\n", b"[1]\n", b'{"seq":1}\n', b'{"status":"accepted","orders":[3]}\n'])
def test_what_is_no_receipt_is_never_taken_for_one(tmp_path: Path, answer: bytes) -> None:
    engine = FalseEngine(tmp_path, [answer])
    with pytest.raises(client.NoReceiptError):
        client.send("600000.SH:a", address=engine.address, timeout=2)


def test_importing_the_client_imports_nothing_heavy() -> None:
    look = "import sys, qmt_trading.client; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, check=True).stdout.decode()
    loaded = set(ast.literal_eval(found))
    assert "qmt_trading" in loaded
    assert loaded.isdisjoint({"msgspec", "typer", "rich", "pywintypes", "win32file", "multiprocessing"})


def test_the_file_alone_can_be_copied_and_is_read_by_an_older_python(address: str, tmp_path: Path) -> None:
    source = CLIENT.read_bytes()
    ast.parse(source, feature_version=(3, 8))
    assert b"qmt_trading" not in source.partition(b"from __future__")[2]
    (tmp_path / "qmt_client.py").write_bytes(source)
    program = "import sys; sys.path.insert(0, '.'); from qmt_client import send; print(send(sys.argv[1]).status)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, "buy 600000.SH 100@跌停:11031122 #copy/1"],
        cwd=tmp_path,
        env={**os.environ, "QMT_ADDRESS": address},
        capture_output=True,
        check=False,
    )
    assert done.stdout.strip() == b"accepted", done.stderr
