"""Finds the CPython 3.6 that the full terminal has; tests that need it say so where there is none."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@functools.cache
def found() -> str:
    """Return an interpreter of CPython 3.6; empty: this machine has none."""
    places = [os.environ.get("QMT_PYTHON36"), shutil.which("python3.6")]
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    own = "3.6.*/python.exe" if sys.platform == "win32" else "3.6.*/bin/python"
    places += [str(path) for path in sorted(versions.glob(own))]
    ask = "import sys; print(sys.version_info[:2] == (3, 6))"
    for place in places:
        if place and Path(place).is_file():
            told = subprocess.run([place, "-c", ask], check=False, capture_output=True, text=True, encoding="utf-8")
            if told.stdout.strip() == "True":
                return place
    return ""


needs_python36 = pytest.mark.skipif(
    not found(), reason="needs Linux with CPython 3.6 (QMT_PYTHON36, python3.6 on the path, or pyenv)"
)
