"""How the pasted text begins, and where it does nothing but say why; by the Python that runs the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fullqmt.begun import ACCOUNT, Begun
from tests.fullqmt.py36.terminal import Context, Terminal


def test_it_ticks_where_an_account_was_chosen(tmp_path: Path) -> None:
    begun = Begun(tmp_path, LINKS=("tcp:127.0.0.1:1",))
    assert [timer[1:3] for timer in begun.terminal.timers] == [["qmt_link_tick", 0.1]]
    assert begun.terminal.bound == {ACCOUNT}
    begun.run(1.0)
    assert begun.host.evidence >= 2


def test_the_editors_run_takes_nobodys_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun = Begun(tmp_path, account="")
    assert begun.terminal.timers == []
    assert "模型交易" in capsys.readouterr().out


def test_a_back_test_does_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Context, "do_back_test", True, raising=False)
    plain = Context.__init__

    def back_test(self: Context, terminal: Terminal) -> None:
        plain(self, terminal)
        self.do_back_test = True

    monkeypatch.setattr(Context, "__init__", back_test)
    begun = Begun(tmp_path)
    assert begun.terminal.timers == []
    assert "回测" in capsys.readouterr().out


@pytest.mark.parametrize("secret", ["", "too short", "密" * 20])
def test_without_a_secret_it_never_dials(tmp_path: Path, capsys: pytest.CaptureFixture[str], secret: str) -> None:
    begun = Begun(tmp_path, LINKS=("tcp:127.0.0.1:1",), SECRET=secret)
    begun.terminal.space["WAYS"] = {"tcp": pytest.fail}
    begun.run(10.0)
    assert "SECRET" in capsys.readouterr().out


@pytest.mark.parametrize("link", ["udp:1", "tcp:0.0.0.0:58651", "tcp:localhost:58651", "files:relative", "pipe:a b"])
def test_an_address_that_cannot_be_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str], link: str) -> None:
    begun = Begun(tmp_path, LINKS=(link,))
    begun.run(2.0)
    for _ in range(3):
        begun.host._dial(begun.terminal.space["now_us"]())
    assert capsys.readouterr().out.count(link) == 2  # In both languages, once.


def test_an_engine_that_has_another_copy_is_left_alone_for_a_minute(tmp_path: Path) -> None:
    begun = Begun(tmp_path, LINKS=("tcp:127.0.0.1:1",))
    dialled: list[float] = []

    def dial(where: str) -> None:
        dialled.append(begun.now)
        raise OSError(where)

    begun.terminal.space["WAYS"] = {"tcp": dial}
    begun.terminal.space["now_us"] = lambda: int(begun.now * 1e6)
    with pytest.raises(begun.terminal.space["EndError"]):
        begun.host._take({"t": "bye", "why": "superseded"})
    begun.run(59.0)
    assert dialled == []
    begun.run(10.0)
    assert dialled


def test_a_terminal_that_forbids_files_is_told_to_remember_in_memory(tmp_path: Path) -> None:
    taken = tmp_path / "a file"
    taken.write_bytes(b"")
    begun = Begun(taken / "claims")
    assert not begun.host.journal.on_disk
    assert begun.host.journal.error


def test_a_text_run_anew_is_another_life_with_the_same_claims(tmp_path: Path) -> None:
    begun = Begun(tmp_path)
    first = begun.host
    first.journal.never("F1", "fenced")
    begun.terminal.load(begun.text, ACCOUNT)
    assert begun.host.boot != first.boot
    assert begun.host.journal.known("F1") == "!fenced"
    assert first.journal.claim("A1", "digest") != ""  # Its file is closed: it can hand nothing over any more.
