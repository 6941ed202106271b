"""A host that misbehaves on demand: ``python hand_host.py FOLDER DOING``; its first life does, its next are good.

Stands alone: the standard library and nothing of the project, as a stranger's host would.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

ACCOUNT = "11031122"


def say(**line: object) -> None:
    os.write(1, json.dumps(line).encode("ascii") + b"\n")


def now_us() -> int:
    return time.perf_counter_ns() // 1000


def beat(busy_from: float | None) -> None:
    """Say that all is well, or that a call hangs since then."""
    while True:
        busy = 0 if busy_from is None else int((time.monotonic() - busy_from) * 1e6)
        say(t="beat", hm=now_us(), busy=busy, call="order_stock_async", armed="trade")
        time.sleep(1)


def main() -> None:
    folder, doing = Path(sys.argv[1]), sys.argv[2]
    lives = len(list(folder.glob("life-*")))
    (folder / f"life-{lives}").touch()
    if lives:
        doing = "well"
    if doing == "dies":
        sys.stderr.write("柜台目录不可用\n")
        sys.stderr.flush()
        sys.exit(3)
    say(t="hello", link=[1, 1], kind="hand", dialect="plain", boot=os.urandom(8).hex(), hm=now_us())
    sys.stdin.buffer.readline()
    say(t="account", account=ACCOUNT, state="ready", session=1, n=1)
    say(t="beat", hm=now_us(), armed="trade")
    if doing == "freezes":
        time.sleep(600)  # Neither reads nor beats: a process that was suspended.
    if doing == "immortal":
        os.close(1)  # Its output ends, and it does not.
        while not (folder / "may-end").exists():
            time.sleep(0.05)
        os._exit(1)
    busy_from = time.monotonic() if doing == "hangs" else None
    threading.Thread(target=beat, args=(busy_from,), daemon=True).start()
    if doing == "hangs":
        time.sleep(600)
    (folder / f"pid-{lives}").write_text(str(os.getpid()), encoding="ascii")
    number = 1
    while line := sys.stdin.buffer.readline():
        message = json.loads(line)
        if message["t"] == "submit":
            number += 1
            say(t="stage", coid=message["coid"], st="dispatched", n=number)
            if doing == "leaves":
                os._exit(70)
        if message["t"] == "bye":
            (folder / "farewell").touch()
            return
    (folder / "end-of-input").touch()


if __name__ == "__main__":
    main()
