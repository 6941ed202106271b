"""Framing and sessions towards other processes, with the standard library alone."""
