"""The text grammar: what each way of writing means, and what is refused where."""

from __future__ import annotations

import pytest

from qmt_trading.codec.signal import parse
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.signal import Heartbeat, Item, Malformed, PriceKind, Signal, SizeKind
from qmt_trading.model.words import SideScope, SignalForm, Verb

FLAGSHIP = "600000.SH:11031122,11031123;600036.SH:11031124"


def read(text: str | bytes, *, infer_market: bool = False) -> Signal:
    (result,) = parse(text.encode("utf-8") if isinstance(text, str) else text, infer_market=infer_market)
    assert isinstance(result, Signal), result
    return result


def item(text: str, *, infer_market: bool = False) -> Item:
    (found,) = read(text, infer_market=infer_market).items
    return found


def refused(text: str | bytes) -> Malformed:
    (result,) = parse(text.encode("utf-8") if isinstance(text, str) else text)
    assert isinstance(result, Malformed), result
    return result


def test_the_flagship_message_names_two_stocks_and_three_accounts() -> None:
    signal = read(FLAGSHIP)
    assert signal.form is SignalForm.TEXT
    assert [(each.verb, each.symbol, each.accounts) for each in signal.items] == [
        (Verb.BARE, "600000.SH", ("11031122", "11031123")),
        (Verb.BARE, "600036.SH", ("11031124",)),
    ]
    assert (signal.id, signal.sender, signal.content) == ("", "", "")


def test_the_typed_message_carries_everything() -> None:
    signal = read("buy 600000.SH 1000@10.50:11031122,11031123 at=09:15:00 #ladder/17")
    (found,) = signal.items
    assert found.verb is Verb.BUY
    assert found.size is not None
    assert (found.size.kind, found.size.amount, found.size.text) == (SizeKind.SHARES, 1000, "1000")
    assert found.price is not None
    assert (found.price.kind, found.price.price, found.price.text) == (PriceKind.LIMIT, 105_000, "10.50")
    assert found.at_ns == (9 * 3600 + 15 * 60) * 1_000_000_000
    assert (signal.id, signal.sender) == ("ladder/17", "ladder")
    assert len(signal.content) == 32


@pytest.mark.parametrize(
    ("text", "verb", "side"),
    [
        ("buy 600000.SH 100:a", Verb.BUY, None),
        ("BUY 600000.SH 100:a", Verb.BUY, None),
        ("b 600000.SH 100:a", Verb.BUY, None),
        ("买入 600000.SH 100:a", Verb.BUY, None),
        ("买600000.SH 100:a", Verb.BUY, None),
        ("sell 600000.SH 100:a", Verb.SELL, None),
        ("s sh600000 100:a", Verb.SELL, None),
        ("卖出600000.SH 100:a", Verb.SELL, None),
        ("卖 600000.SH 100:a", Verb.SELL, None),
        ("cancel 600000.SH:a", Verb.CANCEL, None),
        ("x 600000.SH:a", Verb.CANCEL, None),
        ("撤单600000.SH:a", Verb.CANCEL, None),
        ("撤 600000.SH:a", Verb.CANCEL, None),
        ("撤买 600000.SH:a", Verb.CANCEL, SideScope.BUY),
        ("撤卖600000.SH:a", Verb.CANCEL, SideScope.SELL),
        ("target 600000.SH 0:a", Verb.TARGET, None),
        ("调到 600000.SH 1000:a", Verb.TARGET, None),
        ("清仓 600000.SH@最新:a", Verb.CLEAR, None),
        ("sh600000:a", Verb.BARE, None),
    ],
)
def test_every_verb_is_read_in_every_way_of_writing_it(text: str, verb: Verb, side: SideScope | None) -> None:
    found = item(text)
    assert (found.verb, found.side, found.symbol) == (verb, side, "600000.SH")


@pytest.mark.parametrize("text", ["全撤 *:a", "全撤*:a", "全撤 :a", "全撤:a"])
def test_cancel_all_takes_a_star_or_nothing(text: str) -> None:
    found = item(text)
    assert (found.verb, found.side, found.symbol) == (Verb.CANCEL, SideScope.ALL, EVERY_SYMBOL)


