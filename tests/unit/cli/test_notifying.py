"""``qmt notify`` as people run it: a test message, one process a folder, and a kill at the worst moment."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qmt_trading.cli.main import app as cli
from qmt_trading.cli.notifying import is_wanted
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Importance
from qmt_trading.notify.outbox import Outbox
from qmt_trading.run import notifying
from qmt_trading.run.config import load
from tests.notify_bench import TOKEN, AlertJournal, FarEnd, message, wait_for
from tests.unit.run.config_parts import GOOD, written


@pytest.fixture
def far_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[FarEnd]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = FarEnd()
    yield made
    made.close()


def configured(folder: Path, *urls: str, more: str = "") -> Path:
    tables = "".join(f'[[notify]]\nname = "c{number}"\nurl = "{url}"\n{more}' for number, url in enumerate(urls))
    return written(folder, GOOD + tables)


def qmt(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, list(words))
    assert TOKEN not in done.output
    return done.exit_code, done.output


def test_a_test_message_tells_each_channel_by_itself(tmp_path: Path, far_end: FarEnd) -> None:
    path = configured(tmp_path, far_end.url, f"nonsense://{TOKEN}")
    code, output = qmt("notify", "test", "-c", str(path))
    assert code == 1
    assert "✓ c0：已送到" in output
    assert "✗ c1：nonsense://" in output
    assert far_end.titles == ["QMT 通知测试"]
    assert qmt("notify", "-c", str(path), "test", "c0")[0] == 0
    code, output = qmt("notify", "test", "c9", "-c", str(path))
    assert (code, "c0、c1" in output) == (2, True)
    far_end.status = 403
    code, output = qmt("notify", "test", "c0", "-c", str(path))
    assert (code, "403" in output) == (1, True)


def test_a_variable_that_is_not_set_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far_end: FarEnd) -> None:
    path = written(tmp_path, f'{GOOD}[[notify]]\nname = "c"\nurl_env = "QMT_NOWHERE"\n')
    code, output = qmt("notify", "test", "-c", str(path))
    assert (code, "QMT_NOWHERE 没有设置" in output) == (1, True)
    monkeypatch.setenv("QMT_NOWHERE", far_end.url)
    assert qmt("notify", "test", "-c", str(path))[0] == 0


def test_without_channels_or_with_another_one_running_it_says_so(tmp_path: Path, far_end: FarEnd) -> None:
    code, output = qmt("notify", "-c", str(written(tmp_path, GOOD)))
    assert (code, "没有 [[notify]]" in output) == (2, True)
    path = configured(tmp_path, far_end.url)
    held = notifying.lock(tmp_path / "data")
    code, output = qmt("notify", "-c", str(path))
    assert (code, "已有一个 qmt notify" in output) == (6, True)
    held.release()
    code, output = qmt("notify", "-c", str(configured(tmp_path, f"nonsense://{TOKEN}")))
    assert (code, "没有一个通知渠道能用" in output) == (2, True)


def test_the_doctor_reads_the_addresses_and_shows_none(tmp_path: Path, far_end: FarEnd) -> None:
    _, output = qmt("doctor", "-c", str(configured(tmp_path, far_end.url, f"nonsense://{TOKEN}")))
    assert "✓ 通知 c0：JSON" in output
    assert "✗ 通知 c1：nonsense://" in output
    assert far_end.taken == []


def test_the_doctor_tells_what_a_channel_failed_of_until_it_works_again(tmp_path: Path, far_end: FarEnd) -> None:
    path = configured(tmp_path, far_end.url)
    (channel,) = load(path).notify
    outbox = Outbox(load(path).folder)
    outbox.take_in([(channel, message(1))])
    outbox.failed("c0", ["k001"], 1_795_485_600 * SECOND_NS, why="对方答 500")
    assert "! 通知 c0：JSON，11-24 10:00 没有送到：对方答 500；1 条待发" in qmt("doctor", "-c", str(path))[1]
    outbox.told("c0", ["k001"], 1_795_485_700 * SECOND_NS)
    assert "✓ 通知 c0：JSON，地址能用" in qmt("doctor", "-c", str(path))[1]
    outbox.close()


def test_an_engine_starts_it_where_there_are_channels_and_it_is_not_quiet(tmp_path: Path, far_end: FarEnd) -> None:
    with_channels = load(configured(tmp_path, far_end.url))
    assert is_wanted(with_channels, quiet=False)
    assert not is_wanted(with_channels, quiet=True)
    assert not is_wanted(load(written(tmp_path, GOOD)), quiet=False)


class Child:
    """A notifier in a process of its own, as ``qmt run`` starts it."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-P", "-m", "qmt_trading.cli.main", "notify", "--leashed", "--config", str(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> str:
        """Let go of the leash; return what it has said."""
        _, said = self.process.communicate(timeout=60)
        return said.decode("utf-8", "replace")


@pytest.mark.slow
def test_a_kill_between_sending_and_noting_repeats_one_message_at_most_and_loses_none(
    tmp_path: Path, far_end: FarEnd
) -> None:
    path = configured(tmp_path, far_end.url)
    journal = AlertJournal(tmp_path / "data")
    now_ns = time.time_ns()
    for number in range(3):
        journal.add(f"第 {number} 条", at_ns=now_ns + number, importance=Importance.CRITICAL)
    child = Child(path)

    def kill_at_the_second() -> None:
        if len(far_end.taken) == 2:
            child.kill()  # It is taken here, and nobody notes it there.

    far_end.on_message = kill_at_the_second
    child.process.wait(60)
    said = child.end()
    far_end.on_message = lambda: None
    first = [text.split("\n")[1] for text in far_end.texts]
    assert first == ["第 0 条", "第 1 条"]
    child = Child(path)
    wait_for(lambda: len(far_end.taken) >= 4)
    said += child.end()
    assert child.process.returncode == 0, said
    child = Child(path)
    time.sleep(1.5)
    said += child.end()
    texts = [text.split("\n")[1] for text in far_end.texts]
    assert texts == ["第 0 条", "第 1 条", "第 1 条", "第 2 条"]
    assert TOKEN not in said
    journal.close()
