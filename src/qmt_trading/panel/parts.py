"""What the panel is handed by whoever starts it: where it listens, and the ways to the journal and the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from msgspec import Struct


class PanelSettings(Struct, frozen=True, kw_only=True):
    """Where the panel listens and where it keeps its own files."""

    folder: Path
    """The data folder; the panel's accounts are kept in its ``panel.sqlite``."""
    host: str = "127.0.0.1"
    port: int = 8800
    certificate: Path | None = None
    """PEM; needed where ``host`` is not this machine alone."""
    key: Path | None = None
    """The certificate's private key, PEM."""
    names: tuple[str, ...] = ()
    """Further names that browsers may use for it, beside ``host``."""


class PanelParts(Protocol):
    """The ways to the outside that are handed in."""

    def announce(self, text: str, text_en: str, link: str = "") -> None:
        """Tell the person at the console, ``link`` on a line of its own; never written to a file: it works once."""
        ...
