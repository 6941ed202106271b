"""What people who are new to TOML write instead of it, found in one line, each with what would be right."""

from __future__ import annotations

import re
from typing import Final

_STRINGS: Final = re.compile(r"""\"(?:\\.|[^"\\])*\"|'[^']*'|#.*""")
"""Whole strings and comments: whatever stands in them is right."""
_CHINESE_QUOTES: Final = re.compile("[“”‘’＂＇「」]")
_WIDE: Final = {
    "＝": "=",
    "［": "[",
    "］": "]",
    "，": ",",
    "｛": "{",
    "｝": "}",
    "＃": "#",
    "．": ".",
    "。": ".",
    "【": "[",
    "】": "]",
}
_BARE: Final = re.compile(r"^\s*[^=\[\]]+?=\s*(?!(?:true|false|inf|nan)\s*$)([^\W\d][^\s\[\]{},]*)\s*$")
_ADDRESS: Final = re.compile("://.*")
"""What follows may be a token: nothing of it is shown."""
_NO_VALUE: Final = re.compile(r"^\s*[^=\[\]]+?=\s*$")
_NO_SIGN: Final = re.compile(r"^\s*([A-Za-z_]+)\s*[:：]\s*\S")
_PAIRS: Final = (("[", "]"), ("{", "}"))


def slip_in(line: str) -> tuple[str, str] | None:
    """Return what is wrong with ``line`` and what would be right, in Chinese and English; None: nothing known is."""
    rest = _STRINGS.sub(lambda found: "" if found[0][0] == "#" else "0", line)
    quote = _CHINESE_QUOTES.search(rest)
    if quote is not None:
        return f'「{quote[0]}」是中文引号，请改成英文引号 "…"', f'{quote[0]} is no quotation mark of TOML: write "…"'
    for wide, right in _WIDE.items():
        if wide in rest:
            return f"「{wide}」是中文标点，请改成英文的 {right}", f"{wide} is full-width: write {right}"
    if '"' in rest or "'" in rest:
        return "引号没有配对：少了结尾的引号", "a quotation mark is missing at the end"
    for left, right in _PAIRS:
        if rest.count(left) != rest.count(right):
            missing = right if rest.count(left) > rest.count(right) else left
            return f"括号没有配对：少了 {missing}", f"a {missing} is missing"
    word = _BARE.match(rest)
    if word is not None:
        shown = _ADDRESS.sub("://…", word[1])
        return f'文字要加引号：写成 "{shown}"', f'a text needs quotes: "{shown}"'
    if _NO_VALUE.match(rest):
        return "= 后面没有写值；不需要就去掉这一行", "no value behind =: write one, or take the line out"
    name = _NO_SIGN.match(rest)
    if name is not None:
        return f"名称和值之间用 =：写成 {name[1]} = …", f"a key and its value are joined by =: {name[1]} = …"
    return None
