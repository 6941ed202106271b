"""Spoils messages: near misses, small changes to a corpus, tokens in any order, and bytes from nowhere."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

from tests.fuzz.grammar import valid_message
from tests.fuzz.near import near_miss

CORPUS: Final = Path(__file__).parent / "corpus"

_BYTES: Final = (
    b" ",
    b"\t",
    b"\r\n",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b"\x81\x30\x81\x30",
    b"\xef\xbb\xbf",
    "买入".encode("gbk"),
    b"9" * 40,
)
_TOKENS: Final = (*(Path(__file__).parent / "tokens.txt").read_bytes().split(b"\n")[:-1], *_BYTES)


def load_corpus() -> tuple[bytes, ...]:
    """Return every message of the corpus, each also as GB18030 where that differs; files of lines and whole files."""
    messages: list[bytes] = []
    for path in sorted(CORPUS.iterdir()):
        data = path.read_bytes()
        found = data.split(b"\n") if path.suffix == ".txt" else [data]
        messages += [message for message in found if message]
    others = {message.decode("utf-8").encode("gb18030") for message in messages}
    return (*messages, *sorted(others.difference(messages)))


class Mutator:
    """Makes spoiled messages from a corpus and a source of luck."""

    def __init__(self, rng: Random, corpus: tuple[bytes, ...]) -> None:
        self._rng = rng
        self._corpus = corpus

    def spoiled(self) -> bytes:
        """Return bytes that may or may not be a message."""
        rng = self._rng
        roll = rng.random()
        if roll < 0.3:
            return near_miss(rng)
        elif roll < 0.65:
            payload = rng.choice(self._corpus)
        elif roll < 0.8:
            payload, _ = valid_message(rng)
        elif roll < 0.92:
            return b"".join([rng.choice(_TOKENS) for _ in range(rng.randrange(1, 14))])
        elif roll < 0.999:
            return rng.randbytes(rng.randrange(40))
        else:
            return self._large()
        for _ in range(rng.randrange(1, 4)):
            payload = self._changed(payload)
        return payload

    def _changed(self, payload: bytes) -> bytes:
        rng = self._rng
        start = rng.randrange(len(payload) + 1)
        end = min(len(payload), start + 1 + rng.randrange(8))
        match rng.randrange(7):
            case 0:
                return payload[:start] + rng.choice(_TOKENS) + payload[start:]
            case 1:
                return payload[:start] + payload[end:]
            case 2:
                return payload[:start]
            case 3:
                return payload[:start] + bytes((rng.randrange(256),)) + payload[start + 1 :]
            case 4:
                return payload[:end] + payload[start:]
            case 5:
                other = rng.choice(self._corpus)
                return payload[:start] + other[rng.randrange(len(other)) :]
            case _:
                return payload[:start] + rng.choice(_TOKENS) + payload[end:]

    def _large(self) -> bytes:
        """Return something near a bound: 64 KiB, 256 items, 1,000 accounts, or deep nesting."""
        rng = self._rng
        piece = rng.choice((*_TOKENS, b"600000.SH:1;", b"<600000.SH#1>", b"a1,", b"a,", b"[", b'{"a":'))
        return rng.choice((b"", b"600000.SH:", b"[", b"<")) + piece * rng.choice((255, 257, 1001, 65_540 // len(piece)))
