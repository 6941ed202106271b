"""Runs the real host with shorter waits: ``quick_host.py {"CALL_S": 0.5, …} ARGUMENTS…``. Python 3.8 and newer."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

HOST = Path(__file__).resolve().parents[2] / "src" / "qmt_trading" / "hosts" / "xtquant_host.py"

spec = importlib.util.spec_from_file_location("xtquant_host", str(HOST))
assert spec is not None
assert spec.loader is not None
module = importlib.util.module_from_spec(spec)
sys.modules["xtquant_host"] = module
spec.loader.exec_module(module)
for name, value in json.loads(sys.argv[1]).items():
    assert hasattr(module, name), name
    setattr(module, name, value)
module.main(sys.argv[2:])
