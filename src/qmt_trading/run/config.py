"""The configuration: one TOML file, decoded into values that refuse whatever is not known or not possible."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from msgspec import Struct

from qmt_trading.market.calendar import Calendar
from qmt_trading.market.sessions import Session
from qmt_trading.model.limits import ScopeKind
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec, Size
from qmt_trading.model.words import BareAction, Mode, Verb
from qmt_trading.notify.channel import Channel
from qmt_trading.run.actions_file import read_actions
from qmt_trading.run.calendar_file import read as read_calendar
from qmt_trading.run.config_compliance import read_compliance, require_registration
from qmt_trading.run.config_day import DEFAULT as DAY_DEFAULT
from qmt_trading.run.config_day import DaySettings, read_day
from qmt_trading.run.config_doors import ALL_VERBS, BARE_ACTIONS, CONTROL_DOOR, Door, DoorDefaults, add_door
from qmt_trading.run.config_file import ConfigFile
from qmt_trading.run.config_limits import DEFAULTS, TOTAL_DEFAULTS, read_limits, read_strategies
from qmt_trading.run.config_notify import read_notify
from qmt_trading.run.config_panel import PanelConfig, read_panel
from qmt_trading.run.config_reader import Table
from qmt_trading.run.config_reconcile import read_reconcile
from qmt_trading.run.config_session import read_session
from qmt_trading.run.config_terminals import Fallback, Terminal, read_fees, read_terminals
from qmt_trading.run.rules_file import read_rules

DEFAULT_FOLDERS: Final = {
    Mode.PAPER: "data",
    Mode.SHADOW: "data-shadow",
    Mode.LIVE: "data-live",
    Mode.REPLAY: "data-replay",
}
"""Each mode has a journal of its own: what was tried never mixes with what was done."""
QUOTE_AGE_NS: Final = 3 * SECOND_NS
CLIENT_QUOTE_AGE_NS: Final = 6 * SECOND_NS
"""A client tells a snapshot every three seconds: at three, every other price would be too old."""
_MODES: Final = {mode.value: mode for mode in (Mode.PAPER, Mode.SHADOW, Mode.LIVE)}
PORT_MAX: Final = 65_535
_TCP: Final = re.compile(r"tcp:127\.0\.0\.1:([0-9]{1,5})")


class Configuration(Struct, frozen=True, kw_only=True):
    """Everything that one run is told."""

    path: Path
    folder: Path
    engine: EngineSettings
    doors: tuple[Door, ...]
    terminals: tuple[Terminal, ...]
    always_open: bool
    calendar: Calendar
    """The shipped table with the years imported into the folder."""
    calendar_trouble: str
    """Why imported years are left out; empty: none are."""
    recording: Path | None
    """Bars or ticks that the embedded exchange plays, from its start on; None: made-up quotes."""
    corporate_actions: Path | None
    """What is known of ex-days; None: nothing is adjusted on them."""
    log_days: int
    log_bytes_max: int
    digest: str
    day: DaySettings = DAY_DEFAULT
    panel: PanelConfig = PanelConfig()
    notify: tuple[Channel, ...] = ()
    """The ways to people; none: nobody is told."""

    def session(self) -> Session:
        """Return the hours and days of trading."""
        return Session(self.calendar, always_open=self.always_open)


def load(path: Path) -> Configuration:
    """Read the configuration at ``path``.

    Raises:
        ConfigurationError: with file, line, key, and what would be right.
    """
    file = ConfigFile(path)
    root = Table(file, (), file.tables)
    mode = root.word("mode", _MODES)
    registrations = read_compliance(root)
    data, log, session = root.table("data"), root.table("log"), root.table("session")
    folder = data.absolute("folder", path.parent, data.text("folder", DEFAULT_FOLDERS[mode]))
    log_days = log.number("days", 5, least=1, most=3650)
    log_bytes_max = log.number("size_mb", 500, least=1, most=1_000_000) * 1_000_000
    panel = read_panel(root.table("panel"), path.parent)
    hours = read_session(session)
    extended = read_calendar(folder)
    until, warns_from = (None, None) if hours.always_open else (extended.calendar.until, extended.calendar.warns_from)
    for each in (data, log):
        each.close()
    recording = _recording(root.table("feed"), path.parent)
    corporate_actions = _corporate_actions(root.table("market"), path.parent)
    rules = read_rules(root.table("rules"), path.parent)
    signals = root.table("signals")
    bare, bare_size = _bare(signals.table("bare"))
    default_price = signals.price("default_price") or PriceSpec(PriceKind.LATEST, text="latest")
    ttl_ns = signals.span_ns("ttl", 10 * SECOND_NS)
    submits_per_minute_max = signals.number("submits_per_minute_max", 600, least=1)
    signals.close()
    limits = root.table("limits")
    total = limits.table("total")
    total_limits = read_limits(total, ScopeKind.TOTAL, TOTAL_DEFAULTS)
    total.close()
    limits_of_all = read_limits(limits, ScopeKind.ACCOUNT, DEFAULTS)
    bare_per_day_max = limits.number("bare_per_day_max", 1, least=1)
    self_cross = limits.word("self_cross", {"deny": True, "pass": False}, True)
    settle_ns = limits.span_ns("settle", 60 * SECOND_NS)
    quote_age_max_ns = limits.span_ns("quote_age_max", 0)
    limits.close()
    reconcile = read_reconcile(root.table("reconcile"))
    fallback = Fallback(limits_of_all, bare_per_day_max, read_fees(root.table("fees")))
    ways = read_terminals(root, path.parent, mode, fallback)
    accounts = list(ways.accounts)
    require_registration(root, mode, registrations, simulated=ways.simulated_only)
    if recording is not None and any(terminal.address or terminal.is_client for terminal in ways.terminals):
        root.wrong(
            "feed",
            "录制的行情只供内置交易所：终端不能有 address",
            "a recording is for the embedded exchange: no address",
        )
    known: dict[str, AccountId] = {}
    for settings in accounts:
        known |= {settings.account: settings.account, settings.name or settings.account: settings.account}
    accounts = registrations.given_to(accounts, known)
    clients = frozenset(each.name for each in ways.terminals if each.is_client)
    accounts = reconcile.given_to(accounts, clients=clients)
    day = read_day(root, is_real=bool(clients))
    accounts = day.given_to(accounts, checked=clients)
    door_defaults = DoorDefaults(bare, bare_size, ttl_ns)
    doors: list[Door] = []
    permissions: list[DoorSettings] = []
    for table in root.tables("doors"):
        add_door(table, path.parent, door_defaults, known, doors, permissions)
    if not doors:
        root.wrong("doors", "至少要有一个通道：[[doors]]", "at least one door is needed: [[doors]]")
    strategies = read_strategies(root.tables("strategies"))
    notify = read_notify(root.tables("notify"), known)
    root.close()
    if mode is not Mode.PAPER and any(door.bare is BareAction.UNSET for door in permissions):
        root.wrong(
            "signals",
            '裸信号未设动作：请设 [signals.bare] action = "撤单"、"买入"、"卖出" 或 "拒绝"',
            'say what a bare signal does: [signals.bare] action = "cancel", "buy", "sell" or "deny"',
        )
    permissions.append(
        DoorSettings(name=CONTROL_DOOR, allow=ALL_VERBS, bare=bare, default_size=bare_size, ttl_ns=ttl_ns)
    )
    engine = EngineSettings(
        mode=mode,
        accounts=tuple(accounts),
        doors=tuple(permissions),
        default_price=default_price,
        limits=total_limits,
        strategies=strategies,
        self_cross_denied=self_cross,
        always_open=hours.always_open,
        submits_per_minute_max=submits_per_minute_max,
        quote_age_max_ns=quote_age_max_ns or (CLIENT_QUOTE_AGE_NS if clients else QUOTE_AGE_NS),
        settle_ns=settle_ns,
        no_cancel=hours.no_cancel,
        calendar_until=until,
        calendar_warns_from=warns_from,
        opening_pause=hours.opening_pause,
        night=(day.night.begins_ns, day.night.ends_ns) if day.night is not None else None,
        cash_tolerance=reconcile.cash_tolerance,
        rules=rules,
    )
    return Configuration(
        path=path,
        folder=folder,
        engine=engine,
        doors=tuple(doors),
        terminals=ways.terminals,
        always_open=hours.always_open,
        calendar=extended.calendar,
        calendar_trouble=extended.trouble,
        recording=recording,
        corporate_actions=corporate_actions,
        log_days=log_days,
        log_bytes_max=log_bytes_max,
        digest=file.digest,
        day=day,
        panel=panel,
        notify=notify,
    )


def _recording(table: Table, base: Path) -> Path | None:
    """Return the file whose bars or ticks are played, None for made-up quotes."""
    kind = table.word("kind", {"synthetic": False, "recorded": True}, False)
    recording = table.absolute("file", base, table.text("file")) if kind else None
    if recording is not None and not recording.is_file():
        table.wrong("file", f"没有这个文件：{recording}", f"there is no such file: {recording}")
    table.close()
    return recording


def _corporate_actions(table: Table, base: Path) -> Path | None:
    """Return the file of corporate actions, which is read once to find its mistakes now; None where there is none."""
    if not table.has("corporate_actions"):
        table.text("corporate_actions", "")
        table.close()
        return None
    path = table.absolute("corporate_actions", base, table.text("corporate_actions"))
    if not path.is_file():
        table.wrong("corporate_actions", f"没有这个文件：{path}", f"there is no such file: {path}")
    table.close()
    read_actions(path)
    return path


def _bare(table: Table) -> tuple[BareAction, Size | None]:
    action = table.word("action", BARE_ACTIONS, BareAction.UNSET)
    size = table.size("size", verb=Verb.BUY if action is BareAction.BUY else Verb.SELL)
    if action in (BareAction.BUY, BareAction.SELL) and size is None:
        table.wrong("size", '裸信号买卖须写数量，例如 "1手"', 'bare buys and sells need a size such as "1手"')
    table.close()
    return action, size
