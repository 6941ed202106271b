"""The history that a strategy begins with on an engine: refused where it does not lead to the market of today."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest
import typer

from qmt_trading.cli import engine_access, exit_codes
from qmt_trading.cli.strategy_history import history, told_of
from qmt_trading.codec import control as wire
from qmt_trading.feeds.importing import import_files
from qmt_trading.feeds.made_up import make_history
from qmt_trading.feeds.options import Options
from qmt_trading.feeds.store import Store
from qmt_trading.market.calendar import SHIPPED
from qmt_trading.model.instant import day_of
from qmt_trading.model.numbers import to_text
from qmt_trading.model.words import Mode
from tests.history_files import GOOD, HEAD, needs_polars, written
from tests.running import a_configuration, running
from tests.strategies.test_process import DAILY, Running

needs_polars()


def store_of(folder: Path, *lines: str) -> Path:
    """Import these rows into a store and return it."""
    path = written(folder, HEAD, *lines)
    (told,) = import_files(Store(folder / "history"), [path], Options(), lambda each: None)
    assert not told.faults, told
    return folder / "history"


def flat_to(day: dt.date, close: str, count: int = 3) -> list[str]:
    """Return rows of some trading days up to ``day``."""
    rows: list[str] = []
    while len(rows) < count:
        rows.insert(0, f"600000.SH,{day},{close},{close},{close},{close},100000,1000000,{close}")
        before = SHIPPED.before(day)
        assert before is not None
        day = before
    return rows


def test_old_history_is_refused_and_may_be_accepted_or_left_out(tmp_path: Path) -> None:
    config, file, store = a_configuration(tmp_path), tmp_path / "daily.py", store_of(tmp_path, *GOOD)
    file.write_text(DAILY, encoding="utf-8")
    with running(config):
        words = ("-f", "1d", "-d", str(store))
        code, said = Running(config, file, *words).end()
        assert code == exit_codes.REFUSED, said
        assert "历史接不上今天的行情" in said
        assert "历史到 2025-01-06，到" in said
        assert "历史最后的收盘 10.30，行情的昨收" in said
        for word, told in (("--accept-history", "600000.SH 到 2025-01-06"), ("--no-history", "历史 没有")):
            process = Running(config, file, *words, word)
            assert told in process.told("上次运行记下的")
            process.kill()


def test_history_up_to_the_trading_day_before_at_the_quotes_previous_close_is_gone_on_with(tmp_path: Path) -> None:
    config, file = a_configuration(tmp_path), tmp_path / "daily.py"
    file.write_text(DAILY, encoding="utf-8")
    if (time.time() + 8 * 3600) % 86_400 > 86_400 - 120:
        time.sleep(130)  # It would become tomorrow in Shanghai in the middle of it.
    with running(config):
        (row,) = engine_access.ask(config.parent / "data", wire.Quotes(("600000.SH",)))
        quote = row["quote"]
        assert isinstance(quote, list)
        close = int(quote[2])
        day = SHIPPED.before(day_of(time.time_ns()))
        assert day is not None
        store = store_of(tmp_path, *flat_to(day, to_text(close)))
        process = Running(config, file, "-f", "1d", "-d", str(store))
        assert f"600000.SH 到 {day}" in process.told("上次运行记下的")
        process.kill()


def test_made_up_history_is_told_of_and_refused_where_prices_are_real(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_history(tmp_path, SHIPPED, first=dt.date(2024, 12, 2), minute_days=1)
    wanted = ("600000.SH",)
    bars = history(tmp_path, wanted, "", "1d", "none", None, Mode.PAPER)
    assert "编的" in told_of(bars.values())[0]
    for mode in (Mode.LIVE, Mode.SHADOW):
        with pytest.raises(typer.Exit) as left:
            history(tmp_path, wanted, "", "1d", "none", None, mode)
        assert left.value.exit_code == exit_codes.REFUSED
        assert "历史是编的" in capsys.readouterr().err


def test_ex_days_in_raw_history_are_told_of(tmp_path: Path) -> None:
    rows = [*GOOD, "600000.SH,2025-01-07,9.30,9.40,9.20,9.30,300000,2800000,9.27"]
    bars = history(store_of(tmp_path, *rows), ("600000.SH",), "", "1d", "none", None, Mode.LIVE)
    (told,) = told_of(bars.values())
    assert "1 天像是除权除息（最近的：600000.SH 2025-01-07）" in told
    forward = history(tmp_path / "history", ("600000.SH",), "", "1d", "forward", None, Mode.LIVE)
    assert told_of(forward.values()) == []
