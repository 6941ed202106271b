"""发一条信号，打印回执。 Send one signal and print its receipt."""

import sys

try:
    from qmt_trading.client import NoReceiptError, NotSentError, send
except ImportError:  # 没有装在这个 Python 里：把 src/qmt_trading/client/qmt_client.py 复制到旁边（Python 3.8 即可）
    from qmt_client import NoReceiptError, NotSentError, send

message = sys.argv[1] if len(sys.argv) > 1 else "buy 600000.SH 100@10.50:11031122 #py/1"
try:
    receipt = send(message)  # 带编号的会自己用同一编号重试；没带编号的只发一次
except NotSentError as error:
    sys.exit(f"没有发出：{error}")
except NoReceiptError as error:
    sys.exit(f"可能已收到：{error}")
print(receipt.status, receipt.text)
for line in receipt.orders + receipt.cancels:
    print(line.account, line.symbol, line.status, line.text)
