"""The pasted text in a stand-in terminal of this process, whose clock is turned by hand; and a wire to it."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any, Final

from tests.fullqmt.py36.counter import Counter
from tests.fullqmt.py36.terminal import Terminal, filled_in
from tests.fullqmt.stand import HOST

ACCOUNT: Final = "11031122"
SECRET: Final = "0123456789abcdef"


_PROCESSES: Final[list[dict[str, Any]]] = []
"""What lives of each process there has been have left on it."""


def leave() -> None:
    """Let whatever begins next be alone in its process."""
    before = json.__dict__.pop("_qmt_trading_full_hosts", None)
    if before is not None:
        _PROCESSES.append(before)


def end() -> None:
    """End every life of every process."""
    leave()
    while _PROCESSES:
        for life in _PROCESSES.pop().values():
            life["close"]("end")


class Begun:
    """A text in a stand-in terminal whose clock is turned by hand; each is as if alone in its process."""

    def __init__(self, folder: Path, account: str = ACCOUNT, **settings: object) -> None:
        leave()
        self.now = 1000.0
        self.terminal = Terminal(Counter([ACCOUNT], lambda: self.now), lambda: self.now)
        filled = {"SECRET": SECRET, "LINKS": (), "JOURNAL_FOLDER": str(folder), **settings}
        self.text = filled_in(HOST.read_text(encoding="ascii"), filled)
        self.terminal.load(self.text, account)

    @property
    def host(self) -> Any:
        return self.terminal.space["HOST"]

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += 0.1
            self.terminal.run()
        assert self.terminal.escaped == []


class Wire:
    """A connection as the host sees it; what it wrote, and what it is to read."""

    name = "tcp"

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self._coming = b""
        self._rest = b""

    def tell(self, **line: object) -> None:
        """Say a line to the host."""
        self._coming += json.dumps(line).encode("ascii") + b"\n"

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return the lines of a kind that the host said."""
        return [line for line in self.said if line["t"] == kind]

    def ready(self) -> bool:
        return True

    def read(self) -> bytes:
        data, self._coming = self._coming, b""
        return data

    def write(self, data: bytes) -> int:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.said += [json.loads(line.decode("ascii")) for line in lines]
        return len(data)

    def close(self) -> None:
        return


class Linked(Begun):
    """A text whose account is ready and armed, over a wire whose other end is a test's."""

    def __init__(self, folder: Path, **settings: object) -> None:
        super().__init__(folder, ACCOUNT, LINKS=("tcp:127.0.0.1:1",), **settings)
        self.wires: list[Wire] = []
        self.connect()

    def connect(self) -> None:
        """Begin the text's clocks and ways anew, as after each load of it, shake hands, and arm it when it is ready."""
        self.shake_hands()
        self.wire.tell(t="arm", level="trade")
        self.run(8.0)
        assert self.wire.all("account")[-1]["state"] == "ready"

    def shake_hands(self, *, tick_s: float = 0.1) -> None:
        """Begin the text's clocks and ways anew and let it be welcomed; its timer takes ``tick_s``."""
        space = self.terminal.space
        space["now_us"] = space["other_us"] = lambda: int(self.now * 1e6)
        space["WAYS"] = {"tcp": lambda where: self._dialled()}
        self.host.clock_from = self.host._looked_us = space["now_us"]()
        space["wall_us"] = space["now_us"]
        self.host._apart = self.host._wall_apart = 0
        self.terminal.timers[-1][2] = tick_s
        self.run(3 * tick_s)
        (hello,) = self.wire.all("hello")
        self.wire.tell(t="challenge", nonce="n", mac=self._mac("E", hello))
        self.run(3 * tick_s)
        assert self.wire.all("proof") == [{"t": "proof", "mac": self._mac("H", hello)}]
        self.welcome()

    @property
    def wire(self) -> Wire:
        return self.wires[-1]

    def welcome(self) -> None:
        accounts = [{"account": ACCOUNT, "type": "STOCK"}]
        self.wire.tell(t="welcome", link=1, sid="s", ep=1, replay_from=1, accounts=accounts)

    def submit(self, coid: str, price: str = "9.80") -> None:
        """Send an order that is good for two seconds."""
        line = {"coid": coid, "account": ACCOUNT, "symbol": "600000.SH", "side": "buy", "kind": "limit", "el": 0}
        line.update(price=price, quantity=100, remark=coid, ttl=2_000_000, ref=int(self.now * 1e6))
        self.wire.tell(t="submit", **line)

    def cancel(self, cid: str, **ids: str) -> None:
        named = {"coid": "", "broker_id": "", "venue_id": "", **ids}
        self.wire.tell(t="cancel", cid=cid, account=ACCOUNT, symbol="600000.SH", **named)

    def stages(self, coid: str) -> list[tuple[str, str]]:
        """Return what was told of an order, oldest first."""
        return [(line["st"], line["why"]) for line in self.wire.all("stage") if line["coid"] == coid]

    def _dialled(self) -> Wire:
        self.wires.append(Wire())
        return self.wire

    def _mac(self, role: str, hello: dict[str, Any]) -> str:
        text = f"{role}\n{hello['nonce']}\nn\n{hello['boot']}"
        return hmac.new(SECRET.encode("ascii"), text.encode("ascii"), hashlib.sha256).hexdigest()
