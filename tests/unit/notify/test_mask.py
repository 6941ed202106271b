"""Masks: no spelling of an address's secrets passes, and other words do."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from qmt_trading.notify.channel import Secret
from qmt_trading.notify.mask import Mask

USER, PASSWORD, TOKEN = "wang.wu", "p@ss/wörd", "SEC9a8B7c6D"
URL = f"jsons://{USER}:{quote(PASSWORD, safe='')}@example.com:8443/hook/{TOKEN}?key=a%20b%2Bc"


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


SPELLINGS = {
    "plain": PASSWORD,
    "encoded": quote(PASSWORD, safe=""),
    "encoded with small digits": quote(PASSWORD, safe="").lower(),
    "encoded in part": quote(PASSWORD),
    "encoded twice": quote(quote(PASSWORD, safe=""), safe=""),
    "as a form": quote_plus(PASSWORD),
    "large": PASSWORD.upper(),
    "small token": TOKEN.lower(),
    "token": TOKEN,
    "swapped token": TOKEN.swapcase(),
    "json": json.dumps(PASSWORD)[1:-1],
    "json with slashes": json.dumps(PASSWORD)[1:-1].replace("/", "\\/"),
    "html": html.escape(PASSWORD),
    "basic": in_base64(f"{USER}:{PASSWORD}"),
    "login": in_base64(PASSWORD),
    "plain of mail": in_base64(f"\0{USER}@example.com\0{PASSWORD}"),
    "base64 for addresses": base64.urlsafe_b64encode(f"{USER}:{PASSWORD}".encode()).decode("ascii").rstrip("="),
    "blank as plus": "a+b%2Bc",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_no_spelling_of_a_secret_passes(spelling: str) -> None:
    hidden = Mask(Secret(URL)).hide(f"refused: [{spelling}], try later")
    assert hidden in {"refused: [***], try later", "refused: [***=], try later", "refused: [***==], try later"}


def test_the_whole_address_goes_at_once() -> None:
    assert Mask(Secret(URL)).hide(f"no way to {URL}!") == "no way to jsons://***!"


def test_other_words_stay() -> None:
    text = "对方答 HTTP 403：invalid signature"
    assert Mask(Secret(URL)).hide(text) == text
    assert Mask(Secret("x://a")).hide(text) == text
