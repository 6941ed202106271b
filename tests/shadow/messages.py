"""What senders say: every form and verb, good and bad, at once and later."""

from __future__ import annotations

import json
from random import Random

from qmt_trading.intake.order_file import read_file
from qmt_trading.model.instant import to_clock_text
from qmt_trading.model.numbers import MILLISECOND_NS
from tests.engine_bench import ACCOUNT, OTHER

SYMBOLS = ("600000.SH", "600000.SH", "600036.SH", "000001.SZ", "204001.SH")
DOORS = ("door", "bare", "only", "nowhere")


def compose(rng: Random, number: int, now_ns: int) -> list[bytes]:
    """Return the ``number``-th thing that a sender says: one message, or those of a file."""
    return rng.choice((_text, _text, _text, _json, _angle, _file, _later, _chased, _broken))(rng, number, now_ns)


def _accounts(rng: Random) -> str:
    return rng.choice((ACCOUNT, OTHER, f"{ACCOUNT},{OTHER}", "*", "@all", f"{ACCOUNT},nobody"))


def _id(rng: Random, number: int) -> str:
    chance = rng.random()
    if chance < 0.15:
        return ""
    return f" #s/{number if chance < 0.85 else rng.randint(1, number)}"


def _body(rng: Random) -> str:
    symbol, who = rng.choice(SYMBOLS), _accounts(rng)
    quantity = rng.choice((100, 200, 300, 1000, 150, 2_000_000))
    return rng.choice(
        (
            f"buy {symbol} {quantity}@10.50:{who}",
            f"buy {symbol} 1手@最新:{who}",
            f"buy {symbol} 10%@涨停:{who}",
            f"sell {symbol} {quantity}@10.40:{who}",
            f"sell {symbol} 全部:{who}",
            f"target {symbol} {quantity}:{who}",
            f"清仓 {symbol}:{who}",
            f"cancel {symbol}:{who}",
            f"cancel *:{who}",
            f"撤买 {symbol}:{who}",
            f"撤卖 {symbol}:{who}",
            f"{symbol}:{who}",
            f"{symbol}:{ACCOUNT};600036.SH:{OTHER}",
            f"buy {symbol} 100@10.50:{ACCOUNT};sell 600036.SH 100@10.50:{OTHER}",
        )
    )


def _text(rng: Random, number: int, now_ns: int) -> list[bytes]:
    hurry = rng.choice(("", "", " ttl=1s", " ttl=120s"))
    return [f"{_body(rng)}{hurry}{_id(rng, number)}".encode()]


def _later(rng: Random, number: int, now_ns: int) -> list[bytes]:
    at = to_clock_text(now_ns + rng.choice((300, 3_000, 20_000, 90_000)) * MILLISECOND_NS)
    return [f"{_body(rng)} at={at}{_id(rng, number)}".encode()]


def _chased(rng: Random, number: int, now_ns: int) -> list[bytes]:
    after = rng.choice((1, 5, 30))
    chase = rng.choice(("", " chase=3"))
    side = rng.choice(("buy", "sell"))
    symbol = rng.choice(SYMBOLS)
    return [f"{side} {symbol} 200@10.50:{_accounts(rng)} cancel_after={after}s{chase}{_id(rng, number)}".encode()]


def _json(rng: Random, number: int, now_ns: int) -> list[bytes]:
    order: dict[str, object] = {"symbol": rng.choice(SYMBOLS), "accounts": rng.choice(([ACCOUNT], [OTHER, ACCOUNT]))}
    action = rng.choice(("buy", "sell", "cancel", "portfolio"))
    if action in ("buy", "sell"):
        order |= {"quantity": rng.choice((100, 300, 150)), "price": "10.50"}
    elif action == "portfolio":
        held = [{"symbol": order.pop("symbol"), "quantity": rng.choice((0, 100, 3000))}]
        order |= {"strategy": "grid", "positions": held, "close_others": rng.random() < 0.5}
    return [json.dumps({"id": f"j/{number}", "action": action, **order}).encode()]


def _angle(rng: Random, number: int, now_ns: int) -> list[bytes]:
    return [f"<{rng.choice(SYMBOLS)}#{rng.choice((ACCOUNT, OTHER))}>".encode()]


def _file(rng: Random, number: int, now_ns: int) -> list[bytes]:
    """Return the messages of a table, read as the folder's door reads it."""
    rows = ["账号,代码,方向,数量,价格,编号"]
    for row in range(rng.randint(1, 4)):
        side = rng.choice(("买入", "卖出", "撤单"))
        figures = "100,10.50" if side != "撤单" else ","
        rows.append(f"{rng.choice((ACCOUNT, OTHER))},{rng.choice(SYMBOLS)},{side},{figures},f{number}-{row}")
    contents = read_file("orders.csv", "\n".join([*rows, ""]).encode("gb18030"))
    assert not contents.faults, contents.faults
    return [each.text.encode() for each in contents.instructions]


def _broken(rng: Random, number: int, now_ns: int) -> list[bytes]:
    whole = _text(rng, number, now_ns)[0]
    return [whole[: rng.randint(1, len(whole))]]
