"""Backtests: strategies, the loops that run them over columns of history, and what comes out."""
