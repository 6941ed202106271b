"""The words of the system: numbers, instants, instruments, signals, orders, messages; nothing beyond arithmetic."""
