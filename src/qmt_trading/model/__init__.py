"""The words of the system: numbers, instants, instruments, signals, orders, messages. No behaviour beyond arithmetic."""
