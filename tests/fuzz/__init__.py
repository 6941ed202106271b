"""Fuzzing of the signal parsers: ``python -m tests.fuzz --messages N --seed S``."""
