"""The user's own rule file: what it can say, and what is said of its mistakes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.unit.run.config_parts import KIND, WHERE

from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.rule_row import Certainty, RuleName
from qmt_trading.run.config import load
from qmt_trading.run.rules_file import load_rules

DAY = dt.date(2026, 11, 24)
GOOD = """
[[rows]]
rule = "limit"
boards = ["main"]
trait = "risk_warning"
percent = 5
since = 2026-07-06
source = "券商通知"
certainty = "low"

[[rows]]
rule = "cap"
symbol = "600000.SH"
limit_order = 500000
market_order = 0x186A0

[[rows]]
rule = "stamp_duty"
kinds = ["stock"]
buy_percent = 0
sell_percent = 0.025
since = 2026-12-01

[[symbols]]
symbol = "161125.SZ"
fund_class = "cross_border"

[[symbols]]
symbol = "603001.SH"
risk_warning = true
until = 2026-11-24
listed = 2026-11-20
issue_price = 12.5
"""
CONFIG = f"""
mode = "paper"

[[doors]]
kind = "{KIND}"
{WHERE}

[[terminals]]
name = "paper"
kind = "simulated"

[[terminals.accounts]]
account = "11031122"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def rule(book: RuleBook, symbol: str, day: dt.date = DAY) -> TradingRule:
    found = book.rule(Symbol(symbol), day)
    assert found is not None
    return found


def test_rows_and_facts_go_before_the_shipped_ones(tmp_path: Path) -> None:
    book = RuleBook(load_rules(written(tmp_path, GOOD)))
    assert rule(book, "600000.SH").quantity_max == 500_000
    assert rule(book, "600000.SH").market_quantity_max == 100_000
    assert rule(book, "600001.SH").quantity_max == 1_000_000
    assert rule(book, "161125.SZ").same_day_sell
    assert rule(book, "603001.SH").limit_millionths == 50_000, "the row of the file comes after the free days"
    assert rule(book, "603001.SH", dt.date(2026, 12, 1)).limit_millionths == 100_000
    assert book.fees(Symbol("600000.SH"), dt.date(2026, 11, 30)).duty_sell_millionths == 500
    assert book.fees(Symbol("600000.SH"), dt.date(2026, 12, 1)).duty_sell_millionths == 250


def test_a_row_tells_where_it_stands_unless_it_names_its_source(tmp_path: Path) -> None:
    rows = load_rules(written(tmp_path, GOOD))
    assert [row.source for row in rows[:3]] == ["券商通知", "rules.toml 第 11 行", "rules.toml 第 17 行"]
    assert [row.certainty for row in rows[:2]] == [Certainty.LOW, Certainty.MEDIUM]
    assert [row.name for row in rows[3:]] == [RuleName.TRAIT, RuleName.TRAIT, RuleName.LISTED]


def test_the_configuration_names_the_file_beside_it(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    config = tmp_path / "qmt.toml"
    config.write_text(CONFIG.replace("[[doors]]", '[rules]\nfile = "rules.toml"\n\n[[doors]]'), encoding="utf-8")
    assert load(config).engine.rules == load_rules(tmp_path / "rules.toml")
    config.write_text(CONFIG, encoding="utf-8")
    assert load(config).engine.rules == ()


def test_a_file_that_is_not_there_is_told_by_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "qmt.toml"
    config.write_text(CONFIG.replace("[[doors]]", '[rules]\nfile = "no.toml"\n\n[[doors]]'), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"qmt\.toml 第 5 行 rules\.file：没有这个文件"):
        load(config)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[rows]]\nrule = "limits"\n', "第 2 行 rows.rule：应是其中之一：class、tick"),
        ('[[rows]]\nboards = ["main"]\n', "第 1 行 rows.rule：缺少这个设置，可选"),
        ('[[rows]]\nrule = "limit"\nboards = ["mian"]\npercent = 5\n', "第 3 行 rows.boards：「mian」应是其中之一"),
        ('[[rows]]\nrule = "limit"\nboards = ["main"]\n', "rows.percent：缺少这个设置"),
        ('[[rows]]\nrule = "limit"\npercent = "ten"\n', "第 3 行 rows.percent：应是百分数"),
        ('[[rows]]\nrule = "limit"\npercent = 1001\n', "第 3 行 rows.percent：应是 0 到 1000 的百分数"),
        ('[[rows]]\nrule = "tick"\ntick = 0\n', "第 3 行 rows.tick：应大于 0"),
        ('[[rows]]\nrule = "cap"\nlimit_order = 0\nmarket_order = 1\n', "第 3 行 rows.limit_order：应是 1 到"),
        ('[[rows]]\nrule = "same_day"\nsame_day = 1\n', "第 3 行 rows.same_day：应是 true 或 false"),
        ('[[rows]]\nrule = "limit"\npercent = 5\ncodes = ["600"]\n', "第 4 行 rows.codes：请同时写 venues"),
        ('[[rows]]\nrule = "limit"\npercent = 5\nvenues = ["SSE"]\n', "第 4 行 rows.venues：「SSE」应是其中之一：SH"),
        ('[[rows]]\nrule = "limit"\npercent = 5\nsince = "2026-07-06"\n', "第 4 行 rows.since：日期写作 2026-07-06"),
        (
            '[[rows]]\nrule = "limit"\npercent = 5\nsince = 2026-07-06\nuntil = 2026-07-05\n',
            "第 5 行 rows.until：早于 since",
        ),
        (
            '[[rows]]\nrule = "limit"\npercent = 5\npercents = 5\n',
            "第 4 行 rows.percents：没有这个设置，是不是 percent",
        ),
        ('[[rows]]\nrule = "class"\ncodes = ["6"]\nvenues = ["SH"]\n', "第 2 行 rows.rule：class 要写 codes"),
        ('[[symbols]]\nsymbol = "600000"\n', "第 2 行 symbols.symbol："),
        (
            '[[symbols]]\nsymbol = "999999.SH"\nlisted = 2026-07-06\n',
            "第 2 行 symbols.symbol：999999.SH 不在任何代码段里",
        ),
        ('[[symbols]]\nsymbol = "600000.SH"\n', "第 2 行 symbols.symbol：请写出它的事实"),
        ('[[symbols]]\nsymbol = "600000.SH"\nissue_price = 5\n', "第 3 行 symbols.issue_price：请同时写 listed"),
        (
            '[[symbols]]\nsymbol = "161125.SZ"\nfund_class = "hk"\n',
            "第 3 行 symbols.fund_class：应是其中之一：cross_border",
        ),
        ("[[symbol]]\n", "第 1 行 symbol：没有这个设置，是不是 symbols"),
    ],
)
def test_a_mistake_is_told_with_its_line_its_key_and_what_would_be_right(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_rules(written(tmp_path, text))
    chinese, _, english = str(caught.value).partition(" / ")
    assert chinese.startswith("rules.toml ")
    assert told in chinese
    assert english
