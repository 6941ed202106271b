"""Measures backtests beside their peers: A B A B, from arrays to the result, by CPU time; ratios within each round.

    python -m benchmarks.backtest --peers FOLDER [--rounds 3] [--own PYTHON]

FOLDER holds one environment a peer, named for it: vnpy (vnpy, vnpy_ctastrategy), nautilus (nautilus_trader, pandas<3),
raptorbt, vectorbt, bt. A peer that is not there is left out, and said so. ``--own`` is a Python with numpy, msgspec and
numba, which compiles the target column; without it the Python that runs this.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

ROOT: Final = Path(__file__).resolve().parent.parent
W1: Final = 1_000_000
OWN: Final = {
    "bars": W1,
    "columns": W1,
    "wake": W1,
    "target": W1,
    "dates": 2_500,
    "pairs": 100_000,
    "bars, whole gate": W1,
    "dates, whole gate": 2_500,
}
"""Our modes, and how many rows of their workload."""
PEERS: Final = {
    ("bare", "w1"): W1,
    ("vnpy", "w1"): 200_000,
    ("nautilus", "w1"): 50_000,
    ("raptorbt", "w1"): W1,
    ("vectorbt", "w1"): W1,
    ("bt", "w2"): 300,
    ("vectorbt", "w2"): 2_500,
    ("raptorbt", "w3"): 100_000,
    ("vectorbt", "w3"): 100_000,
}
TARGETS: Final = (
    ("B1", "bars", "vnpy w1", 3.0),
    ("B1", "bars", "nautilus w1", 30.0),
    ("B1", "bars", "bare w1", 0.0),
    ("B2", "columns", "vnpy w1", 6.0),
    ("B3", "wake", "vnpy w1", 15.0),
    ("B4", "target", "raptorbt w1", 1.2),
    ("B4", "target", "vectorbt w1", 4.0),
    ("B5", "dates", "bt w2", 15.0),
    ("B5", "dates", "vectorbt w2", 3.0),
    ("B6", "pairs", "raptorbt w3", 10.0),
    ("B6", "pairs", "vectorbt w3", 10.0),
)
"""What is asked: our mode at least so many times as fast as the peer. 0: told, not asked."""


def own(mode: str, rows: int, path: str) -> dict[str, Any]:
    """Run one of our modes from the peers' arrays to its result."""
    from benchmarks import backtest_workloads as work
    from qmt_trading.model.limits import Limits
    from qmt_trading.research import target
    from qmt_trading.research.backtest import run
    from qmt_trading.research.columns import Bars
    from qmt_trading.research.indicators import Sma

    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    name, _, gate = mode.partition(", ")
    given: dict[str, Any] = {"costs": work.FEES, "rules": work.SAME_DAY}
    if gate:
        given |= {"gate": "full", "limits": Limits()}
    size = rows
    if name in {"target", "pairs"} and target.compiled() is not None:  # Warm, as the peers are.
        small = {each: column[:2_000] for each, column in arrays.items()}
        target.run("warm", work.bars_of(small), np.zeros(2_000), cash=work.CASH_W1, **given)
        bars = work.bars_of(small)
        target.run("warm", bars, work.w1_target(bars), cash=work.CASH_W1, **given)
    taken = {each: column[:rows] for each, column in arrays.items()}
    begun = time.process_time()
    if name == "dates":
        result = run(work.Top, work.dates_of(taken), cash=work.CASH_W2, **given)
        size = rows * 1_000
    elif name == "pairs":
        bars = work.bars_of(taken)
        prepared = target.Prepared(bars, **given)
        columns = {"close": bars.close}
        means = {each: Sma("close", each).column(columns) for each in {each for pair in work.PAIRS for each in pair}}
        fills, equity, last = 0, 0, int(bars.close[-1])
        for fast, slow in work.PAIRS:
            made = prepared.walk(work.cross_target(means[fast], means[slow]), work.CASH_W1)
            fills += len(made.rows)
            equity += made.cash + made.position * last
        cpu_s = time.process_time() - begun
        return {"bars": rows, "cpu_s": cpu_s, "fills": fills, "equity": equity / 10_000}
    else:
        bars = work.bars_of(taken)
        if name == "target":
            result = target.run("cross", bars, work.w1_target(bars), cash=work.CASH_W1, **given)
        else:
            strategy = {"bars": work.Lean, "columns": work.Declared, "wake": work.Woken}[name]
            result = run(strategy, bars, cash=work.CASH_W1, **given)
        assert isinstance(bars, Bars)
    cpu_s = time.process_time() - begun
    return {"bars": size, "cpu_s": cpu_s, "fills": len(result.fills), "equity": result.final_equity / 10_000}


