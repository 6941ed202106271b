"""The xtquant host over the real, unmodified Python files of xtquant and a stand-in terminal."""
