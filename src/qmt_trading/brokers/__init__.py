"""Ways to counters: the simulated exchange, and the links to real terminals."""
