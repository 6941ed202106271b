#coding:gbk
"""Looks at what a full QMT terminal gives its strategies, and writes it down: reads alone, and can send no order.

A person pastes this file once as a strategy and runs it under model trading, live, on daily bars; docs/full-qmt.md says
how. CPython 3.6, ASCII. It keeps names, kinds, counts and times: no money, no account, no order.
"""

import io
import json
import os
import re
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

REPORT_FOLDER = ""
"""Where the report goes; empty: a folder of the Windows user."""

VERSION = 1
NAMES_OF_OURS = ("account", "accountType")
MODULES = (
    "_winapi", "ctypes", "socket", "_socket", "select", "ssl", "threading", "msvcrt", "mmap", "sqlite3", "logging",
    "importlib", "encodings.idna", "datetime", "hashlib", "hmac", "collections", "math", "struct")  # fmt: skip
KINDS = ("ACCOUNT", "ORDER", "DEAL", "POSITION")
TOLD = ("m_strTradingDate", "m_nBrokerType", "m_strStatus")
"""The only values that are kept of a row."""
PERIODS = {"100": "100nMilliSecond", "50": "50nMilliSecond", "20": "20nMilliSecond"}
WRITE_EVERY_S = 60.0
GAPS_MAX = 2000

FOUND: "Dict[str, Any]" = {
    "version": VERSION, "timers": {}, "threads": {}, "callbacks": {}, "rows": {}, "hours": {}, "errors": [],
    "bars": {"seen": 0, "last": False}}  # fmt: skip
STATE: "Dict[str, Any]" = {"written": 0.0, "queried": False, "said": False}
LAST: "Dict[str, float]" = {}
GAPS: "Dict[str, List[float]]" = {}


def thread() -> int:
    """Return what tells this thread from others."""
    try:
        return int(__import__("_thread").get_ident())
    except Exception:  # noqa: BLE001 - a terminal may forbid it.
        return 0


def note(where: str, error: BaseException) -> None:
    """Keep an error, once for each place and kind."""
    text = re.sub(r"\d{6,}", "*", "{}: {}".format(where, repr(error)[:200]))  # It might name an account.
    if text not in FOUND["errors"] and len(FOUND["errors"]) < 50:
        FOUND["errors"].append(text)


def importable(name: str) -> str:
    """Return how importing a module ended; empty: well."""
    try:
        __import__(name)
    except Exception as error:  # noqa: BLE001 - some terminals raise errors of their own.
        return repr(error)[:200]
    return ""


def look_around() -> None:
    """Note what does not change: the interpreter, its modules, the names that the terminal put beside this text."""
    FOUND["python"] = sys.version
    FOUND["executable"] = re.split(r"[\\/]", str(sys.executable))[-1]
    FOUND["builtin_modules"] = sorted(sys.builtin_module_names)
    FOUND["modules"] = {name: importable(name) for name in MODULES}
    FOUND["encoding"] = [sys.getdefaultencoding(), str(getattr(sys.stdout, "encoding", ""))]
    FOUND["zone_s"] = time.timezone
    injected = {}
    for name, value in list(globals().items()):
        if name in OWN or name.startswith("__"):
            continue
        injected[name] = {"kind": type(value).__name__, "doc": str(getattr(value, "__doc__", "") or "")[:600]}
        if not callable(value):
            injected[name]["doc"] = ""
    FOUND["injected"] = injected
    FOUND["bound"] = bool(globals().get("account"))
    FOUND["account_type"] = str(globals().get("accountType") or "")[:20]


def look_at_context(context: "Any") -> None:
    """Note the names that the context has, without calling any but the timer's and the account's."""
    FOUND["context"] = sorted(name for name in dir(context) if not name.startswith("__"))[:400]
    FOUND["back_test"] = bool(getattr(context, "do_back_test", False))
    FOUND["period"] = str(getattr(context, "period", ""))[:20]


def init(ContextInfo: "Any") -> None:
    """Look around, and start the timers."""
    try:
        FOUND["threads"]["init"] = thread()
        FOUND["begun"] = time.strftime("%Y-%m-%d %H:%M:%S")
        look_around()
        look_at_context(ContextInfo)
        if globals().get("account"):
            ContextInfo.set_account(globals()["account"])  # Without it there are no callbacks.
        for name, period in sorted(PERIODS.items()):
            try:
                ContextInfo.run_time("qmt_probe_" + name, period, "2019-10-14 13:20:00")
                FOUND["timers"][name] = {"ticks": 0}
            except Exception as error:  # noqa: BLE001 - it is what is to be found out.
                note("run_time " + period, error)
        write()
    except Exception as error:  # noqa: BLE001 - what escapes here ends the strategy.
        note("init", error)
        write()


