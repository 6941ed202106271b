"""Tests of the replay of recorded messages."""
