"""Try the panel for longer: ``python -m tests.panel_security [--seconds 300] [--seed 1]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.panel_security.raw import Bent
from tests.panel_security.schema import Findings
from tests.panel_security.whole import whole_panel


def told(statuses: Counter[int]) -> str:
    """Return how many answers there were of each status; 0: none at all."""
    return f"{statuses.total()} requests, {dict(sorted(statuses.items()))}"


def main() -> int:
    """Print what was sent and found; 1 where something was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        panel = whole_panel(Path(folder))
        try:
            boss = panel.person("boss")
            findings = Findings(panel, boss)
            operations = list(findings.operations())
            for operation in operations:
                try:
                    findings.try_out(operation, rounds=1_000, seconds=asked.seconds / 2 / len(operations))
                except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
                    found += 1
                    print(f"{operation.label}: {error}")
            statuses = sum(findings.sent.values(), start=Counter())
            print(f"schemathesis: {len(operations)} operations, {told(statuses)}")
            bent = Bent(panel, boss, asked.seed)
            bent.run(asked.seconds / 2)
            print(f"bent: {told(Counter(bent.statuses))}")
            for request, answer in bent.failures[:10]:
                print(f"{request!r}\n -> {answer!r}")
            found += len(bent.failures)
        finally:
            panel.stop()
    print(f"found: {found}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
