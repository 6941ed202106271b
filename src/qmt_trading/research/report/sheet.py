"""The sheet that every report is written on: one file with its own style and script, two switches, and cards."""

from __future__ import annotations

from importlib import resources

from qmt_trading.research.report import look
from qmt_trading.research.report.texts import Pair, both, escaped, plain


def document(title: str, body: str, columns: str) -> str:
    """Return the whole page.

    Args:
        columns: JSON of ``days`` and ``columns`` that the pointer tells, without a closing tag in it.
    """
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escaped(title)}</title><style>{look.style()}</style></head><body><main>"
        '<input type="checkbox" id="en" aria-label="English / 中文"><input type="checkbox" id="green" '
        'aria-label="绿涨红跌 / green gains">'
        f'<div class="page">{body}</div></main>'
        f'<script type="application/json" id="columns">{columns}</script>'
        f"<script>{_script()}</script></body></html>\n"
    )


def switches() -> str:
    """Return the two switches: language, and the colours of gain and loss."""
    return (
        f'<div class="switches"><label for="green" title="{plain(("涨跌颜色", "Colours of gain and loss"))}">'
        f'<i class="up"></i><i class="down"></i>{both(("涨 / 跌", "gain / loss"))}</label>'
        f'<label for="en"><span lang="zh-CN">EN</span><span lang="en">中文</span></label></div>'
    )


def warnings(found: list[Pair]) -> str:
    """Return what is to be read before all else; nothing where there is nothing."""
    if not found:
        return ""
    rows = "".join(f"<li>{both(each)}</li>" for each in found)
    return f'<aside class="warnings" role="note"><b>{both(("读之前", "Before you read"))}</b><ul>{rows}</ul></aside>'


def card(words: Pair, body: str, kind: str = "") -> str:
    """Return one card under its heading."""
    return f'<section class="card {kind}"><h2>{both(words)}</h2>{body}</section>'


def pair(*cards: str) -> str:
    """Return two cards side by side where there is room."""
    return f'<div class="pair">{"".join(cards)}</div>'


def _script() -> str:
    return resources.files("qmt_trading.research.report").joinpath("page.js").read_text(encoding="utf-8")
