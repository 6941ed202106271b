"""The exchange's rules as pure functions over integers: instruments, limits, lots, fees, sessions."""
