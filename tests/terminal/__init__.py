"""A stand-in QMT terminal: a counter in the test's process, and native modules for the real, unmodified xtquant."""
