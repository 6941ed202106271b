"""What has been seen of a terminal and its counter: the card that an acceptance writes and the engine reads."""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.settings import EngineSettings
from qmt_trading.run.config_terminals import Terminal

VERSION: Final = 1
DAYS_MAX: Final = 180
"""A client is updated and a broker changes its counter: what was seen longer ago counts as never seen."""
DROPPED: Final = "dropped"
"""Requests that a frozen terminal had taken in were never executed."""
EXECUTED_LATE: Final = "executed_late"
_CLIENTS: Final = ("XtMiniQmt.exe", "XtItClient.exe")
_NAME: Final = re.compile(r"[^\w.-]+")


class Finding(Struct, frozen=True):
    """One thing that was seen, or not."""

    value: str = ""
    """Empty: 未见, nobody has seen it. Never to be taken for a good answer."""
    how: str = ""
    """How it was seen, in a sentence for people."""
    on: str = ""
    """ISO day."""


UNSEEN: Final = Finding()


class Capabilities(Struct, frozen=True, kw_only=True):
    """The findings about one terminal, each with how it was seen."""

    version: int = VERSION
    terminal: str
    since: dt.date
    """The day of the oldest finding: the age of the card."""
    client: str
    """What tells this build of the client from another, as ``client_version`` gives it."""
    xtquant: str
    simulation: bool
    """Seen at the broker's simulation terminal, whose counter is not the one of real money."""
    remark_bytes: Finding = UNSEEN
    """How many bytes of an order's remark come back, at least."""
    frozen_queue: Finding = UNSEEN
    """``dropped`` or ``executed_late``."""
    rate_refusal: Finding = UNSEEN
    """The counter's first refusal of twenty orders in one second, or ``none``."""
    dead_link: Finding = UNSEEN
    """What becomes of an order handed over while the client is dead: ``refused_before_call``, ``no_answer``, a text."""
    market_kinds: Finding = UNSEEN
    """Kinds of orders beside limit orders that the counter takes. A far-away order cannot show any."""
    after_hours: Finding = UNSEEN
    """Whether a limit order is taken in the session after the close: ``taken`` or the refusal."""
    phone_orders: Finding = UNSEEN
    """How an order of another client looks."""
    session_reuse_s: Finding = UNSEEN
    """Seconds until a session number can be used again."""


def file_of(folder: Path, terminal: str) -> Path:
    """Return where the card of ``terminal``, a configured name, lies."""
    return folder / f"capabilities-{_NAME.sub('_', terminal)}.json"


def write(folder: Path, card: Capabilities) -> Path:
    """Put ``card`` in the place of the one before; a reader sees the one or the other, never a part."""
    path = file_of(folder, card.terminal)
    folder.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n")
    os.replace(beside, path)
    return path


def read(folder: Path, terminal: str) -> Capabilities | None:
    """Return the card of ``terminal``, however old; None: there is none.

    Raises:
        ConfigurationError: it is damaged, or another version's.
    """
    path = file_of(folder, terminal)
    try:
        card = msgspec.json.decode(path.read_bytes(), type=Capabilities)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"能力卡损坏：{path}；请移走它，重做 qmt acceptance / damaged: move it away: {error}"
        ) from error
    if card.version != VERSION or card.terminal != terminal:
        raise ConfigurationError(f"能力卡是另一个版本或终端的：{path} / the card is another version's or terminal's")
    return card


def why_absent(card: Capabilities | None, *, today: dt.date, client: str) -> str:
    """Return why ``card`` counts as absent, as ``Chinese / English``; empty: it counts."""
    if card is None:
        return "还没有做验收 / no acceptance yet"
    if (today - card.since).days > DAYS_MAX:
        return f"已超过 {DAYS_MAX} 天（{card.since}）/ older than {DAYS_MAX} days"
    if not client:
        return "看不出客户端的版本 / the client's version cannot be told"
    if card.client != client:
        return f"客户端已更新（验收时 {card.client}，现在 {client}）/ of another client version"
    return ""


def current_cards(folder: Path, terminals: Iterable[Terminal], *, today: dt.date) -> dict[str, Capabilities]:
    """Return the cards that count, by terminal: none that is damaged, or a simulation's and used for a real counter."""
    found: dict[str, Capabilities] = {}
    for terminal in terminals:
        if terminal.qmt is None:
            continue
        try:
            card = read(folder, terminal.name)
        except (ConfigurationError, OSError):
            continue
        if card is None or why_absent(card, today=today, client=client_version(terminal.qmt.path)):
            continue
        if terminal.qmt.simulation or not card.simulation:  # A simulation's counter says nothing of one with money.
            found[terminal.name] = card
    return found


def with_capabilities(settings: EngineSettings, cards: Mapping[str, Capabilities]) -> EngineSettings:
    """Return ``settings`` with what the ``cards``, by terminal and current, permit; they never forbid.

    An unknown order ends by complete lists alone only where it was seen that a frozen terminal drops what it took in.
    """
    accounts = tuple(
        replace(account, settles_alone=True)
        if (card := cards.get(account.terminal)) is not None and card.frozen_queue.value == DROPPED
        else account
        for account in settings.accounts
    )
    return replace(settings, accounts=accounts)


def summary(card: Capabilities) -> str:
    """Return how many of its findings were seen, and when, in a line."""
    findings = [value for name in card.__struct_fields__ if isinstance(value := getattr(card, name), Finding)]
    return f"{card.since} 起验收，{sum(bool(each.value) for each in findings)}/{len(findings)} 项已见"


def client_version(userdata: Path) -> str:
    """Return what tells the build of the client with this ``userdata_mini`` from others; empty: it cannot be told.

    The version in its program file where Windows tells it, and the file's size and day in any case.
    """
    for name in _CLIENTS:
        path = userdata.parent / "bin.x64" / name
        try:
            status = path.stat()
        except OSError:
            continue
        day = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC).date().isoformat()
        return " ".join(part for part in (name, _file_version(path), str(status.st_size), day) if part)
    return ""


def _file_version(path: Path) -> str:
    if sys.platform != "win32":
        return ""
    else:
        import pywintypes
        import win32api

        try:
            fixed = win32api.GetFileVersionInfo(str(path), "\\")
        except pywintypes.error:
            return ""
        high, low = fixed["FileVersionMS"], fixed["FileVersionLS"]
        return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"
