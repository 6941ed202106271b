"""What the configuration must say of the report through the broker, and to whom it applies."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.unit.run.config_parts import GOOD, QMT_GOOD, refusal, written

from qmt_trading.model.settings import Compliance
from qmt_trading.run.config import load
from qmt_trading.run.config_compliance import SOFTWARE, is_high_frequency

SECOND = '[[terminals.accounts]]\naccount = "11031123"\n'
WHOLE = """\
[compliance]
registered = 2026-05-20
strategy = "打板"
declared_per_second = 10
declared_per_day = 2000
"""


def reported(folder: Path, text: str) -> list[Compliance | None]:
    return [each.compliance for each in load(written(folder, text)).engine.accounts]


def test_paper_asks_for_no_report(tmp_path: Path) -> None:
    assert reported(tmp_path, GOOD) == [None]


def test_live_without_a_report_is_refused_for_that(tmp_path: Path) -> None:
    text = refusal(tmp_path, QMT_GOOD.replace('"shadow"', '"live"'))
    assert text.startswith("qmt.toml 第 1 行 mode：未填写程序化交易报备 [compliance]")


def test_live_with_a_report_is_asked_nothing_more_about_it(tmp_path: Path) -> None:
    (compliance,) = reported(tmp_path, QMT_GOOD.replace('"shadow"', '"live"') + WHOLE)
    assert compliance is not None
    assert compliance.registered == dt.date(2026, 5, 20)


def test_watching_and_a_terminal_without_money_ask_for_no_report(tmp_path: Path) -> None:
    assert reported(tmp_path, QMT_GOOD) == [None]
    simulated = QMT_GOOD.replace('"shadow"', '"live"').replace('kind = "qmt"', 'kind = "qmt"\nsimulation = true')
    assert reported(tmp_path, simulated) == [None]
    money = '[[terminals]]\nname = "u"\nkind = "qmt"\npath = "v"\n[[terminals.accounts]]\naccount = "2"\n'
    assert "未填写" in refusal(tmp_path, simulated + money)


def test_one_report_holds_for_every_account_and_names_this_software(tmp_path: Path) -> None:
    expected = Compliance(
        registered=dt.date(2026, 5, 20), software=SOFTWARE, strategy="打板", per_second_max=10, per_day_max=2000
    )
    assert reported(tmp_path, GOOD + SECOND + WHOLE) == [expected, expected]
    assert SOFTWARE.startswith("qmt-trading-system 0.")


def test_an_account_says_only_what_differs_by_number_or_name(tmp_path: Path) -> None:
    own = '[[compliance.accounts]]\naccount = "一号"\nsoftware = "自编"\ndeclared_per_second = 5\n'
    first, second = reported(tmp_path, GOOD + SECOND + WHOLE + own)
    assert first == Compliance(
        registered=dt.date(2026, 5, 20), software="自编", strategy="打板", per_second_max=5, per_day_max=2000
    )
    assert second is not None
    assert (second.software, second.per_second_max) == (SOFTWARE, 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[compliance]\n", "缺少经券商报告的日期"),
        ('[compliance]\nstrategy = "打板"\n', "缺少经券商报告的日期"),
        ('[compliance]\nregistered = "2026-05-20"\n', "不加引号"),
        ("[compliance]\nregistered = 2026-05-20T09:00:00\n", "不加引号"),
        ("[complianse]\nregistered = 2026-05-20\n", "是不是 compliance"),
        (f"{WHOLE}colour = 1\n", "没有这个设置"),
        (WHOLE.replace("2000", "9"), "小于每秒的 10"),
        (WHOLE.replace("= 10", "= 0"), "整数"),
        (f'{WHOLE}[[compliance.accounts]]\naccount = "nobody"\n', "没有这个账户：nobody"),
        (f"{WHOLE}[[compliance.accounts]]\naccount = 11031122\nx = 1\n", "没有这个设置"),
        (
            f'{WHOLE}[[compliance.accounts]]\naccount = "一号"\n[[compliance.accounts]]\naccount = 11031122\n',
            "写了两次",
        ),
    ],
)
def test_a_report_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in refusal(tmp_path, GOOD + text)


def test_a_day_of_as_many_as_one_second_is_taken(tmp_path: Path) -> None:
    (found,) = reported(tmp_path, GOOD + WHOLE.replace("2000", "10"))
    assert found is not None
    assert found.per_day_max == found.per_second_max == 10


@pytest.mark.parametrize(
    ("per_second", "per_day", "expected"),
    [(299, 19_999, False), (300, 19_999, True), (299, 20_000, True), (0, 0, False)],
)
def test_a_declared_rate_is_high_frequency_from_the_exchanges_figures_on(
    per_second: int, per_day: int, expected: bool
) -> None:
    told = Compliance(registered=dt.date(2026, 5, 20), per_second_max=per_second, per_day_max=per_day)
    assert is_high_frequency(told) is expected
