"""Runs the probe's text in the stand-in terminal, in virtual time; for CPython 3.6.

``python3.6 -m tests.fullqmt.py36.probed TEXT FOLDER ACCOUNT`` leaves its report in FOLDER.
"""

import sys
import time

from tests.fullqmt.py36.counter import Counter
from tests.fullqmt.py36.terminal import Context, Terminal

BEGINS_S = 1795662000.0
"""2026-11-26 11:00 in Shanghai."""


class Hours:
    """What the text sees as the module ``time``."""

    timezone = -8 * 3600

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def time(self) -> float:
        return BEGINS_S + self.now

    def strftime(self, form: str) -> str:
        return time.strftime(form, time.gmtime(self.time() + 8 * 3600))


def probed(text: str, folder: str, account: str, seconds: float = 120.0, **dials: object) -> Terminal:
    """Paste the probe and let it run for so long; return the terminal, whose strategy was stopped."""
    hours = Hours()
    counter = Counter([account] if account else [], hours.perf_counter)
    for name, value in dials.items():
        setattr(counter.dials, name, value)
    terminal = Terminal(counter, hours.perf_counter)
    terminal.modules["time"] = hours
    terminal.load(text.replace('REPORT_FOLDER = ""', "REPORT_FOLDER = {!r}".format(folder)), account)
    while hours.now < seconds:
        hours.now += 0.1
        terminal.run()
    terminal.enter("stop", Context(terminal))
    return terminal


def main() -> int:
    text, folder, account = sys.argv[1:]
    with open(text, encoding="ascii") as file:
        terminal = probed(file.read(), folder, account)
    print(terminal.escaped, [name for name in terminal.calls if not name.startswith("get ")])
    return 0


if __name__ == "__main__":
    sys.exit(main())
