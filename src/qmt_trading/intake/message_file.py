"""Plan files, JSON messages and lines of text to messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from qmt_trading.codec.json_fields import Fields, Number
from qmt_trading.codec.malformed import MalformedError, shorten
from qmt_trading.codec.names import is_id
from qmt_trading.codec.size_text import QUANTITY_MAX, size_of
from qmt_trading.codec.symbols import normalise
from qmt_trading.intake.file_text import decode, whole_lines
from qmt_trading.intake.instructions import Draft, Fault, FaultyError, UnreadableError, fault_of
from qmt_trading.model.signal import SizeKind

EVERYTHING: Final = "99999"
"""What a plan writes in ``lots`` for the whole position. Source: 18 plan files of a public multi-account system."""
_PLAN: Final = ("sell", "buy", "id")
_SELL: Final = ("name", "lots", "actual_lots", "code")
_BUY: Final = ("name", "amount", "code")


def drafts_of_text(data: bytes) -> list[Draft]:
    """Return a message for each line that is not blank.

    Raises:
        UnreadableError: no text, or its last line has no end.
    """
    return [Draft(row, line) for row, line in enumerate(whole_lines(decode(data)), 1) if line.strip(" \t\u3000")]


def drafts_of_json(data: bytes, *, accounts: Sequence[str], infer_market: bool) -> list[Draft]:
    """Return the one message of a JSON file: a plan for ``accounts``, or a message as any door takes it.

    Raises:
        UnreadableError: no text, or no JSON that is whole.
        FaultyError: with all that is wrong with a plan.
    """
    text = decode(data).strip(" \t\r\n\x1a")
    if not text:
        return []
    plan = _plan_in(text)
    if plan is None:
        return [Draft(0, text.replace("\r", " ").replace("\n", " "))]
    return _drafts_of_plan(plan, accounts, infer_market=infer_market)


def is_plan(data: bytes) -> bool:
    """Tell whether a JSON file is a plan.

    Raises:
        UnreadableError: no text, or no JSON that is whole.
    """
    return _plan_in(decode(data)) is not None


def _plan_in(text: str) -> Mapping[str, object] | None:
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"不是完整的 JSON（第 {error.lineno} 行第 {error.colno} 个字符），文件可能没写完",
            f"no whole JSON (line {error.lineno}, character {error.colno}): the file may be cut off",
        ) from error
    except RecursionError as error:
        raise UnreadableError("JSON 嵌套太深", "nested too deeply") from error
    except MalformedError as error:
        told = fault_of(error, 0)
        raise UnreadableError(told.chinese, told.english) from error
    if not isinstance(document, dict) or "action" in document or "type" in document:
        return None
    return document if "buy" in document or "sell" in document else None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        raise MalformedError("field_twice", next(name for name in names if names.count(name) > 1))
    return fields


def _refuse_constant(word: str) -> NoReturn:
    raise MalformedError("json_number", word)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=Number, parse_int=Number, parse_constant=_refuse_constant
)


def _drafts_of_plan(plan: Mapping[str, object], accounts: Sequence[str], *, infer_market: bool) -> list[Draft]:
    """Return one message: first what is sold, then what is bought, for every one of ``accounts``."""
    if not accounts:
        raise UnreadableError(
            "计划文件里没有账户：请在通道里写 accounts，或用 --accounts",
            "a plan names no accounts: write accounts at the door, or --accounts",
        )
    faults = [
        Fault(
            0, shorten(name), "计划文件里没有这个字段，只有 sell、buy、id", "a plan has no such field: sell, buy and id"
        )
        for name in plan
        if name not in _PLAN
    ]
    who = ",".join(accounts)
    items: list[str] = []
    for side, known in (("sell", _SELL), ("buy", _BUY)):
        entries = plan.get(side, [])
        if not isinstance(entries, list):
            faults.append(Fault(0, side, "必须是列表", "must be a list"))
            continue
        for place, entry in enumerate(entries, 1):
            try:
                items.append(_item(entry, side, known, who, infer_market=infer_market))
            except MalformedError as error:
                name = next((str(each) for each in reversed(error.path or ())), "")
                faults.append(fault_of(error, 0, f"{side} 第 {place} 项 {name}".strip()))
            except UnreadableError as error:
                faults.append(error.fault._replace(column=f"{side} 第 {place} 项 {error.fault.column}".strip()))
    number = _id(plan, faults)
    if faults:
        raise FaultyError(faults)
    said = json.dumps(plan, sort_keys=True)
    return [Draft(0, ";".join(items) + (f" #{number}" if number else ""), said)] if items else []


def _id(plan: Mapping[str, object], faults: list[Fault]) -> str:
    number = plan.get("id", "")
    if "id" in plan and not (type(number) is str and is_id(number)):
        faults.append(fault_of(MalformedError("id", str(number)), 0, "id"))
    return str(number)


def _item(entry: object, side: str, known: Sequence[str], accounts: str, *, infer_market: bool) -> str:
    if not isinstance(entry, dict):
        raise MalformedError("json_not_object")
    fields = Fields(entry, ())
    for name in entry:
        if name not in known:
            raise fields.refused("field_unknown", name, "", "")
    if "name" in fields:
        fields.text("name")
    code = fields.text("code")
    try:
        symbol = normalise(code, infer_market=infer_market)
    except MalformedError as error:
        error.path = ("code",)
        raise
    if side == "buy":
        return f"buy {symbol} {_yuan(fields)}:{accounts}"
    if "actual_lots" in fields:
        fields.whole("actual_lots", minimum=0, maximum=QUANTITY_MAX)
    lots = fields.whole("lots", minimum=1, maximum=QUANTITY_MAX)
    if str(lots) != EVERYTHING:
        raise UnreadableError(
            f"只认 {EVERYTHING}（全部）：{shorten(str(lots))} 是手还是股，文件里没有说；请用 CSV 写明 10手 或 1000股",
            f"only {EVERYTHING} (everything) is known: does {shorten(str(lots))} count lots or shares?",
            column="lots",
        )
    return f"sell {symbol} 全部:{accounts}"


def _yuan(fields: Fields) -> str:
    amount = fields.decimal("amount")
    if amount == 0:
        raise fields.refused("size_zero", "amount")
    try:
        return size_of(SizeKind.MONEY, amount).text
    except MalformedError as error:
        error.path = ("amount",)
        raise
