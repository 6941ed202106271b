"""What any host of the broker link must do, seen from outside: ``python -m tests.link --help``."""
