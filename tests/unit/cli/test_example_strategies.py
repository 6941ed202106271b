"""The strategies of the documents run as the page tells, on made-up history, and do what they say."""

from __future__ import annotations

import csv
import re
from contextlib import chdir
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.history_files import needs_polars

needs_polars()

from qmt_trading.cli.main import app  # noqa: E402
from qmt_trading.feeds.columns import read  # noqa: E402
from qmt_trading.feeds.made_up import BOARDS  # noqa: E402
from qmt_trading.model.instrument import Symbol  # noqa: E402
from qmt_trading.research.result import Result  # noqa: E402
from qmt_trading.research.warned import MADE_UP  # noqa: E402

PAGES = ("docs/backtest.md", "README.md", "README.en.md")
COMMAND = re.compile(r"^ *qmt (backtest docs/strategies/\S+\.py -s .+?)(?: {2,}.*)?$", re.MULTILINE)


def commands(page: str) -> list[str]:
    return COMMAND.findall((ROOT / page).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone") / "history"
    made = CliRunner().invoke(app, ["data", "synthetic", str(folder), "--end", "2023-06-30"])
    assert made.exit_code == 0, made.output
    return folder


def ran(store: Path, into: Path, command: str) -> Path:
    """Run one command of a page; return the folder of its report."""
    word, strategy, *others = command.split()
    with chdir(store.parent):  # The store stands there under the name that the pages know.
        told = CliRunner().invoke(app, [word, str(ROOT / strategy), *others, "--into", str(into)])
    assert told.exit_code == 0, told.output
    (report,) = into.iterdir()
    return report


def rows(report: Path, name: str) -> list[dict[str, str]]:
    with (report / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def of(strategy: str) -> str:
    (found,) = (each for each in commands(PAGES[0]) if strategy in each)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_each_strategy_has_a_command_on_each_page(page: str) -> None:
    told = sorted(re.findall(r"strategies/(\S+\.py)", " ".join(commands(page))))
    assert told == sorted(path.name for path in (ROOT / "docs" / "strategies").glob("*.py"))


@pytest.mark.parametrize("command", sorted({each for page in PAGES for each in commands(page)}))
def test_each_command_of_the_pages_runs_and_trades(store: Path, tmp_path: Path, command: str) -> None:
    report = ran(store, tmp_path, command)
    assert rows(report, "fills.csv")
    result = Result.from_json((report / "result.json").read_bytes())
    assert len(result.orders) < 500
    assert [told for told, _ in result.warnings if "编的" in told or "除权除息" in told] == [MADE_UP[0]]


def test_the_rotation_holds_two_funds_at_most_and_turns_every_fifth_day(store: Path, tmp_path: Path) -> None:
    report = ran(store, tmp_path, of("etf_rotation"))
    result = Result.from_json((report / "result.json").read_bytes())
    days = result.days.astype(str).tolist()
    turns = {days.index(order["made"][:10]) for order in rows(report, "orders.csv")}
    assert {(day - 20) % 5 for day in turns} == {0}
    held: dict[str, int] = {}
    for fill in rows(report, "fills.csv"):
        sign = 1 if fill["side"] == "buy" else -1
        held[fill["symbol"]] = held.get(fill["symbol"], 0) + sign * int(fill["quantity"])
        assert sum(quantity > 0 for quantity in held.values()) <= 2
    assert len({fill["symbol"] for fill in rows(report, "fills.csv")}) > 2


def test_the_chase_buys_at_the_limit_cancels_and_sells_on_the_next_day(store: Path, tmp_path: Path) -> None:
    report = ran(store, tmp_path, of("limit_up_board"))
    bars = read(store, [BOARDS], frequency="1m")[Symbol(BOARDS)]
    assert bars.limit_up is not None
    ups = dict(zip(bars.days.astype(str).tolist(), bars.limit_up.tolist(), strict=True))
    days = list(ups)
    orders = rows(report, "orders.csv")
    buys = [each for each in orders if each["side"] == "buy"]
    assert all(round(float(each["limit"]) * 10_000) == ups[each["made"][:10]] for each in buys)
    ends = {(each["status"], each["ended"][11:16] == "14:50") for each in buys}
    # Filled when the board opened, cancelled when it was sold into, cancelled at its time.
    assert ends == {("FILLED", False), ("CANCELED", False), ("CANCELED", True)}
    fills = rows(report, "fills.csv")
    bought = [days.index(each["at"][:10]) for each in fills if each["side"] == "buy"]
    sold = [days.index(each["at"][:10]) for each in fills if each["side"] == "sell"]
    assert bought
    assert sold == [day + 1 for day in bought]
