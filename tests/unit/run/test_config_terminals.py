"""``[[terminals]]`` of kind ``qmt``: what is taken, what is refused, and for which mode."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.unit.run.config_parts import GOOD, QMT_GOOD, refusal, written

from qmt_trading.model.words import Mode
from qmt_trading.run.config import load
from qmt_trading.run.config_terminals import QmtTerminal
from qmt_trading.run.init_template import Choice, template

REPORTED = "[compliance]\nregistered = 2026-05-20\n"


def the_terminal(folder: Path, text: str) -> QmtTerminal:
    (terminal,) = load(written(folder, text)).terminals
    assert terminal.qmt is not None
    return terminal.qmt


def test_a_client_needs_its_path_and_nothing_more(tmp_path: Path) -> None:
    configuration = load(written(tmp_path, QMT_GOOD))
    assert configuration.engine.mode is Mode.SHADOW
    (account,) = configuration.engine.accounts
    assert account.terminal == "国金"
    assert not account.settles_alone
    found = the_terminal(tmp_path, QMT_GOOD)
    assert (found.python, found.xtquant, found.sessions, found.simulation) == ("", "", (100, 119), False)
    assert found.path.is_absolute()
    if sys.platform == "win32":
        assert str(found.path) == "D:\\国金QMT\\userdata_mini"


def test_a_client_may_name_its_own_python_and_package(tmp_path: Path) -> None:
    own = "python = 'D:\\py38\\python.exe'\nxtquant = 'lib/site-packages'\nsessions = \"7-9\"\n"
    found = the_terminal(tmp_path, QMT_GOOD.replace("[[terminals.accounts]]", own + "[[terminals.accounts]]"))
    assert found.python == "D:\\py38\\python.exe"
    assert Path(found.xtquant) == (tmp_path / "lib" / "site-packages").resolve()
    assert found.sessions == (7, 9)


def test_a_clients_quotes_may_be_twice_as_old_unless_it_is_written(tmp_path: Path) -> None:
    ages = [
        load(written(tmp_path, text)).engine.quote_age_max_ns // 1_000_000_000
        for text in (GOOD, QMT_GOOD, QMT_GOOD + '[limits]\nquote_age_max = "2s"\n')
    ]
    assert ages == [3, 6, 2]


def test_an_account_on_paper_ends_its_unknown_orders_by_itself(tmp_path: Path) -> None:
    (account,) = load(written(tmp_path, GOOD)).engine.accounts
    assert account.settles_alone


@pytest.mark.parametrize("sessions", ["9-7", "0-5", "5", "1-1000", "a-b", "7-7"])
def test_session_numbers_are_a_small_range(tmp_path: Path, sessions: str) -> None:
    spoilt = QMT_GOOD.replace('kind = "qmt"', f'kind = "qmt"\nsessions = "{sessions}"')
    assert "100-119" in refusal(tmp_path, spoilt)


@pytest.mark.parametrize("key", ["seed = 3", 'address = "tcp:127.0.0.1:5000"', 'exchange_folder = "x"'])
def test_what_belongs_to_a_simulated_exchange_is_refused(tmp_path: Path, key: str) -> None:
    assert "没有这个设置" in refusal(tmp_path, QMT_GOOD.replace('kind = "qmt"', f'kind = "qmt"\n{key}'))


@pytest.mark.parametrize("key", ["path = 'D:/x'", "python = 'x'", "simulation = true"])
def test_what_belongs_to_a_client_is_refused_on_paper(tmp_path: Path, key: str) -> None:
    assert "没有这个设置" in refusal(tmp_path, GOOD.replace('kind = "simulated"', f'kind = "simulated"\n{key}'))


@pytest.mark.parametrize("key", ["cash = 5", 'positions = { "600000.SH" = 100 }'])
def test_cash_and_positions_are_the_brokers_to_tell(tmp_path: Path, key: str) -> None:
    assert "由柜台告知" in refusal(tmp_path, QMT_GOOD + key + "\n")


def test_each_mode_has_its_kind_of_terminal(tmp_path: Path) -> None:
    assert "需要 QMT 终端" in refusal(tmp_path, GOOD.replace('"paper"', '"shadow"'))
    assert "需要 QMT 终端" in refusal(tmp_path, GOOD.replace('"paper"', '"live"') + REPORTED)
    assert "内置交易所" in refusal(tmp_path, QMT_GOOD.replace('"shadow"', '"paper"'))


def test_what_a_bare_signal_does_is_said_before_a_terminal_is_touched(tmp_path: Path) -> None:
    unset = QMT_GOOD.replace('[signals.bare]\naction = "撤单"\n', "")
    assert "裸信号未设动作" in refusal(tmp_path, unset)
    load(written(tmp_path, unset.replace("[[doors]]", '[signals.bare]\naction = "拒绝"\n[[doors]]')))


def test_each_mode_has_a_folder_of_its_own_unless_one_is_written(tmp_path: Path) -> None:
    assert load(written(tmp_path, GOOD)).folder == (tmp_path / "data").resolve()
    assert load(written(tmp_path, QMT_GOOD)).folder == (tmp_path / "data-shadow").resolve()
    live = QMT_GOOD.replace('"shadow"', '"live"') + REPORTED
    assert load(written(tmp_path, live)).folder == (tmp_path / "data-live").resolve()
    chosen = QMT_GOOD + '[data]\nfolder = "elsewhere"\n'
    assert load(written(tmp_path, chosen)).folder == (tmp_path / "elsewhere").resolve()


def test_a_new_configuration_of_a_client_gives_its_quotes_the_time_of_two_snapshots() -> None:
    assert 'quote_age_max = "6s"' in template(Choice(terminal=r"D:\QMT\userdata_mini", accounts=("11031122",)))
    assert 'quote_age_max = "3s"' in template()
