"""经 HTTP 发信号，打印回执；只用标准库。 Send signals over HTTP and print their receipts."""

import json
import os
import sys
import urllib.error
import urllib.request

ADDRESS = os.environ.get("QMT_PANEL", "http://127.0.0.1:8800")
KEY = os.environ.get("QMT_KEY", "")  # 面板「设置 → 密钥」里建一个，权限 signals；不要写进代码


def post(message, door=""):
    """返回回答（dict）：一条消息是它的回执，几条是 {"receipts": [...]}，见 receipts_of。

    没有回执就抛 RuntimeError：写明能不能再发；再发要用同一个编号。
    """
    if isinstance(message, dict):
        message = json.dumps(message, ensure_ascii=False)
    request = urllib.request.Request(
        ADDRESS + "/api/v1/signals" + ("?door=" + door if door else ""),
        data=message.encode("utf-8"),
        headers={"Authorization": "Bearer " + KEY, "Content-Type": "text/plain"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # 本机的地址不走代理
    try:
        with opener.open(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        told = json.loads(error.read() or b"{}")
        if "receipts" in told or (error.code == 400 and "status" in told):
            return told  # 写错的消息也有回执：malformed，写明错在哪里；几条的，每一条各看各的
        taken = "可能已收到，用同一编号再发" if error.code == 504 else "没有收下"
        raise RuntimeError("{}（{}）：{}".format(taken, error.code, told.get("error", told))) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            raise RuntimeError("没有发出：面板没有在 {} 运行".format(ADDRESS)) from None
        raise RuntimeError("可能已收到，用同一编号再发：{}".format(error.reason)) from None
    except OSError as error:
        raise RuntimeError("可能已收到，用同一编号再发：{}".format(error)) from None


def receipts_of(answer):
    """返回回答里的每一份回执，按消息的先后；心跳没有回执。"""
    return answer.get("receipts", [answer])


if __name__ == "__main__":
    try:
        answer = post(sys.argv[1] if len(sys.argv) > 1 else "撤单 600000.SH:11031122 #http/1")
    except RuntimeError as error:
        sys.exit(str(error))
    for receipt in receipts_of(answer):
        print(receipt["status"], receipt.get("text", ""))
        for line in receipt.get("orders", []) + receipt.get("cancels", []):
            print(line["account"], line["symbol"], line["status"], line.get("text", ""))
