"""The full terminal as a strategy sees it: names put beside the text, one thread, a timer, callbacks."""

import builtins
import copy
import random
import threading
import types

from tests.fullqmt.py36.counter import Counter, Native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List

SETTINGS = ("LINKS", "SECRET", "OBSERVE", "NEEDS_CALLBACK", "JOURNAL_FOLDER")
PERIODS = {"100nMilliSecond": 0.1}


def filled_in(text: str, settings: "Dict[str, Any]") -> str:
    """Return the host's text with settings as a person fills them in: one line each."""
    lines = text.split("\n")
    for name, value in settings.items():
        if name not in SETTINGS:
            raise ValueError(name)
        places = [number for number, line in enumerate(lines) if line.startswith(name + " = ")]
        if len(places) != 1:
            raise ValueError("{} stands {} times".format(name, len(places)))
        lines[places[0]] = "{} = {!r}".format(name, value)
    return "\n".join(lines)


class Context:
    """What the terminal hands to every function of a strategy."""

    def __init__(self, terminal: "Terminal") -> None:
        self._terminal = terminal
        self.do_back_test = False
        self.stockcode = "600000"
        self.last_bar = False

    def __deepcopy__(self, memo: "Any") -> "Context":
        made = Context(self._terminal)
        made.last_bar = self.last_bar
        return made

    def is_last_bar(self) -> bool:
        return self.last_bar

    def set_account(self, account: str) -> None:
        self._terminal.bound.add(account)

    def run_time(self, name: str, period: str, begin: str) -> None:
        self._terminal.timers.append([self._terminal.space, name, PERIODS[period], self._terminal.clock()])

    def get_full_tick(self, symbols: "List[str]") -> "Dict[str, Any]":
        self._terminal.waits()
        if not self._terminal.counter.dials.quotes:
            raise RuntimeError("no quote server")
        return {symbol: tick for symbol, tick in self._terminal.ticks.items() if symbol in symbols}

    def subscribe_whole_quote(self, markets: "List[str]", callback: "Callable[[Any], None]") -> int:
        self._terminal.waits()
        self._terminal.whole = callback
        return 1

    def unsubscribe_quote(self, number: int) -> None:
        self._terminal.whole = None

    def get_instrumentdetail(self, symbol: str) -> "Dict[str, Any]":
        self._terminal.waits()
        found: "Dict[str, Any]" = self._terminal.details[symbol]
        return found


