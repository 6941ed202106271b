"""The panel beside a real engine that dies, and comes back."""
