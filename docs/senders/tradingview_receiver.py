"""放在你自己的云服务器上：收 TradingView 的警报，放进 Redis 队列。 Queue alerts of TradingView, behind HTTPS."""

import hashlib
import hmac
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis

QUEUE = redis.Redis(host="127.0.0.1", port=6379, password=os.environ["REDIS_PASSWORD"], socket_timeout=2)
SECRET = os.environ["TV_SECRET"]  # 40 个字符以上的随机串；警报里的网址是 https://你的域名/tv/这个串
ACCOUNTS = ["11031122"]


def signal_of(body):
    """返回要排队的消息；警报里写的不对就抛 ValueError、KeyError。"""
    alert = json.loads(body)
    quantity = float(alert["quantity"])
    if alert["action"] not in ("buy", "sell") or quantity != int(quantity) or quantity <= 0:
        raise ValueError("action, quantity")
    named = "{} {}".format(alert["id"], alert["at"])  # 策略里的名字可以有空格和汉字，编号里不能
    return {
        "id": "tv/" + hashlib.sha256(named.encode("utf-8")).hexdigest()[:24],
        "action": alert["action"],
        "symbol": alert["symbol"],  # SSE:600000、SZSE:000001
        "quantity": int(quantity),
        "price_type": "对手",
        "accounts": ACCOUNTS,
        "sent_at": alert["at"],
    }


class Receiver(BaseHTTPRequestHandler):
    timeout = 3  # TradingView 自己也只等 3 秒

    def do_POST(self):
        if not hmac.compare_digest(self.path.encode("utf-8"), ("/tv/" + SECRET).encode("utf-8")):
            self.send_error(404)
            return
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= 4096:
            self.send_error(413)
            return
        try:
            message = signal_of(self.rfile.read(length))
        except (ValueError, KeyError, TypeError, OverflowError):
            self.send_error(400)
            return
        try:
            QUEUE.rpush("qmt", json.dumps(message))
        except redis.RedisError:
            self.send_error(503)  # 没有放进去；TradingView 不会再发，所以要看住 Redis
            return
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """不写：网址里有密钥。"""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 8900), Receiver).serve_forever()
