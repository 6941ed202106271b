"""The words of the rule book on the screen, in Chinese and English."""

from __future__ import annotations

from typing import Final, NamedTuple

from qmt_trading.market.figures import FIGURES, figure_text
from qmt_trading.market.phases import Phase
from qmt_trading.model.rule_row import Certainty, RuleName, RuleRow, Trait
from qmt_trading.model.words import InstrumentKind


class Words(NamedTuple):
    """One thing in both languages."""

    chinese: str
    english: str

    def __str__(self) -> str:
        return self.chinese if self.chinese == self.english else f"{self.chinese} {self.english}"


RULES: Final = {
    RuleName.CLASS: Words("品种", "class"),
    RuleName.TRAIT: Words("类别", "trait"),
    RuleName.LISTED: Words("上市日", "listed"),
    RuleName.TICK: Words("最小变动单位", "tick"),
    RuleName.LOTS: Words("交易单位", "lots"),
    RuleName.CAP: Words("单笔上限", "largest order"),
    RuleName.LIMIT: Words("涨跌幅", "limit"),
    RuleName.LIMIT_ROUNDING: Words("涨跌停取整", "limit rounding"),
    RuleName.BAND: Words("有效申报范围", "band"),
    RuleName.OPENING_BAND: Words("开盘集合竞价范围", "opening band"),
    RuleName.CAGE: Words("价格笼子", "cage"),
    RuleName.PARKING: Words("价格笼子（暂存）", "parking"),
    RuleName.SAME_DAY: Words("回转", "resale"),
    RuleName.DAY_BUY_MAX: Words("当日买入上限", "buys in a day"),
    RuleName.STAMP_DUTY: Words("印花税", "stamp duty"),
    RuleName.TRANSFER_FEE: Words("过户费", "transfer fee"),
    RuleName.COMMISSION: Words("佣金", "commission"),
}
BOARDS: Final = {
    "main": Words("主板", "main board"),
    "sme": Words("中小板", "SME board"),
    "star": Words("科创板", "STAR"),
    "chinext": Words("创业板", "ChiNext"),
    "bse": Words("北交所", "Beijing exchange"),
    "b_share": Words("B 股", "B shares"),
    "etf": Words("ETF", "ETF"),
    "lof": Words("LOF", "LOF"),
    "fund": Words("其他基金", "other funds"),
    "reit": Words("REIT", "REIT"),
    "convertible": Words("可转债", "convertible"),
    "bond": Words("债券", "bond"),
    "repo": Words("逆回购", "repo"),
    "index": Words("指数", "index"),
    "subscription": Words("申购", "subscription"),
}
KINDS: Final = {
    InstrumentKind.STOCK: Words("股票", "stock"),
    InstrumentKind.FUND: Words("基金", "fund"),
    InstrumentKind.CONVERTIBLE: Words("可转债", "convertible"),
    InstrumentKind.BOND: Words("债券", "bond"),
    InstrumentKind.REPO: Words("逆回购", "repo"),
    InstrumentKind.INDEX: Words("指数", "index"),
    InstrumentKind.SUBSCRIPTION: Words("申购代码", "subscription code"),
    InstrumentKind.B_SHARE: Words("B 股", "B share"),
    InstrumentKind.UNKNOWN: Words("未知品种", "unknown"),
}
TRAITS: Final = {
    Trait.RISK_WARNING: Words("风险警示", "risk warning"),
    Trait.SHARE_REFORM: Words("S 股", "S share"),
    Trait.DELISTING: Words("退市整理期", "delisting period"),
    Trait.DELISTING_FIRST_DAY: Words("退市整理期首日", "first day of the delisting period"),
    Trait.LISTING_DAY: Words("上市首日", "listing day"),
    Trait.FIRST_FIVE_DAYS: Words("上市前五日", "first five days"),
    Trait.SWAP_LISTING_DAY: Words("换股上市首日", "listing day by a share swap"),
    Trait.RELISTING_DAY: Words("恢复上市首日", "relisting day"),
    Trait.CROSS_BORDER: Words("跨境", "cross-border"),
    Trait.BOND_FUND: Words("债券基金", "bond fund"),
    Trait.GOLD: Words("黄金", "gold"),
    Trait.MONEY_FUND: Words("货币基金", "money fund"),
    Trait.COMMODITY: Words("商品", "commodity"),
    Trait.INDEX_20: Words("20% 名单", "on the 20% list"),
}
NOT_TRADED: Final = {
    InstrumentKind.INDEX: Words("指数不能交易，可换成对应的 ETF", "an index is not traded; an ETF on it is"),
    InstrumentKind.B_SHARE: Words("B 股以外币交易", "B shares are traded in foreign currency"),
}
"""Why this system sends no orders of a kind that the rule book knows."""
ORDER_RULES: Final = frozenset(
    {
        RuleName.LOTS,
        RuleName.CAP,
        RuleName.BAND,
        RuleName.OPENING_BAND,
        RuleName.CAGE,
        RuleName.PARKING,
        RuleName.SAME_DAY,
        RuleName.DAY_BUY_MAX,
        RuleName.STAMP_DUTY,
        RuleName.TRANSFER_FEE,
        RuleName.COMMISSION,
    }
)
"""What says nothing of an instrument of which no order is sent."""
CERTAINTIES: Final = {
    Certainty.HIGH: Words("高", "high"),
    Certainty.MEDIUM: Words("中", "medium"),
    Certainty.LOW: Words("低", "low"),
}
PHASES: Final = {
    Phase.BEFORE_OPEN: Words("开市前", "before the open"),
    Phase.OPENING_AUCTION: Words("开盘集合竞价", "opening auction"),
    Phase.OPENING_AUCTION_FIXED: Words("开盘集合竞价，不可撤", "opening auction, no cancels"),
    Phase.PAUSE: Words("静默期", "pause"),
    Phase.CONTINUOUS: Words("连续竞价", "continuous"),
    Phase.LUNCH: Words("午间休市", "lunch"),
    Phase.CLOSING_AUCTION: Words("收盘集合竞价", "closing auction"),
    Phase.AFTER_HOURS: Words("盘后定价", "after hours"),
    Phase.CLOSED: Words("闭市", "closed"),
}


