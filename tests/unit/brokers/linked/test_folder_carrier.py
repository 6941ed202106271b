"""Connections of files: what was before is not read, nothing grows without bound, both ends can end it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.brokers.linked.carrier import Sent
from qmt_trading.brokers.linked.folder_carrier import SIGN, UNREAD_MAX, FolderCarrier
from qmt_trading.model.errors import ConfigurationError
from tests.unit.brokers.linked.told_side import ToldSide, wait

SECRET = b"a secret of some length"


@pytest.fixture
def side() -> ToldSide:
    return ToldSide()


@pytest.fixture
def carrier(tmp_path: Path, side: ToldSide) -> Iterator[FolderCarrier]:
    made = FolderCarrier(f"files:{tmp_path / 'link'}", SECRET)
    made.open(side, observe=False)
    wait((tmp_path / "link" / SIGN).exists)
    yield made
    made.close()


def host(folder: Path, name: str = "host-1") -> Path:
    made = folder / "link" / name
    made.mkdir()
    return made


def test_lines_go_both_ways_in_order_and_read_files_are_gone(
    tmp_path: Path, carrier: FolderCarrier, side: ToldSide
) -> None:
    mine = host(tmp_path)
    (mine / "h0000000002").write_bytes(b"two\n")
    wait(lambda: side.connections)
    assert side.data == b""
    (mine / "h0000000001").write_bytes(b"one\n")
    wait(lambda: side.data == b"one\ntwo\n")
    assert side.connections[0].secret == SECRET
    assert [side.connections[0].send(line) for line in (b"a\n", b"b\n")] == [Sent.WHOLE, Sent.WHOLE]
    assert sorted(path.name for path in mine.iterdir()) == ["e0000000001", "e0000000002"]


def test_a_host_that_does_not_read_is_sent_no_more(tmp_path: Path, carrier: FolderCarrier, side: ToldSide) -> None:
    mine = host(tmp_path)
    wait(lambda: side.connections)
    sent = [side.connections[0].send(b"x\n") for _ in range(UNREAD_MAX + 2)]
    assert sent == [Sent.WHOLE] * UNREAD_MAX + [Sent.NOTHING] * 2
    (mine / "e0000000001").unlink()
    assert side.connections[0].send(b"x\n") is Sent.WHOLE


def test_the_host_ends_it_after_its_last_words(tmp_path: Path, carrier: FolderCarrier, side: ToldSide) -> None:
    mine = host(tmp_path)
    (mine / "h0000000001").write_bytes(b"bye\n")
    (mine / "h-end").touch()
    wait(lambda: side.ends)
    assert side.data == b"bye\n"
    wait(lambda: not mine.exists())
    assert side.connections[0].send(b"x\n") is Sent.NOTHING


def test_we_end_it_and_say_so(tmp_path: Path, carrier: FolderCarrier, side: ToldSide) -> None:
    mine = host(tmp_path)
    wait(lambda: side.connections)
    side.connections[0].close("enough")
    assert side.connections[0].send(b"x\n") is Sent.NOTHING
    wait(lambda: side.ends == ["enough"])
    assert (mine / "e-end").exists()
    host(tmp_path, "host-2")
    wait(lambda: len(side.connections) == 2)
    (mine / "h-end").touch()
    wait(lambda: not mine.exists())
    assert (len(side.connections), side.ends) == (2, ["enough"])


def test_at_its_end_nobody_listens_any_more(tmp_path: Path, carrier: FolderCarrier, side: ToldSide) -> None:
    mine = host(tmp_path)
    wait(lambda: side.connections)
    carrier.close()
    assert side.ends == ["stop"]
    assert (mine / "e-end").exists()
    assert not (tmp_path / "link" / SIGN).exists()


def test_connections_of_before_are_removed_unread(tmp_path: Path, side: ToldSide) -> None:
    (tmp_path / "link").mkdir()
    mine = host(tmp_path, "host-old")
    (mine / "h0000000001").write_bytes(b"old\n")
    made = FolderCarrier(f"files:{tmp_path / 'link'}", SECRET)
    assert not mine.exists()
    made.open(side, observe=False)
    made.close()
    assert side.data == b""


def test_a_relative_folder_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="files:绝对路径"):
        FolderCarrier("files:link", SECRET)
