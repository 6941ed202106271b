"""What the doctor says of bare signals, folders, and a configuration that was changed behind the engine's back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from qmt_trading.cli import doctor, engine_access, reading
from qmt_trading.codec import control as wire
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.init_template import Choice, template


def configured(folder: Path, text: str) -> Configuration:
    path = folder / "qmt.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_what_bare_signals_do_is_told_with_its_size(tmp_path: Path) -> None:
    configuration = configured(tmp_path, template(Choice(bare="buy", size="2手")))
    check = doctor._bare(configuration.path, configuration)
    assert check.good
    assert check.text.startswith("买入 2手（")
    assert "控制通道" in check.text


def test_a_bare_signal_without_a_meaning_is_red_and_names_the_line(tmp_path: Path) -> None:
    text = template(Choice(bare="deny")).replace('action = "deny"', "")
    check = doctor._bare(tmp_path / "qmt.toml", configured(tmp_path, text))
    line = text.split("\n").index("[signals.bare]") + 1
    assert not check.good
    assert f"qmt.toml 第 {line} 行 signals.bare.action" in check.text


def test_a_folder_that_cannot_be_made_is_red(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_bytes(b"")
    check = doctor._folder(configured(tmp_path, template().replace('"data"', '"blocked/data"')))
    assert not check.good
    assert "请改 [data] folder" in check.text


@pytest.mark.parametrize(("edited", "changed"), [(False, False), (True, True)])
def test_a_configuration_edited_under_a_running_engine_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edited: bool, changed: bool
) -> None:
    configuration = configured(tmp_path, template())
    hello: list[dict[str, object]] = [{"config": configuration.digest}]
    monkeypatch.setattr(engine_access, "ask", lambda folder, request: hello)
    if edited:
        configuration.path.write_text(template(Choice(bare="deny")), encoding="utf-8")
    assert reading.config_changed(configuration.folder, configuration.path) is changed


def test_an_engine_that_does_not_say_what_it_was_started_with_is_no_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = configured(tmp_path, template())
    monkeypatch.setattr(engine_access, "ask", lambda folder, request: [{"config": None}])
    assert not reading.config_changed(configuration.folder, configuration.path)

    def refuse(folder: Path, request: wire.ControlRequest) -> list[dict[str, object]]:
        raise engine_access.NotRunningError("no engine")

    monkeypatch.setattr(engine_access, "ask", refuse)
    assert not reading.config_changed(configuration.folder, configuration.path)


@pytest.mark.parametrize(
    ("section", "today", "good", "expected"),
    [
        ("", dt.date(2026, 11, 26), True, "模拟和观察不需要，实盘必填"),
        ("registered = 2026-05-20", dt.date(2026, 5, 20), True, "2026-05-20"),
        ("registered = 2026-05-20", dt.date(2026, 5, 19), False, "还没有到"),
        ("registered = 2026-05-20\ndeclared_per_second = 300", dt.date(2026, 11, 26), True, "须额外报告"),
    ],
)
def test_the_report_of_programme_trading_is_a_line(
    tmp_path: Path, section: str, today: dt.date, good: bool, expected: str
) -> None:
    text = template() + (f"[compliance]\n{section}\n" if section else "")
    check = doctor._compliance(configured(tmp_path, text), today)
    assert check.good is good
    assert expected in check.text


def test_a_brokers_simulation_terminal_asks_for_no_report_of_programme_trading(tmp_path: Path) -> None:
    text = template(Choice(terminal=str(tmp_path / "userdata_mini"), accounts=("11031122",)))
    live = text.replace('mode = "shadow"', 'mode = "live"').replace('kind = "qmt"', 'kind = "qmt"\nsimulation = true')
    check = doctor._compliance(configured(tmp_path, live), dt.date(2026, 11, 26))
    assert check.good
