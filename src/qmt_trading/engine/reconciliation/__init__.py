"""Reconciliation: our books against the broker's list, judged as values and acted on by policy."""
