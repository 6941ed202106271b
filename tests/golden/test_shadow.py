"""The comparison of a shadow day, case by case, as the golden file has it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Price, Quantity, from_decimal
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side
from qmt_trading.run.shadow_compare import DIFFERENCES, Compared, Deed, Outcome, What, compare

FILE = Path(__file__).with_name("shadow.txt")


def cases() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    heading = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            heading = line[3:]
            assert heading not in found, heading
            found[heading] = []
        elif line.strip() and not line.startswith("#"):
            found[heading].append(line)
    return found


def ns(seconds: str) -> int:
    return int(Decimal(seconds) * SECOND_NS)


def deed(words: list[str], refused: str) -> Deed:
    what, seconds, account, symbol, side, quantity, price, name = words
    return Deed(
        what=What(what),
        at_ns=ns(seconds),
        account=AccountId(account),
        symbol=Symbol(symbol),
        side=None if side == "-" else Side(side),
        quantity=Quantity(int(quantity)),
        price=Price(from_decimal(price)),
        order="" if name == "-" else name,
        refused=refused,
    )


def told(row: Compared) -> str:
    text = f"{row.outcome.value} {row.deed.what.value} {row.deed.order}"
    return text if row.late_ns is None else f"{text} {row.late_ns / SECOND_NS:+.1f}"


@pytest.mark.parametrize("heading", list(cases()))
def test_what_is_paired_and_what_is_left(heading: str) -> None:
    ours: list[Deed] = []
    theirs: list[Deed] = []
    ended: dict[str, int] = {}
    wanted: list[str] = []
    for line in cases()[heading]:
        body, _, refused = line.partition("refused:")
        first, *words = body.split()
        if first == "ours":
            ours.append(deed(words, refused.strip()))
        elif first == "theirs":
            theirs.append(deed(words, ""))
        elif first == "ended":
            ended[words[0]] = ns(words[1])
        else:
            wanted.append(" ".join(line.split()))
    for forward in (True, False):  # The order in which they are told decides nothing.
        step = 1 if forward else -1
        found = compare(ours[::step], theirs[::step], ended=ended)
        assert sorted(map(told, found.rows)) == sorted(wanted)
        assert [row.at_ns for row in found.rows] == sorted(row.at_ns for row in found.rows)
        assert found.differences == sum(Outcome(line.split()[0]) in DIFFERENCES for line in wanted)


def test_the_file_has_every_outcome() -> None:
    words = {line.split()[0] for lines in cases().values() for line in lines}
    assert words >= {outcome.value for outcome in Outcome}
