"""Building, starting, running and stopping: the one room that knows all others."""
