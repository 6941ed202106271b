"""What a file asks for: messages to hand over, or everything that is wrong with it and where."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from qmt_trading.codec.malformed import ACCOUNT_ENTRIES_MAX, ITEMS_MAX, MalformedError, malformed
from qmt_trading.codec.signal import parse
from qmt_trading.codec.signal_checks import content_of
from qmt_trading.model.signal import Item, Malformed, Signal
from qmt_trading.model.words import SignalForm, Verb

SENDER: Final = "file"
"""The sender of ids that are derived: one instruction has one id whichever door its file comes through."""
HASH_BYTES: Final = 10
FAULTS_MAX: Final = 100


class Instruction(NamedTuple):
    """One message of a file, as every door takes it, with its id in it."""

    row: int
    """Counted from 1; 0: the file as a whole."""
    text: str
    number: str
    never_stale: bool
    """It holds a cancel, a bare item that may mean one, or something that waits for a time of its own."""


class Fault(NamedTuple):
    """One thing that is wrong; a file with any is refused whole."""

    row: int
    """Counted from 1 as Excel does; 0: the file as a whole."""
    column: str
    """``C 列（数量）``, or empty."""
    chinese: str
    english: str

    @property
    def place(self) -> str:
        """Where it is, in Chinese; empty for the file as a whole."""
        row = f"第 {self.row} 行" if self.row else ""
        return f"{row} {self.column}".strip()

    @property
    def told(self) -> str:
        """The place and what is wrong, in Chinese."""
        return f"{self.place}：{self.chinese}" if self.place else self.chinese


class Contents(NamedTuple):
    """Instructions, or faults; both empty: there is nothing to do."""

    instructions: tuple[Instruction, ...] = ()
    faults: tuple[Fault, ...] = ()


class Draft(NamedTuple):
    """A message as the file has it, with or without an id."""

    row: int
    text: str
    remarks: str = ""
    """What the file says besides, for people: two files that differ in this alone are two files."""


class UnreadableError(Exception):
    """Leaves a reader where going on makes no sense; becomes a fault of the file."""

    def __init__(self, chinese: str, english: str, *, row: int = 0, column: str = "") -> None:
        super().__init__(chinese)
        self.fault = Fault(row, column, chinese, english)


class FaultyError(Exception):
    """Leaves a reader that has found all that is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].told)
        self.faults = tuple(faults)


class _Parsed(NamedTuple):
    row: int
    text: str
    remarks: str
    signal: Signal


def fault_of(error: MalformedError, row: int, column: str = "") -> Fault:
    """Return what the codec says is wrong, at its place in the file."""
    told = malformed(error.code, error.figures, position=0)
    return Fault(row, column, told.chinese, told.english)


def finish(drafts: Sequence[Draft], *, infer_market: bool) -> Contents:
    """Parse every draft as its door will, and give an id to each that has none.

    A derived id is made of all that the file says and of the place within it: the same file again, whatever its name,
    encoding or format, is a repeat, and another file never is. Two equal messages without ids of their own are
    refused: one of them is most likely a slip.
    """
    found: list[_Parsed] = []
    faults: list[Fault] = []
    for draft in drafts:
        _parse(draft, infer_market, found, faults)
    if len(found) > ITEMS_MAX:
        faults.append(fault_of(MalformedError("too_many_items", str(len(found))), 0))
    accounts = sum(len(item.accounts) for each in found for item in each.signal.items)
    if accounts > ACCOUNT_ENTRIES_MAX:
        faults.append(fault_of(MalformedError("too_many_accounts", str(accounts)), 0))
    instructions = _numbered(found, faults, infer_market=infer_market)
    return Contents((), tuple(faults[:FAULTS_MAX])) if faults else Contents(tuple(instructions))


def _parse(draft: Draft, infer_market: bool, found: list[_Parsed], faults: list[Fault]) -> None:
    for parsed in parse(draft.text.encode("utf-8"), infer_market=infer_market):
        if isinstance(parsed, Malformed):
            faults.append(Fault(draft.row, "", parsed.chinese, parsed.english))
        elif isinstance(parsed, Signal):
            found.append(_Parsed(draft.row, draft.text, draft.remarks, parsed))
        else:
            faults.append(Fault(draft.row, "", "这是心跳，不是信号", "a heartbeat is no signal"))


def _numbered(found: list[_Parsed], faults: list[Fault], *, infer_market: bool) -> list[Instruction]:
    bodies = [f"{content_of(each.signal.items, each.signal.note)}#{each.signal.id}" for each in found]
    whole = "\n".join(f"{body}|{each.remarks}" for each, body in zip(found, bodies, strict=True))
    digest = blake2b(whole.encode("utf-8"), digest_size=HASH_BYTES).hexdigest()
    rows: dict[str, int] = {}
    instructions: list[Instruction] = []
    for place, (each, body) in enumerate(zip(found, bodies, strict=True), 1):
        key = each.signal.id or body
        if key in rows:
            faults.append(_repeated(each, rows[key]))
            continue
        rows[key] = each.row
        number = each.signal.id or f"{SENDER}/{digest}-{place}"
        text = each.text if each.signal.id else _with_id(each, number)
        (again,) = parse(text.encode("utf-8"), infer_market=infer_market)
        assert isinstance(again, Signal)  # The same fact twice: an id must not change what is asked for.
        assert (again.id, again.items, again.note) == (number, each.signal.items, each.signal.note)
        never_stale = any(map(_never_stale, each.signal.items))
        instructions.append(Instruction(each.row, text, number, never_stale))
    return instructions


def _never_stale(item: Item) -> bool:
    return item.verb in (Verb.CANCEL, Verb.BARE) or item.at_ns is not None or item.not_before_ns is not None


def _repeated(each: _Parsed, row: int) -> Fault:
    number = each.signal.id
    if number:
        return Fault(
            each.row,
            "",
            f"编号 {number} 和第 {row} 行相同：每行一个编号，否则只有一行会执行",
            f"id {number} stands in row {row} already: every row needs its own",
        )
    return Fault(
        each.row,
        "",
        f"和第 {row} 行完全相同：多出来的请删掉；确要执行两次，请给两行不同的编号",
        f"the same as row {row}: delete one, or give each an id of its own to act twice",
    )


def _with_id(each: _Parsed, number: str) -> str:
    """Return the message with ``number`` as its id; forms that have no room for one are written as bare text."""
    match each.signal.form:
        case SignalForm.JSON:
            start = each.text.index("{") + 1  # Of a basket its first member: a basket has one id.
            return f'{each.text[:start]}"id":"{number}",{each.text[start:]}'
        case SignalForm.TEXT:
            return f"{each.text.rstrip(' ')} #{number}"
        case SignalForm.ANGLE | SignalForm.TRADE_SIGNAL:
            (item,) = each.signal.items
            return f"{item.symbol}:{','.join(item.accounts)} #{number}"
