"""The rehearsal: twelve drills of the real engine over a simulated exchange, with somebody's own configuration."""
