"""What is told of corporate actions, and an action in a few words."""

from __future__ import annotations

from collections.abc import Sequence

from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.numbers import UNIT, to_money_text, to_text
from qmt_trading.model.order import Position
from qmt_trading.model.outputs import Alert
from qmt_trading.model.signal import AccountId, Item
from qmt_trading.model.timed import Timed
from qmt_trading.model.words import Importance


def described(action: CorporateAction) -> tuple[str, str]:
    """Return an action as announcements write it, in Chinese and in English: 10送3派1.74元."""
    chinese, english = "", []
    figures = (
        (action.bonus_shares, BASIS, "送", "", "bonus"),
        (action.transfer_shares, BASIS, "转", "", "transfer"),
        (action.cash, BASIS * UNIT, "派", "元", "cash"),
        (action.rights_shares, BASIS, "配", "", "rights"),
    )
    for figure, one, word, unit, english_word in figures:
        if figure:
            text = _decimal(figure, one // 10)
            chinese += f"{word}{text}{unit}"
            english.append(f"{english_word} {text}")
    if action.rights_shares:
        chinese += f"（配股价 {to_text(action.rights_price)}）"
        english[-1] += f" at {to_text(action.rights_price)}"
    parts_chinese, parts_english = (
        [f"10{chinese}"] if chinese else [],
        [", ".join(english) + " per 10"] if english else [],
    )
    if action.split_shares != BASIS:
        ratio = _decimal(action.split_shares, BASIS)
        parts_chinese.insert(0, f"折算 1:{ratio}")
        parts_english.insert(0, f"split 1:{ratio}")
    return "，".join(parts_chinese), "; ".join(parts_english)


def _decimal(value: int, one: int) -> str:
    """Return value / one, where ``one`` is a power of ten, without zeros at its end."""
    whole, rest = divmod(value, one)
    digits = str(rest + one)[1:].rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def adjusted(
    action: CorporateAction,
    account: AccountId,
    before: Position | None,
    after: Position | None,
    strategies: Sequence[tuple[str, int, int]],
) -> Alert:
    """Tell what an account and its strategies hold from now on; the strategies come with before and after."""
    chinese, english = [], []
    if before is not None and after is not None:
        costs = f"{to_money_text(before.cost)} → {to_money_text(after.cost)}"
        chinese.append(f"持仓 {before.quantity} → {after.quantity}，成本 {costs}，以柜台随后的持仓为准")
        english.append(f"position {before.quantity} → {after.quantity}, cost {costs}, until the broker tells its own")
    for strategy, held, holds in strategies:
        chinese.append(f"策略 {strategy} {held} → {holds}")
        english.append(f"strategy {strategy} {held} → {holds}")
    if action.rights_shares:
        chinese.append("配股须自己缴款")
        english.append("rights want to be paid for")
    what, what_english = described(action)
    return Alert(
        importance=Importance.WARNING if action.rights_shares else Importance.INFORMATION,
        code="CORPORATE_ACTION",
        chinese=f"除权除息 {action.symbol}（{what}）：{'；'.join(chinese)}",
        english=f"ex-day of {action.symbol} ({what_english}): {'; '.join(english)}",
        account=account,
        symbol=action.symbol,
    )


def taken_over(action: CorporateAction, before: Position, after: Position) -> Alert:
    """Tell that the broker's position is after an action that became known later than the day's first list."""
    what, what_english = described(action)
    costs = f"{to_money_text(before.cost)} → {to_money_text(after.cost)}"
    return Alert(
        importance=Importance.INFORMATION,
        code="CORPORATE_ACTION",
        chinese=f"除权除息 {action.symbol}（{what}）：柜台持仓已变 {before.quantity} → {after.quantity}，成本 {costs}",
        english=f"ex-day of {action.symbol} ({what_english}): the broker's position went "
        f"{before.quantity} → {after.quantity}, cost {costs}",
        account=before.account,
        symbol=action.symbol,
    )


def instruction(waiting: Timed, changed: Item, action: CorporateAction, *, is_counted: bool) -> Alert:
    """Tell what an ex-day has made of an instruction that waits, and what it has left as it was written."""
    what, what_english = described(action)
    chinese, english = [], []
    item = waiting.item
    if changed is not item and item.price is not None and changed.price is not None:
        prices = f"{item.price.text} → {changed.price.text}"
        chinese.append(f"价格 {prices}")
        english.append(f"price {prices}")
    if is_counted:
        size = item.size.text if item.size is not None else ""
        chinese.append(f"数量不变，仍是原来写的 {size}".rstrip())
        english.append(f"quantity as it was written {size}".rstrip())
    return Alert(
        importance=Importance.WARNING,
        code="INSTRUCTION_ADJUSTED",
        chinese=f"定时指令 {waiting.name} 遇 {action.symbol} 除权除息（{what}）：{'；'.join(chinese)}；不对请撤掉重发",
        english=f"instruction {waiting.name}, ex-day of {action.symbol} ({what_english}): {'; '.join(english)}; "
        "cancel it and send another if that is not meant",
        symbol=action.symbol,
    )


def changed(applied: CorporateAction, told: CorporateAction) -> Alert:
    """Tell that an action is another now than the one that was applied: it is applied once only."""
    (was, was_english), (now, now_english) = described(applied), described(told)
    day = applied.ex_day.isoformat()
    return Alert(
        importance=Importance.WARNING,
        code="ACTION_CHANGED",
        chinese=f"{applied.symbol} {day} 已按「{was}」除权除息，现在的数据是「{now}」：不再调整，请核对持仓",
        english=f"{applied.symbol} {day} was adjusted for {was_english}, not again for {now_english}: check positions",
        symbol=applied.symbol,
    )


def unreadable(trouble: str) -> Alert:
    """Tell that a day was opened without its corporate actions."""
    return Alert(
        importance=Importance.CRITICAL,
        code="ACTIONS_UNREADABLE",
        chinese=f"除权除息文件读不了，今天没有按它调整，改好后重启：{trouble}",
        english=f"the file of corporate actions cannot be read, nothing was adjusted; mend it and restart: {trouble}",
    )
