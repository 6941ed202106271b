"""No log shows an account number, however the message that holds it was written or cut."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.run.config_parts import KIND, WHERE

from qmt_trading.codec.signal import parse
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.signal import Signal
from qmt_trading.model.words import Importance
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.config import load
from qmt_trading.run.narrator import Narrator

FULL_WIDTH = {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
CONFIG = f"""
mode = "paper"
[signals.bare]
action = "cancel"
[[doors]]
kind = "{KIND}"
{WHERE}
[[terminals]]
name = "paper"
kind = "simulated"
[[terminals.accounts]]
account = "11031122"
[[terminals.accounts]]
account = "110311223344"
[[terminals.accounts]]
account = "88887777"
name = "主"
"""


class Teller:
    """Has records told and reads what the log then holds."""

    def __init__(self, folder: Path) -> None:
        (folder / "qmt.toml").write_text(CONFIG, encoding="utf-8")
        self._configuration = load(folder / "qmt.toml")
        self._clock = SystemClock()
        self._narrator = Narrator(self._configuration, self._clock, console=None)

    def told(self, *records: ev.Event | out.Output) -> str:
        self._narrator.records([ev.At(self._clock.now_ns()), *records])
        self._narrator.stopped((1, b"seal"), "")
        (path,) = (self._configuration.folder / "logs").iterdir()
        return path.read_text(encoding="utf-8")


@pytest.fixture
def teller(tmp_path: Path) -> Teller:
    return Teller(tmp_path)


def received(text: str) -> ev.SignalReceived:
    signal = parse(text.encode())[0]
    assert isinstance(signal, Signal)
    return ev.SignalReceived(1, "door", 1, text, signal)


def malformed(excerpt: str) -> ev.MalformedReceived:
    return ev.MalformedReceived("door", 1, excerpt, "symbol", 0, 1)


def test_numbers_are_shown_by_their_last_four_digits_or_by_name(teller: Teller) -> None:
    told = teller.told(received("600000.SH:11031122,88887777,110311223344"))
    assert "600000.SH:…1122,主,…3344" in told


@pytest.mark.parametrize("before", range(100, 125))
def test_a_cut_leaves_no_part_of_a_number(tmp_path: Path, before: int) -> None:
    padding = "a" * 50 + "," + "b" * (before - 51 - len("600000.SH:")) + ","
    told = Teller(tmp_path).told(
        received(f"600000.SH:{padding}11031122,88887777"), malformed("x" * (before - 40) + "11031122,88887777")
    )
    assert re.search("11031|88887", told) is None


def test_full_width_numbers_are_masked_and_the_rest_stands_as_it_was_written(teller: Teller) -> None:
    told = teller.told(malformed("６００：" + "11031122".translate(FULL_WIDTH) + "，" + "8888777７"))
    assert "６００：…1122，主" in told


@pytest.mark.parametrize("length", [5, 7, 11])
def test_what_an_earlier_cut_left_of_a_number_is_not_shown(tmp_path: Path, length: int) -> None:
    excerpt = ",".join(["88887777"] * 8) + "," + "110311223344"[:length]
    told = Teller(tmp_path).told(malformed(excerpt))
    assert "11031" not in told
    assert "主,主" in told


def test_alerts_are_masked(teller: Teller) -> None:
    told = teller.told(out.Alert(Importance.WARNING, "code", "账户 11031122：没有应答", "no answer"))
    assert "账户 …1122：没有应答" in told