def test_a_star_stands_for_every_symbol_of_a_cancel() -> None:
    assert item("cancel *:a").symbol == EVERY_SYMBOL
    assert item("撤买*:a").side is SideScope.BUY


def test_an_account_counts_once_within_an_item() -> None:
    assert item("600000.SH:a,b,a").accounts == ("a", "b")


def test_names_groups_and_every_account_stand_as_written() -> None:
    assert item("600000.SH:张三,@组,*,a.b-c_d").accounts == ("张三", "@组", "*", "a.b-c_d")


def test_options_belong_to_their_item() -> None:
    first, second = read("b 600000.SH 100:a ttl=3s cancel_after=0.5s;b 600036.SH 100:a strategy=网格").items
    assert (first.ttl_ns, first.cancel_after_ns, first.strategy) == (3_000_000_000, 500_000_000, "")
    assert (second.ttl_ns, second.cancel_after_ns, second.strategy) == (None, None, "网格")


def test_blanks_full_width_forms_line_ends_and_nul_do_not_matter() -> None:
    plain = read("买入 600000.SH 1000@10.50:11031122,11031123#a1")
    wide = "\u3000买入 ６００００0．ＳＨ　１０００ ＠ １０．５０ ： １１０３１１２２ ， 11031123 ＃ａ１ \r\n\0"
    assert read(wide) == plain
    assert read(b"\xef\xbb\xbf" + wide.encode("utf-8")) == plain
    assert read(wide.encode("gb18030")) == plain


def test_yuan_in_gbk_that_passes_as_another_letter_is_still_yuan() -> None:
    payload = "buy 600000.SH 50000元:a01".encode("gbk")
    assert "Ԫ" in payload.decode("utf-8")
    assert read(payload) == read("buy 600000.SH 50000元:a01")


def test_nothing_but_blanks_is_a_heartbeat() -> None:
    for payload in (b"", b"\0", b" \r\n", b"\xef\xbb\xbf", "\u3000".encode()):
        assert parse(payload) == (Heartbeat(),)


def test_the_sender_is_in_the_id_else_the_strategy() -> None:
    assert read("600000.SH:a#ladder/17").sender == "ladder"
    assert read("600000.SH:a strategy=grid#17").sender == "grid"
    assert read("600000.SH:a strategy=grid;600036.SH:a#17").sender == "grid"
    assert read("600000.SH:a strategy=grid;600036.SH:a strategy=t0#ladder/17").sender == "ladder"
    assert read("600000.SH:a#17").sender == ""


def test_content_is_the_same_for_the_same_instruction_however_it_is_written() -> None:
    content = read("buy 600000.SH 1000@10.50:a,b#1").content
    assert read("买入 sh600000 1000股@10.5:a , b,a # 2").content == content
    assert read("buy 600000.SH 1000@10.50:b,a#1").content != content
    assert read("buy 600000.SH 1000@10.51:a,b#1").content != content
    assert read("sell 600000.SH 1000@10.50:a,b#1").content != content
    assert read("buy 600000.SH 1000@10.50:a,b ttl=3s#1").content != content


