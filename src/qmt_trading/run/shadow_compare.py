"""What shadow mode would have done beside what happened in the accounts: pairs, and what is left over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.numbers import SECOND_NS, Price, Quantity
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side

WINDOW_NS: Final = 30 * SECOND_NS
"""How far apart the two may act and still mean the same."""


class What(StrEnum):
    ORDER = "order"
    CANCEL = "cancel"


class Outcome(StrEnum):
    """What became of one comparison."""

    MATCHED = "matched"
    """Both did it, alike."""
    DIFFERENT = "different"
    """Both did it, with another quantity or price."""
    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"
    DENIED = "denied"
    """They did it, and we had been asked and would not have."""
    OVERTAKEN = "overtaken"
    """Our cancel of an order that ended by itself before anybody's cancel could show: nothing can be told."""


DIFFERENCES: Final = frozenset({Outcome.DIFFERENT, Outcome.ONLY_OURS, Outcome.ONLY_THEIRS, Outcome.DENIED})


class Deed(Struct, frozen=True, kw_only=True):
    """An order or a cancel, done by somebody or decided by us."""

    what: What
    at_ns: int
    account: AccountId
    symbol: Symbol
    """EVERY_SYMBOL: a cancel of everything that was refused."""
    side: Side | None = None
    """None: either, where something was refused before that was known."""
    quantity: Quantity = Quantity(0)
    price: Price = Price(0)
    order: str = ""
    """The local name of the order; of a cancel, of the order that it concerns."""
    number: str = ""
    """The terminal's, else the contract number."""
    seq: int = 0
    """Of our signal; 0: a person's."""
    refused: str = ""
    """Why we would not have done it; empty: we would have."""


class Compared(Struct, frozen=True):
    """One line of the comparison; one of the two is None where only the other did it."""

    outcome: Outcome
    ours: Deed | None = None
    theirs: Deed | None = None

    @property
    def deed(self) -> Deed:
        """Theirs where they did it, else ours."""
        found = self.theirs or self.ours
        assert found is not None
        return found

    @property
    def at_ns(self) -> int:
        return min(each.at_ns for each in (self.ours, self.theirs) if each is not None)

    @property
    def late_ns(self) -> int | None:
        """How much later than ours theirs was; None: there is but one. A counter's clock shows whole seconds."""
        return None if self.ours is None or self.theirs is None else self.theirs.at_ns - self.ours.at_ns


class Comparison(Struct, frozen=True):
    """All of it, in the order of time."""

    rows: tuple[Compared, ...]

    def count(self, outcome: Outcome) -> int:
        return sum(row.outcome is outcome for row in self.rows)

    @property
    def differences(self) -> int:
        return sum(row.outcome in DIFFERENCES for row in self.rows)


def compare(
    ours: Sequence[Deed],
    theirs: Sequence[Deed],
    *,
    ended: Mapping[str, int] | None = None,
    window_ns: int = WINDOW_NS,
) -> Comparison:
    """Return which of ``ours`` and ``theirs`` are the same deed, at most ``window_ns`` apart, and what is left over.

    An order pairs with one of the same account, symbol and side: rather with one that is alike in quantity and price
    than with one that is nearer. A cancel pairs with the end of the very order that it concerns; repeats of it count
    once. What we refused is no difference as long as nobody did it.

    Args:
        ended: orders that ended otherwise than by a cancel, and when.
    """
    ours, theirs = sorted(ours, key=_when), sorted(theirs, key=_when)
    would = [deed for deed in ours if not deed.refused]
    refused = [deed for deed in ours if deed.refused]
    orders = _pairs(_of(would, What.ORDER), _of(theirs, What.ORDER), window_ns)
    cancels = _pairs(_of(would, What.CANCEL), _of(theirs, What.CANCEL), window_ns)
    rows = [Compared(_likeness(our, their), our, their) for our, their in (*orders, *cancels)]
    paired = {id(deed) for pair in (*orders, *cancels) for deed in pair}
    for their in theirs:
        if id(their) in paired:
            continue
        denied = _refusal(refused, their, window_ns)
        if denied is not None and their.what is What.ORDER:
            refused.remove(denied)  # An order refused explains one order; a cancel refused any number of them.
        rows.append(Compared(Outcome.DENIED if denied is not None else Outcome.ONLY_THEIRS, denied, their))
    said = [row.ours for row in rows if row.ours is not None and row.ours.what is What.CANCEL and not row.ours.refused]
    for our in would:
        if id(our) in paired or _is_repeat(our, said, window_ns):
            continue
        if our.what is What.CANCEL:
            said.append(our)
        by_itself_ns = (ended or {}).get(our.order, 0) if our.what is What.CANCEL else 0
        overtaken = bool(by_itself_ns) and by_itself_ns - our.at_ns <= window_ns
        rows.append(Compared(Outcome.OVERTAKEN if overtaken else Outcome.ONLY_OURS, our))
    return Comparison(tuple(sorted(rows, key=lambda row: row.at_ns)))


