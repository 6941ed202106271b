"""``qmt history``: what it refuses before a host is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmt_trading.cli import exit_codes, words
from qmt_trading.cli.main import app
from tests.unit.run.config_parts import GOOD, QMT_GOOD, written

DAYS = ("--begin", "2025-01-02", "--end", "20250110")


def qmt(folder: Path, *arguments: str) -> int:
    return words.run(app, ["history", "download", *arguments, "--config", str(folder / "qmt.toml")])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("600000", *DAYS), "代码无法识别：600000"),
        ((",", *DAYS), "至少写一个代码"),
        (("600000.SH", *DAYS, "--period", "5m"), "--period 应为 1d、1m、tick"),
        (("600000.SH", "--begin", "2025-01-32", "--end", "20250110"), "--begin 应写作 2025-01-02"),
        (("600000.SH", "--begin", "20250110", "--end", "2025-01-02"), "早于 --begin 2025-01-10"),
        (("600000.SH", *DAYS, "--terminal", "没有"), "没有叫 没有 的 QMT 终端，有：国金"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    written(tmp_path, QMT_GOOD)
    assert qmt(tmp_path, *arguments) == exit_codes.USAGE
    assert told in capsys.readouterr().err


def test_without_a_client_there_is_nothing_to_download_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, GOOD)
    assert qmt(tmp_path, "600000.SH", *DAYS) == exit_codes.USAGE
    assert "配置里没有 QMT 终端" in capsys.readouterr().err


def test_a_client_that_is_not_there_is_told_and_no_file_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, QMT_GOOD)
    out = tmp_path / "bars.csv"
    assert qmt(tmp_path, "600000.SH", *DAYS, "--out", str(out)) == exit_codes.NOT_RUNNING
    assert "终端" in capsys.readouterr().err
    assert list(tmp_path.glob("bars*")) == []
