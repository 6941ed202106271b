"""The card of a terminal: when it counts, and what it permits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from msgspec.structs import replace

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.settings import AccountSettings, EngineSettings
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec
from qmt_trading.model.words import Mode
from qmt_trading.run.capabilities import (
    DROPPED,
    EXECUTED_LATE,
    Capabilities,
    Finding,
    client_version,
    current_cards,
    file_of,
    read,
    summary,
    why_absent,
    with_capabilities,
    write,
)
from qmt_trading.run.config_terminals import QmtTerminal, Terminal

DAY = dt.date(2026, 11, 26)
CLIENT = "XtMiniQmt.exe 5 2026-11-01"
CARD = Capabilities(
    terminal="国金",
    since=DAY,
    client=CLIENT,
    xtquant="xtquant_250807",
    simulation=False,
    frozen_queue=Finding(DROPPED, "两次", DAY.isoformat()),
)
SETTINGS = EngineSettings(
    mode=Mode.LIVE,
    accounts=(
        AccountSettings(account=AccountId("1"), terminal="国金", settles_alone=False),
        AccountSettings(account=AccountId("2"), terminal="华泰", settles_alone=False),
    ),
    doors=(),
    default_price=PriceSpec(PriceKind.LATEST, text="latest"),
)


def a_client(folder: Path) -> Path:
    """Make a client's program beside its userdata_mini, and return the latter."""
    program = folder / "bin.x64" / "XtMiniQmt.exe"
    program.parent.mkdir()
    program.write_bytes(b"12345")
    (folder / "userdata_mini").mkdir()
    return folder / "userdata_mini"


def a_terminal(path: Path, name: str = "国金") -> Terminal:
    qmt = QmtTerminal(path=path, python="", xtquant="", sessions=(100, 119), simulation=False)
    return Terminal(name=name, seed=1, address="", exchange_folder="", accounts=(), qmt=qmt)


def settle_alone(card: Capabilities) -> list[bool]:
    return [account.settles_alone for account in with_capabilities(SETTINGS, {"国金": card}).accounts]


def test_a_card_is_read_as_it_was_written_and_leaves_no_other_file(tmp_path: Path) -> None:
    path = write(tmp_path, CARD)
    assert read(tmp_path, "国金") == CARD
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert read(tmp_path, "华泰") is None


def test_a_name_that_is_no_file_name_has_a_card_too(tmp_path: Path) -> None:
    card = replace(CARD, terminal="a/b: c")
    write(tmp_path, card)
    assert read(tmp_path, "a/b: c") == card


@pytest.mark.parametrize("content", [b"{", b"{}", b'{"version": 1, "terminal": 3}'])
def test_a_damaged_card_is_told_of_and_counts_as_none(tmp_path: Path, content: bytes) -> None:
    file_of(tmp_path, "国金").write_bytes(content)
    with pytest.raises(ConfigurationError, match="能力卡损坏"):
        read(tmp_path, "国金")
    assert current_cards(tmp_path, [a_terminal(tmp_path / "userdata_mini")], today=DAY) == {}


def test_another_versions_card_is_refused(tmp_path: Path) -> None:
    write(tmp_path, replace(CARD, version=2))
    with pytest.raises(ConfigurationError, match="另一个版本"):
        read(tmp_path, "国金")


@pytest.mark.parametrize(("days", "counts"), [(0, True), (180, True), (181, False)])
def test_a_card_of_more_than_180_days_counts_as_absent(days: int, counts: bool) -> None:
    assert (why_absent(CARD, today=DAY + dt.timedelta(days=days), client=CLIENT) == "") is counts


@pytest.mark.parametrize("client", ["XtMiniQmt.exe 6 2026-11-02", ""])
def test_a_card_of_another_client_or_of_one_that_cannot_be_told_counts_as_absent(client: str) -> None:
    assert why_absent(CARD, today=DAY, client=client) != ""
    assert why_absent(None, today=DAY, client=CLIENT) != ""


def test_the_clients_build_is_told_by_its_program_file(tmp_path: Path) -> None:
    userdata = a_client(tmp_path)
    first = client_version(userdata)
    assert first.startswith("XtMiniQmt.exe 5 ")
    (tmp_path / "bin.x64" / "XtMiniQmt.exe").write_bytes(b"123456")
    assert client_version(userdata) != first
    assert client_version(tmp_path / "elsewhere" / "userdata_mini") == ""


def test_only_cards_that_count_are_current(tmp_path: Path) -> None:
    terminal = a_terminal(a_client(tmp_path))
    assert terminal.qmt is not None
    card = replace(CARD, client=client_version(terminal.qmt.path))
    write(tmp_path, card)
    assert current_cards(tmp_path, [terminal], today=DAY) == {"国金": card}
    assert current_cards(tmp_path, [terminal], today=DAY + dt.timedelta(days=181)) == {}
    assert current_cards(tmp_path, [replace(terminal, qmt=None)], today=DAY) == {}


def test_what_a_simulation_has_shown_says_nothing_of_a_counter_with_money(tmp_path: Path) -> None:
    userdata = a_client(tmp_path)
    terminal = a_terminal(userdata)
    assert terminal.qmt is not None
    write(tmp_path, replace(CARD, client=client_version(userdata), simulation=True))
    assert current_cards(tmp_path, [terminal], today=DAY) == {}
    simulated = replace(terminal, qmt=replace(terminal.qmt, simulation=True))
    assert list(current_cards(tmp_path, [simulated], today=DAY)) == ["国金"]


def test_a_card_is_told_of_in_a_line() -> None:
    assert summary(CARD) == "2026-11-26 起验收，1/8 项已见"


def test_unknown_orders_end_by_lists_alone_only_where_a_frozen_queue_was_seen_to_be_dropped() -> None:
    assert settle_alone(CARD) == [True, False]
    for value in (EXECUTED_LATE, "", "dropped?"):
        assert settle_alone(replace(CARD, frozen_queue=Finding(value))) == [False, False]
    assert with_capabilities(SETTINGS, {}) == SETTINGS


def test_a_card_takes_nothing_away() -> None:
    paper = replace(SETTINGS, accounts=(AccountSettings(account=AccountId("3"), terminal="国金"),))
    late = replace(CARD, frozen_queue=Finding(EXECUTED_LATE))
    assert with_capabilities(paper, {"国金": late}) == paper
