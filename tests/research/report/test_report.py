"""A report: whole, safe, in two languages, the same from the same, and small and quick for many years and symbols."""

from __future__ import annotations

import csv
import html.parser
import re
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from qmt_trading.panel import backtests
from qmt_trading.research.columns import Bars, CrossSection
from qmt_trading.research.dividends import DividendTax
from qmt_trading.research.metrics import measure
from qmt_trading.research.report import write
from qmt_trading.research.report.candles import History, chosen
from qmt_trading.research.report.page import halves
from qmt_trading.research.report.texts import price
from qmt_trading.research.result import Result
from qmt_trading.research.round_trips import book_of
from tests.research_results import YUAN, Fill, by_luck, column, result, weekdays

VOID = {"meta", "input", "br", "path"}


class Page(html.parser.HTMLParser):
    """Checks that what is opened is closed, and keeps what a page asks of the outside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.asked += [str(found[name]) for name in ("src", "href", "action") if name in found]
        self.ids += [str(found["id"])] if "id" in found else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A path closes itself."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def page_of(run: Result, folder: Path, **others: Any) -> str:
    paths = write(run, folder, **others)
    return paths[0].read_text(encoding="utf-8")


def history_of(run: Result) -> CrossSection:
    rng = np.random.default_rng(1)
    shape = len(run.days), len(run.symbols)
    close = np.maximum(10 * YUAN + np.cumsum(rng.integers(-1000, 1001, shape), axis=0), 1000)
    opened = np.vstack((close[:1], close[:-1]))
    return CrossSection.of(
        run.symbols,
        run.days,
        open=opened,
        high=np.maximum(opened, close) + 500,
        low=np.minimum(opened, close) - 500,
        close=close,
        quantity=np.full(shape, 1000),
    )


def test_a_report_is_a_page_that_needs_nothing_else(tmp_path: Path) -> None:
    run = by_luck(7)
    text = page_of(run, tmp_path, bars=history_of(run), names={"600000.SH": "浦发银行"})
    page = Page(text)
    assert page.open == []
    assert page.asked == []
    assert len(page.ids) == len(set(page.ids))
    assert re.findall(r"@import|url\(|https?://", text) == []
    assert "浦发银行" in text
    assert "nan" not in re.sub(r"<style>.*?</style>|<script.*?</script>", "", text, flags=re.DOTALL).lower()


def test_its_files_are_those_that_the_panel_and_a_spreadsheet_read(tmp_path: Path) -> None:
    run = by_luck(7)
    paths = write(run, tmp_path / "reports" / "双均线")
    assert [path.name for path in paths] == [
        "report.html",
        "report.json",
        "result.json",
        "equity.csv",
        "fills.csv",
        "orders.csv",
        "trades.csv",
    ]
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(path.name for path in paths)
    trips = list(csv.DictReader(paths[-1].read_text(encoding="utf-8-sig").splitlines()))
    assert len(trips) == measure(run).trades.count
    again = Result.from_json(paths[2].read_bytes())
    assert msgspec.to_builtins(measure(again)) == msgspec.to_builtins(measure(run))


def test_the_panel_lists_it_and_shows_its_page(tmp_path: Path) -> None:
    page, head, *_ = write(by_luck(7, days=1500), tmp_path / "reports" / "双均线 2026")
    (row,) = backtests.rows(tmp_path / "reports")
    assert (row["name"], row["has_page"]) == ("双均线 2026", True)
    assert row["head"] == msgspec.json.decode(head.read_bytes())
    assert head.stat().st_size < 20_000
    assert backtests.page(tmp_path / "reports", "双均线 2026") == page


def test_the_head_for_programs_tells_fractions_and_yuan(tmp_path: Path) -> None:
    run = result([110 * YUAN, 121 * YUAN], fills=[Fill(0, 0, 1, 1, 10 * YUAN, 5_000)], warnings=(("小心", "careful"),))
    head = msgspec.json.decode(write(run, tmp_path)[1].read_bytes())
    assert (head["form"], head["version"]) == ("qmt-backtest-report", 1)
    assert head["initial_cash"] == "100.00"
    assert head["metrics"]["performance"]["profit"] == "21.00"
    assert head["metrics"]["performance"]["total_return"] == pytest.approx(0.21)
    assert head["metrics"]["activity"]["fee"] == "0.50"
    assert head["metrics"]["relative"] is None
    assert head["curve"] == [1.1, 1.21]
    assert head["warnings"] == [["小心", "careful"]]


def test_what_was_assumed_stands_at_the_head_in_both_languages(tmp_path: Path) -> None:
    run = by_luck(7)
    text = page_of(replace(run, warnings=(("没有滑点", "no slippage"),), parameters={"fast": 5}), tmp_path)
    head = text[text.index("<header>") : text.index('class="card hero"')]
    for word in ("ByHand", "fast", "没有滑点", "no slippage", "佣金", "commission", " 0.03%", "0" * 64, "next bar"):
        assert word in re.sub(r"<[^>]+>", "", head), word
    assert text.count('lang="zh-CN"') - 1 == text.count('lang="en"')


def test_what_a_strategy_is_called_is_shown_and_never_read(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script><img src=x>"
    run = replace(
        by_luck(3), strategy=evil, parameters={evil: evil}, costs=evil, benchmark_name=evil, warnings=((evil, evil),)
    )
    text = page_of(run, tmp_path, names=dict.fromkeys(run.symbols, evil), bars=history_of(run))
    assert "<img" not in text
    assert "alert(1)</script>" not in text
    assert text.count("<script") == 2
    assert Page(text).open == []


def test_the_same_run_makes_the_same_page(tmp_path: Path) -> None:
    assert page_of(by_luck(5), tmp_path / "a") == page_of(by_luck(5), tmp_path / "b")


@pytest.mark.parametrize(
    "run",
    [
        result([100 * YUAN]),
        result([100 * YUAN] * 2),
        result([100 * YUAN] * 600),
        result([110 * YUAN, 50 * YUAN, 0, 0]),
        result([90 * YUAN, 80 * YUAN], fills=[Fill(0, 0, 1, 100, 10), Fill(1, 0, -1, 100, 9)], blocked={"NEW": 1}),
        result([100 * YUAN] * 5, benchmark=column([0, 0, 0, 0, 5])),
        by_luck(11, days=2),
        by_luck(12, days=700),
    ],
    ids=["one day", "two days", "still", "ruin", "loss", "late benchmark", "short", "long"],
)
def test_a_run_of_any_shape_has_a_page(tmp_path: Path, run: Result) -> None:
    text = page_of(run, tmp_path, bars=history_of(run))
    assert Page(text).open == []
    assert not re.search(r'd="[^"]*nan', text)


def test_a_single_day_is_no_curve_and_no_figure_by_the_year_stands_at_its_head(tmp_path: Path) -> None:
    run = result([101 * YUAN], fills=[Fill(0, 0, 1, 100, 10 * YUAN)], last_prices=column([11 * YUAN, 0, 0]))
    text = page_of(run, tmp_path, bars=minutes(run))
    hero = text[text.index('class="card hero"') : text.index("</section>")]
    assert "+1.00%" in hero
    assert "年化" not in hero
    assert "夏普" not in hero
    assert 'class="line own"' not in text
    assert text.count('class="trade buy"') == 1  # What is held is drawn all the same.
    long = page_of(by_luck(3, days=30), tmp_path / "long")
    assert "年化收益" in long[long.index('class="card hero"') : long.index('class="line own"')]


@pytest.mark.parametrize("tax", DividendTax)
def test_the_costs_with_the_dividend_tax_are_told_in_one_language_at_a_time(tax: DividendTax) -> None:
    shown = halves(f"印花税 / stamp duty 按日期 / by the rule book; {tax.words()}")
    chinese = re.sub(r'<span lang="en">.*?</span>', "", shown)
    english = re.sub(r'<span lang="zh-CN">.*?</span>', "", shown)
    assert not re.search(r"[A-Za-z]{2}", re.sub(r"<[^>]*>", "", chinese)), chinese
    assert english.isascii(), english


def test_the_word_of_a_losing_year_stands_below_its_bar(tmp_path: Path) -> None:
    days = weekdays(520)
    text = page_of(result([120 * YUAN] * 270 + [90 * YUAN] * 250, days=days), tmp_path)
    beyond = re.findall(r'<span class="over (up|down)( under)?"[^>]*>([^<]*)', text)
    assert {(tone, bool(under)) for tone, under, _ in beyond} == {("up", False), ("down", True)}


def test_days_that_brought_nothing_are_no_gains(tmp_path: Path) -> None:
    moved = [100 * YUAN + step % 3 * YUAN for step in range(30)]
    text = page_of(result([100 * YUAN] * 50 + moved), tmp_path)
    assert "另有 51 天没有涨跌" in text
    assert "51 more brought nothing" in text
    assert "没有涨跌" not in page_of(result([101 * YUAN, 103 * YUAN, 102 * YUAN]), tmp_path / "moving")
    assert "没有一天有涨跌" in page_of(result([100 * YUAN] * 80), tmp_path / "still")


def test_an_axis_of_small_returns_tells_its_ticks_apart(tmp_path: Path) -> None:
    text = page_of(result([10_000 * YUAN, 10_001 * YUAN, 10_000 * YUAN, 10_002 * YUAN], start=10_000 * YUAN), tmp_path)
    spread = text[text.index("日收益分布") :]
    words = re.findall(r'<span class="x"[^>]*>([^<]*)', spread)[:6]
    assert len(set(words)) == len(words) > 3


def test_a_small_gain_is_not_told_as_none_beside_its_curve(tmp_path: Path) -> None:
    text = page_of(result([110 * YUAN, 90 * YUAN, 100 * YUAN + YUAN // 4]), tmp_path)
    assert re.search(r'class="last own"[^>]*>\+0\.25%<', text)


def test_prices_have_as_many_decimals_as_say_something() -> None:
    assert [price(each) for each in (18_605_000, 12_340, 12_345, None)] == ["1,860.50", "1.234", "1.2345", "–"]


def test_a_run_without_a_day_has_a_page_too(tmp_path: Path) -> None:
    assert Page(page_of(result([]), tmp_path)).open == []


def minutes(run: Result) -> History:
    starts = run.days.astype(np.int64)[:, None] * 86_400_000_000_000 + 5_400_000_000_000
    at_ns = (starts + np.arange(1, 241) * 60_000_000_000).reshape(-1)
    price = 10 * YUAN + np.cumsum(np.random.default_rng(2).integers(-100, 101, len(at_ns)))
    whole = {"open": price, "high": price + 200, "low": price - 200, "close": price, "quantity": np.ones_like(price)}
    return {symbol: Bars.of(symbol, at_ns=at_ns, frequency="1m", **whole) for symbol in run.symbols}


@pytest.mark.parametrize(
    ("sold_on", "words"), [(0, "1 minute"), (2, "15 minutes"), (30, "daily"), (240, "weekly"), (700, "monthly")]
)
def test_candles_are_as_fine_as_the_trip_is_short(tmp_path: Path, sold_on: int, words: str) -> None:
    run = result(
        [100 * YUAN] * 720,
        days=weekdays(720),
        fills=[Fill(0, 0, 1, 100, 10 * YUAN), Fill(sold_on, 0, -1, 100, 12 * YUAN)],
    )
    text = page_of(run, tmp_path, bars=minutes(run))
    assert f'<span lang="en">{words}</span>' in text
    assert text.count('class="trade buy"') == 1
    assert text.count('class="trade sell"') == 1
    drawn = msgspec.json.decode(re.search(r'data-candles="([^"]*)"', text)[1].replace("&quot;", '"'))  # type: ignore[index]
    assert 1 <= len(drawn) <= 230


def test_fifteen_years_of_two_hundred_symbols_are_small_and_quick(tmp_path: Path) -> None:
    run = by_luck(1, days=3700, symbols=207, with_actions=False)
    run = replace(run, symbols=tuple(f"{600000 + each}.SH" for each in range(207)))
    history = history_of(run)
    begun = time.process_time()
    paths = write(run, tmp_path, bars=history)
    assert time.process_time() - begun < 20  # A third of a second on a machine with nothing else to do.
    assert paths[0].stat().st_size < 3_000_000


def test_candles_show_the_best_and_the_worst_trips_of_as_many_symbols_as_can_be() -> None:
    def trips(*rows: tuple[int, int]) -> list[int]:
        fills = []
        for place, (symbol, gain) in enumerate(rows):
            fills += [
                Fill(0, symbol, 1, 1, 1000, order=2 * place),
                Fill(1, symbol, -1, 1, 1000 + gain, order=2 * place + 1),
            ]
        found = book_of(result([1, 1], fills=fills)).trips
        return [int(found.profit[row]) for row in chosen(found)]

    assert trips((0, 9), (1, 7), (2, 6), (0, 8)) == [9, 7, 6]
    assert trips((0, 9), (0, 8), (0, 7), (0, 6), (1, 5), (0, -1), (0, -2)) == [9, 8, 5, -2, -1]
    assert trips((0, 0)) == []


@pytest.mark.parametrize("after", [10, 0])
def test_a_benchmark_whose_data_ended_is_told(tmp_path: Path, after: int) -> None:
    run = result([100 * YUAN] * 40, benchmark=column([*range(1, 11), *[after] * 30]), benchmark_name="000300.SH")
    text = page_of(run, tmp_path)
    assert f"基准到 {run.days[9]} 为止" in text
    assert "nan%" not in text
    moving = replace(run, benchmark=column(list(range(1, 41))))
    assert "为止，其后" not in page_of(moving, tmp_path)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (result([100 * YUAN] * 59), "只有 59 个交易日"),
        (result([100 * YUAN] * 60, fills=[Fill(0, 0, -1, 1200, 10)]), "有 1,200 股卖出找不到买入"),
        (result([100 * YUAN] * 60), ""),
    ],
)
def test_what_makes_figures_weak_is_told_before_them(tmp_path: Path, run: Result, words: str) -> None:
    text = page_of(run, tmp_path)
    assert words in text[: text.index('class="card hero"')]
    assert ("读之前" in text) is bool(words)
