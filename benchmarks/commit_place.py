"""Where a commit belongs: on the deciding thread, or on a thread of its own. Prints both, taken in turns.

``python -m benchmarks.commit_place FOLDER``: the folder must lie on the disk under test.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue

ROUNDS = 1500
GAP_S = 0.002
PAYLOAD = b"x" * 900


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("pragma wal_autocheckpoint=0")
    connection.execute("create table if not exists turn(number integer primary key, payload blob)")
    return connection


def _commit(connection: sqlite3.Connection) -> None:
    connection.execute("begin immediate")
    connection.execute("insert into turn(payload) values (?)", (PAYLOAD,))
    connection.execute("commit")


def main() -> int:
    """Measure and print medians and 90th percentiles in microseconds."""
    folder = Path(sys.argv[1])
    inline = _connect(folder / "inline.sqlite")
    apart = _connect(folder / "apart.sqlite")
    asked: SimpleQueue[bool] = SimpleQueue()
    done: SimpleQueue[bool] = SimpleQueue()

    def work() -> None:
        while asked.get():
            _commit(apart)
            done.put(True)

    worker = threading.Thread(target=work)
    worker.start()
    taken: dict[str, list[int]] = {"deciding thread": [], "own thread": []}
    for _ in range(ROUNDS):
        for place in random.sample(sorted(taken), 2):
            time.sleep(GAP_S)
            began = time.perf_counter_ns()
            if place == "own thread":
                asked.put(True)
                done.get()
            else:
                _commit(inline)
            taken[place].append(time.perf_counter_ns() - began)
    asked.put(False)
    worker.join()
    for place, values in taken.items():
        values.sort()
        half, tail = values[len(values) // 2] / 1e3, values[len(values) * 9 // 10] / 1e3
        print(f"{place:16} p50 {half:7.0f} us  p90 {tail:7.0f} us")
    return 0


if __name__ == "__main__":
    sys.exit(main())
