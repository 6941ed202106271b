"""Which units a file is in, and whether its own prices, quantities and money agree with them."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import numpy.typing as npt

from qmt_trading.feeds import units
from qmt_trading.feeds.findings import stop
from qmt_trading.feeds.headings import Chosen
from qmt_trading.feeds.options import Options
from qmt_trading.feeds.source_files import Source
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.words import InstrumentKind

_EVIDENCE_KINDS: Final = (InstrumentKind.STOCK, InstrumentKind.FUND)
_EVIDENCE_NEAR: Final = 1.5
_NEWEST: Final = dt.date.max


def chosen_units(
    source: Source,
    chosen: Chosen,
    options: Options,
    numbers: dict[str, npt.NDArray[np.float64]],
    codes: npt.NDArray[np.int64],
    symbols: list[Symbol],
) -> units.Units:
    """Return the units, and make sure that price, quantity and money agree with them.

    Raises:
        UnusableError: nobody says a unit, or the figures contradict it.
    """
    vendor = units.convention(options.vendor, options.frequency) if options.vendor else None
    if options.vendor and vendor is None:
        raise ConfigurationError(f"--vendor 认识的有：{'、'.join(units.VENDORS)} / unknown vendor {options.vendor}")
    has = {name: name in numbers or f"{name}_total" in numbers for name in ("quantity", "turnover")}
    said = {
        "price": (options.price_unit, "", "元"),
        "quantity": (options.quantity_unit, vendor.quantity if vendor else "", ""),
        "turnover": (options.turnover_unit, vendor.turnover if vendor else "", ""),
    }
    found: dict[str, units.Unit] = {}
    for name, (told, by_vendor, usual) in said.items():
        if name != "price" and not has[name]:
            found[name] = units.Unit("", "")
            continue
        headings = (chosen.units.get(field, "") for field in (name, f"{name}_total"))
        heading = next((each for each in headings if each), "")
        vendors = f"按 {options.vendor}" if options.vendor.isascii() else f"按{options.vendor}"
        choices = ((told, "按命令"), (heading, "按列名"), (by_vendor, vendors), (usual, "未说明，按元"))
        unit = next((units.Unit(each, why) for each, why in choices if each), None)
        if unit is None:
            ratio = _ratio(numbers, codes, symbols)
            hint = "" if ratio is None else f"；成交额 ÷（成交量 × 价格）约为 {ratio:.4g}：{_guess(ratio)}"
            option = "--volume-unit 股|手" if name == "quantity" else "--amount-unit 元|千元|万元"
            stop(
                source.path.name,
                "UNIT_UNKNOWN",
                f"不知道{'成交量' if name == 'quantity' else '成交额'}的单位{hint}",
                f"the unit of the {name} is not known",
                f"写 {option}，或 --vendor {'|'.join(units.VENDORS)}",
                f"say {option.split(maxsplit=1)[0]} or --vendor",
            )
        if unit.name.lower() not in units.TABLES[name]:
            known = "、".join(units.TABLES[name])
            if unit.chinese == "按列名":
                option = {"price": "--price-unit", "quantity": "--volume-unit", "turnover": "--amount-unit"}[name]
                stop(
                    source.path.name,
                    "UNIT_UNKNOWN",
                    f"列名里的单位「{unit.name}」不认识，认识的有：{known}",
                    f"the unit {unit.name} in a heading is not known",
                    f"写 {option}",
                    f"say {option}",
                )
            raise ConfigurationError(f"单位 {unit.name} 不认识，认识的有：{known} / this unit is not known")
        found[name] = units.Unit(unit.name.lower(), unit.chinese)
    used = units.Units(found["price"], found["quantity"], found["turnover"])
    ratio = _ratio(numbers, codes, symbols, used)
    if ratio is not None and not 1 / _EVIDENCE_NEAR < ratio < _EVIDENCE_NEAR:
        stop(
            source.path.name,
            "UNIT_WRONG",
            f"单位对不上：成交额是 成交量 × 价格 的 {ratio:.4g} 倍（{used.text()}）",
            f"turnover is {ratio:.4g} times quantity times price: a unit is wrong",
            "改 --volume-unit、--amount-unit 或 --price-unit",
            "mend the units",
        )
    return used


def _ratio(
    numbers: dict[str, npt.NDArray[np.float64]],
    codes: npt.NDArray[np.int64],
    symbols: list[Symbol],
    used: units.Units | None = None,
) -> float | None:
    """Return money over quantity times price, by the median of stocks and funds; None: nothing tells."""
    quantity = numbers.get("quantity_total", numbers.get("quantity"))
    turnover = numbers.get("turnover_total", numbers.get("turnover"))
    if quantity is None or turnover is None:
        return None
    one = np.array(
        [1.0 if (rule := STANDARD.rule(each, _NEWEST)) and rule.kind in _EVIDENCE_KINDS else np.nan for each in symbols]
    )
    lots = np.array(shares_in(used.quantity.name if used else "股", symbols), np.float64) * one
    price = numbers.get("last")
    if price is None:
        price = (numbers["open"] + numbers["high"] + numbers["low"] + numbers["close"]) / 4
    scale = 1.0
    if used is not None:
        scale = units.TURNOVER[used.turnover.name] / units.PRICE[used.price.name]
    with np.errstate(all="ignore"):
        ratios = turnover * scale / (quantity * lots[codes] * price)
    ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
    return float(np.median(ratios)) if len(ratios) else None


def _guess(ratio: float) -> str:
    likely = {
        1.0: "像是 股 和 元",
        100.0: "像是 手 和 元",
        0.1: "像是 手 和 千元",
        0.001: "像是 股 和 千元",
        0.01: "像是 手 和 万元",
    }
    near = min(likely, key=lambda each: abs(np.log10(ratio / each)))
    return likely[near] if 1 / _EVIDENCE_NEAR < ratio / near < _EVIDENCE_NEAR else "看不出"


def shares_in(unit: str, symbols: list[Symbol]) -> list[int]:
    """Return how many shares one ``unit`` of each symbol is."""
    shares = units.QUANTITY[unit]
    if shares:
        return [shares] * len(symbols)
    rules = (STANDARD.rule(symbol, _NEWEST) for symbol in symbols)
    return [100 if rule is None else rule.lot for rule in rules]
