"""Real processes, a real disk, and ``kill -9`` in the middle of bursts."""
