"""The host that is pasted into the full QMT terminal, in a stand-in of that terminal under CPython 3.6."""
