"""放在交易电脑上：从 Redis 取信号交给引擎，有回执才删。 Hand the queue to the engine, one receipt at a time."""

import json
import re
import time

import redis

from qmt_trading.client import SendError, send


def named(text):
    """没有编号的消息不能再发：只收有编号的，不然一次超时就可能下两笔。"""
    if text.lstrip()[:1] in "{[":
        said = json.loads(text)
        found = isinstance(said, dict) and said.get("id")
    else:
        lines = text.split("\n")
        found = all(re.search(r"#[^\s#>＞]+\s*$", line) for line in lines if line.strip()) and text.strip()
    if not found:
        raise ValueError("消息没有编号")
    return text


def relay_one(queue, address=None):
    """取队列里的第一条，返回回执；None：队列是空的，或者没有回执，留着下次用同一编号再发。"""
    message = queue.lindex("qmt", 0)
    if message is None:
        return None
    try:
        receipt = send(named(message.decode("utf-8")), address=address)
    except SendError as error:
        print("没有回执，稍后用同一编号再发：", error)
        return None
    except ValueError as error:
        print("这一条不能发，丢掉：", error, message)
        receipt = None
    if receipt is None or receipt.status != "busy":
        queue.lpop("qmt")
    print(receipt)
    return receipt


if __name__ == "__main__":
    waiting = redis.Redis(host="你的服务器", port=6379, password="你的密码", socket_timeout=5)
    while True:
        if relay_one(waiting) is None:
            time.sleep(0.2)
