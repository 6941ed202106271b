"""Strategies on a running engine, and the same ones in a backtest."""
