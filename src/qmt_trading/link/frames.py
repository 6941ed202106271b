"""Lines of the broker link: read strictly, written strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isinf
from typing import Final, NoReturn

FROM_ENGINE_BYTES_MAX: Final = 16 * 1024
"""Of one line that the engine writes, with its newline."""
FROM_HOST_BYTES_MAX: Final = 64 * 1024
DEPTH_MAX: Final = 6
"""Of objects and lists within each other, the line's own object included."""
INTEGER_MAX: Final = 2**53


class BadFrameError(ValueError):
    """A line breaks the rules of the link: the connection ends, since the next line may be an order."""


def parse(line: bytes) -> dict[str, object]:
    """Return the object that ``line``, without its newline, holds; it has a ``t`` that is text.

    Half a surrogate pair becomes U+FFFD: it is somebody's broken text and no broken line. Quotes, which come by the
    thousand and decide nothing by themselves, may repeat a key, hold any number and be deep: of a whole market that
    takes a third of the time.

    Raises:
        BadFrameError: it is not ASCII or no JSON, repeats a key, is deeper or has a larger integer than allowed.
    """
    if not line.isascii():
        raise BadFrameError("not ASCII")
    try:
        quick = line.startswith(_QUOTES)
        message: object = (_decode_quotes if quick else _decode)(line.decode("ascii"))
        deep = not quick and line.count(b"{") + line.count(b"[") > DEPTH_MAX and _depth(message) > DEPTH_MAX
        if b"\\ud" in line or b"\\uD" in line:
            message = _repaired(message)
    except BadFrameError:
        raise
    except RecursionError as error:
        raise BadFrameError("too deep") from error
    except ValueError as error:
        raise BadFrameError(f"no JSON: {error}") from error
    if not isinstance(message, dict):
        raise BadFrameError("no object")
    if quick and message.get("t") != "quotes":
        raise BadFrameError("a key twice")
    if deep:
        raise BadFrameError("too deep")
    if not isinstance(message.get("t"), str):
        raise BadFrameError("no t")
    return message


def write(message: Mapping[str, object], *, bytes_max: int = FROM_ENGINE_BYTES_MAX) -> bytes:
    """Return ``message`` as a line with its newline.

    Raises:
        BadFrameError: it would be longer than ``bytes_max``, or holds what a line may not hold.
    """
    try:
        line = _encode(message).encode("ascii") + b"\n"
    except (TypeError, ValueError) as error:
        raise BadFrameError(f"cannot be written: {error}") from error
    if len(line) > bytes_max:
        raise BadFrameError(f"a line of {len(line)} bytes, at most {bytes_max}")
    return line


class Lines:
    """Cuts a stream of bytes into lines; what follows the last newline when the stream ends is never a line."""

    def __init__(self, bytes_max: int = FROM_HOST_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, received: bytes) -> list[bytes]:
        """Return the lines that ``received`` completes, without their newlines.

        Raises:
            BadFrameError: a line is longer than the bound; what came before it in ``received`` is lost with it.
        """
        first, newline, rest = received.partition(b"\n")
        self._pieces.append(first)
        self._size += len(first)
        if self._size >= self._bytes_max:
            raise BadFrameError(f"a line of more than {self._bytes_max} bytes")
        if not newline:
            return []
        lines = [b"".join(self._pieces), *rest.split(b"\n")]
        last = lines.pop()
        if len(last) >= self._bytes_max or any(len(line) >= self._bytes_max for line in lines):
            raise BadFrameError(f"a line of more than {self._bytes_max} bytes")
        self._pieces, self._size = [last], len(last)
        return lines


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BadFrameError("a key twice")
    return made


def _integer(text: str) -> int:
    value = int(text) if len(text) < 20 else INTEGER_MAX + 1
    if not -INTEGER_MAX <= value <= INTEGER_MAX:
        raise BadFrameError("an integer beyond 2^53")
    return value


def _float(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise BadFrameError("a number without end")
    return value


def _constant(text: str) -> NoReturn:
    raise BadFrameError(text)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _repaired(value: object) -> object:
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, dict):
        return {_whole(key): _repaired(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_repaired(each) for each in value]
    return value


def _whole(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


_QUOTES: Final = b'{"t":"quotes",'
_decode_quotes: Final = json.JSONDecoder(parse_constant=_constant).decode
_decode: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
).decode
_encode: Final = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode
