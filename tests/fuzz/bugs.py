"""Bugs to be planted in the parser, one at a time: the fuzzer must find each of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest

from qmt_trading.codec import (
    json_fields,
    names,
    price_text,
    signal,
    signal_checks,
    signal_json,
    signal_text,
    size_text,
    symbols,
)
from qmt_trading.codec.malformed import MalformedError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.signal import Item, Signal, Size, SizeKind
from qmt_trading.model.words import SideScope, Verb

Plant = Callable[[pytest.MonkeyPatch], None]


def junk_after_an_account(patch: pytest.MonkeyPatch) -> None:
    accounts = signal_text._accounts
    junk = re.compile(f"[^A-Za-z0-9._{names.CJK}@*, -][^,]*")
    patch.setattr(signal_text, "_accounts", lambda text, start: accounts(junk.sub("", text), start))


def a_seventh_digit(patch: pytest.MonkeyPatch) -> None:
    normalise = symbols.normalise

    def cut(written: str, **options: bool) -> Symbol:
        return normalise(re.sub(r"([0-9]{6})[0-9]+\.", r"\1.", written), **options)

    patch.setattr(signal_text, "normalise", cut)


def an_unreadable_size(patch: pytest.MonkeyPatch) -> None:
    def guess(written: str) -> Size:
        try:
            return size_text.parse_size(written)
        except MalformedError:
            return Size(SizeKind.SHARES, 100, text="100")

    patch.setattr(signal_text, "parse_size", guess)


def an_unreadable_item(patch: pytest.MonkeyPatch) -> None:
    parse_item = signal_text._parse_item

    def guess(piece: str, *, infer_market: bool) -> Item:
        try:
            return parse_item(piece, infer_market=infer_market)
        except MalformedError:
            return Item(Verb.BARE, Symbol("600000.SH"), ("11031122",))

    patch.setattr(signal_text, "_parse_item", guess)


def an_unreadable_item_left_out(patch: pytest.MonkeyPatch) -> None:
    parse_text = signal_text.parse_text

    def without(text: str, *, infer_market: bool) -> Signal:
        try:
            return parse_text(text, infer_market=infer_market)
        except MalformedError as error:
            pieces = text.split(";")
            if len(pieces) < 2 or not 0 < error.item <= len(pieces):
                raise
            del pieces[error.item - 1]
            return parse_text(";".join(pieces), infer_market=infer_market)

    patch.setattr(signal, "parse_text", without)


def an_unknown_option_ignored(patch: pytest.MonkeyPatch) -> None:
    with_options = signal_text._with_options

    def lenient(item: Item, option_text: str, start: int) -> Item:
        known = [
            word for word in option_text.split(" ") if re.match("(at|ttl|cancel_after|strategy)=", word, re.IGNORECASE)
        ]
        return with_options(item, " ".join(["", *known]), start)

    patch.setattr(signal_text, "_with_options", lenient)


def the_last_account_lost(patch: pytest.MonkeyPatch) -> None:
    accounts = signal_text._accounts
    patch.setattr(signal_text, "_accounts", lambda text, start: accounts(text, start)[:4])


def a_fifth_decimal_of_a_price_cut(patch: pytest.MonkeyPatch) -> None:
    parse_price = price_text.parse_price
    patch.setattr(
        signal_text, "parse_price", lambda written: parse_price(re.sub(r"(\.[0-9]{4})[0-9]+", r"\1", written))
    )


def an_offset_with_the_wrong_sign(patch: pytest.MonkeyPatch) -> None:
    with_offset = price_text._with_offset

    def wrong(spec: Any, written: str, sign: str, *rest: Any) -> Any:
        return with_offset(spec, written, "-" if rest[-1] == "%" else sign, *rest)

    patch.setattr(price_text, "_with_offset", wrong)
    patch.setattr(signal_text, "parse_price", price_text.parse_price.__wrapped__)


def ten_thousand_of_what(patch: pytest.MonkeyPatch) -> None:
    parse_size = size_text.parse_size
    patch.setattr(signal_text, "parse_size", lambda written: parse_size(re.sub("万$", "万股", written)))


def lots_for_shares(patch: pytest.MonkeyPatch) -> None:
    parse_size = size_text.parse_size
    patch.setattr(signal_text, "parse_size", lambda written: parse_size(written.replace("股", "手")))


def lots_for_a_target(patch: pytest.MonkeyPatch) -> None:
    check_size = signal_checks.check_size

    def lenient(verb: Verb, size: Size) -> None:
        if verb is not Verb.TARGET or size.kind is not SizeKind.LOTS:
            check_size(verb, size)

    patch.setattr(signal_checks, "check_size", lenient)


def a_long_id_cut(patch: pytest.MonkeyPatch) -> None:
    is_id = names.is_id
    patch.setattr(signal_text, "is_id", lambda written: is_id(written[:64]))


def cancels_with_orders(patch: pytest.MonkeyPatch) -> None:
    check_items = signal_checks.check_items

    def lenient(items: Sequence[Item]) -> None:
        cancels = [item for item in items if item.verb is Verb.CANCEL]
        check_items(cancels)
        check_items([item for item in items if item.verb is not Verb.CANCEL])

    patch.setattr(signal_checks, "check_items", lenient)


def a_side_of_a_cancel_lost(patch: pytest.MonkeyPatch) -> None:
    verb = signal_text._verb

    def lost(instruction: str) -> tuple[Verb, SideScope | None, int]:
        found, side, begin = verb(instruction)
        return found, None if side is SideScope.SELL else side, begin

    patch.setattr(signal_text, "_verb", lost)


def a_sell_read_as_a_buy_in_the_shortcut(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(signal, "_VERBS", {**signal._VERBS, "sell": Verb.BUY})


def an_angle_without_its_end(patch: pytest.MonkeyPatch) -> None:
    end_of = signal._end_of_angle

    def lenient(text: str, position: int) -> int:
        try:
            return end_of(text, position)
        except MalformedError:
            if text[position] != "<" or "<" in text[position + 1 :]:
                raise
            return len(text)

    patch.setattr(signal, "_end_of_angle", lenient)


def an_unknown_field_ignored(patch: pytest.MonkeyPatch) -> None:
    item_of = signal_json._item

    def lenient(fields: json_fields.Fields, *, infer_market: bool) -> Item:
        known = {name: value for name, value in fields.values.items() if name in signal_json._KNOWN}
        return item_of(json_fields.Fields(known, fields.path), infer_market=infer_market)

    patch.setattr(signal_json, "_item", lenient)


def the_last_of_two_keys(patch: pytest.MonkeyPatch) -> None:
    number = json_fields.Number
    lenient = json.JSONDecoder(parse_float=number, parse_int=number, parse_constant=signal_json._refuse_constant)
    patch.setattr(signal_json, "_DECODER", lenient)


def fractional_shares_rounded(patch: pytest.MonkeyPatch) -> None:
    whole = json_fields.Fields.whole

    def rounded(self: json_fields.Fields, name: str, *, minimum: int, maximum: int) -> int:
        value = self.values.get(name)
        if isinstance(value, json_fields.Number) and re.fullmatch(r"[0-9]{1,9}\.[0-9]+", value):
            return int(float(value))
        return whole(self, name, minimum=minimum, maximum=maximum)

    patch.setattr(json_fields.Fields, "whole", rounded)


BUGS: Final[dict[str, Plant]] = {
    plant.__name__: plant
    for plant in (
        junk_after_an_account,
        a_seventh_digit,
        an_unreadable_size,
        an_unreadable_item,
        an_unreadable_item_left_out,
        an_unknown_option_ignored,
        the_last_account_lost,
        a_fifth_decimal_of_a_price_cut,
        an_offset_with_the_wrong_sign,
        ten_thousand_of_what,
        lots_for_shares,
        lots_for_a_target,
        a_long_id_cut,
        cancels_with_orders,
        a_side_of_a_cancel_lost,
        a_sell_read_as_a_buy_in_the_shortcut,
        an_angle_without_its_end,
        an_unknown_field_ignored,
        the_last_of_two_keys,
        fractional_shares_rounded,
    )
}
"""Each by its name: what the parser then does wrong."""
