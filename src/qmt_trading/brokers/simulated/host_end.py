"""The host's end of a link, as far as it needs no exchange: who may do what, what was seen before, what waits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from qmt_trading.brokers.simulated.host_lane import Lane

SUBMITS_MAX: Final = 64
_REF_AGE_US_MAX: Final = 5_000_000
_REMARK_BYTES_MAX: Final = 22
_AGES: Final = frozenset({"t", "k", "ttl", "ref", "el"})
"""What is not a submit's content."""
KEYS: Final[Mapping[str, Mapping[str, type]]] = {
    "challenge": {"nonce": str, "mac": str},
    "welcome": {"link": int, "sid": str, "ep": int, "replay_from": int, "accounts": list},
    "arm": {"level": str},
    "halt": {"why": str},
    "submit": {
        "coid": str,
        "account": str,
        "symbol": str,
        "side": str,
        "kind": str,
        "price": str,
        "quantity": int,
        "remark": str,
        "ttl": int,
        "ref": int,
        "el": int,
    },
    "cancel": {"cid": str, "account": str, "coid": str, "broker_id": str, "venue_id": str, "symbol": str},
    "list": {"q": str, "account": str},
    "outcome": {"q": str, "coid": str, "fence": bool},
    "watch": {"symbols": list, "markets": list, "every": int},
    "details": {"q": str, "symbols": list},
    "download": {"q": str, "symbols": list, "period": str, "begin": str, "end": str},
    "bars": {"q": str, "symbol": str, "period": str, "begin": str, "end": str},
    "ping": {"x": object},
    "ack": {},
    "bye": {"why": str},
}
"""What the engine may say. Source: docs/link.md."""


class Work(NamedTuple):
    """A command that needs the exchange."""

    name: str
    message: Mapping[str, object]