def value_words(row: RuleRow) -> Words:
    """Return the values of ``row`` as people say them."""
    texts = [figure_text(figure, value) for figure, value in zip(FIGURES[row.name], row.values, strict=True)]
    match row.name:
        case RuleName.CLASS:
            board, kind = BOARDS.get(row.boards[0], Words(row.boards[0], row.boards[0])), KINDS[row.kinds[0]]
            if board == kind or row.boards[0] in ("fund", "etf", "lof", "reit", "subscription", "b_share"):
                return board
            return Words(f"{board.chinese}{kind.chinese}", f"{board.english}, {kind.english}")
        case RuleName.TRAIT:
            assert row.trait is not None
            return TRAITS[row.trait]
        case RuleName.LISTED:
            return Words(f"发行价 {texts[0]}", f"issued at {texts[0]}")
        case RuleName.LOTS:
            _, least, buy, sell = texts
            chinese = f"{least} 起，递增 {buy}" if buy == sell else f"{least} 起，买入递增 {buy}，卖出递增 {sell}"
            return Words(chinese, f"from {least}, buys by {buy}, sells by {sell}")
        case RuleName.CAP:
            return Words(f"限价 {texts[0]}，市价 {texts[1]}", f"limit {texts[0]}, market {texts[1]}")
        case RuleName.LIMIT:
            return Words(f"±{texts[0]}", f"±{texts[0]}") if row.values[0] else Words("无", "none")
        case RuleName.LIMIT_ROUNDING:
            return Words("向参考价取整", "towards the reference") if row.values[0] else Words("四舍五入", "half-up")
        case RuleName.BAND | RuleName.OPENING_BAND:
            span = f"{texts[1]}–{texts[0]}"
            return Words(f"发行价的 {span}", f"{span} of the issue price")
        case RuleName.CAGE:
            if not row.values[0]:
                return Words("无", "none")
            if not row.values[1]:
                return Words(f"±{texts[0]}", f"±{texts[0]}")
            return Words(f"±{texts[0]}，至少 {texts[1]} 个单位", f"±{texts[0]}, at least {texts[1]} ticks")
        case RuleName.SAME_DAY:
            return Words("T+0", "T+0") if row.values[0] else Words("T+1", "T+1")
        case RuleName.STAMP_DUTY:
            if not any(row.values):
                return Words("不征", "none")
            return Words(f"买 {texts[0]}，卖 {texts[1]}", f"buy {texts[0]}, sell {texts[1]}")
        case RuleName.TRANSFER_FEE:
            return _transfer(row, texts)
        case RuleName.COMMISSION:
            return Words(
                f"最高 {texts[0]}，每笔通常最低 {texts[1]} 元", f"up to {texts[0]}, at least {texts[1]} an order"
            )
        case RuleName.PARKING:
            return Words(f"±{texts[0]}", f"±{texts[0]}")
        case RuleName.TICK | RuleName.DAY_BUY_MAX:
            return Words(texts[0], texts[0])


def _transfer(row: RuleRow, texts: list[str]) -> Words:
    of_value, of_par, minimum = row.values
    if of_value:
        return Words(f"成交金额的 {texts[0]}", f"{texts[0]} of the value")
    if not of_par:
        return Words("不另收", "none")
    least = Words(f"，最低 {texts[2]} 元", f", at least {texts[2]}") if minimum else Words("", "")
    return Words(f"面值的 {texts[1]}{least.chinese}", f"{texts[1]} of the par value{least.english}")


def scope_words(row: RuleRow, symbol: str) -> Words:
    """Return why ``row`` holds for ``symbol``: the parts of its scope that it fulfils."""
    code, _, venue = symbol.partition(".")
    parts: list[Words] = []
    if row.codes:
        found = next(each for each in row.codes if code.startswith(each))
        of_range = Words(f"{venue} 代码 {found}…", f"{venue} codes {found}…")
        parts.append(Words(f"代码 {symbol}", f"code {symbol}") if len(found) == len(code) else of_range)
    elif row.venues:
        parts.append(Words(venue, venue))
    if row.name is not RuleName.CLASS:
        if row.boards:
            parts.append(Words("板块", "board"))
        elif row.kinds:
            parts.append(Words("品种", "kind"))
        if row.trait is not None and row.name is not RuleName.TRAIT:
            parts.append(TRAITS[row.trait])
    if not parts:
        parts.append(Words("全部品种", "every instrument"))
    return Words("、".join(part.chinese for part in parts), ", ".join(part.english for part in parts))
