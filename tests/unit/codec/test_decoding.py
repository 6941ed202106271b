"""Bytes to characters and back to the byte that is wrong."""

from __future__ import annotations

import pytest

from qmt_trading.codec.decoding import Source, narrow, readable
from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.signal import parse
from qmt_trading.model.signal import Malformed


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_every_character_is_found_at_its_byte(encoding: str) -> None:
    text = "买入　600000.SH：张三，\U00020000，a"
    payload = b"\r\n " + text.encode(encoding) + b"\r\n\0"
    source = Source(payload)
    assert source.text == text
    for index in range(len(text) + 1):
        assert source.byte_at(index) == 3 + len(text[:index].encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_the_byte_order_mark_counts_for_places_and_for_nothing_else(encoding: str) -> None:
    payload = "\ufeff600000:a".encode(encoding)
    (result,) = parse(payload)
    assert isinstance(result, Malformed)
    assert result.code == "market_missing"
    assert result.position == len("\ufeff".encode(encoding))


def test_narrowing_keeps_every_character_at_its_index() -> None:
    wide = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000\t中"
    assert narrow(wide) == "".join(chr(code) for code in range(0x21, 0x7F)) + "  中"


def test_bytes_of_no_encoding_are_named_at_the_first_that_fits_neither() -> None:
    with pytest.raises(MalformedError) as caught:
        Source("买入".encode("gb18030") + b"\xff")
    assert (caught.value.code, caught.value.index) == ("encoding", 4)


def test_utf_16_is_named() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        (result,) = parse("\ufeff600000.SH:a".encode(encoding))
        assert isinstance(result, Malformed)
        assert result.code == "encoding_utf16"


def test_gbk_that_passes_as_utf_8_is_told_as_what_it_was() -> None:
    (result,) = parse("600000.SH:一".encode("gbk"))
    assert isinstance(result, Malformed)
    assert result.code == "character_gbk"
    assert "「一」" in result.chinese
    assert result.position == 10


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("text", ["买入 600000.SH 5万元:一号", "buy 600000.SH 5000元:11031122", ""])
def test_a_message_is_shown_as_it_is_read(text: str, encoding: str) -> None:
    assert readable(text.encode(encoding)) == text


def test_what_is_no_text_is_shown_with_a_mark() -> None:
    assert readable(b"buy \xff") == "buy \ufffd"
