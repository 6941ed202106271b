"""``[panel]``: whether and where the web panel listens."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Struct

from qmt_trading.run.config_reader import Table

PORT: Final = 8800


class PanelConfig(Struct, frozen=True, kw_only=True):
    """What ``[panel]`` says."""

    enabled: bool = True
    """``qmt run`` starts it."""
    host: str = "127.0.0.1"
    port: int = PORT
    """Or the next free one."""
    certificate: Path | None = None
    key: Path | None = None
    names: tuple[str, ...] = ()
    """Further names by which browsers reach it."""


def read_panel(table: Table, base: Path) -> PanelConfig:
    """Return what the table says; an address other than this machine's needs a certificate.

    Raises:
        ConfigurationError: with file, line and what would be right.
    """
    enabled = table.flag("enabled", True)
    host = table.text("host", "127.0.0.1")
    port = table.number("port", PORT, least=0, most=65_535)
    certificate = table.absolute("certificate", base, table.text("certificate")) if table.has("certificate") else None
    key = table.absolute("key", base, table.text("key")) if table.has("key") else None
    names = tuple(table.texts("names")) if table.has("names") else ()
    table.know("certificate", "key", "names")
    table.close()
    return PanelConfig(enabled=enabled, host=host, port=port, certificate=certificate, key=key, names=names)
