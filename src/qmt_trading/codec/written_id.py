"""The id that stands in a message which is no signal: its sender matches the refusal by it."""

from __future__ import annotations

import msgspec

from qmt_trading.codec.decoding import narrow
from qmt_trading.codec.names import is_id


def written_id(text: str) -> str:
    """Return the id in ``text``, or nothing where none can be told for certain; angle messages have none."""
    body = text.strip("\ufeff\0 \t\r\n\u3000")
    if body[:1] in ("{", "["):
        return _of_json(body)
    narrowed = narrow(body)
    _, mark, tail = narrowed.partition("#")
    found = tail.strip(" ")
    return found if mark and narrowed[:1] != "<" and is_id(found) else ""


def _of_json(body: str) -> str:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    members = document if isinstance(document, list) else [document]
    found = {member["id"] for member in members if isinstance(member, dict) and isinstance(member.get("id"), str)}
    return found.pop() if len(found) == 1 and is_id(min(found)) else ""
