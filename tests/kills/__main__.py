"""``python -m tests.kills --kills 300``: kill a real engine on a real disk, again and again, and count."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.kills.linked import LinkedRig
from tests.kills.rig import Rig, run_kills


def main() -> int:
    """Run, print, and return 1 when something was doubled or lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--linked", action="store_true", help="an exchange behind a host, which is killed, too")
    parser.add_argument("--folder", type=Path, help="on the disk under test; a temporary one when absent")
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="kills-") as folder:
        rig_of = LinkedRig if arguments.linked else Rig
        told = run_kills(Path(folder), arguments.kills, arguments.seed, progress=True, rig_of=rig_of)
    print(f"kills {told.kills}  messages {told.messages}  orders acknowledged {told.acknowledged}")
    print(f"orders at the exchange {told.orders}  ended as not sent {told.not_sent}  turns {told.turns}")
    print(f"doubled {told.doubled}  lost {told.lost}  wall {time.monotonic() - began:.0f} s")
    return 1 if told.doubled or told.lost else 0


if __name__ == "__main__":
    sys.exit(main())
