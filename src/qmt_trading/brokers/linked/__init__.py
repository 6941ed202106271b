"""Brokers at the far end of a link: one broker, its carriers, and what a dialect must translate."""
