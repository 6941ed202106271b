"""The colours of a report in both themes: those of the panel, so that a report stands in it as a part of it."""

from __future__ import annotations

from importlib import resources
from typing import Final

COLOURS: Final[dict[str, tuple[str, str]]] = {
    "ground": ("#f1f3f8", "#0a0d13"),
    "surface": ("#ffffff", "#10151e"),
    "raised": ("#f6f8fc", "#161c28"),
    "hover": ("#eef2f9", "#1a2231"),
    "line": ("#e1e6ef", "#202938"),
    "line-strong": ("#c4cddb", "#2f3b50"),
    "text": ("#141b28", "#e8edf6"),
    "text-2": ("#47546a", "#a9b5c9"),
    "text-3": ("#59667d", "#8591a8"),
    "accent": ("#1f52c4", "#82a8ff"),
    "accent-rgb": ("31 82 196", "130 168 255"),
    "red": ("#c4172f", "#ff6f80"),
    "red-rgb": ("196 23 47", "255 111 128"),
    "green": ("#07724a", "#33cf96"),
    "green-rgb": ("7 114 74", "51 207 150"),
    "other": ("#7a879c", "#8d9ab2"),
    "violet": ("#6733c4", "#c3a3ff"),
    "amber": ("#8a5300", "#f3bb54"),
    "amber-soft": ("#fdf3dd", "#2a2112"),
    "amber-line": ("#ecd39a", "#5a4618"),
}
"""Light and dark."""


def style() -> str:
    """Return the whole style sheet: the reader's theme, the panel's where it says one, light on paper."""
    light, dark = ("".join(f"--{name}:{pair[place]};" for name, pair in COLOURS.items()) for place in (0, 1))
    rules = resources.files("qmt_trading.research.report").joinpath("page.css").read_text(encoding="utf-8")
    return (
        f":root{{color-scheme:light;{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}"
        f"{rules}"
    )
