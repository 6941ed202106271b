"""The commands as a person types them, beside a running engine and after its death."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qmt_trading.cli import exit_codes

pytestmark = pytest.mark.slow


def qmt(*words: str, folder: Path | None = None, code: int = 0) -> str:
    """Run one command and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "qmt_trading.cli.main", *words],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=60,
        check=False,
    )
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def rows(*words: str, folder: Path) -> list[dict[str, object]]:
    found = json.loads(qmt(*words, "--json", folder=folder))
    assert isinstance(found, list)
    return found


@contextmanager
def an_engine(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run an engine over ``folder`` until its door is open; a test that fails leaves none behind."""
    command = [sys.executable, "-m", "qmt_trading.cli.main", "run", "--quiet", "--leashed"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE) as engine:
        try:
            until = time.monotonic() + 20
            while not (folder / "signals.sock").exists():
                assert time.monotonic() < until
                time.sleep(0.02)
            yield engine
        finally:
            engine.kill()


def test_help_asks_no_engine_and_names_every_command(tmp_path: Path) -> None:
    text = qmt("--help", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    for command in (
        "init",
        "run",
        "send",
        "status",
        "orders",
        "timeline",
        "cancel",
        "halt",
        "resume",
        "doctor",
        "demo",
    ):
        assert command in text


def test_without_a_configuration_every_command_says_what_to_do(tmp_path: Path) -> None:
    for command in ("run", "status", "halt", "doctor"):
        code = exit_codes.REFUSED if command == "doctor" else exit_codes.USAGE
        assert "qmt init" in qmt(command, folder=tmp_path, code=code)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: stops the engine by a signal")
def test_a_day_from_init_to_a_dead_engine(tmp_path: Path) -> None:
    qmt("init", str(tmp_path))
    assert "已存在" in qmt("init", str(tmp_path), code=exit_codes.USAGE)
    qmt("send", "600000.SH:11031122", folder=tmp_path, code=exit_codes.NOT_RUNNING)
    with an_engine(tmp_path) as engine:
        assert "已受理" in qmt("send", "buy 600000.SH 100@跌停:11031122,11031123 #t/1", folder=tmp_path)
        assert "重复" in qmt("send", "buy 600000.SH 100@跌停:11031122,11031123 #t/1", folder=tmp_path)
        qmt("send", "buy 600000.SH 150@跌停:11031122 #t/2", folder=tmp_path, code=exit_codes.REFUSED)
        qmt("send", "buy 600000", folder=tmp_path, code=exit_codes.MALFORMED)
        (wrong,) = rows("signals", "--malformed", folder=tmp_path)
        assert (wrong["excerpt"], wrong["position"]) == ("buy 600000", 10)
        assert "buy 600000" in qmt("signals", "--malformed", folder=tmp_path)
        orders = rows("orders", folder=tmp_path)
        assert [order["status"] for order in orders] == ["NEW", "NEW"]
        hops = [hop["hop"] for hop in rows("timeline", "1", folder=tmp_path)]
        assert hops[:2] == ["received", "decided"]
        assert {"on_disk", "sent", "answered"} <= set(hops)
        qmt("run", folder=tmp_path, code=exit_codes.LOCKED)
        qmt("cancel", str(orders[0]["client_order_id"]), "--why", "试", folder=tmp_path)
        halted = qmt("halt", "--cancel-open", "--why", "试", folder=tmp_path)
        assert "全局：已停止（仅可撤单）" in halted
        denied = qmt("send", "buy 600000.SH 100@跌停:11031124 #t/3", folder=tmp_path, code=exit_codes.REFUSED)
        assert "已停止" in denied
        until = time.monotonic() + 5
        while {order["status"] for order in rows("orders", folder=tmp_path)} != {"CANCELED"}:
            assert time.monotonic() < until
        (status,) = rows("status", folder=tmp_path)
        assert (status["running"], status["state"]) == (True, "HALTED")
        qmt("halt", "--account", "11031123", folder=tmp_path)
        assert "--why" in qmt("resume", folder=tmp_path, code=exit_codes.USAGE)
        told = qmt("resume", "--why", "好了", folder=tmp_path)
        assert "! 仍单独停止：11031123（qmt resume --account 11031123 --why 原因）" in told
        assert "仍单独停止" not in qmt("resume", "--account", "11031123", "--why", "好了", folder=tmp_path)
        qmt("halt", folder=tmp_path)
        qmt("doctor", folder=tmp_path)
        engine.kill()
        engine.wait()
        without = qmt("halt", folder=tmp_path, code=exit_codes.NOT_RUNNING)
        assert "qmt panic --account" in without
        assert "HALT" in without
        assert "–（引擎未运行）" in qmt("accounts", folder=tmp_path)
    (status,) = rows("status", folder=tmp_path)
    assert (status["running"], status["state"], status["orders"]) == (False, "HALTED", 2)
    assert len(rows("positions", folder=tmp_path)) == 6
    assert len(rows("signals", folder=tmp_path)) == 4
    qmt("journal", "verify", "--decisions", folder=tmp_path)
    command = [sys.executable, "-m", "qmt_trading.cli.main", "journal", "export"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        export.stdout.close()
        assert (export.stderr.read(), export.wait(20)) == (b"", 1)
    qmt("journal", "export", "-o", "out.jsonl", folder=tmp_path)
    assert "已存在" in qmt("journal", "export", "-o", "out.jsonl", folder=tmp_path, code=exit_codes.USAGE)
    qmt("journal", "export", "-o", "out.jsonl", "--force", folder=tmp_path)
    exported = qmt("journal", "export", folder=tmp_path).splitlines()
    assert json.loads(exported[0])["type"] == "At"
    assert any(json.loads(line)["type"] == "HaltRequested" for line in exported)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: waits for the engine's socket")
def test_a_wrong_configuration_keeps_nobody_from_the_running_engine(tmp_path: Path) -> None:
    qmt("init", str(tmp_path))
    assert "还没有运行过" in qmt("status", folder=tmp_path, code=exit_codes.NOT_RUNNING)
    with an_engine(tmp_path) as engine:
        qmt("send", "buy 600000.SH 100@跌停:11031122 #t/1", folder=tmp_path)
        path = tmp_path / "qmt.toml"
        path.write_text(path.read_text(encoding="utf-8").replace('"buy"', '"buuy"'), encoding="utf-8")
        for words in (
            ["halt"],
            ["cancel", "--all"],
            ["status"],
            ["orders"],
            ["resume", "--why", "x"],
            ["timeline", "1"],
        ):
            assert "buuy" not in qmt(*words, "--json", folder=tmp_path).split("! 配置有误")[0], words
            assert "配置有误" in qmt(*words, folder=tmp_path), words
        assert "没有编号 12345 的委托" in qmt("cancel", "12345", folder=tmp_path, code=exit_codes.REFUSED)
        assert "600000.SH？" in qmt("cancel", "--symbol", "600000", folder=tmp_path, code=exit_codes.USAGE)
        qmt("run", folder=tmp_path, code=exit_codes.USAGE)
        assert "引擎已退出" in qmt("stop", folder=tmp_path)
        assert engine.wait(10) == 0


def test_an_empty_signal_is_malformed_at_once(tmp_path: Path) -> None:
    """No configuration is there: the answer comes before anything is looked for."""
    assert "内容是空的" in qmt("send", "", folder=tmp_path, code=exit_codes.MALFORMED)


def test_no_mistake_of_a_person_ends_in_a_trace(tmp_path: Path) -> None:
    qmt("init", str(tmp_path))
    for words, code in (
        (["journal", "verify", "--head", "foo"], exit_codes.USAGE),
        (["journal", "verify", "--head", "3:abc"], exit_codes.USAGE),
        (["journal", "verify"], exit_codes.JOURNAL),
        (["timeline", "x"], exit_codes.USAGE),
    ):
        assert "Traceback" not in qmt(*words, folder=tmp_path, code=code)
    (tmp_path / "blocked").write_bytes(b"")
    path = tmp_path / "qmt.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"data"', '"blocked/data"'), encoding="utf-8")
    assert "无法使用" in qmt("run", folder=tmp_path, code=exit_codes.USAGE)
    assert "不可写" in qmt("doctor", folder=tmp_path, code=exit_codes.REFUSED)


def test_the_demo_ends_well_and_prints_what_it_promised() -> None:
    shown = json.loads(qmt("demo", "--once", "--json"))
    assert list(shown) == ["receipts", "orders", "fills", "positions"]
    statuses = [receipt["status"] for receipt in shown["receipts"]]
    expected = ["accepted", "accepted", "accepted", "accepted", "accepted", "duplicate", "malformed"]
    assert statuses == expected, shown["receipts"]
    assert shown["fills"]
    assert all(order["status"] in ("FILLED", "CANCELED") for order in shown["orders"])


def test_the_demo_plays_all_its_steps_kills_its_engine_and_cleans_up() -> None:
    shown = qmt("demo", "--once")
    for number in range(1, 7):
        assert f"✓ {number}/6" in shown, shown
    assert "0 重复" in shown
    assert "已停止（仅可撤单）" in shown
    assert "临时文件已删除" in shown
    assert "qmt init my-qmt" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: waits for the engine's socket")
def test_an_engine_on_a_leash_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    qmt("init", str(tmp_path))
    with an_engine(tmp_path) as engine:
        assert engine.stdin is not None
        engine.stdin.close()
        assert engine.wait(10) == 0
    assert json.loads((tmp_path / "data" / "starts.json").read_bytes())[-1]["clean"]