@pytest.mark.parametrize(
    ("text", "code", "position", "number"),
    [
        ("600000:a", "market_missing", 0, 1),
        ("600000.SH:a;600036:a", "market_missing", 12, 2),
        ("buy600000.SH 100:a", "verb_glued", 0, 1),
        ("bsh600000 100:a", "verb_glued", 0, 1),
        ("purchase 600000.SH 100:a", "verb", 0, 1),
        ("600000.SH 100:a", "size_without_verb", 10, 1),
        ("buy 600000.SH 5万:a", "size_unit", 14, 1),
        ("buy 600000.SH 1000.5:a", "size_fraction", 14, 1),
        ("buy 600000.SH 1,000:a", "size_comma", 14, 1),
        ("buy 600000.SH 100 200:a", "size_place", 14, 1),
        ("buy 600000.SH 0:a", "size_zero", 14, 1),
        ("buy 600000.SH 101%:a", "size_percent", 14, 1),
        ("buy 600000.SH 半仓:a", "size_sell_only", 14, 1),
        ("buy 600000.SH all:a", "size_sell_only", 14, 1),
        ("target 600000.SH 1/3:a", "size_sell_only", 17, 1),
        ("target 600000.SH:a", "size_missing", 7, 1),
        ("target 600000.SH 10手:a", "size_target_lots", 17, 1),
        ("600036.SH:a;调到600000.SH 0手:a", "size_target_lots", 28, 2),
        ("cancel 600000.SH 100:a", "size_not_allowed", 17, 1),
        ("清仓 600000.SH 100:a", "size_not_allowed", 17, 1),
        ("cancel 600000.SH@10.50:a", "price_not_allowed", 17, 1),
        ("cancel 600000.SH:a cancel_after=3s", "option_of_orders", 19, 1),
        ("buy *:a", "symbol_every", 4, 1),
        ("*:a", "symbol_every", 0, 1),
        ("清仓 *:a", "symbol_every", 7, 1),
        ("全撤 600000.SH:a", "symbol_of_cancel_all", 7, 1),
        ("SSE:600000:a", "symbol_colon", 0, 1),
        ("buy :a", "symbol_missing", 4, 1),
        ("buy 600000.SH 100@:a", "price_empty", 18, 1),
        ("buy 600000.SH 100@latest+2:a", "price_offset_unit", 18, 1),
        ("buy 600000.SH 100@10.50001:a", "price_decimals", 18, 1),
        ("buy 600000.SH 100@0:a", "price_zero", 18, 1),
        ("buy 600000.SH 100@0.01-0.02:a", "price_zero", 18, 1),
        ("buy 600000.SH 100@买六:a", "price", 18, 1),
        ("600000.SH", "accounts_missing", 9, 1),
        ("600000.SH:", "account_empty", 10, 1),
        ("600000.SH:a,", "account_empty", 12, 1),
        ("600000.SH:a,,b", "account_empty", 12, 1),
        ("600000.SH:@", "account_empty", 10, 1),
        ("600000.SH:a b", "account_space", 11, 1),
        ("600000.SH:1103112260036.SH:11031124", "account_glued", 26, 1),
        ("600000.SH:a!", "account", 11, 1),
        ("600000.SH:" + "a" * 65, "account_long", 10, 1),
        ("600000.SH:a at=9:15", "option_at", 15, 1),
        ("600000.SH:a at=24:00:00", "option_at", 15, 1),
        ("600000.SH:a ttl=0s", "option_duration", 16, 1),
        ("600000.SH:a ttl=86400.001s", "option_duration", 16, 1),
        ("600000.SH:a ttl=3", "option_duration", 16, 1),
        ("600000.SH:a ttl=3s ttl=3s", "option_twice", 19, 1),
        ("600000.SH:a volume=3", "option", 12, 1),
        ("600000.SH:a ttl=3s b", "option_form", 19, 1),
        ("600000.SH:a strategy=", "option_strategy", 21, 1),
        ("600000.SH:a;;600036.SH:a", "item_empty", 12, 2),
        ("600000.SH:a#", "id_empty", 12, 0),
        ("600000.SH:a#1 2", "id_last", 13, 0),
        ("600000.SH:a#1!2", "id", 13, 0),
        ("600000.SH:a#/1", "id", 12, 0),
        ("600000.SH:a#" + "1" * 65, "id", 76, 0),
        ("#17", "empty", 0, 0),
        ("600000.SH:a\n600036.SH:a", "newline", 11, 0),
        ("600000.SH:a\x00b", "character", 11, 0),
        ("x 600000.SH:a;buy 600036.SH 100:a", "mixed", 14, 2),
        ("buy 600000.SH 100:a;买 sh600000 200:b,a", "twice", 20, 2),
        ("sell 600000.SH 100:a;清仓 600000.SH:a", "twice", 21, 2),
        ("600000.SH:a;600000.SH:a", "twice", 12, 2),
        ("600000.SH:a strategy=x;600036.SH:a strategy=y#1", "strategies", 23, 2),
    ],
)
def test_what_is_wrong_is_named_with_its_byte_and_its_item(text: str, code: str, position: int, number: int) -> None:
    result = refused(text)
    assert (result.code, result.position, result.item) == (code, position, number)
    assert result.chinese
    assert result.english


