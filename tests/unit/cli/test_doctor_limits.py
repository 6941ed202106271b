"""What the doctor says of limits: nothing of a size's own, a sentence for what is missing or cannot be meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from qmt_trading import client
from qmt_trading.cli import doctor
from qmt_trading.cli.doctor_limits import doubts, known_assets
from qmt_trading.cli.main import app
from qmt_trading.cli.words import run
from qmt_trading.model.numbers import UNIT, Money
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Mode
from qmt_trading.run import profiles
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.init_template import Choice, template
from tests.running import running

SMALL = profiles.SIZES[0]
ACCOUNTS = (AccountId("11031122"), AccountId("11031123"))


def configured(folder: Path, *changes: tuple[str, str]) -> Configuration:
    """Return what ``init`` writes for 100,000 yuan, with lines changed: the key, and its value or nothing."""
    pipe = f"\\\\.\\pipe\\qmt-test-{folder.name}"
    text = template(Choice(limits=SMALL.limits, cash="100000", accounts=ACCOUNTS, pipe=pipe))
    for key, value in changes:
        text, count = re.subn(rf"^{key} = .*$", f"{key} = {value}" if value else "", text, flags=re.MULTILINE)
        assert count == 1, key
    path = folder / "qmt.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_the_limits_of_the_accounts_own_size_raise_no_doubt(tmp_path: Path) -> None:
    assert doubts(configured(tmp_path), {}) == []


def test_what_is_missing_is_named_with_its_key_and_where_its_value_stands(tmp_path: Path) -> None:
    (doubt,) = doubts(configured(tmp_path, ("cash_reserve", '"none"'), ("position_share_max", "")), {})
    assert "单票占比 position_share_max、保留资金 cash_reserve" in doubt
    assert "docs/risk.md" in doubt
    assert "--size 10万" in doubt


def test_what_an_account_was_last_worth_decides_its_size(tmp_path: Path) -> None:
    configuration = configured(tmp_path)
    assert doubts(configuration, {ACCOUNTS[1]: Money(999_999 * UNIT)}) == []
    (doubt,) = doubts(configuration, {ACCOUNTS[1]: Money(1_000_000 * UNIT)})
    assert doubt.startswith("11031123：没有设 占近 5 分钟成交额 recent_value_share_max：100万 一档")


@pytest.mark.parametrize(("yuan", "doubted"), [(19_999, True), (20_000, False)])
def test_an_order_larger_than_all_there_is_limits_nothing(tmp_path: Path, yuan: int, doubted: bool) -> None:
    found = doubts(configured(tmp_path), dict.fromkeys(ACCOUNTS, Money(yuan * UNIT)))
    assert [each.partition("，")[0] for each in found] == ["单笔金额 20,000.00 大于总资产 19,999.00"] * doubted


@pytest.mark.parametrize(("halting", "doubted"), [('"2.9%"', True), ('"3%"', True), ('"3.1%"', False)])
def test_a_halt_that_comes_no_later_than_selling_only_is_doubted(tmp_path: Path, halting: str, doubted: bool) -> None:
    found = doubts(configured(tmp_path, ("loss_halting", halting)), {})
    assert [each.startswith("loss_halting 不大于 loss_reducing") for each in found] == [True] * doubted


def test_the_losses_of_all_accounts_together_are_looked_at_too(tmp_path: Path) -> None:
    configuration = configured(tmp_path)
    total = replace(configuration.engine.limits, loss_reducing=20_000, loss_halting=20_000)
    (doubt,) = doubts(replace(configuration, engine=replace(configuration.engine, limits=total)), {})
    assert doubt.startswith("[limits.total]：loss_halting")


@pytest.mark.parametrize(("mode", "begins"), [(Mode.PAPER, "没有设 偏离最新价"), (Mode.LIVE, "deviation_max = ")])
def test_no_limit_on_the_price_is_doubted_more_where_money_is_real(tmp_path: Path, mode: Mode, begins: str) -> None:
    configuration = configured(tmp_path, ("deviation_max", '"none"'))
    engine = replace(configuration.engine, mode=mode)
    (doubt,) = doubts(replace(configuration, engine=engine), {})
    assert doubt.startswith(begins)


def test_cash_on_paper_says_nothing_of_a_real_account(tmp_path: Path) -> None:
    configuration = configured(tmp_path)
    (terminal,) = configuration.terminals
    rich = replace(terminal, accounts=tuple(replace(each, cash=Money(10**11)) for each in terminal.accounts))
    configuration = replace(configuration, terminals=(rich,))
    (doubt,) = doubts(configuration, {})
    assert "1000万 一档" in doubt
    assert doubts(replace(configuration, engine=replace(configuration.engine, mode=Mode.LIVE)), {}) == []


def test_a_doubt_is_a_warning_and_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configuration = configured(tmp_path, ("cash_reserve", '"none"'))
    (check,) = doctor._limits(configuration, {})
    assert check.good
    assert check.warns
    assert run(app, ["doctor", "--config", str(configuration.path)]) == 0
    assert "! 上限：没有设 保留资金 cash_reserve" in capsys.readouterr().out


def test_assets_are_known_from_the_journal_once_the_engine_has_run(tmp_path: Path) -> None:
    configuration = configured(tmp_path, ("order_value_max", "200000"))
    assert known_assets(configuration) == {}
    assert doubts(configuration, known_assets(configuration)) == []
    with running(configuration.path) as address:
        assert client.send("cancel 600000.SH:11031122", address=address).is_accepted
    assert known_assets(configuration) == dict.fromkeys(ACCOUNTS, Money(100_000 * UNIT))
    (doubt,) = doubts(configuration, known_assets(configuration))
    assert doubt.startswith("单笔金额 200,000.00 大于总资产 100,000.00")
