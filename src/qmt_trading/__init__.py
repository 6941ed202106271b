"""Signals in, orders out: a trading system in front of QMT that never sends an order twice."""

__version__ = "0.1.0"
