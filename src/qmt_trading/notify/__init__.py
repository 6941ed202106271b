"""Messages to people: an outbox that forgets nothing, and a thread for each channel that sends from it."""
