"""The QMT terminal: its numbers, rows and instrument details as values of the model; the way to it is the link's."""
