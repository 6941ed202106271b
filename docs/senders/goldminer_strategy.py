"""放在掘金策略里：仿真账户每成交一笔，实盘照做一笔。 Follow each fill of a strategy at 掘金 (gm.api)."""

from gm.api import ExecType_Trade, OrderSide_Buy
from http_sender import post  # 把 http_sender.py 放在策略旁边；掘金终端和本系统在同一台电脑上

MARKETS = {"SHSE": "SH", "SZSE": "SZ"}
ACCOUNTS = ["11031122"]


def on_execution_report(context, execrpt):
    """掘金每有一条成交回报就调用它一次；撤单、拒单的回报不是成交，什么都不发。"""
    if execrpt.exec_type != ExecType_Trade:
        return
    market, code = execrpt.symbol.split(".")
    message = {
        "id": "gm/{}".format(execrpt.exec_id),  # 同一笔成交只执行一次
        "action": "buy" if execrpt.side == OrderSide_Buy else "sell",
        "symbol": "{}.{}".format(code, MARKETS[market]),
        "quantity": int(execrpt.volume),
        "price_type": "对手",
        "accounts": ACCOUNTS,
    }
    for _ in range(2):  # 没等到回执的用同一编号再发一次：最多执行一次
        try:
            print(post(message))
            return
        except RuntimeError as error:
            print(error)