def called(command: list[str]) -> dict[str, Any] | str:
    """Return what a run printed, or the last line of why it did not."""
    paths = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        cwd=tempfile.gettempdir(),
        env={**os.environ, "PYTHONPATH": paths, "HOME": tempfile.gettempdir()},
        check=False,
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["?"])[-1]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def process_figures(python: str, path: str) -> str:
    """Return what a whole process of W1 takes: import (median of five, beside numpy's), CPU, memory (B7)."""
    # An installed package has its bytecode; a tree whose environment writes none would be compiled at each start.
    subprocess.run([python, "-m", "compileall", "-q", str(ROOT / "src"), str(ROOT / "benchmarks")], check=True)
    taken: dict[str, list[float]] = {"numpy": [], "qmt_trading.research.backtest": []}
    for _ in range(5):
        for name, figures in taken.items():
            code = f"import time\na = time.process_time()\nimport {name}\nb = time.process_time()\nimport json\n"
            found = called([python, "-c", code + "print(json.dumps({'s': b - a}))"])
            if isinstance(found, str):
                return found
            figures.append(found["s"])
    code = (
        "from benchmarks import backtest\n"
        f"backtest.own('bars', {W1}, {path!r})\n"
        "import json, resource\n"
        "r = resource.getrusage(resource.RUSAGE_SELF)\n"
        # Not by ``ru_maxrss``: it is never less than what this process held when it started that one.
        "rows = open('/proc/self/status', encoding='ascii').read().splitlines()\n"
        "peak = next(int(row.split()[1]) for row in rows if row.startswith('VmHWM'))\n"
        "print(json.dumps({'cpu': r.ru_utime + r.ru_stime, 'rss': peak / 1024}))\n"
    )
    found = called([python, "-c", code])
    if isinstance(found, str):
        return found
    alone, whole = (median(figures) for figures in taken.values())
    return (
        f"import {whole:.3f} CPU s (≤ 0.15; numpy alone {alone:.3f}); W1 process {found['cpu']:.2f} CPU s (≤ 2), "
        f"{found['rss']:.0f} MB (≤ 150)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--own", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mode", help=argparse.SUPPRESS)
    parser.add_argument("--arrays", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.mode:
        print(json.dumps(own(given.mode, OWN[given.mode], given.arrays)))
        return
    from benchmarks import backtest_workloads as work

    with tempfile.TemporaryDirectory() as folder:
        one, many = Path(folder, "w1.npz"), Path(folder, "w2.npz")
        given_one: dict[str, Any] = work.w1_arrays()
        given_many: dict[str, Any] = work.w2_arrays()
        np.savez(one, **given_one)
        np.savez(many, **given_many)
        paths = {"w1": str(one), "w2": str(many), "w3": str(one)}
        report(measured(given, paths))
        print("B7", process_figures(given.own, paths["w1"]))


def measured(given: argparse.Namespace, paths: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return what each contender took in each round, by its name."""
    found: dict[str, list[dict[str, Any]]] = {}
    missing: dict[str, str] = {}
    commands = {
        mode: [given.own, "-m", "benchmarks.backtest", "--mode", mode, "--arrays", paths[_workload(mode)]]
        for mode in OWN
    }
    script = str(Path(__file__).with_name("backtest_peers.py"))
    for (peer, workload), rows in PEERS.items():
        python = given.own if peer == "bare" else _python(given.peers, peer)
        if python:
            commands[f"{peer} {workload}"] = [python, script, paths[workload], peer, workload, str(rows)]
        else:
            missing[f"{peer} {workload}"] = "not installed"
    for _ in range(given.rounds):
        for name, command in commands.items():
            made = called(command)
            if isinstance(made, str):
                missing[name] = made
            else:
                found.setdefault(name, []).append(made)
    for name, why in missing.items():
        print(f"left out: {name}: {why}")
    return found


def _workload(mode: str) -> str:
    return "w2" if mode.startswith("dates") else "w1"


def _python(folder: Path | None, peer: str) -> str:
    for place in ("bin/python", "Scripts/python.exe"):
        if folder is not None and (folder / peer / place).exists():
            return str((folder / peer / place).absolute())
    return ""


def speed(made: dict[str, Any], name: str) -> float:
    """Return bars a CPU second, pair-bars for pairs."""
    pairs = 400 if name == "pairs" or name.endswith(" w3") else 1
    return float(made["bars"] * pairs / made["cpu_s"])


def report(found: dict[str, list[dict[str, Any]]]) -> None:
    print("| run | M bars per CPU s | fills | equity |\n|---|---|---|---|")
    for name, rounds in found.items():
        middle = median(speed(each, name) for each in rounds) / 1e6
        print(f"| {name} | {middle:.3f} | {rounds[0]['fills']} | {rounds[0]['equity']:.2f} |")
    print("\n| id | ours / peer | asked | median ratio | least |\n|---|---|---|---|---|")
    for id_, mode, peer, asked in TARGETS:
        if mode in found and peer in found:
            ratios = [speed(a, mode) / speed(b, peer) for a, b in zip(found[mode], found[peer], strict=False)]
            words = f"≥ {asked:g}" if asked else "-"
            print(f"| {id_} | {mode} / {peer} | {words} | {median(ratios):.1f} | {min(ratios):.1f} |")


if __name__ == "__main__":
    main()
