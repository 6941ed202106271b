"""``python -m tests.fuzz_doors --messages 1000000``: spoiled messages through real doors, each answer judged."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz_doors.run import run


def main() -> int:
    """Run and print what was seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz_doors", description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-doors-") as folder:
        told = run(Path(folder), arguments.messages, arguments.seed, progress=True)
    print(f"messages {told.messages:,}  receipts {told.receipts:,}  orders from them {told.orders:,}  crashes 0")
    growth = (told.memory_after - told.memory_before) / 1e6
    print(f"memory {told.memory_before / 1e6:.0f} MB after a tenth, {growth:+.1f} MB at the end")
    print(f"well-formed by the reference grammar {told.signals:,}, malformed {told.malformed:,}, judged otherwise 0")
    print(f"wall {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
