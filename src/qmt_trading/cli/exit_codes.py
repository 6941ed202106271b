"""What the exit codes of ``qmt`` mean; scripts may rely on them."""

from __future__ import annotations

from typing import Final

OK: Final = 0
REFUSED: Final = 1
"""Denied, nothing found, a check that failed."""
USAGE: Final = 2
"""The command line, the configuration or a path cannot be used; nothing was started."""
NOT_RUNNING: Final = 3
"""No engine answers and the command needs one, or none has ever run over this folder."""
MALFORMED: Final = 4
"""The signal was no signal."""
JOURNAL: Final = 5
"""The journal is broken, cannot be written, or is another mode's."""
LOCKED: Final = 6
"""Another engine holds the folder or an account."""
FAILED: Final = 7
"""The engine stopped by itself, or a command met a fault of the program."""
BUSY: Final = 8
"""The signal was not taken: send it again."""
