"""Where turns are kept: on disk for traders, in memory for tests."""
