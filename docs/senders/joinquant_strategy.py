"""放在聚宽策略里：把 order(...) 的返回值交给 follow。 Queue what a strategy at JoinQuant ordered."""

import json
import time

import redis

QUEUE = redis.Redis(host="你的服务器", port=6379, password="你的密码", socket_timeout=5)


def follow(order, accounts=("11031122",)):
    """用法：follow(order("000001.XSHE", 100))。没有下成的单（None）什么都不发。"""
    if order is None:
        return
    message = {
        "id": "jq/%s" % order.order_id,  # 同一个编号只执行一次
        "action": "buy" if order.is_buy else "sell",
        "symbol": order.security,
        "quantity": int(order.amount),
        "price_type": "对手",
        "accounts": list(accounts),
        "sent_at": int(time.time() * 1000),  # 太旧的会按通道的 ttl 拦下
    }
    QUEUE.rpush("qmt", json.dumps(message))
