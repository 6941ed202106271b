"""What a replay runs with: a configuration of an engine, or what the messages themselves need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from qmt_trading.brokers.simulated.records import AccountOpening
from qmt_trading.codec.signal import parse
from qmt_trading.codec.signal_checks import check_size
from qmt_trading.codec.size_text import parse_size
from qmt_trading.market.calendar import SHIPPED, Calendar
from qmt_trading.market.no_cancel import STANDARD
from qmt_trading.market.sessions import Session
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.limits import NO_LIMITS
from qmt_trading.model.numbers import Money
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec, Signal, Size
from qmt_trading.model.words import BareAction, Mode, Verb
from qmt_trading.research.costs import FillModel
from qmt_trading.run.config import CLIENT_QUOTE_AGE_NS, Configuration
from qmt_trading.run.config_limits import DEFAULTS, TOTAL_DEFAULTS
from qmt_trading.run.replay.messages import Message
from qmt_trading.run.replay.replay import Setup

DOOR: Final = "signals"
"""The door of messages that no configuration has one for."""


class Wanted(NamedTuple):
    """What messages speak of, in the order of their first mention."""

    accounts: tuple[str, ...]
    """As written: numbers, names, groups, ``*``."""
    symbols: tuple[Symbol, ...]


def wanted_by(messages: Sequence[Message], *, infer_market: bool = False) -> Wanted:
    """Return the accounts and symbols of all ``messages`` that are signals."""
    accounts: dict[str, None] = {}
    symbols: dict[Symbol, None] = {}
    for message in messages:
        for signal in parse(message.payload, infer_market=infer_market):
            if not isinstance(signal, Signal):
                continue
            for item in signal.items:
                accounts.update(dict.fromkeys(item.accounts))
                symbols.update(dict.fromkeys(symbol for symbol, _ in item.holdings))
                if item.symbol and item.symbol != EVERY_SYMBOL:
                    symbols[item.symbol] = None
    return Wanted(tuple(accounts), tuple(symbols))


class Plain(NamedTuple):
    """What a person says where there is no configuration."""

    accounts: tuple[str, ...]
    cash: Money
    bare: BareAction
    size: Size | None
    full_gate: bool
    """The limits that an account has by default; otherwise the rules of the exchange alone."""


def plain_setup(
    said: Plain, fills: FillModel, actions: Sequence[CorporateAction] = (), calendar: Calendar = SHIPPED
) -> Setup:
    """Return a setup of accounts that begin with cash alone, and of one door.

    Raises:
        ConfigurationError: no account is named, or a word stands for several that nobody has named.
    """
    loose = [word for word in said.accounts if word == "*" or word.startswith("@")]
    if loose or not said.accounts:
        what = f"信号里写了 {'、'.join(loose)}" if loose else "信号里没有写账户"
        raise ConfigurationError(
            f"{what}，要知道是哪些账户：写 --accounts 账号,账号，或 --config qmt.toml / "
            "say which accounts there are: --accounts a,b or --config qmt.toml"
        )
    limits = DEFAULTS if said.full_gate else NO_LIMITS
    accounts = tuple(AccountSettings(account=AccountId(each), limits=limits) for each in said.accounts)
    door = DoorSettings(name=DOOR, bare=said.bare, default_size=said.size)
    settings = EngineSettings(
        mode=Mode.REPLAY,
        accounts=accounts,
        doors=(door,),
        default_price=PriceSpec(PriceKind.LATEST, text="latest"),
        limits=TOTAL_DEFAULTS if said.full_gate else NO_LIMITS,
        quote_age_max_ns=CLIENT_QUOTE_AGE_NS,
        no_cancel=STANDARD,
        always_open=False,
        calendar_until=calendar.until,
    )
    openings = tuple(AccountOpening(account=each.account, cash=said.cash, fees=each.fees) for each in accounts)
    return Setup(
        settings=settings,
        openings=openings,
        door=DOOR,
        session=Session(calendar),
        fills=fills,
        actions=tuple(actions),
    )


def configured_setup(
    configuration: Configuration,
    door: str,
    cash: Money,
    fills: FillModel,
    actions: Sequence[CorporateAction] = (),
) -> Setup:
    """Return the setup of an engine that somebody runs: its accounts, limits, doors, rules and calendar.

    The hours are always those of the exchange, and no morning check closes an account: nobody makes one here.

    Args:
        door: through which the messages come; empty: the only one that there is.
        cash: of accounts that have none written, being a broker's.

    Raises:
        ConfigurationError: there is no such door, or which is meant is not said.
    """
    names = [each.name for each in configuration.doors]
    if not door and len(names) != 1:
        raise ConfigurationError(f"配置里有几个通道：写 --door {' 或 '.join(names)} / say through which door")
    if door and door not in names:
        raise ConfigurationError(f"配置里没有通道 {door}，有 {'、'.join(names)} / no such door")
    openings = tuple(
        AccountOpening(account=each.account, cash=each.cash or cash, holdings=each.holdings, fees=each.fees)
        for terminal in configuration.terminals
        for each in terminal.accounts
    )
    return Setup(
        settings=as_replayed(configuration.engine),
        openings=openings,
        door=door or names[0],
        session=Session(configuration.calendar),
        fills=fills,
        actions=tuple(actions),
    )


def as_replayed(settings: EngineSettings) -> EngineSettings:
    """Return the settings of an engine as a replay has them: what needs a person or a clock of today is off."""
    accounts = tuple(
        replace(each, morning_check=False, settles_alone=True, reconcile_every_ns=0) for each in settings.accounts
    )
    return replace(
        settings,
        mode=Mode.REPLAY,
        accounts=accounts,
        always_open=False,
        no_cancel=settings.no_cancel or STANDARD,
    )


def bare_size(written: str, action: BareAction) -> Size | None:
    """Return the size of bare buys or sells; None where they are neither.

    Raises:
        ConfigurationError: there is none, or one that does not fit.
        MalformedError: it is no size.
    """
    if action not in (BareAction.BUY, BareAction.SELL):
        return None
    if not written:
        raise ConfigurationError("裸信号买卖要写数量：--size 1手 / bare buys and sells need --size")
    size = parse_size(written)
    check_size(Verb.BUY if action is BareAction.BUY else Verb.SELL, size)
    return size
