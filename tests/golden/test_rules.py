"""``qmt rules`` for one symbol of each kind, on days around the changes of rules, word by word.

The files under ``rules`` were read through when they changed: ``python -m tests.golden.test_rules`` writes them anew.
"""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any, Final

import pytest

from qmt_trading.cli.main import app
from qmt_trading.cli.words import run

FOLDER: Final = Path(__file__).parent / "rules"
DAYS: Final = ("2019-01-02", "2023-08-25", "2023-08-28", "2026-07-03", "2026-07-06")
SYMBOLS: Final = {
    "main": ("600000.SH", "--reference", "10.05"),
    "main_warned": ("600000.SH", "--name", "*ST浦发", "--reference", "10.05"),
    "s_share": ("600182.SH", "--name", "S佳通", "--reference", "16.45"),
    "sme": ("002001.SZ", "--reference", "22.55"),
    "chinext": ("300750.SZ", "--reference", "87.28"),
    "star": ("688981.SH", "--reference", "49.99"),
    "bse": ("830799.BJ", "--reference", "10.01"),
    "bse_920": ("920222.BJ", "--reference", "10.01"),
    "etf": ("510300.SH", "--reference", "4.203"),
    "etf_20": ("588000.SH", "--reference", "1.109"),
    "etf_cross_border": ("513100.SH", "--reference", "1.012"),
    "lof": ("161725.SZ", "--reference", "0.865"),
    "reit": ("508000.SH", "--reference", "3.001"),
    "convertible": ("123153.SZ", "--reference", "116.8"),
    "bond": ("019666.SH",),
    "repo": ("204001.SH",),
    "subscription": ("787001.SH",),
    "b_share": ("900901.SH", "--reference", "0.533"),
    "index": ("000001.SH",),
}


def told(arguments: tuple[str, ...], day: str, *more: str) -> str:
    """Return what the command prints on both streams, and its exit code where it is not 0."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        code = run(app, ["rules", *arguments, "--date", day, *more])
    return text.getvalue() + (f"exit {code}\n" if code else "")


def whole(arguments: tuple[str, ...]) -> str:
    return "\n".join(told(arguments, day) for day in DAYS)


@pytest.mark.parametrize("name", SYMBOLS)
def test_what_is_told_of_each_kind_is_what_was_read_through(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert whole(SYMBOLS[name]) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_there_is_no_file_that_nothing_tells() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == SYMBOLS.keys()


def row(arguments: tuple[str, ...], day: str) -> dict[str, Any]:
    (found,) = json.loads(told(arguments, day, "--json"))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("name", "day", "up", "down"),
    [
        ("main", "2026-07-06", "11.06", "9.05"),
        ("main_warned", "2026-07-03", "10.55", "9.55"),
        ("main_warned", "2026-07-06", "11.06", "9.05"),
        ("s_share", "2026-07-06", "17.27", "15.63"),
        ("sme", "2019-01-02", "24.81", "20.30"),
        ("chinext", "2019-01-02", "96.01", "78.55"),
        ("chinext", "2023-08-25", "104.74", "69.82"),
        ("star", "2026-07-06", "59.99", "39.99"),
        ("bse", "2023-08-25", "13.01", "7.01"),
        ("bse_920", "2026-07-06", "13.01", "7.01"),
        ("etf", "2026-07-06", "4.623", "3.783"),
        ("etf_20", "2026-07-06", "1.331", "0.887"),
        ("convertible", "2023-08-25", "140.16", "93.44"),
    ],
)
def test_the_same_stands_in_the_json(
    name: str, day: str, up: str, down: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prices = row(SYMBOLS[name], day)["prices"]
    assert (prices["limit_up"], prices["limit_down"]) == (up, down)


def test_the_duty_halves_and_the_fund_gets_its_closing_auction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    duty = {
        day: [rule["value"] for rule in row(SYMBOLS["main"], day)["rules"] if rule["rule"] == "stamp_duty"]
        for day in DAYS
    }
    assert duty["2023-08-25"] == [{"buy_percent": "0", "sell_percent": "0.1"}]
    assert duty["2023-08-28"] == [{"buy_percent": "0", "sell_percent": "0.05"}]
    phases = {day: {each["phase"] for each in row(SYMBOLS["etf"], day)["phases"]} for day in DAYS}
    assert "closing_auction" not in phases["2026-07-03"]
    assert "closing_auction" in phases["2026-07-06"]


if __name__ == "__main__":
    for name, arguments in SYMBOLS.items():
        (FOLDER / f"{name}.txt").write_text(whole(arguments), encoding="utf-8")