def tick(name: str) -> None:
    """Take a tick of a timer."""
    now = time.perf_counter()
    timer = FOUND["timers"].setdefault(name, {"ticks": 0})
    timer["ticks"] += 1
    FOUND["threads"].setdefault("timer", thread())
    if thread() != FOUND["threads"]["timer"]:
        FOUND["threads"]["timer moves"] = thread()
    if name in LAST and len(GAPS.setdefault(name, [])) < GAPS_MAX:
        GAPS[name].append(now - LAST[name])
    LAST[name] = now
    if name == "100":
        hour = time.strftime("%H")
        FOUND["hours"][hour] = FOUND["hours"].get(hour, 0) + 1
        if not STATE["queried"] and timer["ticks"] > 100:
            STATE["queried"] = True
            query()
        if time.time() - STATE["written"] > WRITE_EVERY_S:
            write()


def qmt_probe_100(ContextInfo: "Any") -> None:
    safely("100", tick, "100")


def qmt_probe_50(ContextInfo: "Any") -> None:
    safely("50", tick, "50")


def qmt_probe_20(ContextInfo: "Any") -> None:
    safely("20", tick, "20")


def safely(where: str, function: "Any", *arguments: "Any") -> None:
    """Call a function of this file; nothing escapes."""
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001 - what escapes ends the strategy.
        note(where, error)


def query() -> None:
    """Read each kind of row once, and keep which fields it has."""
    function = globals().get("get_trade_detail_data")
    name, kind = globals().get("account"), globals().get("accountType") or "STOCK"
    if function is None or not name:
        return
    for what in KINDS:
        begun = time.perf_counter()
        try:
            rows = list(function(name, kind, what))
            told: "Dict[str, Any]" = {"count": len(rows), "fields": [], "values": {}}
            if rows:
                told["fields"] = sorted(each for each in dir(rows[0]) if each.startswith("m_"))
                told["hollow"] = all(getattr(rows[0], each, None) in (None, "") for each in told["fields"])
                told["remark_max"] = max(len(str(getattr(row, "m_strRemark", "") or "")) for row in rows)
                if what == "ACCOUNT":
                    told["values"] = {each: str(getattr(rows[0], each, None))[:40] for each in TOLD}
        except Exception as error:  # noqa: BLE001 - native code raises anything.
            told = {"error": repr(error)[:200]}
        told["us"] = int((time.perf_counter() - begun) * 1000000)
        FOUND["rows"][what] = told


def called(name: str) -> None:
    """Note that a callback came, and on which thread."""
    seen = FOUND["callbacks"].setdefault(name, {"count": 0, "first": time.strftime("%H:%M:%S"), "thread": thread()})
    seen["count"] += 1


def account_callback(ContextInfo: "Any", accountInfo: "Any") -> None:
    safely("account_callback", called, "account")


def position_callback(ContextInfo: "Any", positionInfo: "Any") -> None:
    safely("position_callback", called, "position")


def order_callback(ContextInfo: "Any", orderInfo: "Any") -> None:
    safely("order_callback", called, "order")


def deal_callback(ContextInfo: "Any", dealInfo: "Any") -> None:
    safely("deal_callback", called, "deal")


def handlebar(ContextInfo: "Any") -> None:
    safely("handlebar", bar, ContextInfo)


def bar(context: "Any") -> None:
    """Note a bar."""
    FOUND["threads"].setdefault("handlebar", thread())
    FOUND["bars"]["seen"] += 1
    FOUND["bars"]["last"] = FOUND["bars"]["last"] or bool(context.is_last_bar())


def stop(ContextInfo: "Any") -> None:
    FOUND["stopped"] = time.strftime("%Y-%m-%d %H:%M:%S")
    safely("stop", write)


def write() -> None:
    """Put the report in the place of the one before; where no file can be written, show it once in the panel."""
    STATE["written"] = time.time()
    for name, gaps in GAPS.items():
        ordered = sorted(gaps)
        if ordered:
            middle, high = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
            FOUND["timers"][name].update(middle_ms=round(middle * 1000, 1), high_ms=round(high * 1000, 1))
    FOUND["told"] = time.strftime("%Y-%m-%d %H:%M:%S")
    FOUND.pop("file", None)
    folder = REPORT_FOLDER or os.path.join(
        os.environ.get("LOCALAPPDATA") or os.path.expanduser("~"), "qmt-trading-system", "full-qmt"
    )
    path = os.path.join(folder, "probe-report.json")
    try:
        if not os.path.isdir(folder):
            os.makedirs(folder)
        with io.open(path + ".new", "wb") as file:
            file.write(json.dumps(dict(FOUND, file=True), sort_keys=True).encode("ascii"))
        os.replace(path + ".new", path)
        text = "report: " + path
    except Exception as error:  # noqa: BLE001 - a terminal that forbids files does so by errors of its own.
        note("report", error)
        text = "QMTPROBE " + json.dumps(FOUND, sort_keys=True)
    if not STATE["said"] and STATE["queried"]:
        STATE["said"] = True
        try:
            print(text)
        except Exception as error:  # noqa: BLE001 - the panel is closed.
            note("panel", error)


OWN = frozenset(("OWN", *globals(), *NAMES_OF_OURS))
"""Names of this text: what is there besides was put beside it."""
print("[qmt-trading-system] probe loaded: it reads alone, and can send no order")
