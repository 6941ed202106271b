"""An engine that keeps the link's rules and remembers what it was told, for the simulation."""

import hashlib
import hmac
import json
import os

from tests.fullqmt.py36.world import Line, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

SECRET = "simulated secret of the link"
ACCOUNT = "11031122"


class Sent:
    """One order that this engine has sent, by the world's clock."""

    def __init__(self, line: "Dict[str, Any]", boot: str) -> None:
        self.line = line
        self.boot = boot
        self.sent_at: "List[int]" = []
        self.answered = False
        self.written: "Dict[str, Any]" = {}


class SimEngine:
    """One life after another of an engine; what it was told of orders outlives them."""

    def __init__(self, world: World, drift: float) -> None:
        self.world = world
        self.drift = drift
        self.epoch = 1
        self.up = True
        self.line: "Optional[Line]" = None
        self.orders: "Dict[str, Sent]" = {}
        self.refused: "Dict[str, str]" = {}
        """Orders that were told to be refused for good, and by which words."""
        self.fills: "Dict[str, int]" = {}
        self.listed: "List[Dict[str, Any]]" = []
        self.rows: "Dict[Tuple[str, str], List[Dict[str, Any]]]" = {}
        """By question and kind."""
        self.level = "none"
        self.ready = False
        """What an account was told last."""
        self.boot = ""
        self.boots: "List[str]" = []
        self.wrong: "List[str]" = []
        self._rest = b""
        self._state = ""
        self._hello: "Dict[str, Any]" = {}
        self._nonce = ""
        self._got = 0
        self._hm, self._hm_at = 0, 0
        self._count = 0

    def clock(self) -> int:
        """Return this engine's own clock, which runs apart from the host's."""
        return int(self.world.now * self.drift)

    def accept(self) -> Line:
        """Take a host that dials."""
        if not self.up:
            raise OSError("nobody listens")
        if self.line is not None:
            self.line.end()
        self.line = Line(self.world, self._heard)
        self._rest, self._state, self.level = b"", "hello", "none"
        return self.line

    def hang_up(self) -> None:
        """Break the connection."""
        if self.line is not None:
            self.line.end()
        self.line, self.level = None, "none"

    def crash(self) -> None:
        """End this life; the next one knows what is on its record."""
        self.hang_up()
        self.up = False
        self.boot, self._got = "", 0
        self.epoch += 1
        self.world.at(self.world.random.randint(10000, 3000000), self._rise)

    def _rise(self) -> None:
        self.up = True

    @property
    def welcomed(self) -> bool:
        return self._state == "welcomed" and self.line is not None

    # Commands.

    def submit(self, ttl: int, price: str) -> None:
        """Send a new order."""
        self._count += 1
        coid = "S{}".format(self._count)
        line: "Dict[str, Any]" = {"t": "submit", "coid": coid, "account": ACCOUNT, "symbol": "600000.SH"}
        line.update(side="buy", kind="limit")
        line.update(price=price, quantity=100, remark=coid, ttl=ttl)
        self.orders[coid] = Sent(line, self.boot)
        self.resend(coid)

    def resend(self, coid: str) -> None:
        """Send an order, which a real engine does once."""
        order = self.orders[coid]
        order.sent_at.append(self.world.now)
        order.written = dict(order.line, ref=self._hm, el=self.clock() - self._hm_at)
        self.say(order.written)

    def may_resend(self, coid: str) -> bool:
        """Tell whether a host must know an order so well that it does not go again, even with a new stamp."""
        # A host that has said hello and proved nothing yet lends its clock already, and may be another life.
        of_this_boot = self.orders[coid].boot == self.boot == self._hello.get("boot")
        return of_this_boot or (self.on_disk and self.refused.get(coid, "outcome disk").startswith("outcome disk"))

    def repeat(self, coid: str) -> None:
        """Send an order with the stamp that it had, as an old message that turns up again."""
        self.say(self.orders[coid].written)

    @property
    def on_disk(self) -> bool:
        """Whether the host keeps its claims over all its lives."""
        return bool(self._hello.get("journal") == "disk")

    def outcome(self, coid: str) -> None:
        """Ask what became of an order, and fence it."""
        self.say({"t": "outcome", "q": coid, "coid": coid, "fence": True})

    def ask_list(self, q: str) -> None:
        self.say({"t": "list", "q": q, "account": ACCOUNT})

    def say(self, line: "Dict[str, Any]") -> None:
        if self.line is not None:
            self.line.send(json.dumps(dict(line, k=self._got)).encode("ascii") + b"\n")

    # What comes.

    def _heard(self, line: Line, data: bytes) -> None:
        if line is not self.line:
            return
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for raw in lines:
            self._take(json.loads(raw.decode("ascii")))

    def _take(self, line: "Dict[str, Any]") -> None:
        kind = line["t"]
        if kind in ("hello", "beat"):
            self._hm, self._hm_at = line["hm"], self.clock()
        if self._state == "hello":
            self._greeted(line)
        elif self._state == "proof":
            self._proved(line)
        elif kind == "bye":
            self.hang_up()
        elif self._counts(line):
            self._act(line)

    def _greeted(self, line: "Dict[str, Any]") -> None:
        self._hello, self._nonce, self._state = line, os.urandom(16).hex(), "proof"
        self.say({"t": "challenge", "nonce": self._nonce, "mac": self._mac("E")})

    def _proved(self, line: "Dict[str, Any]") -> None:
        if line.get("mac") != self._mac("H") or self._hello["boot"] in self.boots[:-1]:
            self.hang_up()
            return
        boot = self._hello["boot"]
        if boot != self.boot:
            self.boot = boot
            self._got = 0 if self._hello["resume"] is None else -1
            if boot not in self.boots:
                self.boots.append(boot)
        self._state = "welcomed"
        welcome = {"t": "welcome", "link": 1, "sid": "s", "ep": self.epoch, "replay_from": max(self._got, 0) + 1}
        if self._got < 0:
            welcome["replay_from"] = 0
        self.say(dict(welcome, accounts=[{"account": ACCOUNT, "type": "STOCK"}]))
        self.say({"t": "arm", "level": "trade"})
        for coid, order in self.orders.items():
            if not order.answered:
                self.outcome(coid)

    def _mac(self, role: str) -> str:
        text = "{}\n{}\n{}\n{}".format(role, self._hello["nonce"], self._nonce, self._hello["boot"])
        return hmac.new(SECRET.encode("ascii"), text.encode("ascii"), hashlib.sha256).hexdigest()

    def _counts(self, line: "Dict[str, Any]") -> bool:
        number = line.get("n")
        if number is None:
            return True
        if line["t"] == "gap":
            self._got = max(self._got, line["to"])
            return True
        if self._got >= 0 and number <= self._got:
            return False
        if self._got >= 0 and number != self._got + 1:
            self.wrong.append("hole: {} after {}".format(number, self._got))
        self._got = number
        return True

    def _act(self, line: "Dict[str, Any]") -> None:
        kind = line["t"]
        if kind == "armed":
            self.level = line["level"]
        elif kind == "stage":
            order = self.orders[line["coid"]]
            order.answered = order.answered or line["st"] != "unknown"
            # What a life knows nothing of may have been done by the one before.
            if line["st"] == "refused" and (order.boot == self.boot or self.on_disk):
                self.refused[line["coid"]] = "stage " + line["why"]
        elif kind == "account":
            self.ready = line["state"] == "ready"
        elif kind == "outcome":
            self._outcome(line)
        elif kind == "row" and line["kind"] == "fill":
            self._fill(line["row"])
        elif kind == "rows":
            self.rows.setdefault((line["q"], line["kind"]), []).extend(line["rows"])
        elif kind == "listed":
            for row in self.rows.get((line["q"], "fill"), []):
                self._fill(row)
            self.listed.append(line)
        elif kind == "trouble" and line["code"] in ("internal", "double"):
            self.wrong.append(line["english"])
        elif kind == "nak":
            self.wrong.append("nak {of} {why}".format(**line))

    def _outcome(self, line: "Dict[str, Any]") -> None:
        order = self.orders[line["coid"]]
        if line["st"] != "refused" or not line["complete"]:
            order.answered = order.answered or line["st"] in ("dispatched", "seen")
        elif order.boot == self.boot or line["basis"] == "disk":
            order.answered = True
            self.refused[line["coid"]] = "outcome {basis} {why}".format(**line)

    def _fill(self, row: "Dict[str, Any]") -> None:
        self.fills[row["m_strTradeID"]] = row["m_nVolume"]
