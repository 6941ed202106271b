"""Strategies on a running engine: a process of their own, which sees quotes and speaks through a door."""
