"""``qmt ladder`` shows itself where the configuration cannot be used yet, and says what is missing."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from qmt_trading.cli.main import app
from tests.running import a_configuration

LIVE = """
mode = "live"
[[terminals]]
name = "one"
kind = "qmt"
path = "D:/QMT/userdata_mini"
[[terminals.accounts]]
account = "11031122"
"""


def test_the_ladder_of_a_live_configuration_without_compliance_says_what_is_missing(tmp_path: Path) -> None:
    config = tmp_path / "qmt.toml"
    config.write_text(LIVE, encoding="utf-8")
    shown = CliRunner().invoke(app, ["ladder", "--config", str(config)])
    assert shown.exit_code == 0, shown.output
    assert "下一步：第 1 级" in shown.output
    assert "配置还不能用" in shown.output
    assert "compliance" in shown.output


def test_a_reason_on_record_forges_no_line(tmp_path: Path) -> None:
    config = a_configuration(tmp_path)
    skipped = CliRunner().invoke(
        app, ["ladder", "skip", "3", "--config", str(config), "--why", "看过\n ✓ 5 假的\x1b[2J"]
    )
    assert skipped.exit_code == 0, skipped.output
    assert r"看过\n ✓ 5 假的\u001b[2J" in skipped.output
    assert " ✓ 5" not in [line[:4] for line in skipped.output.splitlines()]