def _when(deed: Deed) -> tuple[int, str, str]:
    return deed.at_ns, deed.account, deed.order


def _of(deeds: Sequence[Deed], what: What) -> list[Deed]:
    return [deed for deed in deeds if deed.what is what]


def _pairs(ours: Sequence[Deed], theirs: Sequence[Deed], window_ns: int) -> list[tuple[Deed, Deed]]:
    """Return pairs that mean the same, the likest first; each deed is in one of them at most."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, deed in enumerate(theirs):
        groups.setdefault(_key(deed), []).append(place)
    candidates: list[tuple[tuple[int, int], int, int, int]] = []
    for first, our in enumerate(ours):
        for second in groups.get(_key(our), ()):
            apart_ns = abs(theirs[second].at_ns - our.at_ns)
            if apart_ns <= window_ns:
                candidates.append((_unlike(our, theirs[second]), apart_ns, first, second))
    found: list[tuple[Deed, Deed]] = []
    ours_taken: set[int] = set()
    theirs_taken: set[int] = set()
    for _, _, first, second in sorted(candidates):
        if first not in ours_taken and second not in theirs_taken:
            ours_taken.add(first)
            theirs_taken.add(second)
            found.append((ours[first], theirs[second]))
    return found


def _key(deed: Deed) -> tuple[str, ...]:
    """Return what two deeds must share to be the same one."""
    if deed.what is What.CANCEL:
        return deed.account, deed.order
    return deed.account, deed.symbol, deed.side or ""


def _unlike(our: Deed, their: Deed) -> tuple[int, int]:
    if our.what is What.CANCEL:
        return 0, 0
    return int(our.quantity != their.quantity), int(our.price != their.price)


def _likeness(our: Deed, their: Deed) -> Outcome:
    return Outcome.DIFFERENT if any(_unlike(our, their)) else Outcome.MATCHED


def _refusal(refused: Sequence[Deed], their: Deed, window_ns: int) -> Deed | None:
    """Return the refusal of ours that is nearest to what they did; None: nobody asked us for it."""
    near = [
        deed
        for deed in refused
        if deed.what is their.what
        and deed.account == their.account
        and deed.symbol in (their.symbol, EVERY_SYMBOL)
        and deed.side in (None, their.side)
        and abs(deed.at_ns - their.at_ns) <= window_ns
    ]
    return min(near, key=lambda deed: abs(deed.at_ns - their.at_ns), default=None)


def _is_repeat(our: Deed, said: Sequence[Deed], window_ns: int) -> bool:
    """Tell whether ``our`` cancel of an order comes with another one of it that stands in the comparison already."""
    return our.what is What.CANCEL and any(
        deed.order == our.order and deed.account == our.account and abs(deed.at_ns - our.at_ns) <= window_ns
        for deed in said
    )
