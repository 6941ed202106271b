"""All cases, in the order of their files."""

from __future__ import annotations

from tests.link import order_cases, resume_cases, session_cases
from tests.link.cases import CASES

__all__ = ["CASES", "order_cases", "resume_cases", "session_cases"]
