"""The host's file as a module, read by its path: its functions can be called without starting it."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from tests.terminal.host_end import HOST

_spec = importlib.util.spec_from_file_location("xtquant_host_read", HOST)
assert _spec is not None
assert _spec.loader is not None
module: Any = importlib.util.module_from_spec(_spec)
sys.modules["xtquant_host_read"] = module
_spec.loader.exec_module(module)