@pytest.mark.parametrize(
    ("size", "kind"), [("1000", "shares"), ("1万股", "shares"), ("5万元", "money"), ("0%", "percent")]
)
def test_a_target_counts_shares_money_or_per_cent(size: str, kind: str) -> None:
    found = item(f"target 600000.SH {size}:a").size
    assert found is not None
    assert found.kind.value == kind


def test_a_target_in_lots_is_told_what_would_be_right() -> None:
    result = refused("target 600000.SH 10手:a")
    assert result.chinese == "target 调到 只写股数、金额或百分比：请把 10手 写成股数"
    assert result.english == "a target counts shares, yuan or per cent: write 10手 in shares"


def test_a_refusal_quotes_what_was_written() -> None:
    assert refused("buy 600000.SH 半仓:a").chinese.startswith("半仓 ")
    assert refused("撤单 600000.SH@涨停:a").english.endswith("@涨停")


def test_one_character_more_is_another_verb_and_two_may_be_a_name() -> None:
    assert refused("买进600000.SH 100:a").code == "verb"
    assert refused("买浦发 100:a").code == "symbol"


def test_a_bare_code_names_the_likely_symbol() -> None:
    assert refused("600000:a").chinese == "代码不存在或缺市场：600000 → 600000.SH？"
    assert "000001.SZ" in refused("1:a").english


def test_money_or_shares_is_asked_when_the_unit_is_missing() -> None:
    assert refused("buy 600000.SH 5万:a").chinese == "5万 是股还是元？请写 5万股 或 5万元"


def test_a_market_is_inferred_only_where_the_door_says_so_and_never_for_000() -> None:
    assert item("600000:a", infer_market=True).symbol == Symbol("600000.SH")
    assert item("300750:a", infer_market=True).symbol == Symbol("300750.SZ")
    for code in ("000001", "1", "999999"):
        (result,) = parse(f"{code}:a".encode(), infer_market=True)
        assert isinstance(result, Malformed)


def test_buying_and_selling_one_stock_for_one_account_are_two_sides() -> None:
    assert len(read("buy 600000.SH 100:a;sell 600000.SH 100:a").items) == 2
    assert len(read("撤买 600000.SH:a;撤卖 600000.SH:a").items) == 2


def test_bare_items_may_stand_beside_others_because_the_door_gives_them_their_meaning() -> None:
    assert len(read("600000.SH:a;cancel 600036.SH:a").items) == 2


def test_a_message_has_at_most_256_items() -> None:
    items = [f"{600000 + number}.SH:a" for number in range(257)]
    assert len(read(";".join(items[:256])).items) == 256
    assert refused(";".join(items)).code == "too_many_items"
    assert refused("买" + ";".join(items)).code == "too_many_items"


def test_a_message_names_at_most_1000_accounts() -> None:
    accounts = [f"a{number}" for number in range(1001)]
    assert len(item("600000.SH:" + ",".join(accounts[:1000])).accounts) == 1000
    assert refused("600000.SH:" + ",".join(accounts)).code == "too_many_accounts"
    halves = f"600000.SH:{','.join(accounts[:500])};600036.SH:{','.join(accounts[500:])}"
    assert refused(halves).code == "too_many_accounts"


def test_a_message_has_at_most_64_kib() -> None:
    blanks = b" " * (65_536 - 11)
    assert read(b"600000.SH:a" + blanks).items
    result = refused(b"600000.SH:a" + blanks + b" ")
    assert (result.code, result.position) == ("too_long", 65_536)


def test_more_than_half_of_the_prefixes_of_a_message_would_be_other_messages() -> None:
    accepted = [end for end in range(1, len(FLAGSHIP)) if isinstance(parse(FLAGSHIP[:end].encode())[0], Signal)]
    assert len(accepted) > len(FLAGSHIP) // 2 - 1
