"""The rows of the exchange's rule book: one fact each, with its scope, its dates and how sure it is."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from msgspec import Struct

from qmt_trading.model.enumeration import direct
from qmt_trading.model.words import InstrumentKind


@direct
class RuleName(StrEnum):
    """What a row is about. Values stand in the journal and in rule files; they never change."""

    CLASS = "class"
    """What the codes of its scope are: its first kind and board."""
    TRAIT = "trait"
    """The codes of its scope have its trait."""
    LISTED = "listed"
    """The codes of its scope were listed on ``since``."""
    TICK = "tick"
    LOTS = "lots"
    CAP = "cap"
    LIMIT = "limit"
    LIMIT_ROUNDING = "limit_rounding"
    BAND = "band"
    OPENING_BAND = "opening_band"
    CAGE = "cage"
    PARKING = "parking"
    """Orders this far from the market wait at the exchange instead of being rejected."""
    SAME_DAY = "same_day"
    DAY_BUY_MAX = "day_buy_max"
    STAMP_DUTY = "stamp_duty"
    TRANSFER_FEE = "transfer_fee"
    COMMISSION = "commission"


@direct
class Trait(StrEnum):
    """What a code does not tell and a rule may depend on."""

    RISK_WARNING = "risk_warning"
    SHARE_REFORM = "share_reform"
    DELISTING = "delisting"
    DELISTING_FIRST_DAY = "delisting_first_day"
    LISTING_DAY = "listing_day"
    FIRST_FIVE_DAYS = "first_five_days"
    """The listing day is one of them."""
    SWAP_LISTING_DAY = "swap_listing_day"
    RELISTING_DAY = "relisting_day"
    CROSS_BORDER = "cross_border"
    BOND_FUND = "bond_fund"
    GOLD = "gold"
    MONEY_FUND = "money_fund"
    COMMODITY = "commodity"
    INDEX_20 = "index_20"
    """A fund on STAR or ChiNext shares, on its exchange's list of 20 % limits."""


FUND_CLASSES = frozenset(
    {Trait.CROSS_BORDER, Trait.BOND_FUND, Trait.GOLD, Trait.MONEY_FUND, Trait.COMMODITY, Trait.INDEX_20}
)


@direct
class Certainty(StrEnum):
    """HIGH: a document number and a second source or data; MEDIUM: one source; LOW: memory or hearsay."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class RuleRow(Struct, frozen=True, array_like=True, kw_only=True):
    """One rule with its dates. An empty part of the scope leaves that part open; a later row goes before an earlier."""

    name: RuleName
    values: tuple[int, ...] = ()
    """In the units and the order that ``market/figures.py`` names."""
    kinds: tuple[InstrumentKind, ...] = ()
    boards: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    """Beginnings of codes; six digits are one code."""
    trait: Trait | None = None
    since: dt.date | None = None
    """The first day; None: as far back as anybody looked."""
    until: dt.date | None = None
    """The last day; None: still holds."""
    source: str = ""
    certainty: Certainty = Certainty.HIGH
    chinese: str = ""
    english: str = ""
