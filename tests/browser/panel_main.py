"""``qmt panel`` with the pages of this checkout: ``python -m tests.browser.panel_main PAGES [OPTION ...]``."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

from qmt_trading.cli.main import main
from qmt_trading.panel import app
from qmt_trading.panel.pages import Pages

if __name__ == "__main__":
    folder = Path(sys.argv.pop(1))
    vars(app)["Pages"] = functools.partial(Pages, folder)
    sys.argv.insert(1, "panel")
    main()
