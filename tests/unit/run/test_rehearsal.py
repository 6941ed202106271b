"""The rehearsal: twelve drills pass on the configurations that ``init`` writes, and each fails on a bug of its kind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from msgspec.structs import replace
from tests.simulation import bugs

from qmt_trading.cli.rehearsing import lasted
from qmt_trading.engine import cancels, fold, fold_list, fold_reports, signals
from qmt_trading.engine.engine import Engine
from qmt_trading.intake.framing import StreamFramer
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Mode, OrderStatus
from qmt_trading.run import profiles
from qmt_trading.run.config import load
from qmt_trading.run.init_template import Choice, template
from qmt_trading.run.loop import Loop
from qmt_trading.run.rehearsal.drills import DRILLS, Drill, DrillError, Scene
from qmt_trading.run.rehearsal.power_cut import power_cut

pytestmark = pytest.mark.slow

BY_NAME = {name: drill for name, _, drill in DRILLS}


def written(folder: Path, **choices: object) -> Path:
    path = folder / "qmt.toml"
    text = template(Choice(pipe=r"\\.\pipe\rehearsal", **choices))  # type: ignore[arg-type]
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def play(drill: Drill, config: Path, folder: Path) -> str:
    folder.mkdir()
    return drill(Scene(load(config).engine, folder, time.time_ns(), config))


def test_there_are_twelve_with_the_names_that_people_know() -> None:
    assert list(BY_NAME) == [
        *("断线", "客户端重启", "-1 实成", "回报重复", "漏撤回报", "9:20 禁撤", "炸板", "磁盘满", "拔电"),
        *("重复信号", "上游死", "柜台迟到"),
    ]


@pytest.mark.parametrize("name", list(BY_NAME))
def test_each_passes_on_the_default_configuration(name: str, tmp_path: Path) -> None:
    assert play(BY_NAME[name], written(tmp_path), tmp_path / "drill")


@pytest.mark.parametrize("name", list(BY_NAME))
def test_each_passes_where_the_door_may_only_cancel(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, bare="cancel")
    text = path.read_text(encoding="utf-8").replace("[[doors]]\n", '[[doors]]\nallow = ["cancel"]\n')
    path.write_text(text, encoding="utf-8", newline="\n")
    assert play(BY_NAME[name], path, tmp_path / "drill")


@pytest.mark.parametrize("name", ["断线", "9:20 禁撤", "炸板", "拔电", "柜台迟到"])
def test_each_passes_on_a_configuration_that_watches_a_client(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, terminal=r"D:\QMT\userdata_mini", accounts=("11031122",), bare="cancel", allow=("cancel",))
    assert load(path).engine.mode is Mode.SHADOW
    assert play(BY_NAME[name], path, tmp_path / "drill")


@pytest.mark.parametrize("name", ["炸板", "拔电", "重复信号"])
def test_each_passes_with_the_limits_of_a_trial_outside_its_hours_and_list(name: str, tmp_path: Path) -> None:
    careful = profiles.limits_of(profiles.PROFILES[-1], profiles.SIZES[0])
    path = written(tmp_path, limits=careful)
    lines = '[limits]\nwindows = ["00:00-00:01"]\nsymbols_allowed = ["000001.SZ"]\n'
    path.write_text(path.read_text(encoding="utf-8").replace("[limits]\n", lines), encoding="utf-8", newline="\n")
    assert play(BY_NAME[name], path, tmp_path / "drill")


def link_forgets() -> Any:
    return mock.patch.object(Engine, "_to_unknown", lambda *args: None)


def foreign_orders_overlooked() -> Any:
    fold_row = fold_reports.fold_row

    def blind(state: Any, account: Any, row: Any, identity: Any, order: Any, **more: Any) -> Any:
        return [] if order is None else fold_row(state, account, row, identity, order, **more)

    return mock.patch.object(fold_list, "fold_row", blind)


def minus_one_means_not_sent() -> Any:
    def wrong(self: Any, event: ev.SubmitUncertain) -> None:
        self._emit(out.OrderEnded(event.client_order_id, OrderStatus.NOT_SENT, "-1"))

    return mock.patch.object(Engine, "_uncertain", wrong)


def disk_not_asked() -> Any:
    commit = Loop._commit
    return mock.patch.object(Loop, "_commit", lambda self, batch: commit(self, batch) or True)


def half_a_message_taken_for_one() -> Any:
    feed = StreamFramer.feed

    def hasty(self: Any, data: bytes) -> list[bytes]:
        messages = feed(self, data)
        return messages or [self.rest()]

    return mock.patch.object(StreamFramer, "feed", hasty)


def sends_again() -> Any:
    """What is not answered is sent again (A1)."""
    deadline = Engine._deadline

    def again(self: Any) -> None:
        for order in list(self._state.orders):
            if order.status is OrderStatus.PENDING_NEW and not order.answered_ns:
                name = order.client_order_id[:-1] + "Z"
                if self._state.find_order(name) is None:
                    reserved, quantity = order.reserved, order.quantity
                    facts = order.account, order.symbol, order.side, quantity, order.price, order.signal_seq
                    self._emit(out.SubmitOrder(name, *facts, self._state.now_ns + 10**10, reserved))
        deadline(self)

    return mock.patch.object(Engine, "_deadline", again)


def ids_forgotten() -> Any:
    return mock.patch.object(signals, "_first_receipt", lambda state, event: None)


def registers_nothing() -> Any:
    fold_cancel = fold._cancel

    def forgetful(state: Any, command: out.CancelOrder) -> None:
        fold_cancel(state, command)
        if command.not_before_ns:
            state.put_order(replace(state.order(command.client_order_id), cancel_next_ns=0, cancel_attempts=1))

    return mock.patch.object(fold, "_cancel", forgetful)


SEEDED: list[tuple[str, Callable[[], Any]]] = [
    ("断线", link_forgets),
    ("客户端重启", foreign_orders_overlooked),
    ("-1 实成", minus_one_means_not_sent),
    ("回报重复", bugs.fill_counted_twice),
    ("漏撤回报", bugs.cancels_not_repeated),
    ("9:20 禁撤", registers_nothing),
    ("炸板", lambda: mock.patch.object(cancels, "cancel_lines", lambda state, mark, emit: [])),
    ("磁盘满", disk_not_asked),
    ("重复信号", ids_forgotten),
    ("上游死", half_a_message_taken_for_one),
    ("柜台迟到", sends_again),
]


@pytest.mark.parametrize(("name", "bug"), SEEDED, ids=[name for name, _ in SEEDED])
def test_each_fails_visibly_on_a_bug_of_its_kind(name: str, bug: Callable[[], Any], tmp_path: Path) -> None:
    config = written(tmp_path)
    with bug(), pytest.raises(DrillError) as caught:
        play(BY_NAME[name], config, tmp_path / "drill")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in str(caught.value)), "it says what is wrong"


def test_the_power_cut_fails_on_a_journal_that_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bug is in the killed processes: a module that Python loads by itself at its start drops every third turn."""
    (tmp_path / "sitecustomize.py").write_text(
        "from qmt_trading.journal.sqlite import SqliteJournal\n"
        "append = SqliteJournal.append\n"
        "def drops(self, turn, *, closing=None):\n"
        "    if turn.number <= 3 or closing is not None:\n"
        "        append(self, turn, closing=closing)\n"
        "SqliteJournal.append = drops\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    with pytest.raises(DrillError):
        play(BY_NAME["拔电"], written(tmp_path), tmp_path / "drill")


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qmt_trading.cli.main", *words],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "COLUMNS": "200"},
        check=False,
    )


def test_the_command_tells_a_line_each_and_the_ladder_remembers(tmp_path: Path) -> None:
    written(tmp_path)
    told = command(tmp_path, "rehearse")
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count(" 通过 ") == 12
    assert "✓ 2 演练" in command(tmp_path, "ladder").stdout
    assert command(tmp_path, "rehearse", "--only", "没有").returncode == 2
    assert not (tmp_path / "data" / "journal.sqlite").exists(), "nobody's own journal is touched"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0004, "不到 1 毫秒"), (0.001, "1 毫秒"), (0.0421, "42 毫秒"), (0.9994, "999 毫秒"), (1.0, "1.0 秒")],
)
def test_a_short_drill_is_told_in_milliseconds(seconds: float, told: str) -> None:
    assert lasted(seconds) == told


def test_the_power_is_cut_within_one_day_at_whatever_hour(tmp_path: Path) -> None:
    late_ns = at_time(day_of(time.time_ns()), (23 * 60 + 50) * 60 * SECOND_NS)
    folder = tmp_path / "drill"
    folder.mkdir()
    assert "丢失 0" in power_cut(written(tmp_path), folder, late_ns)
