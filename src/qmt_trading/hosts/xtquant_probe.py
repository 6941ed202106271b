"""Asks a QMT terminal one question under ``set_timeout``, and says when the call came back; sends no order.

Standard library only, one file, Python 3.8 and up, like the host beside it. It says one JSON line when it is connected,
waits for a line on its standard input, asks, and says one more. The calls may hang: it ends by ``os._exit``.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import sys
import threading
import time
import types
from typing import Any


def package_of(folder: str) -> str:
    """Return the folder of the package xtquant: in ``folder``, or installed where that is empty."""
    for place in (os.path.join(folder, "xtquant"), folder) if folder else ():
        if os.path.isfile(os.path.join(place, "xttrader.py")):
            return os.path.abspath(place)
    spec = None if folder else importlib.util.find_spec("xtquant")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("no xtquant in " + (folder or sys.executable))
    return str(next(iter(spec.submodule_search_locations)))


def load(package: str, module: str) -> Any:
    """Return a module of xtquant; the package's own file, which asks an address on the network, is never run."""
    if "xtquant" not in sys.modules:
        empty = types.ModuleType("xtquant")
        empty.__path__ = [package]
        sys.modules["xtquant"] = empty
    return importlib.import_module("xtquant." + module)


def say(**line: object) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def answer_of(call: Any, seconds: float) -> dict[str, object]:
    """Return what ``call`` gave, and when; ``returned`` False: it had not come back after ``seconds``."""
    found: dict[str, object] = {"returned": False}
    begun = time.monotonic()

    def work() -> None:
        try:
            answer = call()
            told = {"asset": answer is not None, "text": "None" if answer is None else type(answer).__name__}
        except Exception as error:  # noqa: BLE001 - xtquant raises anything; it is what is asked for.
            told = {"asset": False, "text": repr(error)}
        found.update(told, returned=True, ms=int((time.monotonic() - begun) * 1000))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    return dict(found)


def probe(options: argparse.Namespace) -> None:
    """Connect, wait for the word, ask; on a worker's thread, since the constructor takes over the main one's loop."""
    package = package_of(options.xtquant)
    module = load(package, "xttrader")
    trader = module.XtQuantTrader(options.terminal, options.session)
    trader.register_callback(module.XtQuantTraderCallback())
    trader.start()
    code = trader.connect()
    if code != 0:
        say(t="refused", text=f"connect gave {code}")
        return
    account = load(package, "xttype").StockAccount(options.account, "STOCK")
    trader.subscribe(account)
    first = answer_of(lambda: trader.query_stock_asset(account), options.wait)
    if not first.get("asset"):
        say(t="refused", text=f"the asset query gave {first.get('text')}")
        return
    trader.set_timeout(options.timeout)
    say(t="ready", ms=first["ms"])
    sys.stdin.readline()
    say(t="answer", **answer_of(lambda: trader.query_stock_asset(account), options.wait))


def main() -> None:
    """Run the probe and end, whatever hangs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--terminal", required=True)
    parser.add_argument("--xtquant", default="")
    parser.add_argument("--account", required=True)
    parser.add_argument("--session", type=int, required=True)
    parser.add_argument("--timeout", type=int, default=3)
    parser.add_argument("--wait", type=float, default=15.0)
    options = parser.parse_args()
    # What xtquant prints must not stand between our lines.
    sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def work() -> None:
        try:
            probe(options)
        except Exception as error:  # noqa: BLE001 - the top of this thread; it is told.
            say(t="refused", text=repr(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    os._exit(0)


if __name__ == "__main__":
    main()
