"""Seeded runs of the real loop with crashes between any two steps and a broker that lies."""
