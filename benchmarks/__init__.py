"""Measurements beside peers and limits, in one run."""
