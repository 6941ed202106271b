"""Spoiled messages through the real doors of a real engine."""
