"""What is wrong with a message: every code with its sentence in Chinese and in English, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from qmt_trading.model.signal import Malformed

MESSAGE_BYTES_MAX: Final = 65_536
ITEMS_MAX: Final = 256
ACCOUNT_ENTRIES_MAX: Final = 1_000
NAME_CHARACTERS_MAX: Final = 64
QUOTED_CHARACTERS_MAX: Final = 40

_FIGURE: Final = re.compile(r"\{[0-9]\}")
_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "encoding": (
        "既不是 UTF-8 也不是 GBK/GB18030：请用 UTF-8 发送",
        "neither UTF-8 nor GBK/GB18030: send UTF-8",
    ),
    "encoding_utf16": ("看起来是 UTF-16：请改用 UTF-8 或 GBK 发送", "this looks like UTF-16: send UTF-8 or GBK"),
    "too_long": (
        "消息长 {0} 字节，最多 65536：请分成几条",
        "{0} bytes, at most 65536: send several messages",
    ),
    "too_many_items": ("共 {0} 项，一条消息最多 256 项：请分成几条", "{0} items, at most 256: send several messages"),
    "too_many_accounts": (
        "共写了 {0} 个账户，一条消息最多 1000 个：请分成几条",
        "{0} accounts written, at most 1000: send several messages",
    ),
    "newline": (
        "消息中间有换行：一条消息只写一行，几条请分开发送",
        "a line break within the message: one message, one line",
    ),
    "character": ("不能出现字符 {0}：请去掉", "character {0} may not stand here: leave it out"),
    "character_gbk": (
        "不能出现字符 {0}：像是 GBK 的「{1}」被当成 UTF-8，请用 UTF-8 发送",
        "character {0} may not stand here: it looks like GBK for {1}, send UTF-8",
    ),
    "empty": (
        "只有编号，没有内容：例如 600000.SH:11031122",
        "an id and nothing else: 600000.SH:11031122 would be right",
    ),
    "item_empty": ("这一项是空的：多写了「;」", "an empty item: one ; too many"),
    "accounts_missing": (
        "缺少「:账户」：例如 600000.SH:11031122",
        "no accounts: write them after a colon, as in 600000.SH:11031122",
    ),
    "account_empty": (
        "账户是空的：「:」和每个「,」后面要有账户（@ 后面要有分组名），例如 600000.SH:11031122,11031123",
        "an empty account: one stands after the colon and after every comma, as in 600000.SH:11031122,11031123",
    ),
    "account_missing": ('accounts 里有空的账户：请去掉 ""', 'an empty account in accounts: leave the "" out'),
    "account": (
        "账户 {0} 里不能有 {1}：只用字母、数字、. _ - 和汉字，或 @分组、*",
        "account {0} may not contain {1}: letters, digits, . _ - and CJK, or @group, or *",
    ),
    "account_space": (
        "账户 {0} 里有空格：账户之间用逗号，选项写成 名=值",
        "a blank in account {0}: put commas between accounts, write options as name=value",
    ),
    "account_glued": (
        "「:」在一项里只写一次，写在账户前面；这里又有一个：几项之间用「;」",
        "a second colon: an item has one, before its accounts; put ; between items",
    ),
    "account_long": ("账户名长 {0}，最多 64 个字符", "an account of {0} characters, at most 64"),
    "symbol_missing": (
        "缺少代码：代码写在账户前面，例如 600000.SH:11031122",
        "no symbol: it stands before the accounts, as in 600000.SH:11031122",
    ),
    "symbol": (
        "代码看不懂：{0}；六位数字加 .SH、.SZ 或 .BJ，请写成 600000.SH 这样",
        "not a symbol: {0}; six digits and .SH, .SZ or .BJ, as in 600000.SH",
    ),
    "symbol_all": (
        "{0} 不是代码：撤所有股票请写 *，或写 全撤",
        "{0} is no symbol: write * for every symbol",
    ),
    "symbol_colon": (
        "代码看不懂：{0}；「SSE:600000」只能用在 JSON 里，这里请写 600000.SH",
        "not a symbol: {0}; SSE:600000 is for JSON only, write 600000.SH here",
    ),
    "market_missing": (
        "代码不存在或缺市场：{0} → {1}？",
        "no such symbol, or its market is missing: {0}, perhaps {1}?",
    ),
    "market_unknown": (
        "代码缺市场：{0}，请写明 .SH、.SZ 或 .BJ",
        "the market is missing: {0}; write .SH, .SZ or .BJ after it",
    ),
    "symbol_every": (
        "* 代表所有股票，只能用于撤单：请写明代码",
        "* stands for every symbol and belongs to cancels only: name the symbol",
    ),
    "symbol_of_cancel_all": (
        "全撤不写代码或只写 *：只撤这只请写 撤单 {0}",
        "全撤 takes * or nothing: to cancel one symbol write cancel {0}",
    ),
    "verb": (
        "动作看不懂：{0}；可用 buy 买入、sell 卖出、cancel 撤单、撤买、撤卖、全撤、target 调到、清仓",
        "unknown verb {0}: buy, sell, cancel, 撤买, 撤卖, 全撤, target, 清仓",
    ),
    "verb_place": ("动作写在代码前面：请写 {0} {1}", "the verb stands before the symbol: write {0} {1}"),
    "verb_glued": ("{0} 和代码之间要有空格：{0} {1}", "a blank is needed after {0}: {0} {1}"),
    "size": (
        "数量看不懂：{0}；可写 1000、1000股、10手、50000元、5万元、10%，卖出还可写 半仓、1/3、全部",
        "not a size: {0}; write 1000, 10手, 50000元, 10%, and for sells 半仓, 1/3 or all",
    ),
    "size_without_verb": (
        "写了数量 {0} 却没写买卖：请写 buy 或 sell",
        "size {0} without a verb: write buy or sell before the symbol",
    ),
    "size_unit": (
        "{0} 是股还是元？请写 {0}股 或 {0}元",
        "{0} of what? write {0}股 (shares) or {0}元 (yuan)",
    ),
    "size_comma": ("数量里不能有逗号：请写 {0}", "no commas within a size: write {0}"),
    "size_place": (
        "先写数量，再写 @价格：请写 {0}@{1}",
        "the size stands first, then @ and the price: write {0}@{1}",
    ),
    "size_fraction": ("股数和手数必须是整数：{0}", "shares and lots are whole numbers, not {0}"),
    "size_zero": ("数量必须大于 0：{0}", "a size is more than 0, not {0}"),
    "size_range": (
        "数量太大：{0}；最多 9999999999 股或手、999999999999 元",
        "size out of range: {0}; at most 9999999999 shares or lots, 999999999999 yuan",
    ),
    "size_decimals": ("金额和百分比最多 4 位小数：{0}", "at most 4 decimals: {0}"),
    "size_percent": ("百分比要大于 0、不超过 100：{0}", "a percentage lies above 0 and up to 100: {0}"),
    "size_not_allowed": ("{0} 不能带数量：请去掉 {1}", "{0} takes no size: leave out {1}"),
    "size_sell_only": (
        "{0} 只能用于卖出：买入和调到请写股数、金额或百分比",
        "{0} is for selling only: buy and target take shares, money or a percentage",
    ),
    "size_missing": (
        "target 调到 必须写数量：例如 target 600000.SH 1000",
        "target needs a size: target 600000.SH 1000 would be right",
    ),
    "size_target_lots": (
        "target 调到 只写股数、金额或百分比：请把 {0} 写成股数",
        "a target counts shares, yuan or per cent: write {0} in shares",
    ),
    "price": (
        "价格看不懂：{0}；可写 10.50、最新、对手、本方、买一…买五、卖一…卖五、涨停、跌停，后面可加 +2跳、-0.02、+0.5%",
        "not a price: {0}; 10.50, latest, opposite, own, bid1…5, ask1…5, limit_up, limit_down; +2ticks, -0.02, +0.5%",
    ),
    "price_empty": (
        "@ 后面没有价格：例如 @10.50，不限价请去掉 @",
        "no price after @: write @10.50, or leave out the @",
    ),
    "price_zero": ("价格必须大于 0：{0}", "a price is more than 0, not {0}"),
    "price_range": (
        "价格超出范围：{0}；最多 9999999 元，加减的百分比要小于 100",
        "price out of range: {0}; at most 9999999 yuan, and an offset below 100 %",
    ),
    "price_decimals": ("价格最多 4 位小数：{0}", "a price has at most 4 decimals: {0}"),
    "price_offset_unit": (
        "{0} 是跳还是元？请写 {0}跳 或 {0}.00",
        "{0} of what? write {0}ticks, or {0}.00 for yuan",
    ),
    "price_not_allowed": ("撤单不能带价格：请去掉 @{0}", "a cancel takes no price: leave out @{0}"),
    "option": (
        "没有选项 {0}：可用 at= ttl= cancel_after= chase= strategy=；编号写成 #编号，放在最后",
        "unknown option {0}: at=, ttl=, cancel_after=, chase=, strategy=; an id stands last, as #id",
    ),
    "option_form": (
        "选项要写成 名=值：{0}；编号写成 #编号，放在最后",
        "options are name=value, not {0}; an id stands last, as #id",
    ),
    "option_twice": ("选项 {0} 写了两次", "option {0} stands twice"),
    "option_at": (
        "at= 后面的 {0} 不对：写 时:分:秒，各两位，例如 at=09:15:00",
        "at= takes hours:minutes:seconds of two digits each, as in at=09:15:00, not {0}",
    ),
    "option_duration": (
        "{0}= 后面的 {1} 不对：写秒数，例如 {0}=3s，大于 0、不超过一天",
        "{0}= takes seconds, as in {0}=3s, more than 0 and up to a day, not {1}",
    ),
    "option_strategy": (
        "strategy= 后面的 {0} 不对：1 到 64 个字母、数字、. _ - 和汉字",
        "strategy= takes 1 to 64 of letters, digits, . _ - and CJK, not {0}",
    ),
    "option_chase": (
        "chase= 后面的 {0} 不对：写追单次数，1 到 10",
        "chase= takes how many orders may follow, 1 to 10, not {0}",
    ),
    "option_chase_alone": (
        "chase= 要和 cancel_after= 一起写：到时撤单后按剩余数量重新委托",
        "chase= goes with cancel_after=: what is left when it has cancelled is ordered again",
    ),
    "option_of_orders": ("撤单不能带 {0}：请去掉", "a cancel takes no {0}: leave it out"),
    "id_empty": (
        "「#」后面没有编号：请写 #编号，或去掉「#」",
        "nothing follows the #: write #id, or leave it out",
    ),
    "id": (
        "编号 {0} 不对：1 到 64 个字母、数字、. _ - /，不以 / 开头",
        "id {0} is not 1 to 64 of letters, digits, . _ - /, not beginning with /",
    ),
    "id_last": (
        "编号 {0} 后面还有内容：编号放在整条消息的最后，一条消息一个",
        "something follows the id {0}: a message has one id, and it stands last",
    ),
    "mixed": ("一条消息里不能既撤单又买卖：请分成两条", "cancels and orders do not go in one message: send two"),
    "twice": (
        "同一账户同一方向的 {0} 写了两次：{1}；请合成一项，或分成两条",
        "{0} stands twice on the same side for account {1}: make it one item, or send two messages",
    ),
    "strategies": (
        "一条消息里有两个策略：{0}、{1}；请分成两条，或用 #发送方/编号",
        "two strategies in one message: {0} and {1}; send two, or write the id as #sender/number",
    ),
    "angle_open": ("「<」没有配对的「>」：消息不完整", "a < without its >: the message is cut off"),
    "angle_between": ("尖括号之间有多余内容：{0}", "text between the angle messages: {0}"),
    "angle_form": (
        "{0} 看不懂：尖括号消息要写成 <000001.SZ#账户,账户>",
        "an angle message is <000001.SZ#account,account>, not {0}",
    ),
    "json": ("JSON 语法错误：{0}", "not JSON: {1}"),
    "json_glued": (
        "JSON 后面还有多余内容：一条消息只放一个 JSON",
        "something follows the JSON value: one message, one value",
    ),
    "json_punctuation": (
        "JSON 里要用英文标点：{0} 请改成 {1}",
        "JSON takes ASCII punctuation: write {1} for {0}",
    ),
    "json_deep": ("JSON 嵌套太深", "JSON nested too deeply"),
    "json_number": ("不能用 {0}：价格和数量必须是普通数字", "{0} is no number here"),
    "json_not_object": (
        '每一项必须是 JSON 对象：{{"action":"buy",…}}',
        'every item is a JSON object: {{"action":"buy",…}}',
    ),
    "json_empty": ("列表是空的：至少要有一项", "an empty list: at least one item is needed"),
    "field_unknown": ("没有字段 {0}{1}", "unknown field {0}{2}"),
    "field_twice": ("字段 {0} 写了两次", "field {0} stands twice"),
    "field_missing": ("缺少字段 {0}", "field {0} is missing"),
    "field_type": ("字段 {0} 必须是{1}", "field {0} must be {2}"),
    "field_value": ("字段 {0} 的值不对：{1}；应为{2}", "field {0}: {1} is not {3}"),
    "field_not_for": ("字段 {0} 不能用于 {1}", "field {0} does not belong to {1}"),
    "field_conflict": ("字段 {0} 和 {1} 只能写一个", "fields {0} and {1} exclude each other"),
    "field_needs": ("字段 {0} 要和 {1} 一起写", "field {0} goes with {1}"),
    "field_differs": ("同一篮子里的 {0} 不一致：{1}、{2}", "one basket has one {0}, not {1} and {2}"),
    "portfolio_alone": ("portfolio 必须单独成一条消息", "a portfolio is a message of its own"),
    "position_twice": ("positions 里 {0} 写了两次", "{0} stands twice in positions"),
    "plan_file": (
        "这是交易计划文件，不是信号：请用 qmt send --plan 文件 --accounts 账户",
        "this is a plan file, not a signal: use qmt send --plan FILE --accounts …",
    ),
}


class Own(str):
    """Words of ours in a refusal: shown whole, where what is quoted from the message is cut."""

    __slots__ = ()


class MalformedError(Exception):
    """Leaves the parser at the first thing that is wrong; becomes a ``Malformed`` before ``parse`` returns.

    ``index`` counts characters of the decoded text; JSON names the place by ``path`` instead: keys and list indices.
    """

    def __init__(
        self, code: str, *figures: str, index: int = -1, item: int = 0, path: tuple[str | int, ...] | None = None
    ) -> None:
        super().__init__(code, *figures)
        self.code = code
        self.figures = figures
        self.index = index
        self.item = item
        self.path = path

    def shifted(self, offset: int) -> MalformedError:
        """Return this with its index counted from ``offset`` characters further to the left."""
        self.index = max(self.index, 0) + offset
        return self


def malformed(code: str, figures: Sequence[str] = (), *, position: int, item: int = 0) -> Malformed:
    """Return the answer to a message that is no signal; figures are quoted from it, shortened and printable."""
    chinese, english = _SENTENCES[code]
    shown = [figure if isinstance(figure, Own) else shorten(figure) for figure in figures]
    return Malformed(
        code=code, position=position, item=item, chinese=chinese.format(*shown), english=english.format(*shown)
    )


def general(code: str) -> str:
    """Return the Chinese sentence of ``code`` without its figures; a strange code stays as it is."""
    if code not in _SENTENCES:
        return code
    return _FIGURE.sub("…", _SENTENCES[code][0])


def shorten(text: str) -> str:
    """Return ``text`` fit to be shown: at most 40 characters, none of them invisible or half a character."""
    if len(text) > QUOTED_CHARACTERS_MAX:
        text = text[: QUOTED_CHARACTERS_MAX - 1] + "…"
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)
