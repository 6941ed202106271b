"""Hold a host to the page on the broker link, case by case, from outside.

``python -m tests.link --host simulated`` plays every case with a host that the suite knows; ``--host "COMMAND…"`` with
any other, which opens the suite's door (see tests/link/stand.py) at the port that stands for ``{rig}`` in the command,
and keeps its files in ``{folder}``. The exit code is 1 when any case failed.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

from tests.link import hosts
from tests.link.cases import Scene
from tests.link.every_case import CASES
from tests.link.stand import Market, RiggedStand, Stand, free_port

CARRIERS = ("stdio", "tcp", "files", "pipe")


def main() -> int:
    """Play the cases and print a line for each."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.link", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default="simulated", help="a name, or a command with {folder} and {rig}")
    parser.add_argument("--carrier", choices=CARRIERS, action="append", help="play over this one only")
    parser.add_argument("--only", default="", help="play the cases with this in their names")
    parser.add_argument("--accounts", default="11031122,11031123", help="two accounts of the host, with a comma")
    parser.add_argument("--symbol", default="600000.SH")
    parser.add_argument("--resting", default="9.80", help="a price at which a buy rests")
    parser.add_argument("--filling", default="10.60", help="a price at which a buy fills")
    arguments = parser.parse_args()
    failed = 0
    for case in CASES:
        for carrier in hosts.carriers_of(case, arguments.host, every=True):
            if arguments.only not in case.name or carrier not in (arguments.carrier or CARRIERS):
                continue
            with tempfile.TemporaryDirectory(prefix="link-", ignore_cleanup_errors=True) as name:
                scene = Scene(_stand(arguments, Path(name)), carrier)
                try:
                    case.play(scene)
                except Exception as error:  # noqa: BLE001 - a case that breaks is a case that failed; the next is played.
                    failed += 1
                    print(f"FAILED {carrier:5} {case.name}: {type(error).__name__}: {str(error)[:400]}", flush=True)
                else:
                    print(f"ok     {carrier:5} {case.name}", flush=True)
                finally:
                    scene.close()
                    scene.stand.close()
    print(f"{failed} failed")
    return 1 if failed else 0


def _stand(arguments: argparse.Namespace, folder: Path) -> Stand:
    known = hosts.HOSTS.get(arguments.host)
    if known is not None:
        return known(folder)
    port = free_port()
    filled = [word.format(folder=folder, rig=port) for word in shlex.split(arguments.host)]
    first, second = arguments.accounts.split(",")
    market = Market((first, second), arguments.symbol, arguments.resting, arguments.filling)
    return RiggedStand(filled, market, port)


if __name__ == "__main__":
    sys.exit(main())
