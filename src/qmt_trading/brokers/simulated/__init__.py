"""The simulated exchange: an exchange's own truth, the lies that can stand before it, and two ways to reach it."""
