"""What a refusal's words mean."""

from __future__ import annotations

import pytest

from qmt_trading.brokers.qmt.refusals import ADVICE, Refusal, refusal


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("请求超速", Refusal.TOO_FAST),
        ("请求过快，请稍后再试", Refusal.TOO_FAST),
        ("订阅超过上限", Refusal.TOO_MANY_SUBSCRIPTIONS),
        ("未建立连接", Refusal.NOT_CONNECTED),
        ("账号未登录", Refusal.NOT_LOGGED_IN),
        ("初始化未完成", Refusal.INITIALISING),
        ("请求超时", Refusal.TIMED_OUT),
        ("未找到账号", Refusal.NO_ACCOUNT),
        ("无效的请求参数", Refusal.BAD_REQUEST),
        ("[COUNTER][260200][可用资金不足，委托数量500]", Refusal.NO_CASH),
        ("[251005][证券可用数量不足]", Refusal.NO_SHARES),
        ("[120147][委托价格超出涨跌停限制]", Refusal.PRICE),
        ("委托数量必须是100的整数倍", Refusal.QUANTITY),
        ("客户无科创板交易权限", Refusal.NOT_PERMITTED),
        ("当前时间不允许委托", Refusal.HOURS),
        ("证券停牌", Refusal.SUSPENDED),
        ("该委托已成交，不能撤单", Refusal.GONE),
        ("Not Logged In", Refusal.NOT_LOGGED_IN),
        ("废单", Refusal.UNTOLD),
        ("", Refusal.UNTOLD),
    ],
)
def test_words_of_counters_and_clients_are_understood(words: str, meaning: Refusal) -> None:
    assert refusal(words) is meaning


def test_every_meaning_comes_with_advice_in_both_languages() -> None:
    assert ADVICE.keys() == set(Refusal)
    assert all(chinese and english.isascii() for chinese, english in ADVICE.values())
