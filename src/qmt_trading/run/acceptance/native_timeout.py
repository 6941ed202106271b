"""Check 13: what ``set_timeout`` does to a query that hangs, seen by a program that does nothing else."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from qmt_trading.hosts import __file__ as hosts_file
from qmt_trading.run.acceptance.check import Answer, seen, unseen
from qmt_trading.run.acceptance.checks_hands import FREEZE, THAW
from qmt_trading.run.acceptance.visit import CannotError, Visit
from qmt_trading.run.config_terminals import QmtTerminal

PROBE: Final = Path(hosts_file).parent / "xtquant_probe.py"
TIMEOUT_S: Final = 3
WAIT_S: Final = 15
CONNECT_S: Final = 40.0


def run(visit: Visit) -> Answer:
    """Let the probe ask for the asset of a frozen client, and say whether and when the call came back."""
    visit.disconnect()
    assert visit.terminal is not None
    with _Probe(visit.terminal, visit.account, visit.sessions[0], visit.patience.probe) as probe:
        told = probe.next(CONNECT_S)
        if told.get("t") != "ready":
            raise CannotError(f"探针没有连上：{told.get('text') or told}")
        visit.note(f"探针已连接，正常查询用 {told.get('ms')} 毫秒")
        visit.person.ask(f"  {FREEZE}。挂起后按回车")
        probe.go()
        told = probe.next(visit.patience.probe + 10.0)
        visit.note(f"探针：{told}")
        visit.person.ask(f"  {THAW}，恢复后按回车")
    if told.get("t") != "answer":
        return unseen(f"探针没有结果：{told}")
    if not told.get("returned"):
        return seen(f"设了 {TIMEOUT_S} 秒超时的查询 {visit.patience.probe:.0f} 秒没有返回：set_timeout 对它没有作用")
    if told.get("asset"):
        return unseen(f"查询在 {told.get('ms')} 毫秒后拿到了资产：客户端没有冻结")
    return seen(f"设了 {TIMEOUT_S} 秒超时的查询在 {told.get('ms')} 毫秒后返回 {told.get('text')}")


class _Probe:
    """The probe's process, which says one JSON line at each step."""

    def __init__(self, terminal: QmtTerminal, account: str, session: int, wait_s: float) -> None:
        command = [terminal.python or sys.executable, str(PROBE), "--terminal", str(terminal.path)]
        command += ["--account", account, "--session", str(session), "--timeout", str(TIMEOUT_S), "--wait", str(wait_s)]
        command += ["--xtquant", terminal.xtquant] if terminal.xtquant else []
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=0x0800_0000 if sys.platform == "win32" else 0,
            start_new_session=sys.platform != "win32",
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="probe", daemon=True)
        self._reader.start()

    def __enter__(self) -> _Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)
        self._reader.join(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b'{"t":"gone","text":"ended"}')

    def next(self, wait_s: float) -> dict[str, object]:
        """Return what it says next; ``late`` where it says nothing in time."""
        try:
            told = json.loads(self._lines.get(timeout=wait_s))
        except queue.Empty:
            return {"t": "late"}
        except ValueError:
            return {"t": "garbled"}
        return told if isinstance(told, dict) else {"t": "garbled"}

    def go(self) -> None:
        """Let it ask."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
