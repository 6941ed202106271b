"""``qmt panic`` at a full client, the engine gone: through the strategy that is still there."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from qmt_trading.cli import exit_codes, panicking, words
from qmt_trading.cli.main import app
from qmt_trading.model.words import OrderStatus
from qmt_trading.run.config import load
from qmt_trading.run.dialled_talk import NOBODY, OBSERVES
from tests.fullqmt import python36
from tests.fullqmt.desk import FullClient, FullDesk
from tests.link.stand import free_port

pytestmark = [python36.needs_python36, pytest.mark.slow]
ACCOUNT, SYMBOL = "11031122", "600000.SH"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = structs.replace(panicking.PACE, ready=20.0, listing=2.0, effort=20.0, between_lists=0.2)
    monkeypatch.setattr(panicking, "PACE", pace)


def panic(desk: FullDesk) -> int:
    return words.run(app, ["panic", "--account", ACCOUNT, "--config", str(desk.config), "--yes"])


def test_what_works_at_a_full_client_is_cancelled_without_an_engine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = FullClient(tmp_path / "client", (ACCOUNT,))
    at = FullDesk(tmp_path, [client])
    try:
        at.start()
        at.quote(SYMBOL)
        at.reaches(at.buy(SYMBOL, ACCOUNT, id="a/1"), OrderStatus.NEW)
        client.by_hand(ACCOUNT, SYMBOL)
        at.stop()
        capsys.readouterr()
        assert panic(at) == exit_codes.OK
        told = capsys.readouterr().out
        assert told.count("✓ 已撤 600000.SH") == 2
        assert "本系统" not in told.splitlines()[-1]
        assert {row["m_nOrderStatus"] for row in client.orders()} == {54}
        (kept,) = (load(at.config).folder / "panic").glob("*.jsonl")
        assert "secret" not in kept.read_text(encoding="utf-8")
        assert panic(at) == exit_codes.OK  # The strategy dials again, and nothing works.
        at.app = None
        FullDesk.stop(at)
        assert client.stand.escaped() == []
    finally:
        at.stop()
        client.stop()


def test_beside_an_engine_that_runs_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    client = FullClient(tmp_path / "client", (ACCOUNT,))
    at = FullDesk(tmp_path, [client])
    try:
        at.start()
        assert panic(at) == exit_codes.LOCKED
        told = capsys.readouterr().err
        assert "qmt cancel" in told
        assert "--beside" not in told
    finally:
        at.stop()
        client.stop()


def test_a_strategy_that_observes_cancels_nothing_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = FullClient(tmp_path / "client", (ACCOUNT,))
    at = FullDesk(tmp_path, [client])
    at.config.write_text(
        at.config.read_text(encoding="utf-8").replace('mode = "live"', 'mode = "shadow"'), encoding="utf-8"
    )
    try:
        at.start()
        client.by_hand(ACCOUNT, SYMBOL)
        at.stop()
        assert panic(at) == exit_codes.REFUSED
        told = capsys.readouterr().out
        assert told.count(OBSERVES.partition(" /")[0]) == 1  # Another try would meet the same text.
        assert "换一个再来" not in told
        assert [row["m_nOrderStatus"] for row in client.orders()] == [50]
    finally:
        at.stop()
        client.stop()


def test_where_no_strategy_runs_it_says_to_cancel_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panicking, "PACE", structs.replace(panicking.PACE, ready=1.0, listing=0.5, effort=4.0))
    client = FullClient(tmp_path / "client", (ACCOUNT,))
    at = FullDesk(tmp_path, [client])
    assert panic(at) == exit_codes.USAGE  # Nothing was ever pasted.
    words.run(app, ["fullqmt", "file", "--config", str(at.config)])
    capsys.readouterr()
    assert panic(at) == exit_codes.REFUSED
    assert NOBODY.partition(" /")[0] in capsys.readouterr().out
    assert free_port()
