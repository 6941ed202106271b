"""What the doctor says of limits: which of an account's size are not set, and which cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import asdict

from qmt_trading.cli import engine_access
from qmt_trading.codec.control import ControlError
from qmt_trading.link.dial import DialError
from qmt_trading.model.errors import JournalError
from qmt_trading.model.limit_names import LIMIT_NAMES
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import UNIT, Money, from_decimal, to_money_text
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Mode
from qmt_trading.run.config import Configuration
from qmt_trading.run.profiles import AccountSize, size_for


def known_assets(configuration: Configuration) -> dict[AccountId, Money]:
    """Return what each account was worth when it was last told; one that never was is not there."""
    try:
        rows, _ = engine_access.read(configuration.folder, "accounts")
    except (DialError, ControlError, JournalError):
        return {}
    found = {AccountId(str(row["account"])): Money(from_decimal(str(row["total_assets"]))) for row in rows}
    return {account: assets for account, assets in found.items() if assets > 0}


def doubts(configuration: Configuration, assets: Mapping[AccountId, Money]) -> list[str]:
    """Return a sentence for each thing that is doubtful, with the accounts it is true of."""
    mode = configuration.engine.mode
    opening = {each.account: each.cash for terminal in configuration.terminals for each in terminal.accounts}
    by_doubt: dict[str, list[AccountId]] = {}
    for each in configuration.engine.accounts:
        told = assets.get(each.account)
        supposed = opening[each.account] if mode is Mode.PAPER else Money(0)  # Real money is known when it was told.
        size = size_for((supposed if told is None else told) // UNIT)
        for doubt in _of_account(each.limits, size, told, mode):
            by_doubt.setdefault(doubt, []).append(each.account)
    total = configuration.engine.limits
    if _is_loss_reversed(total):
        by_doubt.setdefault(_LOSS_REVERSED, []).append(AccountId("[limits.total]"))
    everybody = [each.account for each in configuration.engine.accounts]
    return [
        doubt if accounts == everybody else f"{'、'.join(accounts)}：{doubt}" for doubt, accounts in by_doubt.items()
    ]


_LOSS_REVERSED = "loss_halting 不大于 loss_reducing：到不了「只卖不买」就已停止，请调大 loss_halting"


def _is_loss_reversed(limits: Limits) -> bool:
    return 0 < limits.loss_halting <= limits.loss_reducing


def _of_account(limits: Limits, size: AccountSize, assets: Money | None, mode: Mode) -> Iterator[str]:
    if _is_loss_reversed(limits):
        yield _LOSS_REVERSED
    if assets is not None and limits.order_value_max > assets:
        yield (
            f"单笔金额 {to_money_text(limits.order_value_max)} 大于总资产 {to_money_text(assets)}，"
            f"等于没有上限：请改 order_value_max（{size.name} 一档是 {to_money_text(size.limits.order_value_max)}）"
        )
    without_deviation = mode is not Mode.PAPER and not limits.deviation_max
    if without_deviation:
        yield 'deviation_max = "none"：价格写错一位也会报到交易所，请写 "2%"'
    missing = [
        name
        for name, usual in asdict(size.limits).items()
        if type(usual) is int and usual and not getattr(limits, name)
        if name != "deviation_max" or not without_deviation
    ]
    if missing:
        words = "、".join(f"{LIMIT_NAMES[name].chinese} {name}" for name in missing)
        another = f"qmt init 对照 --profile 保守 --size {size.name}"
        yield f"没有设 {words}：{size.name} 一档的建议值见 docs/risk.md，或在别处 {another}，看它写的"
