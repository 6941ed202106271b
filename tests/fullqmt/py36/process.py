"""Runs the stand-in terminal in real time, with a door for the test that drives it; for CPython 3.6.

The door answers one JSON object per line: ``{"do": NAME, …}``.
"""

import argparse
import ctypes
import json
import os
import socket
import threading
import time

from tests.fullqmt.py36.counter import Counter, Dials
from tests.fullqmt.py36.terminal import Terminal, filled_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple


class Door:
    """What a test asks of the terminal, from a thread of its own."""

    def __init__(self, terminal: Terminal, port: int) -> None:
        self._terminal = terminal
        self.lock = threading.Lock()
        self.hang_until = 0.0
        self.hanging = False
        """Whether a call hangs now."""
        self.shift_s = 0.0
        """By how much the wall clock of the counter is moved."""
        self.wanted: "List[Dict[str, Any]]" = []
        """What only the terminal's own thread may do."""
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(8)
        threading.Thread(target=self._serve, daemon=True).start()

    def stamp(self) -> "Tuple[str, str]":
        """Return the date and the time of Shanghai; the time without its leading zero, as terminals have it."""
        now = time.gmtime(time.time() + 8 * 3600 + self.shift_s)
        return time.strftime("%Y%m%d", now), str(int(time.strftime("%H%M%S", now))).zfill(4)

    def wait(self) -> None:
        """Hang, if every call is to hang."""
        while time.monotonic() < self.hang_until:
            self.hanging = True
            time.sleep(0.005)
        self.hanging = False

    def _serve(self) -> None:
        while True:
            accepted, _ = self._listener.accept()
            with accepted, accepted.makefile("rwb") as lines:
                asked = json.loads(lines.readline().decode("utf-8"))
                try:
                    answer = self._do(asked)
                except Exception as error:  # noqa: BLE001 - the test is told.
                    answer = {"error": repr(error)}
                lines.write(json.dumps(answer).encode("ascii") + b"\n")

    def _do(self, asked: "Dict[str, Any]") -> "Dict[str, Any]":
        counter, do = self._terminal.counter, asked["do"]
        if do == "orders":
            return {"orders": [dict(row) for row in list(counter.orders)]}
        if do == "hanging":
            return {"hanging": self.hanging}
        if do == "cancels":
            return {"cancels": list(counter.cancels)}
        if do == "shift":
            self.shift_s = asked["seconds"]
        elif do == "honest":
            counter.dials = Dials()
            self.hang_until = 0.0
        elif do == "hang":
            self.hang_until = time.monotonic() + asked["seconds"] if asked["seconds"] else 0.0
        elif do == "executed":
            return {"executed": dict(counter.executed)}
        elif do == "escaped":
            return {"escaped": list(self._terminal.escaped)}
        elif do == "calls":
            return {"calls": list(self._terminal.calls)}
        elif do == "dial":
            for name, value in asked["dials"].items():
                if not hasattr(counter.dials, name):
                    raise ValueError(name)
                setattr(counter.dials, name, value)
        elif do == "ticks":
            self._terminal.ticks.update(asked["ticks"])
        elif do == "details":
            self._terminal.details.update(asked["details"])
        elif do in ("foreign", "reload", "stop", "fill", "whole", "cancel"):
            with self.lock:
                self.wanted.append(asked)
        else:
            raise ValueError(do)
        return {}


def main() -> None:
    """Load the host's text and run until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", required=True)
    parser.add_argument("--rig", type=int, required=True)
    parser.add_argument("--link", action="append", help="in the place of what the text says, with our secret")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--account", action="append", required=True)
    parser.add_argument("--held", action="append", default=[], help="of which every account begins with 10,000 shares")
    parser.add_argument("--observe", action="store_true")
    parser.add_argument("--forbid", action="append", default=[], help="a module that strategies cannot import")
    parser.add_argument(
        "--hold", action="store_true", help="let go of the interpreter once for each tick; not on Windows"
    )
    arguments = parser.parse_args()
    counter = Counter(arguments.account, time.monotonic)
    terminal = Terminal(counter, time.monotonic)
    door = Door(terminal, arguments.rig)
    counter.stamp = door.stamp
    for symbol in arguments.held:
        counter.held.update({(account, symbol[:6], symbol[7:]): 10000 for account in arguments.account})
    terminal.waits = door.wait
    terminal.forbidden = arguments.forbid
    # In the terminal's own code nobody else's Python runs.
    sleep_us = ctypes.PyDLL(None).usleep if arguments.hold else lambda us: time.sleep(us / 1e6)
    with open(arguments.text, encoding="ascii") as file:
        text = file.read()
    settings: "Dict[str, Any]" = {"JOURNAL_FOLDER": arguments.folder}
    if arguments.link:
        settings.update(LINKS=tuple(arguments.link), SECRET=os.environ["QMT_LINK_SECRET"], OBSERVE=arguments.observe)
    text = filled_in(text, settings)
    terminal.load(text, arguments.account[0])
    while True:
        terminal.run()
        with door.lock:
            wanted, door.wanted = door.wanted, []
        for asked in wanted:
            act(terminal, asked, text, arguments.account[0])
        terminal.call_back()
        time.sleep(0)
        sleep_us(int(max(min(terminal.next_at() - time.monotonic(), 0.1 if arguments.hold else 0.01), 0.0) * 1e6))


def act(terminal: Terminal, asked: "Dict[str, Any]", text: str, account: str) -> None:
    """Do what only the terminal's own thread may do."""
    do = asked["do"]
    if do == "foreign":
        more = {name: asked[name] for name in ("op", "phone") if name in asked}
        terminal.counter.by_hand(asked["account"], asked["symbol"], asked["price"], **more)
    elif do == "fill":
        name, value = ("m_strRemark", asked["remark"]) if "remark" in asked else ("m_strOrderSysID", asked["number"])
        order = next(row for row in terminal.counter.orders if row[name] == value)
        terminal.counter.fill(order, asked.get("volume", 0))
    elif do == "whole":
        if terminal.whole is not None:
            terminal.whole(asked["ticks"])
    elif do == "cancel":  # By hand.
        terminal.counter.cancel(asked["number"], asked["account"])
    elif do == "stop":
        terminal.enter("stop", None)
    else:  # The terminal runs the text anew without a word to the run before, whose timer goes on.
        terminal.load(text, account)


if __name__ == "__main__":
    main()