class HostEnd:
    """Takes the engine's lines as they come and keeps what is to be done. Safe from any thread."""

    def __init__(self, lane: Lane, now_us: Callable[[], int], *, observe: bool) -> None:
        self._lane = lane
        self._now_us = now_us
        self._observe = observe
        self._began_us = now_us()
        self._changed = threading.Condition()
        self._level = "none"
        self._epoch = -1
        self._accounts: frozenset[str] = frozenset()
        self.ready: set[str] = set()
        self._cancels: deque[Work] = deque()
        self._others: deque[Work] = deque()
        self._contents: dict[str, Mapping[str, object]] = {}
        self._stages: dict[str, dict[str, object]] = {}
        self._fenced: set[str] = set()

    @property
    def level(self) -> str:
        return self._level

    def queued(self) -> dict[str, int]:
        with self._changed:
            names = [work.name for work in self._others]
            return {"submits": names.count("submit"), "cancels": len(self._cancels), "lists": names.count("list")}

    def begin(self, epoch: int, accounts: frozenset[str]) -> bool:
        """Begin a connection of an engine; False: a newer engine has been here. Work of before stays in its place."""
        with self._changed:
            if epoch < self._epoch:
                return False
            self._epoch, self._accounts, self._level = epoch, accounts, "none"
            return True

    def fault(self, message: Mapping[str, object]) -> str:
        """Return why a line is not understood; empty when it is."""
        keys = KEYS.get(str(message["t"]))
        if keys is None:
            return "unknown t"
        for key, value in message.items():
            if key in ("t", "k") or key.startswith("x_"):
                continue
            if key not in keys:
                return f"unknown key {key}"
            if keys[key] is not object and type(value) is not keys[key]:
                return f"{key} is no {keys[key].__name__}"
        missing = [key for key in keys if key not in message and keys[key] is not object]
        return f"no {missing[0]}" if missing else ""

    def take(self, message: Mapping[str, object]) -> None:
        """Take one understood line of a welcomed engine."""
        name = str(message["t"])
        with self._changed:
            match name:
                case "arm":
                    self._arm(str(message["level"]), "")
                case "halt":
                    self._arm("cancel", str(message["why"]))
                    for work in [work for work in self._others if work.name == "submit"]:
                        self._others.remove(work)
                        self.staged(str(work.message["coid"]), "refused", why="halted")
                case "submit":
                    self._submit(message)
                case "cancel":
                    self._cancel(message)
                case "outcome":
                    self._outcome(message)
                case "list" | "ping":
                    self._others.append(Work(name, message))
                case "watch" | "details" | "download" | "bars":
                    self._lane.put({"t": "nak", "of": name, "why": "capability"})
                case _:
                    pass
            self._changed.notify_all()

    def next(self, wait_s: float | None) -> Work | None:
        """Return the next command: cancels first, then what came first; None after ``wait_s`` without one."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._cancels or self._others, wait_s):
                return None
            return self._cancels.popleft() if self._cancels else self._others.popleft()

    def may_call(self, submit: Mapping[str, object]) -> bool:
        """Take the last look before the exchange: may it still go? A refusal is told."""
        with self._changed:
            coid = str(submit["coid"])
            why = self._obstacle(submit)
            if not why and self._age_us(submit) > _int(submit["ttl"]):
                why = "expired"
            if why:
                self.staged(coid, "refused", why=why)
                return False
            self._stages[coid] = {"st": "unknown", "why": "calling"}
            return True

    def left_us(self, submit: Mapping[str, object]) -> int:
        """Return how long the submit may still take."""
        return _int(submit["ttl"]) - self._age_us(submit)

    def staged(self, coid: str, stage: str, *, why: str = "", text: str = "", native: object = None) -> None:
        """Keep and tell where a submit has got to."""
        told: dict[str, object] = {"st": stage, "why": why, "text": text, "native": native}
        with self._changed:
            self._stages[coid] = told
        self._lane.put({"t": "stage", "coid": coid, **told})

    def knows(self, coid: str) -> bool:
        return coid in self._stages

    def disarm(self, why: str) -> None:
        """Let go of everything that the engine has allowed."""
        with self._changed:
            self._level = "none"
        self._lane.put({"t": "armed", "level": "none", "why": why})

    # Under ``_changed``.

    def _arm(self, level: str, why: str) -> None:
        if level in ("none", "cancel", "trade"):
            self._level = "none" if self._observe else level
        self._lane.put({"t": "armed", "level": self._level, "why": "observe" if self._observe else why})

    def _submit(self, message: Mapping[str, object]) -> None:
        coid = str(message["coid"])
        content = {key: value for key, value in message.items() if key not in _AGES and not key.startswith("x_")}
        if coid in self._fenced:
            self._lane.put({"t": "stage", "coid": coid, **self._stages[coid]})
            return
        if coid in self._contents:
            if self._contents[coid] != content:
                self._lane.put({"t": "nak", "of": "submit", "why": f"conflict {coid}"})
            elif coid in self._stages:
                self._lane.put({"t": "stage", "coid": coid, **self._stages[coid]})
            return
        self._contents[coid] = content
        why = self._obstacle(message)
        text = _unfit(message)
        if not why and text:
            why = "bad"
        if not why and self._lane.crowded:
            why = "busy"
        if not why and sum(work.name == "submit" for work in self._others) >= SUBMITS_MAX:
            why = "busy"
        if not why and not self._is_clock(message):
            why = "no_clock"
        if why:
            self.staged(coid, "refused", why=why, text=text)
            if why == "busy" and self._lane.crowded:
                self._level = "none"
        else:
            self._others.append(Work("submit", message))

    def _obstacle(self, message: Mapping[str, object]) -> str:
        account = str(message["account"])
        if self._observe or self._level != "trade":
            return "disarmed"
        if account not in self._accounts:
            return "no_account"
        if account not in self.ready:
            return "not_ready"
        return "capability" if message["kind"] != "limit" else ""

    def _is_clock(self, message: Mapping[str, object]) -> bool:
        now_us, ref = self._now_us(), _int(message["ref"])
        return self._began_us <= ref <= now_us and now_us - ref <= _REF_AGE_US_MAX and _int(message["el"]) >= 0

    def _age_us(self, message: Mapping[str, object]) -> int:
        return self._now_us() - _int(message["ref"]) - _int(message["el"])

    def _cancel(self, message: Mapping[str, object]) -> None:
        cid, coid = str(message["cid"]), str(message["coid"])
        answer: dict[str, object] = {"t": "cstage", "cid": cid, "coid": coid, "st": "refused"}
        if self._observe or self._level == "none":
            self._lane.put({**answer, "why": "disarmed"})
            return
        if not message["broker_id"] and not message["venue_id"]:
            waiting = [work for work in self._others if work.name == "submit" and work.message["coid"] == coid]
            if waiting:
                self._others.remove(waiting[0])
                self.staged(coid, "refused", why="withdrawn")
                self._lane.put({**answer, "why": "withdrawn"})
                return
        self._cancels.append(Work("cancel", message))

    def _outcome(self, message: Mapping[str, object]) -> None:
        coid, fence = str(message["coid"]), message["fence"] is True
        waiting = [work for work in self._others if work.name == "submit" and work.message["coid"] == coid]
        if fence and (waiting or coid not in self._contents):
            for work in waiting:
                self._others.remove(work)
            self._fenced.add(coid)
            self._stages[coid] = {"st": "refused", "why": "fenced", "text": "", "native": None}
        stage = self._stages.get(coid, {"st": "unknown", "why": "queued" if waiting else "never seen"})
        self._lane.put(
            {
                "t": "outcome",
                "q": message["q"],
                "coid": coid,
                "st": stage["st"],
                "why": stage["why"],
                "basis": "memory",
                "complete": stage["st"] == "refused",
            }
        )


def _unfit(message: Mapping[str, object]) -> str:
    """Return what is wrong with a submit's own words; empty: nothing."""
    coid = str(message["coid"])
    if not coid or not coid.isascii() or len(coid) > _REMARK_BYTES_MAX or message["remark"] != coid:
        return "coid, remark"
    if message["side"] not in ("buy", "sell"):
        return "side"
    return "" if _int(message["quantity"]) > 0 else "quantity"


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