class Terminal:
    """One client process. Its thread is the one that makes it."""

    def __init__(self, counter: Counter, clock: "Callable[[], float]", seed: int = 1) -> None:
        self.counter = counter
        self.clock = clock
        self.timers: "List[List[Any]]" = []
        self.bound: "set[str]" = set()
        self.space: "Dict[str, Any]" = {}
        self.ticks: "Dict[str, Any]" = {}
        self.details: "Dict[str, Any]" = {}
        self.whole: "Any" = None
        self.calls: "List[str]" = []
        """Names of the native calls that a strategy made, newest last; at most the last thousand."""
        self.waits: "Callable[[], None]" = lambda: None
        """Called at the beginning of each native call; it may take its time."""
        self.escaped: "List[str]" = []
        """What escaped from a strategy's function: the terminal would end it."""
        self.forbidden: "List[str]" = []
        """Modules that this terminal does not have, or does not let its strategies have."""
        self.modules: "Dict[str, Any]" = {}
        """What strategies get instead of these modules."""
        self._thread = threading.get_ident()
        self._random = random.Random(seed)
        self._asset_at = 0.0

    def load(self, text: str, account: str, *, bars: int = 200) -> None:
        """Run a strategy's text, put the names beside it, begin it, and play the bars of history."""
        self.space = {"__builtins__": dict(vars(builtins), __import__=self._import)}
        exec(compile(text, "<string>", "exec"), self.space)  # As the terminal does.
        self.space.update(
            account=account,
            accountType="STOCK",
            passorder=self.passorder,
            cancel=self.cancel,
            get_trade_detail_data=self.get_trade_detail_data,
        )
        context = Context(self)
        self.enter("init", context)
        for bar in range(bars):
            rolled_back = copy.deepcopy(context)
            rolled_back.last_bar = bar == bars - 1
            self.enter("handlebar", rolled_back)

    def enter(self, name: str, *arguments: "Any") -> None:
        """Call one of the strategy's functions; nothing may escape from it."""
        self.enter_in(self.space, name, *arguments)

    def enter_in(self, space: "Dict[str, Any]", name: str, *arguments: "Any") -> None:
        """Call a function of a text that may be one of before."""
        function = space.get(name)
        if function is None:
            return
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001 - noted: the terminal would end the strategy.
            self.escaped.append("{}: {!r}".format(name, error))

    def run(self) -> None:
        """Do what is due now: the counter's work, callbacks, timers."""
        self.counter.run()
        if self.clock() >= self._asset_at and self.counter.dials.callbacks:
            self._asset_at = self.clock() + 5.0
            if not self.counter.dials.simulated_signals:
                for account in self.bound:
                    self.counter.events.append(("account", self.counter.asset(account)))
        self.call_back()
        for timer in list(self.timers):
            if timer[3] <= self.clock():
                timer[3] = max(timer[3] + timer[2], self.clock() + 0.044) + self._random.uniform(-0.01, 0.02)
                self.enter_in(timer[0], timer[1], Context(self))

    def next_at(self) -> float:
        """Return when something is due next."""
        times: "List[float]" = [timer[3] for timer in self.timers] + [self.clock() + 0.1]
        later = self.counter.next_at()
        return min(times if later is None else [later, *times])

    def call_back(self) -> None:
        """Make the callbacks that wait, on this thread or on a foreign one."""
        events, self.counter.events = self.counter.events, []
        if not events:
            return
        if self.counter.dials.calls_back_from == "foreign":
            thread = threading.Thread(target=self._call_back, args=(events,))
            thread.start()
            thread.join()
        else:
            self._call_back(events)

    def _call_back(self, events: "List[Any]") -> None:
        for kind, row in events:
            name = {"error": "orderError_callback"}.get(kind, kind + "_callback")
            if row.get("m_strAccountID", row.get("accountID")) not in self.bound:
                continue  # Of the account that the strategy is bound to, and no other.
            told = Native(row, self._is_home)
            if kind == "error":
                self.enter(name, Context(self), told, row["words"])
            else:
                self.enter(name, Context(self), told)

    def _is_home(self) -> bool:
        return threading.get_ident() == self._thread

    def _note(self, name: str) -> None:
        self.calls.append(name)
        del self.calls[:-1000]
        self.waits()

    def _import(self, name: str, *arguments: "Any", **more: "Any") -> "Any":
        if name.partition(".")[0] in self.forbidden:
            raise ImportError("module not in whitelist: " + name)
        return self.modules.get(name) or __import__(name, *arguments, **more)

    # What is put beside a strategy's text.

    def passorder(self, *arguments: "Any") -> "Any":
        op, kind, account, symbol, price_type, price, volume, source, quick, remark, context = arguments
        dials = self.counter.dials
        if (kind, price_type, quick) != (1101, 11, 2) or not isinstance(context, Context):
            raise TypeError("did not match C++ signature")
        self._note("passorder")
        if dials.raises == "before":
            raise RuntimeError("bad lexical cast")
        self.counter.place(account, op, symbol, price, volume, remark, source)
        if dials.raises == "after":
            raise RuntimeError("bad allocation")
        return dials.returns

    def cancel(self, sysid: str, account: str, kind: str, context: "Any") -> bool:
        if not isinstance(context, Context) or not isinstance(sysid, str):
            raise TypeError("did not match C++ signature")
        self._note("cancel")
        return self.counter.cancel(sysid, account)

    def get_trade_detail_data(self, account: str, kind: str, what: str) -> "List[Any]":
        self._note("get " + what)
        rows = self.counter.rows(account, what)
        if self.counter.dials.hollow or not self._is_home():
            return [Native(dict.fromkeys(row), self._is_home) for row in rows]
        return [types.SimpleNamespace(**row) for row in rows]  # As they were when they were asked for.
