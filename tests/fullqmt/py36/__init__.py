"""What runs under CPython 3.6; it imports nothing of the rest of the tests."""
