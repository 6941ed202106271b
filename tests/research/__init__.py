"""Backtests against oracles, referees and properties."""
