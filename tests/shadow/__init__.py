"""Shadow mode under random signals: only questions ever reach the broker."""
