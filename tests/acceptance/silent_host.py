"""A host that greets, says that its account is ready, and then neither reads nor speaks."""

import json
import sys
import time


def say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


say({"t": "hello", "link": [1, 1], "kind": "xtquant", "dialect": "xt", "boot": "b" * 16, "hm": 1, "facts": {}})
account = json.loads(sys.stdin.readline())["accounts"][0]["account"]
say({"t": "account", "account": account, "state": "ready", "status": 0, "text": "", "session": 1, "n": 1})
sys.stdin.readline()
say({"t": "armed", "level": "cancel", "why": "", "n": 2})
time.sleep(600)
